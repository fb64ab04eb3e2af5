/*
 * tests/user/fs_tmpfs.c - tmpfs and its limits: pages and inodes counted to the last one by write,
 * by stores and by fallocate; what statfs says; options at mount and at remount.
 * calls: mount umount statfs64 fallocate
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <tests/user/test.h>

#define PAGE	4096
static char page[PAGE];

static void mount_with(const char *options)
{
	if (mount("none", "m", "tmpfs", 0, options) && (errno == EPERM || errno == EACCES))
		skip("may not mount here");
	must(chdir("m") == 0);
}

static void unmount(void)
{
	must(chdir("..") == 0);
	expect_eq(umount("m"), 0);
}

static void expect_free(long blocks, long files)
{
	struct statfs st;

	must(statfs(".", &st) == 0);
	expect_eq(st.f_type, 0x01021994);
	expect_eq(st.f_bsize, PAGE);
	expect_eq(st.f_namelen, 255);
	expect_eq(st.f_bfree, blocks);
	expect_eq(st.f_bavail, blocks);
	expect_eq(st.f_ffree, files);
}

static int make(const char *name)
{
	return open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
}

/* ---- pages ---------------------------------------------------------------------------------- */

static sigjmp_buf again;

static void on_sigbus(int sig)
{
	siglongjmp(again, 1);
}

/* => the store went through */
static int store(volatile char *at)
{
	if (sigsetjmp(again, 1))
		return 0;
	*at = 1;
	return 1;
}

static void stores(int fd)
{
	struct sigaction sa = { .sa_handler = on_sigbus };
	char *map;

	sigaction(SIGBUS, &sa, NULL);
	must(ftruncate(fd, 20 * PAGE) == 0);
	map = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	for (int i = 0; i < 8; i++)
		expect_eq(store(map + i * PAGE), 1);
	expect_free(0, 6);
	expect_eq(store(map + 9 * PAGE), 0);
	expect_eq(store(map + 7 * PAGE), 1);
	expect_eq(madvise(map + 2 * PAGE, 2 * PAGE, MADV_REMOVE), 0);
	expect_free(2, 6);
	expect_eq(store(map + 9 * PAGE), 1);
	expect_free(1, 6);
	/* Cutting the file gives back what the mapping still covers. */
	must(ftruncate(fd, 1) == 0);
	expect_free(7, 6);
	munmap(map, 20 * PAGE);
}

static void pages(void)
{
	static char big[16 * PAGE];
	int a, b;

	mount_with("size=32k,nr_inodes=8");
	expect_free(8, 7);
	a = make("a");
	must(a >= 0);
	expect_free(8, 6);
	/* A hole takes nothing; the page in which a byte lies does. */
	expect_eq(pwrite(a, "x", 1, 100 * PAGE), 1);
	expect_free(7, 6);
	expect_eq(pread(a, page, PAGE, 0), PAGE);
	expect_free(7, 6);
	expect_eq(ftruncate(a, 0), 0);
	expect_free(8, 6);
	/* As much as there is. */
	expect_eq(pwrite(a, big, sizeof(big), 10), 8 * PAGE - 10);
	expect_free(0, 6);
	expect_errno(pwrite(a, "x", 1, 8 * PAGE), ENOSPC);
	expect_eq(pwrite(a, "x", 1, 8 * PAGE - 1), 1);
	expect_eq(lseek(a, 0, SEEK_END), 8 * PAGE);
	b = make("b");
	must(b >= 0);
	expect_errno(write(b, "x", 1), ENOSPC);
	expect_eq(lseek(b, 0, SEEK_END), 0);
	expect_eq(ftruncate(a, 7 * PAGE), 0);
	expect_eq(write(b, page, PAGE), PAGE);
	/* An unlinked file keeps its pages while it is open. */
	expect_eq(unlink("a"), 0);
	expect_free(0, 5);
	close(a);
	expect_free(7, 6);
	stores(b);
	close(b);
	unmount();
}

/* ---- inodes --------------------------------------------------------------------------------- */

