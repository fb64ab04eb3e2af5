/*
 * life - the life of a mapping, one step after the other.
 *
 * The steps are those of mm/space/README.md: mapped, touched, read, forked, copied on write,
 * protected, moved, unmapped. Each says which frame the first page has (/proc/self/pagemap; the
 * number is root's to see). Under gdb each step is a function to stop at: scripts/gdb/README.md,
 * "Fork, and copy on write".
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE		4096ul
#define PAGES		4ul
#define STEP		__attribute__((noinline)) static
#define PM_PFN		((1ull << 55) - 1)
#define PM_EXCLUSIVE	(1ull << 56)
#define PM_PRESENT	(1ull << 63)

volatile char *page;		/* the mapping: its first page */
static volatile char sink;

static void show(const char *what)
{
	uint64_t word = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &word, 8, (off_t)((uintptr_t)page / PAGE * 8)) != 8) {
		perror("/proc/self/pagemap");
		exit(1);
	}
	close(fd);
	printf("%-36s", what);
	if (word & PM_PRESENT)
		printf(" frame %#llx, %s\n", (unsigned long long)(word & PM_PFN),
		       word & PM_EXCLUSIVE ? "its own" : "shared");
	else
		printf(" nothing there\n");
	fflush(stdout);
}

STEP void map_it(void)
{
	page = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
}

STEP void first_touch(void)
{
	page[0] = 'a';
}

STEP void read_zeros(void)
{
	sink = page[PAGE];
}

STEP void write_zeros(void)
{
	page[PAGE] = 'b';
}

STEP void child_writes(void)
{
	page[0] = 'c';
}

STEP void parent_writes(void)
{
	page[0] = 'p';
}

STEP int change_rights(void)
{
	return mprotect((void *)page, PAGES * PAGE, PROT_READ);
}

STEP int move_it(void)
{
	page = mremap((void *)page, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      page - 0x800000);
	return page == MAP_FAILED;
}

STEP int give_it_back(void)
{
	return munmap((void *)page, PAGES * PAGE);
}

int main(void)
{
	int status = 0;
	pid_t pid;

	map_it();
	show("mapped:");
	first_touch();
	show("written to:");
	read_zeros();
	write_zeros();
	pid = fork();
	if (!pid) {
		show("the child, after fork:");
		child_writes();
		show("the child, when it has written:");
		_exit(page[0] != 'c');
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "the child failed\n");
		return 1;
	}
	show("the parent, alone again:");
	parent_writes();
	show("the parent, when it has written:");
	if (change_rights() || move_it()) {
		perror("mprotect, mremap");
		return 1;
	}
	show("protected and moved:");
	if (page[0] != 'p' || page[PAGE] != 'b' || give_it_back()) {
		fprintf(stderr, "not what was written\n");
		return 1;
	}
	show("unmapped:");
	return 0;
}
