/*
 * mm/types/mm_types.h - what a process sees: mm_struct and vm_area_struct.
 *
 * A process has 3G of addresses and uses few of them.  Each stretch with one
 * set of rights and one backing is a *vm area*; all of them hang in address
 * order on a list (for walking) and in a red-black tree (for finding), and the
 * one found last is kept in mmap_cache, because the next fault is likely near.
 * The areas are the truth; the page tables under mm->pgd are a cache of it
 * that page faults fill and that may be thrown away, and dirty anonymous
 * pages are the only thing in them that cannot be rebuilt from the areas.
 *
 * Two counts: mm_users is the number of tasks that run in this address space;
 * when it falls to 0 the areas and pages go.  mm_count is the number of those
 * who need the structure itself: all users together count one, and a kernel
 * thread that borrows the page tables (active_mm) counts one.
 *
 * Locking: mmap_sem [s] guards the areas: read to look and to fault, write to
 * change.  page_table_lock [t] guards page-table entries and the counters.
 * Order: mmap_sem > i_mmap_lock > anon_vma->lock > page_table_lock > zone->lock.
 */
#ifndef OCTAVO_MM_TYPES_MM_TYPES_H
#define OCTAVO_MM_TYPES_MM_TYPES_H

#include <kernel/arch/atomic.h>
#include <kernel/arch/pgtable.h>
#include <kernel/core/refcount.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/spinlock.h>
#include <lib/interval_tree.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/types/gfp.h>
#include <mm/types/page.h>

struct file;
struct anon_way;
struct mempolicy;
struct mm_struct;
struct vm_area_struct;

/* How a fault ended. */
typedef enum {
	VM_FAULT_MINOR,		/* done, no I/O */
	VM_FAULT_MAJOR,		/* done, a device was read */
	VM_FAULT_SIGBUS,	/* nothing there: beyond the file's end, I/O error */
	VM_FAULT_SIGSEGV,
	VM_FAULT_OOM,
	VM_FAULT_RETRY,		/* the state changed while waiting: start again */
	VM_FAULT_NOPAGE,	/* from ->fault alone: it has made the entry itself */
} vm_fault_t;

/* handle_mm_fault() and vm_operations: why. */
#define FAULT_FLAG_WRITE	0x01u
#define FAULT_FLAG_USER		0x02u
#define FAULT_FLAG_EXEC		0x04u

struct vm_fault {
	unsigned int flags;		/* FAULT_FLAG_* */
	unsigned long address;		/* page-aligned */
	unsigned long pgoff;		/* page index in the file */
	struct page *page;		/* out: a page with a reference for the caller */
};

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *area);	/* a copy was made: fork, split */
	void (*close)(struct vm_area_struct *area);
	/* => mmap_sem held for reading, may sleep; leaves vmf->page referenced and uptodate;
	   or enters it by vm_insert_*(): VM_FAULT_NOPAGE */
	vm_fault_t (*fault)(struct vm_area_struct *area, struct vm_fault *vmf);
	void (*mremap)(struct vm_area_struct *area);	/* mremap has moved what was elsewhere here */
	/* a shared page is about to become writable */
	int (*page_mkwrite)(struct vm_area_struct *area, struct page *page);
	const char *(*name)(struct vm_area_struct *area);	/* for /proc/PID/maps */
};

/* vm_flags: Linux's values (smaps prints them). */
#define VM_READ		0x00000001UL
#define VM_WRITE	0x00000002UL
#define VM_EXEC		0x00000004UL
#define VM_SHARED	0x00000008UL
#define VM_MAYREAD	0x00000010UL	/* mprotect may turn these on */
#define VM_MAYWRITE	0x00000020UL
#define VM_MAYEXEC	0x00000040UL
#define VM_MAYSHARE	0x00000080UL
#define VM_GROWSDOWN	0x00000100UL
#define VM_PFNMAP	0x00000400UL	/* raw frames, no struct page counted */
#define VM_LOCKED	0x00002000UL
#define VM_IO		0x00004000UL
#define VM_SEQ_READ	0x00008000UL
#define VM_RAND_READ	0x00010000UL
#define VM_DONTCOPY	0x00020000UL
#define VM_DONTEXPAND	0x00040000UL
#define VM_LOCKONFAULT	0x00080000UL	/* mlock2: locked as they come */
#define VM_ACCOUNT	0x00100000UL	/* charged to Committed_AS */
#define VM_NORESERVE	0x00200000UL
#define VM_WIPEONFORK	0x02000000UL	/* the child finds zeros */
#define VM_DONTDUMP	0x04000000UL	/* not in a core dump */
#define VM_SOFTDIRTY	0x08000000UL	/* new: all its pages count as written (pagemap.c) */
#define VM_HUGEPAGE	0x20000000UL	/* advice of the program: huge_memory.c */
#define VM_NOHUGEPAGE	0x40000000UL
#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP)	/* never joined, never locked */
#define VM_STACK_FLAGS	(VM_GROWSDOWN | VM_READ | VM_WRITE | VM_EXEC | \
			 VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT | VM_SOFTDIRTY)

