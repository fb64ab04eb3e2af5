/*
 * mm/space/unmapped_area.c - where mmap puts what has no place of its own.
 *
 * Theory.  The layout of a process (PAGE_OFFSET 0xC0000000, stack limit 8M):
 *
 *	0x08048000	text, data, bss
 *	start_brk ..	heap, grows up by brk
 *	   ...
 *	mmap_base	0xb8000000: mmap places areas from here *down*
 *			gap for the stack: RLIMIT_STACK, 128M at least
 *	0xc0000000	stack, grows down by page faults
 *
 * Downwards, so that heap and mmap area share what is free between them, and
 * whichever needs more gets it.  The older layout, upwards from a third of the
 * addresses, is there for who asks by personality(ADDR_COMPAT_LAYOUT), or for all
 * by /proc/sys/vm/legacy_va_layout; it has no memory of where it searched.
 *
 * Finding a place.  The search walks the list from free_area_cache down.  All
 * holes above that mark have been seen and are at most cached_hole_size, so a
 * program that maps and maps does not look at its old areas again; unmapping
 * above the mark moves it up.
 *
 * Hints are kept above mmap_min_addr, so that nothing comes to lie where a NULL
 * pointer of the kernel's leads without anybody wanting it.  By MAP_FIXED the
 * superuser can, as in Linux (security_mmap_addr).
 *
 * Locking: mmap_sem for writing.
 * References: Gorman, chapter 4; Linux's top-down layout of 2.6.
 */
#include <mm/space/vma.h>

#include <kernel/core/hooks.h>
#include <kernel/core/random.h>
#include <kernel/uapi/resource.h>
#include <lib/err.h>
#include <lib/kernel.h>

#define MIN_STACK_ROOM	(128UL << 20)		/* bytes between mmap_base and TASK_SIZE */
#define MAX_STACK_ROOM	(TASK_SIZE / 6 * 5)

unsigned long mmap_min_addr = DEFAULT_MMAP_MIN_ADDR;
unsigned long dac_mmap_min_addr = DEFAULT_MMAP_MIN_ADDR;
unsigned long stack_guard_gap = STACK_GUARD_GAP << PAGE_SHIFT;
int sysctl_legacy_va_layout;

/* As it was before there was another: from a third of the addresses on, upwards. */
static bool mmap_is_legacy(void)
{
	return (current->personality & ADDR_COMPAT_LAYOUT) || READ_ONCE(sysctl_legacy_va_layout);
}

void arch_pick_mmap_layout(struct mm_struct *mm)
{
	unsigned long room = rlimit(RLIMIT_STACK), pad = stack_guard_gap, random = 0;

	if (current->flags & PF_RANDOMIZE) {
		random = get_random_u32() % MMAP_RND_PAGES << PAGE_SHIFT;
		pad += STACK_MAXRANDOM;
	}
	if (room + pad > room)
		room += pad;
	room = clamp(room, MIN_STACK_ROOM, MAX_STACK_ROOM);
	mm->mmap_legacy = mmap_is_legacy();
	mm->mmap_base = mm->mmap_legacy ? TASK_UNMAPPED_BASE + random :
					  PAGE_ALIGN(TASK_SIZE - room - random);
	mm->free_area_cache = mm->mmap_base;
	mm->cached_hole_size = 0;
}

/*
 * The highest free @len bytes that begin below @upper; *hole = the largest that was too small. => 0: none
 * What was unmapped below a hole made one with it, so the first hole counts from its top.
 */
static unsigned long search_down(struct mm_struct *mm, unsigned long upper, unsigned long len,
				 unsigned long *hole)
{
	struct vm_area_struct *prev, *next = find_vma_prev(mm, upper - 1, &prev);

	upper = mm->mmap_base;
	if (next)
		upper = min(upper, vm_start_gap(next));
	for (;;) {
		unsigned long lower = prev ? prev->vm_end : 0;

		lower = max(lower, mmap_min_addr);
		if (upper > lower && upper - lower >= len)
			return upper - len;
		if (upper > lower)
			*hole = max(*hole, upper - lower);
		if (!prev)
			return 0;
		upper = vm_start_gap(prev);
		prev = prev->vm_prev;
	}
}

/* The lowest free @len bytes from @lower on. => or -ENOMEM */
static unsigned long search_up(struct mm_struct *mm, unsigned long lower, unsigned long len)
{
	struct vm_area_struct *vma = find_vma(mm, lower);

	if (vma && vma->vm_start < lower) {
		lower = vma->vm_end;
		vma = vma->vm_next;
	}
	for (; vma; vma = vma->vm_next) {
		unsigned long upper = vm_start_gap(vma);

		if (upper > lower && upper - lower >= len)
			return lower;
		lower = vma->vm_end;
	}
	return TASK_SIZE - lower >= len ? lower : (unsigned long)-ENOMEM;
}

static unsigned long arch_get_unmapped_area_topdown(struct mm_struct *mm, unsigned long len)
{
	unsigned long addr;

	if (len <= mm->cached_hole_size) {
		mm->cached_hole_size = 0;
		mm->free_area_cache = mm->mmap_base;
	}
	if (mm->free_area_cache > len) {
		addr = search_down(mm, mm->free_area_cache, len, &mm->cached_hole_size);
		if (addr) {
			/* Not addr: who asks may fail yet, and leave the place free. */
			mm->free_area_cache = addr + len;
			return addr;
		}
	}
	/* Once more, from below and the stack's room included. */
	return search_up(mm, TASK_UNMAPPED_BASE, len);
}

/* Where mmap without MAP_FIXED puts @len bytes, at @hint if that is free. => or -errno */
static unsigned long find_free_area(struct mm_struct *mm, unsigned long hint, unsigned long len)
{
	struct vm_area_struct *vma;

	if (hint) {
		hint = PAGE_ALIGN(hint);
		vma = find_vma(mm, hint);
		if (hint <= TASK_SIZE - len && hint >= mmap_min_addr &&
		    (!vma || hint + len <= vm_start_gap(vma)))
			return hint;
	}
	if (mm->mmap_legacy)
		return search_up(mm, mm->mmap_base, len);
	return arch_get_unmapped_area_topdown(mm, len);
}

/* CAP_SYS_RAWIO: who has it can shoot the kernel in the foot in simpler ways. */
int security_mmap_addr(unsigned long addr)
{
	return addr < dac_mmap_min_addr && current->euid != 0 ? -EPERM : 0;
}

unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags)
{
	int err;

	if (len > TASK_SIZE - mmap_min_addr)
		return (unsigned long)-ENOMEM;
	if (!(flags & MAP_FIXED)) {
		addr = find_free_area(current->mm, addr, len);
		if (IS_ERR_VALUE(addr))
			return addr;
	}
	if (addr > TASK_SIZE - len)
		return (unsigned long)-ENOMEM;
	if (addr & ~PAGE_MASK)
		return (unsigned long)-EINVAL;
	err = security_mmap_addr(addr);
	return err ? (unsigned long)err : addr;
}
