/*
 * kernel/proc/itimer.c - interval timers, and limits on processor time.
 *
 * ITIMER_REAL (and alarm(), which is the same timer) is a kernel timer that sends
 * SIGALRM.  ITIMER_VIRTUAL and ITIMER_PROF count the ticks that hit the process, in
 * ring 3 or in all; so does RLIMIT_CPU, which sends SIGXCPU each second beyond the
 * soft limit and SIGKILL at the hard one.  signal->cpu_timers tells the scheduler's
 * tick whether anything of the second kind is on.
 *
 * All values are kept in ticks, rounded up: a timer is never early.
 *
 * Locking: siglock.  The timer function takes it, so del_timer_sync() must not be
 * called with it held.
 */
#include <kernel/proc/itimer.h>

#include <kernel/core/percpu.h>
#include <kernel/core/time.h>
#include <kernel/proc/signal.h>
#include <lib/errno.h>
#include <lib/kernel.h>

static void it_real_fn(unsigned long data)
{
	struct signal_struct *sig = (struct signal_struct *)data;
	struct task_struct *tsk = sig->real_timer_task;
	unsigned long flags;

	lock_task_sighand(tsk, &flags);
	__send_signal(SIGALRM, SEND_SIG_PRIV, tsk, true);
	if (sig->it_real_incr)
		mod_timer(&sig->real_timer, jiffies + sig->it_real_incr);
	unlock_task_sighand(tsk, flags);
}

void update_cpu_timers(struct signal_struct *sig)
{
	sig->cpu_timers = sig->it_virt.value || sig->it_prof.value ||
			  sig->rlim[RLIMIT_CPU].rlim_cur != RLIM_INFINITY;
}

void init_itimers(struct signal_struct *sig, struct task_struct *leader)
{
	setup_timer(&sig->real_timer, it_real_fn, (unsigned long)sig);
	sig->real_timer_task = leader;
	update_cpu_timers(sig);
}

void exit_itimers(struct signal_struct *sig)
{
	WRITE_ONCE(sig->it_real_incr, 0);
	/* Not pending is not enough: elsewhere its function may be about to set it again. */
	if (nr_cpus > 1 || timer_pending(&sig->real_timer))
		del_timer_sync(&sig->real_timer);
}

/* => siglock held */
static void get_real(struct signal_struct *sig, struct itimer_ticks *value)
{
	value->interval = sig->it_real_incr;
	value->value = 0;
	if (timer_pending(&sig->real_timer))
		value->value = (unsigned long)max((long)(sig->real_timer.expires - jiffies), 1L);
}

static void set_real(struct signal_struct *sig, const struct itimer_ticks *value)
{
	sig->it_real_incr = 0;
	del_timer_sync(&sig->real_timer);
	spin_lock_irq(&current->sighand->siglock);
	if (value->value) {
		sig->it_real_incr = value->interval;
		mod_timer(&sig->real_timer, jiffies + value->value);
	}
	spin_unlock_irq(&current->sighand->siglock);
}

int do_setitimer(int which, const struct itimer_ticks *value, struct itimer_ticks *old)
{
	struct signal_struct *sig = current->signal;
	struct cpu_itimer *timer = which == ITIMER_VIRTUAL ? &sig->it_virt : &sig->it_prof;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	spin_lock_irq(&current->sighand->siglock);
	if (which == ITIMER_REAL) {
		if (old)
			get_real(sig, old);
	} else {
		if (old) {
			old->value = timer->value;
			old->interval = timer->incr;
		}
		if (value) {
			timer->value = value->value;
			timer->incr = value->interval;
			update_cpu_timers(sig);
		}
	}
	spin_unlock_irq(&current->sighand->siglock);
	if (which == ITIMER_REAL && value)
		set_real(sig, value);
	return 0;
}

/* => siglock held; true: it ran out */
static bool count_down(struct cpu_itimer *timer)
{
	if (!timer->value || --timer->value)
		return false;
	timer->value = timer->incr;
	return true;
}

/* A whole second of processor time is full: is it too much? => siglock held */
static void check_cpu_limit(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;
	unsigned long ticks = tsk->utime + tsk->stime + sig->utime + sig->stime;
	unsigned long seconds = ticks / HZ;

	if (sig->rlim[RLIMIT_CPU].rlim_cur == RLIM_INFINITY || ticks % HZ)
		return;
	if (seconds >= sig->rlim[RLIMIT_CPU].rlim_max)
		__send_signal(SIGKILL, SEND_SIG_PRIV, tsk, true);
	else if (seconds >= sig->rlim[RLIMIT_CPU].rlim_cur)
		__send_signal(SIGXCPU, SEND_SIG_PRIV, tsk, true);
}

void cpu_timer_tick(struct task_struct *tsk, int user_mode)
{
	struct signal_struct *sig = tsk->signal;

	spin_lock(&tsk->sighand->siglock);
	if (user_mode && count_down(&sig->it_virt))
		__send_signal(SIGVTALRM, SEND_SIG_PRIV, tsk, true);
	if (count_down(&sig->it_prof))
		__send_signal(SIGPROF, SEND_SIG_PRIV, tsk, true);
	check_cpu_limit(tsk);
	update_cpu_timers(sig);
	spin_unlock(&tsk->sighand->siglock);
}
