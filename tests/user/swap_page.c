/*
 * swap_page: pages of private memory go to swap and come back: content, who shares them after fork,
 * copy on write, what smaps, pagemap, mincore and status say meanwhile; threads that want the same
 * page, and advice, locking and unmapping of what is out.
 */
#define _GNU_SOURCE
#include "disk.h"
#include "mm.h"
#include "page_out.h"
#include "smp.h"
#include "swap.h"

#define PAGES		64u
#define SLOTS		2047u
#define PM_PRESENT	(1ull << 63)
#define PM_SOFT_DIRTY	(1ull << 55)

static const char *disk;

static unsigned int content(unsigned int page, unsigned int generation)
{
	return page * 2654435761u ^ generation;
}

static void fill(char *p, unsigned int pages, unsigned int generation)
{
	unsigned int i, j;

	for (i = 0; i < pages; i++)
		for (j = 0; j < PAGE; j += 4)
			*(volatile unsigned int *)(p + i * PAGE + j) = content(i, generation) + j;
}

/* => pages of which some word is not what fill() has left there */
static unsigned int wrong(const char *p, unsigned int pages, unsigned int generation)
{
	unsigned int i, j, bad = 0;

	for (i = 0; i < pages; i++)
		for (j = 0; j < PAGE; j += 4)
			if (*(const volatile unsigned int *)(p + i * PAGE + j) !=
			    content(i, generation) + j) {
				bad++;
				break;
			}
	return bad;
}

static char *memory(unsigned int pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	fill(p, pages, 1);
	return p;
}

/* The figure behind @name in a file of /proc, of the area that begins at @p (NULL: the first). */
static long figure(const char *path, const char *name, const void *p)
{
	FILE *f = fopen(path, "r");
	char line[512];
	long value = -1;
	int there = !p;

	must(f);
	while (fgets(line, sizeof(line), f)) {
		if (p && strtoul(line, NULL, 16) == (uintptr_t)p && strchr(line, '-'))
			there = 1;
		if (there && !strncmp(line, name, strlen(name))) {
			value = atol(line + strlen(name));
			break;
		}
	}
	fclose(f);
	return value;
}

static long slots_used(void)
{
	char type[32];
	long size = 0, used = -1;
	int prio;

	must(swap_line(disk, type, &size, &used, &prio));
	return used / 4;
}

/* At most @max are: a slot goes when its page has been written, which may be going on. */
static void expect_slots(long max)
{
	int tries;

	for (tries = 0; tries < 100 && slots_used() > max; tries++) {
		int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

		must(fd >= 0);
		must(write(fd, "1", 1) == 1);
		close(fd);
		usleep(tries * 1000);
	}
	expect(slots_used() <= max);
}

/* Out, and in: the words are the same; what was only read needs no second writing. */
static void there_and_back(void)
{
	char *p = memory(PAGES);
	long out, before = figure("/proc/self/status", "VmSwap:", NULL);

	page_out(p, PAGES);
	expect_eq(figure("/proc/self/status", "VmSwap:", NULL), before + 4 * (long)PAGES);
	expect_eq(figure("/proc/self/smaps", "Swap:", p), 4 * (long)PAGES);
	expect_eq(figure("/proc/self/smaps", "SwapPss:", p), 4 * (long)PAGES);
	expect_eq(figure("/proc/self/smaps", "Rss:", p), 0);
	expect(slots_used() >= (long)PAGES);
	expect_eq(wrong(p, PAGES, 1), 0u);
	expect_eq(figure("/proc/self/smaps", "Swap:", p), 0);
	out = figure("/proc/vmstat", "pswpout ", NULL);
	page_out(p, PAGES);
	expect_eq(figure("/proc/vmstat", "pswpout ", NULL), out);
	fill(p, PAGES, 2);
	page_out(p, PAGES);
	expect(figure("/proc/vmstat", "pswpout ", NULL) >= out + (long)PAGES);
	expect_eq(wrong(p, PAGES, 2), 0u);
	/* A store to one byte keeps the rest. */
	page_out(p, PAGES);
	*(volatile char *)(p + 5 * PAGE) ^= 1;
	*(volatile char *)(p + 5 * PAGE) ^= 1;
	expect_eq(wrong(p, PAGES, 2), 0u);
	must(munmap(p, PAGES * PAGE) == 0);
}

/* Private pages of a file, on both sides of its 4 GiB: their numbers in the file have more than 20 bits. */
static void far_into_a_file(void)
{
	char path[] = "/tmp/swap_page.XXXXXX", *p;
	int fd = mkstemp(path);

	must(fd >= 0);
	must(unlink(path) == 0);
	must(ftruncate64(fd, 6ll << 30) == 0);
	p = mmap64(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (4ll << 30) - PAGES / 2 * PAGE);
	must(p != MAP_FAILED);
	fill(p, PAGES, 3);
	page_out(p, PAGES);
	expect_eq(figure("/proc/self/smaps", "Swap:", p), 4 * (long)PAGES);
	expect_eq(wrong(p, PAGES, 3), 0u);
	must(munmap(p, PAGES * PAGE) == 0);
	close(fd);
}

