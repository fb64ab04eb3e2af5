/*
 * kernel/entry/traps.c - exceptions.
 *
 * Theory.  An exception in ring 3 is the program's own affair: it becomes a
 * signal, with the code and address that Linux gives it.  One in ring 0 is
 * either expected (an instruction with an entry in __ex_table touched user
 * memory or loaded a user's selector: go on at its fixup) or a broken kernel
 * (die).  The page fault has a file of its own, fault.c; the double fault a
 * task of its own, doublefault.c.
 *
 * Exceptions enter by interrupt gates: interrupts are off until we know that
 * the interrupted code had them on.
 *
 * References: Intel SDM volume 3, section 6.15 (each exception), table 6-1.
 */
#include <kernel/entry/traps.h>

#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/desc.h>
#include <kernel/arch/fpu.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/hooks.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/smp.h>
#include <kernel/core/watchdog.h>
#include <kernel/uapi/signal.h>
#include <mm/types/mm_types.h>

/* entry.S's view of the structures. */
static_assert(offsetof(struct task_struct, work) == TASK_WORK, "entry.S");
static_assert(offsetof(struct task_struct, mm) == TASK_MM, "entry.S");
static_assert(offsetof(struct mm_struct, sysenter_return) == MM_SYSENTER_RETURN, "entry.S");
static_assert(__USER_CS == __KERNEL_CS + 16 + 3 && __USER_DS == __KERNEL_CS + 24 + 3, "SYSEXIT");
static_assert((_TIF_WORK_MASK | _TIF_IRET) == 7 && _TIF_IRET == 4, "entry.S: TIF_WORK_MASK");
static_assert(sizeof(struct stack_top) == STACK_TOP_SIZE, "head.S");
static_assert(offsetof(struct stack_top, task) == STACK_TOP_TASK, "entry.S, head.S");
static_assert(offsetof(struct stack_top, percpu_offset) == STACK_TOP_CPU, "head.S");

/* entry.S */
extern void system_call(void), divide_error(void), debug(void), nmi(void), int3(void),
	overflow(void), bounds(void), invalid_op(void), device_not_available(void),
	coprocessor_segment_overrun(void), invalid_TSS(void), segment_not_present(void),
	stack_segment(void), general_protection(void), page_fault(void),
	reserved_exception(void), coprocessor_error(void), alignment_check(void),
	machine_check(void), simd_coprocessor_error(void), sysenter_entry(void);

/* The user's own doing: note it for the signal frame and send the signal. */
static void user_trap(int trap_no, int sig, int code, long error_code, unsigned long addr)
{
	current->thread.trap_no = trap_no;
	current->thread.error_code = error_code;
	force_sig_fault(sig, code, addr, current);
}

/* One exception, from either ring. */
static void do_trap(int trap_no, const char *what, int sig, int code, struct pt_regs *regs,
		    long error_code, unsigned long addr)
{
	if (!user_mode(regs)) {
		if (!fixup_exception(regs))
			die(what, regs, error_code);
		return;
	}
	local_irq_enable();
	user_trap(trap_no, sig, code, error_code, addr);
}

#define TRAP(nr, name, what, sig, code, addr)					\
asmlinkage void do_##name(struct pt_regs *regs, long error_code);		\
asmlinkage void do_##name(struct pt_regs *regs, long error_code)		\
{										\
	do_trap(nr, what, sig, code, regs, error_code, addr);			\
}

TRAP(0, divide_error, "divide error", SIGFPE, FPE_INTDIV, regs->eip)
TRAP(4, overflow, "overflow", SIGSEGV, SI_KERNEL, 0)
TRAP(5, bounds, "bounds", SIGSEGV, SI_KERNEL, 0)
TRAP(6, invalid_op, "invalid opcode", SIGILL, ILL_ILLOPN, regs->eip)
TRAP(9, coprocessor_segment_overrun, "coprocessor segment overrun", SIGFPE, SI_KERNEL, 0)
TRAP(10, invalid_TSS, "invalid TSS", SIGSEGV, SI_KERNEL, 0)
TRAP(11, segment_not_present, "segment not present", SIGBUS, SI_KERNEL, 0)
TRAP(12, stack_segment, "stack segment", SIGBUS, SI_KERNEL, 0)
TRAP(13, general_protection, "general protection fault", SIGSEGV, SI_KERNEL, 0)
TRAP(15, reserved_exception, "reserved exception", SIGSEGV, SI_KERNEL, 0)
TRAP(17, alignment_check, "alignment check", SIGBUS, BUS_ADRALN, 0)
TRAP(32, iret_error, "iret exception", SIGILL, ILL_BADSTK, 0)

asmlinkage void do_int3(struct pt_regs *regs, long error_code);
asmlinkage void do_int3(struct pt_regs *regs, long error_code)
{
	do_trap(3, "int3", SIGTRAP, SI_KERNEL, regs, error_code, 0);
}

