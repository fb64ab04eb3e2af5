/*
 * mmap - mappings, step by step.
 *
 * Anonymous memory, a hole cut into it, other rights for a part, a file (this program's own)
 * shared and private: after each step the counters, and at the end the areas as the kernel
 * lists them.
 */
#define _GNU_SOURCE
#include <user/memstat.h>

#include <sys/mman.h>

#define PAGES	64

static void touch(char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		((volatile char *)p)[i * PAGE] = 1;
}

static void show_areas(const char *from)
{
	const char *line = slurp("/proc/self/maps");

	printf("the areas around it:\n");
	while (*line) {
		int len = (int)strcspn(line, "\n");
		unsigned long start = strtoul(line, NULL, 16);

		if (start >= (unsigned long)from && start < (unsigned long)from + PAGES * PAGE)
			printf("  %.*s\n", len, line);
		line += len + (line[len] == '\n');
	}
}

int main(void)
{
	char *p, *q, *file;
	int fd, i;

	head();
	p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return 1;
	step("mmap 64 pages: addresses only");
	touch(p, PAGES / 2);
	step("touch the first 32: a fault and a page each");
	munmap(p + 8 * PAGE, 8 * PAGE);
	step("munmap 8 of them: one area becomes two");
	mprotect(p, 4 * PAGE, PROT_READ);
	step("mprotect 4 read-only: and three");
	mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE);
	step("mprotect them back: joined again");
	madvise(p, 8 * PAGE, MADV_DONTNEED);
	step("madvise 8 DONTNEED: pages go, addresses stay");
	q = mmap(p + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	step("a shared area into the hole");
	if (q != MAP_FAILED)
		touch(q, 8);
	step("touch its 8 pages");
	fd = open("/proc/self/exe", O_RDONLY);
	file = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	step("map 16 pages of this program's file");
	if (file != MAP_FAILED) {
		for (i = 0; i < 16; i++)
			(void)*(volatile char *)(file + i * PAGE);
		step("read them: cached pages come in company");
		touch(file, 16);
		step("write them: a private copy of each");
		munmap(file, 16 * PAGE);
		step("munmap the file");
	}
	show_areas(p);
	return 0;
}
