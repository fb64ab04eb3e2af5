/*
 * mm/cache/swap_readahead.c - neighbours of a page that comes back from swap.
 *
 * Theory.  A disk gives eight pages for hardly more than one; but a page that is read and not
 * wanted costs memory exactly when there is none.  So neighbours are read as long as they prove
 * useful.  Whose neighbours?
 *
 *	with an area	of the address: a program that walks through its memory wants the next page,
 *			wherever it was put.  Slots tell when pages left, not what belongs together
 *	without one	of the slot: a file that lives in memory (shmem) has no order that is known here
 *
 * How many?  A page that was read ahead is marked (PG_readahead); when somebody comes for it, that is
 * a hit, and the mark goes.  At the next miss:
 *
 *	hits	next to the last one	window
 *	0	no			1
 *	0	yes			2
 *	1-2	-			4
 *	3-6	-			8	and so on, up to 2^page_cluster
 *
 * but at least half of the last window, so that one miss does not forget a long run.  The window lies
 * behind, before or around the page, as the last two places say.
 *
 * The area's history is one word (vm_area_struct.swap_ra): the address of its last fault, which has
 * PAGE_SHIFT bits to spare, the window and the hits.  Faults of several threads overwrite each
 * other's: a guess that becomes worse.
 *
 * Locking: mmap_sem for reading keeps the page tables; entries are read without page_table_lock, since
 * a slot that was freed meanwhile is noticed by swap_duplicate().
 */
#include <mm/cache/swap_state.h>

#include <kernel/block/blkdev.h>
#include <kernel/core/sysctl.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define MAX_CLUSTER_ORDER	5
#define RA_BITS			6		/* of the window, and of the hits */
#define RA_MAX			((1ul << RA_BITS) - 1)
static_assert(1ul << MAX_CLUSTER_ORDER <= RA_MAX && 2 * RA_BITS <= PAGE_SHIFT, "one word");

#define SMALL_MEMORY_MB		16

int page_cluster = 3;
SYSCTL_INT("sys/vm/page-cluster", page_cluster, 0, MAX_CLUSTER_ORDER, NULL);

/* vm_area_struct.swap_ra, and for slots the same with an offset in place of the address */
struct ra_state {
	unsigned long place;		/* page number, or slot, of the last one */
	unsigned long window, hits;	/* pages read then; of them wanted since */
};
static unsigned long slots_ra;		/* racy, packed as swap_ra: of shmem's */

static struct ra_state ra_unpack(unsigned long word)
{
	return (struct ra_state){
		.place = word >> PAGE_SHIFT,
		.window = word >> RA_BITS & RA_MAX,
		.hits = word & RA_MAX,
	};
}

static unsigned long ra_pack(struct ra_state ra)
{
	return ra.place << PAGE_SHIFT | min(ra.window, RA_MAX) << RA_BITS | min(ra.hits, RA_MAX);
}

/* A page was found in the cache. */
static void ra_found(unsigned long *word, struct page *page, unsigned long place)
{
	struct ra_state ra = ra_unpack(READ_ONCE(*word));

	ra.place = place;
	/* The mark's bit means something else while a page is written. */
	if (PageReadahead(page) && !PageWriteback(page)) {
		ClearPageReadahead(page);
		ra.hits++;
		count_vm_event(SWAP_RA_HIT);
	}
	WRITE_ONCE(*word, ra_pack(ra));
}

/* How many to read; @distance from the last place. */
static unsigned long ra_window(const struct ra_state *ra, long distance)
{
	unsigned long max = 1ul << READ_ONCE(page_cluster), window = 4;

	if (!ra->hits)
		window = distance == 1 || distance == -1 ? 2 : 1;
	while (ra->hits && window < ra->hits + 2)
		window *= 2;
	return min(max(window, ra->window / 2), max);
}

/* A miss at @place. => pages to read, *@before of them before it; *@word becomes this */
static unsigned long ra_miss(unsigned long *word, unsigned long place, unsigned long *before)
{
	struct ra_state ra = ra_unpack(READ_ONCE(*word));
	/* A word has no room for the highest bits of a slot. */
	long distance = (long)((place << PAGE_SHIFT) - (ra.place << PAGE_SHIFT)) >> PAGE_SHIFT;
	unsigned long window = ra_window(&ra, distance);

	*before = distance == 1 ? 0 : distance == -1 ? window - 1 : (window - 1) / 2;
	*before = min(*before, place);
	ra = (struct ra_state){ .place = place, .window = window };
	WRITE_ONCE(*word, ra_pack(ra));
	return window;
}

struct page *lookup_swap_cache_vma(swp_entry_t entry, struct vm_area_struct *vma,
				   unsigned long address)
{
	struct page *page = lookup_swap_cache(entry);

	if (page)
		ra_found(vma ? &vma->swap_ra : &slots_ra, page,
			 vma ? address >> PAGE_SHIFT : swp_offset(entry));
	return page;
}

/* One neighbour; nobody waits for it. */
static void read_ahead(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
		       unsigned long address)
{
	bool reading;
	struct page *page = __read_swap_cache_async(entry, gfp, vma, address, &reading);

	if (!page)
		return;
	if (reading) {
		SetPageReadahead(page);
		count_vm_event(SWAP_RA);
	}
	put_page(page);
}

static void read_ahead_slots(swp_entry_t entry, gfp_t gfp)
{
	unsigned long offset = swp_offset(entry), before, slot;
	unsigned long window = ra_miss(&slots_ra, offset, &before);
	unsigned long end = min(offset - before + window, swap_info[swp_type(entry)].max);

	/* Slot 0 is the header. For one that is nobody's not even memory is taken. */
	for (slot = max(offset - before, 1ul); slot < end; slot++) {
		swp_entry_t neighbour = swp_entry(swp_type(entry), slot);

		if (slot != offset && swap_count(neighbour))
			read_ahead(neighbour, gfp, NULL, 0);
	}
}

/* Addresses of one page table only. => mmap_sem held */
static void read_ahead_vma(gfp_t gfp, struct vm_area_struct *vma, unsigned long address)
{
	unsigned long before, window = ra_miss(&vma->swap_ra, address >> PAGE_SHIFT, &before);
	unsigned long table = address & PMD_MASK, addr = address - (before << PAGE_SHIFT);
	unsigned long end = min3(addr + (window << PAGE_SHIFT), vma->vm_end, table + PMD_SIZE);
	pmd_t *pmd = pmd_offset(pgd_offset(vma->vm_mm, address), address);

	for (addr = max3(addr, vma->vm_start, table); addr < end; addr += PAGE_SIZE) {
		pte_t pte = ptep_get_lockless(pte_offset_map(pmd, addr));

		if (addr != address && pte_swap(pte))
			read_ahead(pte_to_swp_entry(pte), gfp, vma, addr);
	}
}

struct page *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
			      unsigned long address)
{
	gfp_t ahead = gfp | __GFP_NORETRY | __GFP_NOWARN;	/* nobody is killed for a guess */
	struct page *page;

	blk_start_plug();
	if (vma)
		read_ahead_vma(ahead, vma, address & PAGE_MASK);
	else
		read_ahead_slots(entry, ahead);
	page = read_swap_cache_async(entry, gfp, vma, address);
	blk_finish_plug();
	return page;
}

void __init swap_readahead_init(void)
{
	if (totalram_pages < SMALL_MEMORY_MB << (20 - PAGE_SHIFT))
		page_cluster = 2;
}
