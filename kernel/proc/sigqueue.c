/*
 * kernel/proc/sigqueue.c - the queues of signals: what waits to be taken, and taking it.
 *
 * Theory.  A pending set is 64 bits and a list.  The bit says that there is a signal; the entry on
 * the list, who sent it and why.  A normal signal (below SIGRTMIN) is queued at most once; real-time
 * signals queue up and are taken in the order of their numbers, those of one number in the order of
 * their sending.  A bit without an entry is a signal whose entry found no memory, or was one too
 * many for RLIMIT_SIGPENDING: it is taken as one that a process sent, nobody knows which.
 *
 * Faults come first whatever their number, because the handler's frame must show the instruction
 * that faulted; then the task's own signals, then those of the process.
 *
 * An entry belongs to whoever takes it, but a timer's (posix_timers.c) is queued again and again.
 *
 * Locking: siglock.
 */
#include <kernel/proc/signal.h>

#include <kernel/proc/posix_timers.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/user.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>

static struct kmem_cache *sigqueue_cachep;	/* [c] */

#define SYNCHRONOUS_MASK (sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | \
			  sigmask(SIGTRAP) | sigmask(SIGFPE) | sigmask(SIGSYS))

struct sigqueue *sigqueue_alloc(struct task_struct *tsk, bool override)
{
	struct user_struct *user = tsk->user;
	struct sigqueue *q = NULL;

	if (atomic_add_return(1, &user->sigpending) <= (int)min_t(unsigned long, INT_MAX,
	    task_rlimit(tsk, RLIMIT_SIGPENDING)) || override)
		q = kmem_cache_alloc(sigqueue_cachep, GFP_ATOMIC | __GFP_NOWARN);
	if (!q) {
		atomic_dec(&user->sigpending);
		return NULL;
	}
	INIT_LIST_HEAD(&q->list);
	q->user = get_uid(user);
	q->timer = NULL;
	return q;
}

struct sigqueue *sigqueue_alloc_timer(struct k_itimer *timer)
{
	struct sigqueue *q = sigqueue_alloc(current, false);

	if (q)
		q->timer = timer;
	return q;
}

static void sigqueue_free(struct sigqueue *q)
{
	atomic_dec(&q->user->sigpending);
	free_uid(q->user);
	kmem_cache_free(sigqueue_cachep, q);
}

/* Off the queue, and away with it unless it is a timer's. */
static void sigqueue_take(struct sigqueue *q)
{
	list_del_init(&q->list);
	if (!q->timer)
		sigqueue_free(q);
}

void sigqueue_leave_timer(struct sigqueue *q)
{
	q->timer = NULL;
	if (!sigqueue_waits(q))
		sigqueue_free(q);
}

void flush_sigqueue(struct sigpending *queue)
{
	struct sigqueue *q, *next;

	sigemptyset(&queue->signal);
	list_for_each_entry_safe(q, next, &queue->list, list)
		sigqueue_take(q);
}

/* What timers have sent and nobody has taken. => siglock held */
static void flush_timer_signals(struct sigpending *queue)
{
	struct sigqueue *q, *next;
	sigset_t others, timers;

	sigemptyset(&others);
	sigemptyset(&timers);
	list_for_each_entry_safe(q, next, &queue->list, list) {
		if (q->info.si_code != SI_TIMER) {
			sigaddset(&others, q->info.si_signo);
			continue;
		}
		sigaddset(&timers, q->info.si_signo);
		sigqueue_take(q);
	}
	for (int i = 0; i < 2; i++)
		queue->signal.sig[i] &= ~timers.sig[i] | others.sig[i];
}

void flush_itimer_signals(void)
{
	spin_lock_irq(&current->sighand->siglock);
	flush_timer_signals(&current->pending);
	flush_timer_signals(&current->signal->shared_pending);
	spin_unlock_irq(&current->sighand->siglock);
}

/* => siglock held */
static void rm_from_queue(const sigset_t *mask, struct sigpending *queue)
{
	struct sigqueue *q, *next;

	if (!((queue->signal.sig[0] & mask->sig[0]) | (queue->signal.sig[1] & mask->sig[1])))
		return;
	queue->signal.sig[0] &= ~mask->sig[0];
	queue->signal.sig[1] &= ~mask->sig[1];
	list_for_each_entry_safe(q, next, &queue->list, list)
		if (sigismember(mask, q->info.si_signo))
			sigqueue_take(q);
}

void rm_from_process(const sigset_t *mask, struct task_struct *tsk)
{
	struct task_struct *t;

	rm_from_queue(mask, &tsk->signal->shared_pending);
	for_each_thread(tsk, t)
		rm_from_queue(mask, &t->pending);
}

/* The number of the first signal of @pending that @mask lets through, or 0. */
static int next_signal(const struct sigpending *pending, const sigset_t *mask)
{
	unsigned long first = pending->signal.sig[0] & ~mask->sig[0];
	unsigned long second = pending->signal.sig[1] & ~mask->sig[1];

	if (first & sigmask(SIGKILL))
		return SIGKILL;
	if (first & SYNCHRONOUS_MASK)
		first &= SYNCHRONOUS_MASK;
	if (first)
		return (int)__ffs(first) + 1;
	return second ? (int)__ffs(second) + 33 : 0;
}

static void collect_signal(int sig, struct sigpending *pending, siginfo_t *info)
{
	struct sigqueue *q, *first = NULL;

	list_for_each_entry(q, &pending->list, list) {
		if (q->info.si_signo != sig)
			continue;
		if (first)
			goto more;	/* another one: the bit stays */
		first = q;
	}
	sigdelset(&pending->signal, sig);
more:
	if (first) {
		*info = first->info;
		if (first->timer)
			posix_timer_taken(first, info);
		sigqueue_take(first);
	} else {
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
		info->si_code = SI_USER;
	}
}

int dequeue_signal(struct task_struct *tsk, const sigset_t *mask, siginfo_t *info)
{
	struct sigpending *pending = &tsk->pending;
	int sig = 0;

	/* Who is killed ends by that, whatever else has come: a fault in memory that is gone already. */
	if (!sigismember(&tsk->signal->shared_pending.signal, SIGKILL))
		sig = next_signal(pending, mask);
	if (!sig) {
		pending = &tsk->signal->shared_pending;
		sig = next_signal(pending, mask);
	}
	if (sig)
		collect_signal(sig, pending, info);
	recalc_sigpending();
	return sig;
}

void __init signals_init(void)
{
	sigqueue_cachep = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, SLAB_PANIC,
					    NULL);
}
