/*
 * kernel/fs/swapon.c - devices and files become swap areas, and stop being one.
 *
 * Theory.  mkswap writes a header of one page: how many slots follow, which of them cannot be used,
 * a label, and at its end a signature.  What is swapped goes past the file system and past the page
 * cache: straight to sectors.  So swapon
 *
 *	opens the device for itself alone, or marks the file (S_SWAPFILE: nobody writes to it, makes
 *	it shorter or takes its name away, for its blocks would go to somebody else);
 *	writes out, and forgets, what the cache has of it: a dirty page written later would overwrite
 *	what is swapped;
 *	asks the file system once where each block of the file lies (bmap), and keeps that as extents.
 *	A hole lies nowhere: refused.  A page of the file whose blocks are apart becomes a bad slot.
 *
 * The header may be of a machine of the other byte order.
 *
 * swapoff gives no more slots out, brings back what is in use, which can take long and can fail:
 * then the area is as before.
 *
 * Locking: swapon_mutex: areas come and go one at a time, and /proc/swaps; outside i_sem.  Not held
 * while a file is opened, nor while swapoff brings pages back, so that others need not wait for that: the
 * area is neither on nor free then, and who wants to switch it on or off hears so.
 *
 * References: swapon(2), mkswap(8).
 */
#include <kernel/fs/swapon.h>

#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/commit.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmalloc.h>

/* The first page of an area, as mkswap makes it. */
struct swap_header {
	u8 bootbits[1024];		/* room for a boot loader, a disk label... */
	u32 version;			/* 1 */
	u32 last_page;			/* the last slot */
	u32 nr_badpages;
	u8 sws_uuid[16];
	char sws_volume[16];
	u32 padding[117];
	u32 badpages[(PAGE_SIZE - 1024 - 512 - 10) / 4];
	u8 unused[2];
	char magic[10];			/* "SWAPSPACE2" */
};
static_assert(sizeof(struct swap_header) == PAGE_SIZE, "mkswap(8)");
static_assert(__builtin_offsetof(struct swap_header, badpages) == 1536, "mkswap(8)");

/* Slots that an entry of a page table can name. */
#define MAX_SLOTS	(1ul << (32 - SWP_OFFSET_SHIFT))
/* Blocks that are looked up between two chances for others to run. */
#define LOOKUPS_AT_ONCE	1024
#define SECTORS_OF_HEADER	(PAGE_SIZE / SECTOR_SIZE)

static DEFINE_MUTEX(swapon_mutex);

static unsigned long to_kb(unsigned long pages)
{
	return pages << (PAGE_SHIFT - 10);
}

/* ---- the header --------------------------------------------------------------------------------- */

static void swap_header_bytes(struct swap_header *h)
{
	unsigned int i;

	h->version = __builtin_bswap32(h->version);
	h->last_page = __builtin_bswap32(h->last_page);
	h->nr_badpages = __builtin_bswap32(h->nr_badpages);
	for (i = 0; i < min(h->nr_badpages, (u32)ARRAY_SIZE(h->badpages)); i++)
		h->badpages[i] = __builtin_bswap32(h->badpages[i]);
}

/* @pages: that the device or file has. => slots, the header's included; 0 after saying why not */
static unsigned long check_header(struct swap_header *h, unsigned long pages)
{
	unsigned long max;

	if (memcmp(h->magic, "SWAPSPACE2", sizeof(h->magic))) {
		printk(KERN_ERR "Unable to find swap-space signature\n");
		return 0;
	}
	if (h->version == __builtin_bswap32(1))
		swap_header_bytes(h);
	if (h->version != 1) {
		printk(KERN_WARNING "Unable to handle swap header version %u\n", h->version);
		return 0;
	}
	if (!h->last_page) {
		printk(KERN_WARNING "Empty swap-file\n");
		return 0;
	}
	max = MAX_SLOTS;
	if (h->last_page >= max)
		printk(KERN_WARNING "Truncating oversized swap area, only using %luk out of %luk\n",
		       to_kb(max), to_kb(h->last_page));
	else
		max = h->last_page + 1;
	if (max > pages) {
		printk(KERN_WARNING "Swap area shorter than signature indicates\n");
		return 0;
	}
	return h->nr_badpages > ARRAY_SIZE(h->badpages) ? 0 : max;
}

