/*
 * boot/trampoline.S - where another processor begins.
 *
 * A processor that gets a STARTUP IPI runs in real mode at a page below 1M.
 * These instructions are copied there, to TRAMPOLINE_PHYS, and do what a loader
 * and head.S did for the first one:
 *
 *	real mode	cs = TRAMPOLINE_PHYS / 16, ip = 0: load a GDT, set CR0.PE
 *	protected mode	take up CR4, EFER and a page directory that maps this page where
 *			it is and the kernel where it belongs; switch paging on
 *	high		jump there, take up the stack that was made for us, call
 *			start_secondary()
 *
 * Everything is addressed relative to the page, for the code is linked elsewhere.
 * The words at trampoline_data are filled in for each processor in turn.
 *
 * References: Intel SDM volume 3, sections 8.4.4 and 9.9.1.
 */
#include <kernel/arch/linkage.h>
#include <kernel/arch/memlayout.h>
#include <kernel/arch/processor.h>
#include <boot/trampoline.h>

#define AT(symbol)	(TRAMPOLINE_PHYS + (symbol) - trampoline_start)

	.section .init.rodata, "a"
	.code16
	.p2align 4
	.globl	trampoline_start
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	(tramp_gdtr - trampoline_start)
	movl	$X86_CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$0x10, $AT(tramp_32)

	.code32
tramp_32:
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	AT(tramp_cr4), %eax
	testl	%eax, %eax
	jz	1f
	movl	%eax, %cr4
1:	movl	AT(tramp_efer), %eax		/* before paging: else NX is a reserved bit */
	testl	%eax, %eax
	jz	1f
	movl	$MSR_EFER, %ecx
	xorl	%edx, %edx
	wrmsr
1:	movl	AT(tramp_pgd), %eax
	movl	%eax, %cr3
	movl	AT(tramp_esp), %esp
	movl	AT(tramp_entry), %ebx
	movl	%cr0, %eax
	andl	$~0x60000000, %eax		/* caches on: INIT leaves them off */
	orl	$(X86_CR0_PG | X86_CR0_WP | X86_CR0_PE), %eax
	movl	%eax, %cr0
	jmp	2f
2:	xorl	%ebp, %ebp
	pushl	$0
	popfl
	jmp	*%ebx

	.p2align 3
tramp_gdt:
	.quad	0, 0
	.quad	0x00cf9a000000ffff		/* 0x10: code, 0 .. 4G */
	.quad	0x00cf92000000ffff		/* 0x18: data */
tramp_gdtr:
	.word	tramp_gdtr - tramp_gdt - 1
	.long	AT(tramp_gdt)
	.p2align 2
	.globl	trampoline_data
trampoline_data:
tramp_pgd:	.long	0
tramp_cr4:	.long	0
tramp_efer:	.long	0
tramp_esp:	.long	0
tramp_entry:	.long	0
	.globl	trampoline_end
trampoline_end:

	.section .note.GNU-stack, "", @progbits
