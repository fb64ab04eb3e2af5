/*
 * mm/cache/anon_vma.c - where an anonymous page can be mapped.
 *
 * Theory.  To take a page away from a program, the kernel must find the entries that map it.  For a
 * page of a file, the areas that map the file are asked, each of which knows which part it
 * maps.  An anonymous page belongs to an area, and to those that were made from it: cutting an area
 * and fork make areas that map the same pages.  What they all have in common is an anon_vma:
 *
 *	page->mapping --> anon_vma --> areas that may map it, by page offset (an interval tree)
 *	page->index: its offset in each of them
 *
 * One anon_vma for an area and all its copies would do, and be slow: a page that one of 1,000
 * children made for itself would be looked for in all 1,000.  So each child's area gets an anon_vma
 * of its own, when it makes its first page (many never do: they exec), whose parent is the one
 * from which its other pages came.  The anon_vmas of an area and its copies are a *family*, a tree:
 *
 *	A  the first area			A: areas of all three processes
 *	|-- B  of a child, its new pages	B: the child's, the grandchild's
 *	|   `-- C  of a grandchild		C: the grandchild's alone
 *
 * The grandchild's area may map pages of A, B and C.  Its anon_vma_chain is its *way*: the anon_vmas
 * from the root of the family down, a step for each, and each step is on that anon_vma's tree.  The
 * first step of an area lies in the area, so that fork allocates nothing if there is but one.
 *
 * Who forks, dies, and leaves the rest to the child, a thousand times, must not make a way of a
 * thousand steps: an area that needs an anon_vma takes one on its way that nobody owns any more (the
 * process is gone) and that has but one child, before it makes another.  So each has an owner, or
 * branches, and there are no more than twice as many as owners.  Price: pages of its own are
 * looked for in the areas of its brothers, one's pages in one family.
 *
 * Two areas of one process can become one if the way of one is a part of the other's: the result
 * takes the longer.  A new area next to one that differs in nothing that mprotect cannot
 * change takes the neighbour's way at once, so that they can be joined later.
 *
 * An anon_vma lives as long as an area is on its tree.  Who comes from a page has a mere pointer;
 * but while the page is mapped, the area that maps it is on the tree.  page_lock_anon_vma() looks
 * at that, and who frees an anon_vma waits for those who are looking:
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
 * References: van Riel, anon_vma chains, in Linux 2.6.34; Corbet, The case of the overly anonymous
 * anon_vma, LWN 2010; McCracken, Object-based reverse mapping, OLS 2004.
 */
#include <mm/cache/anon_vma.h>

#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <kernel/core/printk.h>
#include <lib/errno.h>
#include <mm/phys/slab.h>
#include <mm/types/mempolicy.h>

static struct kmem_cache *anon_vma_cachep, *anon_vma_chain_cachep;	/* [c] */
static DEFINE_SPINLOCK(gate_lock);

void __init anon_vma_init(void)
{
	anon_vma_cachep = kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0, SLAB_PANIC,
					    NULL);
	anon_vma_chain_cachep = kmem_cache_create("anon_vma_chain", sizeof(struct anon_vma_chain),
						  0, SLAB_PANIC, NULL);
}

/* ---- steps -------------------------------------------------------------------------------------- */

static inline unsigned long last_index(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + ((vma->vm_end - vma->vm_start) >> PAGE_SHIFT) - 1;
}

/*
 * Let the way of @vma lead on from @tail (NULL: it has none) to @anon_vma. @like: the step of an area
 * of the same pages, or NULL.  => page_table_lock and the family's lock held, or nobody sees @anon_vma
 */
