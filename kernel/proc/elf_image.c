/*
 * kernel/proc/elf_image.c - one ELF file: read, checked, mapped.
 *
 * Theory.  The program headers say what goes where.  Nothing is read here but they:
 * each PT_LOAD segment becomes a private mapping of the file, whose pages come by
 * page faults from the page cache, so all processes of a program, and all users of
 * the dynamic linker, share its text.  Bytes of a segment beyond its part of the
 * file (bss) are zero: the rest of the last file page is cleared, which makes it
 * the process's own, and whole pages after it are anonymous memory.
 *
 *	vaddr		 filesz		     memsz
 *	|---- file mapping ----|...cleared...|--- anonymous ---|
 *
 * ET_EXEC goes to its addresses; ET_DYN can go anywhere, as one block: the distance
 * between its segments is fixed.
 *
 * Everything in the file is hostile until checked, and all of it is checked before
 * the point of no return: -ENOEXEC.
 *
 * References: System V ABI, chapter 5; Intel386 supplement.
 */
#include <kernel/proc/elf.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/mman.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/kmalloc.h>
#include <mm/space/mmap.h>

#define ELF_MAX_PHDRS	(PAGE_SIZE / sizeof(Elf32_Phdr))

/* ---- checking -------------------------------------------------------------------------------- */

int elf_check_ehdr(const Elf32_Ehdr *ehdr)
{
	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) || ehdr->e_ident[EI_CLASS] != ELFCLASS32 ||
	    ehdr->e_ident[EI_DATA] != ELFDATA2LSB || ehdr->e_machine != EM_386)
		return -ENOEXEC;
	if (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)
		return -ENOEXEC;
	if (ehdr->e_phentsize != sizeof(Elf32_Phdr) || !ehdr->e_phnum ||
	    ehdr->e_phnum > ELF_MAX_PHDRS)
		return -ENOEXEC;
	return 0;
}

/* Linkers leave segments of no size behind: they load nothing, wherever they are. */
static bool is_loaded(const Elf32_Phdr *ph)
{
	return ph->p_type == PT_LOAD && (ph->p_memsz || ph->p_filesz);
}

/* @floor: the end of the segment before. => 0 or -ENOEXEC */
static int check_load_segment(const Elf32_Phdr *ph, u64 file_size, unsigned long floor)
{
	if (ph->p_filesz > ph->p_memsz || (u64)ph->p_vaddr + ph->p_memsz > TASK_SIZE)
		return -ENOEXEC;
	if ((ph->p_vaddr ^ ph->p_offset) & ~PAGE_MASK)
		return -ENOEXEC;
	if ((u64)ph->p_offset + ph->p_filesz > file_size)
		return -ENOEXEC;
	/* Ascending, and no two in one page. */
	return (ph->p_vaddr & PAGE_MASK) < floor ? -ENOEXEC : 0;
}

/* What one checked segment adds to the picture. */
static void note_segment(struct elf_image *img, const Elf32_Phdr *ph)
{
	unsigned long start = ph->p_vaddr, end = start + ph->p_filesz;

	img->low = min(img->low, start & PAGE_MASK);
	img->high = PAGE_ALIGN(start + ph->p_memsz);
	if (ph->p_align && !(ph->p_align & (ph->p_align - 1)))
		img->align = max_t(unsigned long, img->align, ph->p_align);
	if (img->ehdr.e_phoff >= ph->p_offset &&
	    (u64)img->ehdr.e_phoff + img->ehdr.e_phnum * sizeof(*ph) <=
	    (u64)ph->p_offset + ph->p_filesz)
		img->phdr_addr = start + img->ehdr.e_phoff - ph->p_offset;
	if (ph->p_flags & PF_X) {
		img->start_code = min(img->start_code, start);
		img->end_code = max(img->end_code, end);
	} else if (ph->p_flags & PF_W) {
		img->start_data = min(img->start_data, start);
	}
	img->end_data = max(img->end_data, end);
	img->brk = max(img->brk, start + ph->p_memsz);
}

/* Check all segments and find the image's extent. => 0 or -ENOEXEC */
static int check_segments(struct elf_image *img, u64 file_size)
{
	img->start_code = img->start_data = img->low = ~0UL;
	img->align = PAGE_SIZE;
	for (int i = 0; i < img->ehdr.e_phnum; i++) {
		const Elf32_Phdr *ph = &img->phdr[i];

		if (!is_loaded(ph))
			continue;
		if (check_load_segment(ph, file_size, img->high))
			return -ENOEXEC;
		note_segment(img, ph);
	}
	if (!img->high || (img->ehdr.e_type == ET_EXEC && img->low < mmap_min_addr))
		return -ENOEXEC;
	if (img->start_code == ~0UL)
		img->start_code = 0;
	if (img->start_data == ~0UL)
		img->start_data = img->end_code;
	return 0;
}

