/*
 * mm/cache/anon_vma.c - where an anonymous page can be mapped.
 *
 * Theory.  To take a page away from a program, the kernel must find the entries that map it.  For a
 * page of a file, the areas that map the file are asked, each of which knows which part it
 * maps.  An anonymous page belongs to a program, and to those that fork makes of it:
 *
 *	page->mapping --> anon_vma --> ways that may lead to it, by page index (an interval tree)
 *	page->index		       its number in each
 *
 * A *way* says where in one address space such pages are: at (index - shift) * PAGE_SIZE, which is all
 * one needs to know to look at an entry.  Not which area it is in: so areas can be cut, joined
 * and changed, and their way stays as it is.  Memory without a file has as index the number of
 * the page at its birth, so that its shift is 0, and one way (mm->anon_way) serves all such areas of a
 * process.  Others have private mappings of files, and what mremap has moved.
 *
 * One anon_vma for a program and all its children would do, and be slow: a page that one of 1,000
 * children made for itself would be looked for in all 1,000.  So a child gets an anon_vma
 * of its own, when it makes its first page (many never do: they exec), whose parent is the one
 * from which its other pages came.  They are a *family*, a tree:
 *
 *	A  the first program			A: ways of all three processes
 *	|-- B  of a child, its new pages	B: the child's, the grandchild's
 *	|   `-- C  of a grandchild		C: the grandchild's alone
 *
 * The grandchild may map pages of A, B and C.  Its way has a step for each, from the root of the
 * family down, and each step is on that anon_vma's tree.
 *
 * Who forks, dies, and leaves the rest to the child, a thousand times, must not make a way of a
 * thousand steps: a way that needs an anon_vma takes one of its own that nobody owns any more (the
 * process is gone) and that has but one child, before it makes another.  So each has an owner, or
 * branches, and there are no more than twice as many as owners.  Price: the pages of one
 * process in a family are looked for in its brothers, too.
 *
 * Two areas of one process can become one if the way of one is a part of the other's: the result
 * takes the longer.  They lie side by side with indices that run on, so their shift is the same.
 *
 * An anon_vma lives as long as a way is on its tree, and a way as long as an area has it.  Who comes
 * from a page has a mere pointer; but while the page is mapped, the way of the area that maps it is
 * on the tree.  page_lock_anon_vma() looks at that, and who frees an anon_vma waits for those who
 * are looking:
 *
 *	page_lock_anon_vma()			zap, then unlink_anon_vmas()
 *	lock gate_lock				the page's last entry goes
 *	mapped? no: NULL			lock the family, off the trees, unlock
 *	lock the family, still mapped?		gate_lock held? wait
 *	unlock gate_lock			free
 *
 * Either the left sees that the page is not mapped, or the right sees the gate held.
 *
 * Locking: see the header; gate_lock is outside of the families' locks.
 * References: van Riel, anon_vma chains, in Linux 2.6.34; Dickins, anonmm, 2004; Corbet, The case of
 * the overly anonymous anon_vma, LWN 2010; McCracken, Object-based reverse mapping, OLS 2004.
 */
#include <mm/cache/anon_vma.h>

#include <kernel/core/bug.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/slab.h>
#include <mm/types/mempolicy.h>

static struct kmem_cache *anon_vma_cachep, *anon_way_cachep, *anon_vma_chain_cachep;	/* [c] */
static DEFINE_SPINLOCK(gate_lock);

void __init anon_vma_init(void)
{
	anon_vma_cachep = kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0, SLAB_PANIC,
					    NULL);
	anon_way_cachep = kmem_cache_create("anon_way", sizeof(struct anon_way), 0, SLAB_PANIC,
					    NULL);
	anon_vma_chain_cachep = kmem_cache_create("anon_vma_chain", sizeof(struct anon_vma_chain),
						  0, SLAB_PANIC, NULL);
}

/* Does it lie as all memory without a file that was not moved? */
static inline bool lies_at_birth(const struct vm_area_struct *vma)
{
	return !vma_shift(vma) && !vma->vm_file;
}

/* ---- ways --------------------------------------------------------------------------------------- */

