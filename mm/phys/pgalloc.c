/*
 * mm/phys/pgalloc.c - pages for page tables, kept at hand on quicklists.
 *
 * Theory.  A fork needs a page directory and a few page tables, all zeros in
 * their user parts; the exit that follows gives back the same, and they *are*
 * zeros then, because the pages they mapped have been unmapped one by one.  To
 * free them, and clear them again for the next fork, would cost a thousand
 * instructions each.  So each CPU keeps them on two lists, linked through their
 * first word, which is put back to zero when a page leaves the list.
 *
 * One list is for page tables, the other for directories: the only one of two
 * levels, or the middle ones of three.  (The top one of three is 32 bytes.)
 *
 * A directory of two levels keeps its kernel part on the list.  It may be older than
 * swapper_pg_dir's by some vmalloc entries: those are entered at a fault
 * (vmalloc_fault), as in any directory that is older than the entry.  These
 * entries only come, they never change or go, so nothing in it is wrong.  An
 * entry of the direct map changes when a large page is split (pageattr.c): so
 * all directories, those on quicklists too, are on pgd_list, and set_kernel_pmd()
 * stores into each.
 *
 * Beyond PGT_CACHE_HIGH pages, check_pgt_cache() frees down to PGT_CACHE_LOW;
 * pgd_free() calls it, as the end of a process is when the lists grow.  Reclaim
 * empties them.
 *
 * ->private of a PG_table page: 0 in use, 1 on a quicklist.
 *
 * Locking: pgd_lock guards pgd_list, and keeps a directory that is being filled
 * from missing a change.  The quicklists belong to their CPU.  Interrupts are off for the few steps
 * at their heads, because a processor that wants all lists emptied
 * (drain_pgt_cache) asks the others by an interrupt.  __pte_alloc() allocates
 * first (it may sleep) and then looks again under page_table_lock, for somebody
 * else may have been faster:
 *
 *	fault, thread 1			fault, thread 2
 *	pmd empty			pmd empty
 *	allocate, sleep			allocate
 *					lock, pmd empty: enter, unlock
 *	lock, pmd there: unlock,
 *	  give the page back
 */
#include <mm/phys/pgalloc.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/bug.h>
#include <kernel/core/percpu.h>
#include <kernel/core/printk.h>
#include <kernel/core/smp.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmstat.h>

struct quicklist {
	unsigned long *head;		/* [cpu] first page; its first word is the link */
	unsigned int nr;		/* [cpu] pages */
};

struct pgt_cache {
	struct quicklist dir, pte;
};
static DEFINE_PER_CPU(struct pgt_cache, pgt_cache);

/* Kernel directory entries are made under this lock; they are read without. */
static DEFINE_SPINLOCK(kernel_pmd_lock);

/* Two levels: the directories besides swapper_pg_dir, by page->lru.  Handlers shorten it. */
static LIST_HEAD(pgd_list);
static DEFINE_SPINLOCK(pgd_lock);

enum { TABLE_IN_USE, TABLE_QUICK };	/* page->private */

/* => the page taken last by @list, which is this CPU's, or NULL */
static void *quicklist_get(struct quicklist *list)
{
	unsigned long *table, save;
	struct page *page;

	local_irq_save(save);
	table = list->head;
	if (table) {
		list->head = (unsigned long *)*table;
		list->nr--;
	}
	local_irq_restore(save);
	if (!table)
		return NULL;
	*table = 0;
	page = virt_to_page(table);
	page->private = TABLE_IN_USE;
	inc_zone_page_state(page, NR_PAGETABLE);
	return table;
}

static void quicklist_put(struct quicklist *list, void *table)
{
	struct page *page = virt_to_page(table);
	unsigned long save;

	VM_BUG_ON(!PageTable(page) || page->private != TABLE_IN_USE);
	page->private = TABLE_QUICK;
	dec_zone_page_state(page, NR_PAGETABLE);
	local_irq_save(save);
	*(unsigned long *)table = (unsigned long)list->head;
	list->head = table;
	list->nr++;
	local_irq_restore(save);
}

/* A directory of two levels goes. */
static void pgd_leave(struct page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&pgd_lock, flags);
	list_del(&page->lru);
	spin_unlock_irqrestore(&pgd_lock, flags);
}

void set_kernel_pmd(unsigned long address, pmd_t pmd)
{
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&pgd_lock, flags);
	set_pmd(pmd_offset(pgd_offset_k(address), address), pmd);
	if (!SHARED_KERNEL_PMD)
		list_for_each_entry(page, &pgd_list, lru) {
			pgd_t *pgd = lowmem_page_address(page);

			set_pmd(pmd_offset(pgd + pgd_index(address), address), pmd);
		}
	spin_unlock_irqrestore(&pgd_lock, flags);
}

