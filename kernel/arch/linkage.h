/*
 * kernel/arch/linkage.h - how C and assembly call each other.
 *
 * asmlinkage (lib/compiler.h) marks a C function that a .S file calls: it takes
 * its arguments from the stack, the i386 default.  ENTRY/END give an assembly
 * symbol its type and size, so that the symbol table, and with it every
 * backtrace, knows where a function ends.
 *
 * Reference: System V ABI, Intel386 supplement, chapter 3.
 */
#ifndef OCTAVO_KERNEL_ARCH_LINKAGE_H
#define OCTAVO_KERNEL_ARCH_LINKAGE_H

#ifdef __ASSEMBLER__
#define ENTRY(name)	.globl name; .type name, @function; .p2align 4; name:
#define END(name)	.size name, . - name
#else
/* The first three arguments in eax, edx, ecx: for functions called very often. */
#define fastcall	__attribute__((__regparm__(3)))
#endif

#endif
