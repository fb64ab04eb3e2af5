/*
 * kernel/entry/entry.S - the doors into the kernel, and the one way out.
 *
 * Every entry builds struct pt_regs on the kernel stack; the processor has
 * pushed the upper part (from ring 3: on the stack that TSS.esp0 names):
 *
 *	esp0 ->	struct stack_top {task, cpu offset}
 *		ss esp eflags cs eip	by the processor (ss, esp from ring 3 only)
 *		orig_eax		call number, or < 0: not a system call
 *		gs fs			not saved: the kernel leaves them alone
 *		es ds eax ebp edi esi edx ecx ebx
 *	esp ->
 *
 * A frame from ring 3 ends exactly at stack_top, so the current task is at
 * PT_SIZE(%esp): one load.  The way out to ring 3 tests one word, task->work,
 * with interrupts off; anything to do is done in C (exit_to_user_work).
 *
 * A return to ring 3 may itself fault, because registers that a program gave us
 * (sigreturn) may hold bad selectors.  Those three instructions have entries in
 * __ex_table: a bad ds or es becomes 0, a bad iret a SIGILL.
 *
 * int 0x80 is a trap gate: interrupts stay on.  The six argument registers are
 * copied below the frame, so that C may use its arguments as scratch.
 *
 * SYSENTER, which __kernel_vsyscall in the vDSO uses, is the same call without
 * the microcode: the processor loads cs, ss, eip and esp from registers that are
 * set at boot, saves nothing and clears IF.  ebp holds the user's esp, at which the
 * sixth argument lies; where to return is known, for there is one such instruction
 * in a process.  SYSEXIT takes eip from edx and esp from ecx, which the vDSO has on
 * its stack, and no flags.  Whatever is out of the ordinary leaves by iret: TIF_IRET
 * is work of the task's, so that the usual way out has no other test to make.
 *
 * References: Intel SDM volume 3, sections 5.8.7, 6.12, 6.13; System V ABI i386.
 */
#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/i8259.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/linkage.h>
#include <kernel/arch/segment.h>
#include <kernel/sys/syscall_table.h>

#define TIF_WORK_MASK	7	/* _TIF_WORK_MASK, _TIF_IRET; checked in traps.c */
#define TIF_IRET	4
#define EFAULT		14
#define X86_EFLAGS_IF	0x00000200
#define X86_EFLAGS_TF	0x00000100
/*
 * Flags that ring 0 must not run with, NT (iret would switch tasks) and AC, or that
 * SYSEXIT would not bring back: TF, DF.
 */
#define ODD_FLAGS	0x00044500

/* From orig_eax (already pushed) down; no register is changed. */
.macro SAVE_REGS
	subl	$8, %esp
	pushl	%es
	pushl	%ds
	pushl	%eax
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
.endm

/* The user's ds and es may be anything; clobbers edx. */
.macro LOAD_KERNEL_SEGMENTS
	movl	$__KERNEL_DS, %edx
	movl	%edx, %ds
	movl	%edx, %es
	cld
.endm

.macro EXTABLE from, to
	.pushsection __ex_table, "a"
	.p2align 2
	.long	\from, \to
	.popsection
.endm

/*
 * The call whose number is eax: arguments from the registers, the answer into the frame.  A number
 * that is none leads to @nowhere, which comes back to @done.
 */
.macro PERFORM_SYSCALL nowhere:req, done:req
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
	LOAD_KERNEL_SEGMENTS
	cmpl	$NR_syscalls, %eax
	jae	\nowhere
	call	*sys_call_table(, %eax, 4)
\done:
	addl	$24, %esp
	movl	%eax, PT_EAX(%esp)
.endm

	.text

ENTRY(system_call)
	pushl	%eax
	SAVE_REGS
	PERFORM_SYSCALL .Lsyscall_out_of_table, .Lsyscall_done
resume_userspace:
	cli
#ifdef CONFIG_DEBUG
	call	lockdep_sys_exit
#endif
	movl	PT_SIZE(%esp), %ecx
	testl	$TIF_WORK_MASK, TASK_WORK(%ecx)
	jnz	.Lwork_pending
.Lrestore_all:
	popl	%ebx
	popl	%ecx
	popl	%edx
	popl	%esi
	popl	%edi
	popl	%ebp
	popl	%eax
.Lrestore_ds:
	popl	%ds
.Lrestore_es:
	popl	%es
	addl	$12, %esp
.Lrestore_iret:
	iret

.Lwork_pending:
	pushl	%esp
	call	exit_to_user_work
	addl	$4, %esp
	jmp	.Lrestore_all

.Lsyscall_out_of_table:
	call	sys_ni_syscall
	jmp	.Lsyscall_done

	.pushsection .fixup, "ax"
