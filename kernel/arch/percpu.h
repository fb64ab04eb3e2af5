/*
 * kernel/arch/percpu.h - data that each processor has for itself.
 *
 * Theory.  DEFINE_PER_CPU puts a variable into .data..percpu; each processor has
 * a copy of that section, and an offset from the section to its copy.  The
 * section itself is the boot processor's copy, so its offset is 0.  What only its
 * own processor touches needs no lock, at most interrupts off (and, as the
 * kernel is not preemptible, not even that where no handler touches it).
 *
 * The offset lies at the top of the running task's kernel stack, in struct
 * stack_top.percpu_offset, beside `current`: the stack pointer rounded up finds
 * it, no segment register is spent.  A task that moves to another processor gets
 * that one's offset before it runs there.
 *
 * Processors are numbered from 0 without gaps, in the order in which they came
 * up: one that did not answer has no number.  So "possible" and "online" are the
 * same, and a loop over them is a loop over a count.
 *
 * Locking: nr_cpus grows at boot, while one processor runs.
 */
#ifndef OCTAVO_KERNEL_ARCH_PERCPU_H
#define OCTAVO_KERNEL_ARCH_PERCPU_H

#include <kernel/arch/memlayout.h>
#include <lib/compiler.h>

#define NR_CPUS		32

#define DEFINE_PER_CPU(type, name)	__section(".data..percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	extern __section(".data..percpu") __typeof__(type) name

extern int nr_cpus;				/* [c] after boot: processors that run */
extern unsigned long __per_cpu_offset[NR_CPUS];	/* [c] after boot */
DECLARE_PER_CPU(int, cpu_number);

static __always_inline unsigned long this_cpu_offset(void)
{
	unsigned long esp;

	asm("movl %%esp, %0" : "=r"(esp));
	return *(unsigned long *)((esp | (THREAD_SIZE - 1)) - (sizeof(unsigned long) - 1));
}

#define per_cpu_offset(cpu)		(__per_cpu_offset[cpu])
#define per_cpu_ptr(ptr, cpu) \
	((__typeof__(ptr))((unsigned long)(ptr) + per_cpu_offset(cpu)))
#define per_cpu(var, cpu)		(*per_cpu_ptr(&(var), (cpu)))
#define this_cpu_ptr(ptr) \
	((__typeof__(ptr))((unsigned long)(ptr) + this_cpu_offset()))

#define this_cpu_read(var)		(*this_cpu_ptr(&(var)))
#define this_cpu_write(var, value)	((void)(*this_cpu_ptr(&(var)) = (value)))
#define this_cpu_add(var, n)		((void)(*this_cpu_ptr(&(var)) += (n)))
#define this_cpu_sub(var, n)		((void)(*this_cpu_ptr(&(var)) -= (n)))
#define this_cpu_inc(var)		this_cpu_add(var, 1)
#define this_cpu_dec(var)		this_cpu_sub(var, 1)

#define smp_processor_id()		this_cpu_read(cpu_number)
#define num_online_cpus()		((unsigned int)nr_cpus)
#define get_cpu()			smp_processor_id()
#define put_cpu()			do { } while (0)

/* Bit n: processor n runs. */
static inline unsigned long cpu_online_mask(void)
{
	return nr_cpus == 32 ? ~0ul : (1ul << nr_cpus) - 1;
}

#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (int)(cpu) < nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)

/* Keep what the section holds before anything runs: the start of every other copy. */
void percpu_init(void);
/* Fill in @area, percpu_size() bytes, as processor @cpu's copy. */
void percpu_setup(int cpu, void *area);
unsigned long percpu_size(void);

#endif
