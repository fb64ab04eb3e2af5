/*
 * tests/kernel/fs/proc_test.c - printing into small buffers, the tree of /proc, and every file
 * in it.
 */
#include <kernel/fs/proc/proc.h>

#include <kernel/core/irq.h>
#include <kernel/core/ktest.h>
#include <kernel/core/percpu.h>
#include <kernel/core/sysctl.h>
#include <kernel/core/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <lib/vsnprintf.h>
#include <mm/phys/vmalloc.h>

/* Nothing is written behind the buffer, an overflow stays one, and no line is cut. */
KTEST(seq_file, overflow)
{
	char buf[16];
	struct seq_file m = { .buf = buf, .size = 10 };

	memset(buf, 'Z', sizeof(buf));
	KEXPECT_EQ(t, seq_puts(&m, "12345"), 0);
	KEXPECT_EQ(t, seq_printf(&m, "%d", 6789), 0);
	KEXPECT_EQ(t, m.count, 9u);
	KEXPECT(t, !seq_has_overflowed(&m));
	KEXPECT_EQ(t, seq_putc(&m, 'x'), -EOVERFLOW);
	KEXPECT(t, seq_has_overflowed(&m));
	KEXPECT_EQ(t, seq_puts(&m, ""), -EOVERFLOW);
	KEXPECT_EQ(t, seq_printf(&m, "%s", ""), -EOVERFLOW);
	KEXPECT_EQ(t, m.count, 10u);
	KEXPECT(t, !memcmp(buf, "123456789", 9));
	KEXPECT(t, buf[10] == 'Z' && buf[15] == 'Z');
}

/* A printf that does not fit takes nothing away from what did. */
KTEST(seq_file, printf_too_long)
{
	char buf[8];
	struct seq_file m = { .buf = buf, .size = sizeof(buf) };

	KEXPECT_EQ(t, seq_puts(&m, "abc"), 0);
	KEXPECT_EQ(t, seq_printf(&m, "%s", "defgh"), -EOVERFLOW);
	KEXPECT(t, !memcmp(buf, "abc", 3));
	m.count = 3;
	KEXPECT_EQ(t, seq_printf(&m, "%s", "defg"), 0);
	KEXPECT_EQ(t, m.count, 7u);
	KEXPECT(t, !memcmp(buf, "abcdefg", 7));
}

static struct proc_dir_entry *child(struct proc_dir_entry *dir, const char *name)
{
	struct proc_dir_entry *pde;

	for (pde = dir->child; pde; pde = pde->next)
		if (!strcmp(pde->name, name))
			return pde;
	return NULL;
}

/* "sys/vm/max_map_count" has become directories; names are unique, parents right. */
KTEST(proc, tree)
{
	struct proc_dir_entry *pde = child(&proc_root, "sys"), *a, *b;

	KASSERT(t, pde && !pde->show);
	pde = child(pde, "vm");
	KASSERT(t, pde && !pde->show);
	pde = child(pde, "max_map_count");
	KASSERT(t, pde && pde->show && pde->show->table);
	KEXPECT(t, pde->parent->parent->parent == &proc_root);
	for (a = proc_root.child; a; a = a->next)
		for (b = a->next; b; b = b->next) {
			KEXPECT(t, strcmp(a->name, b->name));
			KEXPECT(t, a->ino != b->ino);
		}
}

/* Show into a buffer of @size. => bytes, or the error */
static long show_sized(const struct proc_show *show, char *buf, size_t size)
{
	struct seq_file m = { .buf = buf, .size = size };
	int err = show->table ? sysctl_show(&m, show->table) : show->show(&m, NULL);

	return err ? err : (long)m.count;
}

#define ROOM	(256 * 1024)

/* Tables of disks and of locks: without one they are empty, as Linux's are; a setting may be no number. */
static bool may_be_empty(const struct proc_show *show)
{
	return !strcmp(show->name, "partitions") || !strcmp(show->name, "diskstats") ||
	       !strcmp(show->name, "locks") || (show->table && !show->table->nr);
}

/*
 * Every file of the tree can be shown, into any size of buffer: it writes nothing behind the
 * buffer, and says nothing else when there is room.
 */
KTEST(proc, every_file)
{
	static const size_t sizes[] = { 1, 7, 80, 1000 };
	const struct proc_show *show;
	char *buf = vmalloc(ROOM);
	unsigned int i;
	long len;

	KASSERT(t, buf);
	for (show = __start_proc_shows; show < __stop_proc_shows; show++) {
		if (show->fops)
			continue;		/* no text */
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			memset(buf + sizes[i], 'Z', 16);
			len = show_sized(show, buf, sizes[i]);
			if (len > (long)sizes[i] || memcmp(buf + sizes[i], "ZZZZZZZZZZZZZZZZ", 16))
				ktest_fail(t, __FILE__, __LINE__, "/proc/%s overran %zu bytes",
					   show->name, sizes[i]);
		}
		len = show_sized(show, buf, ROOM);
		if (!len && may_be_empty(show))
			continue;
		if (len <= 0 || len >= ROOM)
			ktest_fail(t, __FILE__, __LINE__, "/proc/%s: %ld", show->name, len);
		else if (buf[len - 1] != '\n' && buf[len - 1] != '\0')
			ktest_fail(t, __FILE__, __LINE__, "/proc/%s does not end its line", show->name);
	}
	vfree(buf);
}

static int numbers[2];
static unsigned long large;
static int changes;

static int count_change(void)
{
	changes++;
	return 0;
}

