/*
 * tests/kernel/sched/smp_threads_test.c - kernel threads on every processor.
 *
 * A thread bound to each processor does a fixed number of seeded operations and
 * ends; threads sleep and are woken across processors.  On one processor all
 * threads share it.
 */
#include <kernel/core/ktest.h>

#include <kernel/arch/atomic.h>
#include <kernel/core/completion.h>
#include <kernel/core/mutex.h>
#include <kernel/core/percpu.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/sched.h>
#include <kernel/core/wait.h>
#include <kernel/sched/kthread.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>

#define ROUNDS		300
#define MAX_THREADS	NR_CPUS

static atomic_t wrong, finished;
static struct completion all_done;
static int nr_workers;

static void worker_ends(void)
{
	if (atomic_inc_return(&finished) == nr_workers)
		complete(&all_done);
}

/* One thread on each processor (two at least), all of them waited for. */
static void run_threads(struct ktest *t, int (*fn)(void *), int at_least)
{
	struct task_struct *k[MAX_THREADS];

	nr_workers = nr_cpus > at_least ? nr_cpus : at_least;
	atomic_set(&wrong, 0);
	atomic_set(&finished, 0);
	init_completion(&all_done);
	for (int i = 0; i < nr_workers; i++) {
		k[i] = kthread_create(fn, (void *)(long)i, "worker/%d", i);
		KASSERT(t, !IS_ERR(k[i]));
		kthread_bind(k[i], i % nr_cpus);
	}
	for (int i = 0; i < nr_workers; i++)
		wake_up_process(k[i]);
	wait_for_completion(&all_done);
	KEXPECT_EQ(t, atomic_read(&wrong), 0);
}

static int check_place(void *arg)
{
	for (int i = 0; i < 20; i++) {
		if (smp_processor_id() != (int)(long)arg % nr_cpus ||
		    current->cpu != smp_processor_id())
			atomic_inc(&wrong);
		msleep(10);
	}
	worker_ends();
	return 0;
}

/* It runs where it was bound, also after timers on another processor woke it. */
KTEST(smp_threads, stay_where_bound)
{
	run_threads(t, check_place, 2);
}

static DEFINE_MUTEX(test_mutex);
static DECLARE_RWSEM(test_rwsem);
static unsigned long under_mutex, a, b;

static int use_sleeping_locks(void *arg)
{
	for (int i = 0; i < ROUNDS * 10; i++) {
		mutex_lock(&test_mutex);
		under_mutex++;
		mutex_unlock(&test_mutex);
		if (i % 4) {
			down_read(&test_rwsem);
			if (READ_ONCE(a) != READ_ONCE(b))
				atomic_inc(&wrong);
			up_read(&test_rwsem);
		} else {
			down_write(&test_rwsem);
			a++;
			if (i % 64 == 0)
				cond_resched();
			b++;
			up_write(&test_rwsem);
		}
	}
	worker_ends();
	return 0;
}

KTEST(smp_threads, sleeping_locks_exclude)
{
	under_mutex = a = b = 0;
	run_threads(t, use_sleeping_locks, 2);
	KEXPECT_EQ(t, under_mutex, (unsigned long)ROUNDS * 10 * (unsigned long)nr_workers);
	KEXPECT_EQ(t, a, b);
}

/* A token goes round through all threads, each asleep until it comes. */
static DECLARE_WAIT_QUEUE_HEAD(token_wait);
static volatile int token;

static int pass_token(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < ROUNDS; i++) {
		wait_event(token_wait, token == me);
		token = (me + 1) % nr_workers;
		wake_up_all(&token_wait);
	}
	worker_ends();
	return 0;
}

KTEST(smp_threads, wake_ups_across)
{
	token = 0;
	run_threads(t, pass_token, 2);
	KEXPECT_EQ(t, token, 0);
}

static int use_memory(void *arg)
{
	unsigned int seed = 99u + (unsigned int)(long)arg;
	unsigned long tag = (unsigned long)arg + 1;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned int n;
		unsigned long *v, *p;
		struct page *page;

		seed = seed * 1103515245u + 12345u;
		n = 1 + (seed >> 16) % 5;
		v = vmalloc(n * PAGE_SIZE);
		p = kmalloc(16 + (seed >> 8) % 3000, GFP_KERNEL);
		page = alloc_pages(GFP_KERNEL, seed >> 20 & 1);
		if (v)
			v[0] = v[n * PAGE_SIZE / 4 - 1] = tag + (unsigned long)i;
		if (p)
			p[0] = tag;
		if (page)
			*(unsigned long *)lowmem_page_address(page) = tag;
		cond_resched();
		if ((v && (v[0] != tag + (unsigned long)i || v[n * PAGE_SIZE / 4 - 1] != v[0])) ||
		    (p && p[0] != tag) ||
		    (page && *(unsigned long *)lowmem_page_address(page) != tag))
			atomic_inc(&wrong);
		vfree(v);
		kfree(p);
		if (page)
			__free_pages(page, seed >> 20 & 1);
	}
	worker_ends();
	return 0;
}

KTEST(smp_threads, memory)
{
	run_threads(t, use_memory, 2);
}

static int nothing(void *arg)
{
	atomic_inc((atomic_t *)arg);
	return 5;
}

/* Threads are born here, live and die on another processor, their stacks and all. */
KTEST(smp_threads, come_and_go)
{
	atomic_t ran = ATOMIC_INIT(0);

	for (int i = 0; i < ROUNDS; i++) {
		struct task_struct *k = kthread_create(nothing, &ran, "brief");

		KASSERT(t, !IS_ERR(k));
		get_task_struct(k);
		kthread_bind(k, i % nr_cpus);
		wake_up_process(k);
		while (READ_ONCE(k->exit_state) == 0)
			yield();
		put_task_struct(k);
	}
	KEXPECT_EQ(t, atomic_read(&ran), ROUNDS);
}
