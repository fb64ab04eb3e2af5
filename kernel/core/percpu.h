/*
 * kernel/core/percpu.h - data that each processor has for itself.
 *
 * Theory.  DEFINE_PER_CPU puts a variable into .data..percpu; each processor has
 * a copy of that section, and an offset from the section to its copy.  What only
 * its own processor touches needs no lock, at most interrupts off (and, as the
 * kernel is not preemptible, not even that where no handler touches it).
 *
 * NR_CPUS is 1 today: the one copy is the section itself and the offset is the
 * constant 0, which costs nothing.  All code goes through these accessors, so
 * that a second processor is a matter of this file; its offset is already kept
 * beside `current`, in struct stack_top.percpu_offset.
 */
#ifndef OCTAVO_KERNEL_CORE_PERCPU_H
#define OCTAVO_KERNEL_CORE_PERCPU_H

#include <lib/compiler.h>

#define NR_CPUS		1

#define DEFINE_PER_CPU(type, name)	__section(".data..percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	extern __section(".data..percpu") __typeof__(type) name

#define smp_processor_id()		0
#define num_online_cpus()		1
#define per_cpu_offset(cpu)		((void)(cpu), 0UL)

#define per_cpu_ptr(ptr, cpu) \
	((__typeof__(ptr))((unsigned long)(ptr) + per_cpu_offset(cpu)))
#define per_cpu(var, cpu)		(*per_cpu_ptr(&(var), (cpu)))
#define this_cpu_ptr(ptr)		per_cpu_ptr((ptr), smp_processor_id())

#define this_cpu_read(var)		(*this_cpu_ptr(&(var)))
#define this_cpu_write(var, value)	((void)(*this_cpu_ptr(&(var)) = (value)))
#define this_cpu_add(var, n)		((void)(*this_cpu_ptr(&(var)) += (n)))
#define this_cpu_sub(var, n)		((void)(*this_cpu_ptr(&(var)) -= (n)))
#define this_cpu_inc(var)		this_cpu_add(var, 1)
#define this_cpu_dec(var)		this_cpu_sub(var, 1)
#define get_cpu()			smp_processor_id()
#define put_cpu()			do { } while (0)

#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < NR_CPUS; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)

#endif