/* A way for @vma, without steps, that nobody knows. => may sleep; or NULL */
static struct anon_way *alloc_way(struct vm_area_struct *vma)
{
	struct anon_way *way = kmem_cache_alloc(anon_way_cachep, GFP_KERNEL);

	if (!way)
		return NULL;
	way->mm = vma->vm_mm;
	way->shift = vma_shift(vma);
	way->nr_areas = 0;
	way->anon_vma = NULL;
	way->forked_from = NULL;
	way->steps[0].anon_vma = NULL;
	return way;
}

/* [a] */
static inline void give_way(struct vm_area_struct *vma, struct anon_way *way)
{
	way->nr_areas++;
	/* Who sees it without a lock finds all of it. */
	smp_wmb();
	WRITE_ONCE(vma->anon_way, way);
}

/* [a], and the family's lock */
static inline void set_owner(struct anon_way *way, struct anon_vma *anon_vma)
{
	anon_vma->nr_owners++;
	smp_wmb();
	WRITE_ONCE(way->anon_vma, anon_vma);
}

/* The pages that a way for @vma reaches: if it is to be the process's, all. */
static void first_interval(struct interval_tree_node *node, const struct vm_area_struct *vma)
{
	bool all = lies_at_birth(vma);

	node->start = all ? 0 : vma->vm_pgoff;
	node->last = all ? (TASK_SIZE >> PAGE_SHIFT) - 1 : vma_last_index(vma);
}

/*
 * Let @way lead on from @tail (NULL: it has no step) to @anon_vma.  The pages of the step are those of
 * the first, or stand in it already.  => [a] and the family's lock held, or nobody sees it
 */
static void add_step(struct anon_way *way, struct anon_vma_chain *step, struct anon_vma *anon_vma,
		     struct anon_vma_chain *tail)
{
	step->way = way;
	step->anon_vma = anon_vma;
	step->next = NULL;
	step->node.start = way->steps[0].node.start;
	step->node.last = way->steps[0].node.last;
	interval_tree_insert(&step->node, &anon_vma->ways);
	if (tail)
		tail->next = step;
}

static void free_steps(struct anon_vma_chain *steps)
{
	while (steps) {
		struct anon_vma_chain *next = steps->next;

		kmem_cache_free(anon_vma_chain_cachep, steps);
		steps = next;
	}
}

/* @nr of them. => 0 or -ENOMEM */
static int alloc_steps(unsigned int nr, struct anon_vma_chain **steps)
{
	for (*steps = NULL; nr; nr--) {
		struct anon_vma_chain *step = kmem_cache_alloc(anon_vma_chain_cachep, GFP_KERNEL);

		if (!step) {
			free_steps(*steps);
			return -ENOMEM;
		}
		step->next = *steps;
		*steps = step;
	}
	return 0;
}

static unsigned int way_length(const struct anon_way *way)
{
	const struct anon_vma_chain *step = &way->steps[0];
	unsigned int nr = 0;

	for (; step && step->anon_vma; step = step->next)
		nr++;
	return nr;
}

/* The next step has the number @nr: in the way, or out of *@spare. */
static inline struct anon_vma_chain *next_step(struct anon_way *way, unsigned int nr,
					       struct anon_vma_chain **spare)
{
	struct anon_vma_chain *step = *spare;

	if (nr < WAY_STEPS)
		return &way->steps[nr];
	*spare = step->next;
	return step;
}

bool __anon_vma_compatible(const struct anon_way *a, const struct anon_way *b)
{
	const struct anon_vma_chain *step = &a->steps[0], *other = &b->steps[0];

	for (; step && other; step = step->next, other = other->next)
		if (step->anon_vma != other->anon_vma)
			return false;
	return true;
}

/*
 * Let @dst lead wherever @src does, which has a part of the same steps, or more; @owns: and have its
 * anon_vma, unless it has one.  => mmap_sem held for writing, or nobody sees @dst; may sleep; 0 or -ENOMEM
 */
