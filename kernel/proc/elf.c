/*
 * kernel/proc/elf.c - loading an ELF program.
 *
 * Theory.  The program headers say what goes where.  Nothing is read here but they:
 * each PT_LOAD segment becomes a private mapping of the file, whose pages come by
 * page faults from the page cache, so all processes of a program share its text.
 * Bytes of a segment beyond its part of the file (bss) are zero: the rest of the
 * last file page is cleared, which makes it the process's own, and whole pages
 * after it are anonymous memory.
 *
 *	vaddr		 filesz		     memsz
 *	|---- file mapping ----|...cleared...|--- anonymous ---|
 *
 * ET_EXEC goes to its addresses; ET_DYN without an interpreter (static-pie), which
 * relocates itself, to ELF_ET_DYN_BASE.  A program that wants an interpreter
 * (dynamic linker) is refused, -ELIBBAD.
 *
 * Everything in the file is hostile until checked, and all of it is checked before
 * the point of no return: -ENOEXEC.
 *
 * Below the strings that exec.c has put on the stack comes what the i386 ABI says a
 * program finds at its start:
 *
 *	"i686", 16 random bytes, alignment
 *	auxiliary vector: pairs {type, value}, AT_NULL
 *	envp[0..], NULL
 *	argv[0..], NULL
 *	argc					<- esp, a multiple of 16
 *
 * References: System V ABI, chapter 5; Intel386 supplement, figure 3-31.
 */
#include <kernel/proc/exec.h>

#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/printk.h>
#include <kernel/core/random.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/auxvec.h>
#include <kernel/uapi/elf.h>
#include <kernel/uapi/mman.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/kmalloc.h>
#include <mm/space/mmap.h>

#define ELF_ET_DYN_BASE	PAGE_ALIGN(TASK_SIZE / 3 * 2)
#define ELF_MAX_PHDRS	(PAGE_SIZE / sizeof(Elf32_Phdr))
#define ELF_PLATFORM	"i686"
#define RANDOM_BYTES	16
#define X86_EFLAGS_USER	0x202UL		/* IF, and the bit that is always 1 */

/* What the segments say together. */
struct elf_image {
	Elf32_Ehdr ehdr;
	Elf32_Phdr *phdr;
	unsigned long bias;		/* added to every address in the file */
	unsigned long phdr_addr;	/* where the program finds its own headers, 0: nowhere */
	unsigned long start_code, end_code, start_data, end_data, brk;
};

/* ---- checking -------------------------------------------------------------------------------- */

static int check_ehdr(const Elf32_Ehdr *ehdr)
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
static int check_load_segment(const Elf32_Phdr *ph, u64 file_size, unsigned long bias,
			      unsigned long floor)
{
	u64 end = (u64)bias + ph->p_vaddr + ph->p_memsz;

	if (ph->p_filesz > ph->p_memsz || end > TASK_SIZE)
		return -ENOEXEC;
	if ((ph->p_vaddr ^ ph->p_offset) & ~PAGE_MASK)
		return -ENOEXEC;
	if ((u64)ph->p_offset + ph->p_filesz > file_size)
		return -ENOEXEC;
	/* Ascending, and no two in one page. */
	if (bias + ph->p_vaddr < mmap_min_addr || ((bias + ph->p_vaddr) & PAGE_MASK) < floor)
		return -ENOEXEC;
	return 0;
}

/* Check all segments and find the image's extent. => 0, -ENOEXEC, -ELIBBAD */
static int check_segments(struct elf_image *img, u64 file_size)
{
	unsigned long floor = 0, entry = img->bias + img->ehdr.e_entry;
	bool entry_found = false;

	img->start_code = img->start_data = ~0UL;
	for (int i = 0; i < img->ehdr.e_phnum; i++) {
		const Elf32_Phdr *ph = &img->phdr[i];
		unsigned long start = img->bias + ph->p_vaddr, end = start + ph->p_filesz;

		if (ph->p_type == PT_INTERP)
			return -ELIBBAD;
		if (!is_loaded(ph))
			continue;
		if (check_load_segment(ph, file_size, img->bias, floor))
			return -ENOEXEC;
		floor = PAGE_ALIGN(start + ph->p_memsz);
		if (img->ehdr.e_phoff >= ph->p_offset &&
		    (u64)img->ehdr.e_phoff + img->ehdr.e_phnum * sizeof(*ph) <=
		    (u64)ph->p_offset + ph->p_filesz)
			img->phdr_addr = start + img->ehdr.e_phoff - ph->p_offset;
		entry_found |= entry >= start && entry - start < ph->p_memsz;
		if (ph->p_flags & PF_X) {
			img->start_code = min(img->start_code, start);
			img->end_code = max(img->end_code, end);
		} else if (ph->p_flags & PF_W) {
			img->start_data = min(img->start_data, start);
		}
		img->end_data = max(img->end_data, end);
		img->brk = max(img->brk, start + ph->p_memsz);
	}
	if (img->start_code == ~0UL)
		img->start_code = 0;
	if (img->start_data == ~0UL)
		img->start_data = img->end_code;
	return entry_found ? 0 : -ENOEXEC;
}

