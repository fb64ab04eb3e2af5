/*
 * mm/types/writeback.h - what somebody who writes dirty pages back wants.
 */
#ifndef OCTAVO_MM_TYPES_WRITEBACK_H
#define OCTAVO_MM_TYPES_WRITEBACK_H

#include <lib/types.h>

enum writeback_sync_modes {
	WB_SYNC_NONE,			/* start what can be started without waiting */
	WB_SYNC_ALL,			/* everything: a later wait for the pages proves it is written */
};

struct writeback_control {
	enum writeback_sync_modes sync_mode;
	long nr_to_write;		/* pages; counted down */
	long pages_skipped;		/* that were locked, or under I/O already */
	const unsigned long *older_than_this;	/* only inodes dirty since before then (jiffies) */
	loff_t range_start, range_end;	/* bytes, inclusive; end LLONG_MAX: all */
	unsigned int for_reclaim : 1;	/* called by the allocator: GFP_NOIO inside */
	unsigned int for_kupdate : 1;
	unsigned int range_cyclic : 1;	/* go on at mapping->writeback_index */
};

#endif
