/*
 * mm/space/mm_struct.c - the life of an address space.
 *
 * Theory.  An mm_struct is born empty (exec) or as a copy (fork), is used by
 * tasks (mm_users) and borrowed by kernel threads (mm_count), and dies in two
 * steps: with the last user all areas and pages go, with the last reference the
 * struct and its page directory.  The second step may be later, because a
 * kernel thread that runs on borrowed page tables must not have the directory
 * freed under it.
 *
 *	mm_alloc, dup_mm	mm_users = 1, mm_count = 1
 *	mmget ... mmput		users; at 0: exit_mmap(), then mmdrop()
 *	mmgrab ... mmdrop	references; at 0: free
 *
 * init_mm is the kernel's own: no areas, swapper_pg_dir, never freed.
 *
 * Locking: mmlist_lock guards mmlist; task_mm_lock guards task->mm against
 * readers in other tasks.  Both are innermost.
 */
#include <mm/space/mmap.h>
#include <mm/space/swap_fault.h>

#include <kernel/arch/irqflags.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/cmdline.h>
#include <kernel/fs/fs.h>
#include <lib/string.h>
#include <mm/cache/anon_vma.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/slab.h>
#include <mm/space/memory.h>
#include <mm/space/vma.h>
#include <mm/types/mmu_context.h>

struct mm_struct init_mm = {
	.mm_rb		= { NULL },
	.pgd		= swapper_pg_dir,
	.mm_users	= REFCOUNT_INIT(2),
	.mm_count	= ATOMIC_INIT(1),
	.mmap_sem	= __RWSEM_INITIALIZER(init_mm.mmap_sem),
	.page_table_lock = __SPIN_LOCK_INIT(init_mm.page_table_lock),
	.mmlist		= LIST_HEAD_INIT(init_mm.mmlist),
};

LIST_HEAD(mmlist);
DEFINE_SPINLOCK(mmlist_lock);
DEFINE_SPINLOCK(task_mm_lock);

static struct kmem_cache *mm_cachep;	/* [c] */

/* What is the same for a new and a copied mm. => 0 or -ENOMEM; no pgd then */
static int mm_init(struct mm_struct *mm)
{
	refcount_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	init_rwsem(&mm->mmap_sem);
	spin_lock_init(&mm->page_table_lock);
	mm->mmap = NULL;
	mm->mm_rb = RB_ROOT;
	mm->mmap_cache = NULL;
	mm->anon_way = NULL;
	mm->map_count = 0;
	mm->nr_ptes = 0;
	mm->cpu_vm_mask = 0;
	mm->locked_vm = 0;
	mm->nr_find_vma = 0;
	mm->nr_mmap_cache_hits = 0;
	mm->flags &= MMF_INIT_MASK;
	memset(mm->rss_stat, 0, sizeof(mm->rss_stat));
	mm->pgd = pgd_alloc(mm);
	return mm->pgd ? 0 : -ENOMEM;
}

/* From now on next_mm() finds it: its areas are what its sums say. */
static void mm_publish(struct mm_struct *mm)
{
	spin_lock(&mmlist_lock);
	list_add_tail(&mm->mmlist, &mmlist);
	spin_unlock(&mmlist_lock);
}

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cachep, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (mm_init(mm)) {
		kmem_cache_free(mm_cachep, mm);
		return NULL;
	}
	mm->free_area_cache = mm->mmap_base = TASK_SIZE;
	if (current->mm)
		mm->flags = current->mm->flags & MMF_INIT_MASK;
	mm_publish(mm);
	return mm;
}

void __mmdrop(struct mm_struct *mm)
{
	BUG_ON(mm == &init_mm);
	pgd_free(mm, mm->pgd);
	kmem_cache_free(mm_cachep, mm);
}

void mmput(struct mm_struct *mm)
{
	bool oom_victim;

	if (!refcount_dec_and_test(&mm->mm_users))
		return;
	oom_victim = test_bit(MMF_OOM_VICTIM, &mm->flags);
	if (unlikely(oom_victim)) {
		/* The oom reaper may be at it; later it will see that there are no users. */
		down_write(&mm->mmap_sem);
		up_write(&mm->mmap_sem);
	}
	VM_WARN_ON(mm_check(mm));
	exit_mmap(mm);
	if (unlikely(oom_victim))
		set_bit(MMF_OOM_SKIP, &mm->flags);
	if (mm->cpu_vm_mask)
		flush_tlb_mm(mm);	/* nobody borrows it any more */
	spin_lock(&mmlist_lock);
	list_del(&mm->mmlist);
	spin_unlock(&mmlist_lock);
	if (mm->exe_file)
		fput(mm->exe_file);
	mm->exe_file = NULL;
	mmdrop(mm);
}

struct mm_struct *next_mm(struct mm_struct *mm)
{
	struct list_head *pos;
	struct mm_struct *next = NULL;

	spin_lock(&mmlist_lock);
	pos = mm ? mm->mmlist.next : mmlist.next;
	for (; pos != &mmlist && !next; pos = pos->next) {
		next = list_entry(pos, struct mm_struct, mmlist);
		if (!refcount_inc_not_zero(&next->mm_users))
			next = NULL;
	}
	spin_unlock(&mmlist_lock);
	if (mm)
		mmput(mm);
	return next;
}

