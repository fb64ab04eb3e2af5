/*
 * kernel/proc/vdso/sigreturn.S - where a signal handler returns to.
 *
 * A handler returns like any function, into one of these, which ask the kernel for
 * the interrupted context (kernel/proc/sigframe.h).  To an unwinder they are
 * functions whose caller's registers all lie in that context: each is found at
 * *(esp + offset), the frame address being the esp that was interrupted.
 *
 * An unwinder looks up the byte before a return address, for a call may be a
 * function's last instruction; so the description begins at a nop before the label.
 *
 * References: DWARF 4, sections 2.5.1 and 6.4.2; kernel/proc/sigframe.h.
 */

/* struct sigcontext_32 */
#define SC_EDI	16
#define SC_ESI	20
#define SC_EBP	24
#define SC_ESP	28
#define SC_EBX	32
#define SC_EDX	36
#define SC_ECX	40
#define SC_EAX	44
#define SC_EIP	56

#define DW_CFA_def_cfa_expression	0x0f
#define DW_CFA_expression		0x10
#define DW_OP_breg4			0x74
#define DW_OP_deref			0x06

/* A number below 8192 in two bytes. */
#define SLEB(n)		((n) & 0x7f) | 0x80, (n) >> 7

/* Where the registers are if the context lies @sc bytes above esp. */
.macro CONTEXT_AT sc
	.cfi_escape DW_CFA_def_cfa_expression, 4, DW_OP_breg4, SLEB(\sc + SC_ESP), DW_OP_deref
	.cfi_escape DW_CFA_expression, 0, 3, DW_OP_breg4, SLEB(\sc + SC_EAX)
	.cfi_escape DW_CFA_expression, 1, 3, DW_OP_breg4, SLEB(\sc + SC_ECX)
	.cfi_escape DW_CFA_expression, 2, 3, DW_OP_breg4, SLEB(\sc + SC_EDX)
	.cfi_escape DW_CFA_expression, 3, 3, DW_OP_breg4, SLEB(\sc + SC_EBX)
	.cfi_escape DW_CFA_expression, 5, 3, DW_OP_breg4, SLEB(\sc + SC_EBP)
	.cfi_escape DW_CFA_expression, 6, 3, DW_OP_breg4, SLEB(\sc + SC_ESI)
	.cfi_escape DW_CFA_expression, 7, 3, DW_OP_breg4, SLEB(\sc + SC_EDI)
	.cfi_escape DW_CFA_expression, 8, 3, DW_OP_breg4, SLEB(\sc + SC_EIP)
.endm

	.text
	.p2align 5
	nop
	.globl	__kernel_sigreturn
	.type	__kernel_sigreturn, @function
	.cfi_startproc
	.cfi_signal_frame
	CONTEXT_AT 4
	nop
__kernel_sigreturn:
	popl	%eax				/* the signal's number */
	CONTEXT_AT 0
	movl	$119, %eax
	int	$0x80
	.cfi_endproc
	.size	__kernel_sigreturn, . - __kernel_sigreturn

/* Above the number two pointers, 128 bytes of siginfo, 20 of ucontext. */
#define RT_CONTEXT	(4 + 8 + 128 + 20)

	.p2align 5
	nop
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, @function
	.cfi_startproc
	.cfi_signal_frame
	CONTEXT_AT RT_CONTEXT
	nop
__kernel_rt_sigreturn:
	movl	$173, %eax
	int	$0x80
	.cfi_endproc
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.GNU-stack, "", @progbits
