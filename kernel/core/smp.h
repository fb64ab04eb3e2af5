/*
 * kernel/core/smp.h - what one processor asks of the others.
 *
 * An IPI carries nothing but its vector; what is wanted lies in memory:
 *
 *	reschedule	nothing: task->work of its running task says it; the IPI
 *			only makes it look, on its way out of the interrupt
 *	call function	one request at a time, under call_lock: fn(info) runs there
 *			with interrupts off
 *
 * Locking: on_each_cpu() waits for others, so its caller has interrupts on and
 * holds no lock that a handler, or fn, could want.
 */
#ifndef OCTAVO_KERNEL_CORE_SMP_H
#define OCTAVO_KERNEL_CORE_SMP_H

#include <kernel/core/percpu.h>
#include <lib/types.h>

struct pt_regs;

extern u8 cpu_to_apicid[NR_CPUS];	/* [c] after boot */

/* Make @cpu look at its task's work. => any context */
void smp_send_reschedule(int cpu);
/* Run @fn on all others, with interrupts off. => returns when all have done it */
void smp_call_function(void (*fn)(void *info), void *info);
/* ... and here. */
void on_each_cpu(void (*fn)(void *info), void *info);
/* One turn of a loop that waits for another processor: answers TLB requests. */
void smp_spin_poll(void);
/* Panic: stop the others, as far as they can be stopped; then show where they were. */
void smp_stop_others(void);
void smp_show_stopped(void);
/* An NMI came: is it for that? => never returns then; false: it is another */
bool smp_stop_nmi(const struct pt_regs *regs);
/* Handlers for the local interrupts. => boot */
void smp_ipi_init(void);

#endif