struct vm_area_struct {
	/* the lookup's line */
	unsigned long vm_start;			/* [s] first byte */
	unsigned long vm_end;			/* [s] first byte after */
	struct rb_node vm_rb;			/* [s] */
	struct mm_struct *vm_mm;		/* [c] */
	unsigned long vm_flags;			/* [s] VM_* */
	pgprot_t vm_page_prot;			/* [s] rights for its entries */
	const struct vm_operations_struct *vm_ops; /* [s] NULL: anonymous memory */
	unsigned long vm_pgoff;			/* [s] offset of vm_start in the file, pages;
						   anonymous: vm_start's page number at birth */
	struct file *vm_file;			/* [s] a reference, or NULL */
	struct vm_area_struct *vm_next, *vm_prev; /* [s] */
	struct mempolicy *vm_policy;		/* [s] a reference; NULL: the task's */
	void *vm_private_data;			/* the driver's */
	unsigned long swap_ra;			/* [racy] what was read ahead from swap: swap_readahead.c */
	/* from here on a copy has its own */
	struct interval_tree_node shared;	/* [i_mmap_lock] in address_space.i_mmap, by vm_pgoff */
	struct anon_way *anon_way;		/* [s, and t to set] to its anonymous pages, or NULL */
};

/* Of the areas on an i_mmap those that map a page of [start, last]. => i_mmap_lock held */
#define vma_interval_tree_first(root, start, last)					\
	rb_entry_safe(interval_tree_first(root, start, last), struct vm_area_struct, shared)
#define vma_interval_tree_next(vma, start, last)					\
	rb_entry_safe(interval_tree_next(&(vma)->shared, start, last),			\
		      struct vm_area_struct, shared)
#define vma_interval_tree_foreach(vma, root, start, last)				\
	for ((vma) = vma_interval_tree_first(root, start, last); (vma);			\
	     (vma) = vma_interval_tree_next(vma, start, last))

/* Can @vma have anonymous pages? */
static inline bool vma_has_anon(const struct vm_area_struct *vma)
{
	return vma->anon_way;
}

/* Kinds of resident pages, and swapped ones. */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/* mm_struct.flags: numbers of bits; MMF_INIT_MASK: those kept over fork and exec. */
#define MMF_OOM_SKIP	21	/* the OOM killer has nothing more to hope for here */
#define MMF_UNSTABLE	22	/* private pages have been taken away: what is read is not what was written */
#define MMF_DISABLE_THP	24	/* no huge pages, please */
#define MMF_OOM_VICTIM	25	/* everybody in it was killed to free it */
#define MMF_INIT_MASK	(1UL << MMF_DISABLE_THP)

#define AT_VECTOR_SIZE	48	/* words: pairs of the ELF auxiliary vector */

struct mm_struct {
	struct vm_area_struct *mmap;		/* [s] list, by address */
	struct rb_root mm_rb;			/* [s] */
	struct vm_area_struct *mmap_cache;	/* [s, racy hint under read] found last */
	pgd_t *pgd;				/* [c] page directory, virtual */
	unsigned long sysenter_return;		/* [c after exec] where SYSEXIT goes, in the vDSO */
	unsigned long vdso;			/* [c after exec] where the vDSO is, 0: nowhere */
	refcount_t mm_users;			/* [a] tasks, see above */
	atomic_t mm_count;			/* [a] references to this struct */
	int map_count;				/* [s] areas */
	struct rw_semaphore mmap_sem;
	spinlock_t page_table_lock;
	unsigned long rss_stat[NR_MM_COUNTERS];	/* [t] pages */
	unsigned long hiwater_rss;		/* [t] pages */
	unsigned long hiwater_vm;		/* [s] pages */
	unsigned long nr_ptes;			/* [t] page tables */
	unsigned long total_vm;			/* [s] pages */
	unsigned long locked_vm, data_vm, exec_vm, stack_vm; /* [s] pages */
	unsigned long mmap_base;		/* [c] the mmap area begins here, and grows down */
	bool mmap_legacy;			/* [c] ... or up */
	unsigned long free_area_cache;		/* [s] where the last search ended */
	unsigned long cached_hole_size;		/* [s] largest hole above it that was passed over */
	unsigned long start_code, end_code, start_data, end_data;	/* [s] */
	unsigned long start_brk, brk, start_stack;			/* [s] */
	unsigned long arg_start, arg_end, env_start, env_end;		/* [s] */
	unsigned long saved_auxv[AT_VECTOR_SIZE];			/* [c after exec] */
	unsigned long def_flags;		/* [s] mlockall(MCL_FUTURE) */
	unsigned long flags;			/* [a] MMF_* */
	unsigned long cpu_vm_mask;		/* [a] CPUs that may hold its TLB entries */
	struct file *exe_file;			/* [s] for /proc/PID/exe */
	struct anon_way *anon_way;		/* [s, and t to set] to those that lie as at birth */
	struct list_head mmlist;		/* [mmlist_lock] all address spaces */
	/* counted for those who look */
	unsigned long nr_find_vma, nr_mmap_cache_hits;	/* racy, statistics */
};
static_assert(__builtin_offsetof(struct mm_struct, pgd) == 12, "scripts/gdb/mm.py, cr3 switch");

extern struct mm_struct init_mm;

static inline unsigned long get_mm_counter(struct mm_struct *mm, int member)
{
	return mm->rss_stat[member];
}
static inline unsigned long get_mm_rss(struct mm_struct *mm)
{
	return mm->rss_stat[MM_FILEPAGES] + mm->rss_stat[MM_ANONPAGES] +
	       mm->rss_stat[MM_SHMEMPAGES];
}
/* rss is about to fall. => page_table_lock held */
static inline void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}

#endif
