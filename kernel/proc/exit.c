/*
 * kernel/proc/exit.c - the end of a task.
 *
 * Theory.  A task dies in three steps.  do_exit(), in the task itself, gives
 * everything back: address space, files, terminal.  What stays is a *zombie*:
 * struct and stack, the pid, the exit status and the times, for the parent to
 * wait for (wait.c).  release_task() takes the zombie off the lists and frees the
 * pid.  The memory goes with the last reference (__put_task_struct): one is the
 * waiter's, one the processor's, dropped after the last switch away, because the
 * task cannot free the stack that it stands on.
 *
 * Nobody waits for a kernel thread or a thread of a group (exit_signal -1), nor
 * for the child of a process that ignores SIGCHLD: they release themselves.
 *
 * Children of the dying go to process 1.  If process 1 itself dies there is
 * nobody left to hold the system together: panic.
 *
 * A process group whose last tie to its session goes (no member has a parent in
 * another group of the session) is *orphaned*; if a member is stopped, nobody
 * would ever continue it, so the group gets SIGHUP and SIGCONT (POSIX).
 *
 * Locking: tasklist_lock written for the family; siglock inside it.
 */
#include <kernel/proc/fork.h>

#include <kernel/core/bug.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/signal.h>
#include <kernel/fs/files.h>
#include <kernel/fs/tty/tty.h>
#include <kernel/proc/posix_timers.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <kernel/sched/user.h>
#include <lib/kernel.h>
#include <mm/space/mmap.h>
#include <mm/types/mmu_context.h>

/* ---- process groups -------------------------------------------------------------------------- */

/* => tasklist_lock held; @ignored: as if this task did not exist */
static bool will_become_orphaned_pgrp(pid_t pgrp, const struct task_struct *ignored)
{
	struct task_struct *p;

	for_each_task_pgrp(p, pgrp) {
		if (p == ignored || (p->exit_state && thread_group_empty(p)) ||
		    p->real_parent->pid == 1)
			continue;
		if (process_group(p->real_parent) != pgrp &&
		    task_session(p->real_parent) == task_session(p))
			return false;
	}
	return true;
}

int is_orphaned_pgrp(pid_t pgrp)
{
	unsigned long flags;
	int orphaned;

	read_lock_irqsave(&tasklist_lock, flags);
	orphaned = will_become_orphaned_pgrp(pgrp, NULL);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return orphaned;
}

/* => tasklist_lock held */
static bool has_stopped_jobs(pid_t pgrp)
{
	struct task_struct *p;

	for_each_task_pgrp(p, pgrp)
		if (p->signal->flags & SIGNAL_STOP_STOPPED)
			return true;
	return false;
}

/*
 * @tsk leaves the family tree below @parent: does that orphan @tsk's group?
 * => tasklist_lock held for writing
 */
static void kill_orphaned_pgrp(struct task_struct *tsk, struct task_struct *parent,
			       const struct task_struct *ignored)
{
	pid_t pgrp = process_group(tsk);
	struct task_struct *p;

	if (process_group(parent) == pgrp || task_session(parent) != task_session(tsk))
		return;
	if (!will_become_orphaned_pgrp(pgrp, ignored) || !has_stopped_jobs(pgrp))
		return;
	for_each_task_pgrp(p, pgrp) {
		send_signal(SIGHUP, SEND_SIG_PRIV, p, true);
		send_signal(SIGCONT, SEND_SIG_PRIV, p, true);
	}
}

/* ---- the zombie goes ------------------------------------------------------------------------- */

