/*
 * kernel/fs/writeback_check.c - is what is dirty known to be dirty?
 *
 * Theory.  A page that was changed and is overlooked by write-back is lost data, and nobody sees it
 * until the power goes.  So all inodes are walked, and all of mem_map, and compared:
 *
 *	a page		PG_dirty = tag DIRTY; PG_writeback: has the tag WRITEBACK
 *	an inode	with dirty pages: I_DIRTY_PAGES, or being written; in a list (s_dirty, s_io)
 *			if and only if something of it is dirty
 *	sums		dirty pages of all inodes = those of mem_map = NR_FILE_DIRTY;
 *			pages of mem_map under write-back = NR_WRITEBACK
 *
 * A page's flag and tag change together under tree_lock, so that comparison is exact at any time.
 * From page to inode is a step (page first), and the sums are many steps: there a difference counts
 * only if nothing has moved meanwhile (nr_dirtied, nr_written and the counters), and not if it is
 * gone when one looks again.
 *
 * That a clean page is writable by no shared mapping is mm_check()'s (mm/space).
 *
 * Locking: may sleep; takes s_umount, inode_lock, tree_lock, page locks (which it only tries).
 */
#include <kernel/fs/writeback.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define CHECK_BATCH	16u

struct wb_sums {
	unsigned long dirty;		/* pages, by the inodes */
	unsigned long frames_dirty, frames_writeback;	/* by mem_map */
	int lies;
	bool moved;			/* something changed while we looked */
};

#define LIE(sums, fmt, ...) \
	((sums)->lies++, pr_err("writeback_check: " fmt "\n", ##__VA_ARGS__))

static void check_page(struct address_space *mapping, struct page *page, struct wb_sums *sums)
{
	struct radix_tree_root *tree = &mapping->page_tree;
	int dirty = PageDirty(page);

	sums->dirty += (unsigned long)dirty;
	if (dirty != radix_tree_tag_get(tree, page->index, PAGECACHE_TAG_DIRTY))
		LIE(sums, "page %lu of inode %lu: PG_dirty is %d, its tag is not", page->index,
		    mapping->host->i_ino, dirty);
	if (PageWriteback(page) && !radix_tree_tag_get(tree, page->index, PAGECACHE_TAG_WRITEBACK))
		LIE(sums, "page %lu of inode %lu is under write-back without the tag", page->index,
		    mapping->host->i_ino);
}

static void check_pages(struct address_space *mapping, struct wb_sums *sums)
{
	struct page *pages[CHECK_BATCH];
	unsigned long index = 0;
	unsigned int nr, i;

	do {
		spin_lock(&mapping->tree_lock);
		nr = radix_tree_gang_lookup(&mapping->page_tree, (void **)pages, index, CHECK_BATCH);
		for (i = 0; i < nr; i++) {
			check_page(mapping, pages[i], sums);
			index = pages[i]->index + 1;
		}
		spin_unlock(&mapping->tree_lock);
		cond_resched();
	} while (nr == CHECK_BATCH && index);
}

/* => NULL: flags and lists of @inode are as they should be; @pages: it has dirty pages */
static const char *wrong_state(struct inode *inode, bool pages)
{
	const char *wrong = NULL;
	bool listed;

	spin_lock(&inode_lock);
	listed = !list_empty(&inode->i_wb_list);
	if (pages && !(inode->i_state & (I_DIRTY_PAGES | I_SYNC)))
		wrong = "has dirty pages, but is not marked so";
	else if (listed && !(inode->i_state & (I_DIRTY | I_SYNC)))
		wrong = "is clean, but in a list of dirty ones";
	else if (!listed && (inode->i_state & (I_DIRTY | I_SYNC)))
		wrong = "is dirty, but in no list";
	spin_unlock(&inode_lock);
	return wrong;
}

static bool is_written_back(const struct inode *inode)
{
	return mapping_cap_writeback(&inode->i_data);
}

static int check_inode(struct inode *inode, void *arg)
{
	struct address_space *mapping = &inode->i_data;
	struct wb_sums *sums = arg;
	const char *wrong = NULL;
	int tries;

	check_pages(mapping, sums);
	for (tries = 0; tries < 5; tries++) {
		wrong = wrong_state(inode, mapping_tagged(mapping, PAGECACHE_TAG_DIRTY));
		if (!wrong)
			return 0;
		msleep(10);	/* between the page's mark and the inode's */
	}
	LIE(sums, "inode %lu of %s, state %x, %s", inode->i_ino, inode->i_sb->s_type->name,
	    inode->i_state, wrong);
	return 0;
}

static void check_super(struct super_block *sb, void *sums)
{
	visit_inodes(sb, is_written_back, check_inode, sums);
}

/* PG_dirty of a frame counts if it is a file's that is written back: its lock keeps the mapping. */
static void check_frame(struct page *page, struct wb_sums *sums)
{
	if (PageWriteback(page))
		sums->frames_writeback++;
	if (!PageDirty(page) || !page->mapping || PageAnon(page) || PageSwapBacked(page))
		return;
	if (!trylock_page(page)) {
		sums->moved = true;
		return;
	}
	if (PageDirty(page) && page->mapping && !PageAnon(page) &&
	    mapping_cap_writeback(page->mapping))
		sums->frames_dirty++;
	unlock_page(page);
}

static void check_frames(struct wb_sums *sums)
{
	unsigned long pfn = 0;

	while (pfn < max_mapnr) {
		struct page *page = pfn_to_page(pfn);

		if (PageBuddy(page)) {
			/* It may be taken meanwhile; then its order is no order. */
			pfn += 1ul << min(READ_ONCE(page->private), MAX_ORDER - 1ul);
			continue;
		}
		if (page->flags & (1ul << PG_dirty | 1ul << PG_writeback))
			check_frame(page, sums);
		pfn++;
		if (!(pfn & 1023))
			cond_resched();
	}
}

/* What moves whenever a page changes its state. */
static unsigned long movement(void)
{
	return vm_event_sum(NR_DIRTIED) + vm_event_sum(NR_WRITTEN) + vm_event_sum(PGFREE);
}

static void check_once(struct wb_sums *sums)
{
	unsigned long before = movement(), dirty, writeback;

	*sums = (struct wb_sums){ .lies = 0 };
	dirty = global_page_state(NR_FILE_DIRTY);
	writeback = global_page_state(NR_WRITEBACK);
	iterate_supers(check_super, sums);
	check_frames(sums);
	sums->moved |= before != movement() || dirty != global_page_state(NR_FILE_DIRTY) ||
		       writeback != global_page_state(NR_WRITEBACK);
}

int writeback_check(void)
{
	unsigned long dirty, writeback;
	struct wb_sums sums;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		check_once(&sums);
		dirty = global_page_state(NR_FILE_DIRTY);
		writeback = global_page_state(NR_WRITEBACK);
		if (sums.lies || (sums.dirty == dirty && sums.frames_dirty == dirty &&
				  sums.frames_writeback == writeback))
			return sums.lies ? -EINVAL : 0;
		if (!sums.moved && tries)
			break;
		msleep(20);
	}
	if (sums.moved)
		return 0;
	pr_err("writeback_check: dirty: %lu counted, %lu by inodes, %lu by frames; "
	       "under write-back: %lu counted, %lu by frames\n", dirty, sums.dirty,
	       sums.frames_dirty, writeback, sums.frames_writeback);
	return -EINVAL;
}

void __init writeback_check_init(void)
{
	ktest_register_checker("writeback_check", writeback_check);
}
