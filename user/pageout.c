/*
 * pageout MIB - one page goes to swap and comes back, and its page-table entry is looked at meanwhile.
 *
 * The page is sent out by madvise(MADV_PAGEOUT), as reclaim would do it; then a child uses MIB of memory,
 * so that the copy that is still there is given up too.  What it had is compared.
 * /proc/self/pagemap says where it is; on Octavo /proc/self/translate has the bare entry too.
 */
#include <user/memstat.h>

#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#define PM_PRESENT	(1ull << 63)
#define PM_SWAP		(1ull << 62)
#define FRAME(entry)	((unsigned long)((entry) & ((1ull << 55) - 1)))

/* What the bare entry is, or "". */
static const char *bare_entry(const void *at)
{
	static char line[80];
	char text[2048], *found;
	int fd = open("/proc/self/translate", O_RDWR);
	ssize_t n;

	line[0] = '\0';
	n = snprintf(text, sizeof(text), "%lx", (unsigned long)at);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return line;
	lseek(fd, 0, SEEK_SET);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	found = strstr(text, "\ntable");
	found = found ? strstr(found, "entry") : NULL;
	if (found)
		sscanf(found, "entry %70[0-9a-fx]", line);
	return line;
}

static uint64_t pagemap(const void *at)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (off_t)((unsigned long)at / PAGE * 8)) < 0)
		perror("pagemap");
	close(fd);
	return entry;
}

static void show(const char *when, const void *at)
{
	uint64_t entry = pagemap(at);
	const char *status = slurp("/proc/self/status");
	long swap = status_field(status, "VmSwap"), rss = status_field(status, "RssAnon");
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	printf("%-22s entry %-10s ", when, bare_entry(at));
	if (entry & PM_PRESENT)
		printf("frame 0x%-11lx", FRAME(entry));
	else if (entry & PM_SWAP)
		printf("area %lu slot %-7lu", FRAME(entry) & 31, FRAME(entry) >> 5);
	else
		printf("%-19s", "nothing");
	printf("RssAnon %ld VmSwap %ld major %ld\n", rss, swap, ru.ru_majflt);
}

/* Somebody needs @mib MiB for a moment. */
static void pressure(unsigned long mib)
{
	pid_t child = fork();

	if (!child) {
		for (; mib; mib--)
			memset(malloc(1 << 20), 1, 1 << 20);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	unsigned long sum = 0;

	if (page == MAP_FAILED)
		return 1;
	/* What the library does at first use is not to be counted. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	show("mapped, not touched", page);
	for (unsigned long i = 0; i < PAGE; i++)
		page[i] = (unsigned char)(i * 7 + i / 256);
	show("written", page);
	if (madvise(page, PAGE, MADV_PAGEOUT)) {
		perror("MADV_PAGEOUT");
		return 1;
	}
	show("MADV_PAGEOUT", page);
	pressure(argc > 1 ? strtoul(argv[1], NULL, 0) : 0);
	show("memory was short", page);
	for (unsigned long i = 0; i < PAGE; i++)
		sum += page[i] != (unsigned char)(i * 7 + i / 256);
	show("read", page);
	page[0]++;
	show("written again", page);
	printf("%lu of %lu bytes differ\n", sum, PAGE);
	return sum != 0;
}