/* A new page becomes a table. */
static void *table_page_alloc(gfp_t gfp)
{
	struct page *page = alloc_page(gfp);

	if (!page)
		return NULL;
	__SetPageTable(page);
	inc_zone_page_state(page, NR_PAGETABLE);
	return lowmem_page_address(page);
}

/*
 * Take pages off @list, this CPU's, back to the page allocator, until it has @left.
 * => any context; pages freed
 */
static unsigned int quicklist_trim(struct quicklist *list, unsigned int left)
{
	bool listed = !SHARED_KERNEL_PMD && list == &this_cpu_ptr(&pgt_cache)->dir;
	unsigned int freed = 0;

	while (READ_ONCE(list->nr) > left) {
		unsigned long *table = quicklist_get(list);
		struct page *page;

		/* An interrupt has emptied the list. */
		if (!table)
			break;
		page = virt_to_page(table);
		dec_zone_page_state(page, NR_PAGETABLE);
		if (listed)
			pgd_leave(page);
		__ClearPageTable(page);
		__free_page(page);
		freed++;
	}
	return freed;
}

#ifdef CONFIG_DEBUG
static void assert_table_clear(const void *table, unsigned int words)
{
	const u32 *word = table;
	unsigned int i;

	for (i = 0; i < words; i++)
		BUG_VAL(word[i], i, word[i]);
}
#else
static inline void assert_table_clear(const void *table, unsigned int words)
{
	(void)table;
	(void)words;
}
#endif

#ifdef CONFIG_X86_PAE

static struct kmem_cache *pgd_cachep;	/* [c] */

void __init pgtable_cache_init(void)
{
	pgd_cachep = kmem_cache_create("pgd", PTRS_PER_PGD * sizeof(pgd_t),
				       PTRS_PER_PGD * sizeof(pgd_t), SLAB_PANIC, NULL);
}

/* A middle directory, all zeros. => may sleep; NULL: no memory */
static pmd_t *pmd_alloc_one(void)
{
	pmd_t *pmd = quicklist_get(&this_cpu_ptr(&pgt_cache)->dir);

	if (pmd) {
		count_vm_event(PMD_QUICKLIST_HITS);
		return pmd;
	}
	pmd = table_page_alloc(GFP_KERNEL | __GFP_ZERO);
	if (pmd)
		count_vm_event(PMD_QUICKLIST_MISSES);
	return pmd;
}

/* => all zeros */
static void pmd_free(pmd_t *pmd)
{
	assert_table_clear(pmd, PAGE_SIZE / sizeof(u32));
	quicklist_put(&this_cpu_ptr(&pgt_cache)->dir, pmd);
}

/* The middle directories of the first @nr gigabytes go, and the top table. */
static void free_directories(pgd_t *pgd, unsigned int nr)
{
	while (nr--)
		pmd_free(pmd_offset(pgd + nr, 0));
	kmem_cache_free(pgd_cachep, pgd);
}

pgd_t *pgd_alloc(struct mm_struct *mm)
{
	pgd_t *pgd = kmem_cache_alloc(pgd_cachep, GFP_KERNEL);
	unsigned int i;

	(void)mm;
	if (!pgd)
		return NULL;
	for (i = 0; i < USER_PTRS_PER_PGD; i++) {
		pmd_t *pmd = pmd_alloc_one();

		if (!pmd) {
			free_directories(pgd, i);
			return NULL;
		}
		set_pgd(pgd + i, __pgd(__pa(pmd) | _PAGE_PRESENT));
	}
	memcpy(pgd + USER_PTRS_PER_PGD, swapper_pg_dir + USER_PTRS_PER_PGD,
	       KERNEL_PGD_PTRS * sizeof(pgd_t));
	return pgd;
}

void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	(void)mm;
	free_directories(pgd, USER_PTRS_PER_PGD);
	check_pgt_cache();
}

#else

void __init pgtable_cache_init(void)
{
}

/* A directory gets its kernel part, and whatever changes there from now on. */
static void pgd_enter(pgd_t *pgd)
{
	unsigned long flags;

	spin_lock_irqsave(&pgd_lock, flags);
	memcpy(pgd + USER_PTRS_PER_PGD, swapper_pg_dir + USER_PTRS_PER_PGD,
	       KERNEL_PGD_PTRS * sizeof(pgd_t));
	list_add(&virt_to_page(pgd)->lru, &pgd_list);
	spin_unlock_irqrestore(&pgd_lock, flags);
}