.Lbad_ds:	movl	$0, (%esp)
	jmp	.Lrestore_ds
.Lbad_es:	movl	$0, (%esp)
	jmp	.Lrestore_es
.Lbad_iret:
	pushl	$0
	pushl	$do_iret_error
	jmp	common_exception
	.popsection
	EXTABLE	.Lrestore_ds, .Lbad_ds
	EXTABLE	.Lrestore_es, .Lbad_es
	EXTABLE	.Lrestore_iret, .Lbad_iret
END(system_call)

/*
 * The stack pointer is the address of tss.esp0, so the first instruction gets to
 * the task's stack; see `debug' and `nmi' for what may come before it.
 */
ENTRY(sysenter_entry)
	movl	(%esp), %esp
.Lsysenter_past_esp:
	pushl	$__USER_DS
	pushl	%ebp
	sti
	pushfl
.Lsysenter_flags_pushed:
	testl	$ODD_FLAGS, (%esp)
	jnz	.Lsysenter_odd_flags
.Lsysenter_flags_fixed:
	pushl	$__USER_CS
	movl	PT_SIZE - PT_CS(%esp), %ebp
	movl	TASK_MM(%ebp), %ebp
	pushl	MM_SYSENTER_RETURN(%ebp)
	movl	PT_ESP - PT_EIP(%esp), %ebp
	cmpl	$PAGE_OFFSET - 3, %ebp
	jae	.Lsysenter_bad_stack
.Lsysenter_arg6:
	movl	(%ebp), %ebp			/* by ss, which is the kernel's */
	pushl	%eax
	SAVE_REGS
	PERFORM_SYSCALL .Lsysenter_out_of_table, .Lsysenter_done
	cli
#ifdef CONFIG_DEBUG
	call	lockdep_sys_exit
#endif
	movl	PT_SIZE(%esp), %ecx
	testl	$TIF_WORK_MASK, TASK_WORK(%ecx)
	jnz	.Lwork_pending
	movl	PT_EIP(%esp), %edx
	popl	%ebx
	addl	$8, %esp
	popl	%esi
	popl	%edi
	popl	%ebp
	popl	%eax
.Lsysexit_ds:
	popl	%ds
.Lsysexit_es:
	popl	%es
	movl	PT_ESP - PT_FS(%esp), %ecx
	sti					/* takes effect after the next instruction */
	sysexit

.Lsysenter_odd_flags:
	pushl	$X86_EFLAGS_IF | 2
	popfl
	movl	PT_SIZE - PT_EFLAGS(%esp), %ebp
	lock
	orl	$TIF_IRET, TASK_WORK(%ebp)
	jmp	.Lsysenter_flags_fixed

.Lsysenter_out_of_table:
	call	sys_ni_syscall
	jmp	.Lsysenter_done

	.pushsection .fixup, "ax"
.Lsysenter_bad_stack:
	pushl	%eax
	SAVE_REGS
	LOAD_KERNEL_SEGMENTS
	movl	$-EFAULT, PT_EAX(%esp)
	jmp	resume_userspace
.Lsysexit_bad_ds:	movl	$0, (%esp)
	jmp	.Lsysexit_ds
.Lsysexit_bad_es:	movl	$0, (%esp)
	jmp	.Lsysexit_es
	.popsection
	EXTABLE	.Lsysenter_arg6, .Lsysenter_bad_stack
	EXTABLE	.Lsysexit_ds, .Lsysexit_bad_ds
	EXTABLE	.Lsysexit_es, .Lsysexit_bad_es
END(sysenter_entry)

/* A new process returns from its fork: eax holds the task that ran before. */
ENTRY(ret_from_fork)
	pushl	%eax
	call	schedule_tail
	addl	$4, %esp
	jmp	resume_userspace
END(ret_from_fork)

/* A new kernel thread: ebx of its frame is the function, ecx its argument. */
ENTRY(ret_from_kernel_thread)
	pushl	%eax
	call	schedule_tail
	addl	$4, %esp
	sti
	movl	PT_EBX(%esp), %eax
	xorl	%ebp, %ebp
	pushl	PT_ECX(%esp)
	call	*%eax
	pushl	%eax
	call	do_exit
	ud2
END(ret_from_kernel_thread)

/* void ret_to_user(struct pt_regs *regs): leave for ring 3 with these registers. */
ENTRY(ret_to_user)
	movl	4(%esp), %esp
	jmp	resume_userspace
END(ret_to_user)

/*
 * Exceptions: the stub has pushed an error code (into orig_eax's place) and the
 * C function (into gs's).  It is called as fn(regs, error_code, cr2).
 */
