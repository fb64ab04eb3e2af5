/*
 * attack_fpu - arithmetic state that a program invents.
 *
 * A signal frame may hold reserved bits of mxcsr (FXRSTOR of those is a fault in ring 0), pending
 * unmasked exceptions, or no image at all; a task may die or exec with an exception pending.
 */
#define _GNU_SOURCE
#include "test.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

struct frame {			/* the kernel's struct ucontext */
	unsigned long flags;
	void *link;
	stack_t stack;
	unsigned int gregs[19];
	unsigned char *fpstate;
};

#define MXCSR_AT 136
#define STATUS_WORD 4

static int what;

static int has_sse2(void)
{
	unsigned int eax = 1, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return edx >> 26 & 1;
}

static void use_fpu(void)
{
	asm volatile("fninit; fld1; fldpi" : : : "memory");
	if (has_sse2())
		asm volatile("pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm7, %%xmm7" : : : "memory");
}

static void spoil(int sig, siginfo_t *si, void *context)
{
	struct frame *f = context;
	unsigned char *fp = f->fpstate;

	if (!fp)
		return;
	switch (what) {
	case 0:	/* every bit of mxcsr */
		*(unsigned int *)(fp + MXCSR_AT) = 0xffffffff;
		break;
	case 1:	/* all exceptions raised and unmasked */
		*(unsigned int *)fp = 0xffff0040;
		*(unsigned int *)(fp + STATUS_WORD) = 0xffff80bf;
		break;
	case 2:	/* all ones, to the end of the fixed part */
		memset(fp, 0xff, 108);
		memset(fp + 112, 0xff, 160 + 128);
		break;
	case 3:	/* no image that could be read */
		f->fpstate = (unsigned char *)0xbffffff0;
		break;
	case 4:	/* into the kernel */
		f->fpstate = (unsigned char *)0xc0100000;
		break;
	case 5:	/* none: a fresh one */
		f->fpstate = NULL;
		break;
	}
}

static void child(void)
{
	struct sigaction sa = { .sa_sigaction = spoil, .sa_flags = SA_SIGINFO };

	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	sigaction(SIGUSR1, &sa, NULL);
	alarm(5);
	use_fpu();
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++)
		sched_yield();
	if (has_sse2())
		asm volatile("xorps %%xmm0, %%xmm0" : : : "memory");
	asm volatile("fnop" : : : "memory");
	_exit(0);
}

/* An exception is pending while the task is switched out, exits, or makes children. */
static void pending(void)
{
	static const double zero;
	static unsigned short unmasked = 0x0340;

	for (int i = 0; i < 4; i++) {
		int status;
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid) {
			asm volatile("fninit; fldcw %0; fld1; fdivl %1" : : "m"(unmasked), "m"(zero));
			sched_yield();
			if (i == 1 && !fork())
				_exit(0);
			if (i == 2)
				execl("/proc/self/exe", "attack_fpu", "exit", NULL);
			if (i == 3)
				asm volatile("fwait");
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid);
		if (i == 3)
			expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE);
		else
			expect_eq(status, 0);
	}
}

/* A program's first look at its registers shows nothing of who ran before. */
static void nothing_left(void)
{
	unsigned char xmm[16] __attribute__((aligned(16)));
	unsigned short env[14];

	asm volatile("fnstenv %0" : "=m"(env));
	if (env[0] != 0x37f || (env[4] != 0xffff))
		_exit(10);
	for (int i = 0; i < 1 && has_sse2(); i++) {
		asm volatile("movaps %%xmm7, %0" : "=m"(xmm));
		for (int j = 0; j < 16; j++)
			if (xmm[j] == 0xff)
				_exit(11);
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc > 1) {
		nothing_left();
		return 0;
	}
	for (what = 0; what < 6; what++) {
		pid = fork();
		must(pid >= 0);
		if (!pid)
			child();
		must(waitpid(pid, &status, 0) == pid);
		if (what == 5)
			expect_eq(status, 0);
		else
			/*
			 * SIGALRM: an emulator that takes the summary bit of a masked exception for
			 * an exception makes Linux try the instruction again and again.
			 */
			expect(WIFEXITED(status) || WTERMSIG(status) == SIGFPE ||
			       WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGALRM);
	}
	pending();
	use_fpu();
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		execl("/proc/self/exe", "attack_fpu", "look", NULL);
		_exit(1);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	return test_result();
}
