/*
 * fs_stat - what stat and its kin tell, and changing it.
 *
 * Proves: all generations of stat agree; owner, times and sizes are what was set; the 16-bit
 * and 32-bit layouts are where programs expect them; statfs knows the file system.
 * calls: stat lstat fstat newstat newlstat newfstat stat64 lstat64 fstat64 fstatat64 statx
 * calls: statfs fstatfs statfs64 fstatfs64 chown lchown fchown fchownat chown16 lchown16 fchown16
 * calls: utime utimes futimesat utimensat utimensat_time64
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <time.h>
#include <utime.h>

#include "test.h"

/* The kernel's own layouts, as i386 has them. */
struct stat32_raw {
	unsigned int dev, ino;
	unsigned short mode, nlink, uid, gid;
	unsigned int rdev, size, blksize, blocks, atime, ansec, mtime, mnsec, ctime, cnsec, u4, u5;
};
struct stat64_raw {
	unsigned long long dev;
	unsigned char pad0[4];
	unsigned int ino32, mode, nlink, uid, gid;
	unsigned long long rdev;
	unsigned char pad3[4];
	long long size;
	unsigned int blksize;
	unsigned long long blocks;
	unsigned int atime, ansec, mtime, mnsec, ctime, cnsec;
	unsigned long long ino;
} __attribute__((packed));

static void test_layouts(int fd)
{
	struct stat32_raw s32;
	struct stat64_raw s64;
	struct statx sx;
	struct stat st;

	must(stat("f", &st) == 0);
	expect_eq(st.st_size, 5);
	expect(S_ISREG(st.st_mode));
	expect_eq(st.st_nlink, 1);
	if (syscall(SYS_stat, "f", &s32) == 0) {	/* EOVERFLOW where inodes are large */
		expect_eq(s32.size, 5);
		expect_eq(s32.mode, st.st_mode);
		expect_eq(s32.mtime, st.st_mtime);
		expect_eq(syscall(SYS_fstat, fd, &s32), 0);
		expect_eq(syscall(SYS_lstat, "l", &s32), 0);
		expect(S_ISLNK(s32.mode));
	}
	memset(&s64, 0xee, sizeof(s64));
	expect_eq(syscall(SYS_stat64, "f", &s64), 0);
	expect_eq(s64.size, 5);
	expect_eq(s64.mode, st.st_mode);
	expect_eq(s64.ino, st.st_ino);
	expect_eq(s64.uid, st.st_uid);
	expect_eq(s64.mtime, st.st_mtime);
	expect_eq(s64.mnsec, st.st_mtim.tv_nsec);
	expect_eq(s64.blocks, st.st_blocks);
	expect_eq(syscall(SYS_lstat64, "l", &s64), 0);
	expect(S_ISLNK(s64.mode));
	expect_eq(s64.size, 1);
	expect_eq(syscall(SYS_fstat64, fd, &s64), 0);
	expect_eq(s64.size, 5);
	expect_eq(syscall(SYS_fstatat64, AT_FDCWD, "l", &s64, AT_SYMLINK_NOFOLLOW), 0);
	expect(S_ISLNK(s64.mode));
	expect_eq(syscall(SYS_fstatat64, fd, "", &s64, AT_EMPTY_PATH), 0);
	expect_errno(syscall(SYS_fstatat64, AT_FDCWD, "f", &s64, 0x8000), EINVAL);
	expect_errno(syscall(SYS_fstatat64, AT_FDCWD, "", &s64, 0), ENOENT);
	expect_eq(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx), 0);
	expect_eq(sx.stx_size, 5);
	expect_eq(sx.stx_ino, st.st_ino);
	expect_eq(sx.stx_mode, st.st_mode);
	expect_eq(makedev(sx.stx_dev_major, sx.stx_dev_minor), st.st_dev);
	expect_eq(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx), 0);
	expect_errno(statx(AT_FDCWD, "f", 0x100000, 0, &sx), EINVAL);
	expect_errno(statx(AT_FDCWD, "none", 0, 0, &sx), ENOENT);
	expect_errno(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x7ff, BAD_PTR), EFAULT);
	expect_errno(syscall(SYS_stat64, "f", BAD_PTR), EFAULT);
	expect_errno(syscall(SYS_stat64, BAD_PTR, &s64), EFAULT);
	expect_errno(syscall(SYS_fstat64, 99, &s64), EBADF);
	expect_errno(stat("f/x", &st), ENOTDIR);
}

/* Number 18 and 28: 16-bit fields. Newer kernels than ours may lack them. */
static void test_oldest(int fd)
{
	struct {
		unsigned short dev, ino, mode, nlink, uid, gid, rdev;
		unsigned int size, at, mt, ct;
	} old;

	if (syscall(__NR_oldstat, "f", &old) == 0)
		expect_eq(old.size, 5);
	if (syscall(__NR_oldlstat, "l", &old) == 0)
		expect(S_ISLNK(old.mode));
	if (syscall(__NR_oldfstat, fd, &old) == 0)
		expect_eq(old.size, 5);
}

