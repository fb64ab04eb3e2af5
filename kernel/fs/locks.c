/*
 * kernel/fs/locks.c - record locks: ranges of a file locked by agreement.
 *
 * Theory.  A lock covers bytes of an inode, for an owner, for reading (with others) or for
 * writing (alone); nobody is hindered in anything but locking.  Who the owner is makes the two
 * kinds: of a POSIX lock it is the process, by its table of descriptors, and closing *any*
 * descriptor of the file ends all its locks on it; of an OFD lock it is the open file
 * description, and the last close ends them.  The two kinds conflict with each other.
 *
 * The locks of one owner on a file never overlap, and two of the same type never touch: a new
 * one takes over what it touches of its type, and cuts what it overlaps of the other.  To
 * unlock is to do the same with a type that is not kept.  The worst case cuts one lock in two,
 * so two are made before the spinlock is taken, and nothing can fail halfway.
 *
 * Waiting.  Who waits stands in `blocked` with one lock that is in its way, and looks again
 * when any lock of its file has gone.  That gives the graph of who waits for whom: before
 * a process sleeps we walk from the owner in its way to what that one waits for, and so on; if
 * the walk comes back to the asker, he is told -EDEADLK.  Each owner is followed by its first
 * waiter only, and not further than MAX_DEADLK_ITERATIONS: as on Linux.  Descriptions are not
 * followed: who would be the one that waits?
 *
 * What was left out: mandatory locks, and leases.
 *
 * Locking: file_lock_lock guards all of it: such locks are few.  Innermost.
 *
 * References: POSIX.1-2017, fcntl(); Bach, chapter 5 (deadlock of record locks).
 */
#include <kernel/fs/locks.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <kernel/fs/flock.h>
#include <lib/kernel.h>
#include <mm/phys/slab.h>

#define MAX_DEADLK_ITERATIONS	10

static DEFINE_SPINLOCK(file_lock_lock);
static LIST_HEAD(file_lock_list);	/* [file_lock_lock] fl_link of what is held */
static LIST_HEAD(blocked);		/* [file_lock_lock] fl_link of what waits */
static DECLARE_WAIT_QUEUE_HEAD(blocked_wait);
static struct kmem_cache *file_lock_cachep;

static bool same_owner(const struct file_lock *a, const struct file_lock *b)
{
	return a->fl_owner == b->fl_owner;
}

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->fl_start <= b->fl_end && b->fl_start <= a->fl_end;
}

/* => the first lock of somebody else that @fl cannot be held beside, or NULL; file_lock_lock held */
static struct file_lock *find_conflict(const struct file_lock *fl)
{
	struct file_lock *other, *first = NULL;

	for (other = fl->fl_inode->i_flock; other; other = other->fl_next)
		if (overlaps(other, fl) && !same_owner(other, fl) &&
		    (other->fl_type == F_WRLCK || fl->fl_type == F_WRLCK) &&
		    (!first || other->fl_start < first->fl_start))
			first = other;
	return first;
}

void posix_test_lock(struct file_lock *fl)
{
	struct file_lock *other;

	spin_lock(&file_lock_lock);
	other = find_conflict(fl);
	if (other)
		*fl = *other;
	else
		fl->fl_type = F_UNLCK;
	spin_unlock(&file_lock_lock);
}

/* ---- what is held ---------------------------------------------------------------------------- */

/* => file_lock_lock held */
static void insert_lock(struct file_lock *fl)
{
	fl->fl_next = fl->fl_inode->i_flock;
	fl->fl_inode->i_flock = fl;
	list_add_tail(&fl->fl_link, &file_lock_list);
}

/* The lock at *@p goes. => file_lock_lock held */
static void delete_lock(struct file_lock **p)
{
	struct file_lock *fl = *p, *waiter;

	*p = fl->fl_next;
	list_del(&fl->fl_link);
	list_for_each_entry(waiter, &blocked, fl_link)
		if (waiter->fl_blocker == fl)
			waiter->fl_blocker = NULL;
	kmem_cache_free(file_lock_cachep, fl);
}

