/*
 * mm/types/backing_dev.h - what stands behind the pages of a file.
 */
#ifndef OCTAVO_MM_TYPES_BACKING_DEV_H
#define OCTAVO_MM_TYPES_BACKING_DEV_H

struct backing_dev_info {
	unsigned long ra_pages;		/* [c] pages of the largest readahead window; 0: none */
	unsigned int capabilities;	/* [c] BDI_CAP_* */
};

#define BDI_CAP_WRITEBACK	1u	/* dirty pages count, and are written by the flusher threads */

/* A page that is stable in memory and nowhere else: ramfs, shmem, devices. */
extern struct backing_dev_info noop_backing_dev_info;	/* mm/cache/filemap.c */

#endif
