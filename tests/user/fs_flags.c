/*
 * tests/user/fs_flags.c - files that never change (chattr +i), or only grow (+a), and directories
 * so marked: each way to change them is refused, with the errno of Linux, to root as well.
 *
 * The marks are written into the inodes on the disk while it is not mounted.
 * calls: open fcntl mmap truncate ftruncate fallocate unlink rmdir rename link chmod chown utimensat
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include <tests/user/disk.h>

#define BLOCK		1024
#define INODE_SIZE_AT	(1024 + 88)		/* in the super block */
#define TABLE_AT	(2 * BLOCK + 8)		/* in the descriptor of the only group */
#define FLAGS_AT	32			/* in an inode */
#define IMMUTABLE	0x10
#define APPEND		0x20

#define DIR_NAME	"flags.mnt"

static void mark(int disk, ino_t ino, uint32_t flags)
{
	uint16_t inode_size;
	uint32_t table;
	off_t at;

	must(pread(disk, &inode_size, sizeof(inode_size), INODE_SIZE_AT) == sizeof(inode_size));
	must(pread(disk, &table, sizeof(table), TABLE_AT) == sizeof(table));
	at = (off_t)table * BLOCK + (off_t)(ino - 1) * inode_size + FLAGS_AT;
	must(pwrite(disk, &flags, sizeof(flags), at) == sizeof(flags));
}

static const struct {
	const char *name;
	uint32_t flags;
} files[] = {
	{ "fixed", IMMUTABLE }, { "log", APPEND }, { "fixed-dir", IMMUTABLE }, { "log-dir", APPEND },
};
#define NR_FILES	(sizeof(files) / sizeof(files[0]))

static void touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);

	must(fd >= 0 && write(fd, "text", 4) == 4);
	close(fd);
}

static void make_marked(const char *disk)
{
	ino_t ino[NR_FILES];
	struct stat st;
	unsigned int i;
	int fd;

	test_mke2fs(disk, BLOCK, 4096);
	must(mkdir(DIR_NAME, 0755) == 0 || errno == EEXIST);
	test_mount(disk, DIR_NAME, NULL);
	must(chdir(DIR_NAME) == 0 && chmod(".", 0777) == 0 && mkdir("fixed-dir", 0777) == 0 &&
	     mkdir("log-dir", 0777) == 0);
	touch("fixed");
	touch("log");
	touch("plain");
	touch("fixed-dir/f");
	touch("log-dir/f");
	must(chown("fixed", 1001, 1001) == 0);
	for (i = 0; i < NR_FILES; i++) {
		must(stat(files[i].name, &st) == 0);
		ino[i] = st.st_ino;
	}
	must(chdir("..") == 0 && umount(DIR_NAME) == 0);
	fd = open(disk, O_RDWR);
	must(fd >= 0);
	for (i = 0; i < NR_FILES; i++)
		mark(fd, ino[i], files[i].flags);
	must(fsync(fd) == 0);
	close(fd);
	test_mount(disk, DIR_NAME, NULL);
	must(chdir(DIR_NAME) == 0);
}

/* ---- a file that never changes ---------------------------------------------------------------- */

static void fixed_file(void)
{
	static const struct timespec both_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	static const struct timespec neither[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };
	char buf[8];
	int fd;

	expect_errno(open("fixed", O_WRONLY), EPERM);
	expect_errno(open("fixed", O_RDWR | O_APPEND), EPERM);
	expect_errno(open("fixed", O_RDONLY | O_TRUNC), EPERM);
	expect_errno(access("fixed", W_OK), EPERM);
	expect_eq(access("fixed", R_OK), 0);
	expect_errno(truncate("fixed", 0), EPERM);
	expect_errno(chmod("fixed", 0600), EPERM);
	expect_errno(chown("fixed", 0, -1), EPERM);
	expect_errno(chown("fixed", -1, -1), EPERM);
	expect_errno(utimensat(AT_FDCWD, "fixed", NULL, 0), EPERM);
	expect_errno(utimensat(AT_FDCWD, "fixed", both_now, 0), EPERM);
	expect_eq(utimensat(AT_FDCWD, "fixed", neither, 0), 0);
	expect_errno(link("fixed", "another"), EPERM);
	expect_errno(rename("fixed", "another"), EPERM);
	expect_errno(rename("plain", "fixed"), EPERM);
	expect_errno(unlink("fixed"), EPERM);
	fd = open("fixed", O_RDONLY);
	must(fd >= 0);
	expect_eq(read(fd, buf, sizeof(buf)), 4);
	expect_errno(fchmod(fd, 0600), EPERM);
	close(fd);
}

