/*
 * kernel/proc/elf.h - one ELF file on its way into an address space.
 *
 * elf_image.c reads, checks and maps a file; elf.c makes a process of one image, or
 * of two: a program and the interpreter (dynamic linker) that it asks for.
 */
#ifndef OCTAVO_KERNEL_PROC_ELF_H
#define OCTAVO_KERNEL_PROC_ELF_H

#include <kernel/uapi/elf.h>
#include <lib/types.h>

struct file;

/* Addresses as in the file; elf_map_image() adds @bias to all of them. */
struct elf_image {
	struct file *file;		/* the caller's reference */
	Elf32_Ehdr ehdr;
	Elf32_Phdr *phdr;		/* elf_free_image() frees it */
	unsigned long bias;		/* added to every address in the file */
	unsigned long low, high;	/* pages that segments touch, [low, high) */
	unsigned long align;		/* the largest p_align, at least a page */
	unsigned long phdr_addr;	/* where the program finds its own headers, 0: nowhere */
	unsigned long start_code, end_code, start_data, end_data, brk;
};

/* Is this the beginning of a program for this machine? => 0 or -ENOEXEC */
int elf_check_ehdr(const Elf32_Ehdr *ehdr);
/*
 * Read and check the program headers of img->file, whose ehdr has been checked.
 * => may sleep; 0: elf_free_image() it; or -ENOEXEC, -ENOMEM, -EIO
 */
int elf_read_image(struct elf_image *img);
void elf_free_image(struct elf_image *img);
/* The first header of that type, or NULL. */
const Elf32_Phdr *elf_find_phdr(const struct elf_image *img, u32 type);

/* Choose the bias so that the lowest page comes to @base, or @base and something for alignment. */
void elf_place_image(struct elf_image *img, unsigned long base);
/*
 * Map all segments into current->mm; what is there goes if @replace, else it is an error.
 * => may sleep; 0 or -errno with an address space that is good for nothing
 */
int elf_map_image(struct elf_image *img, bool replace);

#endif
