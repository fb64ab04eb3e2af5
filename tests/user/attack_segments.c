/*
 * attack_segments - descriptors and selectors that a program chose: refused, or its own affair.
 *
 * A 16-bit stack segment would show the upper half of the kernel's esp after iret; a selector
 * whose descriptor has gone, or a signal frame full of noise, makes the way out fault.
 */
#define _GNU_SOURCE
#include "test.h"

#include <asm/ldt.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define ROUNDS 60

static int word = 4711;
static unsigned int seed = 20260101;

static unsigned int rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static struct user_desc good(void)
{
	return (struct user_desc){
		.entry_number = -1, .base_addr = 0, .limit = 0xfffff, .seg_32bit = 1,
		.limit_in_pages = 1, .useable = 1,
	};
}

static int set(struct user_desc *d)
{
	return syscall(SYS_set_thread_area, d);
}

/* What is not present, not 32 bits wide, or code, is no thread's segment. */
static void refused(void)
{
	struct user_desc d = good();

	d.seg_32bit = 0;
	expect_errno(set(&d), EINVAL);
	d = good();
	d.contents = MODIFY_LDT_CONTENTS_CODE;
	expect_errno(set(&d), EINVAL);
	d.contents = 3;
	expect_errno(set(&d), EINVAL);
	d = good();
	d.seg_not_present = 1;
	expect_errno(set(&d), EINVAL);
	/* All zeros is the other way to say "clear". */
	d = good();
	must(set(&d) == 0);
	d = (struct user_desc){ .entry_number = d.entry_number };
	expect_eq(set(&d), 0);
	expect_eq(syscall(SYS_get_thread_area, &d), 0);
	expect_eq(d.limit, 0);
}

/* Run @fn in a child. => its wait status */
static int in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	must(pid >= 0);
	if (!pid) {
		for (int sig = 1; sig < 32; sig++)
			signal(sig, SIG_DFL);
		fn();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return status;
}

static void expect_harmless(int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	expect(WIFEXITED(status) || sig == SIGSEGV || sig == SIGBUS || sig == SIGILL ||
	       sig == SIGTRAP || sig == SIGFPE);
}

/* Every segment register but cs names a descriptor that is taken away; the kernel must get out. */
static void stale_selectors(void)
{
	struct user_desc d = good();
	unsigned int selector;

	if (set(&d))
		_exit(1);
	selector = d.entry_number * 8 + 3;
	d = (struct user_desc){ .entry_number = d.entry_number, .read_exec_only = 1,
				.seg_not_present = 1 };
	asm volatile("movl %1, %%ds; movl %1, %%es; movl %1, %%fs; movl %1, %%ss\n\t"
		     "int $0x80\n\t"
		     "movl $158, %%eax; int $0x80"		/* sched_yield */
		     : : "a"(SYS_set_thread_area), "r"(selector), "b"(&d) : "memory");
}

static void stale_data_selectors(void)
{
	struct user_desc d = good();
	unsigned int selector;

	if (set(&d))
		_exit(1);
	selector = d.entry_number * 8 + 3;
	d = (struct user_desc){ .entry_number = d.entry_number, .read_exec_only = 1,
				.seg_not_present = 1 };
	asm volatile("movl %1, %%es; movl %1, %%fs\n\t"
		     "int $0x80\n\t"
		     "movl $158, %%eax; int $0x80\n\t"
		     "pushl %%ds; popl %%es"
		     : : "a"(SYS_set_thread_area), "r"(selector), "b"(&d) : "memory");
}

static void noise(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	greg_t *regs = uc->uc_mcontext.gregs;
	int what = rnd() % 4;

	if (what == 0)
		for (int i = 0; i < NGREG; i++)
			regs[i] = rnd();
	else if (what == 1)
		regs[rnd() % 4] = rnd() & 0x7f;			/* gs fs es ds */
	else if (what == 2)
		regs[rnd() % 2 ? REG_CS : REG_SS] = rnd() & 0x7f;
	else
		regs[REG_EFL] = rnd();
	if (rnd() % 4 == 0)
		uc->uc_mcontext.fpregs = (void *)(rnd() & ~3u);
	if (rnd() % 4 == 0)
		uc->uc_stack.ss_flags = rnd();
}

static void noisy_frame(void)
{
	struct sigaction sa = { .sa_sigaction = noise, .sa_flags = SA_SIGINFO };

	alarm(5);
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	/* Noise may have left a trap flag or unusable segments. */
	asm volatile("movl %0, %%ds; movl %0, %%es" : : "r"(0x2b));
	_exit(0);
}

int main(void)
{
	struct user_desc d = good();

	refused();
	expect_harmless(in_child(stale_selectors));
	expect_eq(in_child(stale_data_selectors), 0);
	for (int i = 0; i < ROUNDS; i++) {
		rnd();
		expect_harmless(in_child(noisy_frame));
	}
	/* Ours still work. */
	d.base_addr = (unsigned long)&word;
	must(set(&d) == 0);
	asm volatile("movl %0, %%fs" : : "r"(d.entry_number * 8 + 3));
	asm volatile("movl %%fs:0, %0" : "=r"(d.limit));
	expect_eq(d.limit, 4711);
	return test_result();
}
