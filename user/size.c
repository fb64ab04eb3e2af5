/*
 * size FILE... - how much of a program is text, data and bss.
 *
 * The same figures, in the same form, as binutils' size: text is all that is loaded and not
 * writable, data what is writable and stored in the file, bss what is only zeros.
 */
#include <user/elf.h>

static int size_of(const char *path)
{
	unsigned long text = 0, data = 0, bss = 0;
	size_t bytes;
	Elf32_Ehdr *eh = load_elf(path, &bytes);
	Elf32_Shdr *sh;
	int i;

	if (!eh)
		return 1;
	if (!inside(bytes, eh->e_shoff, eh->e_shnum, sizeof(*sh))) {
		fprintf(stderr, "%s: its section table is outside of it\n", path);
		return 1;
	}
	sh = (Elf32_Shdr *)((char *)eh + eh->e_shoff);
	for (i = 0; i < eh->e_shnum; i++) {
		if (!(sh[i].sh_flags & SHF_ALLOC))
			continue;
		if ((sh[i].sh_flags & SHF_EXECINSTR) || !(sh[i].sh_flags & SHF_WRITE))
			text += sh[i].sh_size;
		else if (sh[i].sh_type != SHT_NOBITS)
			data += sh[i].sh_size;
		else
			bss += sh[i].sh_size;
	}
	printf("%7lu\t%7lu\t%7lu\t%7lu\t%7lx\t%s\n", text, data, bss, text + data + bss,
	       text + data + bss, path);
	free(eh);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0, i;

	if (argc < 2) {
		fprintf(stderr, "usage: size FILE...\n");
		return 2;
	}
	printf("   text\t   data\t    bss\t    dec\t    hex\tfilename\n");
	for (i = 1; i < argc; i++)
		failed |= size_of(argv[i]);
	return failed;
}
