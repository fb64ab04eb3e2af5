/*
 * mm/cache/swapfile.c - the slots of swap areas: given out, counted, given back.
 *
 * Theory.  What decides how fast swapping is are the seeks of the disk.  Reclaim writes pages in
 * the order in which they grew old, which is often the order in which a program touched them, and
 * will be the order in which it wants them back.  So slots that are given out one after the other
 * should lie one behind the other.  An area is cut into clusters of SWAPFILE_CLUSTER slots; the
 * area fills one cluster from its beginning to its end and then looks for an empty one.  If there
 * is none, the next with any free slot will do.  cluster_used says how many slots of each are
 * taken, so that the search costs a step for each cluster, not for each slot, and full ones none.
 *
 * Which area: the one with the highest priority that has a free slot.  Areas of equal priority
 * (disks of equal speed) take turns by page: the one used goes behind its equals.  Who gave no
 * priority at swapon gets one below all others so far, negative.
 *
 * A slot is counted by swap_map (swapfile.h) and free at 0.  A slot whose last write failed
 * (`failed`, set by the disk's interrupt) is not used again when its holders are gone: it becomes
 * SWAP_MAP_BAD, and the area a page smaller.  A later write that succeeds takes it back.
 *
 * Where slots lie on the device is a sorted array of extents: one for a disk or a partition, for a
 * file as many as it has pieces.
 *
 * Locking: swap_lock for everything that changes.  Not taken by interrupt handlers.
 *
 * References: Gorman, Understanding the Linux Virtual Memory Manager, 11.
 */
#include <mm/cache/swapfile.h>

#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap_internal.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>


struct swap_info_struct swap_info[MAX_SWAPFILES];

DEFINE_SPINLOCK(swap_lock);
static LIST_HEAD(swap_list);		/* [sl] areas with SWP_WRITEOK, in the order of their use */
static int least_priority = -1;		/* [sl] the last one that was chosen here */

/* ---- slots ------------------------------------------------------------------------------------ */

/* The next cluster after @from, in a circle, of which at most @used slots are taken; or the end. */
static unsigned long find_cluster(const struct swap_info_struct *si, unsigned long from,
				  unsigned int used)
{
	unsigned long nr = nr_clusters(si), i, c = from;

	for (i = 0; i < nr; i++) {
		c = c + 1 < nr ? c + 1 : 0;
		if (si->cluster_used[c] <= used)
			return c;
	}
	return nr;
}

/* The first free slot from cluster_next to the end of its cluster, or 0. */
static unsigned long scan_cluster(const struct swap_info_struct *si)
{
	unsigned long slot = si->cluster_next;
	unsigned long end = min((slot | (SWAPFILE_CLUSTER - 1)) + 1, si->max);

	if (slot >= si->max || si->cluster_used[slot / SWAPFILE_CLUSTER] == SWAPFILE_CLUSTER)
		return 0;
	for (; slot < end; slot++)
		if (!si->swap_map[slot])
			return slot;
	return 0;
}

/* Take a free slot. => swap_lock held; 0: none is left */
static unsigned long scan_swap_map(struct swap_info_struct *si)
{
	unsigned long slot = scan_cluster(si), from, c;

	if (!slot) {
		from = (si->cluster_next - 1) / SWAPFILE_CLUSTER;	/* where it came from */
		c = find_cluster(si, from, 0);
		if (c == nr_clusters(si))
			c = find_cluster(si, from, SWAPFILE_CLUSTER - 1);
		if (c == nr_clusters(si))
			return 0;
		si->cluster_next = c * SWAPFILE_CLUSTER;
		slot = scan_cluster(si);
		BUG_VAL(!slot, c, si->cluster_used[c]);
	}
	si->swap_map[slot] = 1;
	si->cluster_used[slot / SWAPFILE_CLUSTER]++;
	si->cluster_next = slot + 1;
	si->inuse_pages++;
	nr_swap_pages--;
	return slot;
}

/* Among its equals it is the last to be used again. => swap_lock held */
static void take_turns(struct swap_info_struct *si)
{
	struct swap_info_struct *next;
	struct list_head *pos = &si->list;

	for (; pos->next != &swap_list; pos = pos->next) {
		next = list_entry(pos->next, struct swap_info_struct, list);
		if (next->prio != si->prio)
			break;
	}
	if (pos != &si->list)
		list_move(&si->list, pos);
}

