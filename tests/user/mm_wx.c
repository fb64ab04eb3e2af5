/*
 * mm_wx - nothing is writable and executable that nobody asked for.
 *
 * By the areas of this program, by its page tables as they are (/proc/PID/page_tables, where there
 * is one), and by the kernel's (/sys/kernel/debug/kernel_page_tables).
 *
 * calls: mmap, mprotect
 */
#include <tests/user/mm.h>

#define MAX_AREAS	512

struct area {
	unsigned long start, end;
	int w, x;
};
static struct area areas[MAX_AREAS];
static int nr_areas, nx;

/* => how many areas can be written and executed */
static int read_areas(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512], rights[8];
	int both = 0;

	must(f);
	nr_areas = 0;
	while (fgets(line, sizeof(line), f)) {
		struct area *a = &areas[nr_areas++];

		must(nr_areas < MAX_AREAS);
		must(sscanf(line, "%lx-%lx %7s", &a->start, &a->end, rights) == 3);
		a->w = rights[1] == 'w';
		a->x = rights[2] == 'x';
		both += a->w && a->x;
	}
	fclose(f);
	return both;
}

static const struct area *area_of(unsigned long addr)
{
	for (int i = 0; i < nr_areas; i++)
		if (areas[i].start <= addr && addr < areas[i].end)
			return &areas[i];
	return NULL;
}

/* One line of page tables: its start, bytes, can it be written, be executed. => 0: a hole */
static int parse_line(const char *line, unsigned long *start, unsigned long *size, int *w, int *x)
{
	unsigned long end;
	char unit;

	if (sscanf(line, "0x%lx-0x%lx %lu%c", start, &end, size, &unit) != 4)
		return 0;
	*size <<= unit == 'G' ? 30 : unit == 'M' ? 20 : 10;
	must(*size == end - *start);
	*w = strstr(line, " RW ") != NULL;
	*x = strstr(line, " x ") != NULL;
	return *w || strstr(line, " ro ");
}

/* What is mapped lies in an area, and can do no more than that may. => pages that can do both */
static unsigned long check_tables(void)
{
	unsigned long start, size, next = 0, both = 0;
	FILE *f = fopen("/proc/self/page_tables", "r");
	char line[256];
	int w, x;

	if (!f)
		return ~0ul;
	must(fgets(line, sizeof(line), f) && strstr(line, "User Space"));
	while (fgets(line, sizeof(line), f)) {
		int mapped = parse_line(line, &start, &size, &w, &x);

		expect_eq(start, next);
		next = start + size;
		expect_eq(mapped, strstr(line, " USR ") != NULL);
		for (unsigned long at = start; mapped && at < next; at += PAGE) {
			const struct area *a = area_of(at);

			if (!a || (w && !a->w) || (nx && x && !a->x))
				test_fail("%lx in an area %d%d: %s", at, a && a->w, a && a->x, line);
			both += w && x;
		}
	}
	expect(next >= 0x40000000 && !(next & 0x3fffff));
	fclose(f);
	return both;
}

static void only_what_was_asked_for(void)
{
	unsigned long before, after;
	volatile char *p;

	expect_eq(read_areas(), 0);
	before = check_tables();
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	must(p != MAP_FAILED);
	p[0] = p[PAGE] = 1;
	expect_eq(read_areas(), 1);
	after = check_tables();
	if (after == ~0ul)
		goto out;
	if (nx) {
		expect_eq(before, 0);
		expect_eq(after, 2);
	}
	/* What was writable is so no more, though its page is there. */
	expect(mprotect((void *)p, 4 * PAGE, PROT_READ | PROT_EXEC) == 0);
	expect_eq(read_areas(), 0);
	if (nx)
		expect_eq(check_tables(), 0);
	expect(mprotect((void *)p, 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
	p[0] = p[2 * PAGE] = 2;
	expect_eq(read_areas(), 0);
	if (nx)
		expect_eq(check_tables(), 0);
out:
	munmap((void *)p, 4 * PAGE);
}

/* Code is read-only, and with NX nothing is both. */
static void kernel_tables(void)
{
	unsigned long start, size, next = 0;
	FILE *f = fopen("/sys/kernel/debug/kernel_page_tables", "r");
	int w, x, code = 0;
	char line[256];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		int mapped = parse_line(line, &start, &size, &w, &x);

		if (line[0] == '-')
			continue;
		if (next)
			expect_eq(start, next);
		next = start + size;
		expect(!strstr(line, " USR "));
		code += mapped && x && !w;
		if (mapped && w && x && nx)
			test_fail("%s", line);
	}
	expect_eq(next, 0);
	expect(code > 0);
	fclose(f);
}

int main(void)
{
	nx = cpu_has_nx();
	only_what_was_asked_for();
	kernel_tables();
	return test_result();
}
