/*
 * kernel/core/sysctl.c - numbers in files of /proc/sys.
 *
 * Theory.  Scripts and daemons have written to these files for decades, so what a write does is
 * Linux's, to the odd corner:
 *
 *	- numbers are in base 10, 0x16 or 010, and stand between spaces, tabs and newlines;
 *	- what is no number, or does not fit, is -EINVAL; numbers before it have been entered;
 *	- a write of nothing but spaces is -EINVAL, one of no bytes is 0;
 *	- a file of one number takes one: of "5 6", three bytes ("5 " is read, and 6 is left), and
 *	  who writes the rest writes it at position 2, where
 *	- any write is taken whole, and ignored: only what stands first counts.
 *
 * Interface: sysctl.h.  Locking: none: a number is one word; the last writer wins.
 * References: Linux, Documentation/admin-guide/sysctl, proc_dointvec() in kernel/sysctl.c.
 */
#include <kernel/core/sysctl.h>

#include <lib/ctype.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/strtox.h>

#define LONGEST_NUMBER	21	/* characters */

int sysctl_show(struct seq_file *m, const struct ctl_table *table)
{
	unsigned int i;

	if (!table->nr)
		return table->changed();
	for (i = 0; i < table->nr; i++) {
		const char *tab = i ? "\t" : "";

		if (table->is_long)
			seq_printf(m, "%s%lu", tab, READ_ONCE(((unsigned long *)table->data)[i]));
		else
			seq_printf(m, "%s%d", tab, READ_ONCE(((int *)table->data)[i]));
	}
	return seq_putc(m, '\n');
}

/* One number, up to a space or @end. => -EINVAL: it is none */
static int get_number(const char **p, const char *end, s64 *value)
{
	char word[LONGEST_NUMBER + 1];
	size_t len = strcspn(*p, " \t\n");
	const char *digits = word;
	unsigned long long n;

	/* A zero byte in the text is no end of it. */
	if (!len || len >= LONGEST_NUMBER || (!(*p)[len] && *p + len != end))
		return -EINVAL;
	memcpy(word, *p, len);
	word[len] = '\0';
	if (*digits == '-')
		digits++;
	if (!isdigit(*digits) || kstrtoull(digits, 0, &n) || n > ULONG_MAX)
		return -EINVAL;
	*value = digits > word ? -(s64)n : (s64)n;
	*p += len;
	return 0;
}

static int enter(const struct ctl_table *table, unsigned int i, s64 value)
{
	int err;

	if (value < table->min || value > table->max)
		return -EINVAL;
	err = table->check ? table->check(value) : 0;
	if (err)
		return err;
	if (table->is_long)
		WRITE_ONCE(((unsigned long *)table->data)[i], (unsigned long)value);
	else
		WRITE_ONCE(((int *)table->data)[i], (int)value);
	return 0;
}

long sysctl_write(const struct ctl_table *table, const char *buf, size_t len, loff_t pos)
{
	const char *p = skip_spaces(buf);
	unsigned int i;
	s64 value;
	int err;

	if (!table->nr) {
		err = table->changed();
		return err ? err : (long)len;
	}
	if (pos || !len)
		return (long)len;
	if (!*p)
		return -EINVAL;
	for (i = 0; i < table->nr && *p; i++) {
		err = get_number(&p, buf + len, &value);
		if (!err)
			err = enter(table, i, value);
		if (err)
			return err;
		p = skip_spaces(p);
	}
	err = table->changed ? table->changed() : 0;
	return err ? err : p - buf;
}
