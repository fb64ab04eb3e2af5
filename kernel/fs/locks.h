/*
 * kernel/fs/locks.h - record locks: ranges of a file locked by agreement.  Theory: locks.c.
 */
#ifndef OCTAVO_KERNEL_FS_LOCKS_H
#define OCTAVO_KERNEL_FS_LOCKS_H

#include <kernel/fs/fs.h>

#define OFFSET_MAX	((loff_t)0x7fffffffffffffffLL)

/* A lock that is held, waited for, or asked for. */
struct file_lock {
	struct file_lock *fl_next;	/* [file_lock_lock] in inode->i_flock */
	struct list_head fl_link;	/* [file_lock_lock] all that are held, or all that wait */
	struct file_lock *fl_blocker;	/* [file_lock_lock] of one that waits: what is in its way */
	const void *fl_owner;		/* [c] a files_struct, or (fl_ofd) a struct file */
	struct inode *fl_inode;		/* [c] */
	pid_t fl_pid;			/* [c] who asked; -1 if fl_ofd */
	bool fl_ofd;			/* [c] of an open file description */
	int fl_type;			/* [file_lock_lock] F_RDLCK, F_WRLCK, F_UNLCK */
	loff_t fl_start, fl_end;	/* [file_lock_lock] first and last byte */
};

/* Some lock that @fl could not be held beside, in place of *fl; else fl_type becomes F_UNLCK. */
void posix_test_lock(struct file_lock *fl);
/*
 * Make the range of @fl what fl_type says, for its owner: the rest of his locks stays.
 * => may sleep; 0, -EAGAIN, -ENOLCK; and if @wait -ERESTARTSYS, -EDEADLK
 */
int posix_lock_file(const struct file_lock *fl, bool wait);
/* A process closes a descriptor of @file, perhaps not its last: its locks on the file go. */
void locks_remove_posix(struct file *file, const void *owner);
/* The last reference to @file goes: what locks it owns go. */
void locks_remove_file(struct file *file);
/* Boot. */
void locks_init(void);

#endif
