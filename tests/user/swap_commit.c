/*
 * tests/user/swap_commit.c - what swap areas add to what may be promised: CommitLimit, the guess of
 * mode 0, and a swapoff that would leave promises without cover.
 */
#include <tests/user/commit.h>
#include <tests/user/disk.h>
#include <tests/user/swap.h>

#define LAST	2000u		/* slots of the area, but for the header's */

static const char *disk;
static long slack;		/* pages by which the kernel may err: Linux, total / 256 */

static long total_pages(void)
{
	char *text = proc_text("/proc/meminfo");

	return (number_after(text, "MemTotal:") + number_after(text, "SwapTotal:")) / 4;
}

static void swap_on(void)
{
	struct swap_head h = swap_head(LAST);

	put_swap_head(disk, &h);
	must(swapon(disk, 0) == 0);
}

static void *anon(long pages)
{
	return mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The limit is so much of RAM, by ratio or in kB, and all of swap. */
static void limit(void)
{
	long before;

	set_knob("overcommit_ratio", 30);
	before = commit_limit();
	swap_on();
	expect_eq(commit_limit() - before, LAST);
	set_knob("overcommit_kbytes", 8192);
	expect_eq(commit_limit(), 8192 / 4 + (long)LAST);
	must(swapoff(disk) == 0);
	expect_eq(commit_limit(), 8192 / 4);
	set_knob("overcommit_ratio", 0);
	expect_eq(commit_limit(), 0);
	swap_on();
	expect_eq(commit_limit(), LAST);
	must(swapoff(disk) == 0);
}

/* Mode 0: one request may be as large as RAM and swap together. */
static void guess(void)
{
	long ram = total_pages();
	char *p;

	if (ram + (long)LAST >= 600000)
		return;		/* no room for as much in 3G of addresses */
	set_knob("overcommit_memory", 0);
	expect_errno((long)anon(ram + 1), ENOMEM);
	swap_on();
	p = anon(ram + (long)LAST);
	expect(p != MAP_FAILED);
	munmap(p, (size_t)(ram + (long)LAST) * PAGE);
	expect_errno((long)anon(ram + (long)LAST + 1), ENOMEM);
	must(swapoff(disk) == 0);
}

/* Mode 2: what swap covers can be promised, and then the area cannot go until it is given back. */
static void covered(void)
{
	long pages = (long)LAST - 200 - 2 * slack;
	char *p;

	set_knob("admin_reserve_kbytes", 0);
	set_knob("user_reserve_kbytes", 0);
	set_knob("overcommit_kbytes", (committed() + 100 + slack) * 4);
	set_knob("overcommit_memory", 2);
	expect_errno((long)anon(pages), ENOMEM);
	swap_on();
	p = anon(pages);
	expect(p != MAP_FAILED);
	memset(p, 7, 64 * PAGE);
	expect_errno(swapoff(disk), ENOMEM);
	expect_eq(p[63 * PAGE], 7);
	munmap(p, (size_t)pages * PAGE);
	expect_eq(swapoff(disk), 0);
	expect_errno((long)anon(pages), ENOMEM);
}

int main(void)
{
	commit_or_skip();
	disk = test_disk();
	if (access("/proc/self/translate", F_OK))
		slack = total_pages() / 256 + 32;
	with_knobs(limit);
	with_knobs(guess);
	with_knobs(covered);
	return test_result();
}
