/*
 * mm/cache/swap_check.c - are the maps of swap areas what the counts and the swap caches say?
 *
 * swap_check() runs after each test of the kernel: each area's counts are those of its map, each
 * cluster's too, all areas' sums are the numbers that free(1) shows, and each page of a swap cache
 * has a slot that counts it.  That page tables and objects hold as many entries as the maps count is
 * checked by swap_users_check() (mm/space), and by the number of slots in use before and after each test.
 */
#include <mm/cache/swap_internal.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/vmstat.h>


/* Slots of @si that are bad, and that somebody holds. => swap_lock held */
static void count_slots(const struct swap_info_struct *si, unsigned long *bad, unsigned long *held)
{
	unsigned long slot;

	*bad = *held = 0;
	for (slot = 0; slot < si->max; slot++) {
		if (si->swap_map[slot] == SWAP_MAP_BAD)
			++*bad;
		else if (si->swap_map[slot])
			++*held;
	}
}

/* => swap_lock held; 0 or -1 */
static int check_clusters(const struct swap_info_struct *si)
{
	unsigned long c, slot;
	unsigned int used;

	for (c = 0; c < nr_clusters(si); c++) {
		used = 0;
		for (slot = c * SWAPFILE_CLUSTER; slot < (c + 1) * SWAPFILE_CLUSTER; slot++)
			used += slot >= si->max || si->swap_map[slot];
		if (used != si->cluster_used[c]) {
			printk("swap area %u: cluster %lu says %u slots are taken, %u are\n",
			       si->type, c, si->cluster_used[c], used);
			return -1;
		}
	}
	return 0;
}

/* => swap_lock held; 0 or -1 */
static int check_area(const struct swap_info_struct *si)
{
	unsigned long bad, held;

	count_slots(si, &bad, &held);
	if (held != si->inuse_pages || si->max - bad != si->pages) {
		printk("swap area %u: %lu slots, %lu bad, %lu held; but %lu usable, %lu in use\n",
		       si->type, si->max, bad, held, si->pages, si->inuse_pages);
		return -1;
	}
	return check_clusters(si);
}

/* Each page of the cache has its slot, and a count of it. => swap_lock held, tree_lock is not; 0 or -1 */
static int check_cached(struct swap_info_struct *si, unsigned long slot)
{
	struct page *page = radix_tree_lookup(&si->swapper_space.page_tree, slot);
	unsigned int count = si->swap_map[slot];

	if (!page || (PageSwapCache(page) && swp_offset(page_swap_entry(page)) == slot &&
		      swp_type(page_swap_entry(page)) == si->type && count && count != SWAP_MAP_BAD))
		return 0;
	printk("swap area %u: slot %lu, held by %u: page %p, flags %08lx, private %08lx\n",
	       si->type, slot, count, page, page->flags, page->private);
	return -1;
}

int swap_check(void)
{
	unsigned long total = 0, nr_free = 0, slot;
	struct swap_info_struct *si;
	int err = 0;

	spin_lock(&swap_lock);
	for (si = swap_info; si < swap_info + MAX_SWAPFILES && !err; si++) {
		if (!si->max)
			continue;
		err = check_area(si);
		for (slot = 0; si->swapper_space.nrpages && slot < si->max && !err; slot++)
			err = check_cached(si, slot);
		if (si->flags & SWP_WRITEOK) {
			total += si->pages;
			nr_free += si->pages - si->inuse_pages;
		}
	}
	if (!err && (total != total_swap_pages || nr_free != nr_swap_pages)) {
		printk("swap: %lu slots, %lu free; but total %lu, free %lu\n", total, nr_free,
		       total_swap_pages, nr_swap_pages);
		err = -1;
	}
	spin_unlock(&swap_lock);
	return err;
}

static long read_held_slots(void)
{
	struct swap_info_struct *si;
	long held = 0;

	spin_lock(&swap_lock);
	for (si = swap_info; si < swap_info + MAX_SWAPFILES; si++)
		held += (long)si->inuse_pages;
	spin_unlock(&swap_lock);
	return held;
}

void __init swap_init(void)
{
	ktest_register_counter("swap slots", read_held_slots);
	ktest_register_checker("swap", swap_check);
}
