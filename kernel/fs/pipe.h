/*
 * kernel/fs/pipe.h - a pipe between two processes; pipe.c has the theory.
 */
#ifndef OCTAVO_KERNEL_FS_PIPE_H
#define OCTAVO_KERNEL_FS_PIPE_H

#include <kernel/core/mutex.h>
#include <kernel/core/wait.h>
#include <kernel/fs/fs.h>

#define PIPE_BUFFERS	16	/* pages */
#define PIPE_BUF	4096	/* writes up to this size are not torn: POSIX */
static_assert(PIPE_BUF <= PAGE_SIZE, "an atomic write is at most one page");

struct pipe_buffer {
	struct page *page;
	unsigned int offset, len;	/* the bytes not yet read */
};

struct pipe_inode_info {
	struct mutex mutex;		/* [m] guards everything below */
	wait_queue_head_t rd_wait, wr_wait;
	unsigned int nrbufs, curbuf;	/* [m] in use, and the oldest */
	unsigned int buffers;		/* [c] how many it may use, of bufs[] */
	unsigned int readers, writers;	/* [m] open ends */
	unsigned int r_counter, w_counter; /* [m] opens so far: a FIFO's open waits for a change */
	unsigned int files;		/* [inode's i_sem] open files of either end */
	struct page *tmp_page;		/* [m] one page kept at hand */
	struct pipe_buffer bufs[PIPE_BUFFERS];
};

/* Both ends of a new pipe. => 0 with references in files[0] (read), files[1] (write); -errno */
int create_pipe_files(struct file *files[2], unsigned int flags);

#endif
