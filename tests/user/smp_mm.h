/*
 * tests/user/smp_mm.h - threads by raw clone(), for the tests of one address space used by all.
 *
 * Threads share everything, the C library's idea of who they are too: they call nothing of it but
 * plain system-call wrappers, and each knows itself by the stack it stands on.  What they find
 * wrong is noted (WRONG) and printed when all have ended.
 */
#ifndef OCTAVO_TESTS_USER_SMP_MM_H
#define OCTAVO_TESTS_USER_SMP_MM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#define PAGE		4096ul
#define WORDS		(PAGE / sizeof(uint32_t))
#define THREADS		4
#define THREAD_STACK	(64 * 1024)

static char thread_stacks[THREADS][THREAD_STACK] __attribute__((aligned(THREAD_STACK)));
static volatile int thread_tid[THREADS];
static unsigned int thread_seed[THREADS];
static sigjmp_buf thread_env[THREADS];
static volatile int wrong_line;

#define WRONG()	do { if (!wrong_line) wrong_line = __LINE__; } while (0)

static inline int me(void)
{
	return (int)(((char *)__builtin_frame_address(0) - thread_stacks[0]) / THREAD_STACK);
}

static inline unsigned int draw(unsigned int below)
{
	unsigned int *seed = &thread_seed[me()];

	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % below;
}

static void thread_fault(int sig)
{
	siglongjmp(thread_env[me()], sig);
}

/* SIGSEGV and SIGBUS end the access that brought them. */
static inline void threads_catch(void)
{
	struct sigaction sa = { .sa_handler = thread_fault, .sa_flags = SA_NODEFER };

	must(sigaction(SIGSEGV, &sa, NULL) == 0);
	must(sigaction(SIGBUS, &sa, NULL) == 0);
}

#define NOT_THERE	0xdeadu		/* no test writes it */

static inline uint32_t peek(const volatile uint32_t *p)
{
	return sigsetjmp(thread_env[me()], 0) ? NOT_THERE : *p;
}

static inline bool poke(volatile uint32_t *p, uint32_t value)
{
	if (sigsetjmp(thread_env[me()], 0))
		return false;
	*p = value;
	return true;
}

static void (*thread_work)(int nr);

static int thread_main(void *arg)
{
	thread_work((int)(intptr_t)arg);
	syscall(SYS_exit, 0);
	return 0;
}

/* Run @work in all threads and wait for their ends. */
static inline void run_threads(void (*work)(int nr))
{
	int i;

	thread_work = work;
	for (i = 0; i < THREADS; i++) {
		thread_tid[i] = 1;
		thread_seed[i] = 77u + 1000u * (unsigned int)i;
		must(clone(thread_main, thread_stacks[i] + THREAD_STACK - 64,
			   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_SYSVSEM | CLONE_CHILD_CLEARTID, (void *)(intptr_t)i, NULL, NULL,
			   (void *)&thread_tid[i]) > 0);
	}
	for (i = 0; i < THREADS; i++)
		while (thread_tid[i])
			syscall(SYS_futex, &thread_tid[i], FUTEX_WAIT, 1, NULL, NULL, 0);
	if (wrong_line)
		test_fail("a thread found line %d wrong", wrong_line);
	wrong_line = 0;
}

/* Nobody goes on before all are here. */
static inline void threads_meet(void)
{
	static volatile int arrived, turn;
	int now = turn;

	if (__sync_add_and_fetch(&arrived, 1) == THREADS) {
		arrived = 0;
		__sync_add_and_fetch(&turn, 1);
		syscall(SYS_futex, &turn, FUTEX_WAKE, THREADS, NULL, NULL, 0);
		return;
	}
	while (turn == now)
		syscall(SYS_futex, &turn, FUTEX_WAIT, now, NULL, NULL, 0);
}

#endif
