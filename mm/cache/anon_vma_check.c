/*
 * mm/cache/anon_vma_check.c - proof that the ways of an address space are as anon_vma.c says.
 *
 * Theory.  What could go wrong unseen is a page that rmap.c does not find: an area whose way does not
 * lead to it, a step that is on no tree, an anon_vma whose parent is not the step above.  So the
 * areas of an address space are looked at from the one side, each tree that its ways are on from the
 * other, and what is counted (areas, owners) is counted again.  Each lie is printed.
 *
 * Locking: mmap_sem is held by the caller; the family's lock is taken for each way.
 */
#include <mm/cache/anon_vma.h>

#include <kernel/core/printk.h>
#include <lib/kernel.h>

#define LIE(way, fmt, ...) \
	(printk(KERN_ERR "anon_vma_check(%p): way %p: " fmt "\n", (way)->mm, (way), ##__VA_ARGS__), 1)

bool anon_vma_covers(const struct vm_area_struct *vma, const struct page *page)
{
	const struct anon_vma_chain *step = vma->anon_way ? &vma->anon_way->steps[0] : NULL;

	while (step && step->anon_vma != page_anon_vma(page))
		step = step->next;
	return step && page->index >= step->node.start && page->index <= step->node.last;
}

/* The whole of one tree. => lies */
static int check_tree(const struct anon_way *way, const struct anon_vma *anon_vma)
{
	struct anon_vma_chain *step;
	unsigned int owners = 0;
	int lies = 0;

	if (interval_tree_check(&anon_vma->ways) < 0)
		lies += LIE(way, "the tree of %p is no interval tree", anon_vma);
	anon_vma_foreach(step, anon_vma, 0, ~0UL) {
		if (step->anon_vma != anon_vma)
			lies += LIE(way, "a step to %p on the tree of %p", step->anon_vma, anon_vma);
		owners += step->way->anon_vma == anon_vma;
	}
	if (owners != anon_vma->nr_owners)
		lies += LIE(way, "%p has %u owners, not %u", anon_vma, owners, anon_vma->nr_owners);
	return lies;
}

/* One step, behind @above. => the family's lock held; lies */
static int check_step(const struct anon_way *way, const struct anon_vma_chain *step,
		      const struct anon_vma *above)
{
	const struct interval_tree_node *node = &step->node, *first = &way->steps[0].node;
	const struct anon_vma *anon_vma = step->anon_vma;
	int lies = 0;

	if (step->way != way || anon_vma->parent != above ||
	    anon_vma->root != way->steps[0].anon_vma)
		lies += LIE(way, "it leads from %p to %p, of %p", above, anon_vma, anon_vma->parent);
	if (node->start != first->start || node->last != first->last)
		lies += LIE(way, "pages %lx-%lx on one tree, %lx-%lx on another", first->start,
			    first->last, node->start, node->last);
	if (above && !above->nr_children)
		lies += LIE(way, "%p has no children, but %p", above, anon_vma);
	if (!interval_tree_contains(&anon_vma->ways, node))
		lies += LIE(way, "not on the tree of %p", anon_vma);
	/* Each tree once, by the first who is on it. */
	if (rb_first(&anon_vma->ways) == &node->rb)
		lies += check_tree(way, anon_vma);
	return lies;
}

static int check_way(const struct anon_way *way)
{
	const struct anon_vma_chain *step = &way->steps[0];
	const struct anon_vma *above = NULL;
	bool own = !way->anon_vma;
	int lies = 0;

	spin_lock(&way_root(way)->lock);
	for (; step; above = step->anon_vma, step = step->next) {
		lies += check_step(way, step, above);
		own |= step->anon_vma == way->anon_vma;
	}
	if (!own)
		lies += LIE(way, "its anon_vma %p is none of its steps", way->anon_vma);
	spin_unlock(&way_root(way)->lock);
	return lies;
}

int anon_vma_check(struct mm_struct *mm)
{
	const struct anon_way *way, *last = NULL;
	struct vm_area_struct *vma;
	unsigned int areas = 0;
	int lies = 0;

	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		way = vma->anon_way;
		if (!way)
			continue;
		areas += way == mm->anon_way;
		if (way->mm != mm || way->shift != vma_shift(vma) || !way->nr_areas ||
		    way->steps[0].node.start > vma->vm_pgoff ||
		    way->steps[0].node.last < vma_last_index(vma))
			lies += LIE(way, "does not lead to %08lx", vma->vm_start);
		if (way != last)
			lies += check_way(way);
		last = way;
	}
	way = mm->anon_way;
	if (way && way->nr_areas != areas)
		lies += LIE(way, "%u areas have it, not %u", areas, way->nr_areas);
	if (way && (way->steps[0].node.start || way->steps[0].node.last < (TASK_SIZE >> PAGE_SHIFT) - 1))
		lies += LIE(way, "the way of the process leads to %lx-%lx only",
			    way->steps[0].node.start, way->steps[0].node.last);
	return lies;
}
