/*
 * user/mmapread.c - the same file by read() and by a mapping: what each costs, and that both show
 * the very same pages.
 *
 * mmapread FILE: goes through all of FILE several times, using one word of every 64 bytes, and
 * prints for each time: what a page of it cost by the processor's counter (instructions in a machine
 * with -icount, else cycles; waiting for the disk included), the bytes of each page that were
 * copied, faults, what was read from disks, and how much more memory the program had.
 * mm/cache/mmap-vs-read.md says what to look for; scripts/mmap-vs-read runs it.
 */
#define _GNU_SOURCE
#include "memstat.h"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <x86intrin.h>

#define CHUNK	(64 * 1024ul)

static int fd;
static unsigned long size;
static uint32_t sum;			/* of what was used: the same each time */
static unsigned long copied;		/* bytes, by read() */
static unsigned char *map;

static void use(const unsigned char *p, unsigned long n)
{
	unsigned long i;

	for (i = 0; i + 4 <= n; i += 64)
		sum += *(const uint32_t *)(const void *)(p + i);
}

static void by_read(void)
{
	static unsigned char buf[CHUNK];
	unsigned long at;
	ssize_t n;

	for (at = 0; at < size; at += (unsigned long)n) {
		n = pread(fd, buf, CHUNK, (off_t)at);
		if (n <= 0)
			break;
		copied += (unsigned long)n;
		use(buf, (unsigned long)n);
	}
}

static void by_mapping(void)
{
	if (!map)
		map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	use(map, size);
}

static void unmap(void)
{
	if (map)
		munmap(map, size);
	map = NULL;
}

/* Nothing of the file in memory, as far as the kernel lets us. */
static void forget(void)
{
	unmap();
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* kB that disks have delivered. */
static long from_disk(void)
{
	return status_field(slurp("/proc/vmstat"), "pgpgin");
}

static void measure(const char *what, void (*go)(void))
{
	unsigned long pages = (size + PAGE - 1) / PAGE, was = copied;
	long disk = from_disk();
	struct memstat before = memstat(), after;
	uint32_t sum_was = sum;
	static uint32_t first;
	uint64_t start, cost;

	start = __rdtsc();
	go();
	cost = __rdtsc() - start;
	after = memstat();
	printf("%-32s %8llu %8lu %8ld %8ld %6ldkB %+6ldkB\n", what, (unsigned long long)(cost / pages),
	       (copied - was) / pages, after.minflt - before.minflt, after.majflt - before.majflt,
	       from_disk() - disk, after.rss - before.rss);
	if (!first)
		first = sum - sum_was;
	if (sum - sum_was != first)
		printf("%-32s: another sum!\n", what);
}

/* The frame behind an address of ours, or 0: only root is told. */
static unsigned long frame_of(const volatile void *p)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pagemap >= 0) {
		if (pread(pagemap, &entry, 8, (off_t)((uintptr_t)p / PAGE * 8)) != 8)
			entry = 0;
		close(pagemap);
	}
	return (unsigned long)(entry & ((1ull << 55) - 1));
}

/* Two mappings and a read(): one page. */
static void one_page(void)
{
	volatile unsigned char *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	volatile unsigned char *b = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char old, seen = 0;

	if (a == MAP_FAILED || b == MAP_FAILED) {
		printf("(not open for writing)\n");
		return;
	}
	old = b[100];
	a[100] = (unsigned char)(old + 1);
	if (pread(fd, &seen, 1, 100) != 1)
		seen = old;
	printf("two mappings of its first page: frames 0x%lx and 0x%lx\n", frame_of(a), frame_of(b));
	printf("stored %u through one; the other shows %u, read() %u\n", (unsigned char)(old + 1),
	       b[100], seen);
	a[100] = old;
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc != 2 || (fd = open(argv[1], O_RDWR)) < 0 || fstat(fd, &st) || !st.st_size) {
		fprintf(stderr, "usage: mmapread FILE\n");
		return 2;
	}
	size = (unsigned long)st.st_size;
	printf("%s: %lu pages\n", argv[1], (size + PAGE - 1) / PAGE);
	printf("%-32s %8s %8s %8s %8s %8s %8s\n", "", "per page", "copied", "faults", "major",
	       "disk", "RSS");
	by_read();			/* our own buffer is there from now on */
	forget();
	sum = 0, copied = 0;
	measure("read(), nothing in memory", by_read);
	measure("read() again", by_read);
	measure("mmap, all in memory, first touch", by_mapping);
	measure("mmap, touched again", by_mapping);
	forget();
	measure("mmap, nothing in memory", by_mapping);
	unmap();
	one_page();
	return 0;
}
