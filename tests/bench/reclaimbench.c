/*
 * tests/bench/reclaimbench.c - memory is full: what it costs to go on.
 *
 * usage: reclaimbench FILE
 *
 * Swap is switched on; FILE is on another disk, larger than the memory.  Each row is measured between
 * two marks for tests/bench/lockstep.c, which counts every instruction, of the program, the kernel,
 * its interrupts and its threads.  What is printed is "NAME UNITS UNIT PSWPIN PSWPOUT STEAL", a line for
 * each row in the order of the marks; the last three are pages, from /proc/vmstat.
 *
 *	touch_free		anonymous pages, written once, while memory is plenty
 *	touch_reclaim		... while all of it holds clean pages of FILE
 *	swap_seq_write		twice the memory, written from one end to the other
 *	swap_seq_read		... and read
 *	swap_random		... and pages of it written in random order
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MARK_BEGIN()	__asm__ volatile("xchg %%ebx, %%ebx" : : : "memory")
#define MARK_END()	__asm__ volatile("xchg %%ecx, %%ecx" : : : "memory")

#define PAGE	4096ul

struct counts {
	unsigned long pswpin, pswpout, steal;
};

static volatile unsigned long sink;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The file @path, which is small, as a string. */
static const char *text_of(const char *path)
{
	static char text[32768];
	int fd = open(path, O_RDONLY);
	ssize_t n, have = 0;

	if (fd < 0)
		die(path);
	while ((n = read(fd, text + have, sizeof(text) - 1 - (size_t)have)) > 0)
		have += n;
	text[have] = '\0';
	close(fd);
	return text;
}

/* The figure behind @name at the beginning of a line. => 0: there is none */
static unsigned long figure(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, len) && (text[len] == ' ' || text[len] == ':'))
			return strtoul(text + len + 1, NULL, 10);
	}
	return 0;
}

static struct counts counts_now(void)
{
	const char *text = text_of("/proc/vmstat");

	return (struct counts){
		.pswpin = figure(text, "pswpin"), .pswpout = figure(text, "pswpout"),
		.steal = figure(text, "pgsteal_kswapd") + figure(text, "pgsteal_direct"),
	};
}

static struct counts before;

static void begin(void)
{
	before = counts_now();
	MARK_BEGIN();
}

static void end(const char *name, unsigned long pages)
{
	struct counts now;

	MARK_END();
	now = counts_now();
	printf("%s %lu page %lu %lu %lu\n", name, pages, now.pswpin - before.pswpin,
	       now.pswpout - before.pswpout, now.steal - before.steal);
}

static char *map(unsigned long pages)
{
	char *area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		die("mmap");
	return area;
}

static void write_pages(char *area, unsigned long pages)
{
	unsigned long i;

	for (i = 0; i < pages; i++)
		*(volatile unsigned long *)(area + i * PAGE) = i;
}

static void bench_touch(const char *name, unsigned long pages)
{
	char *area = map(pages);

	begin();
	write_pages(area, pages);
	end(name, pages);
	munmap(area, pages * PAGE);
}

/* All of the file, twice, so that memory is full of it; a device that nobody has open is forgotten. */
static void read_file(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY), round;

	if (fd < 0)
		die(path);
	for (round = 0; round < 2; round++) {
		lseek(fd, 0, SEEK_SET);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
	}
}

static void bench_swap(unsigned long pages)
{
	unsigned long i, state = 12345, sum = 0;
	char *area = map(pages);

	begin();
	write_pages(area, pages);
	end("swap_seq_write", pages);
	begin();
	for (i = 0; i < pages; i++)
		sum += *(volatile unsigned long *)(area + i * PAGE);
	end("swap_seq_read", pages);
	if (sum != pages / 2 * (pages - 1))
		die("content");
	begin();
	for (i = 0; i < pages / 4; i++) {
		state = state * 1103515245 + 12345;
		*(volatile unsigned long *)(area + state / 64 % pages * PAGE) += 1;
	}
	end("swap_random", pages / 4);
	for (i = 0; i < pages; i++)
		sink += *(volatile unsigned long *)(area + i * PAGE);
	if (sink != sum + pages / 4)
		die("content");
}

int main(int argc, char **argv)
{
	unsigned long total = figure(text_of("/proc/meminfo"), "MemTotal") / 4;

	if (argc != 2 || !total)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Up to a power of two: as much for both, whatever their kernels take away. */
	while (total & (total - 1))
		total += total & -total;
	bench_touch("touch_free", total / 4);
	read_file(argv[1]);
	bench_touch("touch_reclaim", total / 4);
	bench_swap(2 * total);
	return 0;
}
