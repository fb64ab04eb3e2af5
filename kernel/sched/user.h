/*
 * kernel/sched/user.h - what each user id has in use, for RLIMIT_NPROC and _SIGPENDING.
 */
#ifndef OCTAVO_KERNEL_SCHED_USER_H
#define OCTAVO_KERNEL_SCHED_USER_H

#include <kernel/arch/atomic.h>
#include <lib/list.h>
#include <lib/types.h>

struct user_struct {
	atomic_t count;		/* [a] tasks and queued signals that point here */
	atomic_t processes;	/* [a] tasks */
	atomic_t sigpending;	/* [a] queued signals */
	uid_t uid;		/* [c] */
	struct list_head hash;	/* [uidhash_lock] */
};

extern struct user_struct root_user;	/* static: there from the start */

/* Find or make. => may sleep; a reference, or NULL: no memory */
struct user_struct *alloc_uid(uid_t uid);
void free_uid(struct user_struct *up);
static inline struct user_struct *get_uid(struct user_struct *up)
{
	atomic_inc(&up->count);
	return up;
}
void user_init(void);

#endif
