/*
 * swap_turns: two disks of the same priority share what is swapped out, and one of them can leave.
 *
 * calls: swapon swapoff madvise
 */
#define _GNU_SOURCE
#include "disk.h"
#include "page_out.h"

#define SLOTS	4096u			/* of each area: 16 MiB */
#define PAGES	2048u			/* of the load: half of one area */
#define PRIO	77
#define TURN	128u			/* slots that one may be ahead: Linux takes up to 64 at a time */

static const char *areas[2];

static void find_disks(void)
{
	static const char *const others[] = { "/dev/vdb", "/dev/hda", "/dev/hdb" };
	unsigned int i;

	areas[0] = test_disk();
	for (i = 0; i < sizeof(others) / sizeof(others[0]) && !areas[1]; i++)
		if (strcmp(others[i], areas[0]) && access(others[i], W_OK) == 0)
			areas[1] = others[i];
	if (!areas[1])
		skip("no second scratch disk (DRIVES=virtio:32,ide:32)");
}

static void switch_on(const char *disk, int prio)
{
	struct swap_head h = swap_head(SLOTS - 1);

	put_swap_head(disk, &h);
	must(swapon(disk, SWAP_FLAG_PREFER | prio) == 0);
}

static unsigned int slots_used(const char *disk)
{
	char type[32];
	long size, used = 0;
	int prio;

	must(swap_line(disk, type, &size, &used, &prio));
	return (unsigned int)used / 4;
}

/* => sectors written to @disk since the machine started, when nothing is under way to it any more */
static unsigned long sectors_written(const char *disk)
{
	unsigned long written = 0, under_way = 1;
	char line[256], name[32];
	int tries;

	for (tries = 0; tries < 3000 && under_way; tries++) {
		FILE *f = fopen("/proc/diskstats", "r");

		must(f);
		if (tries)
			usleep(10000);
		while (fgets(line, sizeof(line), f)) {
			unsigned long sectors, flying;

			if (sscanf(line, "%*u %*u %31s %*u %*u %*u %*u %*u %*u %lu %*u %lu", name, &sectors, &flying) == 3 &&
			    !strcmp(name, disk + strlen("/dev/"))) {
				written = sectors;
				under_way = flying;
			}
		}
		fclose(f);
	}
	expect_eq(under_way, 0);
	return written;
}

static unsigned int word_of(unsigned int page)
{
	return page * 2654435761u + 1;
}

static void fill(char *p)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		*(unsigned int *)(p + i * SWAP_PAGE + i % 1024 * 4) = word_of(i);
}

static unsigned int wrong_words(const char *p)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < PAGES; i++)
		wrong += *(const unsigned int *)(p + i * SWAP_PAGE + i % 1024 * 4) != word_of(i);
	return wrong;
}

/* All of it goes to swap, and has got there: a page that is being written would keep its slot when it is stored to. */
static void swap_out(char *p)
{
	fill(p);
	page_out(p, PAGES);
	sectors_written(areas[0]);
	sectors_written(areas[1]);
}

/* Half of the pages to each, slots and transfers alike. */
static void both_work(char *p)
{
	unsigned long before[2] = { sectors_written(areas[0]), sectors_written(areas[1]) };
	unsigned int used[2], i;

	swap_out(p);
	for (i = 0; i < 2; i++) {
		used[i] = slots_used(areas[i]);
		expect(used[i] + TURN >= PAGES / 2 && used[i] <= PAGES / 2 + TURN);
		expect(sectors_written(areas[i]) - before[i] >= (PAGES / 2 - TURN) * 8);
	}
	expect(used[0] + used[1] >= PAGES);
}

int main(void)
{
	unsigned int i;
	char *p;

	find_disks();
	stay_on_one_cpu();
	p = mmap(NULL, PAGES * SWAP_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	for (i = 0; i < 2; i++)
		switch_on(areas[i], PRIO);
	both_work(p);
	/* One leaves: what it held comes back, and from then on the other has all. */
	expect_eq(swapoff(areas[0]), 0);
	expect_eq(wrong_words(p), 0);
	swap_out(p);
	expect(slots_used(areas[1]) >= PAGES);
	/* It is back, with a higher priority: it comes first now. */
	switch_on(areas[0], PRIO + 1);
	swap_out(p);
	expect(slots_used(areas[0]) >= PAGES);
	expect_eq(wrong_words(p), 0);
	expect(counters_proved());
	for (i = 0; i < 2; i++)
		expect_eq(swapoff(areas[i]), 0);
	expect_eq(wrong_words(p), 0);
	return test_result();
}