static void test_owner(int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return;
	expect_eq(syscall(SYS_chown32, "f", 70000, 70001), 0);
	must(stat("f", &st) == 0);
	expect_eq(st.st_uid, 70000);
	expect_eq(st.st_gid, 70001);
	expect_eq(fchown(fd, (uid_t)-1, 5), 0);
	must(stat("f", &st) == 0);
	expect_eq(st.st_uid, 70000);
	expect_eq(st.st_gid, 5);
	expect_eq(lchown("l", 9, 9), 0);
	must(lstat("l", &st) == 0);
	expect_eq(st.st_uid, 9);
	expect_eq(fchownat(AT_FDCWD, "l", 8, 8, AT_SYMLINK_NOFOLLOW), 0);
	must(stat("f", &st) == 0);
	expect_eq(st.st_uid, 70000);
	expect_eq(syscall(SYS_chown, "f", 0xffff, 3), 0);	/* 16 bits: -1 */
	expect_eq(syscall(SYS_fchown, fd, 2, 0xffff), 0);
	expect_eq(syscall(SYS_lchown, "l", 4, 4), 0);
	must(stat("f", &st) == 0);
	expect_eq(st.st_uid, 2);
	expect_eq(st.st_gid, 3);
	/* Set-user-id does not survive a change of owner. */
	expect_eq(chmod("f", 04755), 0);
	expect_eq(chown("f", 0, 0), 0);
	must(stat("f", &st) == 0);
	expect_eq(st.st_mode & 07777, 0755);
	expect_errno(fchown(99, 0, 0), EBADF);
	expect_errno(chown("none", 0, 0), ENOENT);
}

static void expect_times(int line, long atime, long mtime)
{
	struct stat st;

	must(stat("f", &st) == 0);
	if ((atime >= 0 && st.st_atime != atime) || (mtime >= 0 && st.st_mtime != mtime))
		test_fail("line %d: times %ld %ld, not %ld %ld", line, (long)st.st_atime,
			  (long)st.st_mtime, atime, mtime);
}

static void test_times(int fd)
{
	struct timespec ts[2] = { { 1000, 5 }, { 2000, 6 } };
	struct timeval tv[2] = { { 3000, 7 }, { 4000, 8 } };
	struct utimbuf ub = { 5000, 6000 };
	long long ts64[4] = { 9000, 1, 5000000000LL, 2 };
	struct statx sx;
	struct stat st;
	time_t now = time(NULL);

	expect_eq(utimensat(AT_FDCWD, "f", ts, 0), 0);
	expect_times(__LINE__, 1000, 2000);
	must(stat("f", &st) == 0);
	expect_eq(st.st_mtim.tv_nsec, 6);
	expect(st.st_ctime >= now - 2);
	expect_eq(utimes("f", tv), 0);
	expect_times(__LINE__, 3000, 4000);
	expect_eq(utime("f", &ub), 0);
	expect_times(__LINE__, 5000, 6000);
	expect_eq(syscall(SYS_utimes, "f", tv), 0);
	expect_times(__LINE__, 3000, 4000);
	expect_eq(syscall(SYS_utime, "f", &ub), 0);
	expect_times(__LINE__, 5000, 6000);
	expect_eq(syscall(SYS_futimesat, AT_FDCWD, "f", tv), 0);
	expect_times(__LINE__, 3000, 4000);
	expect_eq(syscall(SYS_utimensat, AT_FDCWD, "f", ts, 0), 0);
	expect_times(__LINE__, 1000, 2000);
	if (syscall(SYS_utimensat_time64, AT_FDCWD, "f", ts64, 0) == 0) {
		expect_eq(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx), 0);
		expect_eq(sx.stx_mtime.tv_sec, 5000000000LL);
	}
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_nsec = UTIME_NOW;
	expect_eq(utimensat(AT_FDCWD, "f", ts, 0), 0);
	must(stat("f", &st) == 0);
	expect(st.st_mtime >= now - 2 && st.st_mtime <= now + 60);
	expect_eq(futimens(fd, NULL), 0);
	ts[0].tv_nsec = 1000000000;
	expect_errno(utimensat(AT_FDCWD, "f", ts, 0), EINVAL);
	expect_errno(utimensat(AT_FDCWD, "none", NULL, 0), ENOENT);
	expect_errno(syscall(SYS_utimensat, 99, NULL, NULL, 0), EBADF);
	expect_errno(syscall(SYS_utimensat, AT_FDCWD, "f", BAD_PTR, 0), EFAULT);
	/* A write moves mtime, a read the access time. */
	ts[0] = ts[1] = (struct timespec){ 1000, 0 };
	expect_eq(utimensat(AT_FDCWD, "f", ts, 0), 0);
	expect_eq(pwrite(fd, "H", 1, 0), 1);
	must(stat("f", &st) == 0);
	expect(st.st_mtime >= now - 2);
}

static void test_statfs(int fd)
{
	struct statfs sf;
	char buf[88];

	must(statfs(".", &sf) == 0);
	expect(sf.f_bsize > 0);
	expect_eq(sf.f_namelen, 255);
	expect_eq(fstatfs(fd, &sf), 0);
	expect_eq(syscall(SYS_statfs, ".", buf), 0);
	expect_eq(syscall(SYS_fstatfs, fd, buf), 0);
	expect_eq(syscall(SYS_statfs64, ".", 84, buf), 0);
	expect_eq(syscall(SYS_fstatfs64, fd, 84, buf), 0);
	expect_errno(syscall(SYS_statfs64, ".", 83, buf), EINVAL);
	expect_errno(syscall(SYS_statfs64, ".", 84, BAD_PTR), EFAULT);
	expect_errno(statfs("none", &sf), ENOENT);
	expect_errno(fstatfs(99, &sf), EBADF);
}

int main(void)
{
	int fd;

	test_tmpdir();
	fd = open("f", O_RDWR | O_CREAT, 0644);
	must(fd >= 0 && write(fd, "hello", 5) == 5 && symlink("f", "l") == 0);
	test_layouts(fd);
	test_oldest(fd);
	test_owner(fd);
	test_times(fd);
	test_statfs(fd);
	close(fd);
	return test_result();
}
