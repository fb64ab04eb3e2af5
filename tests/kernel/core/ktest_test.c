/*
 * tests/kernel/core/ktest_test.c - the test machinery tests itself.
 *
 * A harness that cannot fail proves nothing: here a private struct ktest is
 * driven through the macros, and what they should have noted is checked.
 */
#include <kernel/core/ktest.h>

#include <lib/string.h>

static void expects_wrongly(struct ktest *t)
{
	KEXPECT(t, 1 == 2);
	KEXPECT_EQ(t, 3, 4);
	KASSERT(t, false);
	t->failures += 100;
}

static void expects_rightly(struct ktest *t)
{
	u64 big = 0x100000001ULL;
	const char *p = "x";

	KEXPECT(t, true);
	KEXPECT_EQ(t, big, 0x100000001ULL);
	KEXPECT_EQ(t, p, p);
	KEXPECT_STREQ(t, "abc", "abc");
	KASSERT_EQ(t, -1, -1);
	KASSERT(t, true);
}

/* Each macro counts one failure, and a failed KASSERT leaves the function. */
KTEST(ktest, failures_are_counted)
{
	struct ktest inner = { .suite = "inner", .name = "meant_to_fail", .file = __FILE__ };

	expects_wrongly(&inner);
	KEXPECT_EQ(t, inner.failures, 3);
	KEXPECT_STREQ(&inner, "a", "b");
	KEXPECT_EQ(t, inner.failures, 4);
}

/* What holds counts nothing, for each kind of operand. */
KTEST(ktest, successes_are_not)
{
	struct ktest inner = { .suite = "inner", .name = "meant_to_pass", .file = __FILE__ };

	expects_rightly(&inner);
	KEXPECT_EQ(t, inner.failures, 0);
}

/* A skip keeps its reason. */
KTEST(ktest, skip_has_a_reason)
{
	struct ktest inner = { .suite = "inner", .name = "skipped", .file = __FILE__ };

	ktest_skip(&inner, "because");
	KASSERT(t, inner.skip_reason != NULL);
	KEXPECT_STREQ(t, inner.skip_reason, "because");
}
