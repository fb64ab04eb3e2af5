/*
 * kernel/proc/futex.h - sleeping on a word of user memory.
 */
#ifndef OCTAVO_KERNEL_PROC_FUTEX_H
#define OCTAVO_KERNEL_PROC_FUTEX_H

#include <lib/types.h>

struct task_struct;

#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define FUTEX_REQUEUE		3
#define FUTEX_CMP_REQUEUE	4
#define FUTEX_WAKE_OP		5
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAKE_BITSET	10
#define FUTEX_PRIVATE_FLAG	128
#define FUTEX_CLOCK_REALTIME	256
#define FUTEX_CMD_MASK		(~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))
#define FUTEX_BITSET_MATCH_ANY	0xffffffffu

#define FUTEX_NO_DEADLINE	(~0ull)

/*
 * @shared in all of them: the word may be shared with other address spaces.
 *
 * Sleep if *uaddr == val, until woken by one whose bitset has a bit of @bitset, or until
 * @deadline (ktime_get_ns()).
 * => may sleep; 0, -EAGAIN (it differs), -ETIMEDOUT, -ERESTARTSYS, -EFAULT, -EINVAL
 */
int futex_wait(u32 *uaddr, bool shared, u32 val, u32 bitset, u64 deadline);
/* Wake up to @nr, but at least one. => how many were woken, or -EINVAL, -EFAULT */
int futex_wake(u32 *uaddr, bool shared, int nr, u32 bitset);
/*
 * Wake @nr, and let up to @nr2 others wait at @uaddr2 instead; only if *uaddr == *cmpval,
 * unless @cmpval is NULL.  => woken + moved, or -errno
 */
int futex_requeue(u32 *uaddr, bool shared, u32 *uaddr2, int nr, int nr2, const u32 *cmpval);
/*
 * Change *uaddr2 as @op says, wake @nr at @uaddr, and if the old value compares as @op says, @nr2
 * at @uaddr2.  => woken, or -errno; -ENOSYS: no such operation
 */
int futex_wake_op(u32 *uaddr, bool shared, u32 *uaddr2, int nr, int nr2, u32 op);

/*
 * A task dies: give up the robust futexes on its list, for others to take (FUTEX_OWNER_DIED).
 * => may sleep; current, whose address space is still there
 */
void exit_robust_list(struct task_struct *tsk);

/* Boot. */
void futex_init(void);

#endif
