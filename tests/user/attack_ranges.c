/*
 * attack_ranges - addresses and lengths that wrap around, or nearly.
 *
 * Each memory call gets ranges that end at, above or behind the end of the address space. None
 * may succeed by arithmetic, and none may touch what was mapped: a canary on both sides of the
 * place that a wrapped sum would name.
 */
#define _GNU_SOURCE
#include "test.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define LOW 0x10000000ul		/* a wrapped sum ends here */
#define LOW_PAGES 4ul

static unsigned char *low;
static unsigned char vec[PAGE];

static void check_low(void)
{
	for (unsigned long i = 0; i < LOW_PAGES; i++)
		expect_eq(low[i * PAGE], 0x50 + i);
}

static long call3(long nr, unsigned long a, unsigned long b, unsigned long c)
{
	return syscall(nr, a, b, c);
}

static const unsigned long starts[] = { 0, PAGE, LOW, 0x7ffff000, 0x80000000, 0xbffff000,
					0xc0000000, 0xc0100000, 0xfffe0000, 0xfffff000 };
static const unsigned long lengths[] = { 1, PAGE, 0x40000000, 0x7fffffff, 0x80000000, 0xc0000000,
					 0xfffff000, 0xfffff001, 0xffffffff };
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* A 64-bit kernel's sums go on above 4G, and our stack lies in between. */
static int sums_wrap(void)
{
	int here;

	return (unsigned long)&here < 0xc0000000;
}

/* Would the end, rounded up to a page, be below the start? */
static int wraps(unsigned long start, unsigned long len)
{
	return start + ((len + PAGE - 1) & -PAGE) <= start;
}

static void wrapped_ranges(void)
{
	if (!sums_wrap())
		return;
	for (size_t i = 0; i < COUNT(starts); i++) {
		for (size_t j = 0; j < COUNT(lengths); j++) {
			unsigned long start = starts[i], len = lengths[j];

			if (!wraps(start, len))
				continue;
			call3(SYS_munmap, start, len, 0);
			call3(SYS_mprotect, start, len, PROT_NONE);
			call3(SYS_madvise, start, len, MADV_DONTNEED);
			call3(SYS_mincore, start, len, (unsigned long)vec);
			call3(SYS_msync, start, len, MS_SYNC);
			call3(SYS_munlock, start, len, 0);
			check_low();
		}
	}
	expect_errno(call3(SYS_munmap, 0xfffff000, LOW + 2 * PAGE, 0), EINVAL);
	expect_errno(call3(SYS_munmap, PAGE, 0xffffffff, 0), EINVAL);
	expect_errno(call3(SYS_madvise, 0xfffff000, LOW + 2 * PAGE, MADV_DONTNEED), EINVAL);
	expect_errno(call3(SYS_madvise, LOW, 0xffffffff, MADV_DONTNEED), EINVAL);
	expect_errno(call3(SYS_mprotect, 0xfffff000, LOW + 2 * PAGE, PROT_NONE), ENOMEM);
	expect_errno(call3(SYS_mincore, 0xfffff000, LOW + 2 * PAGE, (unsigned long)vec), ENOMEM);
	expect_errno(call3(SYS_mincore, LOW, PAGE, 0xc0000000), EFAULT);
	check_low();
}

/* The sum of the address and the new length names `low`. */
static void wrapped_mremap(void)
{
	unsigned long addr = 0xfffff000, new_len = LOW + PAGE;

	expect_errno(syscall(SYS_mremap, addr, new_len + 2 * PAGE, new_len, 0, 0), EFAULT);
	check_low();
	expect_errno(syscall(SYS_mremap, addr, new_len, new_len + 2 * PAGE, MREMAP_MAYMOVE, 0), EFAULT);
	expect_errno(syscall(SYS_mremap, LOW, PAGE, 0xffffffff, MREMAP_MAYMOVE, 0), EINVAL);
	expect(syscall(SYS_mremap, LOW, PAGE, 0xfffff000, MREMAP_MAYMOVE, 0) == -1);
	expect(syscall(SYS_mremap, LOW, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       0xfffff000) == -1);
	expect(syscall(SYS_mremap, LOW, 0, PAGE, MREMAP_MAYMOVE, 0) == -1);
	check_low();
}