/* Of the same type and with no byte between them. */
static bool joins(const struct file_lock *fl, const struct file_lock *new)
{
	return fl->fl_type == new->fl_type && fl->fl_start - 1 <= new->fl_end &&
	       new->fl_start - 1 <= fl->fl_end;
}

/* @fl loses its last part, from @new on. => it overlaps @new and starts before it */
static void cut_end(struct file_lock *fl, const struct file_lock *new, struct file_lock **spare)
{
	struct file_lock *right = *spare;

	if (fl->fl_end > new->fl_end) {
		*spare = NULL;
		*right = *fl;
		right->fl_start = new->fl_end + 1;
		insert_lock(right);
	}
	fl->fl_end = new->fl_start - 1;
}

/*
 * Make room for @new among its owner's locks; it grows by those that it joins.
 * => file_lock_lock held; takes *spare if a lock must be cut in two
 */
static void make_room(struct file_lock *new, struct file_lock **spare)
{
	struct file_lock **p = &new->fl_inode->i_flock, *fl;

	while ((fl = *p)) {
		if (!same_owner(fl, new) || (!overlaps(fl, new) && !joins(fl, new))) {
			p = &fl->fl_next;
		} else if (fl->fl_type == new->fl_type) {
			new->fl_start = min(new->fl_start, fl->fl_start);
			new->fl_end = max(new->fl_end, fl->fl_end);
			delete_lock(p);
		} else if (fl->fl_start < new->fl_start) {
			cut_end(fl, new, spare);
			p = &fl->fl_next;
		} else if (fl->fl_end > new->fl_end) {
			fl->fl_start = new->fl_end + 1;
			p = &fl->fl_next;
		} else {
			delete_lock(p);
		}
	}
}

