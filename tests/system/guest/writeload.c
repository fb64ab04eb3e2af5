/*
 * tests/system/guest/writeload.c - what is written back: by amount, by age, when it is asked for
 *
 * usage: writeload DIRECTORY [BAD]
 *
 * DIRECTORY lies on a disk.  Without BAD: fills files, each made safe in another way and by no other,
 * says "writeload: as it should be" if the limits of what may be dirty held, and switches the power
 * off without a sync: tests/system/writeback looks at the disk for their content, which is the name of
 * the file, again and again.  BAD: a file of DIRECTORY of 16 pages whose first page cannot be written;
 * who asks has to be told so, once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <unistd.h>

#define PAGE	4096
#define SIZE	(16 * PAGE)
#define MIB	(1 << 20)

static int wrong;
static char content[SIZE];

#define expect(cond) do {							\
	if (!(cond)) {								\
		printf("writeload: line %d: %s (%s)\n", __LINE__, #cond, strerror(errno)); \
		wrong = 1;							\
	}									\
} while (0)

/* What the file @name holds in the end. */
static void fill(char *buf, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < SIZE; i++)
		buf[i] = i % (len + 1) < len ? name[i % (len + 1)] : '\n';
}

/* Open @name, which has its size already and zeros in it, on the disk too; @name goes to content. */
static int old_file(const char *name, int flags)
{
	static const char zeros[SIZE];
	int fd = open(name, O_RDWR | O_CREAT, 0644), dir;

	expect(fd >= 0 && write(fd, zeros, SIZE) == SIZE && fsync(fd) == 0);
	close(fd);
	dir = open(".", O_RDONLY);
	expect(fsync(dir) == 0);
	close(dir);
	fill(content, name);
	fd = open(name, O_RDWR | flags);
	expect(fd >= 0);
	return fd;
}

static char *map(int fd)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	expect(p != MAP_FAILED);
	return p;
}

static void setting(const char *name, const char *value)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_WRONLY);
	expect(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
}

/* => KiB of a line of /proc/meminfo */
static long meminfo(const char *name)
{
	char line[128];
	long value = -1;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = atol(line + strlen(name) + 1);
	if (file)
		fclose(file);
	return value;
}

/* The kernel's own check of what is dirty. */
static void check_kernel(void)
{
	setting("stat_refresh", "1");
}

static void by_calls(void)
{
	int fd = old_file("fsynced", 0);

	expect(write(fd, content, SIZE) == SIZE && fsync(fd) == 0);
	fd = old_file("fdatasynced", 0);
	expect(write(fd, content, SIZE) == SIZE && fdatasync(fd) == 0);
	fd = old_file("by-O_SYNC", O_SYNC);
	expect(write(fd, content, SIZE) == SIZE);
	fd = old_file("by-O_DSYNC", O_DSYNC);
	expect(write(fd, content, SIZE) == SIZE);
	fd = old_file("by-range", 0);
	expect(write(fd, content, SIZE) == SIZE);
	expect(sync_file_range(fd, 0, SIZE, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			       SYNC_FILE_RANGE_WAIT_AFTER) == 0);
	fd = old_file("by-syncfs", 0);
	expect(write(fd, content, SIZE) == SIZE && syncfs(fd) == 0);
	fd = old_file("by-sync", 0);
	expect(write(fd, content, SIZE) == SIZE);
	sync();
	expect(meminfo("Dirty") == 0);
}

/* Stores through mappings: twice, because after the first write-back they have to be heard of again. */
static void by_mappings(void)
{
	int fd = old_file("msynced", 0), round;
	char *p = map(fd), *shared;

	for (round = 0; round < 2; round++) {
		memset(p, 'x' + round, SIZE);
		expect(msync(p, SIZE, MS_SYNC) == 0);
		check_kernel();
	}
	memcpy(p, content, SIZE);
	expect(msync(p, SIZE, MS_SYNC) == 0);
	/* What a file's descriptor syncs is what all mappings have stored. */
	fd = old_file("mapped-fsynced", 0);
	p = map(fd);
	shared = map(fd);
	memcpy(p, content, SIZE / 2);
	memcpy(shared + SIZE / 2, content + SIZE / 2, SIZE / 2);
	expect(fsync(fd) == 0);
	/* A mapping that is gone. */
	fd = old_file("unmapped-fsynced", 0);
	p = map(fd);
	memcpy(p, content, SIZE);
	munmap(p, SIZE);
	expect(fsync(fd) == 0);
	check_kernel();
}

