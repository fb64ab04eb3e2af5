/*
 * mm/space/smaps.c - /proc/PID/smaps and smaps_rollup: what is really there.
 *
 * Theory.  maps says what a process was promised; smaps walks the page tables and says what it
 * has.  Each entry that is present, and maps a page with a struct page, counts once:
 *
 *	Rss		each page whole
 *	Pss		each page divided by the entries that map it anywhere (mapcount), so that
 *			the sum over all processes is what they use together
 *	Shared, Private	is that number above one?
 *	Dirty, Clean	was it written: by this entry, or by anybody since it was last the file's
 *	Referenced	used since clear_refs
 *	Anonymous	the process's own content: gone with it; LazyFree: it may go before
 *	Swap, SwapPss	entries whose page is out, or only in the swap cache; Swap also what an object
 *			that is mapped has there (whose it is nobody can say: not in SwapPss)
 *	Locked		Pss of areas that mlock keeps in memory
 *
 * The page of zeros and a driver's frames count nowhere.  The lines about huge pages are 0, as
 * on a Linux that has switched them off; programs look lines up by name.
 *
 * smaps_rollup is the sum over all areas, of parts of pages too: its Pss may be some kB above
 * the sum of smaps' lines, which are rounded down each.
 *
 * Locking: mmap_sem for reading; page_table_lock for the walk.
 * References: Linux, Documentation/filesystems/proc.rst.
 */
#include <mm/space/proc_mm.h>

#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>
#include <mm/cache/shmem_swap.h>
#include <mm/cache/swap_state.h>
#include <mm/space/lazyfree.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

#define PSS_SHIFT	12	/* parts of a byte: a page may have many users */

struct mem_size_stats {
	unsigned long rss, anonymous, referenced, lazyfree, swap;	/* pages */
	unsigned long shared_clean, shared_dirty, private_clean, private_dirty;
	u64 pss, pss_dirty, pss_locked;					/* bytes << PSS_SHIFT */
	u64 pss_anon, pss_file, pss_shmem, swap_pss;
};

/* An area is being walked for @mss. */
struct smaps_walk {
	struct mem_size_stats *mss;
	bool locked;
};

static void smaps_account(struct page *page, pte_t entry, void *arg)
{
	const struct smaps_walk *walk = arg;
	struct mem_size_stats *mss = walk->mss;
	bool dirty = pte_dirty(entry) || PageDirty(page);
	unsigned long users = (unsigned long)page_mapcount(page);
	unsigned long pss = (PAGE_SIZE << PSS_SHIFT) / users;

	mss->rss++;
	mss->pss += pss;
	if (PageAnon(page)) {
		mss->anonymous++;
		mss->lazyfree += pte_lazyfree(entry, page);
		mss->pss_anon += pss;
	} else if (PageSwapBacked(page)) {
		mss->pss_shmem += pss;
	} else {
		mss->pss_file += pss;
	}
	mss->referenced += pte_young(entry) || PageReferenced(page);
	if (walk->locked)
		mss->pss_locked += pss;
	if (dirty) {
		mss->pss_dirty += pss;
		users > 1 ? mss->shared_dirty++ : mss->private_dirty++;
	} else {
		users > 1 ? mss->shared_clean++ : mss->private_clean++;
	}
}

static void smaps_swap(swp_entry_t entry, void *arg)
{
	struct mem_size_stats *mss = arg;
	unsigned long users = (unsigned long)max(swp_swapcount(entry), 1);

	mss->swap++;
	mss->swap_pss += (PAGE_SIZE << PSS_SHIFT) / users;
}

/* Pages in swap of an object that @vma maps: unless there is an entry for a private copy. */
static void smaps_shmem_swap(struct vm_area_struct *vma, struct mem_size_stats *mss)
{
	unsigned long index = vma->vm_pgoff, end = index + vma_pages(vma);
	struct address_space *mapping = vma->vm_file->f_mapping;
	pte_t *pte;

	for (; shmem_next_swapped(mapping, &index, end).val; index++) {
		pte = mm_find_pte(vma->vm_mm,
				  vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT));
		mss->swap += !pte || pte_none(*pte);
	}
}

/* => mmap_sem held; adds to *mss */
static void smap_gather_stats(struct vm_area_struct *vma, struct mem_size_stats *mss)
{
	struct smaps_walk walk = { .mss = mss, .locked = vma->vm_flags & VM_LOCKED };

	walk_mapped_pages(vma, vma->vm_start, vma->vm_end, smaps_account, &walk);
	walk_swap_entries(vma, vma->vm_start, vma->vm_end, smaps_swap, mss);
	if (vma->vm_file && mapping_swaps(vma->vm_file->f_mapping))
		smaps_shmem_swap(vma, mss);
}

