/*
 * blk_dev: a disk as a file. read(), write(), a mapping and O_DIRECT see the same bytes; it has an
 * end; ioctl tells its sizes; a file system on it keeps others from having it alone.  A file on it
 * by O_DIRECT: to its end, and behind.
 */
#define _GNU_SOURCE
#include "disk.h"

#include <linux/fs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE	4096u

#define MADV_PAGEOUT_	21	/* Linux's, since 5.4 */

static const char *disk;
static uint64_t size;
static unsigned char *buf, *other;	/* 16 pages each, aligned */

static void fill(unsigned char *to, size_t n, unsigned int seed)
{
	size_t i;

	for (i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		to[i] = (unsigned char)(seed >> 16);
	}
}

static void sizes(void)
{
	int fd = open(disk, O_RDWR), ro = -1, ssz = 0;
	unsigned long sectors = 0;

	must(fd >= 0);
	must(ioctl(fd, BLKGETSIZE64, &size) == 0);
	expect_eq(ioctl(fd, BLKGETSIZE, &sectors), 0);
	expect_eq((uint64_t)sectors * 512, size);
	expect_eq(lseek64(fd, 0, SEEK_END), size);
	expect_eq(ioctl(fd, BLKROGET, &ro), 0);
	expect_eq(ro, 0);
	expect_eq(ioctl(fd, BLKSSZGET, &ssz), 0);
	expect_eq(ssz, 512);
	expect_errno(ioctl(fd, BLKGETSIZE64, BAD_PTR), EFAULT);
	expect_errno(ioctl(fd, 0x12fe, 0), ENOTTY);
	close(fd);
}

/* Two descriptors, one device. */
static void same_pages(void)
{
	int a = open(disk, O_RDWR), b = open(disk, O_RDONLY);
	unsigned char *map;

	must(a >= 0 && b >= 0);
	fill(buf, 3 * PAGE, 1);
	expect_eq(pwrite(a, buf, 3 * PAGE, 5000), 3 * PAGE);
	expect_eq(pread(b, other, 3 * PAGE, 5000), 3 * PAGE);
	expect(!memcmp(buf, other, 3 * PAGE));
	map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
	must(map != MAP_FAILED);
	expect(!memcmp(map + 5000, buf, 3 * PAGE));
	map[5001] = 0xa5;
	expect_eq(pread(b, other, 2, 5000), 2);
	expect_eq(other[1], 0xa5);
	expect_eq(fsync(a), 0);
	expect_eq(ioctl(a, BLKFLSBUF, 0), 0);
	munmap(map, 8 * PAGE);
	close(a);
	close(b);
	/* Closed by all: what is read now comes from the disk. */
	b = open(disk, O_RDONLY);
	must(b >= 0);
	expect_eq(pread(b, other, 3 * PAGE, 5000), 3 * PAGE);
	expect_eq(other[1], 0xa5);
	expect(!memcmp(buf + 2, other + 2, 3 * PAGE - 2));
	close(b);
}

static void its_end(void)
{
	int fd = open(disk, O_RDWR);

	must(fd >= 0);
	fill(buf, 100, 2);
	expect_eq(pwrite64(fd, buf, 100, (off64_t)size - 50), 50);
	expect_errno(pwrite64(fd, buf, 100, (off64_t)size), ENOSPC);
	expect_eq(pread64(fd, other, 100, (off64_t)size - 50), 50);
	expect(!memcmp(buf, other, 50));
	expect_eq(pread64(fd, other, 100, (off64_t)size), 0);
	close(fd);
}

/* Past the cache, and still coherent with it. */
static void direct(void)
{
	int fd = open(disk, O_RDWR), d = open(disk, O_RDWR | O_DIRECT);
	unsigned char *shared;

	must(fd >= 0 && d >= 0);
	fill(buf, 16 * PAGE, 3);
	expect_eq(pwrite(fd, buf, 16 * PAGE, 0), 16 * PAGE);	/* dirty in the cache */
	expect_eq(pread(d, other, 16 * PAGE, 0), 16 * PAGE);
	expect(!memcmp(buf, other, 16 * PAGE));
	fill(buf, 3 * PAGE, 4);
	expect_eq(pwrite(d, buf + 512, 2 * PAGE, 1536), 2 * PAGE);	/* not at a page's start */
	expect_eq(pread(fd, other, 2 * PAGE, 1536), 2 * PAGE);
	expect(!memcmp(buf + 512, other, 2 * PAGE));
	expect_errno(pread(d, other + 1, 512, 0), EINVAL);
	expect_errno(pread(d, other, 511, 0), EINVAL);
	expect_errno(pread(d, other, 512, 1), EINVAL);
	expect_errno(pwrite(d, other, 100, 0), EINVAL);
	expect_eq(pread64(d, other, PAGE, (off64_t)size - 1024), 1024);
	expect_eq(pread64(d, other, PAGE, (off64_t)size), 0);
	/* Into memory that another process shares, and memory that is not there yet. */
	shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	expect_eq(pread(d, shared, 4 * PAGE, 0), 4 * PAGE);
	expect_eq(pread(fd, other, 4 * PAGE, 0), 4 * PAGE);
	expect(!memcmp(shared, other, 4 * PAGE));
	expect_eq(mprotect(shared, PAGE, PROT_READ), 0);
	expect_errno(pread(d, shared, PAGE, 0), EFAULT);
	munmap(shared, 4 * PAGE);
	expect_eq(fcntl(fd, F_SETFL, O_DIRECT), 0);
	expect(fcntl(fd, F_GETFL) & O_DIRECT);
	expect_errno(pread(fd, other, 100, 0), EINVAL);
	close(fd);
	close(d);
}

