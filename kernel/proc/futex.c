/*
 * kernel/proc/futex.c - fast user-space locks: the slow part.
 *
 * Theory.  A lock is a word in user memory that programs change by atomic
 * instructions; only who must wait comes here.  The danger is that the word changes
 * between the program's look and its sleep.  So the waiter enters a queue first,
 * under the queue's lock, looks at the word again, and sleeps only if it is still
 * what it was; a waker that changes the word afterwards finds it on the queue.
 *
 * A futex is known by its key.  Callers that say FUTEX_PRIVATE_FLAG share the address
 * space: the key is that and the address, and nothing is looked up.  For the others
 * the mapping is looked up: of a file (or of shared memory, which is one) the key is
 * its address_space and the offset, so that processes meet that have it mapped at
 * different places; of private memory the address again, but with a bit set, so that
 * the two kinds never meet, as on Linux.  Keys hash to one of 64 queues.
 *
 * A key holds no reference: if the mapping goes while someone waits, the address of
 * another object may come to equal it, and a wait ends too early, which users of
 * futexes must expect anyway.
 *
 * Locking: the bucket's lock; the word is read under it with page faults disabled,
 * and if it is not there the lock is dropped, the page faulted in, and all done
 * again.  Two buckets (requeue) in order of their addresses.
 *
 * Reference: U. Drepper, "Futexes Are Tricky".
 */
#include <kernel/proc/futex.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/fs/fs.h>
#include <kernel/sched/sched.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <mm/space/mmap.h>

#define FUTEX_HASHBITS	6

struct futex_key {
	const void *object;	/* mm_struct or address_space */
	unsigned long word;	/* address, or byte offset (modulo 4G); KEY_MM_SHARED */
};

#define KEY_MM_SHARED	1ul	/* private memory, but the caller did not say so */

struct futex_hash_bucket {
	spinlock_t lock;
	struct list_head chain;		/* [lock] struct futex_q */
};

/* One who waits; lies on its stack. */
struct futex_q {
	struct list_head list;		/* [bucket lock] empty: woken */
	struct futex_hash_bucket *hb;	/* [lock of the old and of the new one] */
	struct futex_key key;		/* [bucket lock] */
	struct task_struct *task;
	u32 bitset;
};

static struct futex_hash_bucket futex_queues[1 << FUTEX_HASHBITS];

static struct futex_hash_bucket *hash_futex(const struct futex_key *key)
{
	return &futex_queues[hash_long((unsigned long)key->object ^ key->word, FUTEX_HASHBITS)];
}

static bool match_futex(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->word == b->word;
}

/* The key of a word that others may have mapped too. => mmap_sem held; 0 or -EFAULT */
static int shared_futex_key(struct mm_struct *mm, unsigned long addr, struct futex_key *key)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start > addr)
		return -EFAULT;
	if (vma->vm_file && (vma->vm_flags & (VM_SHARED | VM_WRITE)) != VM_WRITE) {
		key->object = file_inode(vma->vm_file)->i_mapping;
		key->word = (linear_page_index(vma, addr) << PAGE_SHIFT) + (addr & ~PAGE_MASK);
		return 0;
	}
	/* What is private and cannot change is nothing to wait for. */
	if (!(vma->vm_flags & VM_WRITE))
		return -EFAULT;
	key->word = addr | KEY_MM_SHARED;
	return 0;
}

/* => may sleep; 0, -EINVAL, -EFAULT */
static int get_futex_key(u32 *uaddr, bool shared, struct futex_key *key)
{
	unsigned long addr = (unsigned long)uaddr;
	struct mm_struct *mm = current->mm;
	u32 now;
	int err;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)) || !mm)
		return -EFAULT;
	key->object = mm;
	key->word = addr;
	if (!shared)
		return 0;
	/* There must be a page. */
	if (copy_from_user(&now, uaddr, sizeof(now)))
		return -EFAULT;
	down_read(&mm->mmap_sem);
	err = shared_futex_key(mm, addr, key);
	up_read(&mm->mmap_sem);
	return err;
}

