/*
 * kernel/sys/fs_poll.c - poll and select in all their forms.
 *
 * They differ in how time is given (milliseconds, timeval, two kinds of timespec), in whether
 * a signal mask rides along, and in what happens to the time that is left: Linux writes it
 * back (not for plain poll), so that an interrupted call can simply be made again.  That is
 * why they restart by ERESTARTNOHAND; poll, which cannot write it back, by a restart block
 * that remembers the deadline.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/fs/select.h>
#include <kernel/proc/signal.h>
#include <kernel/uapi/time.h>
#include <lib/div64.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>

/* A time to wait: none (for ever), or until a deadline. */
struct wait_time {
	bool forever;
	bool poll_only;		/* zero: do not wait */
	u64 deadline;		/* ns since boot */
};

/* => 0 or -EINVAL */
static int wait_until(struct wait_time *t, s64 sec, s64 nsec)
{
	u64 now, ns;

	if (sec < 0 || nsec < 0 || nsec >= NSEC_PER_SEC)
		return -EINVAL;
	t->forever = false;
	t->poll_only = !sec && !nsec;
	now = ktime_get_ns();
	/* Further away than anybody will wait, and far from an overflow. */
	if (sec > 1000000000)
		sec = 1000000000;
	ns = (u64)sec * NSEC_PER_SEC + (u64)nsec;
	t->deadline = now + ns;
	return 0;
}

static void wait_forever(struct wait_time *t)
{
	*t = (struct wait_time){ .forever = true };
}

static u64 time_left(const struct wait_time *t)
{
	u64 now = ktime_get_ns();

	return t->poll_only || now >= t->deadline ? 0 : t->deadline - now;
}

/* ---- poll ----------------------------------------------------------------------------------- */

