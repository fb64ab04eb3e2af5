/*
 * tests/user/mm_smaps.c - smaps adds up: to what was touched, to the page tables, to smaps_rollup.
 *
 * Each line of smaps is made from page tables, so other ways to look into them must agree: what
 * this program knows that it touched, /proc/self/pagemap with /proc/kpagecount (an entry is there;
 * how many entries its page has), and the sums of smaps_rollup.
 */
#include <tests/user/commit.h>

#include <inttypes.h>

/* The lines of an area, in order; those of smaps_rollup are from RSS on, with three more. */
enum {
	SIZE, KERNEL_PAGE, MMU_PAGE, RSS, PSS, PSS_DIRTY, SHARED_CLEAN, SHARED_DIRTY, PRIVATE_CLEAN,
	PRIVATE_DIRTY, REFERENCED, ANONYMOUS, LAZYFREE, ANON_HUGE, SHMEM_PMD, FILE_PMD, SHARED_HUGETLB,
	PRIVATE_HUGETLB, SWAP, SWAP_PSS, LOCKED, NR_LINES
};
static const char *const names[NR_LINES] = {
	"Size:", "KernelPageSize:", "MMUPageSize:", "Rss:", "Pss:", "Pss_Dirty:", "Shared_Clean:",
	"Shared_Dirty:", "Private_Clean:", "Private_Dirty:", "Referenced:", "Anonymous:", "LazyFree:",
	"AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:", "Shared_Hugetlb:", "Private_Hugetlb:",
	"Swap:", "SwapPss:", "Locked:",
};

struct area {
	unsigned long start, end;
	char head[160];			/* its line as in maps */
	long kb[NR_LINES];
	char flags[80];
};

static struct area areas[200];
static int nr_areas;

/* "Rss:                  16 kB": eight columns from the 17th on, as Linux prints them. => kB */
static long parse_line(const char *line, const char *name)
{
	char again[80];
	long kb;

	if (strncmp(line, name, strlen(name)) || sscanf(line + strlen(name), "%ld kB", &kb) != 1) {
		test_fail("not a line of %s \"%s\"", name, line);
		return 0;
	}
	snprintf(again, sizeof(again), "%-16s%*ld kB", name, 24 - (strlen(name) > 16 ? (int)strlen(name) : 16),
		 kb);
	if (strcmp(line, again))
		test_fail("\"%s\" should be \"%s\"", line, again);
	return kb;
}

/* Read all of smaps of @pid (0: ourselves), line by line, in exactly this order. */
static void read_smaps(pid_t pid)
{
	char path[64], *line;
	int i, k;

	snprintf(path, sizeof(path), pid ? "/proc/%d/smaps" : "/proc/self/smaps", pid);
	nr_areas = 0;
	for (line = strtok(proc_text(path), "\n"); line; line = strtok(NULL, "\n")) {
		struct area *a = &areas[nr_areas++];

		must(nr_areas < 200);
		must(sscanf(line, "%lx-%lx ", &a->start, &a->end) == 2);
		snprintf(a->head, sizeof(a->head), "%s", line);
		a->flags[0] = '\0';
		for (i = 0; i < NR_LINES; i++) {
			line = strtok(NULL, "\n");
			must(line);
			a->kb[i] = parse_line(line, names[i]);
		}
		line = strtok(NULL, "\n");
		must(line && !strcmp(line, "THPeligible:    0"));
		line = strtok(NULL, "\n");
		must(line && !strncmp(line, "VmFlags: ", 9));
		/* Soft-dirty is there where the kernel can tell, which Linux on i386 cannot. */
		for (k = 9; line[k]; k += 3)
			if (strncmp(line + k, "sd ", 3))
				strncat(a->flags, line + k, 3);
	}
	must(nr_areas > 3);
}

static struct area *area_at(const void *addr)
{
	for (int i = 0; i < nr_areas; i++)
		if ((unsigned long)addr >= areas[i].start && (unsigned long)addr < areas[i].end)
			return &areas[i];
	must(!"there is an area");
	return NULL;
}