swp_entry_t get_swap_page(void)
{
	swp_entry_t entry = { 0 };
	struct swap_info_struct *si;
	unsigned long slot;

	if (!READ_ONCE(nr_swap_pages))
		return entry;
	spin_lock(&swap_lock);
	list_for_each_entry(si, &swap_list, list) {
		if (si->inuse_pages == si->pages)
			continue;
		slot = scan_swap_map(si);
		BUG_VAL(!slot, si->type, si->inuse_pages);
		entry = swp_entry(si->type, slot);
		take_turns(si);
		break;
	}
	spin_unlock(&swap_lock);
	return entry;
}

/* The area of @entry, if somebody holds @entry; else NULL. => swap_lock held */
static struct swap_info_struct *swap_info_get(swp_entry_t entry)
{
	struct swap_info_struct *si;
	unsigned int count;

	if (!entry.val || swp_type(entry) >= MAX_SWAPFILES)
		return NULL;
	si = &swap_info[swp_type(entry)];
	if (swp_offset(entry) >= si->max)
		return NULL;
	count = si->swap_map[swp_offset(entry)];
	return count && count != SWAP_MAP_BAD ? si : NULL;
}

int swap_duplicate(swp_entry_t entry)
{
	struct swap_info_struct *si;
	int err = -EINVAL;

	spin_lock(&swap_lock);
	si = swap_info_get(entry);
	if (si) {
		unsigned short *count = &si->swap_map[swp_offset(entry)];

		err = *count < SWAP_MAP_MAX ? 0 : -ENOMEM;
		if (!err)
			++*count;
	}
	spin_unlock(&swap_lock);
	return err;
}

/* Nobody holds @slot any more. => swap_lock held */
static void free_slot(struct swap_info_struct *si, unsigned long slot)
{
	si->inuse_pages--;
	if (unlikely(test_bit(slot, si->failed))) {
		si->swap_map[slot] = SWAP_MAP_BAD;
		si->pages--;
		if (si->flags & SWP_WRITEOK)
			total_swap_pages--;
		return;
	}
	si->cluster_used[slot / SWAPFILE_CLUSTER]--;
	if (si->flags & SWP_WRITEOK)
		nr_swap_pages++;
}

void swap_free(swp_entry_t entry)
{
	struct swap_info_struct *si;

	spin_lock(&swap_lock);
	si = swap_info_get(entry);
	if (likely(si)) {
		if (!--si->swap_map[swp_offset(entry)])
			free_slot(si, swp_offset(entry));
	}
	spin_unlock(&swap_lock);
	if (WARN_ON_ONCE(!si))
		printk(KERN_ERR "swap_free: nobody holds entry %08lx\n", entry.val);
}

/* The last entry is gone: so is the page of the swap cache, unless somebody maps it, or has it locked. */
static void free_cached(swp_entry_t entry)
{
	struct page *page = find_get_page(swap_address_space(entry), swp_offset(entry));

	if (!page)
		return;
	if (trylock_page(page)) {
		if (PageSwapCache(page) && page->private == entry.val &&
		    (!page_mapped(page) || vm_swap_full()))
			try_to_free_swap(page);
		unlock_page(page);
	}
	put_page(page);
}

bool free_swap_and_cache(swp_entry_t entry)
{
	struct swap_info_struct *si;
	unsigned int left = 0;

	spin_lock(&swap_lock);
	si = swap_info_get(entry);
	if (likely(si)) {
		left = --si->swap_map[swp_offset(entry)];
		if (!left)
			free_slot(si, swp_offset(entry));
	}
	spin_unlock(&swap_lock);
	if (left == 1)
		free_cached(entry);
	return si;
}

unsigned int swap_count(swp_entry_t entry)
{
	struct swap_info_struct *si;
	unsigned int count = 0;

	spin_lock(&swap_lock);
	si = swap_info_get(entry);
	if (si)
		count = si->swap_map[swp_offset(entry)];
	spin_unlock(&swap_lock);
	return count;
}

bool vm_swap_full(void)
{
	return READ_ONCE(nr_swap_pages) * 2 < READ_ONCE(total_swap_pages);
}

bool swap_write_ended(swp_entry_t entry, int error)
{
	unsigned long *failed = swap_info[swp_type(entry)].failed;

	if (unlikely(error))
		return !test_and_set_bit(swp_offset(entry), failed);
	if (unlikely(test_bit(swp_offset(entry), failed)))
		clear_bit(swp_offset(entry), failed);
	return false;
}

