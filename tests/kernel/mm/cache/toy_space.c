/*
 * tests/kernel/mm/cache/toy_space.c - a file on a toy disk.
 */
#include <tests/kernel/mm/cache/toy_space.h>

#include <kernel/core/bug.h>
#include <lib/err.h>
#include <lib/string.h>
#include <mm/cache/swap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

static struct toy_space toy;

static struct backing_dev_info toy_bdi = {
	.ra_pages = TOY_RA_PAGES, .capabilities = BDI_CAP_WRITEBACK,
};

static int toy_readpage(struct file *file, struct page *page)
{
	u32 *words = kmap(page);

	toy.pages_read++;
	if (page->index == toy.fail_index) {
		SetPageError(page);
	} else {
		words[0] = toy.disk[page->index];
		SetPageUptodate(page);
	}
	kunmap(page);
	unlock_page(page);
	return 0;
}

static int toy_readpages(struct file *file, struct address_space *mapping, struct page **pages,
			 unsigned int nr)
{
	unsigned int i;

	if (toy.nr_runs < TOY_RUNS) {
		toy.runs[toy.nr_runs].index = pages[0]->index;
		toy.runs[toy.nr_runs].nr = nr;
	}
	toy.nr_runs++;
	for (i = 0; i < nr; i++) {
		BUG_ON(!PageLocked(pages[i]) || pages[i]->index != pages[0]->index + i);
		toy_readpage(file, pages[i]);
	}
	return 0;
}

static const struct address_space_operations toy_aops = {
	.readpage = toy_readpage,
	.readpages = toy_readpages,
	.set_page_dirty = __set_page_dirty_no_writeback,
};

struct toy_space *toy_open(unsigned long pages)
{
	unsigned long i;

	BUG_ON(pages > TOY_PAGES);
	memset(&toy, 0, sizeof(toy));
	toy.fail_index = ~0UL;
	toy.inode.i_mapping = &toy.inode.i_data;
	toy.inode.i_size = (loff_t)pages << PAGE_SHIFT;
	address_space_init(&toy.inode.i_data, &toy.inode, &toy_aops, GFP_HIGHUSER);
	toy.inode.i_data.backing_dev_info = &toy_bdi;
	file_ra_state_init(&toy.ra, &toy.inode.i_data);
	for (i = 0; i < pages; i++)
		toy.disk[i] = (u32)i + 1000;
	return &toy;
}

void toy_close(struct toy_space *t)
{
	truncate_inode_pages(&t->inode.i_data, 0);
	lru_add_drain();
}

long toy_read(struct toy_space *t, unsigned long index, unsigned long req)
{
	loff_t pos = (loff_t)index << PAGE_SHIFT;
	struct page *page = read_page_ahead(&t->inode.i_data, &t->ra, NULL,
					    find_get_page(&t->inode.i_data, index), pos, req);
	long word;

	if (IS_ERR(page))
		return PTR_ERR(page);
	word = (long)*(u32 *)kmap(page);
	kunmap(page);
	put_page(page);
	t->ra.prev_pos = pos + PAGE_SIZE;
	return word;
}

bool toy_cached(struct toy_space *t, unsigned long index)
{
	struct page *page = find_get_page(&t->inode.i_data, index);

	if (!page)
		return false;
	put_page(page);
	return true;
}