/* DR6 says why: a single step (bit 14) by TF, or a breakpoint register. */
asmlinkage void do_debug(struct pt_regs *regs, long error_code);
asmlinkage void do_debug(struct pt_regs *regs, long error_code)
{
	unsigned long dr6;

	asm volatile("movl %%db6, %0" : "=r"(dr6));
	asm volatile("movl %0, %%db6" : : "r"(0));
	if (!user_mode(regs)) {
		/* A program cannot make the kernel step; drop the flag and go on. */
		regs->eflags &= ~(unsigned long)X86_EFLAGS_TF;
		return;
	}
	local_irq_enable();
	user_trap(1, SIGTRAP, dr6 & 0x4000 ? TRAP_TRACE : TRAP_BRKPT, error_code, regs->eip);
}

/* The board's cry for help: parity or a watchdog. There is nothing to repair. */
asmlinkage void do_nmi(struct pt_regs *regs, long error_code);
asmlinkage void do_nmi(struct pt_regs *regs, long error_code)
{
	this_cpu_inc(nmi_count);
	lockdep_off();
	if (smp_stop_nmi(regs) || watchdog_nmi(regs)) {
		lockdep_on();
		return;
	}
	die("NMI", regs, error_code);
}

asmlinkage void do_machine_check(struct pt_regs *regs, long error_code);
asmlinkage void do_machine_check(struct pt_regs *regs, long error_code)
{
	die("machine check", regs, error_code);
}

/* The task's first FPU instruction since it was switched in. */
asmlinkage void do_device_not_available(struct pt_regs *regs, long error_code);
asmlinkage void do_device_not_available(struct pt_regs *regs, long error_code)
{
	if (!user_mode(regs))
		die("device not available", regs, error_code);
	if (read_cr0() & X86_CR0_EM) {
		local_irq_enable();
		user_trap(7, SIGILL, ILL_COPROC, error_code, regs->eip);
		return;
	}
	fpu_restore(&current->thread);
}

/* Which of the six conditions is both raised and unmasked. */
static int fpe_code(unsigned int raised)
{
	if (raised & 0x01)
		return FPE_FLTINV;
	if (raised & 0x04)
		return FPE_FLTDIV;
	if (raised & 0x08)
		return FPE_FLTOVF;
	if (raised & 0x12)
		return FPE_FLTUND;
	if (raised & 0x20)
		return FPE_FLTRES;
	return SI_KERNEL;
}

asmlinkage void do_coprocessor_error(struct pt_regs *regs, long error_code);
asmlinkage void do_coprocessor_error(struct pt_regs *regs, long error_code)
{
	struct i387_fsave_struct state;

	if (!user_mode(regs))
		die("floating point error", regs, error_code);
	local_irq_enable();
	fpu_get_fsave(&current->thread, &state);
	user_trap(16, SIGFPE, fpe_code(state.swd & ~state.cwd & 0x3f), error_code, regs->eip);
}

asmlinkage void do_simd_coprocessor_error(struct pt_regs *regs, long error_code);
asmlinkage void do_simd_coprocessor_error(struct pt_regs *regs, long error_code)
{
	u32 mxcsr;

	if (!user_mode(regs))
		die("SIMD floating point error", regs, error_code);
	local_irq_enable();
	mxcsr = fpu_get_mxcsr(&current->thread);
	user_trap(19, SIGFPE, fpe_code(mxcsr & ~(mxcsr >> 7) & 0x3f), error_code, regs->eip);
}

asmlinkage void exit_to_user_work(struct pt_regs *regs)
{
	clear_tsk_work(current, TIF_IRET);	/* so we do */
	do {
		local_irq_enable();
		if (current->work & _TIF_NEED_RESCHED)
			schedule();
		if (current->work & _TIF_SIGPENDING)
			do_signal(regs);
		local_irq_disable();
	} while (current->work & _TIF_WORK_MASK);
}

/* The fast door: selectors, stack and address that SYSENTER loads on this processor. */
void sysenter_setup(void)
{
	if (!boot_cpu_has(X86_FEATURE_SEP))
		return;
	wrmsr(MSR_IA32_SYSENTER_CS, __KERNEL_CS, 0);
	wrmsr(MSR_IA32_SYSENTER_ESP, (u32)&this_cpu_ptr(&init_tss)->esp0, 0);
	wrmsr(MSR_IA32_SYSENTER_EIP, (u32)sysenter_entry, 0);
}

void __init trap_init(void)
{
	set_intr_gate(0, divide_error);
	set_intr_gate(1, debug);
	set_intr_gate(2, nmi);
	set_system_intr_gate(3, int3);
	set_system_intr_gate(4, overflow);
	set_system_intr_gate(5, bounds);
	set_intr_gate(6, invalid_op);
	set_intr_gate(7, device_not_available);
	doublefault_init();
	set_intr_gate(9, coprocessor_segment_overrun);
	set_intr_gate(10, invalid_TSS);
	set_intr_gate(11, segment_not_present);
	set_intr_gate(12, stack_segment);
	set_intr_gate(13, general_protection);
	set_intr_gate(14, page_fault);
	set_intr_gate(15, reserved_exception);
	set_intr_gate(16, coprocessor_error);
	set_intr_gate(17, alignment_check);
	set_intr_gate(18, machine_check);
	set_intr_gate(19, simd_coprocessor_error);
	for (int n = 20; n < 32; n++)
		set_intr_gate(n, reserved_exception);
	set_system_gate(SYSCALL_VECTOR, system_call);
	sysenter_setup();
}
