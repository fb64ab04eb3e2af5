/*
 * kernel/fs/proc/proc_none.c - tables of what this kernel has none of.
 *
 * swapon -s, free and fdisk read them, and take an absent file for an error.
 */
#include <kernel/core/seq_file.h>

static int swaps_show(struct seq_file *m, void *v)
{
	return seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}
PROC_SHOW("swaps", swaps_show);
