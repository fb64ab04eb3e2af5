/*
 * kernel/proc/wait.c - waiting for children: wait4(), waitpid(), waitid().
 *
 * Theory.  do_wait() goes through the children of the caller (and of its threads).
 * A child that has something to tell is *claimed*, so that no other thread tells
 * it too: a zombie by changing exit_state from ZOMBIE to DEAD, a stop or continue
 * by clearing its mark in signal_struct.  If there are children but no news, the
 * caller sleeps on its signal->wait_chldexit, on which do_notify_parent() wakes.
 *
 * The answers go into kernel variables; the calls copy them out afterwards, when
 * no lock is held.
 *
 * Locking: tasklist_lock read while looking; siglock of the child for stops.
 */
#include <kernel/proc/fork.h>

#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/wait.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/space/mmap.h>

struct wait_opts {
	int type;		/* P_PID, P_PGID, P_ALL */
	pid_t nr;
	int options;
	siginfo_t *info;	/* out, or NULL */
	int *status;		/* out, or NULL */
	struct rusage *ru;	/* out, or NULL */
	bool found;		/* there is a child of that kind */
};

/* ---- usage ----------------------------------------------------------------------------------- */

static void ticks_to_timeval(unsigned long ticks, struct uapi_timeval *tv)
{
	tv->tv_sec = (long)(ticks / HZ);
	tv->tv_usec = (long)(ticks % HZ) * (1000000 / HZ);
}

/* Everything the live tasks of a group, and those gone, have used. => tasklist_lock held */
static void group_rusage(struct task_struct *tsk, struct rusage *r, unsigned long *utime,
			 unsigned long *stime)
{
	struct signal_struct *sig = tsk->signal;
	struct task_struct *t;

	*utime += sig->utime;
	*stime += sig->stime;
	r->ru_minflt += (long)sig->min_flt;
	r->ru_majflt += (long)sig->maj_flt;
	r->ru_nvcsw += (long)sig->nvcsw;
	r->ru_nivcsw += (long)sig->nivcsw;
	for_each_thread(tsk->group_leader, t) {
		*utime += t->utime;
		*stime += t->stime;
		r->ru_minflt += (long)t->min_flt;
		r->ru_majflt += (long)t->maj_flt;
		r->ru_nvcsw += (long)t->nvcsw;
		r->ru_nivcsw += (long)t->nivcsw;
	}
}

/* => tasklist_lock held */
static void __getrusage(struct task_struct *tsk, int who, struct rusage *r)
{
	struct task_struct *leader = tsk->group_leader;
	unsigned long utime = 0, stime = 0, maxrss = tsk->signal->maxrss;

	memset(r, 0, sizeof(*r));
	if (who == RUSAGE_CHILDREN) {
		utime = leader->cutime;
		stime = leader->cstime;
		r->ru_minflt = (long)leader->cmin_flt;
		r->ru_majflt = (long)leader->cmaj_flt;
		r->ru_nvcsw = (long)tsk->signal->cnvcsw;
		r->ru_nivcsw = (long)tsk->signal->cnivcsw;
		maxrss = tsk->signal->cmaxrss;
	} else if (who == RUSAGE_THREAD) {
		utime = tsk->utime;
		stime = tsk->stime;
		r->ru_minflt = (long)tsk->min_flt;
		r->ru_majflt = (long)tsk->maj_flt;
		r->ru_nvcsw = (long)tsk->nvcsw;
		r->ru_nivcsw = (long)tsk->nivcsw;
	} else {
		group_rusage(tsk, r, &utime, &stime);
	}
	/* Only of the caller itself: others' mm may be going away. */
	if (who != RUSAGE_CHILDREN && tsk == current && tsk->mm)
		maxrss = max(maxrss, max(tsk->mm->hiwater_rss, get_mm_rss(tsk->mm)));
	ticks_to_timeval(utime, &r->ru_utime);
	ticks_to_timeval(stime, &r->ru_stime);
	r->ru_maxrss = (long)(maxrss << (PAGE_SHIFT - 10));
}

void getrusage(struct task_struct *tsk, int who, struct rusage *r)
{
	read_lock_irq(&tasklist_lock);
	__getrusage(tsk, who, r);
	read_unlock_irq(&tasklist_lock);
}

/* What a dead child used becomes its parent's children's. => tasklist_lock held */
static void add_child_usage(struct task_struct *p)
{
	struct task_struct *parent = current->group_leader;
	struct signal_struct *psig = current->signal, *sig = p->signal;

	spin_lock(&current->sighand->siglock);
	parent->cutime += p->utime + sig->utime + p->cutime;
	parent->cstime += p->stime + sig->stime + p->cstime;
	parent->cmin_flt += p->min_flt + sig->min_flt + p->cmin_flt;
	parent->cmaj_flt += p->maj_flt + sig->maj_flt + p->cmaj_flt;
	psig->cnvcsw += p->nvcsw + sig->nvcsw + sig->cnvcsw;
	psig->cnivcsw += p->nivcsw + sig->nivcsw + sig->cnivcsw;
	psig->cmaxrss = max(psig->cmaxrss, max(sig->maxrss, sig->cmaxrss));
	spin_unlock(&current->sighand->siglock);
}

/* ---- one child ------------------------------------------------------------------------------- */