/* => bucket lock held; 0 or -EFAULT */
static int read_word_atomic(u32 *uaddr, u32 *val)
{
	unsigned long left;

	pagefault_disable();
	left = __copy_from_user_inatomic(val, uaddr, sizeof(*val));
	pagefault_enable();
	return left ? -EFAULT : 0;
}

/*
 * Enter the queue if the word is still @val.
 * => 0; -EAGAIN, -EFAULT: not queued
 */
static int futex_wait_setup(u32 *uaddr, u32 val, struct futex_q *q)
{
	struct futex_hash_bucket *hb = hash_futex(&q->key);
	u32 now;

	for (;;) {
		spin_lock(&hb->lock);
		if (!read_word_atomic(uaddr, &now))
			break;
		spin_unlock(&hb->lock);
		if (get_user(now, uaddr))
			return -EFAULT;
	}
	if (now != val) {
		spin_unlock(&hb->lock);
		return -EAGAIN;
	}
	q->hb = hb;
	list_add_tail(&q->list, &hb->chain);
	__set_current_state(TASK_INTERRUPTIBLE);
	spin_unlock(&hb->lock);
	return 0;
}

/* => true: it was still queued, so nobody woke it */
static bool unqueue_me(struct futex_q *q)
{
	struct futex_hash_bucket *hb;
	bool queued;

	for (;;) {
		hb = READ_ONCE(q->hb);
		spin_lock(&hb->lock);
		if (hb == q->hb)
			break;
		spin_unlock(&hb->lock);	/* it was moved meanwhile */
	}
	queued = !list_empty(&q->list);
	if (queued)
		list_del_init(&q->list);
	spin_unlock(&hb->lock);
	return queued;
}

int futex_wait(u32 *uaddr, bool shared, u32 val, u32 bitset, u64 deadline)
{
	struct futex_q q = { .task = current, .bitset = bitset };
	bool time_left = true;
	int err;

	if (!bitset)
		return -EINVAL;
	INIT_LIST_HEAD(&q.list);
	err = get_futex_key(uaddr, shared, &q.key);
	if (!err)
		err = futex_wait_setup(uaddr, val, &q);
	if (err)
		return err;
	for (;;) {
		if (list_empty_careful(&q.list) || signal_pending(current) || !time_left)
			break;
		if (deadline == FUTEX_NO_DEADLINE)
			schedule();
		else
			time_left = schedule_deadline(deadline);
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	if (!unqueue_me(&q))
		return 0;
	if (!time_left)
		return -ETIMEDOUT;
	return -ERESTARTSYS;
}

/* => bucket lock held; *q is gone once its list is empty */
static void wake_futex(struct futex_q *q)
{
	struct task_struct *task = q->task;

	get_task_struct(task);
	list_del_init(&q->list);
	wake_up_process(task);
	put_task_struct(task);
}

/* Wake up to @nr (at least one) who wait at @key. => bucket lock held; how many */
static int wake_queue(struct futex_hash_bucket *hb, const struct futex_key *key, int nr, u32 bitset)
{
	struct futex_q *q, *next;
	int woken = 0;

	list_for_each_entry_safe(q, next, &hb->chain, list) {
		if (!match_futex(&q->key, key) || !(q->bitset & bitset))
			continue;
		wake_futex(q);
		if (++woken >= nr)
			break;
	}
	return woken;
}

int futex_wake(u32 *uaddr, bool shared, int nr, u32 bitset)
{
	struct futex_hash_bucket *hb;
	struct futex_key key;
	int err, woken;

	if (!bitset)
		return -EINVAL;
	err = get_futex_key(uaddr, shared, &key);
	if (err)
		return err;
	hb = hash_futex(&key);
	spin_lock(&hb->lock);
	woken = wake_queue(hb, &key, nr, bitset);
	spin_unlock(&hb->lock);
	return woken;
}

static void lock_two(struct futex_hash_bucket *a, struct futex_hash_bucket *b)
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock, SINGLE_DEPTH_NESTING);
}