/* => as do_poll(); -EINTR is left to the caller to turn into a restart */
static long poll_user(struct pollfd __user *ufds, unsigned int nfds, const struct wait_time *t)
{
	struct pollfd fast[16], *fds = fast;
	unsigned int i;
	long ret;

	if (nfds > rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	if (nfds > ARRAY_SIZE(fast)) {
		fds = kmalloc_array(nfds, sizeof(*fds), GFP_KERNEL);
		if (!fds)
			return -ENOMEM;
	}
	ret = -EFAULT;
	if (copy_from_user(fds, ufds, nfds * sizeof(*fds)))
		goto out;
	ret = do_poll(fds, nfds, t->forever ? 0 : t->deadline, !t->poll_only);
	for (i = 0; i < nfds && ret >= 0; i++)
		if (put_user(fds[i].revents, &ufds[i].revents))
			ret = -EFAULT;
out:
	if (fds != fast)
		kfree(fds);
	return ret;
}

static long restart_poll(struct task_struct *tsk)
{
	u64 deadline = tsk->restart_arg[2];
	struct wait_time t = { .forever = deadline == 0, .deadline = deadline };
	long ret;

	ret = poll_user((struct pollfd __user *)(unsigned long)tsk->restart_arg[0],
			(unsigned int)tsk->restart_arg[1], &t);
	if (ret == -EINTR) {
		tsk->restart_fn = restart_poll;
		ret = -ERESTART_RESTARTBLOCK;
	}
	return ret;
}

long sys_poll(struct pollfd __user *ufds, unsigned int nfds, int timeout_ms)
{
	struct wait_time t;
	long ret;

	if (timeout_ms < 0)
		wait_forever(&t);
	else
		wait_until(&t, timeout_ms / 1000, (s64)(timeout_ms % 1000) * NSEC_PER_MSEC);
	ret = poll_user(ufds, nfds, &t);
	if (ret == -EINTR) {
		current->restart_arg[0] = (unsigned long)ufds;
		current->restart_arg[1] = nfds;
		current->restart_arg[2] = t.forever ? 0 : t.deadline;
		current->restart_fn = restart_poll;
		ret = -ERESTART_RESTARTBLOCK;
	}
	return ret;
}

/* ---- select --------------------------------------------------------------------------------- */

/* The sets of a call: three in, three out, each of the same number of bytes. */
static long select_user(unsigned int n, void __user *inp, void __user *outp, void __user *exp,
			const struct wait_time *t)
{
	unsigned long fast[6 * 8], *bits = fast;
	size_t words = DIV_ROUND_UP(n, 32), bytes = words * sizeof(long);
	void __user *user[3] = { inp, outp, exp };
	struct select_sets sets;
	int i, ret;

	if (words > 8) {
		bits = kmalloc_array(words, 6 * sizeof(long), GFP_KERNEL);
		if (!bits)
			return -ENOMEM;
	}
	memset(bits, 0, 6 * bytes);
	ret = -EFAULT;
	for (i = 0; i < 3; i++)
		if (user[i] && copy_from_user(bits + (size_t)i * words, user[i], bytes))
			goto out;
	sets = (struct select_sets){ .in = bits, .out = bits + words, .ex = bits + 2 * words,
				     .res_in = bits + 3 * words, .res_out = bits + 4 * words,
				     .res_ex = bits + 5 * words };
	ret = do_select(&sets, n, t->forever ? 0 : t->deadline, !t->poll_only);
	for (i = 0; i < 3 && ret >= 0; i++)
		if (user[i] && copy_to_user(user[i], bits + (size_t)(3 + i) * words, bytes))
			ret = -EFAULT;
out:
	if (bits != fast)
		kfree(bits);
	return ret;
}

static long core_select(int n, void __user *inp, void __user *outp, void __user *exp,
			const struct wait_time *t)
{
	long ret;

	if (n < 0)
		return -EINVAL;
	/* No descriptor is above that, and a set may end there. */
	ret = select_user(min((unsigned int)n, (unsigned int)min(rlimit(RLIMIT_NOFILE), 65536ul)),
			  inp, outp, exp, t);
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

long sys_select(int n, void __user *inp, void __user *outp, void __user *exp,
		struct old_timeval32 __user *utv)
{
	struct old_timeval32 tv;
	struct wait_time t;
	long ret;
	u64 left;
	u32 rest;

	if (!utv) {
		wait_forever(&t);
		return core_select(n, inp, outp, exp, &t);
	}
	if (copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	/* Too many microseconds are seconds here, as on Linux. */
	if (tv.tv_usec < 0 || wait_until(&t, (s64)tv.tv_sec + tv.tv_usec / USEC_PER_SEC,
					 (s64)(tv.tv_usec % USEC_PER_SEC) * NSEC_PER_USEC))
		return -EINVAL;
	ret = core_select(n, inp, outp, exp, &t);
	left = time_left(&t);
	rest = do_div(left, NSEC_PER_SEC);
	tv.tv_sec = (s32)left;
	tv.tv_usec = (s32)(rest / NSEC_PER_USEC);
	/* If it cannot be written back, the call cannot be restarted with it. */
	if (copy_to_user(utv, &tv, sizeof(tv)) && ret == -ERESTARTNOHAND)
		ret = -EINTR;
	return ret;
}

/* The first select: one pointer to five arguments. */
long sys_old_select(const u32 __user *args)
{
	u32 a[5];

	if (copy_from_user(a, args, sizeof(a)))
		return -EFAULT;
	return sys_select((int)a[0], (void __user *)a[1], (void __user *)a[2], (void __user *)a[3],
			  (struct old_timeval32 __user *)a[4]);
}

/* ---- with a timespec and a signal mask ------------------------------------------------------ */

/* Both kinds of timespec. NULL: for ever. => 0 or -errno */
static int get_wait_time(const void __user *uts, bool is64, struct wait_time *t)
{
	struct __kernel_timespec ts64;
	struct old_timespec32 ts32;

	if (!uts) {
		wait_forever(t);
		return 0;
	}
	if (is64) {
		if (copy_from_user(&ts64, uts, sizeof(ts64)))
			return -EFAULT;
		return wait_until(t, ts64.tv_sec, (s32)ts64.tv_nsec);
	}
	if (copy_from_user(&ts32, uts, sizeof(ts32)))
		return -EFAULT;
	return wait_until(t, ts32.tv_sec, ts32.tv_nsec);
}

/* Write back what is left. => false: that was not possible */
static bool put_wait_time(void __user *uts, bool is64, const struct wait_time *t)
{
	struct __kernel_timespec ts64;
	struct old_timespec32 ts32;
	u64 left;
	u32 rest;

	if (!uts)
		return true;
	left = time_left(t);
	rest = do_div(left, NSEC_PER_SEC);
	if (is64) {
		ts64 = (struct __kernel_timespec){ .tv_sec = (s64)left, .tv_nsec = rest };
		return !copy_to_user(uts, &ts64, sizeof(ts64));
	}
	ts32 = (struct old_timespec32){ .tv_sec = (s32)left, .tv_nsec = (s32)rest };
	return !copy_to_user(uts, &ts32, sizeof(ts32));
}

/* Another mask while the call sleeps. @old: to be given to restore_mask() */
static int change_mask(const sigset_t __user *umask, size_t size, sigset_t *old)
{
	sigset_t mask;

	*old = current->blocked;
	if (!umask)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, umask, sizeof(mask)))
		return -EFAULT;
	sigdelset(&mask, SIGKILL);
	sigdelset(&mask, SIGSTOP);
	set_current_blocked(&mask);
	return 0;
}

/* Interrupted: the handler still runs under the new mask, and the old one comes back after it. */
static void restore_mask(const sigset_t __user *umask, const sigset_t *old, bool interrupted)
{
	if (!umask)
		return;
	if (interrupted)
		set_restore_sigmask(old);
	else
		set_current_blocked(old);
}

static long do_ppoll(struct pollfd __user *ufds, unsigned int nfds, void __user *uts, bool is64,
		     const sigset_t __user *umask, size_t size)
{
	struct wait_time t;
	sigset_t old;
	long ret = get_wait_time(uts, is64, &t);

	if (ret)
		return ret;
	ret = change_mask(umask, size, &old);
	if (ret)
		return ret;
	ret = poll_user(ufds, nfds, &t);
	if (ret == -EINTR)
		ret = -ERESTARTNOHAND;
	restore_mask(umask, &old, ret == -ERESTARTNOHAND);
	if (!put_wait_time(uts, is64, &t) && ret == -ERESTARTNOHAND)
		ret = -EINTR;
	return ret;
}

long sys_ppoll(struct pollfd __user *ufds, unsigned int nfds, void __user *uts,
	       const sigset_t __user *umask, size_t size)
{
	return do_ppoll(ufds, nfds, uts, false, umask, size);
}

long sys_ppoll_time64(struct pollfd __user *ufds, unsigned int nfds, void __user *uts,
		      const sigset_t __user *umask, size_t size)
{
	return do_ppoll(ufds, nfds, uts, true, umask, size);
}

/* pselect's sixth argument points to two: the mask, and its size. */
struct sigset_argpack {
	u32 mask, size;
};

static long do_pselect(int n, void __user *inp, void __user *outp, void __user *exp,
		       void __user *uts, bool is64, const struct sigset_argpack __user *usig)
{
	struct sigset_argpack pack = { 0, 0 };
	const sigset_t __user *umask;
	struct wait_time t;
	sigset_t old;
	long ret;

	if (usig && copy_from_user(&pack, usig, sizeof(pack)))
		return -EFAULT;
	umask = (const sigset_t __user *)pack.mask;
	ret = get_wait_time(uts, is64, &t);
	if (ret)
		return ret;
	ret = change_mask(umask, pack.size, &old);
	if (ret)
		return ret;
	ret = core_select(n, inp, outp, exp, &t);
	restore_mask(umask, &old, ret == -ERESTARTNOHAND);
	if (!put_wait_time(uts, is64, &t) && ret == -ERESTARTNOHAND)
		ret = -EINTR;
	return ret;
}

long sys_pselect6(int n, void __user *inp, void __user *outp, void __user *exp, void __user *uts,
		  const struct sigset_argpack __user *usig)
{
	return do_pselect(n, inp, outp, exp, uts, false, usig);
}

long sys_pselect6_time64(int n, void __user *inp, void __user *outp, void __user *exp,
			 void __user *uts, const struct sigset_argpack __user *usig)
{
	return do_pselect(n, inp, outp, exp, uts, true, usig);
}
