/*
 * fs_mount - mounting file systems in memory.
 *
 * Proves: what is mounted covers, and uncovers again; a mount in use stays; read-only mounts
 * refuse to change; ".." leaves a mount by where it hangs; links do not cross.
 * calls: mount umount oldumount
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test.h"

static int exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	expect(fd >= 0);
	expect_eq(write(fd, name, 1), 1);
	close(fd);
}

int main(void)
{
	struct stat outer, inner;
	char cwd[PATH_MAX];
	int fd, ends[2];

	test_tmpdir();
	must(mkdir("m", 0755) == 0);
	make("m/under");
	if (mount("none", "m", "tmpfs", 0, "mode=700") && (errno == EPERM || errno == EACCES))
		skip("may not mount here");
	expect(!exists("m/under"));
	must(stat(".", &outer) == 0 && stat("m", &inner) == 0);
	expect(outer.st_dev != inner.st_dev);
	expect_eq(inner.st_mode & 07777, 0700);
	make("m/over");
	expect_errno(link("m/over", "here"), EXDEV);
	expect_errno(rename("m/over", "here"), EXDEV);
	expect_errno(rmdir("m"), EBUSY);
	expect(exists("m/../m/over"));
	expect_eq(chdir("m"), 0);
	must(getcwd(cwd, sizeof(cwd)));
	expect(strlen(cwd) > 2 && !strcmp(cwd + strlen(cwd) - 2, "/m"));
	expect_eq(chdir(".."), 0);
	fd = open("m/over", O_RDONLY);
	expect_errno(umount("m"), EBUSY);
	close(fd);
	/* One over another. */
	expect_eq(mount("none", "m", "ramfs", 0, NULL), 0);
	expect(!exists("m/over"));
	expect_eq(umount("m"), 0);
	expect(exists("m/over"));
	expect_eq(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	expect_errno(open("m/new", O_WRONLY | O_CREAT, 0600), EROFS);
	expect_errno(unlink("m/over"), EROFS);
	expect_errno(chmod("m/over", 0600), EROFS);
	expect_errno(open("m/over", O_WRONLY), EROFS);
	expect_errno(truncate("m/over", 0), EROFS);
	expect_errno(access("m/over", W_OK), EROFS);
	expect_errno(mkdir("m/d", 0700), EROFS);
	expect_eq(syscall(SYS_umount, "m"), 0);
	expect(exists("m/under"));
	expect_errno(umount2("m", 0), EINVAL);
	expect_errno(mount("none", "m", "nosuchfs", 0, NULL), ENODEV);
	expect_errno(mount("none", "none", "tmpfs", 0, NULL), ENOENT);
	expect_errno(mount("none", "m/under", "tmpfs", 0, NULL), ENOTDIR);
	expect_errno(mount("none", BAD_PTR, "tmpfs", 0, NULL), EFAULT);
	/* A pipe has a path, but in no tree. */
	must(pipe(ends) == 0);
	sprintf(cwd, "/proc/self/fd/%d", ends[0]);
	expect_errno(mount("none", cwd, "tmpfs", 0, NULL), EINVAL);
	expect_errno(mount("m/under", cwd, NULL, MS_BIND, NULL), EINVAL);
	expect_errno(umount2("m", 0x1000), EINVAL);
	return test_result();
}