/* ---- a file that only grows ------------------------------------------------------------------- */

static void log_attributes(void)
{
	static const struct timespec one_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };
	static const struct timespec both_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	static const struct timespec set[2] = { { 1, 0 }, { 1, 0 } };

	expect_eq(utimensat(AT_FDCWD, "log", NULL, 0), 0);
	expect_eq(utimensat(AT_FDCWD, "log", both_now, 0), 0);
	expect_errno(utimensat(AT_FDCWD, "log", one_now, 0), EPERM);
	expect_errno(utimensat(AT_FDCWD, "log", set, 0), EPERM);
	expect_errno(chmod("log", 0600), EPERM);
	expect_errno(chown("log", -1, 7), EPERM);
	expect_eq(chown("log", -1, -1), 0);
	expect_errno(truncate("log", 100), EPERM);
	expect_errno(link("log", "another"), EPERM);
	expect_errno(rename("log", "another"), EPERM);
	expect_errno(rename("plain", "log"), EPERM);
	expect_errno(unlink("log"), EPERM);
	expect_eq(access("log", W_OK), 0);
}

static void log_opened(void)
{
	char buf[16];
	int fd;

	expect_errno(open("log", O_WRONLY), EPERM);
	expect_errno(open("log", O_RDWR), EPERM);
	expect_errno(open("log", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	expect_errno(open("log", O_RDONLY | O_TRUNC), EPERM);
	fd = open("log", O_RDONLY);
	must(fd >= 0);
	expect_errno(fcntl(fd, F_SETFL, O_APPEND), EPERM);
	expect_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	close(fd);
	fd = open("log", O_RDWR | O_APPEND);
	must(fd >= 0);
	expect_errno(fcntl(fd, F_SETFL, O_NONBLOCK), EPERM);
	expect_eq(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	expect_errno(ftruncate(fd, 0), EPERM);
	expect_errno(ftruncate(fd, 100), EPERM);
	expect_errno(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4), EPERM);
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
	expect(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	expect_eq(pwrite(fd, "more", 4, 0), 4);
	expect_eq(pread(fd, buf, sizeof(buf), 0), 8);
	expect(!memcmp(buf, "textmore", 8));
	close(fd);
}

/* ---- directories ------------------------------------------------------------------------------ */

static void directories(void)
{
	int fd;

	expect_errno(open("fixed-dir/new", O_WRONLY | O_CREAT, 0600), EPERM);
	expect_errno(mkdir("fixed-dir/new", 0700), EPERM);
	expect_errno(symlink("x", "fixed-dir/new"), EPERM);
	expect_errno(link("plain", "fixed-dir/new"), EPERM);
	expect_errno(rename("plain", "fixed-dir/new"), EPERM);
	expect_errno(rename("fixed-dir/f", "new"), EPERM);
	expect_errno(unlink("fixed-dir/f"), EPERM);
	expect_errno(rmdir("fixed-dir"), EPERM);
	expect_errno(rename("fixed-dir", "new"), EPERM);
	expect_errno(access("fixed-dir", W_OK), EPERM);
	/* What is in it is not marked. */
	fd = open("fixed-dir/f", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	expect(fd >= 0);
	close(fd);
	fd = open("log-dir/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	expect(fd >= 0);
	close(fd);
	expect_eq(rename("plain", "log-dir/plain"), 0);
	expect_errno(rename("log-dir/plain", "plain"), EPERM);
	expect_errno(rename("log-dir/new", "log-dir/plain"), EPERM);
	expect_errno(unlink("log-dir/f"), EPERM);
	expect_errno(rmdir("log-dir"), EPERM);
}

static void in_child(uid_t uid, void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	must(pid >= 0);
	if (!pid) {
		must(setuid(uid) == 0);
		fn();
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

int main(void)
{
	const char *disk = test_disk();

	make_marked(disk);
	fixed_file();
	/* Its owner is no better off than root. */
	in_child(1001, fixed_file);
	log_attributes();
	/* What it maps goes with it: the disk is to be unmounted. */
	in_child(0, log_opened);
	directories();
	must(chdir("..") == 0);
	expect_eq(umount(DIR_NAME), 0);
	expect_eq(rmdir(DIR_NAME), 0);
	return test_result();
}
