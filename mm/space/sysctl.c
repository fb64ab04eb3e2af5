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
#include <lib/kernel.h>
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

static int mmap_min_addr_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%lu\n", READ_ONCE(dac_mmap_min_addr));
}

/* Hints are kept above the default in any case; so are they in Linux with a security module. */
static int mmap_min_addr_write(const char *buf, size_t len)
{
	unsigned long value;
	int err = kstrtoul(buf, 0, &value);

	if (err)
		return err;
	if (current->euid != 0)
		return -EPERM;
	WRITE_ONCE(dac_mmap_min_addr, value);
	WRITE_ONCE(mmap_min_addr, max(value, DEFAULT_MMAP_MIN_ADDR));
	return 0;
}
PROC_SHOW_WRITE("sys/vm/mmap_min_addr", mmap_min_addr_show, mmap_min_addr_write);

static int legacy_va_layout_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%d\n", READ_ONCE(sysctl_legacy_va_layout));
}

static int legacy_va_layout_write(const char *buf, size_t len)
{
	int value, err = kstrtoint(buf, 0, &value);

	if (err)
		return err;
	WRITE_ONCE(sysctl_legacy_va_layout, value != 0);
	return 0;
}
PROC_SHOW_WRITE("sys/vm/legacy_va_layout", legacy_va_layout_show, legacy_va_layout_write);

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
