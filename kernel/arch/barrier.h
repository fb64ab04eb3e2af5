/*
 * kernel/arch/barrier.h - ordering of memory accesses.
 *
 * i386 keeps loads in order, keeps stores in order, and lets only a load pass
 * an older store.  So between processors rmb() and wmb() need to stop nothing
 * but the compiler; mb() needs a locked instruction (MFENCE came with SSE2).
 * The smp_ forms are the ones for memory shared between processors.
 *
 * Reference: Intel SDM volume 3, section 8.2.2 (memory ordering).
 */
#ifndef OCTAVO_KERNEL_ARCH_BARRIER_H
#define OCTAVO_KERNEL_ARCH_BARRIER_H

#include <lib/compiler.h>

#define mb()		asm volatile("lock; addl $0, 0(%%esp)" : : : "memory", "cc")
#define rmb()		barrier()
#define wmb()		barrier()

#define smp_mb()	mb()
#define smp_rmb()	rmb()
#define smp_wmb()	wmb()

#endif
