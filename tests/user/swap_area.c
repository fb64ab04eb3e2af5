/*
 * swap_area: a disk becomes a swap area and stops being one: what swapon(2) refuses and why, header
 * of either byte order, bad slots, priorities, what /proc/swaps and sysinfo(2) say.
 *
 * calls: swapon swapoff
 */
#define _GNU_SOURCE
#include "disk.h"
#include "swap.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#define LAST	1023u		/* slots of the area, but for the header's */

static const char *disk;

static unsigned long total_swap_kb(void)
{
	struct sysinfo info;

	must(sysinfo(&info) == 0);
	return (unsigned long)((unsigned long long)info.totalswap * info.mem_unit >> 10);
}

/* => errno of swapon with this header, or 0 and the area is off again */
static int try_head(const struct swap_head *h)
{
	put_swap_head(disk, h);
	if (swapon(disk, 0))
		return errno;
	must(swapoff(disk) == 0);
	return 0;
}

static void headers(void)
{
	struct swap_head h = swap_head(LAST);

	expect_eq(try_head(&h), 0);
	h.magic[9] = '1';
	expect_eq(try_head(&h), EINVAL);
	h = swap_head(LAST);
	h.version = 2;
	expect_eq(try_head(&h), EINVAL);
	h = swap_head(0);
	expect_eq(try_head(&h), EINVAL);
	h = swap_head(0x700000);		/* more than the disk has */
	expect_eq(try_head(&h), EINVAL);
	h = swap_head(LAST);
	h.nr_badpages = 638;
	expect_eq(try_head(&h), EINVAL);
	h.nr_badpages = 1;			/* slot 0 */
	expect_eq(try_head(&h), EINVAL);
	h.badpages[0] = LAST + 1;
	expect_eq(try_head(&h), EINVAL);
	h = swap_head(1);			/* its only slot is bad */
	h.nr_badpages = 1;
	h.badpages[0] = 1;
	expect_eq(try_head(&h), EINVAL);
}

/* => KiB that /proc/swaps shows for the area with this header */
static long size_with(const struct swap_head *h)
{
	char type[32] = "";
	long size = -1, used = -1;
	int prio = 0;
	unsigned long before = total_swap_kb();

	put_swap_head(disk, h);
	must(swapon(disk, 0) == 0);
	expect(swap_line(disk, type, &size, &used, &prio));
	expect(!strcmp(type, "partition"));
	expect_eq(used, 0);
	expect(prio < -1);
	expect_eq(total_swap_kb() - before, size);
	must(swapoff(disk) == 0);
	expect(!swap_line(disk, type, &size, &used, &prio));
	expect_eq(total_swap_kb(), before);
	return size;
}

static void sizes(void)
{
	struct swap_head h = swap_head(LAST);

	expect_eq(size_with(&h), LAST * 4);
	h.nr_badpages = 3;
	h.badpages[0] = 1;
	h.badpages[1] = LAST;
	h.badpages[2] = 500;
	expect_eq(size_with(&h), (LAST - 3) * 4);
	/* A machine of the other byte order made it. */
	h = swap_head(LAST);
	h.version = __builtin_bswap32(1);
	h.last_page = __builtin_bswap32(LAST);
	h.nr_badpages = __builtin_bswap32(1);
	h.badpages[0] = __builtin_bswap32(7);
	expect_eq(size_with(&h), (LAST - 1) * 4);
}