static void fill_siginfo(siginfo_t *info, struct task_struct *p, int code, int status)
{
	if (!info)
		return;
	memset(info, 0, sizeof(*info));
	info->si_signo = SIGCHLD;
	info->si_code = code;
	info->si_pid = p->pid;
	info->si_uid = p->uid;
	info->si_status = status;
}

/* => tasklist_lock held, dropped if the answer is not 0; the pid or 0 */
static pid_t wait_task_zombie(struct wait_opts *wo, struct task_struct *p)
{
	int status = p->signal->flags & SIGNAL_GROUP_EXIT ? p->signal->group_exit_code :
							    p->exit_code;
	pid_t pid = p->pid;

	if (!(wo->options & WNOWAIT) &&
	    cmpxchg(&p->exit_state, TASK_ZOMBIE, TASK_DEAD) != TASK_ZOMBIE)
		return 0;
	if (wo->status)
		*wo->status = status;
	if (status & 0x7f)
		fill_siginfo(wo->info, p, status & 0x80 ? CLD_DUMPED : CLD_KILLED, status & 0x7f);
	else
		fill_siginfo(wo->info, p, CLD_EXITED, status >> 8 & 0xff);
	if (wo->ru)
		__getrusage(p, RUSAGE_SELF, wo->ru);
	if (!(wo->options & WNOWAIT))
		add_child_usage(p);
	read_unlock_irq(&tasklist_lock);
	if (!(wo->options & WNOWAIT))
		release_task(p);
	return pid;
}

/* The same for a child that was stopped, or continued. */
static pid_t wait_task_stop_cont(struct wait_opts *wo, struct task_struct *p, bool stopped)
{
	struct signal_struct *sig = p->signal;
	pid_t pid = p->pid;
	int code = 0;

	spin_lock(&p->sighand->siglock);
	if (stopped) {
		if (sig->flags & SIGNAL_STOP_STOPPED)
			code = sig->group_exit_code;
		if (code && !(wo->options & WNOWAIT))
			sig->group_exit_code = 0;
	} else if (sig->flags & SIGNAL_STOP_CONTINUED) {
		code = SIGCONT;
		if (!(wo->options & WNOWAIT))
			sig->flags &= ~SIGNAL_STOP_CONTINUED;
	}
	spin_unlock(&p->sighand->siglock);
	if (!code)
		return 0;
	if (wo->status)
		*wo->status = stopped ? code << 8 | 0x7f : 0xffff;
	fill_siginfo(wo->info, p, stopped ? CLD_STOPPED : CLD_CONTINUED, code);
	if (wo->ru)
		__getrusage(p, RUSAGE_SELF, wo->ru);
	read_unlock_irq(&tasklist_lock);
	return pid;
}

static bool eligible_child(const struct wait_opts *wo, const struct task_struct *p)
{
	if (wo->type == P_PID && p->pid != wo->nr)
		return false;
	if (wo->type == P_PGID && process_group(p) != wo->nr)
		return false;
	/* A "clone child" is one that does not send SIGCHLD; __WCLONE asks for those. */
	if ((p->exit_signal != SIGCHLD) != !!(wo->options & __WCLONE) && !(wo->options & __WALL))
		return false;
	return p->exit_signal != -1;
}

/* => tasklist_lock held, dropped if the answer is not 0; a pid, or 0: no news */
static pid_t wait_consider_task(struct wait_opts *wo, struct task_struct *p)
{
	pid_t pid = 0;

	if (!eligible_child(wo, p) || p->exit_state == TASK_DEAD)
		return 0;
	if (p->exit_state == TASK_ZOMBIE && thread_group_empty(p)) {
		/* Who does not ask for the dead will never hear of it. */
		if (!(wo->options & WEXITED))
			return 0;
		wo->found = true;
		return wait_task_zombie(wo, p);
	}
	wo->found = true;
	if (wo->options & WUNTRACED)
		pid = wait_task_stop_cont(wo, p, true);
	if (!pid && (wo->options & WCONTINUED))
		pid = wait_task_stop_cont(wo, p, false);
	return pid;
}

/* => a pid; 0: children, but no news; -ECHILD: none */
static pid_t wait_scan(struct wait_opts *wo)
{
	struct task_struct *t, *p;
	pid_t pid;

	wo->found = false;
	read_lock_irq(&tasklist_lock);
	for_each_thread(current, t) {
		list_for_each_entry(p, &t->children, sibling) {
			pid = wait_consider_task(wo, p);
			if (pid)
				return pid;
		}
		if (wo->options & __WNOTHREAD)
			break;
	}
	read_unlock_irq(&tasklist_lock);
	return wo->found ? 0 : -ECHILD;
}

long do_wait(int type, pid_t nr, int options, siginfo_t *info, int *status, struct rusage *ru)
{
	struct wait_opts wo = { .type = type, .nr = nr, .options = options, .info = info,
				.status = status, .ru = ru };
	pid_t pid = wait_scan(&wo);
	DEFINE_WAIT(wait);

	if (pid || (options & WNOHANG))
		return pid;
	for (;;) {
		prepare_to_wait(&current->signal->wait_chldexit, &wait, TASK_INTERRUPTIBLE);
		pid = wait_scan(&wo);
		if (pid)
			break;
		if (signal_pending(current)) {
			pid = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(&current->signal->wait_chldexit, &wait);
	return pid;
}
