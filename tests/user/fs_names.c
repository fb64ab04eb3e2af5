/*
 * fs_names - making, removing, renaming and listing names.
 *
 * Proves: links count, unlinked files live while open, directories must be empty to go, the
 * table of rename's rules, "." and "..", getdents shows every name once however small the
 * buffer and while names come and go, umask, access and permissions.
 * calls: link linkat unlink unlinkat symlink symlinkat readlink readlinkat mkdir mkdirat rmdir
 * calls: mknod mknodat rename renameat renameat2 getdents getdents64 chdir fchdir getcwd chroot
 * calls: umask access faccessat faccessat2 chmod fchmod fchmodat
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "test.h"

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0);
	must(write(fd, name, strlen(name)) > 0);
	close(fd);
}

static int exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static int links(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? -1 : (int)st.st_nlink;
}

static void test_link(void)
{
	char buf[32];
	int fd;

	make("a");
	expect_eq(link("a", "b"), 0);
	expect_eq(links("a"), 2);
	expect_errno(link("a", "b"), EEXIST);
	expect_errno(link("none", "c"), ENOENT);
	expect_errno(link(".", "c"), EPERM);
	expect_eq(unlink("a"), 0);
	expect_eq(links("b"), 1);
	fd = open("b", O_RDONLY);
	expect_eq(unlink("b"), 0);
	expect(!exists("b"));
	expect_eq(read(fd, buf, 32), 1);	/* it lives while it is open */
	close(fd);
	expect_errno(unlink("b"), ENOENT);
	expect_errno(unlink("."), EISDIR);
	expect_errno(unlink("/"), EISDIR);
	expect_errno(unlink(BAD_PTR), EFAULT);
	make("f");
	expect_errno(unlink("f/"), ENOTDIR);
	expect_eq(linkat(AT_FDCWD, "f", AT_FDCWD, "g", 0), 0);
	expect_eq(unlinkat(AT_FDCWD, "g", 0), 0);
	expect_errno(unlinkat(AT_FDCWD, "f", 0x4000), EINVAL);
	expect_errno(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR), ENOTDIR);
	expect_eq(unlink("f"), 0);
}

static void test_symlink(void)
{
	char buf[PATH_MAX];

	expect_eq(symlink("some/where", "l"), 0);
	expect_errno(symlink("x", "l"), EEXIST);
	expect_errno(symlink("", "l2"), ENOENT);
	memset(buf, '#', sizeof(buf));
	expect_eq(readlink("l", buf, sizeof(buf)), 10);
	expect(!memcmp(buf, "some/where#", 11));
	expect_eq(readlink("l", buf, 4), 4);
	expect_errno(readlink("l", buf, 0), EINVAL);
	expect_errno(readlink(".", buf, 10), EINVAL);
	expect_errno(readlink("l", BAD_PTR, 10), EFAULT);
	expect_eq(symlinkat("t", AT_FDCWD, "l3"), 0);
	expect_eq(readlinkat(AT_FDCWD, "l3", buf, 10), 1);
	expect_eq(unlink("l"), 0);
	expect_eq(unlink("l3"), 0);
}

static void test_dirs(void)
{
	int before = links("."), fd;

	expect_eq(mkdir("d", 0755), 0);
	expect_eq(links("d") == 2 || links("d") == 1, 1);
	expect(links(".") == before + 1 || links(".") == 1);
	expect_errno(mkdir("d", 0755), EEXIST);
	expect_errno(mkdir("/", 0755), EEXIST);
	expect_errno(mkdir("none/d", 0755), ENOENT);
	expect_eq(mkdir("d/e/", 0755), 0);
	expect_errno(rmdir("d"), ENOTEMPTY);
	expect_errno(rmdir("d/e/."), EINVAL);
	expect_errno(rmdir("d/e/.."), ENOTEMPTY);
	expect_errno(rmdir("none"), ENOENT);
	make("d/f");
	expect_errno(rmdir("d/f"), ENOTDIR);
	expect_errno(mkdir("d/f/x", 0755), ENOTDIR);
	expect_eq(unlink("d/f"), 0);
	expect_eq(rmdir("d/e/"), 0);
	/* A removed directory is empty for ever. */
	fd = open("d", O_RDONLY);
	expect_eq(chdir("d"), 0);
	expect_eq(rmdir("../d"), 0);
	expect_errno(mkdir("x", 0700), ENOENT);
	expect_errno(open("x", O_RDWR | O_CREAT, 0600), ENOENT);
	expect(!getcwd((char[64]){ 0 }, 64) && errno == ENOENT);
	expect_eq(chdir(".."), 0);
	close(fd);
	expect(links(".") == before || links(".") == 1);
	expect_eq(mkdirat(AT_FDCWD, "d", 0755), 0);
	expect_eq(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), 0);
}

