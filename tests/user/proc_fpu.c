/*
 * tests/user/proc_fpu.c - each process has FPU and SSE registers of its own: kept over task
 * switches and fork, fresh after exec.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

/*
 * What is compared lies in memory, behind volatile: the compiler must not keep it in the very
 * registers that are tested.
 */
static volatile double want;

static void load(double d, const float *v)
{
	want = d;
	__asm__ volatile("fninit; fldl %0; fld1; movups %1, %%xmm0; movups %1, %%xmm5"
			 : : "m"(want), "m"(*(const float (*)[4])v) : "memory");
}

static int check(const float *v)
{
	float x0[4], x5[4];
	double one, back;

	__asm__ volatile("fstpl %0; fstpl %1; movups %%xmm0, %2; movups %%xmm5, %3"
			 : "=m"(one), "=m"(back), "=m"(x0), "=m"(x5) : : "memory");
	return one == 1.0 && back == want && !memcmp(x0, v, 16) && !memcmp(x5, v, 16);
}

/* Give the CPU away without the C library, which may use the registers itself. */
static void give_way(int rounds)
{
	while (rounds--)
		__asm__ volatile("movl $158, %%eax; int $0x80" : : : "eax", "memory");
}

static int worker(int n)
{
	float v[4] = { (float)n, n + 0.5f, -(float)n, n * 1000.0f };
	double d = n * 3.25;

	for (int i = 0; i < 300; i++) {
		load(d, v);
		give_way(5);
		if (!check(v))
			return 1;
	}
	return 0;
}

static void switches(void)
{
	enum { N = 4 };
	int status;
	pid_t pids[N];

	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(worker(i + 1));
	}
	for (int i = 0; i < N; i++) {
		waitpid(pids[i], &status, 0);
		expect_eq(status, 0);
	}
}

static void across_fork(void)
{
	float v[4] = { 1, 2, 3, 4 }, other[4] = { 9, 9, 9, 9 };
	int ok, status;
	long pid;

	load(2.5, v);
	__asm__ volatile("int $0x80" : "=a"(pid) : "0"(2) : "memory");
	if (!pid) {
		ok = check(v);
		load(7.5, other);
		give_way(3);
		_exit(ok && check(other) ? 0 : 1);
	}
	give_way(3);
	ok = check(v);
	expect(ok);
	waitpid((pid_t)pid, &status, 0);
	expect_eq(status, 0);
}

static int fresh(void)
{
	unsigned short cw;
	unsigned int mxcsr;
	float x5[4], zero[4] = { 0, 0, 0, 0 };

	__asm__ volatile("fnstcw %0; stmxcsr %1; movups %%xmm5, %2"
			 : "=m"(cw), "=m"(mxcsr), "=m"(x5));
	expect_eq(cw, 0x37f);
	expect_eq(mxcsr & 0xffc0, 0x1f80);
	expect(!memcmp(x5, zero, 16));
	return test_result();
}

static void across_exec(void)
{
	float v[4] = { 1, 2, 3, 4 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		unsigned short cw = 0x27f;

		load(1.5, v);
		__asm__ volatile("fldcw %0" : : "m"(cw));
		execl("/proc/self/exe", "proc_fpu", "fresh", (char *)0);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "fresh"))
		return fresh();
	switches();
	across_fork();
	across_exec();
	return test_result();
}