/* pagemap has the place; mincore says no. */
static void seen_from_outside(void)
{
	char *p = memory(PAGES);
	unsigned char vec[PAGES];
	uint64_t entry, next;
	unsigned int i, in = 0;

	page_out(p, PAGES);
	entry = pagemap(p);
	next = pagemap(p + PAGE);
	expect(!(entry & PM_PRESENT));
	if (!geteuid()) {
		expect((entry & 31) == (next & 31));
		expect((entry >> 5 & 0x3ffffffffffffull) != (next >> 5 & 0x3ffffffffffffull));
		expect(entry >> 5 & 0x3ffffffffffffull);
	}
	/* In memory or not, as the swap cache says; and looking brings nothing back. */
	must(mincore(p, PAGES * PAGE, vec) == 0);
	for (i = 0; i < PAGES; i++)
		in += vec[i] & ~1u;
	expect_eq(in, 0u);
	expect_eq(swapped(p, PAGES), PAGES);
	must(munmap(p, PAGES * PAGE) == 0);
}

/* A Linux built without has no "sd" among the flags of areas. */
static int has_soft_dirty(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	int found = 0;

	must(f);
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "VmFlags:", 8) && strstr(line, " sd");
	fclose(f);
	return found;
}

/* Whether a page was written to since clear_refs is remembered on its way. */
static void soft_dirty(void)
{
	char *p;
	int fd;

	if (!has_soft_dirty())
		return;
	p = memory(PAGES);
	page_out(p, PAGES);
	expect(pagemap(p) & PM_SOFT_DIRTY);
	fd = open("/proc/self/clear_refs", O_WRONLY);
	must(fd >= 0);
	must(write(fd, "4", 1) == 1);
	close(fd);
	expect(!(pagemap(p) & PM_SOFT_DIRTY));
	*(volatile int *)p;
	expect(!(pagemap(p) & PM_SOFT_DIRTY));
	*(volatile int *)(p + PAGE) = 0;
	expect(pagemap(p + PAGE) & PM_SOFT_DIRTY);
	page_out(p, 2);
	expect(!(pagemap(p) & PM_SOFT_DIRTY) && (pagemap(p + PAGE) & PM_SOFT_DIRTY));
	/* ... and when they are back, though only read. */
	*(volatile int *)p;
	*(volatile int *)(p + PAGE);
	expect(!(pagemap(p) & PM_SOFT_DIRTY) && (pagemap(p + PAGE) & PM_SOFT_DIRTY));
	must(munmap(p, PAGES * PAGE) == 0);
}

/* fork: one slot for both; a store in one is not seen by the other, whoever comes first. */
static void after_fork(void)
{
	char *p = memory(PAGES);
	unsigned int i;
	long used;
	int status, sync[2];
	pid_t pid;
	char c;

	page_out(p, PAGES);
	used = slots_used();
	must(pipe(sync) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		expect_eq(slots_used(), used);
		expect_eq(figure("/proc/self/smaps", "Swap:", p), 4 * (long)PAGES);
		expect_eq(figure("/proc/self/smaps", "SwapPss:", p), 2 * (long)PAGES);
		for (i = 0; i < PAGES; i += 2)
			expect_eq(*(volatile unsigned int *)(p + i * PAGE), content(i, 1));
		fill(p, PAGES, 7);
		expect_eq(wrong(p, PAGES, 7), 0u);
		must(write(sync[1], "x", 1) == 1);
		page_out(p, PAGES);
		expect_eq(wrong(p, PAGES, 7), 0u);
		fflush(stdout);
		_exit(test_failures);
	}
	must(read(sync[0], &c, 1) == 1);
	expect(counters_proved());
	expect_eq(wrong(p, PAGES, 1), 0u);
	fill(p, PAGES, 3);
	page_out(p, PAGES);
	expect_eq(wrong(p, PAGES, 3), 0u);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	close(sync[0]);
	close(sync[1]);
	must(munmap(p, PAGES * PAGE) == 0);
}

/* What is out can be unmapped and given up. */
static void given_up(void)
{
	char *p = memory(PAGES);
	long used;

	page_out(p, PAGES);
	used = slots_used();
	if (access("/proc/pageclass", F_OK))
		used += 64;		/* Linux gives slots back in batches of 64 */
	must(munmap(p + 32 * PAGE, 8 * PAGE) == 0);
	expect_slots(used - 8);
	must(madvise(p + 24 * PAGE, 8 * PAGE, MADV_DONTNEED) == 0);
	expect_slots(used - 16);
	expect_eq(*(volatile int *)(p + 24 * PAGE), 0);
	must(madvise(p + 16 * PAGE, 8 * PAGE, MADV_FREE) == 0);
	expect_eq(swapped(p + 16 * PAGE, 8), 0u);
	expect_eq(*(volatile int *)(p + 16 * PAGE), 0);
	must(munmap(p, PAGES * PAGE) == 0);
}

