/*
 * mm/space/mmap.h - address spaces and their areas: finding, making, cutting.
 *
 * See mmap.c for the theory.  Names and signatures are Linux's; functions that
 * make areas work on current->mm, those that take them away on the mm given.
 *
 * Locking: "[s] read" or "[s] write" in a contract means that the caller holds
 * mm->mmap_sem that way.
 */
#ifndef OCTAVO_MM_SPACE_MMAP_H
#define OCTAVO_MM_SPACE_MMAP_H

#include <kernel/core/sched.h>
#include <kernel/uapi/mman.h>
#include <kernel/uapi/personality.h>
#include <mm/phys/commit.h>
#include <mm/phys/vmstat.h>
#include <mm/types/mm_types.h>

struct address_space;

/* --- struct mm_struct: mm_struct.c ----------------------------------------------------------- */

/*
 * A new, empty address space with the kernel's half mapped.
 * => may sleep; mm_users = mm_count = 1; NULL: no memory
 */
struct mm_struct *mm_alloc(void);
/*
 * A copy for fork: areas copied, private pages shared for copy on write.
 * => may sleep; takes oldmm->mmap_sem for writing; NULL: no memory
 */
struct mm_struct *dup_mm(struct mm_struct *oldmm);
/* Drop a user; the last one tears the areas down. => may sleep, mmap_sem not held */
void mmput(struct mm_struct *mm);
/* Drop a reference to the struct; the last one frees it and its page directory. */
void __mmdrop(struct mm_struct *mm);
static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}
static inline void mmget(struct mm_struct *mm)
{
	refcount_inc(&mm->mm_users);
}
static inline void mmdrop(struct mm_struct *mm)
{
	if (atomic_dec_and_test(&mm->mm_count))
		__mmdrop(mm);
}

/*
 * Guards task->mm of *other* tasks: who changes a live task's mm (exec, exit)
 * holds it, and so does get_task_mm().  Innermost, never held long.
 */
extern spinlock_t task_mm_lock;
/* => @tsk's address space with a user reference (mmput it), or NULL: kernel thread, exiting */
struct mm_struct *get_task_mm(struct task_struct *tsk);

/*
 * A kernel thread puts on, and takes off, a user address space: it can then use
 * copy_to_user and take page faults there.
 * => may sleep; current must be a kernel thread; the caller keeps mm_users up
 */
void use_mm(struct mm_struct *mm);
void unuse_mm(struct mm_struct *mm);

/* All areas and pages go. => mm_users is 0, or nobody else can reach @mm */
void exit_mmap(struct mm_struct *mm);

extern struct list_head mmlist;		/* [mmlist_lock] all address spaces but init_mm */
extern spinlock_t mmlist_lock;
/*
 * The next address space that somebody uses, behind @mm (NULL: the first), whose user reference
 * is dropped. => may sleep; with a user reference, or NULL: there are no more
 */
struct mm_struct *next_mm(struct mm_struct *mm);

/* At boot, after kmem_cache_init(). */
void mmap_init(void);

/* --- areas: vma.c ---------------------------------------------------------------------------- */

/* => may sleep; an area filled with zeros but for vm_mm; NULL: no memory */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
/* => the same; a copy of @old, not linked anywhere, without references of its own */
struct vm_area_struct *vm_area_dup(const struct vm_area_struct *old);
/* The memory only: references it held are the caller's. */
void vm_area_free(struct vm_area_struct *vma);

/* The first area that ends above @addr, or NULL. => [s] read */
struct vm_area_struct *__find_vma(struct mm_struct *mm, unsigned long addr);
static inline struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = mm->mmap_cache;

	mm->nr_find_vma++;
	if (likely(vma && vma->vm_end > addr && vma->vm_start <= addr)) {
		mm->nr_mmap_cache_hits++;
		count_vm_event(VMACACHE_FIND_HITS);
		return vma;
	}
	return __find_vma(mm, addr);
}
/* As find_vma; *@pprev = the last area that lies wholly below, or NULL. */
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev);
/* The first area with a byte in [start, end), or NULL. => [s] read */
static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
							   unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && end > vma->vm_start ? vma : NULL;
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}
/* The page index in its file of @addr, which lies in @vma. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/*
 * Put a filled-in area into @mm (exec's stack, tests).
 * => [s] write; 0, or -ENOMEM: overlap; does not change total_vm (vm_stat_account does)
 */