/* What must be so in any area. */
static void check_areas(void)
{
	for (int i = 0; i < nr_areas; i++) {
		const long *kb = areas[i].kb;

		expect_eq(kb[SIZE], (long)(areas[i].end - areas[i].start) / 1024);
		expect_eq(kb[KERNEL_PAGE], 4);
		expect_eq(kb[MMU_PAGE], 4);
		expect_eq(kb[RSS], kb[SHARED_CLEAN] + kb[SHARED_DIRTY] + kb[PRIVATE_CLEAN] +
				   kb[PRIVATE_DIRTY]);
		expect(kb[PSS] <= kb[RSS] && kb[PSS] >= kb[PRIVATE_CLEAN] + kb[PRIVATE_DIRTY]);
		expect(kb[PSS_DIRTY] <= kb[PSS] && kb[PSS_DIRTY] >= kb[PRIVATE_DIRTY]);
		expect(kb[REFERENCED] <= kb[RSS] && kb[ANONYMOUS] <= kb[RSS] && kb[RSS] <= kb[SIZE]);
		expect(kb[LOCKED] == 0 || kb[LOCKED] == kb[PSS]);
	}
}

/* What an area must show, in kB. */
struct figures {
	long rss, pss, shared_clean, shared_dirty, private_clean, private_dirty, anonymous;
	const char *flags;
};

static void expect_figures(int line, const void *addr, struct figures f)
{
	static const int lines[] = { RSS, PSS, SHARED_CLEAN, SHARED_DIRTY, PRIVATE_CLEAN, PRIVATE_DIRTY,
				     ANONYMOUS };
	const struct area *a = area_at(addr);
	const long *must_be = &f.rss;

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (a->kb[lines[i]] != must_be[i])
			test_fail("line %d: %s %ld kB, not %ld", line, names[lines[i]],
				  a->kb[lines[i]], must_be[i]);
	if (strcmp(a->flags, f.flags))
		test_fail("line %d: VmFlags \"%s\", not \"%s\"", line, a->flags, f.flags);
}
#define expect_area(addr, ...)	expect_figures(__LINE__, addr, (struct figures){ __VA_ARGS__ })

static char *anon, *shared, *noreserve, *locked, *stack_like;

/* Areas that keep apart from each other, and what is touched of them. */
static void make_areas(void)
{
	char *space = map_anon(100 * PAGE, PROT_NONE);
	const int fixed = MAP_ANONYMOUS | MAP_FIXED, rw = PROT_READ | PROT_WRITE;
	volatile char sink;

	anon = mmap(space + 2 * PAGE, 10 * PAGE, rw, MAP_PRIVATE | fixed, -1, 0);
	memset(anon, 1, 4 * PAGE);
	sink = anon[8 * PAGE];		/* the page of zeros: nobody's */
	shared = mmap(space + 20 * PAGE, 10 * PAGE, rw, MAP_SHARED | fixed, -1, 0);
	memset(shared, 1, 6 * PAGE);
	noreserve = mmap(space + 40 * PAGE, 8 * PAGE, rw, MAP_PRIVATE | MAP_NORESERVE | fixed, -1, 0);
	must(madvise(noreserve, 8 * PAGE, MADV_DONTFORK) == 0);
	must(madvise(noreserve, 8 * PAGE, MADV_SEQUENTIAL) == 0);
	noreserve[0] = 1;
	locked = mmap(space + 60 * PAGE, 3 * PAGE, rw, MAP_PRIVATE | MAP_LOCKED | fixed, -1, 0);
	must(locked != MAP_FAILED);
	stack_like = mmap(space + 80 * PAGE, 4 * PAGE, PROT_READ, MAP_PRIVATE | fixed, -1, 0);
	(void)sink;
}