/* => tasklist_lock held for writing, interrupts off */
static void unlink_task(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;

	spin_lock(&tsk->sighand->siglock);
	nr_threads--;
	unhash_task(tsk);
	if (thread_group_leader(tsk)) {
		list_del_init(&tsk->tasks);
		list_del_init(&tsk->sibling);
		flush_sigqueue(&sig->shared_pending);
	} else {
		list_del_init(&tsk->thread_group);
		sig->utime += tsk->utime;
		sig->stime += tsk->stime;
		sig->min_flt += tsk->min_flt;
		sig->maj_flt += tsk->maj_flt;
		sig->nvcsw += tsk->nvcsw;
		sig->nivcsw += tsk->nivcsw;
	}
	flush_sigqueue(&tsk->pending);
	spin_unlock(&tsk->sighand->siglock);
}

void release_task(struct task_struct *tsk)
{
	struct task_struct *leader = tsk->group_leader;
	bool reap_leader = false;

	write_lock_irq(&tasklist_lock);
	unlink_task(tsk);
	/* The last thread is gone and its leader has been waiting for that. */
	if (leader != tsk && thread_group_empty(leader) && leader->exit_state == TASK_ZOMBIE) {
		reap_leader = do_notify_parent(leader, leader->exit_signal);
		if (reap_leader)
			leader->exit_state = TASK_DEAD;
	}
	write_unlock_irq(&tasklist_lock);

	if (thread_group_leader(tsk)) {
		put_pid_nr(process_group(tsk));
		put_pid_nr(task_session(tsk));
	}
	put_pid_nr(tsk->pid);
	atomic_dec(&tsk->user->processes);
	put_task_struct(tsk);
	if (reap_leader)
		release_task(leader);
}

/* ---- the family is told ---------------------------------------------------------------------- */

/* A thread of @tsk's process that will live on, or NULL. */
static struct task_struct *find_alive_thread(struct task_struct *tsk)
{
	struct task_struct *t;

	for_each_thread(tsk, t)
		if (!(t->flags & PF_EXITING))
			return t;
	return NULL;
}

/*
 * The task that takes @tsk's children: another of its threads, the next of its ancestors that has
 * asked for orphans, or process 1.
 */
static struct task_struct *find_new_reaper(struct task_struct *tsk)
{
	struct task_struct *t = find_alive_thread(tsk), *p;

	if (t)
		return t;
	for (p = tsk->real_parent; p->pid && p->tgid != 1; p = p->real_parent) {
		t = p->signal->is_child_subreaper ? find_alive_thread(p) : NULL;
		if (t)
			return t;
	}
	t = find_task_by_pid(1);
	return t && t != tsk ? t : &init_task;
}

/*
 * Give the children away.
 * => tasklist_lock held for writing; those nobody will wait for are moved to @dead
 */
static void forget_original_parent(struct task_struct *father, struct list_head *dead)
{
	struct task_struct *reaper, *p, *next;

	if (list_empty(&father->children))
		return;
	reaper = find_new_reaper(father);
	list_for_each_entry_safe(p, next, &father->children, sibling) {
		struct task_struct *t;

		for_each_thread(p, t) {
			t->real_parent = t->parent = reaper;
			if (t->pdeath_signal)
				group_send_sig_info(t->pdeath_signal, SEND_SIG_NOINFO, t);
		}
		p->signal->ppid = reaper->tgid;
		list_move_tail(&p->sibling, &reaper->children);
		if (reaper->tgid == father->tgid)
			continue;
		/* process 1 takes no odd signals */
		if (p->exit_signal != -1)
			p->exit_signal = SIGCHLD;
		if (p->exit_state == TASK_ZOMBIE && thread_group_empty(p) &&
		    do_notify_parent(p, p->exit_signal)) {
			p->exit_state = TASK_DEAD;
			list_move(&p->sibling, dead);
		}
		kill_orphaned_pgrp(p, father, NULL);
	}
}

/*
 * From here on the task is a zombie, or releases itself.
 */