static int extend_way(struct anon_way *dst, struct anon_way *src, bool owns)
{
	struct anon_vma_chain *from = &src->steps[0], *tail = NULL, *step, *spare;
	struct anon_vma *root = way_root(src);
	unsigned int have = way_length(dst), want = way_length(src), nr;

	owns = owns && !dst->anon_vma && src->anon_vma;
	if (have >= want && !owns)
		return 0;
	if (alloc_steps(want > max(have, (unsigned int)WAY_STEPS) ?
			want - max(have, (unsigned int)WAY_STEPS) : 0, &spare))
		return -ENOMEM;
	spin_lock(&root->lock);
	for (nr = 0; nr < want; nr++, from = from->next, tail = step) {
		step = nr < have ? (tail ? tail->next : &dst->steps[0]) : next_step(dst, nr, &spare);
		if (nr >= have)
			add_step(dst, step, from->anon_vma, tail);
	}
	if (owns)
		set_owner(dst, src->anon_vma);
	spin_unlock(&root->lock);
	return 0;
}

/* ---- pieces, joins, moves ------------------------------------------------------------------------- */

/* @dst has no way, and gets pages of @src that @src's own way does not lead to. */
static int clone_moved(struct vm_area_struct *dst, struct anon_way *src)
{
	bool common = lies_at_birth(dst);
	struct anon_way *way = common ? dst->vm_mm->anon_way : NULL;

	if (way && __anon_vma_compatible(way, src)) {
		if (extend_way(way, src, true))
			return -ENOMEM;
		give_way(dst, way);
		return 0;
	}
	way = alloc_way(dst);
	if (!way)
		return -ENOMEM;
	first_interval(&way->steps[0].node, dst);
	if (extend_way(way, src, true)) {
		kmem_cache_free(anon_way_cachep, way);
		return -ENOMEM;
	}
	give_way(dst, way);
	if (common && !dst->vm_mm->anon_way)
		dst->vm_mm->anon_way = way;
	return 0;
}

int __anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct anon_way *way = src->anon_way;

	if (dst->anon_way)
		return extend_way(dst->anon_way, way, true);
	if (way->shift != vma_shift(dst))
		return clone_moved(dst, way);
	/* What it has now, for it may stay as it is; what it grows to, when it does: vma_adjust(). */
	give_way(dst, way);
	anon_vma_cover(dst, dst->vm_pgoff, vma_last_index(dst));
	return 0;
}

void __anon_vma_cover(struct anon_way *way, unsigned long start, unsigned long last)
{
	struct anon_vma *root = way_root(way);
	struct anon_vma_chain *step;

	spin_lock(&root->lock);
	start = min(start, way->steps[0].node.start);
	last = max(last, way->steps[0].node.last);
	for (step = &way->steps[0]; step; step = step->next)
		interval_tree_change(&step->node, &step->anon_vma->ways, start, last);
	spin_unlock(&root->lock);
}

int __anon_vma_grow_down(struct vm_area_struct *vma, unsigned long address)
{
	/* Another thread may be about to give it a way: to all pages, or to those it has now. */
	if (!vma->anon_way && lies_at_birth(vma))
		return 0;
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	address = (address >> PAGE_SHIFT) + vma->anon_way->shift;
	anon_vma_cover(vma, address, address);
	return 0;
}

/* ---- fork ----------------------------------------------------------------------------------------- */

int __anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma,
		    struct vm_area_struct *prev)
{
	struct anon_way *pway = pvma->anon_way, *way = prev ? prev->anon_way : NULL;
	struct anon_vma_chain *from = &pway->steps[0], *tail = NULL, *step, *spare = NULL;
	struct anon_vma *root = way_root(pway);
	unsigned int nr;

	if (way && way->forked_from == pway) {
		give_way(vma, way);
		return 0;
	}
	nr = way_length(pway);
	if (nr > WAY_STEPS && alloc_steps(nr - WAY_STEPS, &spare))
		return -ENOMEM;
	way = alloc_way(vma);
	if (!way) {
		free_steps(spare);
		return -ENOMEM;
	}
	way->forked_from = pway;
	spin_lock(&root->lock);
	for (nr = 0; from; from = from->next, nr++, tail = step) {
		step = next_step(way, nr, &spare);
		step->way = way;
		step->anon_vma = from->anon_vma;
		step->next = NULL;
		interval_tree_insert_after(&step->node, &from->node);
		if (tail)
			tail->next = step;
	}
	spin_unlock(&root->lock);
	give_way(vma, way);
	if (pway == pvma->vm_mm->anon_way)
		vma->vm_mm->anon_way = way;
	return 0;
}

