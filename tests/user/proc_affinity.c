/*
 * tests/user/proc_affinity.c - which processors a process may use, and that it keeps to them.
 *
 * calls: sched_setaffinity sched_getaffinity getcpu sched_yield
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

#define MOVES	50

static int cpus[32], nr_cpus;		/* the processors that we may use */

static int this_cpu(void)
{
	unsigned int cpu = ~0u;

	must(syscall(SYS_getcpu, &cpu, NULL, NULL) == 0);
	return (int)cpu;
}

static int bind_to(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set);
}

static void release(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < nr_cpus; i++)
		CPU_SET(cpus[i], &set);
	expect(sched_setaffinity(pid, sizeof(set), &set) == 0);
}

static void find_cpus(void)
{
	cpu_set_t set;

	must(sched_getaffinity(0, sizeof(set), &set) == 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && nr_cpus < 32; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[nr_cpus++] = cpu;
	must(nr_cpus > 0);
}

static void errors(void)
{
	unsigned long mask[32] = { 0 };
	pid_t pid;
	int status;

	expect_errno(syscall(SYS_sched_setaffinity, 0, 4, BAD_PTR), EFAULT);
	expect_errno(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask), EINVAL);
	expect_errno(syscall(SYS_sched_setaffinity, 0, 0, mask), EINVAL);
	mask[0] = 1ul << cpus[0];
	expect_errno(syscall(SYS_sched_setaffinity, -1, sizeof(mask), mask), ESRCH);
	expect_errno(syscall(SYS_sched_setaffinity, 0x3fffffff, sizeof(mask), mask), ESRCH);
	expect_errno(syscall(SYS_sched_getaffinity, -1, sizeof(mask), mask), ESRCH);
	expect_errno(syscall(SYS_sched_getaffinity, 0x3fffffff, sizeof(mask), mask), ESRCH);
	expect_errno(syscall(SYS_sched_getaffinity, 0, 0, mask), EINVAL);
	expect_errno(syscall(SYS_sched_getaffinity, 0, 3, mask), EINVAL);
	expect_errno(syscall(SYS_sched_getaffinity, 0, 130, mask), EINVAL);
	expect_errno(syscall(SYS_sched_getaffinity, 0, sizeof(mask), BAD_PTR), EFAULT);
	if (getuid())
		return;
	/* Not root: one's own, no others'. */
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(setresuid(1, 1, 1) == 0);
		expect_errno(bind_to(getppid(), cpus[0]), EPERM);
		expect(bind_to(0, cpus[0]) == 0);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

/* What is written is what is read, as far as there are processors; by file too. */
static void masks(void)
{
	char line[256], want[64];
	unsigned long mask[32] = { 0 };
	int shown = 0, field, processor = -1;
	cpu_set_t set;
	FILE *f;

	CPU_ZERO(&set);
	CPU_SET(cpus[nr_cpus - 1], &set);
	CPU_SET(CPU_SETSIZE - 1, &set);		/* there is none with that number */
	expect(sched_setaffinity(0, sizeof(set), &set) == 0);
	expect(sched_getaffinity(0, sizeof(set), &set) == 0);
	expect_eq(CPU_COUNT(&set), 1);
	expect(CPU_ISSET(cpus[nr_cpus - 1], &set));
	expect_eq(this_cpu(), cpus[nr_cpus - 1]);
	field = (int)syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);
	expect(field >= 4 && field % 4 == 0);

	snprintf(want, sizeof(want), "Cpus_allowed_list:\t%d\n", cpus[nr_cpus - 1]);
	f = fopen("/proc/self/status", "r");
	must(f);
	while (fgets(line, sizeof(line), f))
		shown += !strcmp(line, want);
	fclose(f);
	expect_eq(shown, 1);

	f = fopen("/proc/self/stat", "r");
	must(f && fgets(line, sizeof(line), f));
	fclose(f);
	field = 2;
	for (char *p = strrchr(line, ')') + 1; *p; p++)
		if (*p == ' ' && ++field == 39)
			processor = atoi(p + 1);
	expect_eq(processor, cpus[nr_cpus - 1]);
	release(0);
}

/* On return it is there already, and it stays; children inherit. */
static void moves_itself(void)
{
	int status;

	for (int i = 0; i < MOVES; i++) {
		int cpu = cpus[i * 7 % nr_cpus];

		expect(bind_to(0, cpu) == 0);
		expect_eq(this_cpu(), cpu);
		sched_yield();
		expect_eq(this_cpu(), cpu);
		if (i % 8)
			continue;
		usleep(1000);
		expect_eq(this_cpu(), cpu);
		if (!fork()) {
			expect_eq(this_cpu(), cpu);
			_exit(test_failures != 0);
		}
		must(wait(&status) > 0);
		expect_eq(status, 0);
	}
	release(0);
}

struct seen {
	volatile unsigned long turn;
	volatile int cpu;
};

/* One that computes is moved; where it is at its next look is where it was sent. */
static void moves_another(struct seen *seen)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0);
	if (!pid) {
		for (;;) {
			unsigned int cpu = 0;

			syscall(SYS_getcpu, &cpu, NULL, NULL);
			seen->cpu = (int)cpu;
			seen->turn++;
			asm volatile("pause");
		}
	}
	for (int i = 0; i < MOVES; i++) {
		int cpu = cpus[i % nr_cpus];
		unsigned long turn;

		expect(bind_to(pid, cpu) == 0);
		turn = seen->turn;
		while (seen->turn < turn + 2)
			sched_yield();
		expect_eq(seen->cpu, cpu);
	}
	kill(pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid);
	expect(WIFSIGNALED(status));
}

/* One that sleeps wakes up where it was sent meanwhile. */
static void moves_a_sleeper(void)
{
	int to[2], from[2], status;
	pid_t pid;

	must(pipe(to) == 0 && pipe(from) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		char c;

		close(to[1]);
		while (read(to[0], &c, 1) == 1) {
			int cpu = this_cpu();

			must(write(from[1], &cpu, sizeof(cpu)) == sizeof(cpu));
		}
		_exit(0);
	}
	for (int i = 0; i < MOVES; i++) {
		int cpu = -1;

		expect(bind_to(pid, cpus[i % nr_cpus]) == 0);
		must(write(to[1], "x", 1) == 1);
		must(read(from[0], &cpu, sizeof(cpu)) == sizeof(cpu));
		expect_eq(cpu, cpus[i % nr_cpus]);
	}
	close(to[1]);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	close(to[0]);
	close(from[0]);
	close(from[1]);
}

/* All processors at once: each waits, computing, until the others are there too. */
static void all_at_once(volatile int *here)
{
	int status;

	for (int i = 0; i < nr_cpus; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid)
			continue;
		must(bind_to(0, cpus[i]) == 0);
		__sync_fetch_and_add(here, 1);
		while (*here < nr_cpus)
			asm volatile("pause");
		expect_eq(this_cpu(), cpus[i]);
		_exit(test_failures != 0);
	}
	for (int i = 0; i < nr_cpus; i++) {
		must(wait(&status) > 0);
		expect_eq(status, 0);
	}
}

int main(void)
{
	void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(shared != MAP_FAILED);
	find_cpus();
	errors();
	masks();
	moves_itself();
	moves_another(shared);
	moves_a_sleeper();
	all_at_once((volatile int *)((char *)shared + 64));
	return test_result();
}
