/*
 * tests/user/page_out.h - memory of our own goes to swap, and what /proc/self/pagemap says of it.
 */
#ifndef OCTAVO_TESTS_USER_PAGE_OUT_H
#define OCTAVO_TESTS_USER_PAGE_OUT_H

#include <stdint.h>
#include <sched.h>
#include <sys/mman.h>

#include "swap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#define PM_SWAP		(1ull << 62)

static inline uint64_t pagemap(const void *p)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	must(fd >= 0);
	must(pread64(fd, &entry, 8, (off64_t)((uintptr_t)p / SWAP_PAGE * 8)) == 8);
	close(fd);
	return entry;
}

/*
 * A page that has just come waits for its list in a batch of its processor, out of reach of who asks for
 * MADV_PAGEOUT on another one.
 */
static inline void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(sched_setaffinity(0, sizeof(set), &set) == 0);
}

/* => pages of [p, + pages) whose entries are places in swap */
static inline unsigned int swapped(const char *p, unsigned int pages)
{
	unsigned int i, out = 0;

	for (i = 0; i < pages; i++)
		out += !!(pagemap(p + i * SWAP_PAGE) & PM_SWAP);
	return out;
}

/* All of it is in swap afterwards: a page that is looked at just now is tried again. */
static inline void page_out(char *p, unsigned int pages)
{
	int tries;

	for (tries = 0; tries < 50 && swapped(p, pages) != pages; tries++) {
		must(madvise(p, pages * SWAP_PAGE, MADV_PAGEOUT) == 0);
		usleep(tries * 1000);
	}
	expect_eq(swapped(p, pages), pages);
}

#endif
