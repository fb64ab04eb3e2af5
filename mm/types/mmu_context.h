/*
 * mm/types/mmu_context.h - loading an address space.
 *
 * mm->cpu_vm_mask names the processors that may hold its TLB entries: those that
 * have its directory loaded, a kernel thread's loan (lazy TLB) included.  A
 * processor enters itself before it loads the directory and leaves after it has
 * loaded another; who flushes asks only those in the mask.
 *
 * A processor that is asked while it only borrows does not flush again and
 * again: it takes the kernel's own directory instead and leaves the mask
 * (leave_mm in kernel/sched).  So an address space that dies is given back by all
 * who borrow it when its last user flushes it, and is freed at once.
 *
 * That changes active_mm of a kernel thread behind its back: who reads it to change
 * it has interrupts off.
 *
 * One processor keeps no masks: tlb.c asks cr3 itself.
 */
#ifndef OCTAVO_MM_TYPES_MMU_CONTEXT_H
#define OCTAVO_MM_TYPES_MMU_CONTEXT_H

#include <kernel/arch/percpu.h>
#include <mm/types/mm_types.h>

/* => interrupts off; the directory of @next is loaded */
static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	int cpu;

	if (likely(nr_cpus == 1)) {
		if (prev != next)
			load_cr3(next->pgd);
		return;
	}
	cpu = smp_processor_id();
	if (prev != next) {
		set_bit(cpu, &next->cpu_vm_mask);
		load_cr3(next->pgd);
		clear_bit(cpu, &prev->cpu_vm_mask);
	}
}

#endif
