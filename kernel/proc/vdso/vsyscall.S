/*
 * kernel/proc/vdso/vsyscall.S - the door, as a function that programs call.
 *
 * SYSENTER forgets eip and esp: the kernel knows the one and gets the other in ebp,
 * whose own value, the sixth argument, waits on the stack.  SYSEXIT needs edx and
 * ecx, so they wait there too.
 *
 * int $0x80 behind it is for system calls that are restarted: the kernel moves eip
 * back by two bytes, with all registers as the call had them.  On a processor
 * without SYSENTER kernel/proc/vdso.c puts nops over the four bytes before it.
 *
 * The .cfi lines tell an unwinder at each instruction where the caller's registers are.
 */
	.text
	.globl	__kernel_vsyscall
	.type	__kernel_vsyscall, @function
	.p2align 4
__kernel_vsyscall:
	.cfi_startproc
	pushl	%ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	pushl	%edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	pushl	%ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
	movl	%esp, %ebp
	sysenter
	int	$0x80
	/* both doors lead here */
	popl	%ebp
	.cfi_adjust_cfa_offset -4
	.cfi_restore ebp
	popl	%edx
	.cfi_adjust_cfa_offset -4
	.cfi_restore edx
	popl	%ecx
	.cfi_adjust_cfa_offset -4
	.cfi_restore ecx
	ret
	.cfi_endproc
	.size	__kernel_vsyscall, . - __kernel_vsyscall

	.section .note.GNU-stack, "", @progbits
