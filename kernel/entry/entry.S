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
 * __ex_table: a bad ds or es becomes 0, a bad iret a SIGSEGV.
 *
 * int 0x80 is a trap gate: interrupts stay on.  The six argument registers are
 * copied below the frame, so that C may use its arguments as scratch.
 *
 * References: Intel SDM volume 3, sections 6.12, 6.13; System V ABI i386.
 */
#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/i8259.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/linkage.h>
#include <kernel/arch/segment.h>
#include <kernel/sys/syscall_table.h>

#define TASK_WORK	4	/* task_struct.work */
#define TIF_WORK_MASK	3	/* _TIF_WORK_MASK; both checked in traps.c */

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

	.text

ENTRY(system_call)
	pushl	%eax
	SAVE_REGS
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
	LOAD_KERNEL_SEGMENTS
	cmpl	$NR_syscalls, %eax
	jae	.Lsyscall_out_of_table
	call	*sys_call_table(, %eax, 4)
.Lsyscall_done:
	addl	$24, %esp
	movl	%eax, PT_EAX(%esp)
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
	EXCEPTION	debug, do_debug
	EXCEPTION	nmi, do_nmi
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
