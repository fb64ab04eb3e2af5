/*
 * tests/kernel/proc/proc_test.c - signals, from inside.
 *
 * What ring 3 can see is tested there: tests/user/proc_*.c, sig_*.c.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/user.h>
#include <lib/errno.h>

static int sleeper(void *data)
{
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

static void catch(struct task_struct *tsk, int sig, void *handler)
{
	tsk->sighand->action[sig - 1].sa_handler = handler;
}

/* Take the next signal of @tsk, which is not running. => its number */
static int take(struct task_struct *tsk, siginfo_t *info)
{
	sigset_t none = { { 0, 0 } };
	int sig;

	spin_lock_irq(&tsk->sighand->siglock);
	sig = dequeue_signal(tsk, &none, info);
	spin_unlock_irq(&tsk->sighand->siglock);
	return sig;
}

/* A set holds 64 signals, each by itself. */
KTEST(signal, sets)
{
	sigset_t set;

	sigemptyset(&set);
	KEXPECT(t, sigisemptyset(&set));
	for (int sig = 1; sig <= _NSIG; sig++) {
		sigaddset(&set, sig);
		KEXPECT(t, sigismember(&set, sig));
		KEXPECT(t, sig == _NSIG || !sigismember(&set, sig + 1));
		sigdelset(&set, sig);
		KEXPECT(t, sigisemptyset(&set));
	}
	sigfillset(&set);
	KEXPECT_EQ(t, set.sig[0] & set.sig[1], ~0u);
}

/* Faults first, then the lowest number; normal signals once, real-time ones as often as sent. */
KTEST(signal, order_and_queue)
{
	struct task_struct *k = kthread_create(sleeper, NULL, "ktest");
	int pending = atomic_read(&root_user.sigpending);
	siginfo_t info = { .si_code = SI_QUEUE };

	KASSERT(t, !IS_ERR(k));
	catch(k, SIGHUP, (void *)0x1000);
	catch(k, SIGTERM, (void *)0x1000);
	catch(k, SIGSEGV, (void *)0x1000);
	catch(k, 40, (void *)0x1000);
	for (int i = 0; i < 3; i++) {
		info.si_signo = 40;
		info.si_value.sival_int = i;
		KEXPECT_EQ(t, send_signal(40, &info, k, true), 0);
		KEXPECT_EQ(t, send_sig(SIGTERM, k, 1), 0);
		KEXPECT_EQ(t, send_sig(SIGHUP, k, 1), 0);
		KEXPECT_EQ(t, send_sig(SIGSEGV, k, 1), 0);
	}
	KEXPECT_EQ(t, atomic_read(&root_user.sigpending), pending + 6);
	KEXPECT(t, signal_pending(k));
	KEXPECT_EQ(t, take(k, &info), SIGSEGV);
	KEXPECT_EQ(t, info.si_code, SI_KERNEL);
	KEXPECT_EQ(t, take(k, &info), SIGHUP);
	KEXPECT_EQ(t, take(k, &info), SIGTERM);
	for (int i = 0; i < 3; i++) {
		KEXPECT_EQ(t, take(k, &info), 40);
		KEXPECT_EQ(t, info.si_value.sival_int, i);
	}
	KEXPECT_EQ(t, take(k, &info), 0);
	KEXPECT_EQ(t, atomic_read(&root_user.sigpending), pending);
	kthread_stop(k);
}

/* What is ignored is not even queued, unless it is blocked; stop and continue cancel. */
KTEST(signal, ignored_and_cancelled)
{
	struct task_struct *k = kthread_create(sleeper, NULL, "ktest");
	siginfo_t info;

	KASSERT(t, !IS_ERR(k));
	KEXPECT_EQ(t, send_sig(SIGCHLD, k, 1), 0);
	KEXPECT_EQ(t, take(k, &info), 0);
	catch(k, SIGUSR1, SIG_IGN);
	send_sig(SIGUSR1, k, 1);
	KEXPECT_EQ(t, take(k, &info), 0);
	sigaddset(&k->blocked, SIGUSR1);
	send_sig(SIGUSR1, k, 1);
	KEXPECT_EQ(t, take(k, &info), SIGUSR1);

	sigaddset(&k->blocked, SIGTSTP);
	sigaddset(&k->blocked, SIGCONT);
	send_sig(SIGTSTP, k, 1);
	send_sig(SIGCONT, k, 1);
	KEXPECT_EQ(t, take(k, &info), SIGCONT);
	KEXPECT_EQ(t, take(k, &info), 0);
	send_sig(SIGCONT, k, 1);
	send_sig(SIGTSTP, k, 1);
	KEXPECT_EQ(t, take(k, &info), SIGTSTP);
	KEXPECT_EQ(t, take(k, &info), 0);
	kthread_stop(k);
}

/* Beyond RLIMIT_SIGPENDING real-time signals are refused; normal ones still arrive. */
KTEST(signal, pending_limit)
{
	struct task_struct *k = kthread_create(sleeper, NULL, "ktest");
	struct rlimit *rlim;
	siginfo_t info = { .si_code = SI_QUEUE, .si_signo = 50 };
	int before = atomic_read(&root_user.sigpending);
	pid_t pid;

	KASSERT(t, !IS_ERR(k));
	catch(k, 50, (void *)0x1000);
	catch(k, SIGTERM, (void *)0x1000);
	rlim = &k->signal->rlim[RLIMIT_SIGPENDING];
	rlim->rlim_cur = (unsigned long)before + 3;
	for (int i = 0; i < 3; i++)
		KEXPECT_EQ(t, send_signal(50, &info, k, false), 0);
	KEXPECT_EQ(t, send_signal(50, &info, k, false), -EAGAIN);
	KEXPECT_EQ(t, send_sig(SIGTERM, k, 1), 0);
	KEXPECT_EQ(t, take(k, &info), SIGTERM);
	/* The rest is flushed when the task is released: first it leaves the hash, by another processor. */
	pid = k->pid;
	kthread_stop(k);
	while (find_task_by_pid(pid))
		yield();
	for (int i = 0; i < 10000 && atomic_read(&root_user.sigpending) != before; i++)
		msleep(1);
	KEXPECT_EQ(t, atomic_read(&root_user.sigpending), before);
}

static int interruptible(void *data)
{
	wait_queue_head_t q;
	int ret;

	init_waitqueue_head(&q);
	ret = wait_event_interruptible(q, false);
	flush_sigqueue(&current->pending);
	clear_tsk_work(current, TIF_SIGPENDING);
	while (!kthread_should_stop())
		msleep(1);
	return ret;
}

/* A signal ends an interruptible sleep. */
KTEST(signal, wakes_sleeper)
{
	struct task_struct *k = kthread_run(interruptible, NULL, "ktest");

	KASSERT(t, !IS_ERR(k));
	msleep(20);
	KEXPECT_EQ(t, k->state, TASK_INTERRUPTIBLE);
	catch(k, SIGUSR2, (void *)0x1000);
	send_sig(SIGUSR2, k, 1);
	msleep(20);
	KEXPECT_EQ(t, kthread_stop(k), -ERESTARTSYS);
}

/* Process 1 takes no signal whose action is the default, not even SIGKILL. */
KTEST(signal, init_is_immune)
{
	siginfo_t info;

	KASSERT_EQ(t, current->pid, 1);
	for (int sig = 1; sig <= _NSIG; sig++)
		KEXPECT_EQ(t, send_sig(sig, current, 1), 0);
	KEXPECT_EQ(t, take(current, &info), 0);
	KEXPECT(t, !signal_pending(current));
}
