/*
 * tests/kernel/core/lock_test.c - locks exclude, hand over, and count.
 */
#include <kernel/core/completion.h>
#include <kernel/core/ktest.h>
#include <kernel/core/mutex.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/sched.h>
#include <kernel/core/semaphore.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>

#define NR_WORKERS	4
#define ROUNDS		4

/* A taken lock cannot be taken again; flags come back; a released one is free. */
KTEST(spinlock, exclusion)
{
	DEFINE_SPINLOCK(lock);
	unsigned long flags;

	KEXPECT(t, spin_trylock(&lock));
	KEXPECT(t, spin_is_locked(&lock));
	KEXPECT(t, !spin_trylock(&lock));
	spin_unlock(&lock);
	KEXPECT(t, !spin_is_locked(&lock));
	spin_lock_irqsave(&lock, flags);
	KEXPECT(t, irqs_disabled());
	assert_spin_locked(&lock);
	spin_unlock_irqrestore(&lock, flags);
	KEXPECT(t, !irqs_disabled());
	KEXPECT_EQ(t, spin_locks_held(), 0);
}

/* Alone in a rwlock, as a reader and as a writer; the count is whole again. */
KTEST(spinlock, rwlock_counts)
{
	DEFINE_RWLOCK(lock);

	read_lock(&lock);
	KEXPECT_EQ(t, lock.count, _RW_READER);
	read_unlock(&lock);
	write_lock(&lock);
	KEXPECT_EQ(t, lock.count, _RW_LOCKED);
	write_unlock(&lock);
	KEXPECT_EQ(t, lock.count, 0u);
}

KTEST(atomic, operations)
{
	atomic_t v = ATOMIC_INIT(1);
	u32 word = 5;

	KEXPECT_EQ(t, atomic_add_return(4, &v), 5);
	KEXPECT_EQ(t, atomic_sub_return(6, &v), -1);
	KEXPECT(t, atomic_inc_and_test(&v));
	KEXPECT(t, atomic_add_negative(-1, &v));
	atomic_set(&v, 1);
	KEXPECT(t, atomic_inc_not_zero(&v));
	KEXPECT(t, !atomic_dec_and_test(&v));
	KEXPECT(t, atomic_dec_and_test(&v));
	KEXPECT(t, !atomic_inc_not_zero(&v));
	KEXPECT_EQ(t, atomic_read(&v), 0);
	KEXPECT_EQ(t, xchg(&word, 9), 5u);
	KEXPECT_EQ(t, cmpxchg(&word, 8, 1), 9u);
	KEXPECT_EQ(t, cmpxchg(&word, 9, 1), 9u);
	KEXPECT_EQ(t, word, 1u);
}

static struct mutex mutex;
static struct rw_semaphore rwsem;
static struct semaphore sem;
static struct completion go;
static atomic_t inside, most_inside, total, finished;

static void sleep_a_tick(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(1);
}

/* A few seconds at most. */
#define sleep_until(condition) do {				\
	for (int __i = 0; __i < 300 && !(condition); __i++)	\
		sleep_a_tick();					\
} while (0)

static void enter(void)
{
	int now = atomic_inc_return(&inside), most;

	do
		most = atomic_read(&most_inside);
	while (now > most && atomic_cmpxchg(&most_inside, most, now) != most);
}

static void leave(void)
{
	atomic_inc(&total);
	atomic_dec(&inside);
}

/* Stay inside for a tick: everybody else runs into the lock meanwhile. */
static void stay_inside(void)
{
	enter();
	sleep_a_tick();
	leave();
}

/* kthread_stop() wants a thread that still runs. */
static int until_stopped(void)
{
	atomic_inc(&finished);
	while (!kthread_should_stop())
		sleep_a_tick();
	return 0;
}

static int mutex_worker(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		stay_inside();
		mutex_unlock(&mutex);
	}
	return until_stopped();
}

static int reader(void *unused)
{
	down_read(&rwsem);
	stay_inside();
	up_read(&rwsem);
	return until_stopped();
}

/* Stay inside until all are: each may be late by as much as the machine is busy. */
static int meeting_reader(void *unused)
{
	down_read(&rwsem);
	enter();
	for (int i = 0; i < 300 && atomic_read(&inside) < NR_WORKERS &&
	     atomic_read(&most_inside) < NR_WORKERS; i++)
		sleep_a_tick();
	leave();
	up_read(&rwsem);
	return until_stopped();
}

static int writer(void *unused)
{
	down_write(&rwsem);
	stay_inside();
	up_write(&rwsem);
	return until_stopped();
}

static int sem_worker(void *unused)
{
	down(&sem);
	stay_inside();
	up(&sem);
	return until_stopped();
}

static int waiter(void *unused)
{
	wait_for_completion(&go);
	atomic_inc(&total);
	return until_stopped();
}

static struct task_struct *tasks[2 * NR_WORKERS];
static int nr_tasks;

static void begin(void)
{
	atomic_set(&inside, 0);
	atomic_set(&most_inside, 0);
	atomic_set(&total, 0);
	atomic_set(&finished, 0);
	nr_tasks = 0;
}

