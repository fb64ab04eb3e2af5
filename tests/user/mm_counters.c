/*
 * tests/user/mm_counters.c - the sizes in /proc/PID/status, stat and statm, right after each call.
 *
 * Each call that maps, unmaps, moves, locks or protects is made between two readings, and each
 * counter must have changed by what the call was about: VmSize, VmData, VmStk, VmLck, VmLib. Page
 * tables: memory that is touched here and there needs one for each, a dense stretch one for all.
 */
#include <tests/user/commit.h>

struct counters {
	long size, data, stack, exe, lib, locked, pte, rss, anon, file, shmem, peak, hwm, pin, swap;
};

static long status_line(const char *text, const char *name)
{
	long kb = number_after(text, name);

	expect(kb >= 0 && kb % 4 == 0);
	return kb / 4;
}

/* All in pages. */
static struct counters now(void)
{
	char *text = proc_text("/proc/self/status");

	return (struct counters){
		.size = status_line(text, "VmSize:"), .data = status_line(text, "VmData:"),
		.stack = status_line(text, "VmStk:"), .exe = status_line(text, "VmExe:"),
		.lib = status_line(text, "VmLib:"), .locked = status_line(text, "VmLck:"),
		.pte = status_line(text, "VmPTE:"), .rss = status_line(text, "VmRSS:"),
		.anon = status_line(text, "RssAnon:"), .file = status_line(text, "RssFile:"),
		.shmem = status_line(text, "RssShmem:"), .peak = status_line(text, "VmPeak:"),
		.hwm = status_line(text, "VmHWM:"), .pin = status_line(text, "VmPin:"),
		.swap = status_line(text, "VmSwap:"),
	};
}

static struct counters base;
static long lag;	/* faults by which Linux 6.1 lets each sort of resident pages be late */

/* Since the last time: exactly so many pages more of each. */
static void changed(int line, long size, long data, long lib, long locked)
{
	struct counters c = now();

	if (c.size - base.size != size || c.data - base.data != data || c.lib - base.lib != lib ||
	    c.locked - base.locked != locked)
		test_fail("line %d: size %+ld data %+ld lib %+ld locked %+ld, not %+ld %+ld %+ld %+ld",
			  line, c.size - base.size, c.data - base.data, c.lib - base.lib,
			  c.locked - base.locked, size, data, lib, locked);
	expect_eq(c.stack, base.stack);
	expect_eq(c.exe, base.exe);
	expect_eq(c.rss, c.anon + c.file + c.shmem);
	expect(c.peak >= c.size && c.hwm >= c.rss);
	base = c;
}
#define expect_change(...)	changed(__LINE__, __VA_ARGS__)

