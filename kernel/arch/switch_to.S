/*
 * kernel/arch/switch_to.S - from one kernel stack to another.
 *
 * void *__switch_to(struct thread_struct *prev, struct thread_struct *next, void *last)
 *
 * The compiler keeps nothing in eax, ecx and edx across the call; the other four
 * are pushed on the old stack and popped from the new one.  A thread that was
 * switched out has eip = .Lback; a new one has eip = ret_from_fork and begins
 * there with `last` in eax, its esp at its first frame.
 */
#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/linkage.h>

	.text
ENTRY(__switch_to)
	pushl	%ebp
	movl	%esp, %ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	8(%ebp), %esi
	movl	12(%ebp), %edi
	movl	16(%ebp), %ebx
	pushl	%edi
	pushl	%esi
	call	switch_to_c
	addl	$8, %esp
	movl	%esp, THREAD_ESP(%esi)
	movl	$.Lback, THREAD_EIP(%esi)
	movl	%ebx, %eax
	movl	THREAD_ESP(%edi), %esp
	jmp	*THREAD_EIP(%edi)
.Lback:
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	ret
END(__switch_to)

	.section .note.GNU-stack, "", @progbits
