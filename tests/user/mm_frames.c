/*
 * mm_frames - every frame of memory is one thing, and /proc/meminfo is the sum of them.
 *
 * Proves: /proc/kpageflags, read from end to end, gives each frame one class and no two that
 * exclude each other; the classes, added up, are the lines of /proc/meminfo, to the page; a frame
 * is mapped by kpagecount when it is by kpageflags.  And so while memory is locked, shared, of
 * files, on its way to swap and back.  MemAvailable is what Linux's formula makes of zoneinfo, and
 * sysinfo(2) says the same as meminfo.  Linux keeps some pages back in batches for a while, and marks some that it does not count:
 * there sums may differ by a few hundred pages.
 *
 * calls: open pread64 mlock sysinfo
 */
#define _FILE_OFFSET_BITS 64
#include <tests/user/commit.h>
#include <tests/user/disk.h>
#include <tests/user/swap.h>

#include <sys/sysinfo.h>

#define RW	(PROT_READ | PROT_WRITE)
#define FRAMES_AT_ONCE	512
#define TRIES	20		/* others may be at work while we read */

/* Bits of kpageflags: Documentation/admin-guide/mm/pagemap.rst of Linux. */
enum {
	LRU = 5, ACTIVE = 6, SLAB = 7, WRITEBACK = 8, BUDDY = 10, MMAP = 11, ANON = 12, SWAPCACHE = 13,
	SWAPBACKED = 14, UNEVICTABLE = 18, NOPAGE = 20, ZERO_PAGE = 24, PGTABLE = 26, RESERVED = 32,
	MLOCKED = 33,
};
#define HAS(word, bit)	((word) >> (bit) & 1)

struct sums {
	long frames, nopage, reserved, buddy, slab, pgtable, anon, swapcache, file, other;
	long mapped_anon, mapped_file, list[2][2], unevictable, mlocked, writeback;
	long odd;			/* more than one thing, or mapped and not */
	uint64_t odd_word;
};

/* What a frame with flags @w is, counted. */
static void count_frame(struct sums *s, uint64_t w, uint64_t mapcount)
{
	int what = HAS(w, NOPAGE) + HAS(w, RESERVED) + HAS(w, BUDDY) + HAS(w, SLAB) + HAS(w, PGTABLE);
	int user = HAS(w, ANON) || HAS(w, SWAPCACHE) || HAS(w, LRU) || HAS(w, UNEVICTABLE);

	s->frames++;
	if (what + user > 1 || (HAS(w, MMAP) && !mapcount) || (HAS(w, ACTIVE) && HAS(w, BUDDY))) {
		s->odd++;
		s->odd_word = w;
	}
	s->nopage += HAS(w, NOPAGE);
	s->reserved += HAS(w, RESERVED);
	s->buddy += HAS(w, BUDDY);
	s->slab += HAS(w, SLAB);
	s->pgtable += HAS(w, PGTABLE);
	s->swapcache += HAS(w, SWAPCACHE);
	s->anon += HAS(w, ANON) && !HAS(w, SWAPCACHE);
	s->file += user && !HAS(w, ANON) && !HAS(w, SWAPCACHE);
	s->other += !what && !user;
	s->mapped_anon += HAS(w, ANON) && HAS(w, MMAP);
	s->mapped_file += !HAS(w, ANON) && HAS(w, MMAP);
	if (HAS(w, LRU))
		s->list[HAS(w, SWAPBACKED)][HAS(w, ACTIVE)]++;
	s->unevictable += HAS(w, UNEVICTABLE);
	s->mlocked += HAS(w, MLOCKED);
	s->writeback += HAS(w, WRITEBACK);
}

static int flags_fd, count_fd;

static struct sums count_frames(void)
{
	static uint64_t flags[FRAMES_AT_ONCE], counts[FRAMES_AT_ONCE];
	struct sums s = { 0 };
	off_t at = 0;
	ssize_t n;
	long i;

	while ((n = pread(flags_fd, flags, sizeof(flags), at)) > 0) {
		must(n % 8 == 0 && pread(count_fd, counts, (size_t)n, at) == n);
		for (i = 0; i < n / 8; i++)
			count_frame(&s, flags[i], counts[i]);
		at += n;
	}
	must(n == 0);
	return s;
}

/* Pages by a line of meminfo. */
static long pages_of(const char *text, const char *line)
{
	char name[32] = "\n";

	if (!strncmp(text, line, strlen(line)))
		return number_after(text, line) / 4;
	strcat(name, line);
	return strstr(text, name) ? number_after(strstr(text, name) + 1, line) / 4 : 0;
}

static long sum_of(const char *text, const char *name)
{
	long sum = 0;

	while ((text = strstr(text, name)) != NULL)
		sum += strtol(text += strlen(name), NULL, 10);
	return sum;
}

/*
 * Free pages that processors have at hand: free, but in no block. *@all: all free ones, at this moment;
 * a long answer takes a page more than meminfo's.
 */