static void inodes(void)
{
	int fd;

	mount_with("nr_inodes=5,size=1m");
	expect_free(256, 4);
	expect_eq(mkdir("d", 0700), 0);
	expect_eq(symlink("x", "s"), 0);
	fd = make("f");
	must(fd >= 0);
	expect_free(256, 1);
	/* A second name is as good as an inode. */
	expect_eq(link("f", "d/f"), 0);
	expect_free(256, 0);
	expect_errno(make("g"), ENOSPC);
	expect_errno(mkdir("g", 0700), ENOSPC);
	expect_errno(symlink("x", "g"), ENOSPC);
	expect_errno(mknod("g", S_IFIFO | 0600, 0), ENOSPC);
	expect_errno(link("f", "g"), ENOSPC);
	expect_eq(rename("f", "s"), 0);
	expect_free(256, 1);
	expect_eq(unlink("d/f"), 0);
	expect_free(256, 2);
	expect_eq(unlink("s"), 0);
	expect_free(256, 2);
	close(fd);
	expect_free(256, 3);
	expect_eq(rmdir("d"), 0);
	expect_free(256, 4);
	unmount();
}

/* ---- fallocate ------------------------------------------------------------------------------ */

static void expect_size(int fd, off_t size, long blocks)
{
	struct stat st;

	must(fstat(fd, &st) == 0);
	expect_eq(st.st_size, size);
	expect_eq(st.st_blocks, blocks * (PAGE / 512));
}

static void allocation(void)
{
	int fd;

	mount_with("size=40k,nr_inodes=4");
	fd = make("f");
	must(fd >= 0);
	expect_eq(fallocate(fd, FALLOC_FL_KEEP_SIZE, PAGE + 1, 2 * PAGE), 0);
	expect_size(fd, 0, 3);
	expect_free(7, 2);
	expect_eq(fallocate(fd, 0, 0, PAGE), 0);
	expect_size(fd, PAGE, 4);
	/* All or nothing; and what was there stays. */
	expect_errno(fallocate(fd, 0, 2 * PAGE, 9 * PAGE), ENOSPC);
	expect_size(fd, PAGE, 4);
	expect_errno(fallocate(fd, 0, 0, 100 * PAGE), ENOSPC);
	expect_free(6, 2);
	/* What is set aside reads as zeros, and is there when all else is full. */
	expect_eq(pread(fd, page, PAGE, 0), PAGE);
	expect_eq(page[0] | page[PAGE - 1], 0);
	expect_eq(fallocate(fd, 0, 4 * PAGE, 6 * PAGE), 0);
	expect_free(0, 2);
	expect_errno(pwrite(fd, "x", 1, 10 * PAGE), ENOSPC);
	memset(page, 'x', PAGE);
	for (int i = 0; i < 10; i++)
		expect_eq(pwrite(fd, page, PAGE, i * PAGE), PAGE);
	/* Holes: whole pages go, parts become zeros. */
	expect_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE / 2, 3 * PAGE), 0);
	expect_size(fd, 10 * PAGE, 8);
	expect_eq(pread(fd, page, PAGE, 0), PAGE);
	expect(page[PAGE / 2 - 1] == 'x' && page[PAGE / 2] == 0 && page[PAGE - 1] == 0);
	expect_eq(pread(fd, page, PAGE, 3 * PAGE), PAGE);
	expect(page[PAGE / 2 - 1] == 0 && page[PAGE / 2] == 'x' && page[PAGE - 1] == 'x');
	expect_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 9 * PAGE, 9 * PAGE), 0);
	expect_size(fd, 10 * PAGE, 7);
	expect_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5 * PAGE + 1, 2), 0);
	expect_eq(pread(fd, page, PAGE, 5 * PAGE), PAGE);
	expect(page[0] == 'x' && !page[1] && !page[2] && page[3] == 'x');
	expect_size(fd, 10 * PAGE, 7);
	close(fd);
	unmount();
}

