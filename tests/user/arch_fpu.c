/* arch_fpu - x87 and SSE registers survive switches, forks, signals; a program starts clean. */
#define _GNU_SOURCE
#include "test.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_TASKS	4
#define ROUNDS		2000

static int has_sse(void)
{
	unsigned int eax = 1, ebx, ecx, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx >> 25 & 1;
}

static void load(int value, int sse)
{
	unsigned int v[4] = { value, value + 1, value + 2, value + 3 };

	asm volatile("fninit; fildl %0; fildl %0; faddp" : : "m"(value));
	if (sse)
		asm volatile("movups %0, %%xmm5" : : "m"(v));
}

/* => 1 if the registers still hold what load() put there; they hold it after */
static int holds(int value, int sse)
{
	unsigned int v[4] = { value, value + 1, value + 2, value + 3 }, now[4] = { 0 };
	int sum;

	asm volatile("fistl %0" : "=m"(sum));
	if (!sse)
		return sum == 2 * value;
	asm volatile("movups %%xmm5, %0" : "=m"(now));
	return sum == 2 * value && memcmp(v, now, sizeof(v)) == 0;
}

/* Several processes compute at once; each yields all the time, and none sees another's numbers. */
static void switches(int sse)
{
	for (int i = 0; i < NR_TASKS; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid == 0) {
			int ok = 1;

			load(1000 * i, sse);
			for (int n = 0; n < ROUNDS && ok; n++) {
				if (i & 1)
					sched_yield();
				else
					for (volatile int k = 0; k < 2000; k++)
						;
				ok = holds(1000 * i, sse);
			}
			_exit(!ok);
		}
	}
	for (int i = 0; i < NR_TASKS; i++) {
		int status;

		must(wait(&status) > 0);
		expect_eq(status, 0);
	}
}

/* A child has the parent's registers, and changing them changes nothing in the parent. */
static void forks(int sse)
{
	int status, same;
	pid_t pid;

	load(77, sse);
	asm volatile("int $0x80" : "=a"(pid) : "0"(2) : "memory");
	if (pid == 0) {
		same = holds(77, sse);
		load(5, sse);
		_exit(!same);
	}
	asm volatile("int $0x80" : "=a"(same) : "0"(7), "b"(pid), "c"(&status), "d"(0) : "memory");
	same = holds(77, sse);
	expect(same);
	expect_eq(status, 0);
}

static volatile int handled, clean;
static int with_sse;

static void handler(int sig)
{
	unsigned short cw;

	/* A handler starts with an empty stack of its own. */
	asm volatile("fnstcw %0" : "=m"(cw));
	clean = cw == 0x37f;
	load(3333, with_sse);
	handled++;
}

static void signals(int sse)
{
	int same;
	pid_t pid = getpid();

	with_sse = sse;
	signal(SIGUSR1, handler);
	load(42, sse);
	asm volatile("int $0x80" : "=a"(same) : "0"(37), "b"(pid), "c"(SIGUSR1) : "memory");
	same = holds(42, sse);
	expect(same);
	expect_eq(handled, 1);
	expect(clean);
}

static sigjmp_buf env;
static siginfo_t info;

static void fpe(int sig, siginfo_t *si, void *context)
{
	info = *si;
	siglongjmp(env, sig);
}

/* An unmasked exception arrives with its reason.  (SSE's, #XM, QEMU's TCG never raises.) */
static void exceptions(void)
{
	struct sigaction sa = { .sa_sigaction = fpe, .sa_flags = SA_SIGINFO };
	unsigned short unmasked = 0x37f & ~0x04, masked = 0x37f;
	volatile double one = 1, zero = 0;

	must(sigaction(SIGFPE, &sa, NULL) == 0);
	if (sigsetjmp(env, 1) == 0) {
		asm volatile("fldcw %0" : : "m"(unmasked));
		one = one / zero;
		asm volatile("fwait");
		test_fail("no SIGFPE from x87");
	}
	expect_eq(info.si_code, FPE_FLTDIV);
	asm volatile("fnclex; fldcw %0" : : "m"(masked));
}

int main(void)
{
	int sse = has_sse();
	unsigned short cw;

	asm volatile("fnstcw %0" : "=m"(cw));
	expect_eq(cw, 0x37f);
	switches(sse);
	forks(sse);
	signals(sse);
	exceptions();
	return test_result();
}
