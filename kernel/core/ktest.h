/*
 * kernel/core/ktest.h - the kernel tests itself.
 *
 * KTEST(suite, name) { ... } defines a test.  Boot with `ktest` and all run,
 * with `ktest=buddy,slab.poison` those; `ktest=list` lists them.  Results go
 * over the consoles as KTAP, the exit status to QEMU.  On an ordinary boot the
 * tests' memory is freed.
 *
 * A test fails at the first KASSERT that does not hold (which leaves the
 * function) or after any KEXPECT that did not (which goes on).  It is skipped
 * by ktest_skip(t, why).
 *
 * Leaks.  Each layer registers what it counts: free pages of a zone, live
 * objects of a cache, swap slots.  All are read before and after each test,
 * after the registered quiesce functions have emptied per-CPU lists and caches
 * of empty things; any difference, of one, fails the test and names the
 * counter.  Checkers (zone_check and its kin) run after each test too, and a
 * WARN during a test fails it.
 */
#ifndef OCTAVO_KERNEL_CORE_KTEST_H
#define OCTAVO_KERNEL_CORE_KTEST_H

#include <lib/compiler.h>
#include <lib/types.h>

struct ktest {
	const char *suite;
	const char *name;
	void (*fn)(struct ktest *t);
	const char *file;
	int failures;
	const char *skip_reason;
	const void *reserved;
};
static_assert(sizeof(struct ktest) == 28, "the linker packs them as an array");

#define KTEST(_suite, _name)							\
	static void ktest_##_suite##_##_name(struct ktest *t);			\
	static struct ktest __ktest_##_suite##_##_name				\
	__used __section(".ktest") __aligned(4) = {				\
		.suite = #_suite, .name = #_name,				\
		.fn = ktest_##_suite##_##_name, .file = __FILE__,		\
	};									\
	static void ktest_##_suite##_##_name(struct ktest *t __maybe_unused)

void ktest_fail(struct ktest *t, const char *file, int line, const char *fmt, ...) __printf(4, 5);
void ktest_log(const char *fmt, ...) __printf(1, 2);
/* @reason must stay valid; the test should return after it. */
void ktest_skip(struct ktest *t, const char *reason);

#define KASSERT(t, cond) do {							\
	if (!(cond)) {								\
		ktest_fail((t), __FILE__, __LINE__, "assertion: %s", #cond);	\
		return;								\
	}									\
} while (0)
#define KEXPECT(t, cond) do {							\
	if (!(cond))								\
		ktest_fail((t), __FILE__, __LINE__, "expected: %s", #cond);	\
} while (0)
#define __KEQ(t, a, b, leave) do {						\
	__typeof__(a) __ka = (a);						\
	__typeof__(b) __kb = (b);						\
	if (!(__ka == (__typeof__(a))__kb)) {					\
		ktest_fail((t), __FILE__, __LINE__,				\
			   "%s == %s: got %lld (0x%llx), expected %lld (0x%llx)",	\
			   #a, #b, KTEST_LL(__ka), KTEST_LL(__ka),		\
			   KTEST_LL(__kb), KTEST_LL(__kb));			\
		leave;								\
	}									\
} while (0)
/* Any integer or pointer as a long long. */
#define KTEST_LL(x)	((long long)__builtin_choose_expr(sizeof(x) == 8, (x), (long)(x)))
#define KEXPECT_EQ(t, a, b)	__KEQ(t, a, b, (void)0)
#define KASSERT_EQ(t, a, b)	__KEQ(t, a, b, return)
#define KEXPECT_STREQ(t, a, b)	ktest_expect_streq((t), __FILE__, __LINE__, (a), (b))
void ktest_expect_streq(struct ktest *t, const char *file, int line, const char *a, const char *b);

/* All names must stay valid.  At boot, or from a test's own start. */
void ktest_register_counter(const char *name, long (*read)(void));
void ktest_register_quiesce(void (*fn)(void));
/* @fn => 0 if the invariant holds; it prints what does not */
void ktest_register_checker(const char *name, int (*fn)(void));

/*
 * The seed of a test with random operations: @otherwise, so that every run is the same, unless
 * seed=N stands on the command line (make soak); then one that depends on both.
 */
u64 ktest_seed(u64 otherwise);

/* True if the command line asks for tests. */
bool ktest_requested(void);
/* Run what the command line asks for, and end the machine with the result. */
__noreturn void ktest_main(void);

#endif
