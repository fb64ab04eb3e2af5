/*
 * tests/user/smp_signals.c - signals between processes on all processors.
 *
 * Real-time signals are queued: each arrives, and those of one sender in their order.  Normal
 * signals merge, so that as many arrive at most as were sent, and one at least.  Stops and
 * continues cancel each other in the order in which they are sent, and nothing keeps SIGKILL off.
 */
#define _GNU_SOURCE
#include <tests/user/smp.h>

#define NR		4
#define QUEUED		60		/* from each to each other */
#define ROUNDS		30

static struct {
	pid_t pid[NR];
	volatile int ready;
	volatile int finished;
	unsigned int normal_sent[NR];
} *shared;

static volatile int next_value[NR], total, out_of_order, normal;
static int me;

static void on_queued(int sig, siginfo_t *info, void *ucontext)
{
	int from = info->si_value.sival_int / 1000, n = info->si_value.sival_int % 1000;

	if (from < 0 || from >= NR || n != next_value[from] || info->si_pid != shared->pid[from])
		out_of_order++;
	else
		next_value[from]++;
	total++;
}

static void on_normal(int sig)
{
	normal++;
}

static void install(int sig, void *handler, int flags)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = handler;
	sa.sa_flags = flags;
	sigfillset(&sa.sa_mask);
	must(sigaction(sig, &sa, NULL) == 0);
}

static void send_to(int to, int n)
{
	union sigval value = { .sival_int = me * 1000 + n };

	while (sigqueue(shared->pid[to], SIGRTMIN + 1, value)) {
		must(errno == EAGAIN);	/* the queue is full */
		sched_yield();
	}
	kill(shared->pid[to], SIGUSR1);
	__sync_fetch_and_add(&shared->normal_sent[to], 1);
}

static int storm(void *arg)
{
	sigset_t all, none;

	me = (int)(long)arg;
	sigfillset(&all);
	sigemptyset(&none);
	install(SIGRTMIN + 1, on_queued, SA_SIGINFO | SA_RESTART);
	install(SIGUSR1, on_normal, SA_RESTART);
	__sync_fetch_and_add(&shared->ready, 1);
	while (shared->ready < NR + 1)
		sched_yield();
	for (int n = 0; n < QUEUED; n++) {
		for (int to = 0; to < NR; to++)
			if (to != me)
				send_to(to, n);
		if (n % 16 == me)
			sched_yield();
	}
	sigprocmask(SIG_BLOCK, &all, NULL);
	while (total < QUEUED * (NR - 1))
		sigsuspend(&none);
	/* The others may still send SIGUSR1. */
	__sync_fetch_and_add(&shared->finished, 1);
	sigprocmask(SIG_SETMASK, &none, NULL);
	while (shared->finished < NR)
		sched_yield();
	expect_eq(total, QUEUED * (NR - 1));
	expect_eq(out_of_order, 0);
	expect(normal >= 1 && (unsigned int)normal <= shared->normal_sent[me]);
	return 0;
}

static void everybody_to_everybody(void)
{
	for (long i = 0; i < NR; i++) {
		start_process(storm, i);
		shared->pid[i] = workers[i];
	}
	__sync_fetch_and_add(&shared->ready, 1);
	join_workers();
}

/* A child in a group of its own that counts; its parent is in the session, so it can be stopped. */
static pid_t counting_child(volatile int *count)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		setpgid(0, 0);
		for (;;) {
			(*count)++;
			if (*count % 64 == 0)
				sched_yield();
		}
	}
	setpgid(pid, pid);
	return pid;
}

static void stops(volatile int *count)
{
	pid_t pid = counting_child(count);
	int status;

	for (int i = 0; i < ROUNDS; i++) {
		int seen;

		kill(pid, i % 2 ? SIGSTOP : SIGTSTP);
		expect_eq(waitpid(pid, &status, WUNTRACED), pid);
		expect(WIFSTOPPED(status));
		seen = *count;
		sched_yield();
		expect_eq(*count, seen);
		kill(pid, SIGCONT);
		expect_eq(waitpid(pid, &status, WCONTINUED), pid);
		expect(WIFCONTINUED(status));
	}
	/* The continue comes last each time: it runs in the end, whatever was in between. */
	for (int i = 0; i < ROUNDS * 4; i++) {
		kill(pid, i % 2 ? SIGTSTP : SIGTTIN);
		if (i % 3 == 0)
			sched_yield();
		kill(pid, SIGCONT);
	}
	for (int seen = *count; *count == seen;)
		sched_yield();
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) != pid)
		;
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void killed_while_stopping(volatile int *count)
{
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = counting_child(count);
		int status;

		for (int seen = *count; *count == seen;)
			sched_yield();
		kill(pid, SIGTSTP);
		if (i % 2)
			sched_yield();
		kill(pid, SIGKILL);
		expect_eq(waitpid(pid, &status, 0), pid);
		expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
}

int main(void)
{
	volatile int *count = share(4096);

	shared = share(4096);
	everybody_to_everybody();
	stops(count);
	killed_while_stopping(count);
	return test_result();
}
