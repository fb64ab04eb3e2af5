/*
 * kernel/arch/switch.c - what changes besides the stack.
 *
 * esp0 for the next entry from ring 3, the three TLS descriptors, the user's fs
 * and gs, the FPU.  fs and gs are written only if one of the two tasks uses
 * them: loading a selector is slow, and most tasks have 0 in fs.
 */
#include <kernel/arch/switch.h>

#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/desc.h>
#include <kernel/arch/fpu.h>
#include <kernel/arch/ptrace.h>
#include <kernel/arch/uaccess.h>

static_assert(offsetof(struct thread_struct, esp0) == THREAD_ESP0, "switch_to.S");
static_assert(offsetof(struct thread_struct, esp) == THREAD_ESP, "switch_to.S");
static_assert(offsetof(struct thread_struct, eip) == THREAD_EIP, "switch_to.S");
static_assert(offsetof(struct pt_regs, ebx) == PT_EBX, "entry.S");
static_assert(offsetof(struct pt_regs, ecx) == PT_ECX, "entry.S");
static_assert(offsetof(struct pt_regs, eax) == PT_EAX, "entry.S");
static_assert(offsetof(struct pt_regs, gs) == PT_GS, "entry.S");
static_assert(offsetof(struct pt_regs, orig_eax) == PT_ORIG_EAX, "entry.S");
static_assert(offsetof(struct pt_regs, cs) == PT_CS, "entry.S");
static_assert(sizeof(struct pt_regs) == PT_SIZE, "entry.S");

#define SET_SEGMENT(reg, selector)					\
	asm volatile("1:	movl %0, %%" reg "\n"			\
		     "2:\n"						\
		     ".pushsection .fixup, \"ax\"\n"			\
		     "3:	xorl %0, %0\n"				\
		     "	jmp 1b\n"					\
		     ".popsection\n"					\
		     _ASM_EXTABLE(1b, 3b)				\
		     : "+r"(selector))

void set_user_fs(unsigned long selector)
{
	SET_SEGMENT("fs", selector);
}

void set_user_gs(unsigned long selector)
{
	SET_SEGMENT("gs", selector);
}

asmlinkage void switch_to_c(struct thread_struct *prev, struct thread_struct *next)
{
	unsigned long cpu_area = this_cpu_offset();

	if (prev->fpu_live)
		fpu_save(prev);
	prev->fs = get_user_fs();
	prev->gs = get_user_gs();

	((struct tss_struct *)(cpu_area + (unsigned long)&init_tss))->esp0 = next->esp0;
	load_TLS_at((struct desc_struct *)(cpu_area + (unsigned long)gdt_table), next);

	if (prev->fs | next->fs)
		set_user_fs(next->fs);
	if (prev->gs | next->gs)
		set_user_gs(next->gs);
}
