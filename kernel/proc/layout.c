/*
 * kernel/proc/layout.c - where the parts of a new address space go.
 *
 * Theory.  Who overwrites a return address must know where to jump.  So everything
 * that need not lie at a fixed place is moved by a random distance at each exec:
 *
 *	part		by at most	in steps of
 *	stack		8M, and 8K	a page, and 16 bytes
 *	mmap area	1M		a page (arch_pick_mmap_layout)
 *	PIE program	1M		a page
 *	heap		4M or 32M	a page, only if randomize_va_space is 2
 *	vDSO		4M		a page
 *
 * The distances are Linux's for i386: 3G are few for programs that want 2G in one
 * piece.  But the heap stays, if there is room, in the reach of the page table that
 * its program ends in: a table for a few pages of heap costs each process a page,
 * and each fork a tenth of its time.  A fork keeps its parent's addresses.
 *
 * Off by `norandmaps` on the command line, by 0 in
 * /proc/sys/kernel/randomize_va_space, or for a process and its children by
 * personality(ADDR_NO_RANDOMIZE).
 *
 * The vDSO lies above the stack, within the reach of the page table that the stack
 * has anyway; elsewhere each process would spend a page on a table of two entries.
 */
#include <kernel/proc/layout.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/random.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/uapi/personality.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/strtox.h>
#include <mm/space/mmap.h>

#define STACK_RND_PAGES	2048UL
#define STACK_RND_BYTES	8192UL
#define BRK_RND_PAGES	(0x02000000UL >> PAGE_SHIFT)
#define HEAP_ROOM	(PMD_SIZE / 8)		/* left to a heap in the table of its program */
static_assert(STACK_RND_PAGES << PAGE_SHIFT == STACK_MAXRANDOM, "mmap_base leaves room for it");

static int randomize_va_space = 2;	/* 0 nothing, 1 all but the heap, 2 all */

/* => 0 .. @limit - 1 */
static unsigned long random_below(unsigned long limit)
{
	return get_random_u32() % limit;
}

static bool task_randomizes(void)
{
	return current->flags & PF_RANDOMIZE;
}

bool randomize_wanted(void)
{
	return READ_ONCE(randomize_va_space) && !(current->personality & ADDR_NO_RANDOMIZE);
}

unsigned long random_stack_top(bool random)
{
	return STACK_TOP - (random ? random_below(STACK_RND_PAGES) << PAGE_SHIFT : 0);
}

unsigned long randomize_elf_base(unsigned long base)
{
	return base + (task_randomizes() ? random_below(MMAP_RND_PAGES) << PAGE_SHIFT : 0);
}

unsigned long randomize_brk(unsigned long brk)
{
	unsigned long room = -brk & ~PMD_MASK, pages = BRK_RND_PAGES;

	if (!task_randomizes() || READ_ONCE(randomize_va_space) < 2)
		return brk;
	if (room >= 2 * HEAP_ROOM)
		pages = (room - HEAP_ROOM) >> PAGE_SHIFT;
	return brk + (random_below(pages) << PAGE_SHIFT);
}

unsigned long randomize_stack_pointer(unsigned long sp)
{
	return sp - (task_randomizes() ? random_below(STACK_RND_BYTES) : 0);
}

unsigned long randomize_vdso(unsigned long stack_top, unsigned long pages)
{
	unsigned long first = stack_top + PAGE_SIZE;
	unsigned long end = min((first + PMD_SIZE - 1) & PMD_MASK, TASK_SIZE - PAGE_SIZE);
	unsigned long room = (end - first) >> PAGE_SHIFT;

	if (!task_randomizes() || room <= pages)
		return first;
	return first + (random_below(room - pages + 1) << PAGE_SHIFT);
}

static int randomize_va_space_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%d\n", READ_ONCE(randomize_va_space));
}

static int randomize_va_space_write(const char *buf, size_t len)
{
	int value, err = kstrtoint(buf, 0, &value);

	if (err)
		return err;
	WRITE_ONCE(randomize_va_space, value);
	return 0;
}
PROC_SHOW_WRITE("sys/kernel/randomize_va_space", randomize_va_space_show,
		randomize_va_space_write);

void __init layout_init(void)
{
	if (cmdline_has("norandmaps"))
		randomize_va_space = 0;
}