/* ---- the first page of one's own ------------------------------------------------------------------ */

/* Two areas side by side: do they differ in nothing but what mprotect changes? */
static bool could_join(const struct vm_area_struct *low, const struct vm_area_struct *high)
{
	const unsigned long rights = VM_READ | VM_WRITE | VM_EXEC | VM_SOFTDIRTY;

	return low->vm_end == high->vm_start && low->vm_file == high->vm_file &&
	       vma_last_index(low) + 1 == high->vm_pgoff &&
	       !((low->vm_flags ^ high->vm_flags) & ~rights) && low->vm_ops == high->vm_ops &&
	       mpol_equal(low->vm_policy, high->vm_policy);
}

/* Is there a way that @vma can have, so that it can be joined with others later? => or NULL */
static struct anon_way *find_way(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;

	if (lies_at_birth(vma))
		return READ_ONCE(vma->vm_mm->anon_way);
	if (prev && READ_ONCE(prev->anon_way) && could_join(prev, vma))
		return prev->anon_way;
	if (next && READ_ONCE(next->anon_way) && could_join(vma, next))
		return next->anon_way;
	return NULL;
}

/* A way of its own, and the first anon_vma of a family. => may sleep; 0 or -ENOMEM */
static int found_family(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);
	struct anon_way *way = anon_vma ? alloc_way(vma) : NULL;
	struct mm_struct *mm = vma->vm_mm;
	bool common;

	if (!way) {
		if (anon_vma)
			kmem_cache_free(anon_vma_cachep, anon_vma);
		return -ENOMEM;
	}
	anon_vma->root = anon_vma;
	anon_vma->parent = NULL;
	spin_lock_init(&anon_vma->lock);
	anon_vma->ways = RB_ROOT;
	anon_vma->nr_children = 0;
	anon_vma->nr_owners = 0;
	spin_lock(&mm->page_table_lock);
	/* A stack may just have grown: its start and its first index change under this lock. */
	way->shift = vma_shift(vma);
	common = lies_at_birth(vma);
	if (!vma->anon_way && !(common && mm->anon_way)) {
		first_interval(&way->steps[0].node, vma);
		add_step(way, &way->steps[0], anon_vma, NULL);
		set_owner(way, anon_vma);
		give_way(vma, way);
		if (common)
			WRITE_ONCE(mm->anon_way, way);
		way = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (way) {			/* another thread was faster */
		kmem_cache_free(anon_way_cachep, way);
		kmem_cache_free(anon_vma_cachep, anon_vma);
	}
	return 0;
}

/* One that its owners have left, and from which one way leads on at most. => or NULL */
static struct anon_vma *find_reusable(struct anon_way *way)
{
	struct anon_vma_chain *step;

	for (step = &way->steps[0]; step; step = step->next)
		if (!step->anon_vma->nr_owners && step->anon_vma->nr_children <= 1)
			return step->anon_vma;
	return NULL;
}

/* @way, made by fork, gets an anon_vma for new pages: @anon_vma and @spare, or one that is left over. */
static bool own_anon_vma(struct anon_way *way, struct anon_vma *anon_vma,
			 struct anon_vma_chain *spare)
{
	struct anon_vma_chain *tail = &way->steps[0], *step;
	struct anon_vma *root = way_root(way), *left;
	unsigned int nr = way_length(way);
	bool used = false;

	spin_lock(&root->lock);
	spin_lock(&way->mm->page_table_lock);
	left = find_reusable(way);
	if (way->anon_vma) {
		;			/* another thread was faster */
	} else if (left) {
		set_owner(way, left);
	} else if (anon_vma) {
		while (tail->next)
			tail = tail->next;
		anon_vma->root = root;
		anon_vma->parent = tail->anon_vma;
		anon_vma->parent->nr_children++;
		step = next_step(way, nr, &spare);
		add_step(way, step, anon_vma, tail);
		set_owner(way, anon_vma);
		used = true;
	}
	spin_unlock(&way->mm->page_table_lock);
	spin_unlock(&root->lock);
	return used;
}

