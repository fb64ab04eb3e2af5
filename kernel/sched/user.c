/*
 * kernel/sched/user.c - a struct for each user id that has something.
 *
 * Tasks of one user share it; it goes with the last.  Locking: uidhash_lock,
 * interrupts off (a queued signal is freed in any context).
 */
#include <kernel/sched/user.h>

#include <kernel/core/spinlock.h>
#include <mm/phys/slab.h>

#define UIDHASH_SIZE	16

static DEFINE_SPINLOCK(uidhash_lock);
static struct list_head uidhash[UIDHASH_SIZE];	/* [uidhash_lock] */
static struct kmem_cache *uid_cachep;		/* [c] */

struct user_struct root_user = {
	.count = ATOMIC_INIT(2),	/* the boot task, and this file: it never goes */
	.processes = ATOMIC_INIT(1),
	.hash = LIST_HEAD_INIT(root_user.hash),
};

/* => uidhash_lock held; a reference or NULL */
static struct user_struct *uid_hash_find(uid_t uid)
{
	struct user_struct *up;

	list_for_each_entry(up, &uidhash[uid % UIDHASH_SIZE], hash)
		if (up->uid == uid)
			return get_uid(up);
	return NULL;
}

struct user_struct *alloc_uid(uid_t uid)
{
	struct user_struct *up, *fresh;
	unsigned long flags;

	spin_lock_irqsave(&uidhash_lock, flags);
	up = uid_hash_find(uid);
	spin_unlock_irqrestore(&uidhash_lock, flags);
	if (up)
		return up;

	fresh = kmem_cache_zalloc(uid_cachep, GFP_KERNEL);
	if (!fresh)
		return NULL;
	fresh->uid = uid;
	atomic_set(&fresh->count, 1);

	spin_lock_irqsave(&uidhash_lock, flags);
	up = uid_hash_find(uid);
	if (!up)
		list_add(&fresh->hash, &uidhash[uid % UIDHASH_SIZE]);
	spin_unlock_irqrestore(&uidhash_lock, flags);
	if (!up)
		return fresh;
	kmem_cache_free(uid_cachep, fresh);
	return up;
}

void free_uid(struct user_struct *up)
{
	unsigned long flags;

	local_irq_save(flags);
	spin_lock(&uidhash_lock);
	if (atomic_dec_and_test(&up->count)) {
		list_del(&up->hash);
		spin_unlock(&uidhash_lock);
		kmem_cache_free(uid_cachep, up);
	} else {
		spin_unlock(&uidhash_lock);
	}
	local_irq_restore(flags);
}

void __init user_init(void)
{
	for (int i = 0; i < UIDHASH_SIZE; i++)
		INIT_LIST_HEAD(&uidhash[i]);
	list_add(&root_user.hash, &uidhash[0]);
	uid_cachep = kmem_cache_create("uid_cache", sizeof(struct user_struct), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
}