static void wrapped_mmap(void)
{
	int how = MAP_PRIVATE | MAP_ANONYMOUS;
	void *p;

	expect(syscall(SYS_mmap2, 0xfffff000, 2 * PAGE, 3, how | MAP_FIXED, -1, 0) == -1);
	expect(syscall(SYS_mmap2, 0xbffff000, 0x50001000, 3, how | MAP_FIXED, -1, 0) == -1);
	expect_errno(syscall(SYS_mmap2, 0, 0xfffff001, 3, how, -1, 0), ENOMEM);
	expect_errno(syscall(SYS_mmap2, 0, 0xffffffff, 3, how, -1, 0), ENOMEM);
	expect_errno(syscall(SYS_mmap2, 0, 0, 3, how, -1, 0), EINVAL);
	if (sums_wrap())
		expect_errno(syscall(SYS_mmap2, 0, 2 * PAGE, 3, how, -1, 0xffffffff), EOVERFLOW);
	expect_errno(syscall(SYS_mmap2, 0, 2 * PAGE, 3, MAP_ANONYMOUS, -1, 0), EINVAL);
	/* A hint from which the length would wrap is only a hint. */
	p = mmap((void *)0xfffff000, 2 * PAGE, 3, how, -1, 0);
	expect(p != MAP_FAILED && (unsigned long)p < 0xfffff000);
	if (p != MAP_FAILED)
		munmap(p, 2 * PAGE);
	check_low();
}

static void wrapped_brk(void)
{
	unsigned long now = syscall(SYS_brk, 0);

	expect_eq((unsigned long)syscall(SYS_brk, 0xffffffff), now);
	expect_eq((unsigned long)syscall(SYS_brk, 0xfffff001), now);
	expect_eq((unsigned long)syscall(SYS_brk, 1), now);
	expect_eq((unsigned long)syscall(SYS_brk, 0), now);
}

/* Vectors whose lengths add up to more than there is, or to a small number. */
static void huge_vectors(void)
{
	struct iovec v[3] = { { low, 1 }, { low, 0x7fffffff }, { low, 0x7fffffff } };
	struct iovec wrap[3] = { { low, 0x80000000 }, { low, 0x80000000 }, { low, 1 } };
	int pipes[2];

	must(pipe(pipes) == 0);
	expect_errno(syscall(SYS_readv, pipes[0], wrap, 3), EINVAL);
	expect_errno(syscall(SYS_writev, pipes[1], wrap, 3), EINVAL);
	expect_errno(syscall(SYS_writev, pipes[1], v, -1), EINVAL);
	expect_errno(syscall(SYS_writev, pipes[1], v, 1025), EINVAL);
	expect_errno(syscall(SYS_writev, pipes[1], 0xbffffff0, 1024), EFAULT);
	expect_eq(syscall(SYS_writev, pipes[1], v, 1), 1);
	close(pipes[0]);
	close(pipes[1]);
	check_low();
}

/* A mapping over an old one that does not fit the limit leaves the old one alone. */
static void limit_keeps_the_old(void)
{
	int how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		struct rlimit limit = { 0x800000, 0x800000 };
		char *big;

		if (setrlimit(RLIMIT_AS, &limit))
			_exit(1);
		if (mmap(low, 0x10000000, 3, how, -1, 0) != MAP_FAILED || errno != ENOMEM)
			_exit(2);
		if (low[0] != 0x50 || low[PAGE] != 0x51)
			_exit(3);
		/* The same size again fits, because it takes nothing more. */
		big = mmap(NULL, 0x500000, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (big == MAP_FAILED)
			_exit(4);
		big[PAGE] = 1;
		if (mmap(big, 0x500000, 3, how, -1, 0) != big)
			_exit(5);
		_exit(big[PAGE]);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(WIFEXITED(status) ? WEXITSTATUS(status) : 100, 0);
}

/* A process without any memory: what it dies of, and that it can be taken apart. */
static void unmap_everything(void)
{
	/* The name of the program is the last thing on the stack. */
	const char *execfn = (const char *)getauxval(AT_EXECFN);
	unsigned long top = ((unsigned long)execfn + strlen(execfn) + PAGE) & ~(PAGE - 1UL);
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		/* In two halves first, so that tables without areas would stay. */
		asm volatile("int $0x80; movl %2, %%ebx; movl %3, %%ecx; movl %4, %%eax; int $0x80"
			     : : "a"(SYS_munmap), "b"(0x20000000), "r"(0), "r"(top),
			     "i"(SYS_munmap), "c"(top - 0x20000000) : "memory");
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(void)
{
	low = mmap((void *)LOW, LOW_PAGES * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(low == (void *)LOW);
	for (unsigned long i = 0; i < LOW_PAGES; i++)
		memset(low + i * PAGE, 0x50 + i, PAGE);
	wrapped_ranges();
	wrapped_mremap();
	wrapped_mmap();
	wrapped_brk();
	huge_vectors();
	limit_keeps_the_old();
	unmap_everything();
	return test_result();
}
