/*
 * tests/kernel/mm/phys/mempolicy_test.c - policies: made right, obeyed, counted, gone.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/numa.h>
#include <mm/phys/vmstat.h>
#include <tests/kernel/fail_alloc.h>

#define PAGES	32
#define QUIET	(__GFP_NOWARN | __GFP_NORETRY)

static int weight(unsigned long mask)
{
	int n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

static void expect_policy(struct ktest *t, int mode, unsigned int flags, unsigned long nodes,
			  int got_mode, unsigned long got_nodes)
{
	struct mempolicy *pol = mpol_new(mode, flags, nodes);

	KASSERT(t, !IS_ERR(pol) && pol);
	KEXPECT_EQ(t, pol->mode, got_mode);
	KEXPECT_EQ(t, pol->nodes, got_nodes);
	KEXPECT_EQ(t, pol->user_nodes, nodes);
	mpol_put(pol);
}

/* Which modes, flags and nodes go together, and which nodes count. */
KTEST(mempolicy, made)
{
	unsigned long memory = node_mask(N_MEMORY), lowest = memory & -memory;
	int before = atomic_read(&nr_mempolicies);

	KEXPECT_EQ(t, mpol_new(MPOL_DEFAULT, 0, 0), NULL);
	KEXPECT_EQ(t, PTR_ERR(mpol_new(MPOL_DEFAULT, 0, memory)), -EINVAL);
	KEXPECT_EQ(t, PTR_ERR(mpol_new(MPOL_BIND, 0, 0)), -EINVAL);
	KEXPECT_EQ(t, PTR_ERR(mpol_new(MPOL_BIND, 0, 1UL << 31)), -EINVAL);
	KEXPECT_EQ(t, PTR_ERR(mpol_new(MPOL_LOCAL, 0, memory)), -EINVAL);
	KEXPECT_EQ(t, PTR_ERR(mpol_new(MPOL_PREFERRED, MPOL_F_STATIC_NODES, 0)), -EINVAL);
	expect_policy(t, MPOL_LOCAL, 0, 0, MPOL_LOCAL, 0);
	expect_policy(t, MPOL_PREFERRED, 0, 0, MPOL_LOCAL, 0);
	expect_policy(t, MPOL_PREFERRED, 0, memory, MPOL_PREFERRED, lowest);
	expect_policy(t, MPOL_BIND, 0, memory | 1UL << 31, MPOL_BIND, memory);
	expect_policy(t, MPOL_INTERLEAVE, MPOL_F_STATIC_NODES, lowest, MPOL_INTERLEAVE, lowest);
	/* Relative to as many as there are: the first, once around and twice. */
	expect_policy(t, MPOL_BIND, MPOL_F_RELATIVE_NODES, 1UL << weight(memory), MPOL_BIND, lowest);
	KEXPECT_EQ(t, atomic_read(&nr_mempolicies), before);
}

/* => the node of one page by @pol; it is given back */
static int node_by(struct mempolicy *pol, unsigned int order, unsigned long index)
{
	struct page *page = alloc_pages_policy(pol, GFP_HIGHUSER, order, index);
	int nid = page ? page_to_nid(page) : -1;

	if (page)
		__free_pages(page, order);
	return nid;
}

/* Each node, preferred and bound to, gives what is asked of it; two give what is nearest. */
KTEST(mempolicy, obeyed)
{
	unsigned long memory = node_mask(N_MEMORY);
	int nid;

	for_each_online_node(nid) {
		struct mempolicy *prefer, *bind;

		if (!(memory & 1UL << nid))
			continue;
		prefer = mpol_new(MPOL_PREFERRED, 0, 1UL << nid);
		bind = mpol_new(MPOL_BIND, 0, 1UL << nid);
		KASSERT(t, !IS_ERR(prefer) && !IS_ERR(bind));
		for (unsigned int order = 0; order < 3; order++) {
			KEXPECT_EQ(t, node_by(prefer, order, 0), zonelist_order_node ? nid :
				   zone_to_nid(node_zonelist(nid, GFP_HIGHUSER)->zones[0]));
			KEXPECT_EQ(t, node_by(bind, order, 0), nid);
		}
		mpol_put(prefer);
		mpol_put(bind);
	}
}

