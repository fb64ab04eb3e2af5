/*
 * fail_swap: swapping with each of its allocations failing: an area begins and ends, pages of private and
 * of shared memory go out and come back, a process with swapped memory forks. What fails says ENOMEM and has
 * changed nothing; no byte is lost, and no slot: swapoff(2) finds each free at the end.
 *
 * calls: swapon swapoff
 */
#define _GNU_SOURCE
#include "disk.h"
#include "fail.h"
#include "numa.h"
#include "page_out.h"

#include <sys/wait.h>

#define LAST	511u
#define PAGES	4u
#define SIZE	(PAGES * SWAP_PAGE)
/* Apart by what a node of the tree of a file's pages covers. */
#define STEP	(65u * SWAP_PAGE)

static char area[128];
static int shared_fd;
static char *own, *shared;

/* ---- contents ------------------------------------------------------------------------------- */

static unsigned int word(unsigned int page)
{
	return page * 2654435761u + 12345;
}

static void fill(char *p, size_t step)
{
	for (unsigned int i = 0; i < PAGES; i++)
		for (unsigned int j = 0; j < SWAP_PAGE; j += 512)
			*(volatile unsigned int *)(p + i * step + j) = word(i) ^ j;
}

/* => pages that are not as fill() left them */
static unsigned int wrong(const char *p, size_t step)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		for (unsigned int j = 0; j < SWAP_PAGE; j += 512)
			if (*(const volatile unsigned int *)(p + i * step + j) != (word(i) ^ j)) {
				bad++;
				break;
			}
	return bad;
}

static int area_is_on(void)
{
	char type[32];
	long size, used;
	int prio;

	return swap_line(area, type, &size, &used, &prio);
}

/* Shared pages go when nobody has them mapped; what does not go the first time may be in use just now. */
static void shared_out(void)
{
	for (int tries = 0; tries < 4; tries++)
		for (unsigned int i = 0; i < PAGES; i++)
			must(madvise(shared + i * STEP, SWAP_PAGE, MADV_PAGEOUT) == 0);
}

/* ---- operations ------------------------------------------------------------------------------- */

static int do_swapon(void)
{
	int err;

	err = result(swapon(area, 0));
	disarm();
	expect_eq(area_is_on(), !err);
	if (!err)
		must(swapoff(area) == 0);
	return err;
}

static int do_swapoff(void)
{
	int err;

	set_nth(0);
	if (!area_is_on())
		must(swapon(area, 0) == 0);
	page_out(own, PAGES);
	shared_out();
	set_nth(wish);
	err = result(swapoff(area));
	disarm();
	expect_eq(area_is_on(), !!err);
	expect_eq(wrong(own, SWAP_PAGE), 0);
	expect_eq(wrong(shared, STEP), 0);
	if (!err)
		must(swapon(area, 0) == 0);
	return err;
}

static int do_swaps(void)
{
	char text[1024];
	int err, fd = open("/proc/swaps", O_RDONLY);

	if (fd < 0)
		return -errno;
	err = result(read(fd, text, sizeof(text)));
	close(fd);
	return err;
}

static int do_check(void)
{
	int err, fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	if (fd < 0)
		return -errno;
	err = result(write(fd, "1", 1));
	close(fd);
	return err;
}

static int do_page_out(void)
{
	int err;

	set_nth(0);
	fill(own, SWAP_PAGE);
	set_nth(wish);
	err = result(madvise(own, SIZE, MADV_PAGEOUT));
	disarm();
	expect_eq(wrong(own, SWAP_PAGE), 0);
	return err;
}

static int do_come_back(void)
{
	unsigned int bad;

	set_nth(0);
	page_out(own, PAGES);
	set_nth(wish);
	bad = wrong(own, SWAP_PAGE);
	disarm();
	expect_eq(bad, 0);
	return 0;
}