int elf_read_image(struct elf_image *img)
{
	unsigned long size = img->ehdr.e_phnum * sizeof(Elf32_Phdr);
	int got, err;

	if (!img->file->f_op->mmap)
		return -ENOEXEC;
	img->phdr = kmalloc(size, GFP_KERNEL);
	if (!img->phdr)
		return -ENOMEM;
	got = kernel_read(img->file, img->ehdr.e_phoff, (char *)img->phdr, size);
	if (got == (int)size)
		err = check_segments(img, (u64)i_size_read(file_inode(img->file)));
	else
		err = got < 0 && got != -EINVAL ? got : -ENOEXEC;
	if (err)
		elf_free_image(img);
	return err;
}

void elf_free_image(struct elf_image *img)
{
	kfree(img->phdr);
	img->phdr = NULL;
}

const Elf32_Phdr *elf_find_phdr(const struct elf_image *img, u32 type)
{
	for (int i = 0; i < img->ehdr.e_phnum; i++)
		if (img->phdr[i].p_type == type)
			return &img->phdr[i];
	return NULL;
}

/* ---- mapping --------------------------------------------------------------------------------- */

void elf_place_image(struct elf_image *img, unsigned long base)
{
	img->bias = ALIGN(base, img->align) - (img->low & ~(img->align - 1));
}

static unsigned long elf_prot(const Elf32_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/* => [s] write; 0 or -errno */
static int map_segment(struct file *file, const Elf32_Phdr *ph, unsigned long bias, bool replace)
{
	unsigned long start = bias + ph->p_vaddr, base = start & PAGE_MASK;
	unsigned long file_end = start + ph->p_filesz, mem_end = start + ph->p_memsz;
	unsigned long addr, anon = base;

	if (ph->p_filesz) {
		addr = do_mmap_pgoff(file, base, PAGE_ALIGN(file_end) - base, elf_prot(ph),
				     MAP_PRIVATE | MAP_DENYWRITE |
				     (replace ? MAP_FIXED : MAP_FIXED_NOREPLACE),
				     ph->p_offset >> PAGE_SHIFT);
		if (IS_ERR_VALUE(addr))
			return (int)addr;
		anon = PAGE_ALIGN(file_end);
	}
	if (PAGE_ALIGN(mem_end) > anon) {
		if (!replace && find_vma_intersection(current->mm, anon, PAGE_ALIGN(mem_end)))
			return -EEXIST;
		addr = do_brk(anon, PAGE_ALIGN(mem_end) - anon);
		if (IS_ERR_VALUE(addr))
			return (int)addr;
	}
	return 0;
}

/* The rest of the file's last page. => may fault; 0 or -EFAULT */
static int clear_segment_tail(const Elf32_Phdr *ph, unsigned long bias)
{
	unsigned long file_end = bias + ph->p_vaddr + ph->p_filesz;
	unsigned long bytes = min_t(unsigned long, PAGE_ALIGN(file_end) - file_end,
				    ph->p_memsz - ph->p_filesz);

	if (!bytes || !ph->p_filesz || !(ph->p_flags & PF_W))
		return 0;
	/* To the page's end: memory beyond p_memsz is the heap's. */
	return clear_user((void *)file_end, PAGE_ALIGN(file_end) - file_end) ? -EFAULT : 0;
}

int elf_map_image(struct elf_image *img, bool replace)
{
	struct mm_struct *mm = current->mm;
	int err = 0;

	if (img->bias + img->low < mmap_min_addr || img->bias + img->high > TASK_SIZE ||
	    img->bias + img->high <= img->bias + img->low)
		return -ENOMEM;
	down_write(&mm->mmap_sem);
	for (int i = 0; i < img->ehdr.e_phnum && !err; i++)
		if (is_loaded(&img->phdr[i]))
			err = map_segment(img->file, &img->phdr[i], img->bias, replace);
	up_write(&mm->mmap_sem);
	for (int i = 0; i < img->ehdr.e_phnum && !err; i++)
		if (is_loaded(&img->phdr[i]))
			err = clear_segment_tail(&img->phdr[i], img->bias);
	return err;
}
