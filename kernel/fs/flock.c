/*
 * kernel/fs/flock.c - flock(): whole files locked by agreement.
 *
 * Theory.  A lock belongs to an open file description, so dup() and fork() share
 * it, and it goes with the last descriptor.  Many may hold LOCK_SH on an inode, or
 * one LOCK_EX; nobody else is hindered in anything but locking.  To change from
 * one kind to the other is to let go and to wait like anybody else, as on Linux:
 * somebody may be faster.
 *
 * There are few such locks at a time: one list for all files, and one queue on
 * which all wait.
 *
 * Locking: flock_lock guards the list and f_flock of every file; innermost.
 */
#include <kernel/fs/flock.h>

#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <kernel/fs/fs.h>
#include <lib/errno.h>
#include <mm/phys/kmalloc.h>

struct flock_lock {
	struct list_head node;		/* [flock_lock] in all_locks */
	struct inode *inode;		/* [c] what is locked: the file keeps it */
	bool exclusive;			/* [c] */
	pid_t pid;			/* [c] who locked it */
};

static DEFINE_SPINLOCK(flock_lock);
static LIST_HEAD(all_locks);
static DECLARE_WAIT_QUEUE_HEAD(flock_wait);

/* Does somebody hold what @lock cannot be held beside? => flock_lock held */
static bool conflicts(const struct flock_lock *lock)
{
	struct flock_lock *other;

	list_for_each_entry(other, &all_locks, node)
		if (other->inode == lock->inode && (other->exclusive || lock->exclusive))
			return true;
	return false;
}

void flock_release(struct file *file)
{
	struct flock_lock *lock;

	spin_lock(&flock_lock);
	lock = file->f_flock;
	file->f_flock = NULL;
	if (lock)
		list_del(&lock->node);
	spin_unlock(&flock_lock);
	if (!lock)
		return;
	kfree(lock);
	wake_up_all(&flock_wait);
}

/* => true: @file holds @lock now */
static bool try_lock(struct file *file, struct flock_lock *lock)
{
	bool got;

	spin_lock(&flock_lock);
	/* Another thread may have locked by the same description: then that one counts. */
	got = !file->f_flock && !conflicts(lock);
	if (got) {
		file->f_flock = lock;
		list_add_tail(&lock->node, &all_locks);
	}
	spin_unlock(&flock_lock);
	return got;
}

/* => it holds such a lock already */
static bool holds(struct file *file, bool exclusive)
{
	bool ret;

	spin_lock(&flock_lock);
	ret = file->f_flock && file->f_flock->exclusive == exclusive;
	spin_unlock(&flock_lock);
	return ret;
}

int flock_acquire(struct file *file, bool exclusive, bool nonblock)
{
	struct flock_lock *lock;
	bool taken = false;
	int err = 0;

	if (holds(file, exclusive))
		return 0;
	flock_release(file);
	lock = kmalloc(sizeof(*lock), GFP_KERNEL);
	if (!lock)
		return -ENOLCK;
	lock->inode = file->f_inode;
	lock->exclusive = exclusive;
	lock->pid = current->tgid;
	if (try_lock(file, lock))
		return 0;
	if (nonblock)
		err = -EWOULDBLOCK;
	else
		err = wait_event_interruptible(flock_wait, holds(file, exclusive) ||
					       (taken = try_lock(file, lock)));
	if (!taken)
		kfree(lock);
	return err;
}

int flock_show(struct seq_file *m, int id)
{
	struct flock_lock *lock;

	spin_lock(&flock_lock);
	list_for_each_entry(lock, &all_locks, node) {
		const struct inode *inode = lock->inode;

		seq_printf(m, "%d: FLOCK  ADVISORY  %s %d %02x:%02x:%lu 0 EOF\n", id++,
			   lock->exclusive ? "WRITE" : "READ", lock->pid,
			   MAJOR(inode->i_sb->s_dev), MINOR(inode->i_sb->s_dev), inode->i_ino);
	}
	spin_unlock(&flock_lock);
	return id;
}