static int do_will_need(void)
{
	int err;

	set_nth(0);
	page_out(own, PAGES);
	set_nth(wish);
	err = result(madvise(own, SIZE, MADV_WILLNEED));
	disarm();
	expect_eq(wrong(own, SWAP_PAGE), 0);
	return err == -EAGAIN ? -ENOMEM : err;	/* madvise's word */
}

static int do_lock(void)
{
	int err;

	set_nth(0);
	page_out(own, PAGES);
	set_nth(wish);
	err = result(mlock(own, SIZE));
	disarm();
	munlock(own, SIZE);
	expect_eq(wrong(own, SWAP_PAGE), 0);
	return err == -EAGAIN ? -ENOMEM : err;	/* mlock's */
}

static int do_move(void)
{
	char *there;
	int err = 0;

	set_nth(0);
	page_out(own, PAGES);
	there = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(there != MAP_FAILED);
	set_nth(wish);
	if (mremap(own, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, there) == MAP_FAILED) {
		err = -errno;
		disarm();
		munmap(there, SIZE);	/* it may have gone already */
	} else {
		disarm();
		own = there;
	}
	expect_eq(wrong(own, SWAP_PAGE), 0);
	return err;
}

/* The child has all of it, and writes to some; what is ours stays. */
static int do_fork(void)
{
	int status, err;
	pid_t pid;

	set_nth(0);
	page_out(own, PAGES);
	set_nth(wish);
	pid = fork();
	err = result(pid);
	if (!pid) {
		status = wrong(own, SWAP_PAGE) || wrong(shared, STEP);
		own[0]++;
		own[SIZE - 1]++;
		_exit(status);
	}
	disarm();
	if (pid > 0) {
		must(waitpid(pid, &status, 0) == pid);
		expect_eq(status, 0);
	}
	expect_eq(wrong(own, SWAP_PAGE), 0);
	return err == -EAGAIN ? -ENOMEM : err;
}

static int do_pagemap(void)
{
	uint64_t entry;
	char text[4096];
	int err, fd;

	set_nth(0);
	page_out(own, PAGES);
	set_nth(wish);
	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		return -errno;
	err = result(pread64(fd, &entry, 8, (off64_t)((uintptr_t)own / SWAP_PAGE * 8)));
	close(fd);
	if (err)
		return err;
	fd = open("/proc/self/smaps", O_RDONLY);
	if (fd < 0)
		return -errno;
	err = result(read(fd, text, sizeof(text)));
	close(fd);
	return err;
}

static int do_shared_out(void)
{
	set_nth(0);
	fill(shared, STEP);
	set_nth(wish);
	shared_out();
	disarm();
	expect_eq(wrong(shared, STEP), 0);
	return 0;
}

static int do_shared_back(void)
{
	unsigned int bad;

	set_nth(0);
	shared_out();
	set_nth(wish);
	bad = wrong(shared, STEP);
	disarm();
	expect_eq(bad, 0);
	return 0;
}

static int do_shared_read(void)
{
	unsigned int words[PAGES];
	int err = 0;

	set_nth(0);
	shared_out();
	set_nth(wish);
	for (unsigned int i = 0; i < PAGES && !err; i++)
		err = result(pread(shared_fd, &words[i], sizeof(words[i]), i * STEP));
	disarm();
	for (unsigned int i = 0; i < PAGES && !err; i++)
		expect_eq(words[i], word(i));
	return err;
}

static int do_shared_write(void)
{
	int err = 0;

	set_nth(0);
	shared_out();
	set_nth(wish);
	for (unsigned int i = 0; i < PAGES && !err; i++) {
		unsigned int same = word(i);

		err = result(pwrite(shared_fd, &same, sizeof(same), i * STEP));
	}
	disarm();
	expect_eq(wrong(shared, STEP), 0);
	return err == -ENOSPC ? -ENOMEM : err;	/* memory is what such a file lies in */
}

