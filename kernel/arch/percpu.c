/*
 * kernel/arch/percpu.c - making a processor's copy of the per-CPU section.
 *
 * The boot processor works in the section itself, so what the compiler put there
 * is kept aside by the first step of the boot; every other copy starts as that.
 */
#include <kernel/arch/percpu.h>

#include <lib/string.h>

#define PRISTINE_SIZE	16384

extern char __per_cpu_start[], __per_cpu_end[];

int nr_cpus = 1;
unsigned long __per_cpu_offset[NR_CPUS];
DEFINE_PER_CPU(int, cpu_number);
static char pristine[PRISTINE_SIZE] __initdata;

unsigned long percpu_size(void)
{
	return (unsigned long)(__per_cpu_end - __per_cpu_start);
}

void __init percpu_init(void)
{
	if (percpu_size() <= sizeof(pristine))
		memcpy(pristine, __per_cpu_start, percpu_size());
}

void __init percpu_setup(int cpu, void *area)
{
	memcpy(area, pristine, percpu_size());
	__per_cpu_offset[cpu] = (unsigned long)area - (unsigned long)__per_cpu_start;
	per_cpu(cpu_number, cpu) = cpu;
}
