/*
 * sig_stack - the alternate stack: who is on it, SS_AUTODISARM, overflow, what inherits it.
 *
 * calls: sigaltstack rt_sigreturn
 */
#define _GNU_SOURCE
#include "test.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
#define SIZE 65536

static char stack[SIZE], other[SIZE];
static volatile int hits;
static stack_t seen, in_context;
static volatile uintptr_t sp_seen;
static sigjmp_buf env;

static int set(void *sp, size_t size, int flags)
{
	stack_t ss = { .ss_sp = sp, .ss_size = size, .ss_flags = flags };

	return sigaltstack(&ss, NULL);
}

static int is_in(uintptr_t at, const char *area)
{
	return at - (uintptr_t)area < SIZE;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	char here;

	sp_seen = (uintptr_t)&here;
	hits++;
	in_context = ((ucontext_t *)context)->uc_stack;
	must(sigaltstack(NULL, &seen) == 0);
	(void)sig;
	(void)info;
}

static void on_stack(void (*fn)(int, siginfo_t *, void *), int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags };

	must(sigaction(sig, &sa, NULL) == 0);
}

static void refused(void)
{
	stack_t ss;

	must(sigaltstack(NULL, &ss) == 0);
	expect_eq(ss.ss_flags, SS_DISABLE);
	expect_eq(ss.ss_size, 0);
	expect_errno(set(stack, 2047, 0), ENOMEM);
	expect_errno(set(stack, SIZE, SS_ONSTACK | SS_DISABLE), EINVAL);
	expect_errno(set(stack, SIZE, 4), EINVAL);
	expect_errno(set(stack, SIZE, 0x40000000), EINVAL);
	/* None of it has changed anything. */
	must(sigaltstack(NULL, &ss) == 0);
	expect_eq(ss.ss_flags, SS_DISABLE);
	/* No stack at all needs no size; SS_ONSTACK as a wish is the same as 0. */
	expect_eq(set(NULL, 0, SS_DISABLE), 0);
	expect_eq(set(stack, 2048, SS_ONSTACK), 0);
	must(sigaltstack(NULL, &ss) == 0);
	expect_eq(ss.ss_flags, 0);
	expect_eq(set(NULL, 77, SS_DISABLE), 0);
	must(sigaltstack(NULL, &ss) == 0);
	expect(!ss.ss_sp && !ss.ss_size && ss.ss_flags == SS_DISABLE);
}

static void change_inside(int sig, siginfo_t *info, void *context)
{
	handler(sig, info, context);
	expect_errno(set(other, SIZE, 0), EPERM);
	expect_errno(set(stack, SIZE, 0), EPERM);
	expect_errno(set(NULL, 0, SS_DISABLE), EPERM);
}

static void plain(void)
{
	stack_t ss;

	must(set(stack, SIZE, 0) == 0);
	on_stack(change_inside, SIGUSR1, 0);
	raise(SIGUSR1);
	expect(is_in(sp_seen, stack));
	expect_eq(seen.ss_flags, SS_ONSTACK);
	expect_eq((uintptr_t)seen.ss_sp, (uintptr_t)stack);
	expect_eq(in_context.ss_flags, 0);
	expect_eq((uintptr_t)in_context.ss_sp, (uintptr_t)stack);
	expect_eq(in_context.ss_size, SIZE);
	must(sigaltstack(NULL, &ss) == 0);
	expect_eq(ss.ss_flags, 0);
	/* A handler that did not ask for it is where it was. */
	on_stack(handler, SIGUSR2, 0);
	signal(SIGUSR2, SIG_DFL);
	{
		struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

		must(sigaction(SIGUSR2, &sa, NULL) == 0);
	}
	raise(SIGUSR2);
	expect(!is_in(sp_seen, stack));
	expect_eq(seen.ss_flags, 0);
}

/* Given up on entry, back on return; meanwhile another may be set, and the frame's one counts. */
static void change_disarmed(int sig, siginfo_t *info, void *context)
{
	handler(sig, info, context);
	expect_eq(set(other, SIZE, 0), 0);
}

static void jump_out(int sig, siginfo_t *info, void *context)
{
	handler(sig, info, context);
	siglongjmp(env, 1);
}