/* A writer that is faster than the disk is throttled: what is dirty stays about the limit. */
static void by_amount(void)
{
	int fd = open("big", O_RDWR | O_CREAT, 0644), i;
	long most = 0, now;

	fill(content, "big");
	setting("dirty_background_bytes", "1048576");
	setting("dirty_bytes", "2097152");
	for (i = 0; i < 16 * MIB / SIZE; i++) {
		expect(write(fd, content, SIZE) == SIZE);
		now = meminfo("Dirty") + meminfo("Writeback");
		most = now > most ? now : most;
	}
	printf("writeload: at most %ld KiB were dirty\n", most);
	/* Each processor may dirty some pages unasked, and a writer is asked between two pages. */
	expect(most > 512 && most < 2048 + 512);
	for (i = 0; i < 300 && meminfo("Dirty") > 1024; i++)
		usleep(100000);
	expect(meminfo("Dirty") <= 1024);
	check_kernel();
	sync();
	expect(meminfo("Dirty") == 0 && meminfo("Writeback") == 0);
	setting("dirty_background_ratio", "10");
	setting("dirty_ratio", "20");
}

/* What nobody asks for is written when it is old. */
static void by_age(void)
{
	int fd = old_file("aged", 0), mapped, i;
	char *p;

	setting("dirty_expire_centisecs", "100");
	setting("dirty_writeback_centisecs", "20");
	expect(write(fd, content, SIZE) == SIZE);
	expect(meminfo("Dirty") >= SIZE / 1024);
	mapped = old_file("mapped-aged", 0);
	p = map(mapped);
	memcpy(p, content, SIZE);
	for (i = 0; i < 600 && meminfo("Dirty") + meminfo("Writeback"); i++)
		usleep(100000);
	expect(meminfo("Dirty") == 0);
	check_kernel();
}

/* => the number of the error of a call, 0: it was none */
#define error_of(call)	((call) < 0 ? errno : 0)

static void told_once(const char *bad)
{
	int fd = open(bad, O_RDWR), sync_fd;
	char *p = map(fd);

	memset(content, 'b', SIZE);
	expect(pwrite(fd, content, SIZE, 0) == SIZE);
	expect(error_of(fsync(fd)) == EIO);
	expect(error_of(fsync(fd)) == 0);
	p[0] = 'c';
	expect(error_of(msync(p, SIZE, MS_SYNC)) == EIO);
	expect(error_of(msync(p, SIZE, MS_SYNC)) == 0);
	/* sync() tells nobody; who asks later is told. */
	p[1] = 'd';
	sync();
	expect(meminfo("Dirty") == 0);
	expect(error_of(fdatasync(fd)) == EIO);
	expect(error_of(fdatasync(fd)) == 0);
	sync_fd = open(bad, O_RDWR | O_SYNC);
	expect(error_of(write(sync_fd, content, PAGE)) == EIO);
	expect(write(sync_fd, content, PAGE) == PAGE);		/* the next page is a good one */
	p[2] = 'e';
	expect(error_of(sync_file_range(fd, 0, PAGE, SYNC_FILE_RANGE_WRITE |
					SYNC_FILE_RANGE_WAIT_AFTER)) == EIO);
	/* What could not be written is still there for who reads. */
	expect(p[0] == 'b' && p[2] == 'e');
	check_kernel();
}

int main(int argc, char **argv)
{
	if (argc < 2 || chdir(argv[1]))
		return 1;
	if (argc > 2) {
		told_once(argv[2]);
	} else {
		by_calls();
		by_mappings();
		by_amount();
		by_age();
	}
	if (!wrong)
		printf("writeload: as it should be\n");
	fflush(stdout);
	if (argc == 2)
		reboot(RB_POWER_OFF);
	return wrong;
}
