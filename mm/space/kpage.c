/*
 * mm/space/kpage.c - /proc/kpagecount and /proc/kpageflags: every frame, as a number.
 *
 * Theory.  Two arrays of 64-bit words, indexed by frame number: how many entries
 * of page tables map the frame, and what it is used for.  The numbers of the
 * flags are Linux's, whatever ours are, so that its tools (page-types) can read
 * them.  Flags for what does not exist here are never set.  What a frame *is*
 * comes from page_class(), which also adds up /proc/meminfo.
 *
 * Nothing is locked: a frame may have a new owner when its word is read, as on
 * Linux.
 */
#include <kernel/fs/proc/proc.h>

#include <kernel/arch/uaccess.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/page_class.h>
#include <mm/space/memory.h>
#include <mm/space/pagemap.h>

#define WORD	sizeof(u64)

/* Flags that mean on Linux what ours mean. */
static const struct {
	u8 ours, kpf;
} same_flags[] = {
	{ PG_locked,	 KPF_LOCKED },	   { PG_error,	   KPF_ERROR },
	{ PG_referenced, KPF_REFERENCED }, { PG_uptodate,  KPF_UPTODATE },
	{ PG_dirty,	 KPF_DIRTY },	   { PG_lru,	   KPF_LRU },
	{ PG_active,	 KPF_ACTIVE },	   { PG_writeback, KPF_WRITEBACK },
	{ PG_swapcache,	 KPF_SWAPCACHE },  { PG_swapbacked, KPF_SWAPBACKED },
	{ PG_head,	 KPF_COMPOUND_HEAD }, { PG_tail,   KPF_COMPOUND_TAIL },
	{ PG_private,	 KPF_PRIVATE },   { PG_reclaim,   KPF_RECLAIM },
	{ PG_mlocked,	 KPF_MLOCKED },	   { PG_mlocked,   KPF_UNEVICTABLE },
};

static u64 class_flags(const struct page *page)
{
	switch (page_class(page)) {
	case PAGE_CLASS_HOLE:
		return 1ULL << KPF_NOPAGE;
	case PAGE_CLASS_RESERVED:
		return 1ULL << KPF_RESERVED;
	case PAGE_CLASS_FREE:
		return 1ULL << KPF_BUDDY;
	case PAGE_CLASS_SLAB:
		return 1ULL << KPF_SLAB;
	case PAGE_CLASS_PAGETABLE:
	case PAGE_CLASS_QUICKLIST:
		return 1ULL << KPF_PGTABLE;
	case PAGE_CLASS_ANON:
		return 1ULL << KPF_ANON | 1ULL << KPF_SWAPBACKED;
	case PAGE_CLASS_SWAPCACHE:
		return PageAnon(page) ? 1ULL << KPF_ANON : 0;
	case PAGE_CLASS_FILE:
	case PAGE_CLASS_SHMEM:
		/* Locked in memory, or of a file that lives there; or on its way to a list. */
		return PageLRU(page) ? 0 : 1ULL << KPF_UNEVICTABLE;
	default:
		return 0;
	}
}

/* What _mapcount says; pages that no process can have do not use it. */
static u64 page_mappings(const struct page *page)
{
	return PageReserved(page) || PageSlab(page) ? 0 : (u64)page_mapcount(page);
}

static u64 kpagecount_word(unsigned long pfn)
{
	return page_mappings(pfn_to_page(pfn));
}

u64 kpageflags_word(unsigned long pfn)
{
	const struct page *page = pfn_to_page(pfn);
	u64 word = class_flags(page);
	unsigned int i;

	if (word & 1ULL << KPF_NOPAGE)
		return word;
	for (i = 0; i < ARRAY_SIZE(same_flags); i++)
		word |= (u64)(page->flags >> same_flags[i].ours & 1) << same_flags[i].kpf;
	if (page_mappings(page))
		word |= 1ULL << KPF_MMAP;
	if (page == ZERO_PAGE(0))
		word |= 1ULL << KPF_ZERO_PAGE;
	return word;
}

/* => bytes; -EINVAL: not whole words */
static ssize_t read_words(u64 (*word)(unsigned long pfn), char __user *buf, size_t count, loff_t *pos)
{
	loff_t end = (loff_t)max_mapnr * (loff_t)WORD;
	size_t done = 0;

	if (*pos % (loff_t)WORD || count % WORD)
		return -EINVAL;
	for (; done < count && *pos < end; done += WORD, *pos += (loff_t)WORD) {
		u64 value = word((unsigned long)*pos / WORD);

		if (copy_to_user(buf + done, &value, WORD))
			return done ? (ssize_t)done : -EFAULT;
		cond_resched();
	}
	return (ssize_t)done;
}

static ssize_t kpagecount_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return read_words(kpagecount_word, buf, count, pos);
}

static ssize_t kpageflags_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return read_words(kpageflags_word, buf, count, pos);
}

static const struct file_operations kpagecount_fops = {
	.llseek = generic_file_llseek, .read = kpagecount_read,
};
static const struct file_operations kpageflags_fops = {
	.llseek = generic_file_llseek, .read = kpageflags_read,
};
PROC_FILE("kpagecount", 0400, &kpagecount_fops);
PROC_FILE("kpageflags", 0400, &kpageflags_fops);
