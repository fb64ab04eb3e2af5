/*
 * tests/kernel/core/printk_test.c - the log keeps order, and forgets the oldest first.
 */
#include <kernel/core/printk.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/ktest.h>
#include <kernel/core/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

/* Tests log at this level: it reaches the ring, and no console. */
#define QUIET	KERN_DEBUG

static int saved_loglevel;

static void be_quiet(void)
{
	saved_loglevel = console_loglevel;
	console_loglevel = 7;
}

static void be_loud(void)
{
	console_loglevel = saved_loglevel;
}

/* A record comes back with its text, level, time and number. */
KTEST(printk, record_round_trip)
{
	u64 seq = kmsg_next_seq(), start = seq;
	struct kmsg_record rec;
	char text[64];

	be_quiet();
	printk(QUIET "hello %d %s\n", 42, "world");
	be_loud();
	KASSERT_EQ(t, kmsg_read(&seq, &rec, text, sizeof(text)), 14);
	KEXPECT_STREQ(t, text, "hello 42 world");
	KEXPECT_EQ(t, rec.level, 7);
	KEXPECT_EQ(t, rec.seq, start);
	KEXPECT_EQ(t, seq, start + 1);
	KEXPECT(t, rec.ts_nsec <= ktime_get_ns());
	KEXPECT_EQ(t, kmsg_read(&seq, &rec, text, sizeof(text)), -ENOENT);
}

/* Pieces make one record; a message of several lines makes several; a new level ends a piece. */
KTEST(printk, lines_and_pieces)
{
	u64 seq = kmsg_next_seq();
	struct kmsg_record rec;
	char text[64];

	be_quiet();
	printk(QUIET "one");
	printk(KERN_CONT " line\n");
	printk(QUIET "first\nsecond\n");
	printk(QUIET "unfinished");
	printk(QUIET "next\n");
	be_loud();
	kmsg_read(&seq, &rec, text, sizeof(text));
	KEXPECT_STREQ(t, text, "one line");
	kmsg_read(&seq, &rec, text, sizeof(text));
	KEXPECT_STREQ(t, text, "first");
	kmsg_read(&seq, &rec, text, sizeof(text));
	KEXPECT_STREQ(t, text, "second");
	KEXPECT_EQ(t, rec.level, 7);
	kmsg_read(&seq, &rec, text, sizeof(text));
	KEXPECT_STREQ(t, text, "unfinished");
	kmsg_read(&seq, &rec, text, sizeof(text));
	KEXPECT_STREQ(t, text, "next");
}

/* The form that dmesg and consoles show. */
KTEST(printk, format)
{
	struct kmsg_record rec = { .ts_nsec = 12345678901ull, .level = 6, .len = 4 };
	char buf[64];
	int len = kmsg_format(&rec, "text", buf, sizeof(buf), true);

	KEXPECT_STREQ(t, buf, "<6>[   12.345678] text\n");
	KEXPECT_EQ(t, len, 23);
	kmsg_format(&rec, "text", buf, sizeof(buf), false);
	KEXPECT_STREQ(t, buf, "[   12.345678] text\n");
}

/*
 * Records of all lengths go round the ring several times: each is read back
 * whole, numbers have no gaps, and a slow reader is moved to the oldest left.
 */
KTEST(printk, ring_wraps)
{
	static char expect[300], text[300];
	u64 seq = kmsg_next_seq(), stale = seq;
	struct kmsg_record rec;

	be_quiet();
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int len = (i * 37) % 200;

		snprintf(expect, sizeof(expect), "%u:%.*s", i, (int)len,
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
			 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
		printk(QUIET "%s\n", expect);
		if (kmsg_read(&seq, &rec, text, sizeof(text)) < 0 || strcmp(text, expect) != 0) {
			be_loud();
			ktest_fail(t, __FILE__, __LINE__, "record %u: \"%s\"", i, text);
			return;
		}
	}
	be_loud();
	KEXPECT(t, kmsg_first_seq() > stale);
	KEXPECT(t, kmsg_next_seq() - kmsg_first_seq() > 300);
	seq = stale;
	KASSERT(t, kmsg_read(&seq, &rec, text, sizeof(text)) > 0);
	KEXPECT(t, rec.seq > stale);
	while (kmsg_read(&seq, &rec, text, sizeof(text)) >= 0)
		stale = rec.seq;
	KEXPECT_EQ(t, stale + 1, kmsg_next_seq());
}

