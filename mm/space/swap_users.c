/*
 * mm/space/swap_users.c - who holds each slot of swap: counted, and compared with swap_map.
 *
 * Theory.  A slot is free when its count is 0 (mm/cache/swapfile.h):
 *
 *	swap_map[slot] = entries of page tables and of shmem objects + 1 if in the swap cache
 *
 * Fork, unmapping, exit, faults, truncation and reclaim all change one side and the other.  One count too
 * few, and somebody's page is given to another; one too many, and the slot is lost until swapoff.
 * So the right side is also made the slow way: each address space and each object is looked
 * through for entries, and what was seen of each slot must be what its count says.
 *
 * While they are looked through others may go on, and what was seen is of no single moment: only a
 * slot counts that is wrong, in the same way, each of many times.  The kernel's tests ask in the middle of what
 * they do, and after each; ring 3 by writing to /proc/sys/vm/stat_refresh.
 *
 * Locking: each mmap_sem for reading in turn; address spaces are pinned by mm_users.
 */
#include <mm/space/mmap.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/vmalloc.h>
#include <mm/space/swap_fault.h>

#define CHECK_TRIES	20		/* a slot is wrong so often */
#define CHECK_LOOKS	100		/* and is found in so many */

/* What was seen: of each area that is in use a number for each slot. */
struct swap_users {
	unsigned short *seen[MAX_SWAPFILES];
	unsigned long max[MAX_SWAPFILES];
	swp_entry_t wrong;			/* a slot whose count is another; that of the last look if it still is */
	unsigned int wrong_seen, wrong_count;
};

static void see(swp_entry_t entry, void *arg)
{
	struct swap_users *users = arg;
	unsigned int type = swp_type(entry);

	/* An area may be new, or larger than the one before it. */
	if (type < MAX_SWAPFILES && users->seen[type] && swp_offset(entry) < users->max[type])
		users->seen[type][swp_offset(entry)]++;
}

static void see_mm(struct mm_struct *mm, struct swap_users *users)
{
	struct vm_area_struct *vma;
	unsigned long addr;
	pte_t entry, *pte;

	if (!READ_ONCE(mm->rss_stat[MM_SWAPENTS]))
		return;
	down_read(&mm->mmap_sem);
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
			entry = next_swap_pte(mm, &addr, vma->vm_end, &pte);
			if (pte_none(entry))
				break;
			see(pte_to_swp_entry(entry), users);
		}
	}
	up_read(&mm->mmap_sem);
}

/* => 0 or -ENOMEM; 1: there are areas in use */
static int users_begin(struct swap_users *users)
{
	unsigned int type;
	int used = 0;

	/* users_end() looks at all of them, also after the first that could not be had. */
	memset(users->seen, 0, sizeof(users->seen));
	for (type = 0; type < MAX_SWAPFILES; type++) {
		unsigned long max = READ_ONCE(swap_info[type].max);

		users->max[type] = max;
		if (!max || !READ_ONCE(swap_info[type].inuse_pages))
			continue;
		users->seen[type] = vzalloc(max * sizeof(*users->seen[type]));
		if (!users->seen[type])
			return -ENOMEM;
		used = 1;
	}
	return used;
}

static void users_end(struct swap_users *users)
{
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		vfree(users->seen[type]);
}

/* => slots whose count is not what was seen */
static unsigned long compare(struct swap_users *users)
{
	swp_entry_t before = users->wrong;
	unsigned long slot, wrong = 0;
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		for (slot = 1; users->seen[type] && slot < users->max[type]; slot++) {
			swp_entry_t entry = swp_entry(type, slot);
			unsigned int count = swp_swapcount(entry);

			if (count == users->seen[type][slot])
				continue;
			if (!wrong++ || entry.val == before.val) {
				users->wrong = entry;
				users->wrong_seen = users->seen[type][slot];
				users->wrong_count = count;
			}
		}
		cond_resched();
	}
	return wrong;
}

/* Look once. => slots that are wrong; 0 if there is no memory to look */
static unsigned long wrong_slots(struct swap_users *users)
{
	struct mm_struct *mm = NULL;
	unsigned long wrong = 0;

	if (users_begin(users) > 0) {
		while ((mm = next_mm(mm)) != NULL)
			see_mm(mm, users);
		shmem_for_each_swapped(see, users);
		wrong = compare(users);
	}
	users_end(users);
	return wrong;
}

int swap_users_check(void)
{
	struct swap_users users = { .wrong = { 0 } }, before;
	unsigned long wrong;
	int looks, same = 0;

	for (looks = 0; looks < CHECK_LOOKS && same < CHECK_TRIES; looks++) {
		before = users;
		wrong = wrong_slots(&users);
		if (!wrong)
			return 0;
		same = users.wrong.val == before.wrong.val && users.wrong_seen == before.wrong_seen &&
		       users.wrong_count == before.wrong_count ? same + 1 : 0;
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
	}
	if (same < CHECK_TRIES)
		return 0;
	pr_err("swap: %lu slots are counted wrong; slot %lu of area %lu has %u users, %u were seen\n",
	       wrong, swp_offset(users.wrong), swp_type(users.wrong), users.wrong_count,
	       users.wrong_seen);
	return -EINVAL;
}

void __init swap_users_init(void)
{
	ktest_register_checker("swap_users", swap_users_check);
}