static inline void add_step(struct vm_area_struct *vma, struct anon_vma_chain *step,
		     struct anon_vma *anon_vma, struct anon_vma_chain *tail,
		     struct anon_vma_chain *like)
{
	step->vma = vma;
	step->anon_vma = anon_vma;
	step->next = NULL;
	if (like) {
		interval_tree_insert_after(&step->node, &like->node);
	} else {
		step->node.start = vma->vm_pgoff;
		step->node.last = last_index(vma);
		interval_tree_insert(&step->node, &anon_vma->areas);
	}
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

/* As many as there are from @from on, less @less. => 0 or -ENOMEM */
static int alloc_steps(struct anon_vma_chain *from, bool less, struct anon_vma_chain **steps)
{
	*steps = NULL;
	for (from = less ? from->next : from; from; from = from->next) {
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

/* What the way of @src has behind the end of @dst's, which is *@tail or NULL. => NULL: nothing */
static struct anon_vma_chain *first_missing(struct vm_area_struct *dst, struct vm_area_struct *src,
					    struct anon_vma_chain **tail)
{
	struct anon_vma_chain *have = &dst->anon_vma_chain, *step = &src->anon_vma_chain;

	*tail = NULL;
	if (!step->anon_vma)
		return NULL;
	if (!have->anon_vma)
		return step;
	for (; step && have; step = step->next, have = have->next)
		*tail = have;
	return step;
}

bool __anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	const struct anon_vma_chain *step = &a->anon_vma_chain, *other = &b->anon_vma_chain;

	for (; step && other; step = step->next, other = other->next)
		if (step->anon_vma != other->anon_vma)
			return false;
	return true;
}

/* => page_table_lock or mmap_sem to write; the family's lock */
static void set_owner(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	anon_vma->nr_owners++;
	/* Who sees it, without a lock, finds it on the area's way. */
	smp_wmb();
	WRITE_ONCE(vma->anon_vma, anon_vma);
}

enum extend { EXTEND_FORK, EXTEND_CLONE, EXTEND_ADOPT };

/* Make the way of @dst that of @src, of which it is a part. => may sleep; 0 or -ENOMEM */
static int extend_way(struct vm_area_struct *dst, struct vm_area_struct *src, enum extend how)
{
	struct anon_vma_chain *tail, *from = first_missing(dst, src, &tail), *steps, *step;
	struct anon_vma *root = src->anon_vma_chain.anon_vma->root;

	if (alloc_steps(from, from && !tail, &steps))
		return -ENOMEM;
	spin_lock(&root->lock);
	if (how == EXTEND_ADOPT)
		spin_lock(&dst->vm_mm->page_table_lock);
	/* Another thread's fault may have been faster. */
	if (how == EXTEND_ADOPT && dst->anon_vma)
		from = NULL;
	for (; from; from = from->next, tail = step) {
		step = tail ? steps : &dst->anon_vma_chain;
		if (tail)
			steps = steps->next;
		add_step(dst, step, from->anon_vma, tail, how == EXTEND_FORK ? from : NULL);
	}
	if (how != EXTEND_FORK && !dst->anon_vma && src->anon_vma)
		set_owner(dst, src->anon_vma);
	if (how == EXTEND_ADOPT)
		spin_unlock(&dst->vm_mm->page_table_lock);
	spin_unlock(&root->lock);
	free_steps(steps);
	return 0;
}

int __anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct anon_vma_chain *have = &dst->anon_vma_chain, *step = &src->anon_vma_chain;

	/* Most ways have one step: nothing to do, and below nothing to allocate. */
	if (have->anon_vma && !step->next && (dst->anon_vma || !src->anon_vma))
		return 0;
	return extend_way(dst, src, EXTEND_CLONE);
}

int __anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	struct anon_vma_chain *step = &pvma->anon_vma_chain;
	struct anon_vma *anon_vma = step->anon_vma;

	if (unlikely(step->next))
		return extend_way(vma, pvma, EXTEND_FORK);
	spin_lock(&anon_vma->lock);
	add_step(vma, &vma->anon_vma_chain, anon_vma, NULL, step);
	spin_unlock(&anon_vma->lock);
	return 0;
}

/* ---- the first page of one's own ------------------------------------------------------------------ */

/* Two areas side by side: do they differ in nothing but what mprotect changes? */
static bool could_join(const struct vm_area_struct *low, const struct vm_area_struct *high)
{
	const unsigned long rights = VM_READ | VM_WRITE | VM_EXEC | VM_SOFTDIRTY;

	return low->vm_end == high->vm_start && low->vm_file == high->vm_file &&
	       last_index(low) + 1 == high->vm_pgoff &&
	       !((low->vm_flags ^ high->vm_flags) & ~rights) && low->vm_ops == high->vm_ops &&
	       mpol_equal(low->vm_policy, high->vm_policy);
}

/* A neighbour whose way @vma can make its own: it has an anon_vma, so its way stays. => or NULL */
static struct vm_area_struct *find_mergeable(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;

	if (prev && READ_ONCE(prev->anon_vma) && could_join(prev, vma) &&
	    anon_vma_compatible(prev, vma))
		return prev;
	if (next && READ_ONCE(next->anon_vma) && could_join(vma, next) &&
	    anon_vma_compatible(next, vma))
		return next;
	return NULL;
}

