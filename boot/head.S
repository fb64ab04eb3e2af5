/*
 * boot/head.S - the first instructions.
 *
 * The loader jumps to _start at its physical address, in protected mode with
 * segments of its own, without paging.  Everything after this file is linked at
 * PAGE_OFFSET + 1M.  So, in this order:
 *
 *	remember	what the loader passed in eax and ebx
 *	ask		whether this is an i686: the C code uses CMOV, and before the
 *			IDT is loaded the first one would reset the machine, wordlessly
 *	fill		the first page tables: physical 0 .. 16M, page by page
 *	enter them	twice: at 0, so that the instruction after switching paging on
 *			is still there, and at PAGE_OFFSET
 *	switch on	paging, with WP: read-only holds for ring 0 too
 *	jump		to the high address, and take the low mapping away again,
 *			so that from here on a NULL pointer faults
 *	stack		init_stack (kernel/sched/init_task.c), below its struct stack_top
 *	call		start_kernel()
 *
 * 16M hold the image with room; setup.c reads what the loader left elsewhere
 * through a window, one page at a time.  The tables here last until
 * paging_init() has built the final direct map, and go with .boot then.
 * They are 4K pages, which need no feature: the same code runs everywhere.
 *
 *	two levels	4 tables, entered into swapper_pg_dir in both places
 *	three (PAE)	8 tables, entered into swapper_pmd; swapper_pg_dir names it in
 *			both places from the start.  High halves of entries are zero.
 *
 * Symbols of .boot are physical addresses; __pa() makes others so.
 *
 * References: Multiboot Specification 0.6.96, 3.2; Intel SDM volume 3, 4.3, 9.9.
 */
#include <boot/multiboot.h>
#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/linkage.h>
#include <kernel/arch/memlayout.h>
#include <kernel/arch/processor.h>

#define __pa(x)		((x) - PAGE_OFFSET)
#define ENTRY_FLAGS	0x63		/* present, writable, accessed, dirty */

#ifdef CONFIG_X86_PAE
#define EARLY_TABLES	8
#define ENTRY_SIZE	8
#define EARLY_DIR	swapper_pmd	/* where page tables are entered */
#define EARLY_CR4	X86_CR4_PAE
#define CPU_NEEDS	(1 << X86_FEATURE_CMOV | 1 << X86_FEATURE_PAE)
#define LOW_ENTRY_WORDS	2		/* words of swapper_pg_dir that map low addresses */
#else
#define EARLY_TABLES	4
#define ENTRY_SIZE	4
#define EARLY_DIR	swapper_pg_dir
#define EARLY_CR4	0
#define CPU_NEEDS	(1 << X86_FEATURE_CMOV)
#define HIGH_ENTRY	((PAGE_OFFSET >> 22) * ENTRY_SIZE)
#define LOW_ENTRY_WORDS	EARLY_TABLES
#endif

#define VGA_TEXT	0xb8000
#define VGA_WHITE	0x0f
#define COM1_DATA	0x3f8

#define HEADER_FLAGS	(MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO)

	.section .boot.header, "a"
	.p2align 2
	.long	MULTIBOOT_HEADER_MAGIC
	.long	HEADER_FLAGS
	.long	-(MULTIBOOT_HEADER_MAGIC + HEADER_FLAGS)

	.section .boot.text, "ax"
ENTRY(_start)
	cli
	cld
	movl	%eax, __pa(boot_magic)
	movl	%ebx, __pa(boot_info_phys)
	jmp	.Lcheck_cpu
.Lcpu_is_good:
	movl	$boot_pg_tables, %edi
	movl	$ENTRY_FLAGS, %eax
	movl	$(EARLY_TABLES * PAGE_SIZE / ENTRY_SIZE), %ecx
1:	movl	%eax, (%edi)
	addl	$ENTRY_SIZE, %edi
	addl	$PAGE_SIZE, %eax
	decl	%ecx
	jnz	1b

	movl	$(boot_pg_tables + ENTRY_FLAGS), %eax
	movl	$__pa(EARLY_DIR), %edi
	xorl	%ecx, %ecx
2:	movl	%eax, (%edi, %ecx, ENTRY_SIZE)
#ifdef HIGH_ENTRY
	movl	%eax, HIGH_ENTRY(%edi, %ecx, ENTRY_SIZE)