static long pages_at_hand(long *all)
{
	const char *text = proc_text("/proc/zoneinfo");

	*all = sum_of(text, "nr_free_pages ");
	return sum_of(text, "count:");
}

static int strict;		/* a kernel whose sums are exact: it says what each frame is */
static int differences, complaining;

static void compare(const char *what, long frames, long counted)
{
	long slack = strict ? 0 : 600 + counted / 50;

	if (labs(frames - counted) <= slack)
		return;
	differences++;
	if (complaining)
		test_fail("%s: %ld frames, counted as %ld", what, frames, counted);
}

static void drop_batches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	must(fd >= 0 && write(fd, "1", 1) == 1);
	close(fd);
}

static void compare_all(void)
{
	static char text[8192];
	struct sums s;
	long hand, total, all;

	drop_batches();
	snprintf(text, sizeof(text), "%.8000s", proc_text("/proc/meminfo"));
	hand = pages_at_hand(&all);
	s = count_frames();
	if (s.odd && (strict || s.odd > 100)) {
		differences++;
		if (complaining)
			test_fail("%ld frames are two things at once; one has flags %llx", s.odd,
				  (unsigned long long)s.odd_word);
	}
	/* By construction, unless a frame was two things. */
	total = s.nopage + s.reserved + s.buddy + s.slab + s.pgtable + s.anon + s.swapcache + s.file +
		s.other;
	compare("all classes", total, s.frames);
	compare("free", s.buddy + hand, all);
	if (labs(all - pages_of(text, "MemFree:")) > 2)
		compare("MemFree", all, pages_of(text, "MemFree:"));
	compare("anonymous, mapped", s.mapped_anon, pages_of(text, "AnonPages:"));
	compare("in the swap cache", s.swapcache, pages_of(text, "SwapCached:"));
	compare("Active(anon)", s.list[1][1], pages_of(text, "Active(anon):"));
	compare("Inactive(anon)", s.list[1][0], pages_of(text, "Inactive(anon):"));
	compare("Active(file)", s.list[0][1], pages_of(text, "Active(file):"));
	compare("Inactive(file)", s.list[0][0], pages_of(text, "Inactive(file):"));
	compare("Mlocked", s.mlocked, pages_of(text, "Mlocked:"));
	compare("Writeback", s.writeback, pages_of(text, "Writeback:"));
	if (!strict)
		return;
	compare("MemTotal", s.frames - s.nopage - s.reserved, pages_of(text, "MemTotal:"));
	compare("Slab", s.slab, pages_of(text, "Slab:"));
	compare("page tables", s.pgtable, pages_of(text, "PageTables:") + pages_of(text, "Quicklists:"));
	compare("page cache", s.file, pages_of(text, "Cached:") + pages_of(text, "Buffers:"));
	compare("Mapped", s.mapped_file, pages_of(text, "Mapped:"));
	compare("Unevictable", s.unevictable, pages_of(text, "Unevictable:"));
	/* What is left is the kernel's: at least what it says itself. */
	if (s.other - hand < pages_of(text, "KernelStack:") + pages_of(text, "VmallocUsed:"))
		compare("the kernel's own", s.other - hand,
			pages_of(text, "KernelStack:") + pages_of(text, "VmallocUsed:"));
}

/* The largest of the numbers in "(a, b, ...)". */
static long largest(const char *at)
{
	long most = 0;
	char *end;

	while (*at && *at != ')') {
		long n = strtol(at + 1, &end, 10);

		most = n > most ? n : most;
		at = end;
	}
	return most;
}

/* What the zones keep back from ordinary requests, and their low marks, summed up. */
static void zone_marks(long *reserve, long *low)
{
	long high = 0, managed = 0;
	char *line, *at;

	*reserve = *low = 0;
	for (line = strtok(proc_text("/proc/zoneinfo"), "\n"); line; line = strtok(NULL, "\n")) {
		at = line + strspn(line, " ");
		if (!strncmp(at, "low ", 4))
			*low += strtol(at + 4, NULL, 10);
		else if (!strncmp(at, "high ", 5))
			high = strtol(at + 5, NULL, 10);
		else if (!strncmp(at, "managed ", 8))
			managed = strtol(at + 8, NULL, 10);
		else if (!strncmp(at, "protection: ", 12))
			*reserve += largest(at + 12) + high < managed ? largest(at + 12) + high : managed;
	}
}

