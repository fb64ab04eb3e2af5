/*
 * mm/phys/mempolicy.c - pages from where somebody wants them.
 *
 * Theory.  Local memory is the best guess as long as who touches memory first is who
 * uses it.  Programs that know better say so by a policy:
 *
 *	LOCAL		where one runs when the page is touched: the default, said aloud
 *	PREFERRED	one node, others if it is full
 *	PREFERRED_MANY	the nearest of some nodes, others if all are full
 *	BIND		the nearest of some nodes, and no others: when they are full
 *			somebody is killed who may use them
 *	INTERLEAVE	some nodes in turn, so that all memory buses work; by the page's
 *			place in its area or file, or, for pages without a place, one
 *			after another (task->il_prev)
 *
 * All become one thing, a zonelist: the list of the node preferred, or the list of the
 * local node with other nodes' zones left out, made on the stack.  Such a list knows
 * what it is (zonelist->nodes), for the OOM killer.
 *
 * Policies concern pages of users and of files: what may lie anywhere.  If no zone of
 * the nodes may serve the request (low memory, wanted from a node that has only high),
 * the policy is not obeyed, as in Linux.  The kernel's own objects are always local.
 *
 * Node numbers are taken as they are, less those without memory.  As nothing ever takes
 * nodes away from a task (there are no cpusets), STATIC_NODES says nothing more;
 * RELATIVE_NODES counts among the nodes with memory, modulo their number.
 *
 * nr_mempolicies keeps the price low: as long as nobody has made one, an allocation for
 * a user costs one load and a branch more.
 *
 * Locking: mempolicy_lock, innermost, for task->mempolicy; the OOM killer takes it under
 * tasklist_lock.
 */
#include <mm/phys/mempolicy.h>

#include <kernel/core/sched.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/bitops.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <mm/phys/numa.h>
#include <mm/phys/slab.h>

static struct kmem_cache *policy_cachep;	/* [c] */
static DEFINE_SPINLOCK(mempolicy_lock);
atomic_t nr_mempolicies;

void __init mempolicy_init(void)
{
	policy_cachep = kmem_cache_create("numa_policy", sizeof(struct mempolicy), 0, SLAB_PANIC,
					  NULL);
}

/* ---- masks of nodes ------------------------------------------------------------------- */

/* The @n-th (from 0) of the nodes in @mask. => less than their number */
static int nth_node(unsigned long mask, unsigned int n)
{
	while (n--)
		mask &= mask - 1;
	return (int)__ffs(mask);
}

/* The node in @mask after @nid, the first again after the last. */
static int next_node_in(int nid, unsigned long mask)
{
	unsigned long above = mask & ~((2UL << nid) - 1);

	return (int)__ffs(above ? above : mask);
}

/* @nodes as numbers among those of @base, modulo their count. */
static unsigned long relative_nodes(unsigned long nodes, unsigned long base)
{
	unsigned int weight = hweight32(base);
	unsigned long mask = 0;

	for (unsigned int i = 0; i < 32; i++)
		if (nodes & 1UL << i)
			mask |= 1UL << nth_node(base, i % weight);
	return mask;
}

/* ---- making --------------------------------------------------------------------------- */

/* => mode, MPOL_LOCAL where PREFERRED means that; or -EINVAL */
static int check_mode(int mode, unsigned int flags, unsigned long nodes)
{
	bool placed = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	if (mode == MPOL_PREFERRED && !nodes)
		return placed ? -EINVAL : MPOL_LOCAL;
	if (mode == MPOL_LOCAL)
		return nodes || placed ? -EINVAL : mode;
	return nodes ? mode : -EINVAL;
}

struct mempolicy *mpol_new(int mode, unsigned int flags, unsigned long nodes)
{
	unsigned long memory = node_mask(N_MEMORY), effective;
	struct mempolicy *pol;

	if (mode == MPOL_DEFAULT)
		return nodes ? ERR_PTR(-EINVAL) : NULL;
	mode = check_mode(mode, flags, nodes);
	if (mode < 0)
		return ERR_PTR(mode);
	effective = flags & MPOL_F_RELATIVE_NODES ? relative_nodes(nodes, memory) : nodes & memory;
	if (mode == MPOL_PREFERRED)
		effective &= -effective;
	if (!effective && mode != MPOL_LOCAL)
		return ERR_PTR(-EINVAL);
	pol = kmem_cache_alloc(policy_cachep, GFP_KERNEL);
	if (!pol)
		return ERR_PTR(-ENOMEM);
	*pol = (struct mempolicy){
		.refcnt = ATOMIC_INIT(1), .mode = (u16)mode, .flags = (u16)flags,
		.nodes = effective, .user_nodes = nodes,
	};
	atomic_inc(&nr_mempolicies);
	return pol;
}