/* What is cut off is gone wherever it was, memory or not. */
static int do_shared_cut(void)
{
	int err;

	set_nth(0);
	shared_out();
	set_nth(wish);
	err = result(ftruncate(shared_fd, SWAP_PAGE));
	disarm();
	must(ftruncate(shared_fd, PAGES * STEP) == 0);
	if (!err)
		expect_eq(*(volatile unsigned int *)(shared + STEP), 0);
	fill(shared, STEP);
	return err;
}

/* A page that was never there. */
static int do_shared_grow(void)
{
	char byte = 1;
	int err = result(pwrite(shared_fd, &byte, 1, (PAGES + 1) * STEP));

	disarm();
	must(ftruncate(shared_fd, PAGES * STEP) == 0);
	return err == -ENOSPC ? -ENOMEM : err;
}

#define OP(name) { #name, do_##name }
static const struct {
	const char *name;
	int (*call)(void);
} with_area[] = {
	OP(swaps), OP(check), OP(page_out), OP(come_back), OP(will_need), OP(lock), OP(move), OP(fork),
	OP(pagemap), OP(shared_out), OP(shared_back), OP(shared_read), OP(shared_write), OP(shared_cut),
	OP(shared_grow), OP(swapoff),
};

/* ---- areas ----------------------------------------------------------------------------------- */

/* Where a page is to lie is looked at first, if anybody has said it. */
static void with_policy(void)
{
	unsigned long nodes[2] = { 1, 0 };

	if (set_policy(MPOL_PREFERRED, nodes, 33))
		return;			/* a kernel without them */
	each_failing("come_back, by policy", do_come_back);
	each_failing("shared_grow, by policy", do_shared_grow);
	must(set_policy(MPOL_DEFAULT, NULL, 0) == 0);
}

static void with_each(void)
{
	each_failing("swapon of a file", do_swapon);
	must(swapon(area, 0) == 0);
	for (unsigned int i = 0; i < sizeof(with_area) / sizeof(with_area[0]); i++)
		each_failing(with_area[i].name, with_area[i].call);
	with_policy();
	must(swapoff(area) == 0);
	expect_eq(wrong(own, SWAP_PAGE), 0);
	expect_eq(wrong(shared, STEP), 0);
}

/* In a file: not in one piece, so that there are extents. */
static void make_file(const char *path)
{
	static char zeros[SWAP_PAGE];
	int fd = open(path, O_RDWR | O_CREAT, 0600), other = open("between", O_RDWR | O_CREAT, 0600);

	must(fd >= 0 && other >= 0);
	for (unsigned int i = 0; i <= LAST; i++) {
		must(write(fd, zeros, SWAP_PAGE) == SWAP_PAGE);
		if (i % 64 == 0)
			must(write(other, zeros, SWAP_PAGE) == SWAP_PAGE && fsync(fd) == 0);
	}
	must(fsync(fd) == 0);
	close(fd);
	close(other);
}

int main(void)
{
	const char *disk = test_disk();
	struct swap_head h = swap_head(LAST);

	stay_on_one_cpu();
	test_tmpdir();
	fail_begin();
	own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared_fd = memfd_create("shared", 0);
	must(own != MAP_FAILED && shared_fd >= 0 && ftruncate(shared_fd, PAGES * STEP) == 0);
	shared = mmap(NULL, PAGES * STEP, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
	must(shared != MAP_FAILED);
	fill(own, SWAP_PAGE);
	fill(shared, STEP);

	snprintf(area, sizeof(area), "%s", disk);
	put_swap_head(area, &h);
	each_failing("swapon of a disk", do_swapon);

	test_mke2fs(disk, 1024, 8192);
	must(mkdir("m", 0700) == 0);
	test_mount(disk, "m", NULL);
	must(chdir("m") == 0);
	make_file("area");
	must(getcwd(area, sizeof(area) - 8));
	strcat(area, "/area");
	put_swap_head(area, &h);
	with_each();
	must(unlink(area) == 0 && chdir("..") == 0);
	must(umount("m") == 0);
	return test_result();
}