static void test_rename(void)
{
	make("a");
	make("b");
	expect_eq(mkdir("d", 0755), 0);
	expect_eq(mkdir("e", 0755), 0);
	make("e/in");
	expect_eq(rename("a", "b"), 0);
	expect(!exists("a") && exists("b"));
	expect_errno(rename("a", "b"), ENOENT);
	expect_errno(rename("b", "d"), EISDIR);
	expect_errno(rename("d", "b"), ENOTDIR);
	expect_errno(rename("d", "e"), ENOTEMPTY);
	expect_errno(rename("e", "e/in/x"), ENOTDIR);
	expect_errno(rename("e", "e/sub"), EINVAL);
	expect_errno(rename("e/in", "e"), ENOTEMPTY);
	expect_errno(rename("b", "c/"), ENOTDIR);
	expect_errno(rename(".", "x"), EBUSY);
	expect_eq(rename("e", "d"), 0);		/* onto an empty directory */
	expect(!exists("e") && exists("d/in"));
	expect_eq(link("b", "b2"), 0);
	expect_eq(rename("b", "b2"), 0);	/* the same file: nothing happens */
	expect(exists("b") && exists("b2"));
	expect_eq(rename("b", "d/b"), 0);
	expect_eq(mkdir("d/deep", 0755), 0);
	expect_eq(rename("d/deep", "deep/"), 0);
	expect(exists("deep"));
	expect_eq(renameat(AT_FDCWD, "deep", AT_FDCWD, "deeper"), 0);
	if (syscall(SYS_renameat2, AT_FDCWD, "b2", AT_FDCWD, "deeper", 1) < 0)
		expect_eq(errno, EEXIST);
	expect_eq(syscall(SYS_renameat2, AT_FDCWD, "b2", AT_FDCWD, "b3", 1), 0);
	expect_errno(syscall(SYS_renameat2, AT_FDCWD, "b3", AT_FDCWD, "b4", 0x100), EINVAL);
	expect_eq(unlink("d/in"), 0);
	expect_eq(unlink("d/b"), 0);
	expect_eq(unlink("b3"), 0);
	expect_eq(rmdir("deeper"), 0);
	expect_eq(rmdir("d"), 0);
}

struct dirent64_raw {
	unsigned long long ino;
	long long off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* Through a buffer of @size bytes. => names seen; each of f0..f(n-1) at most once */
static int list(const char *name, size_t size, char *seen, int n)
{
	char buf[4096] __attribute__((aligned(8)));
	int fd = open(name, O_RDONLY | O_DIRECTORY), count = 0, got, at, i;

	must(fd >= 0);
	memset(seen, 0, (size_t)n);
	while ((got = (int)syscall(SYS_getdents64, fd, buf, size)) > 0) {
		for (at = 0; at < got; ) {
			struct dirent64_raw *d = (void *)(buf + at);

			count++;
			if (sscanf(d->name, "f%d", &i) == 1 && i < n) {
				expect(!seen[i]);
				expect(d->type == DT_REG || d->type == DT_UNKNOWN);
				seen[i] = 1;
			}
			at += d->reclen;
		}
	}
	expect_eq(got, 0);
	close(fd);
	return count;
}

static void test_getdents(void)
{
	static char seen[300];
	char name[300], longname[NAME_MAX + 1], buf[512];
	DIR *dir;
	struct dirent *d;
	int i, fd, n;

	expect_eq(mkdir("many", 0755), 0);
	for (i = 0; i < 300; i++) {
		sprintf(name, "many/f%d", i);
		make(name);
	}
	expect_eq(list("many", 4096, seen, 300), 302);
	expect_eq(list("many", 32, seen, 300), 302);
	expect(!memchr(seen, 0, 300));
	/* Remove while reading: nothing is left out, nothing comes twice. */
	dir = opendir("many");
	n = 0;
	while ((d = readdir(dir))) {
		if (d->d_name[0] == 'f') {
			sprintf(name, "many/%s", d->d_name);
			expect_eq(unlink(name), 0);
			n++;
		}
	}
	expect_eq(n, 300);
	rewinddir(dir);
	for (n = 0; readdir(dir); n++)
		;
	expect_eq(n, 2);
	closedir(dir);
	memset(longname, 'L', NAME_MAX);
	longname[NAME_MAX] = 0;
	expect_eq(chdir("many"), 0);
	make(longname);
	expect_eq(chdir(".."), 0);
	fd = open("many", O_RDONLY);
	expect_errno(syscall(SYS_getdents64, fd, buf, 10), EINVAL);
	expect_errno(syscall(SYS_getdents64, fd, BAD_PTR, 4096), EFAULT);
	expect(syscall(SYS_getdents, fd, buf, sizeof(buf)) > 0);
	expect_errno(syscall(SYS_getdents64, 99, buf, 10), EBADF);
	close(fd);
	expect_eq(chdir("many"), 0);
	expect_eq(unlink(longname), 0);
	expect_eq(chdir(".."), 0);
	make("plain");
	fd = open("plain", O_RDONLY);
	expect_errno(syscall(SYS_getdents64, fd, buf, 100), ENOTDIR);
	close(fd);
	unlink("plain");
	expect_eq(rmdir("many"), 0);
}

static void test_cwd(void)
{
	char old[PATH_MAX], now[PATH_MAX];
	int fd = open(".", O_RDONLY);

	must(getcwd(old, sizeof(old)));
	expect_eq(mkdir("w", 0755), 0);
	expect_eq(chdir("w"), 0);
	must(getcwd(now, sizeof(now)));
	expect(!strncmp(now, old, strlen(old)) && !strcmp(now + strlen(old), "/w"));
	expect_errno(syscall(SYS_getcwd, now, 3), ERANGE);
	expect_errno(syscall(SYS_getcwd, BAD_PTR, 100), EFAULT);
	expect_eq(syscall(SYS_getcwd, now, sizeof(now)), strlen(now) + 1);
	expect_eq(fchdir(fd), 0);
	expect_errno(fchdir(99), EBADF);
	expect_errno(chdir("none"), ENOENT);
	make("file");
	expect_errno(chdir("file"), ENOTDIR);
	unlink("file");
	expect_eq(rmdir("w"), 0);
	close(fd);
}

static void test_chroot(void)
{
	int status;

	if (geteuid() != 0)
		return;
	expect_eq(mkdir("jail", 0755), 0);
	make("jail/inside");
	fflush(stdout);
	if (!fork()) {
		char buf[64];

		if (chroot("jail") || chdir("/"))
			_exit(errno == EPERM ? 0 : 1);
		_exit(exists("/inside") && !exists("/jail") && exists("../../inside") &&
		      getcwd(buf, 64) && !strcmp(buf, "/") ? 0 : 2);
	}
	expect(wait(&status) > 0);
	expect_eq(status, 0);
	unlink("jail/inside");
	rmdir("jail");
}

static int mode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -1 : (int)(st.st_mode & 07777);
}