/* One on the way of @vma that its owners have left, and from which one way leads on at most. */
static bool reuse_anon_vma(struct vm_area_struct *vma)
{
	struct anon_vma *root = vma->anon_vma_chain.anon_vma->root;
	struct anon_vma_chain *step;
	bool done;

	spin_lock(&root->lock);
	spin_lock(&vma->vm_mm->page_table_lock);
	done = vma->anon_vma;
	for (step = &vma->anon_vma_chain; step && !done; step = step->next) {
		if (step->anon_vma->nr_owners || step->anon_vma->nr_children > 1)
			continue;
		set_owner(vma, step->anon_vma);
		done = true;
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
	spin_unlock(&root->lock);
	return done;
}

/* The first of a new family. => it is used, or another thread was faster: false */
static bool found_family(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	bool used = false;

	anon_vma->root = anon_vma;
	anon_vma->parent = NULL;
	spin_lock(&vma->vm_mm->page_table_lock);
	if (!vma_has_anon(vma)) {
		add_step(vma, &vma->anon_vma_chain, anon_vma, NULL, NULL);
		set_owner(vma, anon_vma);
		used = true;
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
	return used;
}

/* One more in the family: at the end of @vma's way. */
static bool join_family(struct vm_area_struct *vma, struct anon_vma *anon_vma,
			struct anon_vma_chain *step)
{
	struct anon_vma_chain *tail = &vma->anon_vma_chain;
	struct anon_vma *root = tail->anon_vma->root;
	bool used = false;

	spin_lock(&root->lock);
	spin_lock(&vma->vm_mm->page_table_lock);
	if (!vma->anon_vma) {
		while (tail->next)
			tail = tail->next;
		anon_vma->root = root;
		anon_vma->parent = tail->anon_vma;
		anon_vma->parent->nr_children++;
		add_step(vma, step, anon_vma, tail, NULL);
		set_owner(vma, anon_vma);
		used = true;
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
	spin_unlock(&root->lock);
	return used;
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct vm_area_struct *neighbour = find_mergeable(vma);
	struct anon_vma_chain *step = NULL;
	struct anon_vma *anon_vma;
	bool child = vma_has_anon(vma);

	if (neighbour)
		return extend_way(vma, neighbour, EXTEND_ADOPT);
	if (child && reuse_anon_vma(vma))
		return 0;
	anon_vma = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);
	if (!anon_vma)
		return -ENOMEM;
	if (child) {
		step = kmem_cache_alloc(anon_vma_chain_cachep, GFP_KERNEL);
		if (!step) {
			kmem_cache_free(anon_vma_cachep, anon_vma);
			return -ENOMEM;
		}
	}
	spin_lock_init(&anon_vma->lock);
	anon_vma->areas = RB_ROOT;
	anon_vma->nr_children = 0;
	anon_vma->nr_owners = 0;
	if (child ? join_family(vma, anon_vma, step) : found_family(vma, anon_vma))
		return 0;
	if (child)
		kmem_cache_free(anon_vma_chain_cachep, step);
	kmem_cache_free(anon_vma_cachep, anon_vma);
	return 0;
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* No area is on its tree.  Who found it by a page that was still mapped has gone by the gate. */
static void anon_vma_free(struct anon_vma *anon_vma)
{
	if (unlikely(spin_is_locked(&gate_lock))) {
		spin_lock(&gate_lock);
		spin_unlock(&gate_lock);
	}
	kmem_cache_free(anon_vma_cachep, anon_vma);
}

/*
 * Take it off the trees behind the first; those of which it was the last go. => the family's lock is
 * held, and let go
 */
static noinline void unlink_way(struct anon_vma_chain *steps, struct anon_vma *root)
{
	struct anon_vma_chain *step, *next;

	for (step = steps; step; step = step->next) {
		struct anon_vma *anon_vma = step->anon_vma;

		interval_tree_remove(&step->node, &anon_vma->areas);
		/* Every way to it leads over its parent, so that one goes with it, or later. */
		if (!RB_EMPTY_ROOT(&anon_vma->areas))
			step->anon_vma = NULL;
		else
			anon_vma->parent->nr_children--;
	}
	spin_unlock(&root->lock);
	for (step = steps; step; step = next) {
		next = step->next;
		if (step->anon_vma)
			anon_vma_free(step->anon_vma);
		kmem_cache_free(anon_vma_chain_cachep, step);
	}
}

void __unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain *first = &vma->anon_vma_chain;
	struct anon_vma *root = first->anon_vma;
	bool last;

	spin_lock(&root->lock);
	if (vma->anon_vma)
		vma->anon_vma->nr_owners--;
	interval_tree_remove(&first->node, &root->areas);
	last = RB_EMPTY_ROOT(&root->areas);
	if (unlikely(first->next))
		unlink_way(first->next, root);
	else
		spin_unlock(&root->lock);
	if (last)
		anon_vma_free(root);
}

/* ---- borders -------------------------------------------------------------------------------------- */

void __anon_vma_post_update_vma(struct vm_area_struct *vma)
{
	struct anon_vma_chain *step = &vma->anon_vma_chain;

	for (; step; step = step->next)
		interval_tree_change(&step->node, &step->anon_vma->areas, vma->vm_pgoff,
				     last_index(vma));
	spin_unlock(&vma->anon_vma_chain.anon_vma->root->lock);
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

/* ---- proof ---------------------------------------------------------------------------------------- */

#define LIE(vma, fmt, ...) \
	(printk(KERN_ERR "anon_vma_check(%08lx): " fmt "\n", (vma)->vm_start, ##__VA_ARGS__), 1)

bool anon_vma_covers(const struct vm_area_struct *vma, const struct page *page)
{
	const struct anon_vma_chain *step = &vma->anon_vma_chain;

	while (step && step->anon_vma != page_anon_vma(page))
		step = step->next;
	return step;
}

/* The whole of one tree. => lies */
static int check_tree(struct vm_area_struct *vma, const struct anon_vma *anon_vma)
{
	struct anon_vma_chain *step;
	unsigned int owners = 0;
	int lies = 0;

	if (interval_tree_check(&anon_vma->areas) < 0)
		lies += LIE(vma, "the tree of %p is no interval tree", anon_vma);
	anon_vma_foreach(step, anon_vma, 0, ~0UL) {
		if (step->anon_vma != anon_vma)
			lies += LIE(vma, "a step to %p on the tree of %p", step->anon_vma, anon_vma);
		owners += step->vma->anon_vma == anon_vma;
	}
	if (owners != anon_vma->nr_owners)
		lies += LIE(vma, "%p has %u owners, not %u", anon_vma, owners, anon_vma->nr_owners);
	return lies;
}

/* One step, behind @above. => the family's lock held; lies */
static int check_step(struct vm_area_struct *vma, struct anon_vma_chain *step,
		      const struct anon_vma *above)
{
	const struct anon_vma *anon_vma = step->anon_vma;
	int lies = 0;

	if (step->vma != vma || anon_vma->parent != above ||
	    anon_vma->root != vma->anon_vma_chain.anon_vma)
		lies += LIE(vma, "the way leads from %p to %p, of %p", above, anon_vma,
			    anon_vma->parent);
	if (step->node.start != vma->vm_pgoff || step->node.last != last_index(vma))
		lies += LIE(vma, "pages %lx-%lx, but %lx-%lx on a tree", vma->vm_pgoff,
			    last_index(vma), step->node.start, step->node.last);
	if (above && !above->nr_children)
		lies += LIE(vma, "%p has no children, but %p", above, anon_vma);
	if (!interval_tree_contains(&anon_vma->areas, &step->node))
		lies += LIE(vma, "not on the tree of %p", anon_vma);
	/* Each tree once, by the first who is on it. */
	if (rb_first(&anon_vma->areas) == &step->node.rb)
		lies += check_tree(vma, anon_vma);
	return lies;
}

int anon_vma_check(struct vm_area_struct *vma)
{
	struct anon_vma_chain *step = &vma->anon_vma_chain;
	const struct anon_vma *above = NULL;
	struct anon_vma *root = step->anon_vma;
	bool own = !vma->anon_vma;
	int lies = 0;

	if (!root)
		return vma->anon_vma ? LIE(vma, "an anon_vma, but no way to it") : 0;
	spin_lock(&root->root->lock);
	for (; step; above = step->anon_vma, step = step->next) {
		lies += check_step(vma, step, above);
		own |= step->anon_vma == vma->anon_vma;
	}
	if (!own)
		lies += LIE(vma, "its anon_vma %p is not on its way", vma->anon_vma);
	spin_unlock(&root->root->lock);
	return lies;
}