/* Where there is data: what was written, not what was only set aside. */
static void data_and_holes(void)
{
	int fd;

	mount_with("size=1m");
	fd = make("f");
	must(fd >= 0);
	expect_errno(lseek(fd, 0, SEEK_DATA), ENXIO);
	expect_eq(pwrite(fd, "x", 1, 3 * PAGE + 7), 1);
	expect_eq(pwrite(fd, "x", 1, 6 * PAGE), 1);
	expect_eq(fallocate(fd, 0, 8 * PAGE, PAGE), 0);
	expect_eq(lseek(fd, 0, SEEK_HOLE), 0);
	expect_eq(lseek(fd, 0, SEEK_DATA), 3 * PAGE);
	expect_eq(lseek(fd, 3 * PAGE + 9, SEEK_DATA), 3 * PAGE + 9);
	expect_eq(lseek(fd, 3 * PAGE + 9, SEEK_HOLE), 4 * PAGE);
	expect_eq(lseek(fd, 5 * PAGE, SEEK_DATA), 6 * PAGE);
	expect_eq(lseek(fd, 6 * PAGE, SEEK_HOLE), 7 * PAGE);
	expect_errno(lseek(fd, 7 * PAGE, SEEK_DATA), ENXIO);
	expect_errno(lseek(fd, 9 * PAGE, SEEK_HOLE), ENXIO);
	expect_eq(pwrite(fd, "x", 1, 8 * PAGE), 1);
	expect_eq(lseek(fd, 7 * PAGE, SEEK_DATA), 8 * PAGE);
	expect_eq(lseek(fd, 8 * PAGE + 1, SEEK_HOLE), 9 * PAGE);
	close(fd);
	unmount();
}

/* ---- options -------------------------------------------------------------------------------- */

static int remount(const char *options)
{
	return mount(NULL, ".", NULL, MS_REMOUNT, options);
}

/* Does our line of /proc/mounts say so? */
static int shown(const char *words)
{
	char line[512];
	FILE *f = fopen("/proc/mounts", "r");
	int found = 0;

	must(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, test_dir_name) && strstr(line, " tmpfs ") &&
			 strstr(line, words);
	fclose(f);
	return found;
}

static void options(void)
{
	static const char *const bad[] = {
		"size=x", "size", "nr_inodes=", "nonsense", "nonsense=1", "mode=9", "uid=x",
		"size=5z", "size=10%x",
	};
	struct stat st;
	struct statfs fs;
	int fd;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_errno(mount("none", "m", "tmpfs", 0, bad[i]), EINVAL);
	mount_with("size=100k,nr_inodes=20,mode=750,uid=7,gid=8");
	must(stat(".", &st) == 0);
	expect_eq(st.st_mode, S_IFDIR | 0750);
	expect_eq(st.st_uid, 7);
	expect_eq(st.st_gid, 8);
	expect(shown("size=100k,nr_inodes=20,mode=750,uid=7,gid=8"));
	fd = make("f");
	must(fd >= 0 && pwrite(fd, page, PAGE, 0) == PAGE && pwrite(fd, page, PAGE, PAGE) == PAGE);
	/* Not below what is in use, nor from nothing. */
	expect_errno(remount("size=4k"), EINVAL);
	expect_errno(remount("nr_inodes=1"), EINVAL);
	expect_errno(remount("size=x"), EINVAL);
	expect_free(23, 18);
	expect_eq(remount("size=8k"), 0);
	expect_free(0, 18);
	expect_errno(pwrite(fd, "x", 1, 2 * PAGE), ENOSPC);
	expect_eq(remount("nr_blocks=3"), 0);
	expect_eq(pwrite(fd, "x", 1, 2 * PAGE), 1);
	expect_eq(remount("nr_inodes=2"), 0);
	expect_free(0, 0);
	expect(shown("size=12k,nr_inodes=2,mode=750"));
	expect_eq(remount("size=0"), 0);
	expect_eq(pwrite(fd, page, PAGE, 3 * PAGE), PAGE);
	must(statfs(".", &fs) == 0);
	expect_eq(fs.f_blocks, 0);
	expect_errno(remount("size=1m"), EINVAL);
	close(fd);
	unmount();
	/* Half of memory, if nothing is said; a share of it, if that is said. */
	mount_with(NULL);
	must(statfs(".", &fs) == 0);
	expect(fs.f_blocks > 100 && fs.f_bfree == fs.f_blocks && fs.f_files > 100);
	expect(!shown("size="));
	expect_eq(remount("size=25%"), 0);
	expect(shown("size="));
	must(statfs(".", &fs) == 0);
	expect(fs.f_blocks > 50);
	unmount();
}

int main(void)
{
	test_tmpdir();
	must(mkdir("m", 0755) == 0);
	pages();
	inodes();
	allocation();
	data_and_holes();
	options();
	return test_result();
}