static void unlock_two(struct futex_hash_bucket *a, struct futex_hash_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

int futex_requeue(u32 *uaddr, bool shared, u32 *uaddr2, int nr, int nr2, const u32 *cmpval)
{
	struct futex_hash_bucket *hb, *hb2;
	struct futex_key key, key2;
	struct futex_q *q, *next;
	int err, count = 0;
	u32 now;

	if (nr < 0 || nr2 < 0)
		return -EINVAL;
	err = get_futex_key(uaddr, shared, &key);
	if (!err)
		err = get_futex_key(uaddr2, shared, &key2);
	if (err)
		return err;
	hb = hash_futex(&key);
	hb2 = hash_futex(&key2);
	lock_two(hb, hb2);
	while (cmpval && read_word_atomic(uaddr, &now)) {
		unlock_two(hb, hb2);
		if (get_user(now, uaddr))
			return -EFAULT;
		lock_two(hb, hb2);
	}
	if (cmpval && now != *cmpval) {
		unlock_two(hb, hb2);
		return -EAGAIN;
	}
	list_for_each_entry_safe(q, next, &hb->chain, list) {
		if (!match_futex(&q->key, &key))
			continue;
		if (count - nr >= nr2)	/* not nr + nr2: "all" is INT_MAX */
			break;
		if (count++ < nr) {
			wake_futex(q);
		} else {
			/* Within one chain it stays: moved behind the others it would come again. */
			if (hb != hb2) {
				list_move_tail(&q->list, &hb2->chain);
				q->hb = hb2;
			}
			q->key = key2;
		}
	}
	unlock_two(hb, hb2);
	return count;
}

/* ---- an operation and a wake in one --------------------------------------------------------------- */

/* What FUTEX_WAKE_OP does to *uaddr2, packed into a word: op:4 cmp:4 oparg:12 cmparg:12. */
struct futex_op {
	unsigned int op, cmp;
	s32 oparg, cmparg;
};

#define FUTEX_OP_OPARG_SHIFT	8u	/* in op: the argument is a bit's number */

/* => 0 or -ENOSYS */
static int decode_op(u32 encoded, struct futex_op *op)
{
	op->op = encoded >> 28 & 7;
	op->cmp = encoded >> 24 & 15;
	op->oparg = (s32)(encoded << 8) >> 20;
	op->cmparg = (s32)(encoded << 20) >> 20;
	if (encoded >> 28 & FUTEX_OP_OPARG_SHIFT)
		op->oparg = (s32)(1u << (op->oparg & 31));
	return op->op > 4 || op->cmp > 5 ? -ENOSYS : 0;
}

static u32 new_value(const struct futex_op *op, u32 old)
{
	u32 arg = (u32)op->oparg;

	switch (op->op) {
	case 0:
		return arg;
	case 1:
		return old + arg;
	case 2:
		return old | arg;
	case 3:
		return old & ~arg;
	default:
		return old ^ arg;
	}
}

static bool compare_old(const struct futex_op *op, s32 old)
{
	switch (op->cmp) {
	case 0:
		return old == op->cmparg;
	case 1:
		return old != op->cmparg;
	case 2:
		return old < op->cmparg;
	case 3:
		return old <= op->cmparg;
	case 4:
		return old > op->cmparg;
	default:
		return old >= op->cmparg;
	}
}

/* Change the word, atomically. => page faults disabled; 0 with *old, or -EFAULT */
static int change_word(u32 *uaddr, const struct futex_op *op, u32 *old)
{
	u32 seen;

	if (__copy_from_user_inatomic(old, uaddr, sizeof(*old)))
		return -EFAULT;
	for (;; *old = seen) {
		seen = *old;
		if (user_cmpxchg_4(uaddr, &seen, new_value(op, *old)))
			return -EFAULT;
		if (seen == *old)
			return 0;
	}
}

/* Make the word's page present and ours to write. => may sleep; 0 or -EFAULT */
static int fault_in_writable(u32 *uaddr)
{
	u32 now;

	return get_user(now, uaddr) || user_cmpxchg_4(uaddr, &now, now) ? -EFAULT : 0;
}

int futex_wake_op(u32 *uaddr, bool shared, u32 *uaddr2, int nr, int nr2, u32 encoded)
{
	struct futex_hash_bucket *hb, *hb2;
	struct futex_key key, key2;
	struct futex_op op;
	int err, woken;
	u32 old;

	err = get_futex_key(uaddr, shared, &key);
	if (!err)
		err = get_futex_key(uaddr2, shared, &key2);
	if (!err)
		err = decode_op(encoded, &op);
	if (err)
		return err;
	hb = hash_futex(&key);
	hb2 = hash_futex(&key2);
	for (;;) {
		lock_two(hb, hb2);
		pagefault_disable();
		err = change_word(uaddr2, &op, &old);
		pagefault_enable();
		if (!err)
			break;
		unlock_two(hb, hb2);
		if (fault_in_writable(uaddr2))
			return -EFAULT;
	}
	woken = wake_queue(hb, &key, nr, FUTEX_BITSET_MATCH_ANY);
	if (compare_old(&op, (s32)old))
		woken += wake_queue(hb2, &key2, nr2, FUTEX_BITSET_MATCH_ANY);
	unlock_two(hb, hb2);
	return woken;
}

/* ---- robust futexes -------------------------------------------------------------------------- */

#define FUTEX_WAITERS		0x80000000u
#define FUTEX_OWNER_DIED	0x40000000u
#define FUTEX_TID_MASK		0x3fffffffu
#define ROBUST_LIST_LIMIT	2048	/* a list may be circular */

/* The user's list: each entry begins with a pointer to the next. */
struct robust_list_head {
	u32 next;
	s32 futex_offset;	/* from an entry to its futex */
	u32 list_op_pending;	/* an entry that was about to be entered or removed */
};

/* The owner of *uaddr is dead, if it is us. @pending: it may have been unlocked already */
static int handle_futex_death(u32 *uaddr, pid_t tid, bool pi, bool pending)
{
	u32 old, seen;

	if ((unsigned long)uaddr & 3 || get_user(old, uaddr))
		return -EFAULT;
	if (pending && !pi && !old) {
		/* Unlocked, but died before it woke anybody. */
		futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
		return 0;
	}
	do {
		if ((old & FUTEX_TID_MASK) != (u32)tid)
			return 0;
		seen = old;
		if (user_cmpxchg_4(uaddr, &seen, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
	} while (seen != old && (old = seen, true));
	if (!pi && (old & FUTEX_WAITERS))
		futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

/* The lowest bit of a pointer on the list says that its futex is a PI futex. */
static u32 *entry_futex(u32 entry, s32 offset)
{
	return (u32 *)((entry & ~1u) + (u32)offset);
}

void exit_robust_list(struct task_struct *tsk)
{
	struct robust_list_head head;
	u32 start = (u32)tsk->robust_list, entry, next;
	int limit = ROBUST_LIST_LIMIT;
	bool bad = false;

	tsk->robust_list = NULL;
	if (!start || copy_from_user(&head, (const void *)start, sizeof(head)))
		return;
	for (entry = head.next; (entry & ~1u) != start && limit-- && !bad; entry = next) {
		/* First the next: who wakes up may free this one. */
		bad = get_user(next, (const u32 *)(entry & ~1u));
		if (entry != head.list_op_pending &&
		    handle_futex_death(entry_futex(entry, head.futex_offset), tsk->pid, entry & 1,
				       false))
			return;
		cond_resched();
	}
	if (head.list_op_pending)
		handle_futex_death(entry_futex(head.list_op_pending, head.futex_offset), tsk->pid,
				   head.list_op_pending & 1, true);
}

/* ---- start ----------------------------------------------------------------------------------- */

void __init futex_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(futex_queues); i++) {
		spin_lock_init(&futex_queues[i].lock);
		INIT_LIST_HEAD(&futex_queues[i].chain);
	}
}