static void test_modes(void)
{
	mode_t old = umask(027);
	int fd;

	expect_eq(umask(027), 027);
	fd = open("m", O_RDWR | O_CREAT, 0666);
	expect_eq(mode_of("m"), 0640);
	expect_eq(mkdir("md", 0777), 0);
	expect_eq(mode_of("md"), 0750);
	umask(old);
	expect_eq(chmod("m", 0751), 0);
	expect_eq(mode_of("m"), 0751);
	expect_eq(fchmod(fd, 0600), 0);
	expect_eq(mode_of("m"), 0600);
	expect_eq(fchmodat(AT_FDCWD, "m", 0644, 0), 0);
	expect_eq(mode_of("m"), 0644);
	expect_errno(chmod("none", 0), ENOENT);
	expect_errno(fchmod(99, 0), EBADF);
	expect_eq(access("m", F_OK), 0);
	expect_eq(access("m", R_OK | W_OK), 0);
	expect_errno(access("m", X_OK), EACCES);	/* for root, too */
	expect_errno(access("none", F_OK), ENOENT);
	expect_errno(access("m", 0x100), EINVAL);
	expect_eq(faccessat(AT_FDCWD, "m", R_OK, 0), 0);
	if (syscall(SYS_faccessat2, AT_FDCWD, "m", R_OK, AT_EACCESS) && errno != ENOSYS)
		expect_eq(errno, 0);
	close(fd);
	unlink("m");
	rmdir("md");
}

static void test_nodes(void)
{
	struct stat st;

	expect_eq(mknod("fifo", S_IFIFO | 0600, 0), 0);
	expect_eq(mknod("reg", S_IFREG | 0600, 0), 0);
	expect_errno(mknod("reg", S_IFREG | 0600, 0), EEXIST);
	expect_errno(mknod("dir", S_IFDIR | 0600, 0), EPERM);
	must(lstat("fifo", &st) == 0);
	expect(S_ISFIFO(st.st_mode));
	if (geteuid() == 0 && mknodat(AT_FDCWD, "null", S_IFCHR | 0600, makedev(1, 3)) == 0) {
		int fd = open("null", O_RDWR);

		must(lstat("null", &st) == 0);
		expect(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
		if (fd >= 0) {
			expect_eq(write(fd, "x", 1), 1);
			expect_eq(read(fd, &st, 1), 0);
			close(fd);
		}
		unlink("null");
	}
	unlink("fifo");
	unlink("reg");
}

static void test_sticky(void)
{
	int status;

	if (geteuid() != 0)
		return;
	expect_eq(mkdir("sticky", 0755), 0);
	chmod("sticky", 01777);
	chmod(".", 0755);
	make("sticky/roots");
	fflush(stdout);
	if (!fork()) {
		if (setgid(4242) || setuid(4242))
			_exit(99);
		test_failures = 0;
		expect_errno(unlink("sticky/roots"), EPERM);
		expect_errno(rename("sticky/roots", "sticky/mine"), EPERM);
		make("sticky/own");
		expect_eq(unlink("sticky/own"), 0);
		expect_errno(chroot("."), EPERM);
		_exit(test_failures);
	}
	expect(wait(&status) > 0);
	expect_eq(status, 0);
	unlink("sticky/roots");
	rmdir("sticky");
}

int main(void)
{
	test_tmpdir();
	test_link();
	test_symlink();
	test_dirs();
	test_rename();
	test_getdents();
	test_cwd();
	test_chroot();
	test_modes();
	test_nodes();
	test_sticky();
	return test_result();
}