#endif
	addl	$PAGE_SIZE, %eax
	incl	%ecx
	cmpl	$EARLY_TABLES, %ecx
	jne	2b

	movl	$__pa(swapper_pg_dir), %eax
	movl	%eax, %cr3
#if EARLY_CR4
	movl	$EARLY_CR4, %eax		/* before CR0.PG: it says how entries are read */
	movl	%eax, %cr4
#endif
	movl	%cr0, %eax
	orl	$(X86_CR0_PG | X86_CR0_WP), %eax
	movl	%eax, %cr0
	movl	$start_high, %eax
	jmp	*%eax

	/* EFLAGS.ID can be changed where there is CPUID; features are bits of leaf 1's edx. */
.Lcheck_cpu:
	movl	$.Lcpu_message, %esi
	movl	$.Lboot_stack_top, %esp
	pushl	$X86_EFLAGS_ID
	popfl
	pushfl
	popl	%eax
	testl	$X86_EFLAGS_ID, %eax
	jz	.Lcpu_too_old
	movl	$1, %eax
	cpuid
	btl	$X86_FEATURE_CMOV, %edx
	jnc	.Lcpu_too_old
	movl	$.Lpae_message, %esi
	andl	$CPU_NEEDS, %edx
	cmpl	$CPU_NEEDS, %edx
	je	.Lcpu_is_good

	/* Say so on the screen's last line and on COM1, then stop. */
.Lcpu_too_old:
	movl	$(VGA_TEXT + 24 * 80 * 2), %edi
	movb	$VGA_WHITE, %ah
	movw	$COM1_DATA, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	stosw
	outb	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b
END(_start)

	.section .boot.rodata, "a"
.Lcpu_message:
	.asciz	"Octavo needs an i686 (Pentium Pro or later): this processor has no CMOV.\r\n"
.Lpae_message:
	.asciz	"This Octavo was built with PAE=1: this processor has no PAE. Build with PAE=0.\r\n"

	.section .boot.data, "aw"
	.p2align 2
	.fill	16, 1, 0
.Lboot_stack_top:

	.section .boot.bss, "aw", @progbits
	.p2align PAGE_SHIFT
	.globl	boot_pg_tables
boot_pg_tables:
	.fill	EARLY_TABLES * PAGE_SIZE, 1, 0

	.section .init.text, "ax"
ENTRY(start_high)
	movl	$init_stack + THREAD_SIZE - STACK_TOP_SIZE, %esp

	xorl	%eax, %eax
	movl	$swapper_pg_dir, %edi
	movl	$LOW_ENTRY_WORDS, %ecx
	rep stosl
	movl	%cr3, %eax
	movl	%eax, %cr3

	pushl	$0			/* flags: no single step, no nested task, no IF */
	popfl
	xorl	%ebp, %ebp		/* the last frame of every backtrace */
	call	start_kernel
3:	hlt
	jmp	3b
END(start_high)

#ifdef CONFIG_X86_PAE
	/* The kernel's middle directories: 1G each, from PAGE_OFFSET to the top. */
#define USER_GIGABYTES	(PAGE_OFFSET >> 30)
#define KERNEL_GIGABYTES (4 - USER_GIGABYTES)

	.section .bss..page_aligned, "aw", @nobits
	.p2align PAGE_SHIFT
	.globl	swapper_pmd
swapper_pmd:
	.fill	KERNEL_GIGABYTES * PAGE_SIZE, 1, 0

	.section .data, "aw"
	.p2align 5			/* cr3 has no bits for less */
	.globl	swapper_pg_dir
swapper_pg_dir:
	.long	__pa(swapper_pmd) + 1, 0	/* as at PAGE_OFFSET; start_high clears it */
	.fill	USER_GIGABYTES - 1, 8, 0
	.set	gigabyte, 0
	.rept	KERNEL_GIGABYTES
	.long	__pa(swapper_pmd) + gigabyte * PAGE_SIZE + 1, 0
	.set	gigabyte, gigabyte + 1
	.endr
#else
	.section .bss..page_aligned, "aw", @nobits
	.p2align PAGE_SHIFT
	.globl	swapper_pg_dir
swapper_pg_dir:
	.fill	PAGE_SIZE, 1, 0
#endif

	.section .data, "aw"
	.p2align 2
	.globl	boot_magic, boot_info_phys
boot_magic:
	.long	0
boot_info_phys:
	.long	0

	.section .note.GNU-stack, "", @progbits
