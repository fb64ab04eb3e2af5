/*
 * kernel/sched/sched.c - who runs next.
 *
 * Theory.  Two arrays of 40 queues, one per priority (20 + nice, moved by up to 5
 * in favour of tasks that sleep much).  The *active* array holds tasks with time
 * left; a task that has used its slice up gets a new one, by its nice value, and
 * moves to the *expired* array.  When the active array is empty the two change
 * places.  So every runnable task runs once per round, however low its priority:
 * nobody starves; and picking the best is a bit scan, whatever the number of
 * tasks: O(1).
 *
 *	active  bitmap 0010..1   queue[2]: A - B    queue[39]: C
 *	expired bitmap 0100..0   queue[1]: D
 *
 * A task that wakes goes to the active array with what it had left of its slice,
 * and takes the processor at the next return to ring 3 if its priority is better
 * (TIF_NEED_RESCHED).  The kernel itself is never preempted.
 *
 * The switch.  schedule() runs in the old task and returns in the new one, on
 * another stack, wherever that one had called schedule().  Address spaces are
 * switched only if they differ; a kernel thread has none (mm NULL) and borrows
 * the one that is loaded (active_mm), which costs no TLB flush; rq->prev_mm
 * remembers a loan that has ended until nobody stands on it any more.
 *
 * The lock is dropped before the stacks are switched, interrupts still off, so
 * that each task drops what it took; task->oncpu keeps another processor from
 * running a task whose stack is still in use here.
 *
 * Locking: rq->lock, interrupts off, see runqueue.h.
 * Reference: the scheduler of Linux 2.6.0 is of this design.
 */
#include <kernel/sched/runqueue.h>

#include <kernel/arch/irqflags.h>
#include <kernel/arch/switch.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/irq.h>
#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <kernel/core/timer.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/user.h>
#include <lib/kernel.h>
#include <mm/phys/pgalloc.h>
#include <mm/types/mmu_context.h>

DEFINE_PER_CPU(struct rq, runqueues);

#define switch_to(prev, next, last) \
	((last) = __switch_to(&(prev)->thread, &(next)->thread, (prev)))

/* ---- the arrays ------------------------------------------------------------------------------ */

/* => @array is not empty */
static inline int best_prio(const struct prio_array *array)
{
	static_assert(PRIO_WORDS == 2, "one branch decides");
	return array->bitmap[0] ? (int)__ffs(array->bitmap[0]) : 32 + (int)__ffs(array->bitmap[1]);
}

static void deactivate_task(struct task_struct *tsk, struct rq *rq)
{
	if (tsk->state & TASK_UNINTERRUPTIBLE)
		rq->nr_uninterruptible++;
	dequeue_task(tsk, tsk->array);
	rq->nr_running--;
	tsk->sleep_stamp = jiffies;
}

/* ---- the switch ------------------------------------------------------------------------------ */

/*
 * On the new stack: let go of who ran before.
 * => interrupts off; on return on
 */
static inline void finish_task_switch(struct task_struct *prev)
{
	struct rq *rq = this_rq();
	struct mm_struct *mm = rq->prev_mm;
	bool dead = prev->state == TASK_DEAD;

	rq->prev_mm = NULL;
	barrier();
	prev->oncpu = 0;
	if (unlikely(rq->push)) {
		push_task(prev);
		rq->push = NULL;
	}
	local_irq_enable();
	rcu_switched();
	if (unlikely(mm) && atomic_dec_and_test(&mm->mm_count))
		__mmdrop(mm);
	if (unlikely(dead)) {
		put_task_struct(prev);
		atomic_dec(&nr_dying);
	}
}

void schedule_tail(struct task_struct *prev)
{
	int *tidptr;

	finish_task_switch(prev);
	tidptr = current->set_child_tid;
	/* A bad address is its maker's problem, as on Linux. */
	if (tidptr && put_user(current->pid, tidptr))
		current->set_child_tid = NULL;
}

