/*
 * tests/user/vdso.h - a symbol of the vDSO, found as the C library finds it.
 */
#ifndef OCTAVO_TESTS_USER_VDSO_H
#define OCTAVO_TESTS_USER_VDSO_H

#include <elf.h>

#include <tests/user/test.h>

/* => the symbol's address; NULL: not there, or not of that version */
static inline void *vdso_sym(char *image, const char *name, const char *version)
{
	const Elf32_Ehdr *ehdr = (void *)image;
	const Elf32_Phdr *ph = (void *)(image + ehdr->e_phoff);
	const Elf32_Dyn *dyn = NULL;
	const Elf32_Sym *sym = NULL;
	const Elf32_Half *versym = NULL;
	const Elf32_Verdef *verdef = NULL;
	const char *strings = NULL;
	const Elf32_Word *hash = NULL;

	for (int i = 0; i < ehdr->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)(image + ph[i].p_offset);
	must(dyn);
	for (; dyn->d_tag; dyn++) {
		switch (dyn->d_tag) {
		case DT_SYMTAB: sym = (void *)(image + dyn->d_un.d_ptr); break;
		case DT_STRTAB: strings = image + dyn->d_un.d_ptr; break;
		case DT_HASH: hash = (void *)(image + dyn->d_un.d_ptr); break;
		case DT_VERSYM: versym = (void *)(image + dyn->d_un.d_ptr); break;
		case DT_VERDEF: verdef = (void *)(image + dyn->d_un.d_ptr); break;
		}
	}
	must(sym && strings && hash && versym && verdef);
	for (unsigned int i = 0; i < hash[1]; i++) {
		const Elf32_Verdef *def = verdef;
		const Elf32_Verdaux *aux;

		if (strcmp(strings + sym[i].st_name, name) || sym[i].st_shndx == SHN_UNDEF)
			continue;
		while (def->vd_ndx != (versym[i] & 0x7fff) && def->vd_next)
			def = (void *)((char *)def + def->vd_next);
		aux = (void *)((char *)def + def->vd_aux);
		if (!strcmp(strings + aux->vda_name, version))
			return image + sym[i].st_value;
	}
	return NULL;
}

#endif
