/*
 * tests/kernel/mm/cache/toy_space.h - a file on a toy disk, for tests of the page cache's policy.
 *
 * The disk is an array: each page of the file is one word on it.  What is read is recorded, run
 * by run; reads of chosen pages fail.  The mapping has a backing device that writes back, so that its
 * pages are on the LRU.
 */
#ifndef OCTAVO_TESTS_MM_CACHE_TOY_SPACE_H
#define OCTAVO_TESTS_MM_CACHE_TOY_SPACE_H

#include <lib/types.h>
#include <mm/cache/filemap.h>
#include <mm/cache/readahead.h>

#define TOY_PAGES	512
#define TOY_RA_PAGES	32
#define TOY_RUNS	128

struct toy_space {
	struct inode inode;		/* i_data is the mapping */
	struct file_ra_state ra;	/* of the one who reads it */
	u32 disk[TOY_PAGES];
	struct {
		unsigned long index;
		unsigned int nr;
	} runs[TOY_RUNS];		/* what readpages was asked for */
	unsigned int nr_runs;
	unsigned int pages_read;	/* transfers, also those that failed */
	unsigned long fail_index;	/* this page cannot be read; -1: none */
};

/* The toy, empty, @pages long: word i of the disk is i + 1000. One at a time. */
struct toy_space *toy_open(unsigned long pages);
/* All its pages go. */
void toy_close(struct toy_space *toy);
/* Read a page as read() does, for one who wants @req. => its word, or -errno */
long toy_read(struct toy_space *toy, unsigned long index, unsigned long req);
bool toy_cached(struct toy_space *toy, unsigned long index);

#endif
