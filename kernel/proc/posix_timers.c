/*
 * kernel/proc/posix_timers.c - timers that a process makes by number.
 *
 * Theory.  A timer has a clock, a time and perhaps an interval, and tells of its end by a signal.
 * Its struct sigqueue is made with it, so that no signal is lost for want of memory, and is queued
 * at most once: what expires while the signal waits to be taken is counted, as the *overrun* that
 * goes out with it (si_overrun) and that timer_getoverrun() tells until the next.
 *
 * Timers run on the kernel's ticks.  An interval shorter than a tick makes several expirations at
 * once: one signal and overruns.  `expires` moves in whole intervals from the first moment, so that
 * nothing drifts, however late a tick comes.
 *
 * With SIGEV_NONE nobody is told: nothing runs at all, and what is left is computed when asked for.
 *
 * Left out: timers of processor time; a moment of CLOCK_REALTIME does not move when that clock is
 * set later.
 *
 * Locking: siglock.  A function that was about to run when its timer was set anew finds that nothing
 * is due.  It takes the lock, so the end of a timer is waited for without: first it is made one that
 * is off and that nobody finds, so that its function does not set it again.
 *
 * Reference: POSIX.1-2008, timer_create, timer_settime, timer_getoverrun.
 */
#include <kernel/proc/posix_timers.h>

#include <kernel/core/time.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>

struct k_itimer {
	struct list_head list;		/* [g] signal->posix_timers */
	struct signal_struct *signal;	/* [c] whose it is */
	int id;				/* [c] */
	bool realtime;			/* [c] absolute moments are CLOCK_REALTIME's */
	int notify;			/* [c] SIGEV_* */
	struct task_struct *thread;	/* [c] SIGEV_THREAD_ID: whom, a reference; else NULL */
	struct sigqueue *q;		/* [c] its signal; NULL with SIGEV_NONE; its own to the end */
	struct timer_list timer;	/* [g] pending: armed, and somebody is to be told */
	u64 expires;			/* [g] moment of ktime_get_ns(), 0: off */
	u64 interval;			/* [g] ns, 0: once */
	int overrun;			/* [g] expirations since the signal was queued */
	int overrun_last;		/* [g] the same, of the signal that was taken last */
};

static struct kmem_cache *posix_timers_cachep;	/* [c] */

/* A tick that is not too early for @at. */
static unsigned long tick_of(u64 at)
{
	u64 now = ktime_get_ns();

	return jiffies + nsecs_to_jiffies_up(at > now ? at - now : 0);
}

/*
 * Move an interval timer past now.
 * => siglock held; how often it has expired
 */
static u64 forward(struct k_itimer *timer, u64 now)
{
	u64 times;

	if (!timer->expires || timer->expires > now)
		return 0;
	if (!timer->interval) {
		timer->expires = 0;
		return 1;
	}
	times = div64_u64(now - timer->expires, timer->interval) + 1;
	timer->expires += times * timer->interval;
	return times;
}

static void count_overrun(struct k_itimer *timer, u64 times)
{
	timer->overrun = (int)min_t(u64, (u64)timer->overrun + times, INT_MAX);
}

static void posix_timer_fn(unsigned long data)
{
	struct k_itimer *timer = (struct k_itimer *)data;
	struct task_struct *tsk = timer->thread ? timer->thread : timer->signal->real_timer_task;
	unsigned long flags;
	u64 times;

	lock_task_sighand(tsk, &flags);
	times = forward(timer, ktime_get_ns());
	if (times) {
		if (!sigqueue_waits(timer->q)) {
			timer->overrun = 0;
			times--;
			send_sigqueue(timer->q, tsk, !timer->thread);
		}
		count_overrun(timer, times);
	}
	if (timer->expires)
		mod_timer(&timer->timer, tick_of(timer->expires));
	unlock_task_sighand(tsk, flags);
}