static void add(struct ktest *t, int (*fn)(void *), int nr)
{
	for (int i = 0; i < nr; i++) {
		struct task_struct *tsk = kthread_run(fn, NULL, "ktest/%d", nr_tasks);

		if (IS_ERR(tsk))
			ktest_fail(t, __FILE__, __LINE__, "kthread_run: %ld", PTR_ERR(tsk));
		else
			tasks[nr_tasks++] = tsk;
	}
}

/* Let all finish their work (no longer than a few seconds), then stop them. */
static void end(struct ktest *t)
{
	sleep_until(atomic_read(&finished) == nr_tasks);
	KEXPECT_EQ(t, atomic_read(&finished), nr_tasks);
	for (int i = 0; i < nr_tasks; i++)
		kthread_stop(tasks[i]);
}

/* One at a time, and everybody gets their turns. */
KTEST(mutex, exclusion)
{
	begin();
	mutex_init(&mutex);
	add(t, mutex_worker, NR_WORKERS);
	end(t);
	KEXPECT_EQ(t, atomic_read(&most_inside), 1);
	KEXPECT_EQ(t, atomic_read(&total), NR_WORKERS * ROUNDS);
	KEXPECT(t, !mutex_is_locked(&mutex));
	KEXPECT(t, mutex_trylock(&mutex));
	KEXPECT(t, !mutex_trylock(&mutex));
	mutex_unlock(&mutex);
}

/* Readers are inside together. */
KTEST(rwsem, readers_share)
{
	begin();
	init_rwsem(&rwsem);
	add(t, meeting_reader, NR_WORKERS);
	end(t);
	KEXPECT_EQ(t, atomic_read(&most_inside), NR_WORKERS);
	KEXPECT_EQ(t, atomic_read(&total), NR_WORKERS);
	KEXPECT(t, !rwsem_is_locked(&rwsem));
}

/* A writer is alone; those who queue behind it come in when it is done. */
KTEST(rwsem, writers_exclude)
{
	begin();
	init_rwsem(&rwsem);
	down_write(&rwsem);
	add(t, reader, 2);
	add(t, writer, 2);
	sleep_a_tick();
	KEXPECT_EQ(t, atomic_read(&most_inside), 0);
	KEXPECT(t, !down_read_trylock(&rwsem));
	up_write(&rwsem);
	end(t);
	KEXPECT(t, atomic_read(&most_inside) <= 2);
	KEXPECT_EQ(t, atomic_read(&total), 4);
	KEXPECT(t, down_write_trylock(&rwsem));
	KEXPECT(t, !down_read_trylock(&rwsem));
	downgrade_write(&rwsem);
	KEXPECT(t, down_read_trylock(&rwsem));
	KEXPECT(t, !down_write_trylock(&rwsem));
	up_read(&rwsem);
	up_read(&rwsem);
	KEXPECT(t, !rwsem_is_locked(&rwsem));
}

/* A reader that comes after a waiting writer does not overtake it. */
KTEST(rwsem, writer_is_not_starved)
{
	begin();
	init_rwsem(&rwsem);
	down_read(&rwsem);
	add(t, writer, 1);
	sleep_until(!list_empty(&rwsem.wait_list));
	add(t, reader, 1);
	sleep_until(rwsem.wait_list.next->next != &rwsem.wait_list);
	KEXPECT(t, !down_read_trylock(&rwsem));
	KEXPECT_EQ(t, atomic_read(&most_inside), 0);
	up_read(&rwsem);
	end(t);
	KEXPECT_EQ(t, atomic_read(&most_inside), 1);
	KEXPECT_EQ(t, atomic_read(&total), 2);
}

/* At most as many inside as the count says. */
KTEST(semaphore, counts)
{
	begin();
	sema_init(&sem, 2);
	add(t, sem_worker, 2 * NR_WORKERS);
	end(t);
	KEXPECT_EQ(t, atomic_read(&most_inside), 2);
	KEXPECT_EQ(t, atomic_read(&total), 2 * NR_WORKERS);
	KEXPECT_EQ(t, sem.count, 2);
	KEXPECT_EQ(t, down_trylock(&sem), 0);
	KEXPECT_EQ(t, down_trylock(&sem), 0);
	KEXPECT_EQ(t, down_trylock(&sem), 1);
}

/* complete() lets one go, complete_all() all and for ever; early ones are remembered. */
KTEST(completion, wakes_as_many_as_it_says)
{
	begin();
	init_completion(&go);
	add(t, waiter, 3);
	sleep_until(waitqueue_active(&go.wait));
	KEXPECT_EQ(t, atomic_read(&total), 0);
	complete(&go);
	sleep_until(atomic_read(&total) > 0);
	sleep_a_tick();
	KEXPECT_EQ(t, atomic_read(&total), 1);
	complete_all(&go);
	end(t);
	KEXPECT_EQ(t, atomic_read(&total), 3);
	wait_for_completion(&go);

	init_completion(&go);
	complete(&go);
	wait_for_completion(&go);
	KEXPECT_EQ(t, wait_for_completion_timeout(&go, 2), 0ul);
	complete(&go);
	KEXPECT(t, wait_for_completion_timeout(&go, 2) > 0);
}
