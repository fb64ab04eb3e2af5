/*
 * kernel/core/ktest.c - runs the in-kernel tests.
 *
 * Theory.  The linker gathers all KTEST()s into an array.  Which of them run is
 * said by `ktest[=suite[.name],...]`.  Output is KTAP on the consoles, raw, so
 * that a runner finds its lines among the log's (which begin with a time).
 *
 * Around each test stands the accounting: quiesce (per-CPU lists, caches of
 * empty things), read all counters, run, quiesce, read again.  Any difference
 * that stays is a failure that names the counter and both values.
 *
 * The result: QEMU's isa-debug-exit gets 0 if all passed, else 1; on a machine
 * without it, power off.
 */
#include <kernel/core/ktest.h>

#include <kernel/arch/reboot.h>
#include <kernel/core/bug.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

#define MAX_COUNTERS	96
#define MAX_QUIESCE	24
#define MAX_CHECKERS	24
#define SETTLE_TRIES	20

extern struct ktest __start_ktests[], __stop_ktests[];

struct counter {
	const char *name;
	long (*read)(void);
	long before;
};

struct checker {
	const char *name;
	int (*fn)(void);
};

static struct counter counters[MAX_COUNTERS];
static unsigned int nr_counters;
static void (*quiesce[MAX_QUIESCE])(void);
static unsigned int nr_quiesce;
static struct checker checkers[MAX_CHECKERS];
static unsigned int nr_checkers;
static char filter[256];

void ktest_register_counter(const char *name, long (*read)(void))
{
	BUG_ON(nr_counters == MAX_COUNTERS);
	counters[nr_counters++] = (struct counter){ name, read, 0 };
}

void ktest_register_quiesce(void (*fn)(void))
{
	BUG_ON(nr_quiesce == MAX_QUIESCE);
	quiesce[nr_quiesce++] = fn;
}

void ktest_register_checker(const char *name, int (*fn)(void))
{
	BUG_ON(nr_checkers == MAX_CHECKERS);
	checkers[nr_checkers++] = (struct checker){ name, fn };
}

static __printf(1, 2) void out(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	console_write(line, len);
}

void ktest_log(const char *fmt, ...)
{
	char line[400];
	va_list args;

	va_start(args, fmt);
	vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	out("# %s\n", line);
}

void ktest_fail(struct ktest *t, const char *file, int line, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	t->failures++;
	out("# %s.%s: %s:%d: %s\n", t->suite, t->name, file, line, text);
}

void ktest_skip(struct ktest *t, const char *reason)
{
	t->skip_reason = reason;
}

void ktest_expect_streq(struct ktest *t, const char *file, int line, const char *a, const char *b)
{
	if (strcmp(a, b) != 0)
		ktest_fail(t, file, line, "got \"%s\", expected \"%s\"", a, b);
}

u64 ktest_seed(u64 otherwise)
{
	u64 seed = (u64)(u32)cmdline_get_int("seed", 0);

	return seed ? seed << 32 | otherwise : otherwise;
}

bool ktest_requested(void)
{
	return cmdline_has("ktest");
}

/*
 * Tests that are meant to fail run only by their full name: suite crash ends in
 * panics, suite planted leaks what the accounting must find.
 */
static bool only_by_name(const struct ktest *t)
{
	return strcmp(t->suite, "crash") == 0 || strcmp(t->suite, "planted") == 0;
}

/* Does "suite" or "suite.name" of the list @filter choose @t? */
static bool chosen(const struct ktest *t)
{
	const char *p = filter;
	char full[128];

	if (!filter[0])
		return !only_by_name(t);
	snprintf(full, sizeof(full), "%s.%s", t->suite, t->name);
	while (*p) {
		size_t len = strcspn(p, ",");

		if ((len == strlen(t->suite) && memcmp(p, t->suite, len) == 0 &&
		     !only_by_name(t)) ||
		    (len == strlen(full) && memcmp(p, full, len) == 0))
			return true;
		p += len;
		if (*p == ',')
			p++;
	}
	return false;
}

static void settle(void)
{
	/* Upper layers first: what they let go comes to rest in those below. */
	for (unsigned int i = nr_quiesce; i > 0; i--)
		quiesce[i - 1]();
}

static void read_counters(void)
{
	settle();
	for (unsigned int i = 0; i < nr_counters; i++)
		counters[i].before = counters[i].read();
}

static bool counters_differ(void)
{
	for (unsigned int i = 0; i < nr_counters; i++)
		if (counters[i].read() != counters[i].before)
			return true;
	return false;
}

/* A thread may just be letting go of what the test made, on a processor that has no time: a leak stays. */
static void check_counters(struct ktest *t)
{
	settle();
	for (int tries = 0; tries < SETTLE_TRIES && counters_differ(); tries++) {
		msleep(10);
		settle();
	}
	for (unsigned int i = 0; i < nr_counters; i++) {
		long now = counters[i].read();

		if (now != counters[i].before)
			ktest_fail(t, t->file, 0, "leak: %s was %ld, is %ld (%+ld)",
				   counters[i].name, counters[i].before, now,
				   now - counters[i].before);
	}
}

static void check_invariants(struct ktest *t)
{
	for (unsigned int i = 0; i < nr_checkers; i++) {
		int err = checkers[i].fn();

		if (err)
			ktest_fail(t, t->file, 0, "checker %s: %d", checkers[i].name, err);
	}
}

static void run_one(struct ktest *t)
{
	unsigned int warnings;

	t->failures = 0;
	t->skip_reason = NULL;
	read_counters();
	warnings = warn_count;
	t->fn(t);
	if (warn_count != warnings)
		ktest_fail(t, t->file, 0, "%u warnings during the test", warn_count - warnings);
	check_counters(t);
	check_invariants(t);
}

static void list_tests(void)
{
	for (struct ktest *t = __start_ktests; t < __stop_ktests; t++)
		if (!only_by_name(t))
			out("ktest %s.%s\n", t->suite, t->name);
}

static void run_all(unsigned int *failed)
{
	unsigned int planned = 0, skipped = 0, n = 0;

	for (struct ktest *t = __start_ktests; t < __stop_ktests; t++)
		planned += chosen(t);
	out("KTAP version 1\n1..%u\n", planned);
	for (struct ktest *t = __start_ktests; t < __stop_ktests; t++) {
		if (!chosen(t))
			continue;
		out("# run %s.%s\n", t->suite, t->name);
		run_one(t);
		n++;
		if (t->failures) {
			++*failed;
			out("not ok %u - %s.%s\n", n, t->suite, t->name);
		} else if (t->skip_reason) {
			skipped++;
			out("ok %u - %s.%s # SKIP %s\n", n, t->suite, t->name, t->skip_reason);
		} else {
			out("ok %u - %s.%s\n", n, t->suite, t->name);
		}
	}
	out("# ktest: planned %u, run %u, passed %u, failed %u, skipped %u\n", planned, n,
	    n - *failed - skipped, *failed, skipped);
	/* A filter that chooses nothing is a mistake, not a success. */
	if (!planned) {
		out("Bail out! no test matches \"%s\"\n", filter);
		++*failed;
	}
}

void ktest_main(void)
{
	unsigned int failed = 0;

	panic_exits = true;
	cmdline_find_option("ktest", filter, sizeof(filter));
	if (strcmp(filter, "list") == 0)
		list_tests();
	else
		run_all(&failed);
	qemu_debug_exit(failed ? 1 : 0);
	machine_power_off();
}