static void refusals(void)
{
	struct swap_head h = swap_head(LAST);
	pid_t pid;
	int status, fd;

	put_swap_head(disk, &h);
	expect_errno(swapon(disk, 0x80000), EINVAL);
	expect_errno(swapon("/no-such", 0), ENOENT);
	expect_errno(swapon("/tmp", 0), EISDIR);
	expect_errno(swapon("/dev/null", 0), EINVAL);
	expect_errno(swapon(BAD_PTR, 0), EFAULT);
	expect_errno(swapoff(BAD_PTR), EFAULT);
	expect_errno(swapoff("/no-such"), ENOENT);
	expect_errno(swapoff(disk), EINVAL);
	expect_errno(swapoff("/dev/null"), EINVAL);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(setuid(1000) == 0);
		expect_errno(swapon(disk, 0), EPERM);
		expect_errno(swapon(disk, 0x80000), EINVAL);
		expect_errno(swapoff(disk), EPERM);
		_exit(test_failures ? 1 : 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	/* Somebody has the disk for himself. */
	fd = open(disk, O_RDWR | O_EXCL);
	must(fd >= 0);
	expect_errno(swapon(disk, 0), EBUSY);
	close(fd);
}

/* sendfile(2): the kernel writes to @fd by itself, what this program begins with. */
static ssize_t send_self(int fd)
{
	int self = open("/proc/self/exe", O_RDONLY), err;
	ssize_t n;

	must(self >= 0);
	n = sendfile(fd, self, NULL, 4096);
	err = errno;
	close(self);
	errno = err;
	return n;
}

/* While it is swapped to, it is nobody else's. */
static void in_use(void)
{
	char type[32], byte = 0;
	long size, used;
	int prio = 0, fd;

	must(swapon(disk, SWAP_FLAG_PREFER | 77) == 0);
	expect(swap_line(disk, type, &size, &used, &prio));
	expect_eq(prio, 77);
	expect_errno(swapon(disk, 0), EBUSY);
	expect_errno(open(disk, O_RDWR | O_EXCL), EBUSY);
	expect_errno(mount(disk, "/mnt", "ext2", 0, NULL), EBUSY);
	fd = open(disk, O_RDWR);
	must(fd >= 0);
	expect_errno(write(fd, &byte, 1), ETXTBSY);
	expect_errno(send_self(fd), ETXTBSY);
	expect_eq(read(fd, &byte, 1), 1);
	close(fd);
	expect_eq(swapoff(disk), 0);
	expect_errno(swapoff(disk), EINVAL);
	fd = open(disk, O_RDWR | O_EXCL);
	expect(fd >= 0);
	expect_eq(pwrite(fd, &byte, 1, 0), 1);
	close(fd);
}

/* A table with one partition, from 1 MiB on. => 0, or -1: the kernel does not read it */
static int make_partition(int on)
{
	unsigned char mbr[512] = { 0 };
	const uint32_t start = 2048, sectors = (LAST + 1) * 8;
	int fd = open(disk, O_RDWR), ret;

	must(fd >= 0);
	if (on) {
		mbr[450] = 0x82;
		memcpy(mbr + 454, &start, 4);
		memcpy(mbr + 458, &sectors, 4);
		mbr[510] = 0x55;
		mbr[511] = 0xaa;
	}
	must(pwrite(fd, mbr, sizeof(mbr), 0) == sizeof(mbr));
	must(fsync(fd) == 0);
	ret = ioctl(fd, BLKRRPART, 0);
	close(fd);
	return ret;
}

/* A partition; the disk around it is then not free to have either. */
static void partition(void)
{
	struct swap_head h = swap_head(LAST);
	char name[32], type[32];
	long size, used;
	int prio, fd;

	must(make_partition(1) == 0);
	snprintf(name, sizeof(name), "%s1", disk);
	put_swap_head(name, &h);
	expect_eq(swapon(name, 0), 0);
	expect(swap_line(name, type, &size, &used, &prio));
	expect(!strcmp(type, "partition"));
	expect_eq(size, LAST * 4);
	expect_errno(swapon(disk, 0), EBUSY);
	expect_errno(open(disk, O_RDWR | O_EXCL), EBUSY);
	expect_errno(swapoff(disk), EINVAL);
	expect_eq(swapoff(name), 0);
	/* One slot more than the partition has sectors for. */
	h = swap_head(LAST + 1);
	put_swap_head(name, &h);
	expect_errno(swapon(name, 0), EINVAL);
	fd = open(disk, O_RDWR | O_EXCL);
	expect(fd >= 0);
	close(fd);
	must(make_partition(0) == 0);
}

int main(void)
{
	if (geteuid())
		skip("only root may swapon");
	disk = test_disk();
	headers();
	sizes();
	refusals();
	in_use();
	partition();
	return test_result();
}
