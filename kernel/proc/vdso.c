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
 * The same two frames are in every process.  Their entries are raw ones, made at
 * exec and copied by fork, so that no process pays a fault for them; what cannot
 * be faulted in cannot be copied on write either, and is never writable.
 *
 * SYSENTER returns to one address, mm->sysenter_return.  Here it is found as what
 * follows the instructions `movl %esp, %ebp; sysenter; int $0x80'.
 *
 * `vdso=0' leaves it out: programs then use int $0x80.
 */
#include <kernel/proc/vdso.h>

#include <kernel/arch/processor.h>
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
#include <mm/space/memory.h>
#include <mm/space/mmap.h>

#define VDSO_PAGES	2UL		/* [vvar], [vdso] */
#define VSYSCALL_BYTES	32		/* the door is not longer */

extern char vdso_image_start[], vdso_image_end[];

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

/* All entries are there from the start. */
static vm_fault_t vdso_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct vvar_ops = { .name = vvar_name, .fault = vdso_fault };
static const struct vm_operations_struct vdso_ops = { .name = vdso_name, .fault = vdso_fault };

/* One page of the kernel's at @addr. => [s] write; 0 or -ENOMEM */
static int map_kernel_page(struct mm_struct *mm, unsigned long addr, const void *page,
			   unsigned long vm_flags, const struct vm_operations_struct *ops)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return -ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + PAGE_SIZE;
	vma->vm_flags = vm_flags;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
	vma->vm_ops = ops;
	if (insert_vm_struct(mm, vma)) {
		vm_area_free(vma);
		return -ENOMEM;
	}
	vm_stat_account(mm, vm_flags, 1);
	return remap_pfn_range(vma, addr, (unsigned long)__pa(page) >> PAGE_SHIFT, PAGE_SIZE,
			       vma->vm_page_prot);
}

int map_vdso(unsigned long stack_top)
{
	struct mm_struct *mm = current->mm;
	unsigned long addr;
	int err;

	if (!vdso_enabled)
		return 0;
	down_write(&mm->mmap_sem);
	addr = get_unmapped_area(NULL, randomize_vdso(stack_top, VDSO_PAGES),
				 VDSO_PAGES << PAGE_SHIFT, 0, 0);
	err = IS_ERR_VALUE(addr) ? (int)addr : 0;
	if (!err)
		err = map_kernel_page(mm, addr, &vvar_page, VM_READ | VM_MAYREAD, &vvar_ops);
	if (!err)
		err = map_kernel_page(mm, addr + PAGE_SIZE, vdso_image_start,
				      VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC, &vdso_ops);
	if (!err) {
		mm->vdso = addr + PAGE_SIZE;
		mm->sysenter_return = mm->vdso + return_offset;
	}
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

	BUG_ON(vdso_image_end - vdso_image_start > (long)PAGE_SIZE);
	for (int i = 0; i < NR_VDSO_SYMBOLS; i++)
		symbol_offset[i] = find_symbol(symbol_names[i]);
	sysenter = find_sysenter();
	return_offset = (unsigned long)(sysenter + 6 - vdso_image_start);
	if (!boot_cpu_has(X86_FEATURE_SEP))
		memset(sysenter, 0x90, 4);	/* nops: on to int $0x80 */
	vdso_enabled = cmdline_get_int("vdso", 1) != 0;
}
