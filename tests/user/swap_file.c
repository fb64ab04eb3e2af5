/*
 * swap_file: files as swap areas. A file with a hole is refused; one that is in use cannot be written,
 * cut, mapped for writing, unlinked or renamed, and its file system not unmounted.
 *
 * calls: swapon swapoff
 */
#define _GNU_SOURCE
#include "disk.h"
#include "mm.h"
#include "swap.h"

#include <sys/stat.h>

#define LAST	255u
#define FILE_SIZE ((LAST + 1) * SWAP_PAGE)

static const char *disk;

/* A file of zeros with a header; @holes: bytes from 64 KiB on that are left out. */
static void make_file(const char *path, unsigned int holes)
{
	static char zeros[SWAP_PAGE];
	struct swap_head h = swap_head(LAST);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned int at;

	must(fd >= 0);
	must(write(fd, &h, sizeof(h)) == sizeof(h));
	for (at = SWAP_PAGE; at < FILE_SIZE; at += SWAP_PAGE)
		if (at < 65536 || at >= 65536 + holes)
			must(pwrite(fd, zeros, SWAP_PAGE, at) == SWAP_PAGE);
	must(fsync(fd) == 0);
	close(fd);
}

/* Mapped before it became an area: to be looked at only, even if writing is asked for later. => the two mappings */
static void map_early(char *map[2])
{
	int fd = open("area", O_RDWR), i;

	must(fd >= 0);
	for (i = 0; i < 2; i++) {
		map[i] = mmap(NULL, FILE_SIZE, i ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(map[i] != MAP_FAILED);
		expect_eq(map[i][SWAP_PAGE], 0);
	}
	close(fd);
}

static void early_mappings(char *const map[2])
{
	int i;

	expect_eq(mprotect(map[1], FILE_SIZE, PROT_READ | PROT_WRITE), 0);
	for (i = 0; i < 2; i++) {
		expect_eq(try_write(map[i] + SWAP_PAGE, 1), SIGBUS);
		expect_eq(try_write(map[i] + FILE_SIZE - 1, 1), SIGBUS);
		expect_eq(map[i][SWAP_PAGE], 0);
	}
}

static void protected_while_on(void)
{
	char byte = 0;
	struct stat st;
	int fd = open("area", O_RDWR);
	void *map;

	must(fd >= 0);
	expect_errno(swapon("area", 0), EBUSY);
	expect_errno(write(fd, &byte, 1), ETXTBSY);
	expect_errno(pwrite(fd, &byte, 1, FILE_SIZE), ETXTBSY);
	expect_errno(ftruncate(fd, 0), ETXTBSY);
	expect_errno(truncate("area", FILE_SIZE - 1), ETXTBSY);
	expect_eq(truncate("area", FILE_SIZE + 1), 0);
	expect_errno(open("area", O_RDWR | O_TRUNC), ETXTBSY);
	expect_errno(fallocate(fd, 0, 0, FILE_SIZE), ETXTBSY);
	expect(mmap(NULL, SWAP_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	expect_eq(errno, ETXTBSY);
	map = mmap(NULL, SWAP_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED && !memcmp((char *)map + SWAP_PAGE - 10, "SWAPSPACE2", 10));
	munmap(map, SWAP_PAGE);
	expect_errno(unlink("area"), EPERM);
	expect_errno(rename("area", "other"), EPERM);
	expect_errno(rename("victim", "area"), EPERM);
	expect_eq(fstat(fd, &st), 0);
	expect_eq(st.st_size, FILE_SIZE + 1);
	expect_eq(chmod("area", 0640), 0);
	expect_eq(chmod("area", 0600), 0);
	expect_eq(read(fd, &byte, 1), 1);
	close(fd);
	expect(umount("/mnt") < 0 && errno == EBUSY);
}

static void free_afterwards(void)
{
	int fd = open("area", O_RDWR);
	char byte = 1;

	expect_eq(write(fd, &byte, 1), 1);
	expect_eq(ftruncate(fd, 8192), 0);
	close(fd);
	expect_eq(rename("area", "other"), 0);
	expect_eq(unlink("other"), 0);
}

static void refused(void)
{
	char path[64];
	int fd;

	make_file("area", SWAP_PAGE);
	expect_errno(swapon("area", 0), EINVAL);
	/* Nobody could take its name away any more. */
	make_file("area", 0);
	fd = open("area", O_RDWR);
	must(fd >= 0 && unlink("area") == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	expect_errno(swapon(path, 0), ENOENT);
	close(fd);
	expect_eq(mknod("fifo", S_IFIFO | 0600, 0), 0);
	expect_errno(swapon("fifo", 0), EINVAL);
	unlink("fifo");
}

/* How many lines /proc/swaps has but for the first. */
static int areas(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[512];
	int n = -1;

	must(f);
	while (fgets(line, sizeof(line), f))
		n++;
	fclose(f);
	return n;
}

/* 32 areas at most, of which Linux keeps some for other uses. */
static void many(void)
{
	struct swap_head h = swap_head(3);
	static char zeros[4 * SWAP_PAGE];
	char name[16];
	int n, fd, before = areas();

	for (n = 0; ; n++) {
		snprintf(name, sizeof(name), "small%d", n);
		fd = open(name, O_RDWR | O_CREAT, 0600);
		must(fd >= 0 && write(fd, zeros, sizeof(zeros)) == sizeof(zeros));
		must(pwrite(fd, &h, sizeof(h), 0) == sizeof(h) && fsync(fd) == 0);
		close(fd);
		if (n == 40 || swapon(name, 0))
			break;
	}
	expect_eq(errno, EPERM);
	expect_eq(areas(), before + n);
	expect(before + n == 32 || (before + n > 20 && before + n < 32 && access("/proc/pageclass", R_OK)));
	must(unlink(name) == 0);
	/* One goes, another may come. */
	expect_eq(swapoff("small5"), 0);
	expect_eq(swapon("small5", 0), 0);
	while (n--) {
		snprintf(name, sizeof(name), "small%d", n);
		expect_eq(swapoff(name), 0);
		must(unlink(name) == 0);
	}
	expect_eq(areas(), before);
}

static void on_ext2(unsigned int block_size)
{
	char type[32] = "";
	long size = -1, used = -1;
	char *map[2];
	int prio = 0;

	test_mke2fs(disk, block_size, 8192);
	test_mount(disk, "/mnt", "");
	must(chdir("/mnt") == 0);
	make_file("area", 0);
	make_file("victim", 0);
	map_early(map);
	must(swapon("area", SWAP_FLAG_PREFER | 3) == 0);
	expect(swap_line("/mnt/area", type, &size, &used, &prio));
	expect(!strcmp(type, "file"));
	/* Linux wants each page to begin at a multiple of a page. */
	if (block_size == SWAP_PAGE)
		expect_eq(size, LAST * 4);
	else
		expect(size > (long)LAST * 4 * 9 / 10 && size <= (long)LAST * 4);
	expect_eq(used, 0);
	expect_eq(prio, 3);
	protected_while_on();
	early_mappings(map);
	expect_eq(swapoff("/mnt/area"), 0);
	expect_eq(try_write(map[0] + SWAP_PAGE, 0), 0);
	munmap(map[0], FILE_SIZE);
	munmap(map[1], FILE_SIZE);
	expect(!swap_line("/mnt/area", type, &size, &used, &prio));
	free_afterwards();
	refused();
	if (block_size == SWAP_PAGE)
		many();
	must(chdir("/") == 0);
	must(umount("/mnt") == 0);
}

/* A file in memory lies nowhere. */
static void on_tmpfs(void)
{
	must(mount("none", "/mnt", "tmpfs", 0, "") == 0);
	must(chdir("/mnt") == 0);
	make_file("area", 0);
	expect_errno(swapon("area", 0), EINVAL);
	must(unlink("area") == 0 && chdir("/") == 0);
	must(umount("/mnt") == 0);
}

int main(void)
{
	if (geteuid())
		skip("only root may swapon");
	disk = test_disk();
	mm_catch();
	mkdir("/mnt", 0755);
	on_ext2(4096);
	on_ext2(1024);
	on_tmpfs();
	return test_result();
}