/* Places go round the nodes; pages without a place too, from where the task was. */
KTEST(mempolicy, interleaved)
{
	unsigned long memory = node_mask(N_MEMORY), hits;
	struct mempolicy *pol = mpol_new(MPOL_INTERLEAVE, 0, memory);
	int n = weight(memory), seen[MAX_NUMNODES] = { 0 }, first;

	KASSERT(t, !IS_ERR(pol));
	if (!zonelist_order_node) {
		mpol_put(pol);
		ktest_skip(t, "zone order: a preferred node is not where pages come from");
		return;
	}
	hits = global_numa_event_state(NUMA_INTERLEAVE_HIT);
	first = node_by(pol, 0, 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		int nid = node_by(pol, 0, i);

		KEXPECT_EQ(t, nid == first, i % (unsigned int)n == 0);
		seen[nid]++;
	}
	for (int i = 0; i < MAX_NUMNODES; i++)
		KEXPECT(t, !seen[i] || seen[i] >= PAGES / n);
	for (unsigned int i = 0; i < PAGES; i++)
		seen[node_by(pol, 0, NO_INTERLEAVE_INDEX)]++;
	for (int i = 0; i < MAX_NUMNODES; i++)
		KEXPECT(t, !seen[i] || seen[i] >= 2 * (PAGES / n));
	KEXPECT_EQ(t, global_numa_event_state(NUMA_INTERLEAVE_HIT) - hits, 2ul * PAGES + 1);
	mpol_put(pol);
}

static LIST_HEAD(hoard);

/* Take all that @pol gives, which is of node @nid. => pages */
static unsigned long take_all(struct ktest *t, struct mempolicy *pol, int nid)
{
	unsigned long pages = 0;
	struct page *page;

	for (int order = MAX_ORDER - 1; order >= 0; order--) {
		while ((page = alloc_pages_policy(pol, __GFP_HIGHMEM | QUIET, (unsigned int)order, 0))) {
			KEXPECT_EQ(t, page_to_nid(page), nid);
			page->index = (unsigned long)order;
			list_add(&page->lru, &hoard);
			pages += 1UL << order;
		}
	}
	return pages;
}

/* Bound to a full node there is nothing, though others have plenty; one more node, and there is. */
KTEST(mempolicy, bound_and_full)
{
	unsigned long memory = node_mask(N_MEMORY);
	int nid = fls((unsigned int)memory) - 1;
	struct mempolicy *one, *many;
	struct page *page, *next;

	if (weight(memory) < 2) {
		ktest_skip(t, "one node with memory: needs NODES=2 or numa=fake=2");
		return;
	}
	one = mpol_new(MPOL_BIND, 0, 1UL << nid);
	many = mpol_new(MPOL_PREFERRED_MANY, 0, 1UL << nid);
	KASSERT(t, !IS_ERR(one) && !IS_ERR(many));
	while (take_all(t, one, nid))
		drain_all_pages();	/* what the lists had left is the node's too */
	page = alloc_pages_policy(many, __GFP_HIGHMEM | QUIET, 0, 0);
	KEXPECT(t, page && page_to_nid(page) != nid);
	if (page)
		__free_page(page);
	list_for_each_entry_safe(page, next, &hoard, lru) {
		list_del(&page->lru);
		__free_pages(page, (unsigned int)page->index);
	}
	KEXPECT_EQ(t, node_by(one, 0, 0), nid);
	KEXPECT_EQ(t, node_by(many, 0, 0), nid);
	mpol_put(one);
	mpol_put(many);
	drain_all_pages();
}

/* A task's policy is counted by its holders, and gone with the last. */
KTEST(mempolicy, of_a_task)
{
	struct mempolicy *pol = mpol_new(MPOL_BIND, 0, node_mask(N_MEMORY)), *got;
	int before = atomic_read(&nr_mempolicies) - 1;

	KASSERT(t, !IS_ERR(pol));
	set_task_policy(pol);
	got = get_task_policy(current);
	KEXPECT_EQ(t, got, pol);
	KEXPECT_EQ(t, atomic_read(&pol->refcnt), 2);
	set_task_policy(NULL);
	KEXPECT_EQ(t, atomic_read(&got->refcnt), 1);
	mpol_put(got);
	KEXPECT_EQ(t, atomic_read(&nr_mempolicies), before);
	KEXPECT_EQ(t, get_task_policy(current), NULL);
}

static bool block_by_policy(void)
{
	return node_by(NULL, 1, 0) >= 0;
}

/* More than a page, which only these tests ask for. */
KTEST(fail_alloc, policy)
{
	NEED_FAIL_ALLOC(t);
	KEXPECT(t, each_failing(t, block_by_policy) >= 1);
}
