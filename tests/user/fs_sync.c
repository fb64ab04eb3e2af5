/*
 * fs_sync - sync and its kin: what they take, how they are refused, and that what was written stays.
 *
 * calls: sync syncfs fsync fdatasync sync_file_range msync
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tests/user/test.h>

#define PAGE	4096

static char text[3 * PAGE];

static void make_file(const char *name, int flags, int *fd)
{
	*fd = open(name, O_RDWR | O_CREAT | O_TRUNC | flags, 0644);
	must(*fd >= 0);
}

static void same_content(int fd)
{
	static char back[sizeof(text)];

	expect_eq(pread(fd, back, sizeof(back), 0), (long)sizeof(back));
	expect_eq(memcmp(back, text, sizeof(text)), 0);
}

static void sync_range(int fd)
{
	int all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	int p[2];

	expect_eq(sync_file_range(fd, 0, 0, all), 0);
	expect_eq(sync_file_range(fd, PAGE, PAGE, SYNC_FILE_RANGE_WRITE), 0);
	expect_eq(sync_file_range(fd, 1ll << 40, 1ll << 40, all), 0);
	expect_eq(sync_file_range(fd, 5, 7, 0), 0);
	expect_errno(sync_file_range(fd, 0, 0, 8), EINVAL);
	expect_errno(sync_file_range(fd, -1, 0, all), EINVAL);
	expect_errno(sync_file_range(fd, 0, -1, all), EINVAL);
	expect_errno(sync_file_range(fd, 0x7fffffffffffffffll, 1, all), EINVAL);
	expect_errno(sync_file_range(99, 0, 0, all), EBADF);
	must(pipe(p) == 0);
	expect_errno(sync_file_range(p[0], 0, 0, all), ESPIPE);
	close(p[0]);
	close(p[1]);
}

/* O_SYNC and O_DSYNC change nothing that a program sees, but are told by fcntl(). */
static void sync_flags(void)
{
	static const int flags[] = { O_SYNC, O_DSYNC };
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		make_file("sync-file", flags[i], &fd);
		expect_eq(fcntl(fd, F_GETFL) & O_SYNC, flags[i]);
		expect_eq(write(fd, text, sizeof(text)), (long)sizeof(text));
		same_content(fd);
		close(fd);
	}
	unlink("sync-file");
}

static void refused(void)
{
	int fd = open(".", O_PATH);

	must(fd >= 0);
	expect_errno(fsync(fd), EBADF);
	expect_errno(fdatasync(fd), EBADF);
	expect_errno(syncfs(fd), EBADF);
	expect_errno(sync_file_range(fd, 0, 0, 0), EBADF);
	close(fd);
	expect_errno(syncfs(99), EBADF);
	expect_errno(fdatasync(99), EBADF);
}

int main(void)
{
	unsigned int i;
	char *map;
	int fd;

	test_tmpdir();
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / PAGE);
	make_file("sync-file", 0, &fd);
	expect_eq(write(fd, text, sizeof(text)), (long)sizeof(text));
	sync_range(fd);
	map = mmap(NULL, sizeof(text), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	for (i = 0; i < 4; i++) {
		map[i * 3000] = text[i * 3000] = (char)('a' + i);
		expect_eq(i == 0 ? msync(map, sizeof(text), MS_SYNC) : i == 1 ? fsync(fd) :
			  i == 2 ? syncfs(fd) : fdatasync(fd), 0);
		same_content(fd);
	}
	sync();
	munmap(map, sizeof(text));
	same_content(fd);
	close(fd);
	unlink("sync-file");
	sync_flags();
	refused();
	return test_result();
}