sector_t map_swap_entry(swp_entry_t entry, struct block_device **bdev)
{
	struct swap_info_struct *si = &swap_info[swp_type(entry)];
	unsigned long slot = swp_offset(entry);
	unsigned int low = 0, high = si->nr_extents;
	struct swap_extent *se;

	/* The last extent that starts at or before slot. */
	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (si->extents[middle].start_page <= slot)
			low = middle;
		else
			high = middle;
	}
	se = &si->extents[low];
	BUG_VAL(slot < se->start_page || slot - se->start_page >= se->nr_pages, slot, entry.val);
	*bdev = si->bdev;
	return se->start_sector + ((sector_t)(slot - se->start_page) << (PAGE_SHIFT - 9));
}

/* ---- areas ------------------------------------------------------------------------------------- */

struct swap_info_struct *swap_area_get(void)
{
	struct swap_info_struct *si = NULL;
	unsigned int type;

	spin_lock(&swap_lock);
	for (type = 0; type < MAX_SWAPFILES && !si; type++) {
		if (swap_info[type].flags & SWP_USED)
			continue;
		si = &swap_info[type];
		si->flags = SWP_USED;
		si->type = type;
		si->prio = 0;
	}
	spin_unlock(&swap_lock);
	return si;
}

int swap_area_tables(struct swap_info_struct *si, unsigned long max)
{
	unsigned long nr = DIV_ROUND_UP(max, (unsigned long)SWAPFILE_CLUSTER);

	si->swap_map = vzalloc(max * sizeof(*si->swap_map));
	si->cluster_used = vzalloc(nr * sizeof(*si->cluster_used));
	si->failed = vzalloc(BITS_TO_LONGS(max) * sizeof(*si->failed));
	if (!si->swap_map || !si->cluster_used || !si->failed)
		return -ENOMEM;
	/* What the last cluster is short of counts as taken. */
	si->cluster_used[nr - 1] = (unsigned short)(nr * SWAPFILE_CLUSTER - max);
	si->pages = max;
	si->inuse_pages = 0;
	si->cluster_next = 1;
	spin_lock(&swap_lock);
	si->max = max;
	spin_unlock(&swap_lock);
	swap_area_bad(si, 0);
	return 0;
}

void swap_area_bad(struct swap_info_struct *si, unsigned long offset)
{
	spin_lock(&swap_lock);
	if (!si->swap_map[offset]) {
		si->swap_map[offset] = SWAP_MAP_BAD;
		si->cluster_used[offset / SWAPFILE_CLUSTER]++;
		si->pages--;
	}
	spin_unlock(&swap_lock);
}

/* Into the list, behind those of higher and of equal priority. => swap_lock held */
static void add_to_list(struct swap_info_struct *si)
{
	struct list_head *pos;

	list_for_each(pos, &swap_list)
		if (list_entry(pos, struct swap_info_struct, list)->prio < si->prio)
			break;
	list_add_tail(&si->list, pos);
	si->flags |= SWP_WRITEOK;
	total_swap_pages += si->pages;
	nr_swap_pages += si->pages - si->inuse_pages;
}

void swap_area_on(struct swap_info_struct *si, int prio)
{
	spin_lock(&swap_lock);
	si->prio = prio >= 0 ? prio : --least_priority;
	add_to_list(si);
	spin_unlock(&swap_lock);
}

void swap_area_resume(struct swap_info_struct *si)
{
	spin_lock(&swap_lock);
	add_to_list(si);
	spin_unlock(&swap_lock);
}

void swap_area_off(struct swap_info_struct *si)
{
	spin_lock(&swap_lock);
	list_del(&si->list);
	si->flags &= ~SWP_WRITEOK;
	total_swap_pages -= si->pages;
	nr_swap_pages -= si->pages - si->inuse_pages;
	spin_unlock(&swap_lock);
}

/* Priority @prio, chosen here, is free: those below it move up. => swap_lock held */
static void close_ranks(int prio)
{
	struct swap_info_struct *si;

	/* Those that are being switched off may come back. */
	for (si = swap_info; si < swap_info + MAX_SWAPFILES; si++)
		si->prio += si->prio < prio;
	least_priority++;
}

void swap_area_put(struct swap_info_struct *si)
{
	BUG_VAL(si->inuse_pages, si->type, si->inuse_pages);
	spin_lock(&swap_lock);
	if (si->prio < 0)
		close_ranks(si->prio);
	si->max = 0;			/* who has an old entry finds nothing */
	spin_unlock(&swap_lock);
	vfree(si->swap_map);
	vfree(si->cluster_used);
	vfree(si->failed);
	vfree(si->extents);
	si->swap_map = si->cluster_used = NULL;
	si->failed = NULL;
	si->extents = NULL;
	si->nr_extents = 0;
	si->bdev = NULL;
	si->swap_file = NULL;
	spin_lock(&swap_lock);
	si->flags = 0;
	spin_unlock(&swap_lock);
}
