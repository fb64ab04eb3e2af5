/*
 * fs_mounts - mounts that show a part, move, go while they are used, and become read-only.
 *
 * Proves: a bind mount is the same file system at another place, read-only on its own if wanted;
 * a recursive one takes along what is mounted below; /proc/self/mountinfo tells which directory
 * each shows; MS_MOVE; umount -l hides at once and lasts until the last user; remount is refused
 * while somebody writes; pivot_root exchanges roots; every refusal has Linux's errno.
 * calls: mount umount pivot_root
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "test.h"

static char here[PATH_MAX];

static int exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	expect(fd >= 0);
	close(fd);
}

/* The fields of the mount on here/NAME: which directory it shows, options, type. => found */
static int mountinfo(const char *name, char *root, char *options, char *type)
{
	char line[4096], place[1024], wanted[PATH_MAX + 64];
	FILE *file = fopen("/proc/self/mountinfo", "r");
	int found = 0;

	if (!file)
		return 0;
	snprintf(wanted, sizeof(wanted), "%s/%s", here, name);
	while (fgets(line, sizeof(line), file)) {
		const char *dash = strstr(line, " - ");

		if (sscanf(line, "%*d %*d %*s %1023s %1023s %1023s", root, place, options) == 3 &&
		    !strcmp(place, wanted) && dash && sscanf(dash, " - %1023s", type) == 1)
			found = 1;
	}
	fclose(file);
	return found;
}

