/*
 * mm_rmap - memory of families: 1,000 children at once, 1,000 generations one after the other.
 *
 * Each process writes to pages that it shared and gives a page of its own to swap; all find what
 * they wrote.  On a kernel that counts the page-table entries it looks at on the way from a page
 * (rmap_visits in /proc/vmstat), that count must grow with the children, not with their square.
 * And a long line of forks, in which each parent is gone before its grandchild comes, must not take
 * more and more memory.
 */
#include <tests/user/mm.h>

#include <sys/swap.h>

#include "commit.h"
#include "swap.h"

#define CHILDREN	1000
#define GENERATIONS	1000
#define MOST_KB		6000	/* a step of a way is some 50 bytes: a thousand ways of up to a thousand would be 25 MB */
#define PAGES		4

static char *mem;
static unsigned int children = CHILDREN;

static long vmstat(const char *name)
{
	return number_after(proc_text("/proc/vmstat"), name);
}

static long meminfo_kb(const char *name)
{
	return number_after(proc_text("/proc/meminfo"), name);
}

/* One of many: what the parent wrote is there, and what I write is mine. */
static void child(int nr, int ready, int go)
{
	unsigned int *word = (unsigned int *)mem;
	char c = 'x';

	if (word[0] != 1 || word[1024] != 2)
		_exit(1);
	word[1024] = (unsigned int)nr;
	madvise(mem, PAGES * PAGE, MADV_PAGEOUT);
	if (write(ready, &c, 1) != 1 || read(go, &c, 1) != 0)
		_exit(2);
	_exit(word[0] == 1 && word[1024] == (unsigned int)nr ? 0 : 3);
}

static void many_children(void)
{
	int ready[2], go[2], status;
	long visits = vmstat("rmap_visits ");
	unsigned int i, good = 0;
	char c;

	must(pipe(ready) == 0 && pipe(go) == 0);
	for (i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid) {
			close(go[1]);
			child((int)i + 100, ready[1], go[0]);
		}
	}
	children = i;
	for (i = 0; i < children; i++)
		must(read(ready[0], &c, 1) == 1);
	if (visits >= 0)
		visits = vmstat("rmap_visits ") - visits;
	/* What all share is looked for in all, as often as somebody asks: once or twice in all. */
	if (visits > 60l * (long)children)
		test_fail("%ld entries looked at for %u children", visits, children);
	close(go[1]);
	close(go[0]);
	for (i = 0; i < children; i++) {
		must(wait(&status) > 0);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	expect_eq(good, children);
	expect(children >= 50);
	close(ready[0]);
	close(ready[1]);
	expect_eq(((unsigned int *)mem)[1024], 2);
}

/* I am generation @nr: make the next one, and go. */
static void line_of_forks(void)
{
	unsigned int *word = (unsigned int *)mem, nr;
	int done[2], status;
	long before = meminfo_kb("MemFree:"), free_kb = 0;
	pid_t pid;

	must(pipe(done) == 0);
	pid = fork();
	must(pid >= 0);
	for (nr = 0; !pid && nr < GENERATIONS; nr++) {
		/* Pages of every generation are still seen by the last one. */
		if (word[nr % 1000 + 2048] != nr / 1000 || word[0] != 1)
			_exit(1);
		word[nr % 1000 + 2048] = nr + 1;
		word[3 * 1024] = nr;
		pid = fork();
		if (pid < 0)
			_exit(2);
		if (pid)
			_exit(0);
	}
	if (!pid) {
		for (nr = 0; nr < GENERATIONS; nr++)
			if (word[nr + 2048] != nr + 1)
				_exit(3);
		/* Those that have exited are there until init has time for them. */
		for (nr = 0; nr < 500 && before - (free_kb = meminfo_kb("MemFree:")) >= MOST_KB; nr++)
			usleep(20000);
		_exit(write(done[1], &free_kb, sizeof(free_kb)) != sizeof(free_kb));
	}
	close(done[1]);
	must(read(done[0], &free_kb, sizeof(free_kb)) == sizeof(free_kb));
	must(waitpid(pid, &status, 0) == pid);
	close(done[0]);
	expect(before - free_kb < MOST_KB);
}

int main(void)
{
	struct swap_head head = swap_head(4095);
	int fd;

	mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	*(unsigned int *)mem = 1;
	((unsigned int *)mem)[1024] = 2;
	if (meminfo_kb("MemFree:") / 100 < CHILDREN)
		children = (unsigned int)(meminfo_kb("MemFree:") / 100);
	many_children();
	line_of_forks();
	/* Once more with somewhere to put the pages; of another kernel's machine no disk is touched. */
	fd = vmstat("rmap_visits ") >= 0 ? open("/dev/vda", O_RDWR) : -1;
	if (fd < 0)
		return test_result();
	close(fd);
	put_swap_head("/dev/vda", &head);
	if (swapon("/dev/vda", 0) == 0) {
		many_children();
		line_of_forks();
		expect_eq(swapoff("/dev/vda"), 0);
	}
	return test_result();
}
