/*
 * kernel/arch/asm-offsets.h - structure offsets that assembly relies on.
 *
 * Written by hand and held to the C structures by static_asserts: those of
 * pt_regs and thread_struct in kernel/arch/switch.c, those of task_struct and
 * mm_struct in kernel/entry/traps.c.
 */
#ifndef OCTAVO_KERNEL_ARCH_ASM_OFFSETS_H
#define OCTAVO_KERNEL_ARCH_ASM_OFFSETS_H

/* struct pt_regs */
#define PT_EBX		0
#define PT_ECX		4
#define PT_EDX		8
#define PT_ESI		12
#define PT_EDI		16
#define PT_EBP		20
#define PT_EAX		24
#define PT_DS		28
#define PT_ES		32
#define PT_FS		36
#define PT_GS		40
#define PT_ORIG_EAX	44
#define PT_EIP		48
#define PT_CS		52
#define PT_EFLAGS	56
#define PT_ESP		60
#define PT_SS		64
#define PT_SIZE		68

/* struct task_struct, struct mm_struct */
#define TASK_WORK	4
#define TASK_MM		16
#define MM_SYSENTER_RETURN 16

/* struct thread_struct */
#define THREAD_ESP0	0
#define THREAD_ESP	4
#define THREAD_EIP	8

/* struct stack_top, which lies at esp0 */
#define STACK_TOP_TASK	0
#define STACK_TOP_CPU	4
#define STACK_TOP_SIZE	8

#endif
