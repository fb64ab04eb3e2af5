/*
 * kernel/proc/proc_fail.c - /proc/PID/make-it-fail and /proc/PID/fail-nth, in debug builds.
 *
 * Linux's files of fault injection, for allocations alone (mm/phys/fail_alloc.h).  Both belong to the
 * task whose directory they are in: /proc/self/fail-nth is that of the group's first thread.
 */
#include <mm/phys/fail_alloc.h>

#ifdef CONFIG_DEBUG

#include <kernel/core/sched.h>
#include <kernel/fs/proc/proc.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/strtox.h>

/* => 0 or -EINVAL */
static int parse_number(const char *buf, unsigned int *number)
{
	char *end;
	unsigned long value = simple_strtoul(buf, &end, 10);

	if (end == buf || (*end && *end != '\n'))
		return -EINVAL;
	*number = (unsigned int)value;
	return 0;
}

static int make_it_fail_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%d\n", task->make_it_fail);
}

static int make_it_fail_write(struct task_struct *task, const char *buf, size_t len,
			      unsigned long *cookie)
{
	unsigned int value = 0;

	if (parse_number(buf, &value) || value > 1)
		return -EINVAL;
	task->make_it_fail = value;
	return 0;
}
PROC_PID_SHOW_WRITE("make-it-fail", 0644, make_it_fail_show, make_it_fail_write);

static int fail_nth_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%u\n", task->fail_nth);
}

static int fail_nth_write(struct task_struct *task, const char *buf, size_t len,
			  unsigned long *cookie)
{
	unsigned int nth = 0;

	if (task != current)
		return -EPERM;
	if (parse_number(buf, &nth))
		return -EINVAL;
	fail_alloc_nth(nth);
	return 0;
}
PROC_PID_SHOW_WRITE("fail-nth", 0644, fail_nth_show, fail_nth_write);

#endif