int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma);
/*
 * Let [addr, end) with these attributes join the area before (@prev), after, or both.
 * => [s] write; the range is free of other areas, or wholly inside one that is changing
 *    (mprotect); @src: whose anonymous pages lie, or are to lie, there, or NULL; may sleep;
 *    returns the area that now covers it, or NULL: no neighbour fits
 */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev,
				 unsigned long addr, unsigned long end, unsigned long vm_flags,
				 struct file *file, unsigned long pgoff, struct mempolicy *pol,
				 struct vm_area_struct *src);
/*
 * Cut @vma in two at @addr; @new_below: the new struct is the lower part.
 * => [s] write; may sleep; 0 or -ENOMEM (memory, or max_map_count)
 */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);
/* The same without a look at max_map_count, for who takes areas away right after. */
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		int new_below);
/*
 * Give [start, end), a part of @vma behind @prev (@vma itself if the part is not its beginning),
 * @newflags and the policy @pol: it joins a neighbour, or is cut out.
 * => [s] write; may sleep; the area that ends at @end or behind, or ERR_PTR(-ENOMEM);
 *    takes a reference to @pol of its own; entries and vm_page_prot are the caller's
 */
struct vm_area_struct *vma_modify(struct vm_area_struct *prev, struct vm_area_struct *vma,
				  unsigned long start, unsigned long end, unsigned long newflags,
				  struct mempolicy *pol);
/* Move an area's borders; neighbours must leave room. => [s] write */
void vma_adjust(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		unsigned long pgoff);
/* Take @vma off list and tree. => [s] write; the struct stays the caller's */
void detach_vma(struct mm_struct *mm, struct vm_area_struct *vma);
/* Let go of what a detached area, off i_mmap too, refers to, and free it. => may sleep */
void remove_vma(struct vm_area_struct *vma);

/* The rights in page-table entries for vm_flags' lower four bits. */
pgprot_t vm_get_page_prot(unsigned long vm_flags);

/*
 * Prove @mm: see mm_check.c.
 * => [s] read; returns the number of lies, each printed
 */
int mm_check(struct mm_struct *mm);
/* The part of it that needs no page tables. */
int mm_check_areas(struct mm_struct *mm);
/* mm_check() for every address space. => may sleep, no mmap_sem held; 0 or -EINVAL */
int mm_check_all(void);
void mm_check_init(void);

/* --- mapping: mmap.c ------------------------------------------------------------------------- */

#define DEFAULT_MAX_MAP_COUNT	65530
extern int sysctl_max_map_count;
/* Bytes kept free below a stack: stack_guard_gap=PAGES on the command line, else 256. */
#define STACK_GUARD_GAP		256UL
extern unsigned long stack_guard_gap;	/* [c] */
/* How far a random stack may begin below the top; and by how much mmap_base moves. */
#define STACK_MAXRANDOM		(8UL << 20)
#define MMAP_RND_PAGES		256UL
/*
 * Bytes: no hint leads below the first, which is never less than its default; below the second,
 * /proc/sys/vm/mmap_min_addr, only the superuser maps anything, by MAP_FIXED.  Read without a lock.
 */
#define DEFAULT_MMAP_MIN_ADDR	(16 * PAGE_SIZE)
extern unsigned long mmap_min_addr, dac_mmap_min_addr;
/* Where areas begin if they are placed upwards. */
#define TASK_UNMAPPED_BASE	PAGE_ALIGN(TASK_SIZE / 3)