static void exit_notify(struct task_struct *tsk)
{
	struct task_struct *p, *next;
	bool autoreap = false;
	LIST_HEAD(dead);

	write_lock_irq(&tasklist_lock);
	sched_exit(tsk);
	forget_original_parent(tsk, &dead);
	if (thread_group_leader(tsk))
		kill_orphaned_pgrp(tsk, tsk->real_parent, tsk);

	if (!thread_group_leader(tsk) || tsk->exit_signal == -1)
		autoreap = true;
	else if (thread_group_empty(tsk))
		autoreap = do_notify_parent(tsk, tsk->exit_signal);
	tsk->exit_state = autoreap ? TASK_DEAD : TASK_ZOMBIE;
	write_unlock_irq(&tasklist_lock);

	list_for_each_entry_safe(p, next, &dead, sibling) {
		list_del_init(&p->sibling);
		release_task(p);
	}
	if (autoreap)
		release_task(tsk);
}

/* ---- do_exit --------------------------------------------------------------------------------- */

static void exit_mm(struct task_struct *tsk)
{
	struct mm_struct *mm = tsk->mm;
	unsigned long rss;

	mm_release(tsk);
	if (!mm)
		return;
	rss = max(mm->hiwater_rss, get_mm_rss(mm));
	if (tsk->signal->maxrss < rss)
		tsk->signal->maxrss = rss;
	mmgrab(&init_mm);	/* from here on a kernel thread's loan */
	local_irq_disable();
	spin_lock(&task_mm_lock);
	tsk->mm = NULL;
	tsk->active_mm = &init_mm;
	switch_mm(mm, &init_mm);
	spin_unlock(&task_mm_lock);
	local_irq_enable();
	mmput(mm);
}

/* The task's own end. @code: the wait status. => process context, no locks; never returns */
void do_exit(long code)
{
	struct task_struct *tsk = current;
	bool group_dead;

	if (in_interrupt())
		panic("Aiee, killing interrupt handler!");
	if (!tsk->pid)
		panic("Attempted to kill the idle task!");
	if (tsk->flags & PF_EXITING) {
		/* A fault in the middle of this: leave it where it is, it does no harm there. */
		pr_alert("Fixing recursive fault but reboot is needed!\n");
		for (;;) {
			__set_current_state(TASK_UNINTERRUPTIBLE);
			schedule();
		}
	}
	atomic_inc(&nr_dying);
	exit_signals(tsk);
	tsk->exit_code = (int)code;
	group_dead = atomic_dec_and_test(&tsk->signal->live);
	if (group_dead) {
		if (tsk->tgid == 1)
			panic("Attempted to kill init! exitcode=0x%08x",
			      tsk->signal->flags & SIGNAL_GROUP_EXIT ?
			      tsk->signal->group_exit_code : (int)code);
		exit_itimers(tsk->signal);
		exit_posix_timers(tsk->signal);
	}
	exit_mm(tsk);
	exit_files(tsk);
	exit_fs(tsk);
	if (group_dead && tsk->signal->leader)
		disassociate_ctty(1);
	exit_notify(tsk);
	lockdep_check_leave("exits");

	local_irq_disable();
	tsk->state = TASK_DEAD;
	schedule();
	BUG();
}

/*
 * Does the caller die because another task of its process does exec? That one's SIGKILL
 * is what it has just taken; who ends for a reason of its own has it pending still.
 * => siglock held
 */
static bool dies_for_exec(const struct signal_struct *sig)
{
	return sig->group_exec_task && sig->group_exec_task != current &&
	       !sigismember(&current->pending.signal, SIGKILL);
}

/* All threads of the process. */
void do_group_exit(int code)
{
	struct signal_struct *sig = current->signal;
	struct sighand_struct *sighand = current->sighand;

	spin_lock_irq(&sighand->siglock);
	if (sig->flags & SIGNAL_GROUP_EXIT) {
		code = sig->group_exit_code;	/* another thread was first */
	} else if (!dies_for_exec(sig)) {
		sig->group_exit_code = code;
		sig->flags = (sig->flags & SIGNAL_UNKILLABLE) | SIGNAL_GROUP_EXIT;
		zap_other_threads(current);
	}
	spin_unlock_irq(&sighand->siglock);
	do_exit(code);
}