/* ... moved, locked, made unreadable. */
static void moved_and_locked(void)
{
	char *p = memory(16), *q;

	page_out(p, 16);
	q = mremap(p, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED);
	expect_eq(swapped(q, 16), 16u);
	must(mprotect(q, 4 * PAGE, PROT_NONE) == 0);
	mm_catch();
	expect_eq(try_read(q), SIGSEGV);
	must(mprotect(q, 4 * PAGE, PROT_READ) == 0);
	expect_eq(try_write(q, 1), SIGSEGV);
	expect_eq(wrong(q, 4, 1), 0u);
	must(mlock(q, 8 * PAGE) == 0);
	expect_eq(swapped(q, 8), 0u);
	expect_eq(swapped(q + 8 * PAGE, 8), 8u);
	must(munlock(q, 8 * PAGE) == 0);
	must(munmap(q, 32 * PAGE) == 0);
}

/* The kernel reads what is out as well, and writes to it. */
static void by_the_kernel(void)
{
	char *q = memory(16);
	unsigned int word = 0;
	int fd;

	page_out(q, 16);
	fd = open("/dev/null", O_WRONLY);
	must(fd >= 0);
	expect_eq(write(fd, q, 16 * PAGE), (ssize_t)(16 * PAGE));
	close(fd);
	fd = open("/proc/self/mem", O_RDWR);
	must(fd >= 0);
	expect_eq(pread64(fd, &word, 4, (off64_t)(uintptr_t)(q + 9 * PAGE)), 4);
	expect_eq(word, content(9, 1));
	page_out(q, 16);
	word = 77;
	expect_eq(pwrite64(fd, &word, 4, (off64_t)(uintptr_t)(q + 2 * PAGE)), 4);
	expect_eq(*(volatile unsigned int *)(q + 2 * PAGE), 77u);
	close(fd);
	must(madvise(q, 16 * PAGE, MADV_WILLNEED) == 0);
	expect_eq(wrong(q, 2, 1), 0u);
	must(munmap(q, 16 * PAGE) == 0);
}

/* --- threads ---------------------------------------------------------------------------------------- */

#define ROUNDS	40

static char *arena;
static volatile int stop;

/* Reads, now and then writes back what it has read. */
static int reader(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (!stop) {
		unsigned int i = (seed = seed * 1103515245 + 12345) >> 16 & (PAGES - 1);
		volatile unsigned int *word = (volatile unsigned int *)(arena + i * PAGE + 64 * (long)arg);

		if (*word != content(i, 1) + 64 * (unsigned int)(long)arg)
			return 1;
		if (seed & 0x1000000)
			*word = content(i, 1) + 64 * (unsigned int)(long)arg;
	}
	return 0;
}

static void threads(void)
{
	cpu_set_t set;
	int i;

	memset(&set, 0xff, sizeof(set));
	must(sched_setaffinity(0, sizeof(set), &set) == 0);
	arena = memory(PAGES);
	for (i = 1; i <= 3; i++)
		start_thread(reader, i);
	for (i = 0; i < ROUNDS; i++) {
		must(madvise(arena, PAGES * PAGE, MADV_PAGEOUT) == 0);
		usleep(500);
	}
	stop = 1;
	join_workers();
	stay_on_one_cpu();
	expect_eq(wrong(arena, PAGES, 1), 0u);
	must(munmap(arena, PAGES * PAGE) == 0);
}

/* swapoff brings all back. */
static void swapped_back(void)
{
	char *p = memory(PAGES);

	page_out(p, PAGES);
	expect_eq(swapoff(disk), 0);
	expect_eq(swapped(p, PAGES), 0u);
	expect_eq(wrong(p, PAGES, 1), 0u);
	must(swapon(disk, SWAP_FLAG_PREFER | 100) == 0);
	must(munmap(p, PAGES * PAGE) == 0);
}

int main(void)
{
	struct swap_head h = swap_head(SLOTS);

	if (geteuid())
		skip("only root may swapon");
	disk = test_disk();
	put_swap_head(disk, &h);
	must(swapon(disk, SWAP_FLAG_PREFER | 100) == 0);
	stay_on_one_cpu();
	there_and_back();
	far_into_a_file();
	seen_from_outside();
	soft_dirty();
	after_fork();
	given_up();
	moved_and_locked();
	by_the_kernel();
	threads();
	swapped_back();
	expect_eq(swapoff(disk), 0);
	return test_result();
}