static int join_family(struct anon_way *way)
{
	struct anon_vma_chain *spare = NULL;
	struct anon_vma *anon_vma;

	own_anon_vma(way, NULL, NULL);
	if (way->anon_vma)
		return 0;
	anon_vma = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);
	if (!anon_vma)
		return -ENOMEM;
	if (way_length(way) >= WAY_STEPS && alloc_steps(1, &spare)) {
		kmem_cache_free(anon_vma_cachep, anon_vma);
		return -ENOMEM;
	}
	spin_lock_init(&anon_vma->lock);
	anon_vma->ways = RB_ROOT;
	anon_vma->nr_children = 0;
	anon_vma->nr_owners = 0;
	if (!own_anon_vma(way, anon_vma, spare)) {
		free_steps(spare);
		kmem_cache_free(anon_vma_cachep, anon_vma);
	}
	return 0;
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	while (!vma->anon_way) {
		struct anon_way *way = find_way(vma);

		if (!way) {
			if (found_family(vma))
				return -ENOMEM;
			continue;
		}
		/* Reach it first, so that who sees it there finds it covered. */
		if (vma->vm_pgoff < way->steps[0].node.start ||
		    vma_last_index(vma) > way->steps[0].node.last)
			__anon_vma_cover(way, vma->vm_pgoff, vma_last_index(vma));
		spin_lock(&vma->vm_mm->page_table_lock);
		if (!vma->anon_way)
			give_way(vma, way);
		spin_unlock(&vma->vm_mm->page_table_lock);
	}
	return vma->anon_way->anon_vma ? 0 : join_family(vma->anon_way);
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* No way is on its tree.  Who found it by a page that was still mapped has gone by the gate. */
static void anon_vma_free(struct anon_vma *anon_vma)
{
	if (unlikely(spin_is_locked(&gate_lock))) {
		spin_lock(&gate_lock);
		spin_unlock(&gate_lock);
	}
	kmem_cache_free(anon_vma_cachep, anon_vma);
}

/* What a way has led to alone, and the steps that did not lie in it. => nobody finds them any more */
static noinline void free_rest(struct anon_vma_chain *step, const struct anon_way *way)
{
	struct anon_vma_chain *next;

	for (; step; step = next) {
		next = step->next;
		if (step->anon_vma)
			anon_vma_free(step->anon_vma);
		if (step < way->steps || step >= way->steps + WAY_STEPS)
			kmem_cache_free(anon_vma_chain_cachep, step);
	}
}

/* No area has @way any more. */
void __unlink_anon_vmas(struct anon_way *way)
{
	struct anon_vma *root = way_root(way);
	struct anon_vma_chain *step;
	unsigned int nr = 0, lonely = 0;

	if (way->mm->anon_way == way)
		way->mm->anon_way = NULL;
	spin_lock(&root->lock);
	if (way->anon_vma)
		way->anon_vma->nr_owners--;
	for (step = &way->steps[0]; step; step = step->next, nr++) {
		struct anon_vma *anon_vma = step->anon_vma;

		interval_tree_remove(&step->node, &anon_vma->ways);
		if (!RB_EMPTY_ROOT(&anon_vma->ways)) {
			step->anon_vma = NULL;
			continue;
		}
		/* Every way to it leads over its parent, so that one goes with it, or later. */
		if (anon_vma->parent)
			anon_vma->parent->nr_children--;
		lonely++;
	}
	spin_unlock(&root->lock);
	if (lonely || nr > WAY_STEPS)
		free_rest(&way->steps[0], way);
	kmem_cache_free(anon_way_cachep, way);
}

/* ---- from a page ---------------------------------------------------------------------------------- */

struct anon_vma *page_lock_anon_vma(struct page *page)
{
	struct anon_vma *anon_vma = NULL;

	spin_lock(&gate_lock);
	if (PageAnon(page) && page_mapped(page)) {
		anon_vma = page_anon_vma(page);
		spin_lock(&anon_vma->root->lock);
		if (!page_mapped(page)) {
			spin_unlock(&anon_vma->root->lock);
			anon_vma = NULL;
		}
	}
	spin_unlock(&gate_lock);
	return anon_vma;
}