/* PROT_* and MAP_* -> VM_*. */
unsigned long calc_vm_prot_bits(unsigned long prot);
unsigned long calc_vm_flag_bits(unsigned long flags);
/* Does the caller's personality add PROT_EXEC to @prot, where that may be had? */
static inline bool read_implies_exec(unsigned long prot)
{
	return (prot & PROT_READ) && (current->personality & READ_IMPLIES_EXEC);
}

/* Where mmap may put @len bytes. => [s] write; page-aligned address or -errno */
unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags);
extern int sysctl_legacy_va_layout;
/* Lay out a fresh mm for exec: mmap_base below a stack of at most RLIMIT_STACK. */
void arch_pick_mmap_layout(struct mm_struct *mm);

/* mmap on current->mm. => [s] write; may sleep; the address, or -errno */
unsigned long do_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, unsigned long pgoff);
/* As above with a byte offset, which must be page-aligned. */
unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len,
		      unsigned long prot, unsigned long flags, unsigned long offset);
/* => takes mmap_sem; may sleep; 0 or -errno */
long do_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot,
			 unsigned long pgoff, unsigned long flags);
/* => [s] write; may sleep; 0 or -errno */
int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len);
/* Anonymous memory at a fixed place of current->mm (heap, bss). => [s] write; @addr or -errno */
unsigned long do_brk(unsigned long addr, unsigned long len);
/*
 * exec: the stack area, @bytes below @top, growing down.
 * => takes mmap_sem; 0 or -errno
 */
int setup_stack_vma(struct mm_struct *mm, unsigned long top, unsigned long bytes);
/* Let a stack reach down to @address. => [s] read or write; may sleep; 0 or -ENOMEM */
int expand_stack(struct vm_area_struct *vma, unsigned long address);
/* May the caller lock memory at all; and more than RLIMIT_MEMLOCK (CAP_IPC_LOCK)? */
bool can_do_mlock(void);
bool capable_ipc_lock(void);
/* => 0, or -EAGAIN: @npages more locked ones would be too many for the caller */
int check_mlock_limit(struct mm_struct *mm, unsigned long npages);
/* Room for @npages more under RLIMIT_AS and, if @vm_flags make them data, RLIMIT_DATA? */
int may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long npages);
/* total_vm and its parts, by @pages (may be negative). => [s] write, or expand_stack */
void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long pages);

/* --- mprotect.c, mremap.c, madvise.c, mlock.c ------------------------------------------------- */

/* => take mmap_sem themselves; may sleep; current->mm */
long do_mprotect(unsigned long start, unsigned long len, unsigned long prot);
long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
	       unsigned long flags, unsigned long new_addr);
long do_madvise(unsigned long start, unsigned long len, int behavior);
long do_mlock(unsigned long start, unsigned long len, unsigned long lock);
void mlock_init(void);
/* Prove PG_mlocked and NR_MLOCK. => lies, printed */
int mlock_check(void);
long do_munlock(unsigned long start, unsigned long len);
long do_mlockall(int flags);
long do_munlockall(void);
long do_msync(unsigned long start, unsigned long len, int flags);
/* @vec: a user address, one byte for each page */
long do_mincore(unsigned long start, unsigned long len, unsigned char *vec);
/* May the caller learn, and change, what of @vma's file is in memory?  Its owner may, and who may write to it. */
bool may_handle_cache(const struct vm_area_struct *vma);

/* PR_SET_THP_DISABLE: huge_memory.c. => takes mmap_sem */
void set_thp_disabled(struct mm_struct *mm, bool disabled);

/* --- commitment: accounting.c, mm/phys/commit.h ------------------------------------------------ */

/*
 * Prove Committed_AS: the areas of all address spaces and the objects of tmpfs add up to it.
 * => may sleep; 0, or -EINVAL, printed: they do not, though nobody seems to map anything now
 */
int vm_commit_check(void);
void vm_accounting_init(void);
/* Is a mapping with these VM_* flags a promise of memory (VM_ACCOUNT)? */
static inline bool accountable_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

#endif
