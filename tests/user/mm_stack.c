/* mm_stack - the stack grows by touch, to its limit, and never into a neighbour. */
#include <tests/user/mm.h>

static volatile char *low;

/* An address so many bytes below this call's frame. */
static volatile char *below(uintptr_t bytes)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return (volatile char *)(here - bytes);
}

/* Recursion that leaves a mark in each frame. */
static int dive(int depth)
{
	volatile char frame[3000];

	frame[0] = (char)depth;
	if (depth && dive(depth - 1) != depth - 1)
		return -1;
	return frame[0] == (char)depth ? depth : -1;
}

static void grow(void)
{
	expect_eq(dive(1000), 1000);			/* 3 MB */
	low = below(4 << 20);
	expect_eq(try_write((void *)low, 1), 0);	/* a jump over 1 MB of nothing */
	expect_eq(*low, 1);
}

/* Recursion without end: SIGSEGV, on the alternate stack. */
static volatile int forever = 1;

static int endless(int n)
{
	volatile char frame[4096];

	frame[n & 4095] = 1;
	return forever ? endless(n + 1) + frame[n & 4095] : 0;
}

static void overflow(void)
{
	int sig = sigsetjmp(mm_env, 1);

	if (!sig)
		endless(0);
	expect_eq(sig, SIGSEGV);
	expect_eq(mm_info.si_code, SEGV_MAPERR);
}

/* Without a handler there is nobody to tell: death. */
static void overflow_unhandled(void)
{
	signal(SIGSEGV, SIG_DFL);
	endless(0);
}

static void limited(void)
{
	struct rlimit rl;

	must(getrlimit(RLIMIT_STACK, &rl) == 0);
	rl.rlim_cur = 1 << 20;
	must(setrlimit(RLIMIT_STACK, &rl) == 0);
	expect_eq(try_write((void *)below(512 << 10), 1), 0);
	expect_eq(try_write((void *)below(2 << 20), 1), SIGSEGV);
}

/* A mapping below the stack: growth stops a megabyte before it. */
static void guard_gap(void)
{
	uintptr_t page = (uintptr_t)below(6 << 20) & ~(PAGE - 1);
	char *p = mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	must(p == (char *)page);
	expect_eq(try_write((void *)(page + (2 << 20)), 1), 0);
	expect_eq(try_write((void *)(page + PAGE + 256 * PAGE), 1), 0);
	expect_eq(try_write((void *)(page + 255 * PAGE), 1), SIGSEGV);
	expect_eq(try_write(p, 1), 0);
}

int main(void)
{
	mm_catch();
	expect_eq(in_child(grow), 0);
	expect_eq(in_child(overflow), 0);
	expect_eq(in_child(overflow_unhandled), 128 + SIGSEGV);
	expect_eq(in_child(limited), 0);
	expect_eq(in_child(guard_gap), 0);
	return test_result();
}
