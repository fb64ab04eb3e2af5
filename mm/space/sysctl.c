/*
 * mm/space/sysctl.c - /proc/sys/vm: the settings of address spaces.
 *
 * overcommit_memory can be read only: this kernel has one policy (see
 * accounting.c), and to take a 2 and not keep the promise would be worse than
 * to refuse it.
 */
#include <mm/space/mmap.h>

#include <kernel/core/seq_file.h>
#include <lib/errno.h>
#include <lib/strtox.h>
#include <mm/phys/vmstat.h>

static int max_map_count_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%d\n", sysctl_max_map_count);
}

static int max_map_count_write(const char *buf, size_t len)
{
	int value, err = kstrtoint(buf, 0, &value);

	if (err || value < 0)
		return -EINVAL;
	WRITE_ONCE(sysctl_max_map_count, value);
	return 0;
}
PROC_SHOW_WRITE("sys/vm/max_map_count", max_map_count_show, max_map_count_write);

static int overcommit_memory_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%d\n", sysctl_overcommit_memory);
}
PROC_SHOW("sys/vm/overcommit_memory", overcommit_memory_show);

static int overcommit_ratio_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%d\n", sysctl_overcommit_ratio);
}
PROC_SHOW("sys/vm/overcommit_ratio", overcommit_ratio_show);
