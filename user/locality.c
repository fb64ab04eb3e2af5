/*
 * locality MIB [COLUMNS] - a matrix larger than memory, by rows and by columns: faults counted.
 *
 * The matrix has rows of one page, so that a step down a column is a step to another page.  It is
 * filled by rows, then COLUMNS (4) of its columns are added up in both orders.
 */
#include <user/memstat.h>

#include <sys/mman.h>

#define ROW	(PAGE / sizeof(unsigned))

/* The number behind "@name " in /proc/vmstat. */
static unsigned long vmstat(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text && *text; text = strchr(text, '\n'), text += text != NULL)
		if (!strncmp(text, name, len) && text[len] == ' ')
			return strtoul(text + len, NULL, 10);
	return 0;
}

static struct count { unsigned long major, in, out; } last;

static struct count count(void)
{
	struct count now;
	struct rusage ru;
	const char *text = slurp("/proc/vmstat");

	now.in = vmstat(text, "pswpin");
	now.out = vmstat(text, "pswpout");
	getrusage(RUSAGE_SELF, &ru);
	now.major = (unsigned long)ru.ru_majflt;
	return now;
}

static void report(const char *what)
{
	struct count now = count();

	printf("%-24s %8lu %8lu %8lu\n", what, now.major - last.major, now.in - last.in, now.out - last.out);
	last = count();
}

int main(int argc, char **argv)
{
	unsigned long rows = argc > 1 ? strtoul(argv[1], NULL, 0) * (1024 * 1024 / PAGE) : 0;
	unsigned long columns = argc > 2 ? strtoul(argv[2], NULL, 0) : 4, by_rows = 0, by_columns = 0;
	unsigned (*m)[ROW] = mmap(NULL, rows * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!rows || columns > ROW || m == MAP_FAILED) {
		fprintf(stderr, "usage: locality MIB [COLUMNS]\n");
		return 64;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%lu rows of %lu bytes, %lu columns\n", rows, PAGE, columns);
	printf("%-24s %8s %8s %8s\n", "", "major", "pswpin", "pswpout");
	last = count();
	for (unsigned long r = 0; r < rows; r++)
		for (unsigned long c = 0; c < columns; c++)
			m[r][c * (ROW / columns)] = (unsigned)(r * columns + c);
	report("filled");
	for (unsigned long r = 0; r < rows; r++)
		for (unsigned long c = 0; c < columns; c++)
			by_rows += m[r][c * (ROW / columns)];
	report("by rows");
	for (unsigned long c = 0; c < columns; c++)
		for (unsigned long r = 0; r < rows; r++)
			by_columns += m[r][c * (ROW / columns)];
	report("by columns");
	printf("sums %s\n", by_rows == by_columns ? "equal" : "DIFFER");
	return by_rows != by_columns;
}