/* => rq->lock held, dropped inside; interrupts off, on return on */
static inline void context_switch(struct rq *rq, struct task_struct *prev, struct task_struct *next)
{
	struct mm_struct *oldmm = prev->active_mm;

	if (next->mm) {
		switch_mm(oldmm, next->mm);
	} else {
		next->active_mm = oldmm;
		atomic_inc(&oldmm->mm_count);
	}
	if (!prev->mm) {
		prev->active_mm = NULL;
		rq->prev_mm = oldmm;
	}
	next->oncpu = 1;
	spin_unlock(&rq->lock);
	switch_to(prev, next, prev);
	finish_task_switch(prev);
}

/* Hook: the asker has a reference of its own, so that ours is not the last. */
bool leave_mm(const void *pgd)
{
	struct task_struct *tsk = current;
	struct mm_struct *mm = tsk->active_mm;

	/* No loan at all: a task on its way out of context_switch(), whose successor has it. */
	if (tsk->mm || !mm || mm->pgd != pgd)
		return false;
	atomic_inc(&init_mm.mm_count);
	tsk->active_mm = &init_mm;
	switch_mm(mm, &init_mm);
	atomic_dec(&mm->mm_count);
	return true;
}

static inline struct task_struct *pick_next_task(struct rq *rq)
{
	struct prio_array *array = rq->active;

	if (unlikely(!array->nr_active)) {
		if (!rq->nr_running)
			return rq->idle;
		rq->active = rq->expired;
		rq->expired = array;
		array = rq->active;
	}
	return list_first_entry(&array->queue[best_prio(array)], struct task_struct, run_list);
}

/* => @preempted: runnable, whatever its state says */
static void __sched __schedule(bool preempted)
{
	struct task_struct *prev = current, *next;
	struct rq *rq;

	BUG_VAL(spin_locks_held(), spin_locks_held(), __builtin_return_address(0));
	BUG_ON(prev->pagefault_disabled);	/* in a handler too: do_IRQ */
	VM_BUG_ON(rcu_read_lock_held());
	local_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	clear_tsk_work(prev, TIF_NEED_RESCHED);
	rcu_note_switch();

	if (prev->state && !preempted) {
		prev->nvcsw++;
		if ((prev->state & TASK_INTERRUPTIBLE) && signal_pending(prev))
			prev->state = TASK_RUNNING;
		else
			deactivate_task(prev, rq);
	} else {
		prev->nivcsw++;
		if (unlikely(nr_cpus > 1) && unlikely(!cpu_allowed(prev, rq->cpu)) && prev->array) {
			/* Away from here, as soon as nobody stands on its stack. */
			dequeue_task(prev, prev->array);
			rq->nr_running--;
			rq->push = prev;
		}
	}

	next = pick_next_task(rq);
	if (likely(next != prev)) {
		rq->nr_switches++;
		rq->curr = next;
		context_switch(rq, prev, next);
	} else {
		spin_unlock(&rq->lock);
		local_irq_enable();
	}
}

/* => interrupts may be off, are on afterwards; no locks held */
void __sched schedule(void)
{
	if (unlikely(current->plugged_queue))
		blk_flush_plug();
	do
		__schedule(false);
	while (unlikely(need_resched()));
}

void __sched __cond_resched(void)
{
	__schedule(true);
}

/* ---- sleeping for a time --------------------------------------------------------------------- */

static void process_timeout(unsigned long task)
{
	wake_up_process((struct task_struct *)task);
}

/*
 * => current->state says how to sleep; the jiffies left; MAX_SCHEDULE_TIMEOUT sleeps
 *    until woken
 */
long __sched schedule_timeout(long timeout)
{
	unsigned long expire = jiffies + (unsigned long)timeout;
	struct timer_list timer;

	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	if (WARN_ON(timeout < 0)) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	setup_timer(&timer, process_timeout, (unsigned long)current);
	mod_timer(&timer, expire);
	schedule();
	del_timer_sync(&timer);
	timeout = (long)(expire - jiffies);
	return max(timeout, 0L);
}

