/*
 * kernel/proc/vdso.c - the page of code that the kernel gives to programs.
 *
 * Theory.  Which instruction enters the kernel fastest depends on the processor, so
 * the kernel provides it: a small shared object (vdso/), which exec maps and the
 * C library finds by AT_SYSINFO_EHDR, or by AT_SYSINFO, the address of
 * __kernel_vsyscall.  It also holds the code that signal handlers return to, with
 * what an unwinder must know of it, and functions that read the clock without
 * entering the kernel at all.
 *
 *	[vvar]	one page, r--: struct vdso_data, written by each tick
 *	[vdso]	one page, r-x: the object
 *
 * The same two frames are in every process.  [vdso] is a page like those of a file: it
 * counts as resident, and is copied when somebody writes to it (a debugger, or the
 * program after mprotect).  Every program asks for it, so exec and fork enter it at
 * once.  [vvar] changes under the reader and has no copies; it is a raw frame, entered
 * by the first fault: most programs never ask for the time.
 *
 * SYSENTER returns to one address, mm->sysenter_return.  Here it is found as what
 * follows the instructions `movl %esp, %ebp; sysenter; int $0x80'.  A program may move
 * [vdso] by mremap, and the addresses in its mm_struct follow; if it unmaps it, handlers
 * without SA_RESTORER have no way back.
 *
 * `vdso=0' leaves it out: programs then use int $0x80.
 */
#include <kernel/proc/vdso.h>

#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/core/bug.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/sched.h>
#include <kernel/core/vdso_data.h>
#include <kernel/proc/layout.h>
#include <kernel/uapi/elf.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>

#define VDSO_PAGES	2UL		/* [vvar], [vdso] */
#define VSYSCALL_BYTES	32		/* the door is not longer */

extern char vdso_image_start[], vdso_image_end[];	/* __init */

static struct page *vdso_page;				/* [c] */

static unsigned long symbol_offset[NR_VDSO_SYMBOLS];	/* [c] from the image's start */
static unsigned long return_offset;			/* [c] behind the door's instructions */
static bool vdso_enabled;				/* [c] */

static const char *const symbol_names[NR_VDSO_SYMBOLS] = {
	[VDSO_VSYSCALL] = "__kernel_vsyscall",
	[VDSO_SIGRETURN] = "__kernel_sigreturn",
	[VDSO_RT_SIGRETURN] = "__kernel_rt_sigreturn",
};

unsigned long vdso_symbol(const struct mm_struct *mm, enum vdso_symbol symbol)
{
	return mm->vdso ? mm->vdso + symbol_offset[symbol] : 0;
}

/* ---- mapping --------------------------------------------------------------------------------- */

static const char *vvar_name(struct vm_area_struct *vma)
{
	return "[vvar]";
}

static const char *vdso_name(struct vm_area_struct *vma)
{
	return "[vdso]";
}

static vm_fault_t vvar_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	unsigned long pfn = (unsigned long)__pa(&vvar_page) >> PAGE_SHIFT;

	return vm_insert_pfn(vma, vmf->address, pfn) ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

static vm_fault_t vdso_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return vm_insert_page(vma, vmf->address, vdso_page) ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
	get_page(vdso_page);
	vmf->page = vdso_page;		/* to be copied */
	return VM_FAULT_MINOR;
}

static void vdso_moved(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct pt_regs *regs = current_pt_regs();
	unsigned long landing = mm->sysenter_return;

	mm->vdso = vma->vm_start;
	mm->sysenter_return = mm->vdso + return_offset;
	/* This very call must find its way back. */
	if (regs->eip == landing)
		regs->eip = mm->sysenter_return;
}

static const struct vm_operations_struct vvar_ops = { .name = vvar_name, .fault = vvar_fault };
static const struct vm_operations_struct vdso_ops = {
	.name = vdso_name, .fault = vdso_fault, .mremap = vdso_moved
};

#define VVAR_FLAGS	(VM_READ | VM_MAYREAD | VM_IO | VM_PFNMAP | VM_DONTEXPAND)
#define VDSO_FLAGS	(VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_DONTEXPAND)

