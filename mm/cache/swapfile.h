/*
 * mm/cache/swapfile.h - swap areas: which slots of which disks hold pages.
 *
 * An area is a partition, a disk or a file with mkswap's header, cut into slots of a page.  A
 * swp_entry_t names one: which area (swp_type) and which slot (swp_offset).  swap_map says of each
 * slot how many hold its entry:
 *
 *	swap_map[slot] = page-table entries (and shmem objects) that hold it,
 *			 + 1 if its page is in the swap cache;	SWAP_MAP_BAD: never to be used
 *
 * 0 is free.  So nobody can be given a slot while its page is in memory, or its data needed.
 *
 * Locking: swap_lock [sl], a spinlock, inside page_table_lock and tree_lock; nothing is taken
 * under it.  swapon_mutex: areas come and go one at a time (kernel/fs/swapon.c).
 */
#ifndef OCTAVO_MM_CACHE_SWAPFILE_H
#define OCTAVO_MM_CACHE_SWAPFILE_H

#include <kernel/arch/pgtable.h>
#include <lib/list.h>
#include <mm/types/address_space.h>

struct block_device;
struct file;

#define SWAP_FLAG_PREFER	0x8000u		/* swapon(2): the priority is given */
#define SWAP_FLAG_PRIO_MASK	0x7fffu
#define SWAP_FLAG_DISCARD	0x10000u
#define SWAP_FLAGS_VALID	0x7ffffu	/* others are -EINVAL */

#define SWAP_MAP_BAD		0xffffu
#define SWAP_MAP_MAX		0xfffeu		/* more holders than there can be processes */
#define SWAPFILE_CLUSTER	256u		/* slots filled together, so that writes are sequential */

#define SWP_USED	1u	/* the structure is taken */
#define SWP_WRITEOK	2u	/* slots may be given out */

/* Slots [start_page, start_page + nr_pages) lie from start_sector of the device on. */
struct swap_extent {
	unsigned long start_page, nr_pages;
	sector_t start_sector;
};

struct swap_info_struct {
	unsigned int flags;			/* [sl] SWP_* */
	int prio;				/* [sl] higher first; equal ones take turns */
	unsigned int type;			/* [c] its index */
	struct list_head list;			/* [sl] those with SWP_WRITEOK, the next to use first */
	struct file *swap_file;			/* [c while used] */
	struct block_device *bdev;		/* [c while used] */
	struct swap_extent *extents;		/* [c while used] by start_page */
	unsigned int nr_extents;		/* [c while used] */
	unsigned long max;			/* [sl] slots, the header's (0) included; 0: none yet */
	unsigned long pages;			/* [sl] that can hold something */
	unsigned long inuse_pages;		/* [sl] */
	unsigned short *swap_map;		/* [sl] by slot */
	unsigned short *cluster_used;		/* [sl] by cluster: slots that are not free */
	unsigned long cluster_next;		/* [sl] where the next free slot is looked for */
	unsigned long *failed;			/* [a] a bit for each slot: the last write to it failed */
	struct address_space swapper_space;	/* the swap cache of this area, by slot */
};

extern struct swap_info_struct swap_info[MAX_SWAPFILES];
/* Half of all slots are in use: a slot whose page is in memory is worth having back. */
bool vm_swap_full(void);

/* A free slot, counted once: for the swap cache. => any context that may take swap_lock; .val 0: none */
swp_entry_t get_swap_page(void);
/* One holder more, or less. @entry is held by the caller, or by the page table he locks.
 * => swap_duplicate: 0, or -EINVAL for an entry that is none, -ENOMEM: too many */
int swap_duplicate(swp_entry_t entry);
void swap_free(swp_entry_t entry);
/* Who holds @entry, the swap cache too; 0: it is none, or of a bad slot. */
unsigned int swap_count(swp_entry_t entry);
/* Holders but for the swap cache. => the page is in it, and locked */
static inline int swap_entry_users(swp_entry_t entry)
{
	return (int)swap_count(entry) - 1;
}
/* An entry goes from a page table: its slot, and its page in the swap cache if nobody else wants
 * it.  => page_table_lock held; may not sleep. true: it was an entry of an area */
bool free_swap_and_cache(swp_entry_t entry);

/* Where @entry lies: sectors of 512 bytes of *@bdev. => somebody holds @entry */
sector_t map_swap_entry(swp_entry_t entry, struct block_device **bdev);
/*
 * A write to @entry has ended: a slot that failed last is not used again.
 * => any context; true: it fails, and did not the last time
 */
bool swap_write_ended(swp_entry_t entry, int error);

/* ---- areas come and go: for swapon and swapoff (kernel/fs/swapon.c), under swapon_mutex ---- */

/* => any time; an area to be filled in, or NULL: MAX_SWAPFILES are in use */
struct swap_info_struct *swap_area_get(void);
/* Take its tables, for slots below @max; all but the header's are free. => may sleep; 0, -ENOMEM */
int swap_area_tables(struct swap_info_struct *si, unsigned long max);
/* Slot @offset cannot be used. => not on yet */
void swap_area_bad(struct swap_info_struct *si, unsigned long offset);
/* Slots are given out from now on; -1: below all that have chosen no priority either. */
void swap_area_on(struct swap_info_struct *si, int prio);
/* No more are given out.  => swap_area_resume() takes that back */
void swap_area_off(struct swap_info_struct *si);
void swap_area_resume(struct swap_info_struct *si);
/* Its tables go, it can be got again. => may sleep; off, no slot in use */
void swap_area_put(struct swap_info_struct *si);

/* swap_map against page tables, caches and lists. => 0, or prints and -1; nothing runs */
int swap_check(void);

#endif
