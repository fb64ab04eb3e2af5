/*
 * kernel/uapi/elf.h - the file format of programs: ELF, 32 bits.
 *
 * A program file is read through its program headers: each PT_LOAD says which
 * part of the file goes to which addresses with which rights.
 *
 * Reference: System V ABI, chapters 4 and 5; Intel386 supplement.
 */
#ifndef OCTAVO_KERNEL_UAPI_ELF_H
#define OCTAVO_KERNEL_UAPI_ELF_H

#include <lib/compiler.h>
#include <lib/types.h>

#define EI_NIDENT	16
#define EI_CLASS	4
#define EI_DATA		5
#define EI_VERSION	6
#define ELFMAG		"\177ELF"
#define SELFMAG		4
#define ELFCLASS32	1
#define ELFDATA2LSB	1
#define EV_CURRENT	1

#define ET_EXEC		2
#define ET_DYN		3
#define EM_386		3

#define PT_NULL		0
#define PT_LOAD		1
#define PT_DYNAMIC	2
#define PT_INTERP	3
#define PT_NOTE		4
#define PT_PHDR		6
#define PT_TLS		7
#define PT_GNU_STACK	0x6474e551

#define PF_X		1
#define PF_W		2
#define PF_R		4

#define DT_NULL		0
#define DT_HASH		4
#define DT_STRTAB	5
#define DT_SYMTAB	6

typedef struct {
	s32 d_tag;
	u32 d_val;
} Elf32_Dyn;

typedef struct elf32_sym {
	u32 st_name;
	u32 st_value;
	u32 st_size;
	u8 st_info;
	u8 st_other;
	u16 st_shndx;
} Elf32_Sym;
static_assert(sizeof(Elf32_Sym) == 16, "file format");

typedef struct elf32_hdr {
	u8 e_ident[EI_NIDENT];
	u16 e_type;
	u16 e_machine;
	u32 e_version;
	u32 e_entry;
	u32 e_phoff;
	u32 e_shoff;
	u32 e_flags;
	u16 e_ehsize;
	u16 e_phentsize;
	u16 e_phnum;
	u16 e_shentsize;
	u16 e_shnum;
	u16 e_shstrndx;
} Elf32_Ehdr;
static_assert(sizeof(Elf32_Ehdr) == 52, "file format");

typedef struct elf32_phdr {
	u32 p_type;
	u32 p_offset;
	u32 p_vaddr;
	u32 p_paddr;
	u32 p_filesz;
	u32 p_memsz;
	u32 p_flags;
	u32 p_align;
} Elf32_Phdr;
static_assert(sizeof(Elf32_Phdr) == 32, "file format");

#endif
