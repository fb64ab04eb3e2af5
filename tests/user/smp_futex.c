/*
 * tests/user/smp_futex.c - locks and conditions by futex, between threads and between processes on
 * all processors: what a lock guards comes out exact, and every wait ends.
 *
 * The mutex is Drepper's third: 0 free, 1 taken, 2 taken and somebody may wait.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>

#include <tests/user/smp.h>

#define NR		4
#define ROUNDS		300
#define ITEMS		150		/* that each producer makes */
#define SLOTS		3
#define MEETINGS	40

struct cond {
	volatile int seq;
};

static struct state {
	volatile int mutex;
	volatile unsigned int a, b;	/* under the mutex, always equal */
	struct cond not_full, not_empty;
	int slots[SLOTS];
	unsigned int in, out;
	unsigned int produced, consumed;
	volatile int arrived;
	volatile int meeting;
	volatile int wrong;
} *st;

static long futex(volatile int *word, int op, int val, long val2, volatile int *word2)
{
	return sc(SYS_futex, (long)word, op, val, val2, (long)word2);
}

static int cmpxchg(volatile int *p, int old, int new)
{
	return __sync_val_compare_and_swap(p, old, new);
}

/* @as_waiter: one that was moved to the mutex's queue must leave it marked for the others there. */
static void lock(volatile int *m, int as_waiter)
{
	int c = as_waiter ? __sync_lock_test_and_set(m, 2) : cmpxchg(m, 0, 1);

	while (c != 0) {
		if (c == 2 || cmpxchg(m, 1, 2) != 0)
			futex(m, FUTEX_WAIT, 2, 0, NULL);
		c = __sync_lock_test_and_set(m, 2);
	}
}

static void unlock(volatile int *m)
{
	if (__sync_fetch_and_sub(m, 1) != 1) {
		__sync_lock_release(m);
		futex(m, FUTEX_WAKE, 1, 0, NULL);
	}
}

static void cond_wait(struct cond *c, volatile int *m)
{
	int seq = c->seq;

	unlock(m);
	futex(&c->seq, FUTEX_WAIT, seq, 0, NULL);
	lock(m, 1);
}

/* => the mutex is held, so that @seq does not change meanwhile */
static void cond_broadcast(struct cond *c, volatile int *m)
{
	int seq = __sync_add_and_fetch(&c->seq, 1);

	/* Its sixth argument is the value that the word must still have. */
	long ret = syscall(SYS_futex, &c->seq, FUTEX_CMP_REQUEUE, 1, INT_MAX, m, seq);

	if (ret < 0)
		st->wrong = 1;
}

static int count_up(void *arg)
{
	unsigned int seed = 3 + (unsigned int)(long)arg;

	for (int i = 0; i < ROUNDS; i++) {
		lock(&st->mutex, 0);
		if (st->a != st->b)
			st->wrong = 2;
		st->a++;
		if (draw(&seed) % 32 == 0)
			sc(SYS_sched_yield, 0, 0, 0, 0, 0);
		st->b++;
		unlock(&st->mutex);
	}
	return 0;
}

static int produce_or_consume(void *arg)
{
	int me = (int)(long)arg, n = me < NR / 2 ? ITEMS : ITEMS * (NR / 2) / (NR - NR / 2);

	for (int i = 1; i <= n; i++) {
		lock(&st->mutex, 0);
		if (me < NR / 2) {
			while (st->in - st->out == SLOTS)
				cond_wait(&st->not_full, &st->mutex);
			st->slots[st->in++ % SLOTS] = i;
			st->produced += (unsigned int)i;
			cond_broadcast(&st->not_empty, &st->mutex);
		} else {
			while (st->in == st->out)
				cond_wait(&st->not_empty, &st->mutex);
			st->consumed += (unsigned int)st->slots[st->out++ % SLOTS];
			cond_broadcast(&st->not_full, &st->mutex);
		}
		unlock(&st->mutex);
	}
	return 0;
}

static int meet(void *arg)
{
	for (int i = 0; i < MEETINGS; i++) {
		if (__sync_add_and_fetch(&st->arrived, 1) == NR * (i + 1)) {
			st->meeting = i + 1;
			futex(&st->meeting, FUTEX_WAKE, INT_MAX, 0, NULL);
		} else {
			while (st->meeting == i)
				futex(&st->meeting, FUTEX_WAIT, i, 0, NULL);
		}
		if (st->arrived > NR * (i + 2))
			st->wrong = 3;
	}
	return 0;
}

/* Waits that end by time race with wakes: a wake that was counted has woken somebody. */
static int wait_or_wake(void *arg)
{
	struct { long sec, nsec; } soon = { 0, 300000 };

	for (int i = 0; i < ROUNDS / 4; i++) {
		if ((long)arg % 2) {
			long woken = futex(&st->meeting, FUTEX_WAKE, 1, 0, NULL);

			if (woken < 0 || woken > 1)
				st->wrong = 4;
			__sync_fetch_and_add(&st->a, (unsigned int)woken);
			sc(SYS_sched_yield, 0, 0, 0, 0, 0);
		} else {
			long ret = futex(&st->meeting, FUTEX_WAIT, st->meeting, (long)&soon, NULL);

			if (ret == 0)
				__sync_fetch_and_add(&st->b, 1);
			else if (ret != -ETIMEDOUT && ret != -EAGAIN)
				st->wrong = 5;
		}
	}
	return 0;
}

static void run(int (*fn)(void *), void (*start)(int (*)(void *), long))
{
	memset(st, 0, sizeof(*st));
	for (long i = 0; i < NR; i++)
		start(fn, i);
	join_workers();
	expect_eq(st->wrong, 0);
}

static void all(void (*start)(int (*)(void *), long))
{
	run(count_up, start);
	expect_eq(st->a, NR * ROUNDS);
	expect_eq(st->b, NR * ROUNDS);
	expect_eq(st->mutex, 0);

	run(produce_or_consume, start);
	expect_eq(st->in, NR / 2 * ITEMS);
	expect_eq(st->out, st->in);
	expect_eq(st->produced, NR / 2 * (ITEMS * (ITEMS + 1) / 2));
	expect_eq(st->consumed, st->produced);

	run(meet, start);
	expect_eq(st->meeting, MEETINGS);

	run(wait_or_wake, start);
	expect_eq(st->a, st->b);
}

int main(void)
{
	st = share(4096);
	all(start_thread);
	all(start_process);
	return test_result();
}