static void one_holder(void)
{
	int fd = open(disk, O_RDWR | O_EXCL), second;

	must(fd >= 0);
	expect(!(fcntl(fd, F_GETFL) & O_EXCL));
	expect_errno(open(disk, O_RDWR | O_EXCL), EBUSY);
	second = open(disk, O_RDONLY);
	expect(second >= 0);
	close(second);
	close(fd);
	fd = open(disk, O_RDWR | O_EXCL);
	expect(fd >= 0);
	close(fd);
}

static void direct_past_end(void)
{
	struct stat st;
	int fd;

	test_mke2fs(disk, 1024, 1024);
	must(mkdir("direct.dir", 0755) == 0);
	test_mount(disk, "direct.dir", NULL);
	fd = open("direct.dir/file", O_RDWR | O_CREAT | O_DIRECT, 0644);
	must(fd >= 0);
	expect_eq(pread(fd, other, PAGE, 2 * PAGE), 0);
	fill(buf, 2 * PAGE, 5);
	expect_eq(pwrite(fd, buf, PAGE, 2 * PAGE), PAGE);
	expect_eq(fstat(fd, &st), 0);
	expect_eq(st.st_size, 3 * PAGE);
	memset(other, 0xff, 4 * PAGE);
	expect_eq(pread(fd, other, 4 * PAGE, 0), 3 * PAGE);
	expect_eq(other[0] | other[2 * PAGE - 1], 0);
	expect(!memcmp(buf, other + 2 * PAGE, PAGE));
	/* Read on where the last read() ended, in the middle of a sector. */
	expect_eq(ftruncate(fd, 2 * PAGE + 100), 0);
	expect_eq(lseek(fd, 0, SEEK_SET), 0);
	expect_eq(read(fd, other, 4 * PAGE), 2 * PAGE + 100);
	expect_eq(read(fd, other, 4 * PAGE), 0);
	expect_eq(pread(fd, other, PAGE, 16 * PAGE), 0);
	/* Not from within a sector; ext4, where it stands in for ext2, then reads by the cache. */
	if (pread(fd, other, PAGE, 100) < 0)
		expect_eq(errno, EINVAL);
	close(fd);
	expect_eq(umount("direct.dir"), 0);
	expect_eq(rmdir("direct.dir"), 0);
}

/* MADV_PAGEOUT of a page of a file that is not ours, and that we may not write, does nothing: root's sees to it. */
static void sent_away_by_others(void)
{
	int fd = open(disk, O_RDONLY), status, tries;
	volatile unsigned char *map;
	unsigned char in;
	pid_t pid;

	must(fd >= 0);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(setgid(1000) == 0 && setuid(1000) == 0);
		(void)map[0];
		_exit(madvise((void *)map, PAGE, MADV_PAGEOUT_) != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	must(mincore((void *)map, PAGE, &in) == 0);
	expect_eq(in & 1, 1);
	/* A page that has just come may wait for its list on another processor. */
	for (tries = 0; in & 1 && tries < 200; tries++) {
		(void)map[0];
		must(madvise((void *)map, PAGE, MADV_PAGEOUT_) == 0);
		must(mincore((void *)map, PAGE, &in) == 0);
		usleep(1000);
	}
	expect_eq(in & 1, 0);
	munmap((void *)map, PAGE);
	close(fd);
}

int main(void)
{
	disk = test_disk();
	buf = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(buf != MAP_FAILED);
	other = buf + 16 * PAGE;
	sizes();
	same_pages();
	its_end();
	direct();
	one_holder();
	direct_past_end();
	sent_away_by_others();
	return test_result();
}