static void touched(void)
{
	read_smaps(0);
	check_areas();
	expect_area(anon, 16, 16, 0, 0, 0, 16, 16, "rd wr mr mw me ac ");
	expect_area(shared, 24, 24, 0, 0, 0, 24, 0, "rd wr sh mr mw me ms ");
	expect_area(noreserve, 4, 4, 0, 0, 0, 4, 4, "rd wr mr mw me sr dc nr ");
	expect_area(locked, 12, 12, 0, 0, 0, 12, 12, "rd wr mr mw me lo ac ");
	expect_area(stack_like, 0, 0, 0, 0, 0, 0, 0, "rd mr mw me ");
	expect_eq(area_at(locked)->kb[LOCKED], 12);
	expect_eq(area_at(anon)->kb[LOCKED], 0);
	expect_eq(area_at(anon)->kb[REFERENCED], 16);
	expect(strstr(area_at(__builtin_frame_address(0))->flags, " gd") != NULL);
	expect(strstr(area_at(__builtin_frame_address(0))->head, "[stack]") != NULL);
	/* Given back: nothing is there. */
	must(madvise(anon, PAGE, MADV_DONTNEED) == 0);
	read_smaps(0);
	expect_area(anon, 12, 12, 0, 0, 0, 12, 12, "rd wr mr mw me ac ");
	memset(anon, 1, PAGE);
	must(mprotect(anon, 10 * PAGE, PROT_READ) == 0);
	read_smaps(0);
	expect_area(anon, 16, 16, 0, 0, 0, 16, 16, "rd mr mw me ac ");
	must(mprotect(anon, 10 * PAGE, PROT_READ | PROT_WRITE) == 0);
}

/* Two who have a page each have half of it. */
static void forked(void)
{
	int to_child[2], to_us[2], status;
	pid_t child;
	char c;

	must(pipe(to_child) == 0 && pipe(to_us) == 0);
	child = fork();
	must(child >= 0);
	if (!child) {
		anon[0] = 2;			/* a copy of its own */
		shared[0] = shared[PAGE] = 2;	/* the same two */
		must(write(to_us[1], "x", 1) == 1 && read(to_child[0], &c, 1) == 1);
		_exit(0);
	}
	must(read(to_us[0], &c, 1) == 1);
	read_smaps(0);
	check_areas();
	expect_area(anon, 16, 4 + 6, 0, 12, 0, 4, 16, "rd wr mr mw me ac ");
	expect_area(shared, 24, 16 + 4, 0, 8, 0, 16, 0, "rd wr sh mr mw me ms ");
	expect_area(noreserve, 4, 4, 0, 0, 0, 4, 4, "rd wr mr mw me sr dc nr ");
	expect_area(locked, 12, 6, 0, 12, 0, 0, 12, "rd wr mr mw me lo ac ");
	expect_eq(area_at(locked)->kb[LOCKED], 6);
	read_smaps(child);
	check_areas();
	expect_area(anon, 16, 4 + 6, 0, 12, 0, 4, 16, "rd wr mr mw me ac ");
	expect_area(shared, 8, 4, 0, 8, 0, 0, 0, "rd wr sh mr mw me ms ");
	expect_area(locked, 12, 6, 0, 12, 0, 0, 12, "rd wr mr mw me ac ");
	expect_eq(area_at(locked)->kb[LOCKED], 0);
	for (int i = 0; i < nr_areas; i++)
		expect((unsigned long)noreserve < areas[i].start ||
		       (unsigned long)noreserve >= areas[i].end);
	must(write(to_child[1], "x", 1) == 1);
	must(waitpid(child, &status, 0) == child && status == 0);
	close(to_child[0]);
	close(to_child[1]);
	close(to_us[0]);
	close(to_us[1]);
	read_smaps(0);
	expect_area(anon, 16, 16, 0, 0, 0, 16, 16, "rd wr mr mw me ac ");
	expect_area(shared, 24, 24, 0, 0, 0, 24, 0, "rd wr sh mr mw me ms ");
}

/* ---- the page tables, as pagemap and kpagecount tell them ---- */

#define PM_PRESENT	(1ull << 63)
#define PM_PFN		((1ull << 55) - 1)

static uint64_t read_u64(int fd, uint64_t index)
{
	uint64_t value = 0;

	must(pread(fd, &value, 8, (off_t)(index * 8)) == 8);
	return value;
}

/*
 * Every area once more, entry by entry. A page that no entry counts (the page of zeros) is not
 * there. The kernel's own pages in [vvar] and [vdso] count as each kernel likes.
 */
