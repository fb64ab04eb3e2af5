/*
 * kernel/core/sysctl.h - settings: numbers in files of /proc/sys, for any layer.
 *
 *	SYSCTL_INT("sys/vm/overcommit_memory", sysctl_overcommit_memory, 0, 2, NULL);
 *
 * makes a variable a file that root may write; the words of a write are checked and taken one
 * by one, exactly as by Linux's proc_dointvec_minmax() (sysctl.c).  The last argument is a
 * function to call after a write, or NULL.
 */
#ifndef OCTAVO_KERNEL_CORE_SYSCTL_H
#define OCTAVO_KERNEL_CORE_SYSCTL_H

#include <kernel/core/seq_file.h>
#include <lib/kernel.h>

struct ctl_table {
	void *data;			/* [c] int or unsigned long, @nr of them */
	unsigned int nr;		/* 0: reading and writing only call @changed */
	bool is_long;			/* they are unsigned long */
	umode_t mode;
	s64 min, max;			/* what fits */
	/* May this be entered? => 0 or -errno; NULL: what fits may */
	int (*check)(s64 value);
	/* Values have been entered: may sleep; => 0 or -errno, the writer's; NULL: nothing to do */
	int (*changed)(void);
};

#define SYSCTL(path, ...)		_SYSCTL(__LINE__, path, __VA_ARGS__)
#define _SYSCTL(id, path, ...)		__SYSCTL(id, path, __VA_ARGS__)
#define __SYSCTL(id, path, ...)							\
	static const struct ctl_table __ctl_table_##id = { __VA_ARGS__ };	\
	static const struct proc_show __proc_show_##id __used			\
	__section(".proc_shows") __aligned(4) = { .name = (path), .table = &__ctl_table_##id }

#define SYSCTL_INT(path, var, lo, hi, fn)					\
	SYSCTL(path, .data = &(var), .nr = 1, .mode = 0644, .min = (lo), .max = (hi), \
	       .changed = (fn))
#define SYSCTL_ULONG(path, var, fn)						\
	SYSCTL(path, .data = &(var), .nr = 1, .is_long = true, .mode = 0644,	\
	       .max = ULONG_MAX, .changed = (fn))

/* Print the numbers, a tab between two. => 0 or -EOVERFLOW */
int sysctl_show(struct seq_file *m, const struct ctl_table *table);
/*
 * Take words from @buf, which is NUL-terminated and was written at position @pos.
 * => bytes taken or -errno; may sleep
 */
long sysctl_write(const struct ctl_table *table, const char *buf, size_t len, loff_t pos);

#endif
