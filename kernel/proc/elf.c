/*
 * kernel/proc/elf.c - loading an ELF program.
 *
 * Theory.  A program is one ELF file (elf_image.c), or two: it may name an
 * interpreter in PT_INTERP, the dynamic linker, which is mapped too and started in
 * its place.  The kernel knows nothing of shared libraries: the linker finds the
 * program's headers and entry in the auxiliary vector, maps the rest by mmap, and
 * jumps.
 *
 *	ET_EXEC				at its addresses
 *	ET_DYN with an interpreter	a PIE: at ELF_ET_DYN_BASE
 *	ET_DYN without one		static-pie, or the linker run by hand: in the mmap
 *					area, where it is not in the way of what it loads
 *	interpreter			in the mmap area; its own PT_INTERP means nothing
 *
 * What can be wrong with either file is found before the point of no return, but for
 * one thing: that there is no room for it.
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
 * PT_GNU_STACK's flags say whether the stack is executable.  A program without that
 * header is from before it: all it can read it may execute (READ_IMPLIES_EXEC).
 * PT_TLS is the C library's affair.
 *
 * References: System V ABI, chapter 5; Intel386 supplement, figure 3-31.
 */
#include <kernel/proc/exec.h>

#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/random.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/fs/fs.h>
#include <kernel/proc/elf.h>
#include <kernel/proc/layout.h>
#include <kernel/proc/sigframe.h>
#include <kernel/proc/vdso.h>
#include <kernel/uapi/auxvec.h>
#include <kernel/uapi/mman.h>
#include <kernel/uapi/personality.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/kmalloc.h>
#include <mm/space/mmap.h>

#define ELF_PLATFORM	"i686"
#define RANDOM_BYTES	16
#define PATH_MAX	4096
#define X86_EFLAGS_USER	0x202UL		/* IF, and the bit that is always 1 */

/* A program on its way. */
struct elf_program {
	struct elf_image image;
	struct elf_image interp;	/* interp.file NULL: none */
};

/* ---- the two files --------------------------------------------------------------------------- */

/* The name in PT_INTERP. => to be freed, or ERR_PTR: -ENOEXEC, -ENOMEM, -EIO */
static char *read_interp_name(struct elf_image *img, const Elf32_Phdr *ph)
{
	char *name;
	int got;

	if (ph->p_filesz > PATH_MAX || ph->p_filesz < 2)
		return ERR_PTR(-ENOEXEC);
	name = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!name)
		return ERR_PTR(-ENOMEM);
	got = kernel_read(img->file, ph->p_offset, name, ph->p_filesz);
	if (got == (int)ph->p_filesz && !name[got - 1])
		return name;
	kfree(name);
	return ERR_PTR(got < 0 ? got : got == (int)ph->p_filesz ? -ENOEXEC : -EIO);
}