static void autodisarm(void)
{
	stack_t ss;

	must(set(stack, SIZE, (int)SS_AUTODISARM) == 0);
	must(sigaltstack(NULL, &ss) == 0);
	expect_eq((unsigned int)ss.ss_flags, SS_AUTODISARM);
	on_stack(change_disarmed, SIGUSR1, 0);
	raise(SIGUSR1);
	expect(is_in(sp_seen, stack));
	expect_eq(seen.ss_flags, SS_DISABLE);
	expect_eq((unsigned int)in_context.ss_flags, SS_AUTODISARM);
	must(sigaltstack(NULL, &ss) == 0);
	expect_eq((unsigned int)ss.ss_flags, SS_AUTODISARM);
	expect_eq((uintptr_t)ss.ss_sp, (uintptr_t)stack);
	/* Left by a jump: it stays given up. */
	on_stack(jump_out, SIGUSR1, 0);
	if (!sigsetjmp(env, 1))
		raise(SIGUSR1);
	must(sigaltstack(NULL, &ss) == 0);
	expect_eq(ss.ss_flags, SS_DISABLE);
	expect_eq(ss.ss_size, 0);
	must(set(NULL, 0, SS_DISABLE) == 0);
}

/* ---- no room --------------------------------------------------------------------------------- */

static void again(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	if (++hits > 1000)
		_exit(3);
	raise(sig);
}

static void overflow_usr1(void)
{
	must(set(stack, SIZE, 0) == 0);
	on_stack(again, SIGUSR1, SA_NODEFER);
	raise(SIGUSR1);
}

/* A handler for SIGSEGV on the same stack has no room either. */
static void overflow_segv(void)
{
	must(set(stack, 4096, 0) == 0);
	on_stack(again, SIGSEGV, SA_NODEFER);
	on_stack(again, SIGUSR1, SA_NODEFER);
	raise(SIGUSR1);
}

static void no_stack(void)
{
	char *gone = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(set(gone, SIZE, 0) == 0);
	must(munmap(gone, SIZE) == 0);
	on_stack(handler, SIGUSR1, 0);
	on_stack(handler, SIGSEGV, 0);
	raise(SIGUSR1);
}

static void killed_by_segv(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		hits = 0;
		fn();
		_exit(hits ? 4 : 5);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	expect(!WCOREDUMP(status));
}

/* ---- who has it ------------------------------------------------------------------------------- */

static void *thread(void *arg)
{
	must(sigaltstack(NULL, (stack_t *)arg) == 0);
	return NULL;
}

static void inherited(const char *self)
{
	stack_t ss;
	pthread_t t;
	int status;
	pid_t pid;

	must(set(stack, SIZE, 0) == 0);
	must(pthread_create(&t, NULL, thread, &ss) == 0 && pthread_join(t, NULL) == 0);
	expect_eq(ss.ss_flags, SS_DISABLE);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(sigaltstack(NULL, &ss) == 0);
		expect_eq(ss.ss_flags, 0);
		expect_eq((uintptr_t)ss.ss_sp, (uintptr_t)stack);
		if (test_failures)
			_exit(1);
		execl(self, self, "exec", NULL);
		_exit(99);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

/* Returning to a stack pointer at the very end of the area is being on it; below its start is not. */
static void at_the_edges(void)
{
	static const struct { int offset, flags; } cases[] = {
		{ 0, 0 }, { 4, SS_ONSTACK }, { SIZE, SS_ONSTACK }, { SIZE + 4, 0 },
	};

	must(set(stack, SIZE, 0) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stack_t ss;
		int ret;

		asm volatile("movl %%esp, %%esi; movl %4, %%esp; int $0x80; movl %%esi, %%esp"
			     : "=a"(ret)
			     : "0"(SYS_sigaltstack), "b"(0), "c"(&ss), "r"(stack + cases[i].offset)
			     : "memory", "esi");
		must(ret == 0);
		expect_eq(ss.ss_flags, cases[i].flags);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		stack_t ss;

		must(sigaltstack(NULL, &ss) == 0);
		return ss.ss_flags != SS_DISABLE || ss.ss_size || ss.ss_sp;
	}
	refused();
	plain();
	at_the_edges();
	must(set(NULL, 0, SS_DISABLE) == 0);
	autodisarm();
	killed_by_segv(overflow_usr1);
	killed_by_segv(overflow_segv);
	killed_by_segv(no_stack);
	inherited(argv[0]);
	return test_result();
}