static void mappings(void)
{
	const int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS;
	char *hole, *p, *q;
	int fd = temp_file(4);

	/* What lies around is ours: nothing joins or is in the way. */
	hole = map_anon(400 * PAGE, PROT_NONE);
	must(munmap(hole, 300 * PAGE) == 0);
	base = now();
	p = mmap(hole, 100 * PAGE, rw, anon | MAP_FIXED, -1, 0);
	must(p == hole);
	expect_change(100, 100, 0, 0);
	must(munmap(p + 40 * PAGE, 20 * PAGE) == 0);
	expect_change(-20, -20, 0, 0);
	must(mmap(p + 30 * PAGE, 40 * PAGE, PROT_READ, anon | MAP_FIXED, -1, 0) == p + 30 * PAGE);
	expect_change(20, -20, 0, 0);
	/* Data is what is private and can be written, text what can be executed and not written. */
	must(mprotect(p, 10 * PAGE, PROT_READ) == 0);
	expect_change(0, -10, 0, 0);
	must(mprotect(p + 5 * PAGE, 10 * PAGE, PROT_READ | PROT_EXEC) == 0);
	expect_change(0, -5, 10, 0);
	must(mprotect(p + 5 * PAGE, 5 * PAGE, rw | PROT_EXEC) == 0);
	expect_change(0, 5, -5, 0);
	must(mprotect(p, 100 * PAGE, rw) == 0);
	expect_change(0, 50, -5, 0);
	must(mremap(p, 100 * PAGE, 60 * PAGE, 0) == p);
	expect_change(-40, -40, 0, 0);
	must(mremap(p, 60 * PAGE, 80 * PAGE, 0) == p);
	expect_change(20, 20, 0, 0);
	must(mmap(p + 80 * PAGE, PAGE, PROT_NONE, anon | MAP_FIXED, -1, 0) == p + 80 * PAGE);
	expect_change(1, 0, 0, 0);
	q = mremap(p, 80 * PAGE, 90 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED && q != p);
	expect_change(10, 10, 0, 0);
	must(munmap(q, 90 * PAGE) == 0 && munmap(p + 80 * PAGE, PAGE) == 0);
	expect_change(-91, -90, 0, 0);

	/* Locked memory. */
	p = mmap(hole, 20 * PAGE, rw, anon | MAP_FIXED | MAP_LOCKED, -1, 0);
	must(p == hole);
	expect_change(20, 20, 0, 20);
	must(munlock(p + 5 * PAGE, 5 * PAGE) == 0);
	expect_change(0, 0, 0, -5);
	must(mlock(p, 8 * PAGE) == 0);
	expect_change(0, 0, 0, 3);
	must(mremap(p, 8 * PAGE, 4 * PAGE, 0) == p);
	expect_change(-4, -4, 0, -4);
	must(munmap(p, 20 * PAGE) == 0);
	expect_change(-16, -16, 0, -14);

	/* Shared memory and files are size only; a private writable copy of a file is data. */
	p = mmap(hole, 30 * PAGE, rw, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(p == hole);
	expect_change(30, 0, 0, 0);
	must(mmap(p, 4 * PAGE, rw, MAP_SHARED | MAP_FIXED, fd, 0) == p);
	expect_change(0, 0, 0, 0);
	must(mmap(p + 10 * PAGE, 4 * PAGE, rw, MAP_PRIVATE | MAP_FIXED, fd, 0) == p + 10 * PAGE);
	expect_change(0, 4, 0, 0);
	must(mmap(p + 20 * PAGE, 4 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
	     p + 20 * PAGE);
	expect_change(0, 0, 4, 0);
	must(munmap(p, 30 * PAGE) == 0);
	expect_change(-30, -4, -4, 0);
	must(munmap(hole, 400 * PAGE) == 0);
	expect_change(-100, 0, 0, 0);
	close(fd);
}

static void heap(void)
{
	char *end = (char *)(((unsigned long)sbrk(0) + PAGE - 1) & ~(PAGE - 1));

	must(brk(end) == 0);
	base = now();
	must(brk(end + 33 * PAGE) == 0);
	expect_change(33, 33, 0, 0);
	must(brk(end + 3 * PAGE + 1) == 0);
	expect_change(-29, -29, 0, 0);
	must(brk(end) == 0);
	expect_change(-4, -4, 0, 0);
}

static void stack(void)
{
	struct counters before = now(), after;

	touch_stack(200);
	after = now();
	expect(after.stack >= before.stack + 150);
	expect_eq(after.size - before.size, after.stack - before.stack);
	expect_eq(after.data, before.data);
	expect(after.peak >= after.size);
}

/* What is resident, by sort; the most there ever was stays. */
static void resident(void)
{
	struct counters before = now(), after;
	char *p = map_anon(300 * PAGE, PROT_READ | PROT_WRITE), *q;

	q = mmap(NULL, 200 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(q != MAP_FAILED);
	memset(p, 1, 300 * PAGE);
	memset(q, 1, 200 * PAGE);
	after = now();
	expect(labs(after.anon - before.anon - 300) <= lag);
	expect(labs(after.shmem - before.shmem - 200) <= lag);
	munmap(p, 300 * PAGE);
	munmap(q, 200 * PAGE);
	before = now();
	expect(before.hwm >= after.rss - lag);
	expect(before.rss <= after.rss - 400);
	expect_eq(before.pin, 0);
	expect_eq(before.swap, 0);
}

static long machine_tables(void)
{
	write_knob("stat_refresh", "1");	/* Linux: what the processors hold back is added up */
	return number_after(proc_text("/proc/meminfo"), "PageTables:") / 4;
}

#define LARGEST_TABLE	(4ul << 20)	/* bytes that one page table maps; half of it with PAE */
#define TABLES		16

static void page_tables(void)
{
	char *space = mmap(NULL, (TABLES + 2) * LARGEST_TABLE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p = (char *)(((unsigned long)space + LARGEST_TABLE) & ~(LARGEST_TABLE - 1));
	long tables = machine_tables(), own = now().pte, i;

	must(space != MAP_FAILED);
	/* Dense: one table, however many pages. */
	memset(p, 1, 256 * PAGE);
	expect_eq(now().pte - own, 1);
	expect_eq(machine_tables() - tables, 1);
	/* Sparse: a table each. */
	for (i = 1; i < TABLES; i++)
		p[(unsigned long)i * LARGEST_TABLE] = 1;
	expect_eq(now().pte - own, TABLES);
	expect_eq(machine_tables() - tables, TABLES);
	munmap(space, (TABLES + 2) * LARGEST_TABLE);
	expect_eq(now().pte, own);
	/* Linux frees them when no processor can be walking them any more. */
	for (i = 0; i < 200 && machine_tables() > tables; i++)
		usleep(5000);
	expect_eq(machine_tables(), tables);
}

/* The same figures in statm (pages) and stat (bytes and pages). */
static void other_files(void)
{
	struct counters c = now();
	long size, resident, shared, text, lib, data, dt;
	unsigned long vsize, rss;
	char *line;

	must(sscanf(proc_text("/proc/self/statm"), "%ld %ld %ld %ld %ld %ld %ld", &size, &resident,
		    &shared, &text, &lib, &data, &dt) == 7);
	expect_eq(size, c.size);
	expect(labs(resident - c.rss) <= lag && labs(shared - c.file - c.shmem) <= lag);
	expect_eq(text, c.exe);
	expect_eq(lib, 0);
	expect_eq(data, c.data + c.stack);
	expect_eq(dt, 0);
	line = strrchr(proc_text("/proc/self/stat"), ')');
	must(line && sscanf(line + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			    "%*s %*s %*s %*s %lu %lu", &vsize, &rss) == 2);
	expect_eq(vsize, c.size * (long)PAGE);
	expect(labs((long)rss - c.rss) <= lag);
}

/* => lines of @path that begin with one of the @nr @names; each that does not is named */
static void has_lines(const char *path, const char *const names[], size_t nr)
{
	const char *text = proc_text(path), *p;
	size_t i;

	for (i = 0; i < nr; i++) {
		size_t len = strlen(names[i]);

		for (p = text; p; p = strchr(p, '\n')) {
			p += strspn(p, "\n ");
			if (!strncmp(p, names[i], len) && strchr(" :\n", p[len]))
				break;
		}
		if (!p)
			test_fail("%s: no %s", path, names[i]);
	}
}
#define HAS_LINES(path, ...) do {						\
	static const char *const names[] = { __VA_ARGS__ };			\
	has_lines(path, names, sizeof(names) / sizeof(names[0]));		\
} while (0)

/* The names by which tools, and people, find what reclaim and swap do: Linux 6.1's. */
static void names(void)
{
	HAS_LINES("/proc/vmstat", "nr_free_pages", "nr_inactive_anon", "nr_active_anon", "nr_inactive_file",
		  "nr_active_file", "nr_unevictable", "nr_mlock", "nr_anon_pages", "nr_mapped",
		  "nr_file_pages", "nr_dirty", "nr_writeback", "nr_shmem", "nr_slab_reclaimable",
		  "nr_slab_unreclaimable", "nr_kernel_stack", "nr_page_table_pages", "nr_swapcached",
		  "nr_dirtied", "nr_written", "nr_dirty_threshold", "pgpgin", "pgpgout", "pswpin",
		  "pswpout", "pgalloc_dma", "pgalloc_normal", "allocstall_dma", "allocstall_normal",
		  "pgfree", "pgactivate", "pgdeactivate", "pglazyfree", "pgfault", "pgmajfault",
		  "pglazyfreed", "pgrefill", "pgreuse", "pgsteal_kswapd", "pgsteal_direct",
		  "pgscan_kswapd", "pgscan_direct", "pgscan_anon", "pgscan_file", "pgsteal_anon",
		  "pgsteal_file", "slabs_scanned", "pageoutrun", "pgrotated", "drop_pagecache",
		  "drop_slab", "oom_kill", "swap_ra", "swap_ra_hit");
	HAS_LINES("/proc/meminfo", "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached",
		  "SwapCached", "Active", "Inactive", "Active(anon)", "Inactive(anon)", "Active(file)",
		  "Inactive(file)", "Unevictable", "Mlocked", "SwapTotal", "SwapFree", "Dirty",
		  "Writeback", "AnonPages", "Mapped", "Shmem", "KReclaimable", "Slab", "SReclaimable",
		  "SUnreclaim", "KernelStack", "PageTables", "Bounce", "CommitLimit", "Committed_AS",
		  "VmallocTotal", "VmallocUsed", "Percpu");
	HAS_LINES("/proc/self/status", "VmPeak", "VmSize", "VmLck", "VmPin", "VmHWM", "VmRSS", "RssAnon",
		  "RssFile", "RssShmem", "VmData", "VmStk", "VmExe", "VmLib", "VmPTE", "VmSwap");
	HAS_LINES("/proc/self/smaps", "Size", "KernelPageSize", "MMUPageSize", "Rss", "Pss", "Pss_Dirty",
		  "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced",
		  "Anonymous", "LazyFree", "Swap", "SwapPss", "Locked", "VmFlags");
	HAS_LINES("/proc/zoneinfo", "Node", "pages free", "min", "low", "high", "spanned", "present",
		  "managed", "protection", "nr_free_pages", "nr_mlock", "nr_bounce", "pagesets",
		  "start_pfn");
}

int main(void)
{
	names();
	if (access("/proc/self/translate", F_OK))
		lag = 64 * 3;
	now();
	touch_stack(4);
	mappings();
	heap();
	expect_eq(in_child(stack), 0);
	resident();
	other_files();
	if (geteuid() == 0)
		page_tables();
	return test_result();
}
