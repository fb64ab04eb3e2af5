/*
 * fight - two processors want the same page table.
 *
 * usage: fight [THREADS [TABLES]]             (default: 2 200)
 *
 * The threads (raw clone: one address space) sit on processors of their own. In each
 * round all of them write, at the same moment, to pages of 4M that have no page table
 * yet. Each finds the directory's entry empty and gets a page for a table; under
 * page_table_lock the first one enters its table, and the others see that and give
 * theirs back. The kernel counts the pages it hands out for page tables: how many more
 * than are needed were fought over?
 */
#define _GNU_SOURCE
#include <user/memstat.h>

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MAX_THREADS	32
#define REGION		0x400000ul	/* what one page table maps */
#define STACK		16384

static char *area;
static int threads = 2, tables = 200;
static volatile int arrived;
static char stacks[MAX_THREADS][STACK] __attribute__((aligned(16)));

/* Wait until all have come to round @round. */
static void meet(int round)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	for (int turns = 0; arrived < threads * (round + 1); turns++) {
		if (turns < 10000)
			__asm__ volatile("pause");
		else
			sched_yield();		/* fewer processors than threads */
	}
}

static int fighter(void *number)
{
	int n = (int)(long)number;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(n, &set);
	sched_setaffinity(0, sizeof(set), &set);	/* fails if there is no such processor */
	for (int round = 0; round < tables; round++) {
		volatile char *page = area + (unsigned long)round * REGION + (unsigned long)n * PAGE;

		meet(round);
		*page = 1;
	}
	_exit(0);
}

static long pages_for_tables(void)
{
	const char *text = slurp("/proc/vmstat");
	long sum = 0;

	for (const char *p = text; (p = strstr(p, "pte_quicklist_")) != NULL; p++)
		sum += strtol(strchr(p, ' '), NULL, 10);
	return sum;
}

int main(int argc, char **argv)
{
	long before, used;

	if (argc > 1)
		threads = atoi(argv[1]);
	if (argc > 2)
		tables = atoi(argv[2]);
	if (threads < 1 || threads > MAX_THREADS || tables < 1 || tables > 500)
		return 2;
	area = mmap(NULL, (unsigned long)(tables + 1) * REGION, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return 1;
	area = (char *)(((unsigned long)area + REGION - 1) & ~(REGION - 1));
	before = pages_for_tables();
	for (int i = 0; i < threads; i++)
		if (clone(fighter, stacks[i] + STACK, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  SIGCHLD, (void *)(long)i) < 0)
			return 1;
	while (wait(NULL) > 0)
		;
	used = pages_for_tables() - before;
	printf("%d threads, %d page tables\n", threads, tables);
	if (used)
		printf("pages for page tables handed out: %ld, of them given back at once: %ld\n", used, used - tables);
	return 0;
}
