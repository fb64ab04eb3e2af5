/*
 * tests/kernel/fail_alloc.h - an operation of the kernel with each of its allocations failing.
 *
 * The tests that use it are of the suite fail_alloc, wherever they are: scripts/fail-alloc runs that suite
 * for the sites that no program reaches.
 */
#ifndef OCTAVO_TESTS_KERNEL_FAIL_ALLOC_H
#define OCTAVO_TESTS_KERNEL_FAIL_ALLOC_H

#include <kernel/core/ktest.h>
#include <lib/kernel.h>
#include <mm/phys/fail_alloc.h>

#define NEED_FAIL_ALLOC(t) do {							\
	if (!FAIL_ALLOC) {							\
		ktest_skip((t), "only in debug builds");			\
		return;								\
	}									\
} while (0)

/* => how many there were when none was left to fail */
static inline unsigned int fail_one_by_one(struct ktest *t, bool (*op)(void))
{
	for (unsigned int nth = 1; nth < 500; nth++) {
		bool good;

		fail_alloc_nth(nth);
		good = op();
		if (fail_alloc_nth(0)) {
			KEXPECT(t, good);
			return nth - 1;
		}
	}
	ktest_fail(t, __FILE__, __LINE__, "always one allocation more");
	return 0;
}

/*
 * Call @op with its first allocation failing, then its second, until it has no more. It takes back
 * what it did. All of it twice: what a slab took from the pages the first time it has already the second,
 * and another allocation has its number.
 * => how many there were; @op must have succeeded without a failure
 */
static inline unsigned int each_failing(struct ktest *t, bool (*op)(void))
{
	unsigned int nr = fail_one_by_one(t, op);

	return max(nr, fail_one_by_one(t, op));
}

#endif