/* => 0, or -EIO: it is too short to be one; -ELIBBAD: it is no program of ours */
static int read_interp(struct elf_image *interp)
{
	int got = kernel_read(interp->file, 0, (char *)&interp->ehdr, sizeof(interp->ehdr));
	int err;

	if (got != (int)sizeof(interp->ehdr))
		return got < 0 ? got : -EIO;
	if (elf_check_ehdr(&interp->ehdr))
		return -ELIBBAD;
	err = elf_read_image(interp);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

/* => 0, prog->interp.file set if there is one; or -errno of its open */
static int open_interp(struct elf_program *prog)
{
	const Elf32_Phdr *ph = elf_find_phdr(&prog->image, PT_INTERP);
	struct file *file;
	char *name;

	if (!ph)
		return 0;
	name = read_interp_name(&prog->image, ph);
	if (IS_ERR(name))
		return (int)PTR_ERR(name);
	file = open_exec(name);
	kfree(name);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	prog->interp.file = file;
	return read_interp(&prog->interp);
}

/* Room for all of @img in the mmap area. => 0 or -ENOMEM */
static int place_in_mmap_area(struct elf_image *img)
{
	struct mm_struct *mm = current->mm;
	unsigned long addr;

	if (img->ehdr.e_type == ET_EXEC)
		return 0;
	down_read(&mm->mmap_sem);
	addr = get_unmapped_area(NULL, 0, img->high - img->low + img->align - PAGE_SIZE, 0, 0);
	up_read(&mm->mmap_sem);
	if (IS_ERR_VALUE(addr))
		return -ENOMEM;
	elf_place_image(img, addr);
	return 0;
}

/* Map the program and its interpreter. => may sleep; 0 or -errno: nothing to run */
static int map_program(struct elf_program *prog)
{
	struct elf_image *img = &prog->image;
	struct mm_struct *mm = current->mm;
	int err = 0;

	if (img->ehdr.e_type == ET_DYN && prog->interp.file)
		elf_place_image(img, randomize_elf_base(ELF_ET_DYN_BASE));
	else
		err = place_in_mmap_area(img);
	if (!err)
		err = elf_map_image(img, false);
	if (err)
		return err;
	mm->start_code = img->bias + img->start_code;
	mm->end_code = img->bias + img->end_code;
	mm->start_data = img->bias + img->start_data;
	mm->end_data = img->bias + img->end_data;
	/* The heap follows the program, unless that is where mmap puts things. */
	mm->start_brk = PAGE_ALIGN(img->bias + img->brk);
	if (img->ehdr.e_type == ET_DYN && !prog->interp.file)
		mm->start_brk = ELF_ET_DYN_BASE;
	mm->start_brk = mm->brk = randomize_brk(mm->start_brk);
	if (!prog->interp.file)
		return 0;
	err = place_in_mmap_area(&prog->interp);
	return err ? err : elf_map_image(&prog->interp, true);
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* => pairs written to current->mm->saved_auxv, AT_NULL included */
static int fill_auxv(struct linux_binprm *bprm, const struct elf_program *prog,
		     unsigned long platform, unsigned long random)
{
	const struct task_struct *tsk = current;
	const struct elf_image *img = &prog->image;
	const unsigned long vdso = tsk->mm->vdso;
	const unsigned long auxv[][2] = {
		{ vdso ? AT_SYSINFO : AT_IGNORE, vdso_symbol(tsk->mm, VDSO_VSYSCALL) },
		{ vdso ? AT_SYSINFO_EHDR : AT_IGNORE, vdso },
		{ AT_MINSIGSTKSZ, MIN_SIGFRAME_STACK },
		{ AT_HWCAP, boot_cpu_data.capability[0] },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, USER_HZ },
		{ AT_PHDR, img->phdr_addr ? img->bias + img->phdr_addr : 0 },
		{ AT_PHENT, sizeof(Elf32_Phdr) },
		{ AT_PHNUM, img->ehdr.e_phnum },
		{ AT_BASE, prog->interp.file ? prog->interp.bias + prog->interp.low : 0 },
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
static int create_elf_tables(struct linux_binprm *bprm, const struct elf_program *prog)
{
	struct mm_struct *mm = current->mm;
	unsigned long p = ALIGN_DOWN(randomize_stack_pointer(bprm->p), 16UL);
	unsigned long platform, random, strings = bprm->p;
	u32 noise[RANDOM_BYTES / sizeof(u32)];
	int pairs, words;
	u32 *slot;

	platform = p = ALIGN_DOWN(p - sizeof(ELF_PLATFORM), 16UL);
	random = p = p - RANDOM_BYTES;
	for (unsigned int i = 0; i < ARRAY_SIZE(noise); i++)
		noise[i] = get_random_u32();
	if (copy_to_user((void *)platform, ELF_PLATFORM, sizeof(ELF_PLATFORM)) ||
	    copy_to_user((void *)random, noise, sizeof(noise)))
		return -EFAULT;

	pairs = fill_auxv(bprm, prog, platform, random);
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
	set_tsk_work(current, TIF_IRET);
}

/* ---- the loader ------------------------------------------------------------------------------ */

/* => EXSTACK_*, from the program's own PT_GNU_STACK */
static enum exstack stack_rights(const struct elf_image *img)
{
	const Elf32_Phdr *ph = elf_find_phdr(img, PT_GNU_STACK);

	if (!ph)
		return EXSTACK_DEFAULT;
	return ph->p_flags & PF_X ? EXSTACK_ENABLE_X : EXSTACK_DISABLE_X;
}

static int load_checked(struct linux_binprm *bprm, struct elf_program *prog)
{
	const struct elf_image *first = prog->interp.file ? &prog->interp : &prog->image;
	enum exstack exstack = stack_rights(&prog->image);
	int err = flush_old_exec(bprm);

	if (err)
		return err;
	if (exstack == EXSTACK_DEFAULT)
		current->personality |= READ_IMPLIES_EXEC;
	setup_new_exec(bprm);
	err = setup_arg_pages(bprm, exstack != EXSTACK_DISABLE_X);
	if (!err)
		err = map_program(prog);
	if (!err)
		err = map_vdso(bprm->stack_top);
	if (!err)
		err = create_elf_tables(bprm, prog);
	if (err)
		return err;
	current->mm->start_stack = bprm->p;
	start_thread(first->bias + first->ehdr.e_entry, bprm->p);
	return 0;
}

int load_elf_binary(struct linux_binprm *bprm)
{
	struct elf_program prog;
	int err;

	memset(&prog, 0, sizeof(prog));
	prog.image.file = bprm->file;
	memcpy(&prog.image.ehdr, bprm->buf, sizeof(prog.image.ehdr));
	err = elf_check_ehdr(&prog.image.ehdr);
	if (!err)
		err = elf_read_image(&prog.image);
	if (err)
		return err;
	err = open_interp(&prog);
	if (!err)
		err = load_checked(bprm, &prog);
	elf_free_image(&prog.interp);
	elf_free_image(&prog.image);
	if (prog.interp.file)
		fput(prog.interp.file);
	return err;
}
