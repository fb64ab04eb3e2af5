/*
 * tests/bench/filebench.c - files on a disk: what each way of using them costs.
 *
 * usage: filebench DIRECTORY [DEVICE]
 *
 * DIRECTORY is on the disk and holds the file `big`; DEVICE is that disk.  Each row is measured
 * between two marks for tests/bench/lockstep.c, which counts every instruction, of the program, the
 * kernel and its interrupts.  What is printed is "NAME UNITS UNIT", a line for each row in the order
 * of the marks.  Cold means: drop_caches has emptied the page cache before.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_BEGIN()	__asm__ volatile("xchg %%ebx, %%ebx" : : : "memory")
#define MARK_END()	__asm__ volatile("xchg %%ecx, %%ecx" : : : "memory")

#define PAGE		4096u
#define CHUNK		65536u
#define WRITTEN		(16u << 20)	/* bytes of write_fsync */
#define RANDOM_READS	500u
#define SMALL_FILES	200u

static char buf[CHUNK] __attribute__((aligned(4096)));
static volatile char sink;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void told(const char *name, unsigned long units, const char *unit)
{
	printf("%s %lu %s\n", name, units, unit);
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		die(path);
	return fd;
}

static void drop_caches(void)
{
	int fd = must_open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	if (write(fd, "3\n", 2) != 2)
		die("drop_caches");
	close(fd);
}

static off_t size_of(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		die(path);
	return st.st_size;
}

/* All of the file (at most @limit bytes), chunk by chunk. => pages */
static unsigned long read_all(const char *path, unsigned long limit)
{
	int fd = must_open(path, O_RDONLY);
	unsigned long sum = 0;
	ssize_t n = 0;

	while (sum < limit && (n = read(fd, buf, CHUNK)) > 0)
		sum += (unsigned long)n;
	if (n < 0)
		die(path);
	close(fd);
	return sum / PAGE;
}

static void bench_read(const char *name, const char *path, unsigned long limit)
{
	unsigned long pages;

	MARK_BEGIN();
	pages = read_all(path, limit);
	MARK_END();
	told(name, pages, "page");
}

static void bench_random(const char *big)
{
	unsigned long pages = (unsigned long)size_of(big) / PAGE, i, state = 12345;
	int fd = must_open(big, O_RDONLY);

	MARK_BEGIN();
	for (i = 0; i < RANDOM_READS; i++) {
		state = state * 1103515245 + 12345;
		if (pread(fd, buf, PAGE, (off_t)(state / 64 % pages) * (off_t)PAGE) != (ssize_t)PAGE)
			die("pread");
	}
	MARK_END();
	close(fd);
	told("read_cold_random", RANDOM_READS, "page");
}

static void bench_mmap(const char *name, const char *big)
{
	unsigned long size = (unsigned long)size_of(big), at;
	int fd = must_open(big, O_RDONLY);
	char *map;

	MARK_BEGIN();
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap");
	for (at = 0; at < size; at += PAGE)
		sink = map[at];
	munmap(map, size);
	MARK_END();
	close(fd);
	told(name, size / PAGE, "page");
}

static void bench_write(const char *name, const char *path, int more)
{
	int fd = must_open(path, O_WRONLY | more);
	unsigned long sum;

	memset(buf, 'w', sizeof(buf));
	MARK_BEGIN();
	for (sum = 0; sum < WRITTEN; sum += CHUNK)
		if (write(fd, buf, CHUNK) != (ssize_t)CHUNK)
			die("write");
	if (fsync(fd))
		die("fsync");
	MARK_END();
	close(fd);
	told(name, WRITTEN / PAGE, "page");
}

static void bench_small_files(const char *dir)
{
	unsigned int i;
	char path[256];
	int fd;

	MARK_BEGIN();
	for (i = 0; i < SMALL_FILES; i++) {
		snprintf(path, sizeof(path), "%s/small%u", dir, i);
		fd = must_open(path, O_CREAT | O_WRONLY);
		if (write(fd, buf, 1000) != 1000)
			die("write");
		close(fd);
	}
	sync();
	for (i = 0; i < SMALL_FILES; i++) {
		snprintf(path, sizeof(path), "%s/small%u", dir, i);
		if (unlink(path))
			die("unlink");
	}
	sync();
	MARK_END();
	told("create_sync_unlink", SMALL_FILES, "file");
}

int main(int argc, char **argv)
{
	char big[256], new[256];

	if (argc < 2) {
		fprintf(stderr, "usage: filebench DIRECTORY [DEVICE]\n");
		return 2;
	}
	snprintf(big, sizeof(big), "%s/big", argv[1]);
	snprintf(new, sizeof(new), "%s/new", argv[1]);
	drop_caches();
	bench_read("read_cold_seq", big, ~0ul);
	bench_read("read_warm_seq", big, ~0ul);
	drop_caches();
	bench_random(big);
	drop_caches();
	bench_mmap("mmap_cold_seq", big);
	bench_mmap("mmap_warm_seq", big);
	if (argc > 2) {
		drop_caches();
		bench_read("read_cold_device", argv[2], WRITTEN);
	}
	bench_write("write_fsync_new", new, O_CREAT);
	bench_write("write_fsync_again", new, 0);
	unlink(new);
	bench_small_files(argv[1]);
	return 0;
}