pgd_t *pgd_alloc(struct mm_struct *mm)
{
	pgd_t *pgd = quicklist_get(&this_cpu_ptr(&pgt_cache)->dir);

	(void)mm;
	if (pgd) {
		count_vm_event(PGD_QUICKLIST_HITS);
		return pgd;
	}
	pgd = table_page_alloc(GFP_KERNEL);
	if (!pgd)
		return NULL;
	count_vm_event(PGD_QUICKLIST_MISSES);
	memset(pgd, 0, USER_PTRS_PER_PGD * sizeof(pgd_t));
	pgd_enter(pgd);
	return pgd;
}

void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	(void)mm;
	assert_table_clear(pgd, USER_PTRS_PER_PGD * sizeof(pgd_t) / sizeof(u32));
	quicklist_put(&this_cpu_ptr(&pgt_cache)->dir, pgd);
	check_pgt_cache();
}

#endif

pte_t *pte_alloc_one_kernel(struct mm_struct *mm, unsigned long address)
{
	pte_t *pte = quicklist_get(&this_cpu_ptr(&pgt_cache)->pte);

	(void)mm;
	(void)address;
	if (pte) {
		count_vm_event(PTE_QUICKLIST_HITS);
		return pte;
	}
	pte = table_page_alloc(GFP_KERNEL | __GFP_ZERO);
	if (pte)
		count_vm_event(PTE_QUICKLIST_MISSES);
	return pte;
}

struct page *pte_alloc_one(struct mm_struct *mm, unsigned long address)
{
	pte_t *pte = pte_alloc_one_kernel(mm, address);

	return pte ? virt_to_page(pte) : NULL;
}

void pte_free_kernel(struct mm_struct *mm, pte_t *pte)
{
	(void)mm;
	assert_table_clear(pte, PAGE_SIZE / sizeof(u32));
	quicklist_put(&this_cpu_ptr(&pgt_cache)->pte, pte);
}

void pte_free(struct mm_struct *mm, struct page *pte)
{
	pte_free_kernel(mm, lowmem_page_address(pte));
}

int __pte_alloc(struct mm_struct *mm, pmd_t *pmd, unsigned long address)
{
	struct page *new = pte_alloc_one(mm, address);

	if (!new)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (!pmd_present(*pmd)) {
		mm->nr_ptes++;
		pmd_populate(mm, pmd, new);
		new = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (new)
		pte_free(mm, new);
	return 0;
}

int __pte_alloc_kernel(pmd_t *pmd, unsigned long address)
{
	pte_t *new = pte_alloc_one_kernel(NULL, address);

	if (!new)
		return -ENOMEM;
	spin_lock(&kernel_pmd_lock);
	if (!pmd_present(*pmd)) {
		pmd_populate_kernel(NULL, pmd, new);
		new = NULL;
	}
	spin_unlock(&kernel_pmd_lock);
	if (new)
		pte_free_kernel(NULL, new);
	return 0;
}

int check_pgt_cache(void)
{
	struct pgt_cache *cache = this_cpu_ptr(&pgt_cache);

	if (likely(cache->dir.nr + cache->pte.nr <= PGT_CACHE_HIGH))
		return 0;
	quicklist_trim(&cache->dir, PGT_CACHE_LOW / 2);
	quicklist_trim(&cache->pte, PGT_CACHE_LOW - cache->dir.nr);
	return 1;
}

static void drain_this_cpu(void *freed)
{
	struct pgt_cache *cache = this_cpu_ptr(&pgt_cache);

	atomic_add((int)(quicklist_trim(&cache->dir, 0) + quicklist_trim(&cache->pte, 0)), freed);
}

unsigned long drain_pgt_cache(void)
{
	atomic_t freed = ATOMIC_INIT(0);

	on_each_cpu(drain_this_cpu, &freed);
	return (unsigned long)atomic_read(&freed);
}

/* Is the kernel's part of each directory that of swapper_pg_dir, or not there yet? => lies */
int pgd_check(void)
{
	unsigned int lies = 0, i;
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&pgd_lock, flags);
	list_for_each_entry(page, &pgd_list, lru) {
		pgd_t *pgd = lowmem_page_address(page);

		for (i = USER_PTRS_PER_PGD; i < PTRS_PER_PGD; i++)
			lies += pgd_val(pgd[i]) && pgd_val(pgd[i]) != pgd_val(swapper_pg_dir[i]);
	}
	spin_unlock_irqrestore(&pgd_lock, flags);
	if (lies)
		pr_err("pgd_check: %u entries differ from swapper_pg_dir\n", lies);
	return (int)lies;
}

unsigned long nr_quicklist_pages(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(pgt_cache, cpu).dir.nr + per_cpu(pgt_cache, cpu).pte.nr;
	return sum;
}
