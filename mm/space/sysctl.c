/*
 * mm/space/sysctl.c - /proc/sys/vm: the settings of address spaces.
 *
 * Those of commitment are in mm/phys/commit.c, those of the reserves in mm/phys/zonelists.c.
 *
 * stat_refresh is no number: to read or write it has the kernel prove its counters, as Linux
 * folds and checks those of its processors then.  -EINVAL: one is wrong, the log says which.
 */
#include <mm/space/mmap.h>

#include <kernel/core/printk.h>
#include <kernel/core/sysctl.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/writeback.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/swap.h>
#include <mm/space/swap_fault.h>

SYSCTL_INT("sys/vm/max_map_count", sysctl_max_map_count, 0, INT_MAX, NULL);

SYSCTL_INT("sys/vm/legacy_va_layout", sysctl_legacy_va_layout, 0, INT_MAX, NULL);

/* ---- mmap_min_addr -------------------------------------------------------------------- */

/* The file may have been opened by somebody who was root then. */
static int mmap_min_addr_check(s64 value)
{
	return current->euid == 0 ? 0 : -EPERM;
}

/* Hints are kept above the default in any case; so are they in Linux with a security module. */
static int mmap_min_addr_changed(void)
{
	WRITE_ONCE(mmap_min_addr, max(dac_mmap_min_addr, DEFAULT_MMAP_MIN_ADDR));
	return 0;
}
SYSCTL("sys/vm/mmap_min_addr", .data = &dac_mmap_min_addr, .nr = 1, .is_long = true, .mode = 0644,
       .max = ULONG_MAX, .check = mmap_min_addr_check, .changed = mmap_min_addr_changed);

/* ---- stat_refresh --------------------------------------------------------------------- */

/* Pages are something or not: less than none of them is a mistake of whoever counts. */
static int check_zone_counters(void)
{
	struct zone *zone;
	int err = 0, item;

	for_each_zone(zone) {
		for (item = 0; item < NR_VM_ZONE_STAT_ITEMS; item++) {
			long value = atomic_long_read(&zone->vm_stat[item]);

			if (item == NR_FREE_PAGES || value >= 0)
				continue;
			pr_warn("vmstat_refresh: node %d, zone %s: item %d is %ld\n", zone->node,
				zone->name, item, value);
			err = -EINVAL;
		}
	}
	return err;
}

static int vmstat_refresh(void)
{
	int err = check_zone_counters();

	err = err ? err : vm_commit_check();
	if (!err && mlock_check())
		err = -EINVAL;
	err = err ? err : writeback_check();
	err = err ? err : bdev_check();
	err = err ? err : lru_check();
	err = err ? err : swap_users_check();
	return err ? err : mm_check_all();
}
SYSCTL("sys/vm/stat_refresh", .mode = 0600, .changed = vmstat_refresh);