ENTRY(common_exception)
	subl	$4, %esp
	pushl	%es
	pushl	%ds
	pushl	%eax
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
	LOAD_KERNEL_SEGMENTS
	movl	%esp, %eax
	movl	PT_ORIG_EAX(%esp), %edx
	movl	$-1, PT_ORIG_EAX(%esp)
	movl	%cr2, %ecx
	pushl	%ecx
	pushl	%edx
	pushl	%eax
	call	*PT_GS(%eax)
	addl	$12, %esp
ret_from_exception:
	testb	$3, PT_CS(%esp)
	jnz	resume_userspace
	jmp	.Lrestore_all
END(common_exception)

.macro EXCEPTION name, fn
ENTRY(\name)
	pushl	$0
	pushl	$\fn
	jmp	common_exception
END(\name)
.endm

/* The processor has pushed an error code itself. */
.macro EXCEPTION_ERROR name, fn
ENTRY(\name)
	pushl	$\fn
	jmp	common_exception
END(\name)
.endm

	EXCEPTION	divide_error, do_divide_error
	EXCEPTION	int3, do_int3
	EXCEPTION	overflow, do_overflow
	EXCEPTION	bounds, do_bounds
	EXCEPTION	invalid_op, do_invalid_op
	EXCEPTION	device_not_available, do_device_not_available
	EXCEPTION	coprocessor_segment_overrun, do_coprocessor_segment_overrun
	EXCEPTION_ERROR	invalid_TSS, do_invalid_TSS
	EXCEPTION_ERROR	segment_not_present, do_segment_not_present
	EXCEPTION_ERROR	stack_segment, do_stack_segment
	EXCEPTION_ERROR	general_protection, do_general_protection
	EXCEPTION_ERROR	page_fault, do_page_fault
	EXCEPTION	reserved_exception, do_reserved_exception
	EXCEPTION	coprocessor_error, do_coprocessor_error
	EXCEPTION_ERROR	alignment_check, do_alignment_check
	EXCEPTION	machine_check, do_machine_check
	EXCEPTION	simd_coprocessor_error, do_simd_coprocessor_error

/*
 * A program that steps itself through SYSENTER traps here before the first
 * instruction there: the stack pointer is 12 below &tss.esp0.  Go on as the entry
 * would, with TF in the program's flags alone; it traps again when it is back.
 */
ENTRY(debug)
	cmpl	$sysenter_entry, (%esp)
	je	.Ldebug_sysenter
.Ldebug_usual:
	pushl	$0
	pushl	$do_debug
	jmp	common_exception
.Ldebug_sysenter:
	testb	$3, 4(%esp)
	jnz	.Ldebug_usual			/* ring 3 only jumped to that address */
	movl	12(%esp), %esp
.Ldebug_past_esp:
	pushl	$__USER_DS
	pushl	%ebp
	pushfl
	orl	$X86_EFLAGS_IF | X86_EFLAGS_TF, (%esp)
	jmp	.Lsysenter_flags_pushed
END(debug)

/*
 * An NMI respects nothing: it may come before the first instruction of
 * sysenter_entry, or before `debug' has left the few words that it found there.
 * Its frame then moves to the task's stack and returns to behind that instruction.
 */
ENTRY(nmi)
	testb	$3, 4(%esp)
	jnz	.Lnmi_usual
	cmpl	$sysenter_entry, (%esp)
	je	.Lnmi_sysenter
	cmpl	$debug, (%esp)
	jb	.Lnmi_usual
	cmpl	$.Ldebug_past_esp, (%esp)
	jae	.Lnmi_usual
	cmpl	$sysenter_entry, 12(%esp)
	jne	.Lnmi_usual
	testb	$3, 16(%esp)
	jnz	.Lnmi_usual
	movl	24(%esp), %esp
	pushfl
	pushl	$__KERNEL_CS
	pushl	$.Ldebug_past_esp
.Lnmi_usual:
	pushl	$0
	pushl	$do_nmi
	jmp	common_exception
.Lnmi_sysenter:
	movl	12(%esp), %esp
	pushfl
	pushl	$__KERNEL_CS
	pushl	$.Lsysenter_past_esp
	jmp	.Lnmi_usual
END(nmi)

/* Device interrupts: one stub per line pushes the line's complement, a negative number. */
	.pushsection .rodata
	.p2align 2
	.globl	interrupt
interrupt:
	.popsection
	.set	irq, 0
	.rept	NR_IRQS + NR_LOCAL_IRQS
1:	pushl	$~irq
	jmp	common_interrupt
	.pushsection .rodata
	.long	1b
	.popsection
	.set	irq, irq + 1
	.endr

ENTRY(common_interrupt)
	SAVE_REGS
	LOAD_KERNEL_SEGMENTS
	pushl	%esp
	call	do_IRQ
	addl	$4, %esp
	jmp	ret_from_exception
END(common_interrupt)

	.section .note.GNU-stack, "", @progbits
