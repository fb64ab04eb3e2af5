/*
 * tests/system/guest/badsector.c - a file with one block that the disk can neither read nor write
 *
 * usage: badsector FILE BLOCKS BAD
 *
 * FILE has BLOCKS blocks of 1024 bytes, block n filled with n + 1; block BAD lies on a bad sector.
 * Says "badsector: as it should be" if every call was told what it should be told.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK	1024

static int wrong;
static sigjmp_buf bus;

#define expect(cond) do {							\
	if (!(cond)) {								\
		printf("badsector: line %d: %s (%s)\n", __LINE__, #cond, strerror(errno)); \
		wrong = 1;							\
	}									\
} while (0)

static void on_bus(int sig)
{
	siglongjmp(bus, sig);
}

static int holds(const char *buf, int block)
{
	return buf[0] == (char)(block + 1) && buf[BLOCK - 1] == (char)(block + 1);
}

static void read_around(int fd, int blocks, int bad)
{
	char buf[BLOCK];
	int i, failed = 0;

	for (i = 0; i < blocks; i++) {
		ssize_t n = pread(fd, buf, BLOCK, (off_t)i * BLOCK);

		if (n < 0) {
			/* A page is read as a whole: its other blocks may be lost with it. */
			expect(errno == EIO && i / 4 == bad / 4);
			failed++;
		} else {
			expect(i != bad);
			expect(n == BLOCK && holds(buf, i));
		}
	}
	expect(failed >= 1 && failed <= 4);
	/* Once more: what could not be read must not be there now. */
	errno = 0;
	expect(pread(fd, buf, BLOCK, (off_t)bad * BLOCK) == -1 && errno == EIO);
}

static void map_around(int fd, int blocks, int bad)
{
	volatile char *map = mmap(NULL, (size_t)blocks * BLOCK, PROT_READ, MAP_SHARED, fd, 0);
	int page = bad * BLOCK / 4096 * 4096;

	expect(map != MAP_FAILED);
	signal(SIGBUS, on_bus);
	if (!sigsetjmp(bus, 1)) {
		(void)map[page];
		expect(!"a mapping of the bad sector reads");
	}
	if (!sigsetjmp(bus, 1))
		expect(map[page - 4096] == (char)((page - 4096) / BLOCK + 1));
	else
		expect(!"SIGBUS beside the bad sector");
	munmap((void *)map, (size_t)blocks * BLOCK);
}

/* The whole page, so that nothing has to be read first. */
static void write_it(int fd, int bad)
{
	char buf[4096];

	memset(buf, 'w', sizeof(buf));
	expect(pwrite(fd, buf, sizeof(buf), (off_t)bad / 4 * 4096) == (ssize_t)sizeof(buf));
	errno = 0;
	expect(fsync(fd) == -1 && errno == EIO);
	expect(fsync(fd) == 0);			/* told once */
}

int main(int argc, char **argv)
{
	int fd, blocks, bad;

	if (argc != 4)
		return 2;
	blocks = atoi(argv[2]);
	bad = atoi(argv[3]);
	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	read_around(fd, blocks, bad);
	map_around(fd, blocks, bad);
	write_it(fd, bad);
	if (!wrong)
		puts("badsector: as it should be");
	return wrong;
}