/* => file_lock_lock held; what is NULL afterwards has been taken */
static void apply_lock(const struct file_lock *fl, struct file_lock **new, struct file_lock **spare)
{
	struct file_lock *lock = *new;

	*lock = *fl;
	make_room(lock, spare);
	if (lock->fl_type == F_UNLCK)
		return;
	insert_lock(lock);
	*new = NULL;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* => what the owner of @fl waits for, or NULL; file_lock_lock held */
static struct file_lock *what_owner_waits_for(const struct file_lock *fl)
{
	struct file_lock *waiter;

	list_for_each_entry(waiter, &blocked, fl_link)
		if (same_owner(waiter, fl))
			return waiter->fl_blocker;
	return NULL;
}

/* Would @fl, waiting for @blocker, wait for itself? => file_lock_lock held */
static bool would_deadlock(const struct file_lock *fl, const struct file_lock *blocker)
{
	int i;

	if (fl->fl_ofd)
		return false;
	for (i = 0; i < MAX_DEADLK_ITERATIONS; i++) {
		blocker = what_owner_waits_for(blocker);
		if (!blocker || blocker->fl_ofd)
			return false;
		if (same_owner(blocker, fl))
			return true;
	}
	return false;
}

/* @waiter stands among those who wait for @blocker, or no more (NULL). => file_lock_lock held */
static void set_blocker(struct file_lock *waiter, struct file_lock *blocker)
{
	list_del_init(&waiter->fl_link);
	waiter->fl_blocker = blocker;
	if (blocker)
		list_add_tail(&waiter->fl_link, &blocked);
}

/*
 * Try once; @waiter is what stands for us meanwhile.
 * => 0, -EAGAIN (then waiting if @wait) or -EDEADLK
 */
static int try_lock(const struct file_lock *fl, struct file_lock *waiter, struct file_lock **new,
		    struct file_lock **spare, bool wait)
{
	struct file_lock *blocker;
	int err = 0;

	spin_lock(&file_lock_lock);
	set_blocker(waiter, NULL);
	blocker = fl->fl_type == F_UNLCK ? NULL : find_conflict(fl);
	if (!blocker)
		apply_lock(fl, new, spare);
	else if (wait && would_deadlock(fl, blocker))
		err = -EDEADLK;
	else
		err = -EAGAIN;
	if (err == -EAGAIN && wait)
		set_blocker(waiter, blocker);
	spin_unlock(&file_lock_lock);
	return err;
}

static void free_lock(struct file_lock *fl)
{
	if (fl)
		kmem_cache_free(file_lock_cachep, fl);
}

int posix_lock_file(const struct file_lock *fl, bool wait)
{
	struct file_lock *new = kmem_cache_alloc(file_lock_cachep, GFP_KERNEL);
	struct file_lock *spare = kmem_cache_alloc(file_lock_cachep, GFP_KERNEL);
	struct file_lock waiter = *fl;
	int err = -ENOLCK, ret;

	INIT_LIST_HEAD(&waiter.fl_link);
	if (new && spare) {
		ret = 0;
		if (wait)
			ret = wait_event_interruptible(blocked_wait, (err = try_lock(fl, &waiter,
							&new, &spare, true)) != -EAGAIN);
		else
			err = try_lock(fl, &waiter, &new, &spare, false);
		err = ret ? ret : err;
		spin_lock(&file_lock_lock);
		set_blocker(&waiter, NULL);
		spin_unlock(&file_lock_lock);
	}
	free_lock(new);
	free_lock(spare);
	/* Some of what was held may have gone, or lets readers in now. */
	if (!err && waitqueue_active(&blocked_wait))
		wake_up_all(&blocked_wait);
	return err;
}

/* ---- the ends of owners ---------------------------------------------------------------------- */

static void remove_all_of(struct inode *inode, const void *owner)
{
	struct file_lock **p = &inode->i_flock;

	spin_lock(&file_lock_lock);
	while (*p) {
		if ((*p)->fl_owner == owner)
			delete_lock(p);
		else
			p = &(*p)->fl_next;
	}
	spin_unlock(&file_lock_lock);
	if (waitqueue_active(&blocked_wait))
		wake_up_all(&blocked_wait);
}

void locks_remove_posix(struct file *file, const void *owner)
{
	/* Our own locks we see without the spinlock; others' do not matter. */
	if (unlikely(file->f_inode->i_flock))
		remove_all_of(file->f_inode, owner);
}

void locks_remove_file(struct file *file)
{
	if (unlikely(file->f_inode->i_flock))
		remove_all_of(file->f_inode, file);
}

/* ---- /proc/locks ----------------------------------------------------------------------------- */

/* => file_lock_lock held */
static void show_lock(struct seq_file *m, const struct file_lock *fl)
{
	const struct inode *inode = fl->fl_inode;

	seq_printf(m, "%s ADVISORY  %s %d %02x:%02x:%lu %lld ", fl->fl_ofd ? "OFDLCK" : "POSIX ",
		   fl->fl_type == F_WRLCK ? "WRITE" : "READ", fl->fl_pid,
		   MAJOR(inode->i_sb->s_dev), MINOR(inode->i_sb->s_dev), inode->i_ino,
		   fl->fl_start);
	if (fl->fl_end == OFFSET_MAX)
		seq_puts(m, "EOF\n");
	else
		seq_printf(m, "%lld\n", fl->fl_end);
}

/* Each lock, and below it who waits for it. */
static int locks_show(struct seq_file *m, void *v)
{
	struct file_lock *fl, *waiter;
	int id = flock_show(m, 1);

	spin_lock(&file_lock_lock);
	list_for_each_entry(fl, &file_lock_list, fl_link) {
		seq_printf(m, "%d: ", id);
		show_lock(m, fl);
		list_for_each_entry(waiter, &blocked, fl_link) {
			if (waiter->fl_blocker != fl)
				continue;
			seq_printf(m, "%d: -> ", id);
			show_lock(m, waiter);
		}
		id++;
	}
	spin_unlock(&file_lock_lock);
	return 0;
}
PROC_SHOW("locks", locks_show);

void __init locks_init(void)
{
	file_lock_cachep = kmem_cache_create("file_lock_cache", sizeof(struct file_lock), 0,
					     SLAB_PANIC, NULL);
}