/* What Linux says may be used without swapping: Documentation/filesystems/proc.rst. */
static void compare_available(void)
{
	static char text[8192];
	long reserve, low, files, slab, available;
	struct sysinfo si;

	zone_marks(&reserve, &low);
	snprintf(text, sizeof(text), "%.8000s", proc_text("/proc/meminfo"));
	files = pages_of(text, "Active(file):") + pages_of(text, "Inactive(file):");
	slab = pages_of(text, "KReclaimable:");
	available = pages_of(text, "MemFree:") - reserve + files - (files / 2 < low ? files / 2 : low) +
		    slab - (slab / 2 < low ? slab / 2 : low);
	compare("MemAvailable", available < 0 ? 0 : available, pages_of(text, "MemAvailable:"));
	must(sysinfo(&si) == 0);
	compare("sysinfo: total", (long)(si.totalram * si.mem_unit / PAGE), pages_of(text, "MemTotal:"));
	/* The text of meminfo itself was a page or two. */
	if (labs((long)(si.freeram * si.mem_unit / PAGE) - pages_of(text, "MemFree:")) > 16)
		compare("sysinfo: free", (long)(si.freeram * si.mem_unit / PAGE),
			pages_of(text, "MemFree:"));
	compare("sysinfo: shared", (long)(si.sharedram * si.mem_unit / PAGE), pages_of(text, "Shmem:"));
	compare("sysinfo: buffers", (long)(si.bufferram * si.mem_unit / PAGE), pages_of(text, "Buffers:"));
	compare("sysinfo: swap", (long)(si.totalswap * si.mem_unit / PAGE), pages_of(text, "SwapTotal:"));
	compare("sysinfo: free swap", (long)(si.freeswap * si.mem_unit / PAGE),
		pages_of(text, "SwapFree:"));
	compare("sysinfo: high", (long)(si.totalhigh * si.mem_unit / PAGE), pages_of(text, "HighTotal:"));
}

/* Once in TRIES all must agree: nothing else may have happened meanwhile. */
static void frames_are_meminfo(const char *when)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		differences = 0;
		complaining = i == TRIES - 1;
		compare_all();
		compare_available();
		if (!differences)
			return;
	}
	printf("%s\n", when);
}

/* MADV_PAGEOUT (21), with a disk to swap to if there is one; a few come back and keep their slots. */
static void out_and_back(char *anon, char *shared)
{
	struct swap_head head = swap_head(4000);
	const char *disk = access("/dev/vda", W_OK) == 0 && strict ? "/dev/vda" : NULL;
	long i, sum = 0;

	if (disk) {
		put_swap_head(disk, &head);
		must(swapon(disk, 0) == 0);
	}
	madvise(anon, 300 * PAGE, 21);
	madvise(shared, 100 * PAGE, 21);
	frames_are_meminfo("after MADV_PAGEOUT");
	if (disk)
		expect(pages_of(proc_text("/proc/meminfo"), "SwapTotal:") -
		       pages_of(proc_text("/proc/meminfo"), "SwapFree:") >= 300);
	for (i = 0; i < 150; i++)
		sum += anon[i * (long)PAGE] + shared[i / 2 * (long)PAGE];
	frames_are_meminfo("with half of it back");
	for (i = 150; i < 300; i++)
		sum += anon[i * (long)PAGE] + (i < 250 ? shared[(i - 150) * (long)PAGE] : 1);
	expect_eq(sum, 600);
	frames_are_meminfo("and back");
	if (disk)
		must(swapoff(disk) == 0);
	frames_are_meminfo("without the disk");
}

int main(void)
{
	char *anon, *shared, *file, *locked;
	int fd;
	long i;

	flags_fd = open("/proc/kpageflags", O_RDONLY);
	count_fd = open("/proc/kpagecount", O_RDONLY);
	if (flags_fd < 0 || count_fd < 0)
		skip("no /proc/kpageflags: not root, or a kernel without");
	strict = access("/proc/pageclass", R_OK) == 0;
	frames_are_meminfo("at the start");

	anon = map_anon(300 * PAGE, RW);
	for (i = 0; i < 300; i++)
		anon[i * (long)PAGE] = 1;
	frames_are_meminfo("with anonymous memory");

	shared = mmap(NULL, 100 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = temp_file(60);
	file = mmap(NULL, 60 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(shared != MAP_FAILED && file != MAP_FAILED);
	for (i = 0; i < 100; i++)
		shared[i * (long)PAGE] = 1;
	for (i = 0; i < 60; i++)
		expect_eq(file[i * (long)PAGE], 'a' + i % 26);
	frames_are_meminfo("with shared memory and a file");

	locked = map_anon(40 * PAGE, RW);
	must(mlock(locked, 40 * PAGE) == 0 && mlock(shared, 10 * PAGE) == 0 && mlock(file, 10 * PAGE) == 0);
	frames_are_meminfo("with locked memory");
	must(munlock(locked, 40 * PAGE) == 0 && munlock(shared, 100 * PAGE) == 0);
	must(munlock(file, 60 * PAGE) == 0);
	frames_are_meminfo("when it is unlocked");

	out_and_back(anon, shared);
	munmap(anon, 300 * PAGE);
	munmap(shared, 100 * PAGE);
	munmap(file, 60 * PAGE);
	munmap(locked, 40 * PAGE);
	close(fd);
	frames_are_meminfo("at the end");
	return test_result();
}