void __mpol_put(struct mempolicy *pol)
{
	kmem_cache_free(policy_cachep, pol);
	atomic_dec(&nr_mempolicies);
}

bool __mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return a && b && a->mode == b->mode && a->flags == b->flags && a->nodes == b->nodes &&
	       (!a->flags || a->user_nodes == b->user_nodes);
}

void set_task_policy(struct mempolicy *pol)
{
	struct mempolicy *old;
	unsigned long flags;

	spin_lock_irqsave(&mempolicy_lock, flags);
	old = current->mempolicy;
	current->mempolicy = pol;
	spin_unlock_irqrestore(&mempolicy_lock, flags);
	current->il_prev = MAX_NUMNODES - 1;
	mpol_put(old);
}

struct mempolicy *get_task_policy(struct task_struct *tsk)
{
	struct mempolicy *pol;
	unsigned long flags;

	spin_lock_irqsave(&mempolicy_lock, flags);
	pol = tsk->mempolicy;
	mpol_get(pol);
	spin_unlock_irqrestore(&mempolicy_lock, flags);
	return pol;
}

/* ---- obeying -------------------------------------------------------------------------- */

int next_interleave_node(void)
{
	return next_node_in(current->il_prev, current->mempolicy->nodes);
}

static struct page *alloc_interleaved(const struct mempolicy *pol, gfp_t gfp, unsigned int order,
				      unsigned long index)
{
	struct page *page;
	int nid;

	if (index == NO_INTERLEAVE_INDEX) {
		nid = next_node_in(current->il_prev, pol->nodes);
		current->il_prev = nid;
	} else {
		nid = nth_node(pol->nodes, index % hweight32(pol->nodes));
	}
	page = alloc_pages_node(nid, gfp, order);
	if (page && page_to_nid(page) == nid)
		page_zone(page)->zonestat[smp_processor_id()].event[NUMA_INTERLEAVE_HIT]++;
	return page;
}

/* What @all has of @nodes, in its order. => false: nothing */
static bool restrict_zonelist(struct zonelist *list, const struct zonelist *all,
			      unsigned long nodes)
{
	struct zone **next = list->zones;

	for (int i = 0; all->zones[i]; i++)
		if (nodes & 1UL << zone_to_nid(all->zones[i]))
			*next++ = all->zones[i];
	*next = NULL;
	list->nodes = nodes;
	return next != list->zones;
}

/* From the nearest of the policy's nodes; @first_try: without reclaim, and quietly. */
static struct page *alloc_restricted(const struct mempolicy *pol, gfp_t gfp, unsigned int order,
				     bool first_try)
{
	struct zonelist *all = node_zonelist(numa_node_id(), gfp), list;

	if (!restrict_zonelist(&list, all, pol->nodes))
		return first_try ? NULL : __alloc_pages(gfp, order, all);
	if (first_try)
		gfp = (gfp | __GFP_NOWARN) & ~(__GFP_WAIT | __GFP_NOFAIL);
	return __alloc_pages(gfp, order, &list);
}

struct page *alloc_pages_policy(struct mempolicy *pol, gfp_t gfp, unsigned int order,
				unsigned long index)
{
	struct page *page = NULL;

	switch (pol ? pol->mode : MPOL_LOCAL) {
	case MPOL_INTERLEAVE:
		return alloc_interleaved(pol, gfp, order, index);
	case MPOL_BIND:
		return alloc_restricted(pol, gfp, order, false);
	case MPOL_PREFERRED:
		return alloc_pages_node((int)__ffs(pol->nodes), gfp, order);
	case MPOL_PREFERRED_MANY:
		page = alloc_restricted(pol, gfp, order, true);
		break;
	}
	return page ? page : order ? alloc_pages(gfp, order) : alloc_page(gfp);
}

struct page *alloc_pages_current(gfp_t gfp, unsigned int order)
{
	return alloc_pages_policy(current->mempolicy, gfp, order, NO_INTERLEAVE_INDEX);
}
