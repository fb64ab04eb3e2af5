/*
 * tests/user/mm_walk_report.h - the walk's random numbers, and what it says when it stumbles.
 *
 * All that is random comes from the seed by draw(), so the seed and the number of a step are all
 * that is needed to come there again.  The last calls are kept and printed with the first
 * thing that is not as the model says; nothing is printed before.
 */
#ifndef OCTAVO_TESTS_USER_MM_WALK_REPORT_H
#define OCTAVO_TESTS_USER_MM_WALK_REPORT_H

#include <tests/user/mm_walk_model.h>

#include <stdarg.h>

#define LAST_CALLS	24u

static struct walk {
	uint32_t seed, random;
	unsigned long step, steps;
	int depth;			/* forks between the first process and this */
	int reply;			/* a child's way to tell its parent, or -1 */
} walk = { .reply = -1 };

static char last_calls[LAST_CALLS][120];
static unsigned int nr_calls;

static unsigned int draw(unsigned int below)
{
	walk.random ^= walk.random << 13;
	walk.random ^= walk.random >> 17;
	walk.random ^= walk.random << 5;
	return (unsigned int)(((uint64_t)walk.random * below) >> 32);
}

static bool chance(unsigned int percent)
{
	return draw(100) < percent;
}

/* Write down what is about to be done. */
__attribute__((format(printf, 1, 2)))
static void note(const char *format, ...)
{
	char *line = last_calls[nr_calls++ % LAST_CALLS];
	int len = snprintf(line, sizeof(last_calls[0]), "%lu: ", walk.step);
	va_list args;

	va_start(args, format);
	vsnprintf(line + len, sizeof(last_calls[0]) - (size_t)len, format, args);
	va_end(args);
}

/* The page as the model has it. */
static void print_page(unsigned int i)
{
	static const char *const kinds[] = { "nothing", "anonymous", "private file", "shared file",
					     "shared anonymous" };
	struct page *p = &model[i];

	printf("page %u at %p: %s, prot %d, locked %d", i, addr_of(i), kinds[p->kind], p->prot,
	       p->locked);
	if (p->kind > ANON)
		printf(", page %u of %u's %u", p->index, p->object, backing_of(p)->pages);
	printf("%s%s\n", p->not_in_child ? ", not in a child" : "",
	       p->zero_in_child ? ", zero in a child" : "");
}

/* The kernel's idea of the window and the heap, which are what it has below 0x28000000. */
static void print_maps(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/maps", "r");

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long start = strtoul(line, NULL, 16);

		if (start >= heap_start && start < WINDOW_START + WINDOW_PAGES * PAGE)
			printf("  %s", line);
	}
}

/* The walk is over for this process and those before it. */
static void __attribute__((noreturn)) stop(void)
{
	fflush(stdout);
	if (walk.reply >= 0 && write(walk.reply, "x", 1) != 1)
		_exit(2);
	_exit(1);
}

/* The kernel and the model disagree: say where, how to come there again, and end. */
__attribute__((format(printf, 1, 2), noreturn))
static void wrong(const char *format, ...)
{
	unsigned int first = nr_calls > LAST_CALLS ? nr_calls - LAST_CALLS : 0;
	va_list args;

	printf("the last calls:\n");
	for (; first < nr_calls; first++)
		printf("  %s\n", last_calls[first % LAST_CALLS]);
	printf("the areas:\n");
	print_maps();
	printf("step %lu%s: ", walk.step, walk.depth ? " (in a child)" : "");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\nthe same again: mm_walk --seed %u --steps %lu\n", walk.seed, walk.step + 1);
	stop();
}

/* Compare the result of a call (-errno if it failed) with the model's. */
static void expect_result(long got, long predicted)
{
	if (got != predicted)
		wrong("the call gave %ld (0x%lx), not %ld (0x%lx)", got, got, predicted, predicted);
}

#define result_of(call)	({							\
	long __r = (long)(call);						\
										\
	__r == -1 ? -(long)errno : __r;						\
})

#endif