void posix_timer_taken(struct sigqueue *q, siginfo_t *info)
{
	struct k_itimer *timer = q->timer;

	count_overrun(timer, forward(timer, ktime_get_ns()));
	timer->overrun_last = timer->overrun;
	timer->overrun = 0;
	info->si_overrun = timer->overrun_last;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* The thread that SIGEV_THREAD_ID names, which is one of ours. => a reference, or NULL */
static struct task_struct *get_own_thread(pid_t pid)
{
	struct task_struct *tsk = find_get_task_by_pid(pid);

	if (tsk && tsk->tgid != current->tgid) {
		put_task_struct(tsk);
		tsk = NULL;
	}
	return tsk;
}

/* => siglock held; or NULL */
static struct k_itimer *find_timer(int id)
{
	struct k_itimer *timer;

	list_for_each_entry(timer, &current->signal->posix_timers, list)
		if (timer->id == id)
			return timer;
	return NULL;
}

/* Whom and by what. => 0, -EINVAL */
static int check_event(const struct sigevent *event, struct task_struct **thread)
{
	*thread = NULL;
	switch (event->sigev_notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		if (event->sigev_signo <= 0 || !valid_signal((unsigned long)event->sigev_signo))
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (event->sigev_notify & SIGEV_THREAD_ID) {
		*thread = get_own_thread(event->sigev_notify_thread_id);
		if (!*thread)
			return -EINVAL;
	}
	return 0;
}

static void free_timer(struct k_itimer *timer)
{
	if (timer->thread)
		put_task_struct(timer->thread);
	kmem_cache_free(posix_timers_cachep, timer);
}

/* What the signal says. */
static void fill_timer_info(struct k_itimer *timer, const struct sigevent *event)
{
	siginfo_t *info = &timer->q->info;

	memset(info, 0, sizeof(*info));
	info->si_signo = event->sigev_signo;
	info->si_code = SI_TIMER;
	info->si_tid = timer->id;
	info->si_value = event->sigev_value;
}

int posix_timer_create(bool realtime, const struct sigevent *event)
{
	struct sigevent plain = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct signal_struct *sig = current->signal;
	struct k_itimer *timer = kmem_cache_zalloc(posix_timers_cachep, GFP_KERNEL);
	int err = -EAGAIN;

	if (!timer)
		return -EAGAIN;
	spin_lock_irq(&current->sighand->siglock);
	do {
		timer->id = sig->next_posix_timer_id;
		sig->next_posix_timer_id = timer->id == INT_MAX ? 0 : timer->id + 1;
	} while (find_timer(timer->id));
	spin_unlock_irq(&current->sighand->siglock);
	if (!event) {
		plain.sigev_value.sival_int = timer->id;
		event = &plain;
	}
	err = check_event(event, &timer->thread);
	if (err)
		goto bad_free;
	timer->signal = sig;
	timer->realtime = realtime;
	timer->notify = event->sigev_notify;
	setup_timer(&timer->timer, posix_timer_fn, (unsigned long)timer);
	/* One that tells nobody has one, too: RLIMIT_SIGPENDING is the limit of timers. */
	timer->q = sigqueue_alloc_timer(timer);
	err = -EAGAIN;
	if (!timer->q)
		goto bad_free;
	fill_timer_info(timer, event);
	spin_lock_irq(&current->sighand->siglock);
	list_add_tail(&timer->list, &sig->posix_timers);
	spin_unlock_irq(&current->sighand->siglock);
	return timer->id;

bad_free:
	free_timer(timer);
	return err;
}

/* ---- setting and asking ---------------------------------------------------------------------- */

/* => siglock held */
static void get_setting(struct k_itimer *timer, struct posix_timer_setting *setting)
{
	u64 now = ktime_get_ns(), expires;

	/* What nobody is told of happens when somebody looks. */
	if (timer->notify == SIGEV_NONE)
		forward(timer, now);
	expires = timer->expires;
	setting->interval = timer->interval;
	setting->absolute = false;
	setting->value = 0;
	/* It is due, and its tick has not come: the least that is not "off". */
	if (expires)
		setting->value = expires > now ? expires - now : 1;
}

/* The moment that a new setting names; 0: off. */
static u64 expiry(const struct k_itimer *timer, const struct posix_timer_setting *new)
{
	u64 now = ktime_get_ns(), real;

	if (!new->value)
		return 0;
	if (!new->absolute)
		return new->value > ~0ull - now ? ~0ull : now + new->value;
	if (!timer->realtime)
		return new->value;
	real = ktime_get_real_ns();
	return new->value > real ? now + (new->value - real) : now;
}

int posix_timer_set(int id, const struct posix_timer_setting *new, struct posix_timer_setting *old)
{
	struct k_itimer *timer;

	spin_lock_irq(&current->sighand->siglock);
	timer = find_timer(id);
	if (timer) {
		if (old)
			get_setting(timer, old);
		timer->expires = expiry(timer, new);
		timer->interval = timer->expires ? new->interval : 0;
		timer->overrun = timer->overrun_last = 0;
		if (timer->expires && timer->notify != SIGEV_NONE)
			mod_timer(&timer->timer, tick_of(timer->expires));
		else
			del_timer(&timer->timer);
	}
	spin_unlock_irq(&current->sighand->siglock);
	return timer ? 0 : -EINVAL;
}

int posix_timer_get(int id, struct posix_timer_setting *setting)
{
	struct k_itimer *timer;

	spin_lock_irq(&current->sighand->siglock);
	timer = find_timer(id);
	if (timer)
		get_setting(timer, setting);
	spin_unlock_irq(&current->sighand->siglock);
	return timer ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
	struct k_itimer *timer;
	int overrun = -EINVAL;

	spin_lock_irq(&current->sighand->siglock);
	timer = find_timer(id);
	if (timer)
		overrun = timer->overrun_last;
	spin_unlock_irq(&current->sighand->siglock);
	return overrun;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Take @timer off the list: nobody finds it any more. => siglock held */
static void unlink_timer(struct k_itimer *timer)
{
	list_del(&timer->list);
	timer->expires = timer->interval = 0;
	if (timer->q)
		sigqueue_leave_timer(timer->q);
}

int posix_timer_delete(int id)
{
	struct k_itimer *timer;

	spin_lock_irq(&current->sighand->siglock);
	timer = find_timer(id);
	if (timer)
		unlink_timer(timer);
	spin_unlock_irq(&current->sighand->siglock);
	if (!timer)
		return -EINVAL;
	del_timer_sync(&timer->timer);
	free_timer(timer);
	return 0;
}

void exit_posix_timers(struct signal_struct *sig)
{
	while (!list_empty(&sig->posix_timers))
		posix_timer_delete(list_first_entry(&sig->posix_timers, struct k_itimer, list)->id);
}

void __init posix_timers_init(void)
{
	posix_timers_cachep = kmem_cache_create("posix_timers", sizeof(struct k_itimer), 0,
						SLAB_PANIC, NULL);
}