static const struct ctl_table two_ints = {
	.data = numbers, .nr = 2, .min = -3, .max = 1000, .changed = count_change,
}, one_long = {
	.data = &large, .nr = 1, .is_long = true, .max = ULONG_MAX,
};

static long set(const struct ctl_table *table, const char *text, loff_t pos)
{
	return sysctl_write(table, text, strlen(text), pos);
}

/* Numbers are taken one by one; what is refused changes nothing, nor what comes behind it. */
KTEST(proc, settings)
{
	static const char *const bad[] = { " ", "x", "12x", "-4", "1001", "99999999999999999999",
					   "4294967296", "0x", "-", "--1", "+1", "1,2" };
	char shown[32] = "";
	struct seq_file m = { .buf = shown, .size = sizeof(shown) };
	unsigned int i;

	numbers[0] = numbers[1] = 7;
	changes = 0;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KEXPECT_EQ(t, set(&two_ints, bad[i], 0), -EINVAL);
		KEXPECT_EQ(t, numbers[0], 7);
	}
	KEXPECT_EQ(t, sysctl_write(&two_ints, "1\0", 2, 0), -EINVAL);
	KEXPECT_EQ(t, changes, 0);
	KEXPECT_EQ(t, set(&two_ints, "5 x", 0), -EINVAL);
	KEXPECT(t, numbers[0] == 5 && numbers[1] == 7 && !changes);
	KEXPECT_EQ(t, set(&two_ints, "\t-3 0x3e8\n", 0), 10);
	KEXPECT(t, numbers[0] == -3 && numbers[1] == 1000 && changes == 1);
	KEXPECT_EQ(t, set(&two_ints, "010", 0), 3);
	KEXPECT(t, numbers[0] == 8 && numbers[1] == 1000 && changes == 2);
	KEXPECT_EQ(t, set(&two_ints, "1 2 3", 0), 4);
	KEXPECT_EQ(t, set(&two_ints, "4 5", 2), 3);
	KEXPECT_EQ(t, set(&two_ints, "", 0), 0);
	KEXPECT(t, numbers[0] == 1 && numbers[1] == 2 && changes == 3);
	KEXPECT_EQ(t, sysctl_show(&m, &two_ints), 0);
	shown[m.count] = '\0';
	KEXPECT_STREQ(t, shown, "1\t2\n");
	KEXPECT_EQ(t, set(&one_long, "4294967295", 0), 10);
	KEXPECT_EQ(t, large, ULONG_MAX);
	KEXPECT_EQ(t, set(&one_long, "4294967296", 0), -EINVAL);
	KEXPECT_EQ(t, set(&one_long, "-1", 0), -EINVAL);
	KEXPECT_EQ(t, large, ULONG_MAX);
}

/* The numbers of a line of text, from @p on. => how many; *end behind the line */
static int parse_line(const char *p, unsigned long long *out, int max, const char **end)
{
	int n = 0;
	char *next;

	while (*p && *p != '\n') {
		if (*p < '0' || *p > '9') {
			p++;
			continue;
		}
		if (n < max)
			out[n++] = simple_strtoull(p, &next, 10);
		else
			simple_strtoull(p, &next, 10);
		p = next;
	}
	*end = *p ? p + 1 : p;
	return n;
}

/* Each column of "cpu" in /proc/stat is the sum of the processors', and there is a line for each. */
KTEST(proc, stat_adds_up)
{
	unsigned long long sum[10], one[11];
	char *buf = vmalloc(ROOM);
	const char *p;
	long len;

	KASSERT(t, buf);
	for (int round = 0; round < 20; round++) {
		len = show_sized(child(&proc_root, "stat")->show, buf, ROOM - 1);
		KASSERT(t, len > 0);
		buf[len] = '\0';
		KEXPECT(t, !strncmp(buf, "cpu  ", 5));
		KEXPECT_EQ(t, parse_line(buf, sum, 10, &p), 10);
		for (int cpu = 0; cpu < nr_cpus; cpu++) {
			KEXPECT(t, !strncmp(p, "cpu", 3));
			KEXPECT_EQ(t, parse_line(p, one, 11, &p), 11);
			KEXPECT_EQ(t, one[0], (unsigned long long)cpu);
			for (int i = 0; i < 10; i++)
				sum[i] -= one[i + 1];
		}
		for (int i = 0; i < 10; i++)
			KEXPECT_EQ(t, sum[i], 0ull);
		KEXPECT(t, !strncmp(p, "intr ", 5));
		udelay(3000);
	}
	vfree(buf);
}

/* A column for each processor in every row of /proc/interrupts but the two errors at the end. */
KTEST(proc, interrupts_columns)
{
	unsigned long long n[NR_CPUS + 2];
	char *buf = vmalloc(ROOM);
	const char *p;
	int rows = 0;
	long len;

	KASSERT(t, buf);
	len = show_sized(child(&proc_root, "interrupts")->show, buf, ROOM - 1);
	KASSERT(t, len > 0);
	buf[len] = '\0';
	KEXPECT_EQ(t, parse_line(buf, n, NR_CPUS, &p), nr_cpus);
	while (*p && strncmp(p, "ERR", 3)) {
		bool line = p[2] >= '0' && p[2] <= '9';

		/* In front of the columns a line has its number, behind them its input. */
		KEXPECT(t, parse_line(p, n, NR_CPUS + 2, &p) >= nr_cpus + line);
		KEXPECT(t, !line || n[0] < NR_IRQS);
		rows++;
	}
	KEXPECT(t, rows >= 6);
	KEXPECT_EQ(t, parse_line(p, n, 2, &p), 1);
	KEXPECT_EQ(t, parse_line(p, n, 2, &p), 1);
	vfree(buf);
}