static void line(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_printf(m, "%-15s %8lu kB\n", name, KB(pages));
}

static void pss_line(struct seq_file *m, const char *name, u64 pss)
{
	seq_printf(m, "%-15s %8lu kB\n", name, (unsigned long)(pss >> (PSS_SHIFT + 10)));
}

/* The lines that an area and the whole have in common. */
static void show_sums(struct seq_file *m, const struct mem_size_stats *mss, bool rollup)
{
	line(m, "Rss:", mss->rss);
	pss_line(m, "Pss:", mss->pss);
	pss_line(m, "Pss_Dirty:", mss->pss_dirty);
	if (rollup) {
		pss_line(m, "Pss_Anon:", mss->pss_anon);
		pss_line(m, "Pss_File:", mss->pss_file);
		pss_line(m, "Pss_Shmem:", mss->pss_shmem);
	}
	line(m, "Shared_Clean:", mss->shared_clean);
	line(m, "Shared_Dirty:", mss->shared_dirty);
	line(m, "Private_Clean:", mss->private_clean);
	line(m, "Private_Dirty:", mss->private_dirty);
	line(m, "Referenced:", mss->referenced);
	line(m, "Anonymous:", mss->anonymous);
	line(m, "LazyFree:", mss->lazyfree);
	line(m, "AnonHugePages:", 0);
	line(m, "ShmemPmdMapped:", 0);
	line(m, "FilePmdMapped:", 0);
	line(m, "Shared_Hugetlb:", 0);
	seq_printf(m, "Private_Hugetlb: %7lu kB\n", 0UL);
	line(m, "Swap:", mss->swap);
	pss_line(m, "SwapPss:", mss->swap_pss);
	pss_line(m, "Locked:", mss->pss_locked);
}

/* The two letters of each flag, in the order of the bits. */
static const struct {
	unsigned long flag;
	char name[3];
} flag_names[] = {
	{ VM_READ,	"rd" }, { VM_WRITE,	"wr" }, { VM_EXEC,	 "ex" },
	{ VM_SHARED,	"sh" }, { VM_MAYREAD,	"mr" }, { VM_MAYWRITE,	 "mw" },
	{ VM_MAYEXEC,	"me" }, { VM_MAYSHARE,	"ms" }, { VM_GROWSDOWN,	 "gd" },
	{ VM_PFNMAP,	"pf" }, { VM_LOCKED,	"lo" }, { VM_IO,	 "io" },
	{ VM_SEQ_READ,	"sr" }, { VM_RAND_READ,	"rr" }, { VM_DONTCOPY,	 "dc" },
	{ VM_DONTEXPAND, "de" }, { VM_LOCKONFAULT, "lf" }, { VM_ACCOUNT, "ac" },
	{ VM_NORESERVE,	"nr" }, { VM_WIPEONFORK, "wf" }, { VM_DONTDUMP,	 "dd" },
	{ VM_SOFTDIRTY,	"sd" }, { VM_HUGEPAGE,	"hg" }, { VM_NOHUGEPAGE, "nh" },
};

static void show_vma_flags(struct seq_file *m, unsigned long flags)
{
	seq_puts(m, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (flags & flag_names[i].flag)
			seq_printf(m, "%s ", flag_names[i].name);
	seq_putc(m, '\n');
}

static void show_smap(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma,
		      char *buf)
{
	struct mem_size_stats mss = { 0 };

	smap_gather_stats(vma, &mss);
	show_map_vma(m, mm, vma, buf);
	line(m, "Size:", vma_pages(vma));
	line(m, "KernelPageSize:", 1);
	line(m, "MMUPageSize:", 1);
	show_sums(m, &mss, false);
	seq_puts(m, "THPeligible:    0\n");
	show_vma_flags(m, vma->vm_flags);
}

int task_smaps_show(struct seq_file *m, struct mm_struct *mm)
{
	return for_each_vma(m, mm, show_smap);
}

int task_smaps_rollup_show(struct seq_file *m, struct mm_struct *mm)
{
	struct mem_size_stats mss = { 0 };
	unsigned long start, end = 0;
	struct vm_area_struct *vma;

	/* Unlike an empty list of areas, sums of nothing would say something. */
	if (!mm)
		return -ESRCH;
	down_read(&mm->mmap_sem);
	start = mm->mmap ? mm->mmap->vm_start : 0;
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		smap_gather_stats(vma, &mss);
		end = vma->vm_end;
	}
	up_read(&mm->mmap_sem);
	show_map_line(m, start, end, 0, 0, 0, 0, "[rollup]");
	show_sums(m, &mss, true);
	return 0;
}
