/*
 * tests/kernel/mm/space/scratch.h - an address space for a test to play in.
 *
 * The test's kernel thread puts it on, so that put_user() and get_user() take
 * real page faults, and takes it off at the end.  A test that failed in the
 * middle leaves its space on; the next one cleans up.
 */
#ifndef OCTAVO_TESTS_MM_SPACE_SCRATCH_H
#define OCTAVO_TESTS_MM_SPACE_SCRATCH_H

#include <kernel/arch/tlb.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/uapi/mman.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

#define SCRATCH_BASE	0x40000000UL
#define RW		(PROT_READ | PROT_WRITE)

static inline void scratch_leave(struct mm_struct *mm)
{
	unuse_mm(mm);
	mmput(mm);
}

static inline struct mm_struct *scratch_enter(void)
{
	struct mm_struct *mm;

	if (current->mm)
		scratch_leave(current->mm);
	mm = mm_alloc();
	BUG_ON(!mm);
	mm->mmap_base = TASK_SIZE - (256UL << 20);
	mm->free_area_cache = mm->mmap_base;
	use_mm(mm);
	return mm;
}

/* Private anonymous memory at a fixed place (@addr 0: anywhere). => address or -errno */
static inline unsigned long scratch_map(unsigned long addr, unsigned long pages, unsigned long prot)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	down_write(&mm->mmap_sem);
	ret = do_mmap_pgoff(NULL, addr, pages << PAGE_SHIFT, prot,
			    MAP_PRIVATE | MAP_ANONYMOUS | (addr ? MAP_FIXED : 0), 0);
	up_write(&mm->mmap_sem);
	return ret;
}

static inline int scratch_unmap(unsigned long addr, unsigned long pages)
{
	struct mm_struct *mm = current->mm;
	int ret;

	down_write(&mm->mmap_sem);
	ret = do_munmap(mm, addr, pages << PAGE_SHIFT);
	up_write(&mm->mmap_sem);
	return ret;
}

static inline int poke(unsigned long addr, u32 value)
{
	return put_user(value, (u32 *)addr);
}

/* => the word, or 0xdead when it cannot be read */
static inline u32 peek(unsigned long addr)
{
	u32 value;

	return get_user(value, (u32 *)addr) ? 0xdead : value;
}

/* The present entry for @addr, or an empty one. */
static inline pte_t scratch_pte(unsigned long addr)
{
	pte_t *pte = mm_find_pte(current->mm, addr);

	return pte ? *pte : __pte(0);
}

#endif