static int mark_bad_slots(struct swap_info_struct *si, const struct swap_header *h)
{
	unsigned int i;

	for (i = 0; i < h->nr_badpages; i++) {
		if (!h->badpages[i] || h->badpages[i] > h->last_page)
			return -EINVAL;
		if (h->badpages[i] < si->max)
			swap_area_bad(si, h->badpages[i]);
	}
	return 0;
}

/* A copy of the first page, for free_page(). => may sleep; ERR_PTR */
static struct swap_header *read_header(struct file *file)
{
	struct swap_header *h = (struct swap_header *)__get_free_page(GFP_KERNEL);
	struct page *page;

	if (!h)
		return ERR_PTR(-ENOMEM);
	page = read_cache_page(file->f_mapping, 0, file);
	if (IS_ERR(page)) {
		free_page((unsigned long)h);
		return ERR_CAST(page);
	}
	memcpy(h, kmap(page), PAGE_SIZE);
	kunmap(page);
	put_page(page);
	return h;
}

/* ---- where the slots lie ------------------------------------------------------------------------ */

/* Slots [@page, @page + @nr) lie from @sector on. => may sleep; 0 or -ENOMEM */
static int add_page(struct swap_info_struct *si, unsigned long page, unsigned long nr,
		    sector_t sector)
{
	struct swap_extent *last = si->extents + si->nr_extents, *more;
	unsigned int room = si->nr_extents;

	if (room && (last - 1)->start_page + (last - 1)->nr_pages == page &&
	    (last - 1)->start_sector + ((last - 1)->nr_pages << (PAGE_SHIFT - 9)) == sector) {
		(last - 1)->nr_pages += nr;
		return 0;
	}
	/* There is room up to the next power of two. */
	if (!(room & (room - 1))) {
		more = vmalloc(max(room * 2, 1u) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		if (room)
			memcpy(more, si->extents, room * sizeof(*more));
		vfree(si->extents);
		si->extents = more;
	}
	si->extents[si->nr_extents++] = (struct swap_extent){ page, nr, sector };
	return 0;
}

/*
 * Where is @page of the file?
 * => may sleep; the block of the device it starts at; 0: in pieces; -1: (partly) in a hole
 */
static long long page_block(struct address_space *mapping, unsigned long page)
{
	unsigned int bits = mapping->host->i_blkbits, nr = 1u << (PAGE_SHIFT - bits), i;
	sector_t block = (sector_t)page << (PAGE_SHIFT - bits), first = 0, at;
	bool whole = true;

	for (i = 0; i < nr; i++) {
		at = mapping->a_ops->bmap(mapping, block + i);
		if (!at)
			return -1;
		if (!i)
			first = at;
		whole &= at == first + i;
	}
	return whole ? (long long)first : 0;
}

static int map_file(struct swap_info_struct *si, struct address_space *mapping)
{
	unsigned int bits = mapping->host->i_blkbits;
	unsigned long page;
	int err = 0;

	for (page = 0; page < si->max && !err; page++) {
		long long block = page_block(mapping, page);

		if (block < 0) {
			printk(KERN_ERR "swapon: swapfile has holes\n");
			return -EINVAL;
		}
		if (block)
			err = add_page(si, page, 1, (sector_t)block << (bits - SECTOR_SHIFT));
		else
			swap_area_bad(si, page);
		if (page % LOOKUPS_AT_ONCE == 0)
			cond_resched();
	}
	return err;
}

/* What the cache has of it: to the disk, and forgotten. => may sleep; 0 or -errno */
static int forget_pages(struct address_space *mapping)
{
	int err = filemap_write_and_wait(mapping);

	lru_add_drain_all();
	invalidate_mapping_pages(mapping, 0, ~0ul);
	return err;
}

/* ---- swapon ------------------------------------------------------------------------------------- */

/* The file is an area, or is one no more. => i_sem of it taken */
static void mark_swapfile(struct inode *inode, bool on)
{
	mutex_lock(&inode->i_sem);
	if (on)
		inode->i_flags |= S_SWAPFILE;
	else
		inode->i_flags &= ~S_SWAPFILE;
	mutex_unlock(&inode->i_sem);
}

/* Nobody else has it, nor will. => 0, -EINVAL, -ENOENT or -EBUSY */
static int claim_swapfile(struct swap_info_struct *si, struct file *file)
{
	struct address_space *mapping = file->f_mapping;
	struct inode *inode = mapping->host;
	int err;

	if (!S_ISBLK(file->f_inode->i_mode) && !S_ISREG(file->f_inode->i_mode))
		return -EINVAL;
	if (IS_SWAPFILE(inode))
		return -EBUSY;
	if (S_ISBLK(file->f_inode->i_mode)) {
		err = bd_claim(inode->i_bdev, si);
		if (err)
			return err;
		si->bdev = inode->i_bdev;
	} else {
		if (d_unhashed(file->f_dentry))
			return -ENOENT;
		if (!inode->i_sb->s_bdev || !mapping->a_ops->readpage || !mapping->a_ops->bmap)
			return -EINVAL;
		si->bdev = inode->i_sb->s_bdev;
	}
	mark_swapfile(inode, true);
	si->swap_file = file;
	return 0;
}

static void release_swapfile(struct swap_info_struct *si)
{
	struct inode *inode = si->swap_file->f_mapping->host;

	mark_swapfile(inode, false);
	if (S_ISBLK(inode->i_mode))
		bd_release(si->bdev);
}

/* Tables and extents, by the header. => may sleep; 0 or -errno */
static int setup_area(struct swap_info_struct *si, struct swap_header *h)
{
	struct address_space *mapping = si->swap_file->f_mapping;
	unsigned long max;
	int err;

	max = check_header(h, (unsigned long)(i_size_read(mapping->host) >> PAGE_SHIFT));
	if (!max || (h->nr_badpages && S_ISREG(mapping->host->i_mode)))
		return -EINVAL;
	err = swap_area_tables(si, max);
	if (!err)
		err = mark_bad_slots(si, h);
	if (!err)
		err = S_ISREG(mapping->host->i_mode) ? map_file(si, mapping) : add_page(si, 0, max, 0);
	if (!err && !si->pages) {
		printk(KERN_WARNING "Empty swap-file\n");
		err = -EINVAL;
	}
	return err;
}

static void report_area(const struct swap_info_struct *si, const char *name)
{
	sector_t first = ~(sector_t)0, end = 0;
	unsigned int i;

	for (i = 0; i < si->nr_extents; i++) {
		const struct swap_extent *se = &si->extents[i];
		sector_t start = se->start_sector + (se->start_page ? 0 : SECTORS_OF_HEADER);

		first = min(first, start);
		end = max(end, se->start_sector + ((sector_t)se->nr_pages << (PAGE_SHIFT - 9)));
	}
	printk(KERN_INFO "Adding %luk swap on %s.  Priority:%d extents:%u across:%lluk\n",
	       to_kb(si->pages), name, si->prio, si->nr_extents,
	       (unsigned long long)(end - first) / 2);
}

static int swapon_file(struct swap_info_struct *si, struct file *file)
{
	struct swap_header *h;
	int err = claim_swapfile(si, file);

	if (err)
		return err;
	h = read_header(file);
	if (!IS_ERR(h)) {
		err = forget_pages(file->f_mapping);
		if (!err)
			err = setup_area(si, h);
		free_page((unsigned long)h);
	} else {
		err = PTR_ERR(h);
	}
	if (err)
		release_swapfile(si);
	return err;
}

int do_swapon(const char *name, unsigned int flags)
{
	struct swap_info_struct *si = swap_area_get();
	struct file *file;
	int err;

	if (!si)
		return -EPERM;
	file = filp_open(name, O_RDWR | O_LARGEFILE, 0);
	err = PTR_ERR_OR_ZERO(file);
	mutex_lock(&swapon_mutex);
	if (!err)
		err = swapon_file(si, file);
	if (!err) {
		swap_area_on(si, flags & SWAP_FLAG_PREFER ? (int)(flags & SWAP_FLAG_PRIO_MASK) : -1);
		report_area(si, name);
	} else {
		swap_area_put(si);
	}
	mutex_unlock(&swapon_mutex);
	if (err && !IS_ERR(file))
		filp_close(file, NULL);
	return err;
}

/* ---- swapoff ------------------------------------------------------------------------------------ */

/* => swapon_mutex held; NULL: it is none, or about to be none */
static struct swap_info_struct *find_area(const struct address_space *mapping)
{
	struct swap_info_struct *si;

	for (si = swap_info; si < swap_info + MAX_SWAPFILES; si++)
		if ((READ_ONCE(si->flags) & SWP_WRITEOK) && si->swap_file->f_mapping == mapping)
			return si;
	return NULL;
}

/* => the area is off; 0, or -errno and it is still in use */
static int try_to_unuse(struct swap_info_struct *si)
{
	int err;

	while (READ_ONCE(si->inuse_pages)) {
		err = unuse_mms(si->type);
		if (!err)
			err = shmem_unuse(si->type);
		if (err)
			return err;
		drop_swap_cache();
		if (!READ_ONCE(si->inuse_pages))
			break;
		/* Pages that are being written, or moved from one place to another, this time. */
		if (signal_pending(current))
			return -EINTR;
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(1);
	}
	return 0;
}

/* => swapon_mutex held, but let go meanwhile; 0 or -errno */
static int swapoff_area(struct swap_info_struct *si)
{
	struct file *file = si->swap_file;
	long pages = (long)si->pages;
	int err = __vm_enough_memory(current->mm, pages);

	if (err)
		return err;
	vm_unacct_memory(pages);
	swap_area_off(si);
	mutex_unlock(&swapon_mutex);
	current->flags |= PF_OOM_ORIGIN;	/* if there is no room, it was a bad idea */
	err = try_to_unuse(si);
	current->flags &= ~PF_OOM_ORIGIN;
	mutex_lock(&swapon_mutex);
	if (err) {
		swap_area_resume(si);
		return err;
	}
	forget_pages(file->f_mapping);		/* they are of before swapon */
	release_swapfile(si);
	swap_area_put(si);
	filp_close(file, NULL);
	return 0;
}

int do_swapoff(const char *name)
{
	struct file *victim = filp_open(name, O_RDWR | O_LARGEFILE, 0);
	struct swap_info_struct *si;
	int err;

	if (IS_ERR(victim))
		return (int)PTR_ERR(victim);
	mutex_lock(&swapon_mutex);
	si = find_area(victim->f_mapping);
	err = si ? swapoff_area(si) : -EINVAL;
	mutex_unlock(&swapon_mutex);
	filp_close(victim, NULL);
	return err;
}

/* ---- /proc/swaps -------------------------------------------------------------------------------- */

#define NAME_COLUMNS	40	/* where the column "Type" starts */

/* @path with what would end a column written as \040. => columns */
static int show_path(struct seq_file *m, const char *path)
{
	int n = 0;

	for (; *path; path++, n++) {
		if (strchr(" \t\n\\", *path)) {
			seq_printf(m, "\\%03o", *path);
			n += 3;
		} else {
			seq_putc(m, *path);
		}
	}
	return n;
}

static void show_area(struct seq_file *m, const struct swap_info_struct *si, char *buf)
{
	const char *path = d_path(&si->swap_file->f_path, buf, PAGE_SIZE);
	unsigned long size = to_kb(si->pages), used = to_kb(si->inuse_pages);
	bool device = S_ISBLK(si->swap_file->f_inode->i_mode);
	int n = show_path(m, IS_ERR(path) ? "(unknown)" : path);

	seq_printf(m, "%*s%s\t%lu\t%s%lu\t%s%d\n", max(NAME_COLUMNS - n, 1), " ",
		   device ? "partition" : "file\t", size, size < 10000000 ? "\t" : "",
		   used, used < 10000000 ? "\t" : "", si->prio);
}

static int swaps_show(struct seq_file *m, void *v)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	struct swap_info_struct *si;

	if (!buf)
		return -ENOMEM;
	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	mutex_lock(&swapon_mutex);
	/* One that is being switched off too. */
	for (si = swap_info; si < swap_info + MAX_SWAPFILES; si++)
		if (si->swap_file)
			show_area(m, si, buf);
	mutex_unlock(&swapon_mutex);
	free_page((unsigned long)buf);
	return 0;
}
PROC_SHOW("swaps", swaps_show);
