/*
 * kernel/proc/layout.h - where the parts of a new address space go.  Theory: layout.c.
 */
#ifndef OCTAVO_KERNEL_PROC_LAYOUT_H
#define OCTAVO_KERNEL_PROC_LAYOUT_H

#include <kernel/arch/memlayout.h>
#include <lib/types.h>

/* Stacks begin below this; between it and TASK_SIZE there is room for the vDSO. */
#define STACK_TOP	(TASK_SIZE - 4 * PAGE_SIZE)
/* Position-independent programs: this, plus something random. */
#define ELF_ET_DYN_BASE	0x00400000UL

/* Shall the program that is about to be loaded have random addresses? */
bool randomize_wanted(void);
/* => [page-aligned] STACK_TOP, or somewhat below it if @random */
unsigned long random_stack_top(bool random);
/* The rest looks at PF_RANDOMIZE, which exec has set by then. */
unsigned long randomize_elf_base(unsigned long base);
unsigned long randomize_brk(unsigned long brk);
unsigned long randomize_stack_pointer(unsigned long sp);
/* The place for @pages above the stack. */
unsigned long randomize_vdso(unsigned long stack_top, unsigned long pages);
/* At boot. */
void layout_init(void);

#endif
