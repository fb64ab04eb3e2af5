/*
 * tests/user/swap.h - swap areas for ring-3 tests: mkswap's header, and what /proc/swaps says.
 */
#ifndef OCTAVO_TESTS_USER_SWAP_H
#define OCTAVO_TESTS_USER_SWAP_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/swap.h>

#include "test.h"

#define SWAP_PAGE	4096u

/* The first page of an area, as mkswap(8) makes it. */
struct swap_head {
	char bootbits[1024];
	uint32_t version, last_page, nr_badpages;
	char uuid[16], label[16];
	uint32_t padding[117], badpages[637];
	char unused[2], magic[10];
};
_Static_assert(sizeof(struct swap_head) == SWAP_PAGE, "mkswap(8)");

static inline struct swap_head swap_head(uint32_t last_page)
{
	struct swap_head h = { .version = 1, .last_page = last_page, .label = "test" };

	memcpy(h.magic, "SWAPSPACE2", 10);
	return h;
}

/* Write @h to the device or file @path. */
static inline void put_swap_head(const char *path, const struct swap_head *h)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0);
	must(pwrite(fd, h, sizeof(*h), 0) == sizeof(*h));
	must(fsync(fd) == 0);
	close(fd);
}

/* What a line of /proc/swaps says of @path. => false: there is none */
static inline int swap_line(const char *path, char *type, long *size, long *used, int *prio)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[512], name[256];
	int found = 0;

	must(f);
	while (!found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%255s ", name) == 1 && !strcmp(name, path);
		if (found)
			must(sscanf(line, "%*s %31s %ld %ld %d", type, size, used, prio) == 4);
	}
	fclose(f);
	return found;
}

/*
 * The kernel compares what it counts with what it finds: Octavo looks for each slot's users among
 * all page tables and objects, Linux only at sums.  => 0: something is wrong, the log says what
 */
static inline int counters_proved(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY), good;

	must(fd >= 0);
	good = write(fd, "1", 1) == 1;
	close(fd);
	return good;
}

#endif
