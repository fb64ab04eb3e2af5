/*
 * tests/user/proc_aslr.c - random addresses: stack, mmap area, heap and vDSO differ from one run to
 * the next, do not where personality() or the system says so, and keep the distances a program
 * relies on.
 * calls: personality
 */
#define _GNU_SOURCE
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#define RUNS	12

/* Where things are in one run. */
struct places {
	unsigned long stack, map, heap, vdso, random;
};

static void tell(int fd)
{
	struct places p;
	int local;

	p.stack = (unsigned long)&local;
	p.map = (unsigned long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p.heap = (unsigned long)sbrk(0);
	p.vdso = getauxval(AT_SYSINFO_EHDR);
	memcpy(&p.random, (void *)getauxval(AT_RANDOM), sizeof(p.random));
	must(write(fd, &p, sizeof(p)) == sizeof(p));
}

static struct places run_once(int fixed)
{
	char fd[16], *argv[] = { "/proc/self/exe", fd, NULL };
	struct places p;
	int fds[2], status;
	pid_t pid;

	must(pipe(fds) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		sprintf(fd, "%d", fds[1]);
		personality(fixed ? ADDR_NO_RANDOMIZE : 0);
		/* The same environment, or the stack would differ for that. */
		execve(argv[0], argv, argv + 2);
		_exit(1);
	}
	must(read(fds[0], &p, sizeof(p)) == sizeof(p));
	must(waitpid(pid, &status, 0) == pid && !status);
	close(fds[0]);
	close(fds[1]);
	return p;
}

static int randomize_va_space(void)
{
	FILE *f = fopen("/proc/sys/kernel/randomize_va_space", "r");
	int value = -1;

	must(f && fscanf(f, "%d", &value) == 1);
	fclose(f);
	return value;
}

static void flags(void)
{
	int status;
	pid_t pid;

	expect_eq(personality(0xffffffff), 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		expect_eq(personality(ADDR_NO_RANDOMIZE), 0);
		expect_eq(personality(0xffffffff), ADDR_NO_RANDOMIZE);
		expect_eq(personality(0), ADDR_NO_RANDOMIZE);
		_exit(test_result());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(personality(0xffffffff), 0);
}

static void fixed(void)
{
	struct places a = run_once(1), b = run_once(1);

	expect_eq(a.map, b.map);
	expect_eq(a.heap, b.heap);
	expect_eq(a.vdso, b.vdso);
	expect_eq(a.stack, b.stack);
	expect(a.random != b.random);
}

/* READ_IMPLIES_EXEC: what can be read can be executed, and /proc says so. */
static void read_implies_exec(void)
{
	char line[256], want[32];
	int status, seen = 0;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		FILE *f;
		void *p;

		personality(READ_IMPLIES_EXEC);
		p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(p != MAP_FAILED);
		sprintf(want, "%08lx-", (unsigned long)p);
		f = fopen("/proc/self/maps", "r");
		must(f);
		while (fgets(line, sizeof(line), f))
			seen |= !strncmp(line, want, 9) && strstr(line, " r-xp ");
		fclose(f);
		expect(seen);
		_exit(test_result());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

int main(int argc, char **argv)
{
	struct places p[RUNS], first;
	int stacks = 0, maps = 0, heaps = 0, vdsos = 0;

	if (argc > 1) {
		tell(atoi(argv[1]));
		return 0;
	}
	flags();
	fixed();
	read_implies_exec();
	if (randomize_va_space() < 2)
		skip("norandmaps");
	first = run_once(0);
	for (int i = 0; i < RUNS; i++) {
		p[i] = run_once(0);
		stacks += p[i].stack != first.stack;
		maps += p[i].map != first.map;
		heaps += p[i].heap != first.heap;
		vdsos += p[i].vdso != first.vdso;
		expect(p[i].heap < p[i].map && p[i].map < p[i].stack);
		expect_eq(p[i].map & 4095, 0);
	}
	/* That even two of twelve are where the first was is one chance in thousands. */
	expect(stacks >= RUNS - 1);
	expect(maps >= RUNS - 2);
	expect(heaps >= RUNS - 1);
	expect(!first.vdso || vdsos >= RUNS - 2);
	return test_result();
}