static void page_tables(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), counts = open("/proc/kpagecount", O_RDONLY);
	int i;

	if (pagemap < 0 || counts < 0)
		return;
	read_smaps(0);
	for (i = 0; i < nr_areas; i++) {
		const struct area *a = &areas[i];
		long private = 0, pages = 0;
		unsigned long addr;
		double pss = 0;

		if (strstr(a->head, "[v"))
			continue;
		for (addr = a->start; addr < a->end; addr += PAGE) {
			uint64_t entry = read_u64(pagemap, addr / PAGE), users;

			if (!(entry & PM_PRESENT))
				continue;
			users = read_u64(counts, entry & PM_PFN);
			if (!users)
				continue;
			pages++;
			private += users == 1;
			pss += 4.0 / (double)users;
		}
		expect_eq(a->kb[RSS], pages * 4);
		expect_eq(a->kb[PRIVATE_CLEAN] + a->kb[PRIVATE_DIRTY], private * 4);
		if (a->kb[PSS] > (long)(pss + 0.5) || a->kb[PSS] < (long)(pss - 0.5))
			test_fail("Pss of \"%s\": %ld, but the page tables say %.3f", a->head,
				  a->kb[PSS], pss);
	}
	close(pagemap);
	close(counts);
}

/* ---- smaps_rollup ---- */

static void rollup(void)
{
	char first[160], head[160], *line;
	long sum[NR_LINES] = { 0 }, kb, parts;
	int i, k;

	read_smaps(0);
	for (i = 0; i < nr_areas; i++)
		for (k = 0; k < NR_LINES; k++)
			sum[k] += areas[i].kb[k];
	line = strtok(proc_text("/proc/self/smaps_rollup"), "\n");
	must(line);
	snprintf(first, sizeof(first), "%s", line);
	snprintf(head, sizeof(head), "%08lx-%08lx ---p 00000000 00:00 0", areas[0].start,
		 areas[nr_areas - 1].end);
	snprintf(head + strlen(head), sizeof(head) - strlen(head), "%*s[rollup]",
		 49 - (int)strlen(head), "");
	if (strcmp(first, head))
		test_fail("\"%s\" should be \"%s\"", first, head);
	for (k = RSS; k < NR_LINES; k++) {
		line = strtok(NULL, "\n");
		must(line);
		kb = parse_line(line, names[k]);
		/* Parts of kB that each area has dropped. */
		if (k == PSS || k == PSS_DIRTY || k == LOCKED)
			expect(kb >= sum[k] && kb <= sum[k] + nr_areas);
		else
			expect_eq(kb, sum[k]);
		if (k != PSS_DIRTY)
			continue;
		parts = parse_line(strtok(NULL, "\n"), "Pss_Anon:");
		parts += parse_line(strtok(NULL, "\n"), "Pss_File:");
		parts += parse_line(strtok(NULL, "\n"), "Pss_Shmem:");
		expect(parts <= sum[PSS] + nr_areas && parts + 2 >= sum[PSS]);
	}
	expect(!strtok(NULL, "\n"));
	/* Linux 6.1 lets a task's counters lag behind its page tables by up to 64 faults. */
	kb = number_after(proc_text("/proc/self/status"), "VmRSS:");
	expect(labs(kb - sum[RSS]) <= (access("/proc/self/translate", F_OK) ? 64 * 4 * 3 : 0));
}

/* A kernel thread, and who has ended, has no smaps. */
static void nobody(void)
{
	int status, fd;
	char path[64], c;
	siginfo_t info;
	pid_t child = fork();

	must(child >= 0);
	if (!child)
		_exit(0);
	must(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
	snprintf(path, sizeof(path), "/proc/%d/smaps", child);
	expect_eq(strlen(proc_text(path)), 0);
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", child);
	fd = open(path, O_RDONLY);
	expect(fd < 0 || read(fd, &c, 1) < 0);
	expect_eq(errno, ESRCH);
	close(fd);
	waitpid(child, &status, 0);
}

int main(void)
{
	make_areas();
	read_smaps(0);		/* what reading touches is touched now */
	touched();
	forked();
	rollup();
	page_tables();
	nobody();
	return test_result();
}