static void test_bind(void)
{
	char root[1024], options[1024], type[1024];
	struct stat a, b;

	must(mkdir("t", 0755) == 0 && mkdir("b", 0755) == 0);
	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	must(mkdir("t/dir", 0755) == 0 && mkdir("t/dir/sub dir", 0755) == 0);
	expect_eq(mount("t/dir", "b", NULL, MS_BIND, NULL), 0);
	make("t/dir/file");
	must(stat("t/dir/file", &a) == 0 && stat("b/file", &b) == 0);
	expect(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	expect(mountinfo("b", root, options, type));
	expect(!strcmp(root, "/dir") && !strcmp(type, "tmpfs"));
	expect(!strncmp(options, "rw", 2));
	/* Names do not cross mounts, even of one file system. */
	expect_errno(link("t/dir/file", "b/link"), EXDEV);
	expect_errno(rename("t/dir/file", "b/other"), EXDEV);
	expect_eq(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	expect_errno(open("b/new", O_WRONLY | O_CREAT, 0600), EROFS);
	make("t/dir/new");
	expect(exists("b/new"));
	expect(mountinfo("b", root, options, type) && !strncmp(options, "ro", 2));
	expect_errno(rmdir("t/dir/sub dir/none"), ENOENT);
	expect_eq(umount("b"), 0);
	/* A space in a path is \040. */
	expect_eq(mount("t/dir/sub dir", "b", NULL, MS_BIND, NULL), 0);
	expect(mountinfo("b", root, options, type) && !strcmp(root, "/dir/sub\\040dir"));
	expect_eq(umount("b"), 0);
	make("plain");
	expect_errno(mount("plain", "b", NULL, MS_BIND, NULL), ENOTDIR);
	expect_errno(mount("none-such", "b", NULL, MS_BIND, NULL), ENOENT);
	expect_errno(mount(NULL, "b", NULL, MS_BIND, NULL), EINVAL);
	expect_errno(mount(NULL, "b", NULL, MS_REMOUNT, NULL), EINVAL);	/* not a mount */
	make("t/over");
	expect_eq(mount("plain", "t/over", NULL, MS_BIND, NULL), 0);	/* a file over a file */
	expect_errno(unlink("t/over"), EBUSY);
	expect_eq(umount("t/over"), 0);
	expect_eq(umount("t"), 0);
}

static void test_recursive(void)
{
	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	must(mkdir("t/a", 0755) == 0 && mkdir("t/b", 0755) == 0);
	must(mount("none", "t/a", "tmpfs", 0, NULL) == 0);
	must(mkdir("t/a/deep", 0755) == 0);
	must(mount("none", "t/a/deep", "tmpfs", 0, NULL) == 0);
	make("t/a/deep/file");
	expect_eq(mount("t", "b", NULL, MS_BIND, NULL), 0);
	expect(!exists("b/a/deep"));
	expect_eq(umount("b"), 0);
	expect_eq(mount("t", "b", NULL, MS_BIND | MS_REC, NULL), 0);
	expect(exists("b/a/deep/file"));
	/* Into itself: the copy is not copied again. */
	expect_eq(mount("t", "t/b", NULL, MS_BIND | MS_REC, NULL), 0);
	expect(exists("t/b/a/deep/file") && !exists("t/b/b/a"));
	expect_errno(umount("b"), EBUSY);
	expect_eq(umount2("b", MNT_DETACH), 0);
	expect(!exists("b/a") && exists("t/a/deep/file"));
	expect_eq(umount2("t", MNT_DETACH), 0);
	expect(!exists("t/a"));
}

static void test_move(void)
{
	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	must(mkdir("t/in", 0755) == 0);
	make("t/file");
	expect_errno(mount("t/in", "b", NULL, MS_MOVE, NULL), EINVAL);	/* not a mount */
	expect_errno(mount("t", "t/in", NULL, MS_MOVE, NULL), ELOOP);
	expect_errno(mount("t", "plain", NULL, MS_MOVE, NULL), EINVAL);
	must(mount("none", "t/in", "tmpfs", 0, NULL) == 0);
	make("t/in/inner");
	if (mount("t", "b", NULL, MS_MOVE, NULL)) {
		/* On a desktop the mount above is shared: those do not move. */
		expect_eq(errno, EINVAL);
		expect_eq(umount("t/in"), 0);
		expect_eq(umount("t"), 0);
		return;
	}
	expect(!exists("t/file") && exists("b/file") && exists("b/in/inner"));
	expect_eq(umount("b/in"), 0);
	expect_eq(umount("b"), 0);
	expect_errno(umount("b"), EINVAL);
}

static void test_detach(void)
{
	char text[8], *map;
	int fd;

	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	fd = open("t/file", O_RDWR | O_CREAT, 0644);
	must(fd >= 0 && write(fd, "abc", 3) == 3);
	expect_errno(umount("t"), EBUSY);
	expect_eq(umount2("t", MNT_DETACH), 0);
	expect(!exists("t/file"));
	expect_errno(umount("t"), EINVAL);
	expect_eq(pread(fd, text, 3, 0), 3);
	expect_eq(write(fd, "def", 3), 3);
	close(fd);
	/* A mapping is a user, too. */
	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	fd = open("t/file", O_RDWR | O_CREAT, 0644);
	must(fd >= 0 && write(fd, "abc", 3) == 3);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	close(fd);
	expect_errno(umount("t"), EBUSY);
	expect_eq(umount2("t", MNT_DETACH), 0);
	expect(!memcmp(map, "abc", 3));
	map[0] = 'x';
	expect_eq(munmap(map, 4096), 0);
	/* A directory one stands in: nothing is above it any more. */
	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	must(chdir("t") == 0);
	make("inside");
	expect_eq(umount2(".", MNT_DETACH), 0);
	expect(exists("inside"));
	must(chdir(here) == 0);
	expect_errno(umount2("t", MNT_DETACH | MNT_EXPIRE), EINVAL);
	expect_errno(umount2("none", MNT_DETACH), ENOENT);
}

static void test_remount(void)
{
	char root[1024], options[1024], type[1024];
	struct statfs st;
	int fd;

	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	fd = open("t/file", O_WRONLY | O_CREAT, 0644);
	must(fd >= 0);
	expect_errno(mount(NULL, "t", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	expect_errno(mount(NULL, "t", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), EBUSY);
	expect_eq(write(fd, "x", 1), 1);
	make("t/other");
	close(fd);
	fd = open("t/file", O_RDONLY);
	must(fd >= 0);
	/* Without a name, but in use: to give it back will be a change. */
	expect_eq(unlink("t/file"), 0);
	expect_errno(mount(NULL, "t", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	close(fd);
	expect_eq(mount(NULL, "t", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	expect_errno(unlink("t/other"), EROFS);
	expect_errno(open("t/other", O_RDWR), EROFS);
	expect_errno(open("t/other", O_RDONLY | O_TRUNC), EROFS);
	expect_errno(rename("t/other", "t/x"), EROFS);
	expect_eq(mount(NULL, "t", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), 0);
	expect(mountinfo("t", root, options, type));
	expect(!strcmp(options, "rw,nosuid,nodev,noexec,relatime"));
	must(statfs("t", &st) == 0);
	expect_eq(st.f_flags & ~0x20, 0x1000 | 2 | 4 | 8);
	expect_eq(unlink("t/other"), 0);
	expect_errno(mount(NULL, "t/none", NULL, MS_REMOUNT, NULL), ENOENT);
	expect_eq(umount("t"), 0);
}

/* In a child, that makes a mount its root first. => its exit status */
static int pivot(void)
{
	must(mount("none", "t", "tmpfs", 0, NULL) == 0);
	must(mkdir("t/new", 0755) == 0);
	make("t/first");
	must(mount("none", "t/new", "tmpfs", 0, NULL) == 0);
	make("t/new/second");
	must(mkdir("t/new/old", 0755) == 0 && mkdir("t/dir", 0755) == 0);
	must(chdir("t") == 0 && chroot(".") == 0);
	expect_errno(syscall(SYS_pivot_root, "new", "new/none"), ENOENT);
	expect_errno(syscall(SYS_pivot_root, "new", "new/second"), ENOTDIR);
	expect_errno(syscall(SYS_pivot_root, "new", "dir"), EBUSY);
	expect_errno(syscall(SYS_pivot_root, "dir", "new/old"), EBUSY);
	expect_errno(syscall(SYS_pivot_root, "new", BAD_PTR), EFAULT);
	expect_eq(syscall(SYS_pivot_root, "new", "new/old"), 0);
	/* Root and directory of who stood at the old root are the new one. */
	expect(exists("second") && exists("/second") && exists("/old/first"));
	expect(!exists("/old/new/second"));
	expect_eq(umount2("/old", MNT_DETACH), 0);
	expect(!exists("/old/first"));
	return test_result();
}

static void test_pivot(void)
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0)
		_exit(pivot());
	must(waitpid(pid, &status, 0) == pid);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* What is left of it hangs where its first root hung. */
	expect(exists("t/second"));
	expect_eq(umount("t"), 0);
}

int main(void)
{
	test_tmpdir();
	must(getcwd(here, sizeof(here)));
	must(mkdir("m", 0755) == 0);
	if (mount("none", "m", "tmpfs", 0, NULL) && (errno == EPERM || errno == EACCES))
		skip("may not mount here");
	expect_eq(umount("m"), 0);
	test_bind();
	test_recursive();
	test_move();
	test_detach();
	test_remount();
	test_pivot();
	return test_result();
}
