/*
 * kernel/arch/spin_thunk.S - waiting for a lock without costing those who need not.
 *
 * spin_lock() is inlined everywhere; were its slow path an ordinary call, each of
 * these places would keep nothing in the registers that a call may change, and
 * pay for that on every way through.  So the call goes by these: two arguments
 * pushed (the second first), all registers and the stack as they were on return.
 */
#include <kernel/arch/linkage.h>

	.text

.macro THUNK name, fn
ENTRY(\name)
	pushl	%ebp
	movl	%esp, %ebp
	pushl	%ecx
	pushl	%edx
	pushl	%eax
	pushl	12(%ebp)
	pushl	8(%ebp)
	call	\fn
	addl	$8, %esp
	popl	%eax
	popl	%edx
	popl	%ecx
	popl	%ebp
	ret	$8
END(\name)
.endm

#ifndef CONFIG_DEBUG
	THUNK	spin_lock_thunk, __spin_lock_slow
	THUNK	read_lock_thunk, __read_lock_slow
	THUNK	write_lock_thunk, __write_lock_slow
#endif

	.section .note.GNU-stack, "", @progbits
