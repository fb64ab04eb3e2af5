/*
 * tests/user/mm.h - what the tests of memory share: touching, and being caught at it.
 */
#ifndef OCTAVO_TESTS_USER_MM_H
#define OCTAVO_TESTS_USER_MM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <tests/user/test.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096ul

static sigjmp_buf mm_env;
static volatile siginfo_t mm_info __attribute__((unused));

static void mm_handler(int sig, siginfo_t *info, void *context)
{
	mm_info = *info;
	siglongjmp(mm_env, sig);
}

/* SIGSEGV and SIGBUS come to us, on a stack of their own. */
static inline void mm_catch(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = mm_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	must(sigaltstack(&ss, NULL) == 0);
	must(sigaction(SIGSEGV, &sa, NULL) == 0);
	must(sigaction(SIGBUS, &sa, NULL) == 0);
}

/* => 0, or the signal that reading (writing) the byte brought; mm_info has the rest */
static inline int try_read(const volatile void *p)
{
	int sig = sigsetjmp(mm_env, 1);

	if (!sig)
		(void)*(const volatile char *)p;
	return sig;
}

static inline int try_write(volatile void *p, char value)
{
	int sig = sigsetjmp(mm_env, 1);

	if (!sig)
		*(volatile char *)p = value;
	return sig;
}

#define expect_fault(call, signal, code, address) do {				\
	expect_eq(call, signal);						\
	expect_eq(mm_info.si_code, code);					\
	expect_eq((uintptr_t)mm_info.si_addr, (uintptr_t)(address));		\
} while (0)

static inline void *map_anon(size_t bytes, int prot)
{
	void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* A new file of @pages pages, each filled with its number + 'a'; no name is left. */
static inline int temp_file(int pages)
{
	char name[] = "/tmp/octavo-mm-XXXXXX", buf[PAGE];
	int fd = mkstemp(name), i;

	must(fd >= 0);
	unlink(name);
	for (i = 0; i < pages; i++) {
		memset(buf, 'a' + i % 26, PAGE);
		must(write(fd, buf, PAGE) == (ssize_t)PAGE);
	}
	return fd;
}

/* Does the area around @p have flag @name ("hg") in smaps? */
static inline int has_vm_flag(const void *p, const char *name)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, inside = 0;
	int found = -1;
	char line[512];

	must(f);
	while (found < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (unsigned long)p >= start && (unsigned long)p < end;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			found = strstr(line + 8, name) != NULL;
	}
	fclose(f);
	must(found >= 0);
	return found;
}

/* Is nx among the flags of cpuinfo: the processor has it, and the kernel uses it? */
static inline int cpu_has_nx(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[1024];
	int found = 0;

	must(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "flags", 5) && (strstr(line, " nx ") || strstr(line, " nx\n")))
			found = 1;
	fclose(f);
	return found;
}

/* Lines of maps. */
static inline int count_areas(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0, c;

	must(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* Go @pages further down the stack than this. */
static __attribute__((noinline, unused)) void touch_stack(int pages)
{
	char here[PAGE];

	memset(here, pages, sizeof(here));
	asm volatile("" : : "r"(here) : "memory");
	if (pages)
		touch_stack(pages - 1);
	asm volatile("" : : "r"(here) : "memory");
}

/* A program of 32 bits may run on a kernel of 64, where fewer sums overflow. */
static inline int kernel_is_32bit(void)
{
	struct utsname name;

	must(uname(&name) == 0);
	return name.machine[0] == 'i';
}

/* The number in kB that smaps shows as @name for the area around @p. */
static inline long smaps_kb(const void *p, const char *name)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, inside = 0;
	size_t len = strlen(name);
	char line[512];
	long kb = -1;

	must(f);
	while (kb < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (unsigned long)p >= start && (unsigned long)p < end;
		else if (inside && !strncmp(line, name, len) && line[len] == ':')
			kb = strtol(line + len + 1, NULL, 10);
	}
	fclose(f);
	must(kb >= 0);
	return kb;
}

static inline long minor_faults(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_minflt;
}

/* Run @fn in a child. => its exit status, or 128 + the signal that killed it */
static inline int in_child(void (*fn)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