struct mm_struct *get_task_mm(struct task_struct *tsk)
{
	struct mm_struct *mm;

	spin_lock(&task_mm_lock);
	mm = tsk->flags & PF_KTHREAD ? NULL : tsk->mm;
	if (mm)
		mmget(mm);
	spin_unlock(&task_mm_lock);
	return mm;
}

/* The pages that a copy is to be charged for, and those of the largest area. */
struct fork_charge {
	long pages, largest;
};

/*
 * Copy one area of @oldmm, and what its page tables hold, behind @prev.
 * => its pages, if they are to be charged, are added to *charge as soon as @mm has them; it, or NULL
 */
static struct vm_area_struct *dup_vma(struct mm_struct *mm, struct mm_struct *oldmm,
				      struct vm_area_struct *old, struct vm_area_struct *prev,
				      struct fork_charge *charge)
{
	struct vm_area_struct *vma = vm_area_dup(old);

	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	if (!(old->vm_flags & VM_WIPEONFORK) && anon_vma_fork(vma, old, prev)) {
		vm_area_free(vma);
		return NULL;
	}
	if (old->vm_flags & VM_ACCOUNT) {
		charge->pages += (long)vma_pages(old);
		charge->largest = max(charge->largest, (long)vma_pages(old));
	}
	vma->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	if (vma->vm_file)
		get_file(vma->vm_file);
	vma_append(mm, vma, prev, old);
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
	if (unlikely(vma->vm_flags & VM_WIPEONFORK))
		return vma;
	return copy_page_range(mm, oldmm, old) ? NULL : vma;
}

/* => oldmm->mmap_sem held for writing; 0 or -ENOMEM with @mm half built but consistent */
static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *old, *vma, *prev = NULL;
	struct fork_charge charge = { 0 };

	for (old = oldmm->mmap; old; old = old->vm_next) {
		if (old->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, old->vm_flags, -(long)vma_pages(old));
			forget_free_area(mm, old->vm_end);
			continue;
		}
		vma = dup_vma(mm, oldmm, old, prev, &charge);
		if (!vma)
			break;
		prev = vma;
	}
	vma_build_tree(mm);
	if (!old && !vm_enough_for_areas(oldmm, charge.pages, charge.largest))
		return 0;
	/* Granted or not: mmput(@mm) gives back what its areas say.  Nor are the sums the parent's. */
	vm_acct_memory(charge.pages);
	mm->total_vm = mm->data_vm = mm->exec_vm = mm->stack_vm = 0;
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		vm_stat_account(mm, vma->vm_flags, (long)vma_pages(vma));
	forget_free_area(mm, mm->mmap_base);
	return -ENOMEM;
}

struct mm_struct *dup_mm(struct mm_struct *oldmm)
{
	struct mm_struct *mm = kmem_cache_alloc(mm_cachep, GFP_KERNEL);
	int err;

	if (!mm)
		return NULL;
	down_write(&oldmm->mmap_sem);
	(memcpy)(mm, oldmm, sizeof(*mm));	/* see vm_area_dup() */
	if (mm_init(mm)) {
		up_write(&oldmm->mmap_sem);
		kmem_cache_free(mm_cachep, mm);
		return NULL;
	}
	mm->def_flags = 0;
	if (mm->exe_file)
		get_file(mm->exe_file);
	flush_cache_mm(oldmm);
	err = dup_mmap(mm, oldmm);
	flush_tlb_mm(oldmm);		/* its private pages are read-only now */
	up_write(&oldmm->mmap_sem);
	mm_publish(mm);
	if (err) {
		mmput(mm);
		return NULL;
	}
	mm->hiwater_rss = get_mm_rss(mm);
	mm->hiwater_vm = mm->total_vm;
	return mm;
}

void use_mm(struct mm_struct *mm)
{
	struct mm_struct *borrowed;
	unsigned long flags;

	BUG_ON(current->mm);
	mmgrab(mm);
	local_irq_save(flags);
	borrowed = current->active_mm;
	current->mm = mm;
	current->active_mm = mm;
	switch_mm(borrowed, mm);
	local_irq_restore(flags);
	mmdrop(borrowed);
}

void unuse_mm(struct mm_struct *mm)
{
	unsigned long flags;

	BUG_VAL(current->mm != mm, current->mm, mm);
	mmgrab(&init_mm);
	local_irq_save(flags);
	current->mm = NULL;
	current->active_mm = &init_mm;
	switch_mm(mm, &init_mm);
	local_irq_restore(flags);
	mmdrop(mm);
}

void __init mmap_init(void)
{
	mm_cachep = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 0,
				      SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	vma_cache_init();
	stack_guard_gap = (unsigned long)cmdline_get_int("stack_guard_gap", STACK_GUARD_GAP) <<
			  PAGE_SHIFT;
	vm_accounting_init();
	mm_check_init();
	swap_users_init();
	mlock_init();
}
