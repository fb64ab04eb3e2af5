/*
 * mm/cache/swap_internal.h - between swapfile.c and the file that checks it.
 */
#ifndef OCTAVO_MM_CACHE_SWAP_INTERNAL_H
#define OCTAVO_MM_CACHE_SWAP_INTERNAL_H

#include <kernel/core/spinlock.h>
#include <lib/kernel.h>
#include <mm/cache/swapfile.h>

extern spinlock_t swap_lock;		/* swapfile.h's [sl] */

static inline unsigned long nr_clusters(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, (unsigned long)SWAPFILE_CLUSTER);
}


#endif