/* => 0 with img->phdr to be freed, or -errno */
static int read_phdrs(struct linux_binprm *bprm, struct elf_image *img)
{
	unsigned long size = img->ehdr.e_phnum * sizeof(Elf32_Phdr);
	int got;

	img->phdr = kmalloc(size, GFP_KERNEL);
	if (!img->phdr)
		return -ENOMEM;
	got = kernel_read(bprm->file, img->ehdr.e_phoff, (char *)img->phdr, size);
	if (got == (int)size)
		return 0;
	kfree(img->phdr);
	return got < 0 && got != -EINVAL ? got : -ENOEXEC;
}

/* ---- mapping --------------------------------------------------------------------------------- */

static unsigned long elf_prot(const Elf32_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/* => [s] write; 0 or -errno */
static int map_segment(struct file *file, const Elf32_Phdr *ph, unsigned long bias)
{
	unsigned long start = bias + ph->p_vaddr, base = start & PAGE_MASK;
	unsigned long file_end = start + ph->p_filesz, mem_end = start + ph->p_memsz;
	unsigned long addr, anon = base;

	if (ph->p_filesz) {
		addr = do_mmap_pgoff(file, base, PAGE_ALIGN(file_end) - base, elf_prot(ph),
				     MAP_PRIVATE | MAP_FIXED | MAP_DENYWRITE,
				     ph->p_offset >> PAGE_SHIFT);
		if (IS_ERR_VALUE(addr))
			return (int)addr;
		anon = PAGE_ALIGN(file_end);
	}
	if (PAGE_ALIGN(mem_end) > anon) {
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

static int map_image(struct linux_binprm *bprm, struct elf_image *img)
{
	struct mm_struct *mm = current->mm;
	int err = 0;

	down_write(&mm->mmap_sem);
	for (int i = 0; i < img->ehdr.e_phnum && !err; i++)
		if (is_loaded(&img->phdr[i]))
			err = map_segment(bprm->file, &img->phdr[i], img->bias);
	mm->start_code = img->start_code;
	mm->end_code = img->end_code;
	mm->start_data = img->start_data;
	mm->end_data = img->end_data;
	mm->start_brk = mm->brk = PAGE_ALIGN(img->brk);
	up_write(&mm->mmap_sem);
	for (int i = 0; i < img->ehdr.e_phnum && !err; i++)
		if (is_loaded(&img->phdr[i]))
			err = clear_segment_tail(&img->phdr[i], img->bias);
	return err;
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* => pairs written to current->mm->saved_auxv, AT_NULL included */
static int fill_auxv(struct linux_binprm *bprm, struct elf_image *img, unsigned long platform,
		     unsigned long random)
{
	const struct task_struct *tsk = current;
	const unsigned long auxv[][2] = {
		{ AT_HWCAP, boot_cpu_data.capability[0] },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, USER_HZ },
		{ AT_PHDR, img->phdr_addr },
		{ AT_PHENT, sizeof(Elf32_Phdr) },
		{ AT_PHNUM, img->ehdr.e_phnum },
		{ AT_BASE, 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, img->bias + img->ehdr.e_entry },
		{ AT_UID, tsk->uid },
		{ AT_EUID, tsk->euid },
		{ AT_GID, tsk->gid },
		{ AT_EGID, tsk->egid },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, random },
		{ AT_HWCAP2, 0 },
		{ AT_EXECFN, bprm->exec },
		{ AT_PLATFORM, platform },
		{ AT_NULL, 0 },
	};

	static_assert(ARRAY_SIZE(auxv) * 2 <= AT_VECTOR_SIZE, "saved_auxv holds it");
	memset(tsk->mm->saved_auxv, 0, sizeof(tsk->mm->saved_auxv));
	memcpy(tsk->mm->saved_auxv, auxv, sizeof(auxv));
	return ARRAY_SIZE(auxv);
}

/* Write pointers to @count strings from *p on, and NULL. => the next slot, or NULL: a fault */
static u32 *put_pointers(u32 *slot, int count, unsigned long *p)
{
	while (count-- > 0) {
		long len = strnlen_user((const char *)*p, MAX_ARG_STRLEN);

		if (!len || len > MAX_ARG_STRLEN || put_user((u32)*p, slot++))
			return NULL;
		*p += (unsigned long)len;
	}
	return put_user(0u, slot) ? NULL : slot + 1;
}

/* => may fault; 0 or -EFAULT; bprm->p is the program's first esp */
static int create_elf_tables(struct linux_binprm *bprm, struct elf_image *img)
{
	struct mm_struct *mm = current->mm;
	unsigned long p = ALIGN_DOWN(bprm->p, 16UL), platform, random, strings = bprm->p;
	u8 bytes[RANDOM_BYTES];
	int pairs, words;
	u32 *slot;

	platform = p = ALIGN_DOWN(p - sizeof(ELF_PLATFORM), 16UL);
	random = p = p - RANDOM_BYTES;
	get_random_bytes(bytes, sizeof(bytes));
	if (copy_to_user((void *)platform, ELF_PLATFORM, sizeof(ELF_PLATFORM)) ||
	    copy_to_user((void *)random, bytes, sizeof(bytes)))
		return -EFAULT;

	pairs = fill_auxv(bprm, img, platform, random);
	words = 1 + bprm->argc + 1 + bprm->envc + 1 + pairs * 2;
	p = ALIGN_DOWN(p - (unsigned long)words * sizeof(u32), 16UL);
	bprm->p = p;

	slot = (u32 *)p;
	if (put_user((u32)bprm->argc, slot++))
		return -EFAULT;
	mm->arg_start = strings;
	slot = put_pointers(slot, bprm->argc, &strings);
	if (!slot)
		return -EFAULT;
	mm->arg_end = mm->env_start = strings;
	slot = put_pointers(slot, bprm->envc, &strings);
	if (!slot)
		return -EFAULT;
	mm->env_end = strings;
	return copy_to_user(slot, mm->saved_auxv, (unsigned long)pairs * 2 * sizeof(u32)) ?
	       -EFAULT : 0;
}

static void start_thread(unsigned long eip, unsigned long esp)
{
	struct pt_regs *regs = current_pt_regs();

	memset(regs, 0, sizeof(*regs));
	regs->ds = regs->es = regs->ss = __USER_DS;
	regs->cs = __USER_CS;
	regs->eip = eip;
	regs->esp = esp;
	regs->eflags = X86_EFLAGS_USER;
	regs->orig_eax = -1;
}

/* ---- the loader ------------------------------------------------------------------------------ */

static int load_checked(struct linux_binprm *bprm, struct elf_image *img)
{
	int err = flush_old_exec(bprm);

	if (err)
		return err;
	setup_new_exec(bprm);
	err = setup_arg_pages(bprm);
	if (!err)
		err = map_image(bprm, img);
	if (!err)
		err = create_elf_tables(bprm, img);
	if (err)
		return err;
	current->mm->start_stack = bprm->p;
	start_thread(img->bias + img->ehdr.e_entry, bprm->p);
	return 0;
}

int load_elf_binary(struct linux_binprm *bprm)
{
	struct elf_image img;
	int err;

	memset(&img, 0, sizeof(img));
	memcpy(&img.ehdr, bprm->buf, sizeof(img.ehdr));
	err = check_ehdr(&img.ehdr);
	if (err)
		return err;
	if (!bprm->file->f_op->mmap)
		return -ENOEXEC;
	if (img.ehdr.e_type == ET_DYN)
		img.bias = ELF_ET_DYN_BASE;
	err = read_phdrs(bprm, &img);
	if (err)
		return err;
	err = check_segments(&img, (u64)i_size_read(file_inode(bprm->file)));
	if (err == -ELIBBAD)
		pr_info_once("%s: programs with an interpreter cannot be run\n", bprm->filename);
	if (!err)
		err = load_checked(bprm, &img);
	kfree(img.phdr);
	return err;
}