bool __sched schedule_deadline(u64 deadline)
{
	u64 now = ktime_get_ns();

	if (now < deadline)
		schedule_timeout((long)nsecs_to_jiffies_up(deadline - now));
	else
		__set_current_state(TASK_RUNNING);
	return ktime_get_ns() < deadline;
}

/*
 * At least @ms by the clock, signals or not: ticks that a busy host was late with come in a rush, and
 * jiffies with them. => may sleep
 */
void __sched msleep(unsigned int ms)
{
	u64 until = ktime_get_ns() + ms * (u64)NSEC_PER_MSEC;

	do
		set_current_state(TASK_UNINTERRUPTIBLE);
	while (schedule_deadline(until));
}

/* Everybody else first: to the end of the expired array. */
void __sched yield(void)
{
	struct task_struct *tsk = current;
	struct rq *rq;

	__set_current_state(TASK_RUNNING);
	local_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	if (tsk != rq->idle) {
		dequeue_task(tsk, tsk->array);
		enqueue_task(tsk, rq->expired);
	}
	spin_unlock(&rq->lock);
	schedule();
}

void __sched io_schedule(void)
{
	struct rq *rq = this_rq();

	atomic_inc(&rq->nr_iowait);
	schedule();
	atomic_dec(&rq->nr_iowait);
}

long __sched io_schedule_timeout(long timeout)
{
	struct rq *rq = this_rq();

	atomic_inc(&rq->nr_iowait);
	timeout = schedule_timeout(timeout);
	atomic_dec(&rq->nr_iowait);
	return timeout;
}

/* ---- priorities ------------------------------------------------------------------------------ */

void set_user_nice(struct task_struct *tsk, int nice)
{
	struct prio_array *array;
	unsigned long flags;
	struct rq *rq;

	rq = task_rq_lock(tsk, &flags);
	array = tsk->array;
	if (array)
		dequeue_task(tsk, array);
	tsk->static_prio = NICE_TO_PRIO(nice);
	tsk->prio = effective_prio(tsk);
	if (array) {
		enqueue_task(tsk, array);
		resched_task(rq->curr);
	}
	task_rq_unlock(rq, &flags);
}

/* ---- idle and start -------------------------------------------------------------------------- */

bool idle_task(const struct task_struct *tsk)
{
	return tsk == cpu_rq(tsk->cpu)->idle;
}

/* Halt until there is something to do. => interrupts off, and again on return */
static void idle_alone(void)
{
	while (!need_resched()) {
		safe_halt();
		local_irq_disable();
	}
}

/*
 * No wake-up is lost: who sends a task here sets our TIF_NEED_RESCHED, then interrupts
 * us; interrupts go on only with the halt.
 */
static void idle_with_others(struct rq *rq)
{
	while (!need_resched()) {
		set_bit(rq->cpu, &cpu_idle_mask);
		if (steal_tasks(rq))
			break;
		safe_halt();
		local_irq_disable();
	}
	clear_bit(rq->cpu, &cpu_idle_mask);
}

void cpu_idle(void)
{
	for (;;) {
		check_pgt_cache();
		local_irq_disable();
		if (nr_cpus == 1)
			idle_alone();
		else
			idle_with_others(this_rq());
		local_irq_enable();
		schedule();
	}
}

void __init sched_cpu_up(int cpu, struct task_struct *idle)
{
	struct rq *rq = cpu_rq(cpu);

	spin_lock_init(&rq->lock);
	rq->cpu = cpu;
	rq->active = &rq->arrays[0];
	rq->expired = &rq->arrays[1];
	for (int i = 0; i < 2; i++)
		for (int prio = 0; prio < MAX_PRIO; prio++)
			INIT_LIST_HEAD(&rq->arrays[i].queue[prio]);
	rq->curr = rq->idle = idle;
	atomic_inc(&init_mm.mm_count);		/* the idle task's loan */
}

void __init sched_init(void)
{
	sched_cpu_up(0, &init_task);
	tick_hook = scheduler_tick;
	sched_check_init();
	user_init();
	rcu_init();
	pid_init();
}
