/*
 * kernel/proc/vdso.h - the code that the kernel gives to programs.  Theory: vdso.c.
 */
#ifndef OCTAVO_KERNEL_PROC_VDSO_H
#define OCTAVO_KERNEL_PROC_VDSO_H

struct mm_struct;

enum vdso_symbol { VDSO_VSYSCALL, VDSO_SIGRETURN, VDSO_RT_SIGRETURN, NR_VDSO_SYMBOLS };

/* Where it is in @mm, or 0: there is no vDSO. */
unsigned long vdso_symbol(const struct mm_struct *mm, enum vdso_symbol symbol);
/*
 * exec: map [vvar] and [vdso] above the stack of current->mm.
 * => takes mmap_sem; 0 or -errno
 */
int map_vdso(unsigned long stack_top);
/* At boot, after identify_cpu(). */
void vdso_init(void);

#endif
