/*
 * mm/cache/readahead.c - pages of a file read before they are asked for.
 *
 * Theory.  A disk takes almost as long for one page as for thirty that follow each other, and
 * while it works the reader could do something else.  Both are won by asking early and for
 * much; both are lost by asking for what is never used.  So the guess follows the evidence:
 *
 *	reads go on where they ended	the window doubles, up to ra_pages
 *	a read somewhere else		what was asked for, nothing more
 *	the beginning of a file		a small window: most files are read from there
 *
 * The window is [start, start + size).  The page async_size before its end carries PG_readahead,
 * the mark: who reaches it starts the next window at once, and finds it there when he arrives.
 *
 *	          |<------------- size -------------->|
 *	  --------[====================|==============]---------- the file
 *	        start              PG_readahead  <- async_size ->
 *
 * The mark is in the page, not in the open file, because readers come otherwise too: two who read
 * one file by turns, or by one descriptor at two places.  Such a stream has no history in @ra,
 * but the mark in its page says that somebody has read ahead here, and the first page that
 * is missing behind it says how far.  And who misses a page before which many are in the
 * cache has probably read those.
 *
 * Faults do not say where they come from and where they go.  Around a page that is missing, half
 * a window each way is read (programs jump back and forth), unless madvise() knows better, or
 * misses have been many and hits few.  mm/space then maps what is there.
 *
 * Readahead must not cost more than it brings: its pages are allocated without waiting for
 * others to give up theirs, at most half of the memory that could be had is filled, and
 * a transfer that fails is forgotten: the one who wants the page will try again, and be told.
 *
 * Blank pages are put into the cache first, locked, then given to the file system in runs without
 * holes, so that it can make large transfers of them.  Who comes meanwhile waits for PG_locked.
 *
 * Locking: none of its own.  file_ra_state is changed by whoever uses the file; two at a time spoil
 * a guess, not more.
 *
 * Reference: Wu, Xi, Li, Zou, "On the design of a new Linux readahead framework", 2008.
 */
#include <mm/cache/readahead.h>

#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <mm/types/mm_types.h>

#define RA_BATCH	32u		/* pages given to the file system at a time */
#define MAX_RANDOM_READ	256ul		/* pages of one read that are asked for together, at most */
#define MMAP_LOTSAMISS	100u		/* faults in vain after which a mapping counts as random */

/* ---- making a window ------------------------------------------------------------------------ */

static bool page_is_cached(struct address_space *mapping, unsigned long index)
{
	bool there;

	spin_lock(&mapping->tree_lock);
	there = radix_tree_lookup(&mapping->page_tree, index) != NULL;
	spin_unlock(&mapping->tree_lock);
	return there;
}

/* A blank page at @index, locked, in the cache. => NULL: one is there, or no memory to spare */
static struct page *add_readahead_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	if (page_is_cached(mapping, index))
		return NULL;
	page = page_cache_alloc(mapping, mapping->gfp_mask | __GFP_NORETRY | __GFP_NOWARN);
	if (page && add_to_page_cache(page, mapping, index)) {
		put_page(page);
		return NULL;
	}
	return page;
}

/* Start reading @nr pages that follow each other; their references go. */
static void read_pages(struct address_space *mapping, struct file *file, struct page **pages,
		       unsigned int nr)
{
	unsigned int i;

	if (!nr)
		return;
	if (mapping->a_ops->readpages)
		mapping->a_ops->readpages(file, mapping, pages, nr);
	else
		for (i = 0; i < nr; i++)
			mapping->a_ops->readpage(file, pages[i]);
	release_pages(pages, nr);
}

