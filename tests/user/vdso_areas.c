/*
 * tests/user/vdso_areas.c - [vdso] and [vvar] as areas: what counts as resident, a private copy for
 * who writes, a move by mremap that calls, clocks and handlers survive, and a process without them.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <tests/user/test.h>
#include <tests/user/vdso.h>

struct area {
	char *start;
	size_t size;
	long rss, anonymous;
};

static char *image;
static size_t door, now_at;		/* offsets of __kernel_vsyscall, __vdso_clock_gettime */
static volatile int handled;
static void *volatile returns_to;

/* Calls that need no vDSO. */
static long raw(long nr, long a, long b, long c, long d)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return ret;
}

static long by_door(char *at, long nr)
{
	long ret;

	asm volatile("call *%2" : "=a"(ret) : "0"(nr), "r"(at + door) : "memory", "cc");
	return ret;
}

/* => false: there is none of this name in /proc/self/smaps */
static int find_area(const char *name, struct area *area)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[256];
	int in = 0, found = 0;

	must(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			in = strstr(line, name) != NULL;
			if (in) {
				*area = (struct area){ .start = (char *)start, .size = end - start };
				found = 1;
			}
		}
		if (in) {
			sscanf(line, "Rss: %ld", &area->rss);
			sscanf(line, "Anonymous: %ld", &area->anonymous);
		}
	}
	fclose(f);
	return found;
}

/* Run @fn in a child. => its wait status */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		raw(SYS_exit_group, fn(), 0, 0, 0);
	must(waitpid(pid, &status, 0) == pid);
	return status;
}

static void on_signal(int sig)
{
	returns_to = __builtin_return_address(0);
	handled++;
}

/* A handler without a restorer, and the signal. */
static void take_signal(void)
{
	struct { void (*handler)(int); unsigned long flags; void *restorer; unsigned long mask[2]; }
		sa = { .handler = on_signal };

	raw(SYS_rt_sigaction, SIGUSR1, (long)&sa, 0, 8);
	raw(SYS_kill, raw(SYS_getpid, 0, 0, 0, 0), SIGUSR1, 0, 0);
}

static void resident(void)
{
	struct area vdso, vvar;

	getppid();
	must(find_area("[vdso]", &vdso) && find_area("[vvar]", &vvar));
	expect(vdso.start == image);
	expect(vvar.start + vvar.size == vdso.start);
	expect(vdso.rss >= 4);
	expect_eq(vdso.anonymous, 0);
	expect_eq(vvar.rss, 0);
	expect_errno((long)mremap(image, vdso.size, vdso.size + 4096, 0), EFAULT);
	expect_errno((long)mremap(image, vdso.size, vdso.size + 4096, MREMAP_MAYMOVE), EFAULT);
}

/* The child's own copy is written to; what the parent has stays. */
static int writes(void)
{
	struct area vdso;
	char *last;

	must(find_area("[vdso]", &vdso));
	last = vdso.start + vdso.size - 1;
	must(!mprotect(vdso.start, vdso.size, PROT_READ | PROT_WRITE | PROT_EXEC));
	*last ^= 0x55;
	must(find_area("[vdso]", &vdso));
	expect_eq(vdso.anonymous, 4);
	expect(by_door(vdso.start, SYS_getpid) == getpid());
	must(!mprotect(vdso.start, vdso.size, PROT_READ | PROT_EXEC));
	return *last == 0x55 ? test_failures : 99;
}

/* => 0, or the number of the step that failed: with the libc's address of the door gone, who could print? */
static int moves(void)
{
	int (*clock_now)(int, struct timespec *);
	struct area vdso, vvar;
	struct timespec now, then;
	char *to, *got;

	must(find_area("[vdso]", &vdso) && find_area("[vvar]", &vvar));
	to = mmap(NULL, vvar.size + vdso.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(to != MAP_FAILED);
	got = mremap(vvar.start, vvar.size, vvar.size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (got != to)
		return 1;
	to += vvar.size;
	/* This call leaves by the door and must come back where it is then. */
	got = mremap(vdso.start, vdso.size, vdso.size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (got != to)
		return 2;
	if (by_door(to, SYS_getpid) != raw(SYS_getpid, 0, 0, 0, 0))
		return 3;
	take_signal();
	if (handled != 1 || (char *)returns_to < to || (char *)returns_to >= to + vdso.size)
		return 4;
	if (raw(SYS_mincore, (long)vdso.start, 4096, (long)&vdso, 0) != -ENOMEM)
		return 5;
	clock_now = (int (*)(int, struct timespec *))(to + now_at);
	if (clock_now(CLOCK_MONOTONIC, &now) || raw(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&then, 0, 0))
		return 6;
	return now.tv_sec > then.tv_sec || now.tv_sec < then.tv_sec - 10 ? 7 : 0;
}

static int unmaps(void)
{
	struct area vdso;

	must(find_area("[vdso]", &vdso));
	if (raw(SYS_munmap, (long)vdso.start, (long)vdso.size, 0, 0))
		return 1;
	if (raw(SYS_getpid, 0, 0, 0, 0) <= 0)
		return 2;
	take_signal();
	return 3;		/* not reached: the handler had nowhere to return to */
}

int main(void)
{
	int status;

	image = (char *)getauxval(AT_SYSINFO_EHDR);
	if (!image)
		skip("no vDSO (vdso=0)");
	door = (size_t)((char *)getauxval(AT_SYSINFO) - image);
	must(vdso_sym(image, "__vdso_clock_gettime", "LINUX_2.6"));
	now_at = (size_t)((char *)vdso_sym(image, "__vdso_clock_gettime", "LINUX_2.6") - image);
	resident();
	expect_eq(in_child(writes), 0);
	expect_eq(in_child(moves), 0);
	status = in_child(unmaps);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	/* All of that was theirs. */
	resident();
	expect_eq(by_door(image, SYS_getpid), getpid());
	return test_result();
}
