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
 *	fill		four page tables: physical 0 .. 16M, page by page
 *	enter them	twice into swapper_pg_dir: at 0, so that the instruction
 *			after switching paging on is still there, and at PAGE_OFFSET
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
#define PGDIR_SHIFT	22
#define EARLY_TABLES	4
#define ENTRY_FLAGS	0x63		/* present, writable, accessed, dirty */

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
	movl	$(EARLY_TABLES * 1024), %ecx
1:	stosl
	addl	$PAGE_SIZE, %eax
	decl	%ecx
	jnz	1b

	movl	$(boot_pg_tables + ENTRY_FLAGS), %eax
	movl	$__pa(swapper_pg_dir), %edi
	xorl	%ecx, %ecx
2:	movl	%eax, (%edi, %ecx, 4)
	movl	%eax, (PAGE_OFFSET >> PGDIR_SHIFT) * 4(%edi, %ecx, 4)
	addl	$PAGE_SIZE, %eax
	incl	%ecx
	cmpl	$EARLY_TABLES, %ecx
	jne	2b

	movl	%edi, %cr3
	movl	%cr0, %eax
	orl	$(X86_CR0_PG | X86_CR0_WP), %eax
	movl	%eax, %cr0
	movl	$start_high, %eax
	jmp	*%eax

	/* EFLAGS.ID can be changed where there is CPUID; bit 15 of leaf 1's edx is CMOV. */
.Lcheck_cpu:
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
	jc	.Lcpu_is_good

	/* Say so on the screen's last line and on COM1, then stop. */
.Lcpu_too_old:
	movl	$.Lcpu_message, %esi
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
	movl	$EARLY_TABLES, %ecx
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

	.section .bss..page_aligned, "aw", @nobits
	.p2align PAGE_SHIFT
	.globl	swapper_pg_dir
swapper_pg_dir:
	.fill	PAGE_SIZE, 1, 0

	.section .data, "aw"
	.p2align 2
	.globl	boot_magic, boot_info_phys
boot_magic:
	.long	0
boot_info_phys:
	.long	0

	.section .note.GNU-stack, "", @progbits