/* Pages that a file of its size has. */
static unsigned long pages_of_file(const struct address_space *mapping)
{
	return (unsigned long)((i_size_read(mapping->host) + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/*
 * Start reading what is missing of [start, start + nr) up to the end of the file; the page
 * @lookahead before the end of it gets the mark.
 */
static void do_page_cache_readahead(struct address_space *mapping, struct file *file,
				    unsigned long start, unsigned long nr,
				    unsigned long lookahead)
{
	unsigned long end = pages_of_file(mapping), mark = start + nr - lookahead, index;
	struct page *pages[RA_BATCH];
	unsigned int batch = 0;

	if (start >= end)
		return;
	end = start + min(nr, end - start);
	for (index = start; index < end; index++) {
		struct page *page = add_readahead_page(mapping, index);

		if (page) {
			if (index == mark)
				SetPageReadahead(page);
			pages[batch++] = page;
		}
		if (!page || batch == RA_BATCH) {
			read_pages(mapping, file, pages, batch);
			batch = 0;
		}
	}
	read_pages(mapping, file, pages, batch);
}

void force_page_cache_readahead(struct address_space *mapping, struct file *file,
				unsigned long index, unsigned long nr)
{
	unsigned long memory = (nr_free_pages() + global_page_state(NR_INACTIVE_FILE)) / 2;

	if (!mapping->backing_dev_info->ra_pages)
		return;
	do_page_cache_readahead(mapping, file, index, min(nr, memory), 0);
}

/* ---- where the next window lies ---------------------------------------------------------------- */

/* The first window for a request of @req pages: some more than that. */
static unsigned int first_ra_size(unsigned long req, unsigned int max)
{
	if (req <= max / 32)
		return (unsigned int)req * 4;
	return req <= max / 4 ? (unsigned int)req * 2 : max;
}

static unsigned int next_ra_size(unsigned int size, unsigned int max)
{
	return min(size * (size < max / 16 ? 4 : 2), max);
}

static void set_window(struct file_ra_state *ra, unsigned long start, unsigned int size,
		       unsigned int async_size)
{
	ra->start = start;
	ra->size = size;
	ra->async_size = async_size;
}

/* The first read of a sequence, perhaps. */
static void first_window(struct file_ra_state *ra, unsigned long index, unsigned long req)
{
	unsigned int size = first_ra_size(req, ra->ra_pages);

	set_window(ra, index, size, size > req ? size - (unsigned int)req : size);
}

/* The window behind the one before. */
static void next_window(struct file_ra_state *ra)
{
	unsigned int size = next_ra_size(ra->size, ra->ra_pages);

	set_window(ra, ra->start + ra->size, size, size);
}

/* How many pages right before @index are in the cache, @max at most? */
static unsigned long cached_before(struct address_space *mapping, unsigned long index,
				   unsigned long max)
{
	unsigned long nr = 0;

	while (nr < max && nr < index && page_is_cached(mapping, index - 1 - nr))
		nr++;
	return nr;
}

/* A stream without a history has met a mark at @index. => false: there is enough in front of it */
static bool window_behind_mark(struct address_space *mapping, struct file_ra_state *ra,
			       unsigned long index, unsigned long req)
{
	unsigned long start = index + 1, max = ra->ra_pages;
	unsigned int size;

	while (start - index <= max && page_is_cached(mapping, start))
		start++;
	if (start - index > max)
		return false;
	size = next_ra_size((unsigned int)min(start - index + req, max), ra->ra_pages);
	set_window(ra, start, size, size);
	return true;
}

/* @index was missed, and is not where @ra expects the reader. => false: it is a random read */
static bool window_after_miss(struct address_space *mapping, struct file_ra_state *ra,
			      unsigned long index, unsigned long req)
{
	unsigned long prev = (unsigned long)(ra->prev_pos >> PAGE_SHIFT), history;
	unsigned int max = ra->ra_pages;

	if (!index || req > max || index - prev <= 1) {
		first_window(ra, index, req);
		return true;
	}
	history = cached_before(mapping, index, max);
	if (history <= req)
		return false;
	set_window(ra, index, (unsigned int)min(history + req, (unsigned long)max), 1);
	return true;
}

/* Read ahead for a reader at @index, where @marked a mark was met, or else nothing. */
static void ondemand_readahead(struct address_space *mapping, struct file_ra_state *ra,
			       struct file *file, unsigned long index, unsigned long req,
			       bool marked)
{
	bool more = true;

	if (ra->size && (index == ra->start + ra->size - ra->async_size ||
			 index == ra->start + ra->size))
		next_window(ra);
	else if (marked)
		more = window_behind_mark(mapping, ra, index, req);
	else if (!window_after_miss(mapping, ra, index, req)) {
		do_page_cache_readahead(mapping, file, index, req, 0);
		return;
	}
	if (!more)
		return;
	/* The reader stands on the mark of the new window already: that makes it two. */
	if (index == ra->start && ra->size == ra->async_size) {
		unsigned int more_pages = next_ra_size(ra->size, ra->ra_pages);

		ra->async_size = min(more_pages, ra->ra_pages / 2);
		ra->size = min(ra->size + more_pages, ra->ra_pages);
	}
	do_page_cache_readahead(mapping, file, ra->start, ra->size, ra->async_size);
}

/* ---- for who reads ------------------------------------------------------------------------------ */

/* @page was used: the first byte of a page counts, and what does not go on where the last ended. */
static inline void note_access(struct page *page, const struct file_ra_state *ra, loff_t pos)
{
	if (PageLRU(page) && (pos != ra->prev_pos || !((unsigned long)pos & ~PAGE_MASK)))
		mark_page_accessed(page);
}

/* @page is what was found at @index, or NULL. => the page there, uptodate, referenced; ERR_PTR */
static inline struct page *make_uptodate(struct address_space *mapping, struct page *page,
					 unsigned long index, struct file *file)
{
	if (page) {
		if (PageUptodate(page))
			return page;
		put_page(page);
	}
	return read_cache_page(mapping, index, file);
}

/* The mark is taken off by one; on a page that is being written the bit is PG_reclaim. */
static bool reached_mark(struct page *page)
{
	return !PageWriteback(page) && TestClearPageReadahead(page);
}

struct page *read_page_ahead(struct address_space *mapping, struct file_ra_state *ra,
			     struct file *file, struct page *page, loff_t pos, unsigned long req)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);

	if (unlikely(!page && mapping->backing_dev_info->ra_pages)) {
		if (ra->ra_pages)
			ondemand_readahead(mapping, ra, file, index, req, false);
		else
			do_page_cache_readahead(mapping, file, index, min(req, MAX_RANDOM_READ), 0);
		page = find_get_page(mapping, index);
	}
	if (unlikely(page && PageReadahead(page)) && reached_mark(page) && ra->ra_pages)
		ondemand_readahead(mapping, ra, file, index, req, true);
	page = make_uptodate(mapping, page, index, file);
	if (!IS_ERR(page))
		note_access(page, ra, pos);
	return page;
}

/* A fault found nothing at @index. */
static void fault_readahead(struct address_space *mapping, struct file_ra_state *ra,
			    struct file *file, unsigned long index, unsigned long vm_flags)
{
	unsigned int max = ra->ra_pages;

	if (vm_flags & VM_SEQ_READ) {
		ondemand_readahead(mapping, ra, file, index, max, false);
		return;
	}
	if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_LOTSAMISS)
		return;
	set_window(ra, index - min(index, (unsigned long)max / 2), max, max / 4);
	do_page_cache_readahead(mapping, file, ra->start, ra->size, ra->async_size);
}

struct page *fault_page_ahead(struct address_space *mapping, struct file_ra_state *ra,
			      struct file *file, struct page *page, unsigned long index,
			      unsigned long vm_flags, bool *major)
{
	*major = !page;
	if (!page && ra->ra_pages && !(vm_flags & VM_RAND_READ)) {
		fault_readahead(mapping, ra, file, index, vm_flags);
		page = find_get_page(mapping, index);
	} else if (page && PageReadahead(page) && reached_mark(page)) {
		file_ra_hit(ra, 1);
		if (ra->ra_pages && !(vm_flags & VM_RAND_READ))
			ondemand_readahead(mapping, ra, file, index, ra->ra_pages, true);
	}
	*major |= page && !PageUptodate(page);
	return make_uptodate(mapping, page, index, file);
}