/* An area of one page at @addr. => [s] write; NULL: no memory */
static struct vm_area_struct *add_area(struct mm_struct *mm, unsigned long addr,
				       unsigned long vm_flags,
				       const struct vm_operations_struct *ops)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = addr;
	vma->vm_end = addr + PAGE_SIZE;
	vma->vm_flags = vm_flags;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
	vma->vm_ops = ops;
	if (insert_vm_struct(mm, vma)) {
		vm_area_free(vma);
		return NULL;
	}
	vm_stat_account(mm, vm_flags, 1);
	return vma;
}

int map_vdso(unsigned long stack_top)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long addr;
	int err;

	if (!vdso_enabled)
		return 0;
	down_write(&mm->mmap_sem);
	addr = get_unmapped_area(NULL, randomize_vdso(stack_top, VDSO_PAGES),
				 VDSO_PAGES << PAGE_SHIFT, 0, 0);
	err = IS_ERR_VALUE(addr) ? (int)addr : 0;
	if (err)
		goto out;
	err = -ENOMEM;
	if (!add_area(mm, addr, VVAR_FLAGS, &vvar_ops))
		goto out;
	addr += PAGE_SIZE;
	vma = add_area(mm, addr, VDSO_FLAGS, &vdso_ops);
	if (!vma)
		goto out;
	err = vm_insert_page(vma, addr, vdso_page);
	mm->vdso = addr;
	mm->sysenter_return = addr + return_offset;
out:
	up_write(&mm->mmap_sem);
	return err;
}

/* ---- the image ------------------------------------------------------------------------------- */

/* The value that the dynamic section has for @tag, as a pointer into the image. */
static const void *__init dynamic_entry(s32 tag)
{
	const Elf32_Ehdr *ehdr = (const void *)vdso_image_start;
	const Elf32_Phdr *ph = (const void *)(vdso_image_start + ehdr->e_phoff);
	const Elf32_Dyn *dyn;

	while (ph->p_type != PT_DYNAMIC)
		ph++;
	for (dyn = (const void *)(vdso_image_start + ph->p_offset); dyn->d_tag; dyn++)
		if (dyn->d_tag == tag)
			return vdso_image_start + dyn->d_val;
	panic("vdso: no dynamic entry %d", tag);
}

/* => offset of @name in the image */
static unsigned long __init find_symbol(const char *name)
{
	const Elf32_Sym *sym = dynamic_entry(DT_SYMTAB);
	const char *strings = dynamic_entry(DT_STRTAB);
	const u32 *hash = dynamic_entry(DT_HASH);
	u32 count = hash[1];		/* nchain is the number of symbols */

	for (; count; count--, sym++)
		if (!strcmp(strings + sym->st_name, name))
			return sym->st_value;
	panic("vdso: no symbol %s", name);
}

/* The instructions at which SYSENTER enters. */
static char *__init find_sysenter(void)
{
	static const char code[] __initconst = {
		(char)0x89, (char)0xe5, 0x0f, 0x34, (char)0xcd, (char)0x80
	};
	char *door = vdso_image_start + symbol_offset[VDSO_VSYSCALL];

	for (char *p = door; p < door + VSYSCALL_BYTES; p++)
		if (!memcmp(p, code, sizeof(code)))
			return p;
	panic("vdso: no sysenter");
}

void __init vdso_init(void)
{
	char *sysenter;
	long size = vdso_image_end - vdso_image_start;
	char *copy = (char *)get_zeroed_page(GFP_KERNEL);

	BUG_ON(size > (long)PAGE_SIZE || !copy);
	memcpy(copy, vdso_image_start, (size_t)size);
	for (int i = 0; i < NR_VDSO_SYMBOLS; i++)
		symbol_offset[i] = find_symbol(symbol_names[i]);
	sysenter = find_sysenter();
	return_offset = (unsigned long)(sysenter + 6 - vdso_image_start);
	if (!boot_cpu_has(X86_FEATURE_SEP))
		memset(copy + (sysenter - vdso_image_start), 0x90, 4);	/* nops: on to int $0x80 */
	vdso_page = virt_to_page(copy);
	vdso_enabled = cmdline_get_int("vdso", 1) != 0;
}