/* A line longer than a record may be is cut, not lost, and harms nothing. */
KTEST(printk, long_lines_are_cut)
{
	static char longer[900], text[900];
	u64 seq = kmsg_next_seq();
	struct kmsg_record rec;

	memset(longer, 'x', sizeof(longer) - 1);
	be_quiet();
	printk(QUIET "%s\n", longer);
	printk(QUIET "after\n");
	be_loud();
	KEXPECT_EQ(t, kmsg_read(&seq, &rec, text, sizeof(text)), LOG_LINE_MAX);
	KEXPECT(t, kmsg_read(&seq, &rec, text, sizeof(text)) == 5);
	KEXPECT_STREQ(t, text, "after");
}

/* Addresses find their function; what is not kernel text is a number. */
KTEST(kallsyms, lookup)
{
	unsigned long addr = (unsigned long)(void *)&kmsg_read;
	unsigned long offset, size;
	const char *name = kallsyms_lookup(addr + 5, &offset, &size);
	char buf[KSYM_SYMBOL_LEN];

	KASSERT(t, name != NULL);
	KEXPECT_STREQ(t, name, "kmsg_read");
	KEXPECT_EQ(t, offset, 5ul);
	KEXPECT(t, size > 20 && size < 2000);
	KEXPECT_EQ(t, kallsyms_lookup_name("kmsg_read"), addr);
	KEXPECT_EQ(t, kallsyms_lookup_name("no_such_function"), 0ul);
	KEXPECT(t, kallsyms_lookup(0x1000, &offset, &size) == NULL);
	sprint_symbol(buf, sizeof(buf), 0xfffff000);
	KEXPECT_STREQ(t, buf, "0xfffff000");
	snprintf(buf, sizeof(buf), "%pS!", (void *)addr);
	KEXPECT_EQ(t, strncmp(buf, "kmsg_read+0x0/0x", 16), 0);
	KEXPECT_EQ(t, buf[strlen(buf) - 1], '!');
}

/* Options are whole words; the last one counts; quotes and sizes are understood. */
KTEST(cmdline, options)
{
	static char saved[COMMAND_LINE_SIZE];
	char buf[16];
	int len;

	strcpy(saved, boot_command_line);
	strcpy(boot_command_line,
	       "quiet mem=64M a=1 name=\"two words\" a=2 hex=0x10 empty= -- hidden=1");
	KEXPECT(t, cmdline_has("quiet"));
	KEXPECT(t, !cmdline_has("qui"));
	KEXPECT(t, !cmdline_has("quieter"));
	KEXPECT(t, cmdline_has("mem"));
	KEXPECT(t, !cmdline_has("hidden"));
	KEXPECT_EQ(t, cmdline_get_mem("mem", 0), 64ull << 20);
	KEXPECT_EQ(t, cmdline_get_int("a", 0), 2l);
	KEXPECT_EQ(t, cmdline_get_int("hex", 0), 16l);
	KEXPECT_EQ(t, cmdline_get_int("absent", -3), -3l);
	len = cmdline_find_option("name", buf, sizeof(buf));
	KEXPECT_EQ(t, len, 9);
	KEXPECT_STREQ(t, buf, "two words");
	KEXPECT_EQ(t, cmdline_find_option("quiet", buf, sizeof(buf)), -ENOENT);
	KEXPECT_EQ(t, cmdline_find_option("empty", buf, sizeof(buf)), 0);
	KEXPECT_EQ(t, cmdline_find_option("name", buf, 4), 3);
	KEXPECT_STREQ(t, buf, "two");
	strcpy(boot_command_line, saved);
}
