/*
 * tests/kernel/fs/pipe_test.c - the ring's life and its limits.
 *
 * What flows through a pipe is tested from ring 3 (tests/user/fs_pipe.c).
 */
#include <kernel/fs/pipe.h>

#include <lib/kernel.h>
#include <lib/vsnprintf.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <tests/kernel/fs/fs_test.h>

/* The last end closed takes everything along; the name says which pipe it was. */
KTEST(pipe, life)
{
	char name[32], buf[64];
	struct file *files[2];
	struct inode *inode;

	KASSERT_EQ(t, create_pipe_files(files, 0), 0);
	inode = files[0]->f_inode;
	KEXPECT(t, inode == files[1]->f_inode);
	KEXPECT_EQ(t, inode->i_pipe->readers, 1u);
	KEXPECT_EQ(t, inode->i_pipe->writers, 1u);
	snprintf(name, sizeof(name), "pipe:[%lu]", inode->i_ino);
	KEXPECT_STREQ(t, d_path(&files[0]->f_path, buf, sizeof(buf)), name);
	fput(files[1]);
	KEXPECT_EQ(t, inode->i_pipe->writers, 0u);
	fput(files[0]);
}

/* A page left in the ring is freed with it. */
KTEST(pipe, unread_pages)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct file *files[2];
	loff_t pos = 0;
	int i;

	KASSERT(t, page);
	KASSERT_EQ(t, create_pipe_files(files, O_NONBLOCK), 0);
	for (i = 0; i < PIPE_BUFFERS; i++)
		KEXPECT_EQ(t, files[1]->f_op->sendpage(files[1], page, 0, PAGE_SIZE, &pos),
			   (ssize_t)PAGE_SIZE);
	KEXPECT_EQ(t, files[1]->f_op->sendpage(files[1], page, 0, 1, &pos), -EAGAIN);
	KEXPECT_EQ(t, files[0]->f_inode->i_pipe->nrbufs, (unsigned int)PIPE_BUFFERS);
	fput(files[0]);
	fput(files[1]);
	put_page(page);
}

/* Odd pieces share a page; what does not fit whole starts a new one. */
KTEST(pipe, merging)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct pipe_inode_info *pipe;
	struct file *files[2];
	loff_t pos = 0;

	KASSERT(t, page);
	KASSERT_EQ(t, create_pipe_files(files, O_NONBLOCK), 0);
	pipe = files[0]->f_inode->i_pipe;
	files[1]->f_op->sendpage(files[1], page, 0, 3000, &pos);
	files[1]->f_op->sendpage(files[1], page, 0, 1000, &pos);
	KEXPECT_EQ(t, pipe->nrbufs, 1u);
	KEXPECT_EQ(t, pipe->bufs[0].len, 4000u);
	files[1]->f_op->sendpage(files[1], page, 0, 97, &pos);
	KEXPECT_EQ(t, pipe->nrbufs, 2u);
	KEXPECT_EQ(t, pipe->bufs[1].len, 97u);
	fput(files[0]);
	fput(files[1]);
	put_page(page);
}

/* All pipes together cannot hold all memory: the later ones are one page wide. */
KTEST(pipe, narrow)
{
	enum { MAX = 600 };
	static struct file *files[MAX][2];
	int n, i, err = 0;

	if (nr_free_pages() / 8 / PIPE_BUFFERS >= MAX) {
		ktest_skip(t, "takes too many pipes in this much memory");
		return;
	}
	for (n = 0; n < MAX; n++) {
		err = create_pipe_files(files[n], 0);
		if (err || files[n][0]->f_inode->i_pipe->buffers < PIPE_BUFFERS)
			break;
	}
	KEXPECT_EQ(t, err, 0);
	KEXPECT(t, n < MAX);
	if (!err && n < MAX) {
		KEXPECT_EQ(t, files[n][0]->f_inode->i_pipe->buffers, 1u);
		n++;
	}
	for (i = 0; i < n; i++) {
		fput(files[i][0]);
		fput(files[i][1]);
	}
	KASSERT_EQ(t, create_pipe_files(files[0], 0), 0);
	KEXPECT_EQ(t, files[0][0]->f_inode->i_pipe->buffers, (unsigned int)PIPE_BUFFERS);
	fput(files[0][0]);
	fput(files[0][1]);
}

/* A FIFO's ring comes with the first open and goes with the last; the node stays. */
KTEST(pipe, fifo)
{
	struct file *rd, *wr;
	struct jail jail;
	struct inode *inode;

	KASSERT(t, begin_jail(&jail));
	KEXPECT_EQ(t, do_mknodat(AT_FDCWD, "fifo", S_IFIFO | 0600, 0), 0l);
	KEXPECT_EQ(t, PTR_ERR(filp_open("fifo", O_WRONLY | O_NONBLOCK, 0)), (long)-ENXIO);
	rd = filp_open("fifo", O_RDONLY | O_NONBLOCK, 0);
	KASSERT(t, !IS_ERR(rd));
	inode = rd->f_inode;
	wr = filp_open("fifo", O_WRONLY | O_NONBLOCK, 0);
	KASSERT(t, !IS_ERR(wr));
	KEXPECT_EQ(t, inode->i_pipe->files, 2u);
	fput(rd);
	KEXPECT_EQ(t, inode->i_pipe->readers, 0u);
	fput(wr);
	KEXPECT(t, !inode->i_pipe);
	end_jail(&jail);
}
