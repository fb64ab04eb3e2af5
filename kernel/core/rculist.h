/*
 * kernel/core/rculist.h - lists that are read without a lock while they change.
 *
 * Writers exclude each other by a lock; readers are between rcu_read_lock() and
 * rcu_read_unlock().  An entry goes in when it is complete, and one that is taken
 * out keeps its way on, so that a reader that stands on it finds the end of the
 * list: it must not be freed, nor put on another list whose end is its head, before
 * a grace period is over.  A hash chain (hlist) ends in NULL: an entry that moves to
 * another chain makes a reader miss what follows, but not run in circles.
 */
#ifndef OCTAVO_KERNEL_CORE_RCULIST_H
#define OCTAVO_KERNEL_CORE_RCULIST_H

#include <kernel/core/rcu.h>
#include <lib/list.h>

static inline void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	rcu_assign_pointer(head->next, entry);
	entry->next->prev = entry;
}

static inline void list_add_tail_rcu(struct list_head *entry, struct list_head *head)
{
	entry->next = head;
	entry->prev = head->prev;
	rcu_assign_pointer(head->prev->next, entry);
	head->prev = entry;
}

/* => entry->next still leads on */
static inline void list_del_rcu(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	WRITE_ONCE(entry->prev->next, entry->next);
}

#define list_for_each_entry_rcu(pos, head, member)					\
	for (pos = list_entry(rcu_dereference((head)->next), __typeof__(*(pos)), member); \
	     &(pos)->member != (head);							\
	     pos = list_entry(rcu_dereference((pos)->member.next), __typeof__(*(pos)), member))

static inline void hlist_add_head_rcu(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	n->pprev = &h->first;
	rcu_assign_pointer(h->first, n);
	if (n->next)
		n->next->pprev = &n->next;
}

/* => hlist_unhashed(); n->next still leads on */
static inline void hlist_del_init_rcu(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	WRITE_ONCE(*n->pprev, n->next);
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = NULL;
}

#define hlist_for_each_entry_rcu(pos, head, member)					\
	for (pos = hlist_entry_safe(rcu_dereference((head)->first), __typeof__(*(pos)), member); \
	     pos;									\
	     pos = hlist_entry_safe(rcu_dereference((pos)->member.next), __typeof__(*(pos)), member))

#endif
