/*
 * mm_pagemap - /proc/PID/pagemap, clear_refs, mem, and /proc/kpagecount and kpageflags.
 *
 * Proves: what a page of one's own is known to be is what they say; copy on write is seen to break
 * a share; after clear_refs 4 exactly the pages that were written to are soft-dirty; mem reads and
 * writes what the process itself may not, and means the memory that was opened.
 *
 * calls: pread64 pwrite64 open fork mprotect mremap
 */
#define _FILE_OFFSET_BITS 64	/* addresses are offsets */
#include <tests/user/mm.h>

#include <sys/prctl.h>

#define RW	(PROT_READ | PROT_WRITE)

#define PM_PFN		((1ull << 55) - 1)
#define PM_SOFT_DIRTY	(1ull << 55)
#define PM_EXCLUSIVE	(1ull << 56)
#define PM_FILE		(1ull << 61)
#define PM_PRESENT	(1ull << 63)
#define PM_STATE	(PM_PRESENT | PM_FILE | PM_EXCLUSIVE)

#define KPF_MMAP	(1ull << 11)
#define KPF_ANON	(1ull << 12)
#define KPF_ZERO_PAGE	(1ull << 24)

static int pagemap_fd;

static uint64_t word_at(int fd, unsigned long index)
{
	uint64_t word;

	must(pread(fd, &word, 8, (off_t)index * 8) == 8);
	return word;
}

static uint64_t pagemap(const volatile void *p)
{
	return word_at(pagemap_fd, (unsigned long)p / PAGE);
}

static void write_refs(const char *text)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* A field of smaps for the area around @p, in kB. */
static long smaps_field(const void *p, const char *field)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, inside = 0;
	char line[512];
	long kb = -1;

	must(f);
	while (kb < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (unsigned long)p >= start && (unsigned long)p < end;
		else if (inside && !strncmp(line, field, strlen(field)))
			kb = atol(line + strlen(field));
	}
	fclose(f);
	return kb;
}

/* ---- what is where ---- */

static void test_states(void)
{
	char *p = map_anon(8 * PAGE, RW), *shared, *private;
	int fd = temp_file(3);
	uint64_t words[3];

	shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	private = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
	must(shared != MAP_FAILED && private != MAP_FAILED);
	p[0] = shared[0] = private[0] = 1;
	try_read(p + PAGE);
	try_read(private + PAGE);
	p[3 * PAGE] = 1;
	must(mprotect(p + 3 * PAGE, PAGE, PROT_NONE) == 0);
	must(munmap(p + 6 * PAGE, PAGE) == 0);

	expect_eq(pagemap(p) & PM_STATE, PM_PRESENT | PM_EXCLUSIVE);
	expect_eq(pagemap(p + PAGE) & PM_STATE, PM_PRESENT);		/* the page of zeros */
	expect_eq(pagemap(p + 2 * PAGE) & ~PM_SOFT_DIRTY, 0);
	expect_eq(pagemap(p + 3 * PAGE) & PM_STATE, PM_PRESENT | PM_EXCLUSIVE);
	expect_eq(pagemap(p + 6 * PAGE), 0);
	expect_eq(pagemap(shared) & PM_STATE, PM_PRESENT | PM_FILE | PM_EXCLUSIVE);
	expect_eq(pagemap(private) & PM_STATE, PM_PRESENT | PM_EXCLUSIVE);
	expect_eq(pagemap(private + PAGE) & (PM_PRESENT | PM_FILE), PM_PRESENT | PM_FILE);

	expect_eq(pread(pagemap_fd, words, 24, (off_t)((unsigned long)p / PAGE * 8)), 24);
	expect_eq(words[0], pagemap(p));
	expect_eq(words[1], pagemap(p + PAGE));
	expect_errno(pread(pagemap_fd, words, 12, 0), EINVAL);
	expect_errno(pread(pagemap_fd, words, 8, 4), EINVAL);
	expect_eq(pread(pagemap_fd, words, 8, (off_t)1 << 30), 0);
	expect_errno(pread(pagemap_fd, BAD_PTR, 8, 0), EFAULT);
	munmap(p, 8 * PAGE);
	munmap(shared, PAGE);
	munmap(private, 3 * PAGE);
	close(fd);
}

/* A page that two have, until one of them writes; and what the frames themselves say. */
static void test_cow(void)
{
	int count_fd = open("/proc/kpagecount", O_RDONLY), flags_fd = open("/proc/kpageflags", O_RDONLY);
	int go[2], gone[2], status;
	char *p = map_anon(3 * PAGE, RW), c = 0;
	unsigned long pfn, zero;
	uint64_t before;
	pid_t pid;

	must(pipe(go) == 0 && pipe(gone) == 0);
	p[0] = p[PAGE] = 1;
	try_read(p + 2 * PAGE);
	before = pagemap(p);
	pfn = before & PM_PFN;
	zero = pagemap(p + 2 * PAGE) & PM_PFN;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		try_read(p);
		must(write(gone[1], &c, 1) == 1 && read(go[0], &c, 1) == 1);
		_exit(p[0] != 1);
	}
	must(pid > 0 && read(gone[0], &c, 1) == 1);
	expect_eq(pagemap(p) & (PM_STATE | PM_PFN), (before & PM_PFN) | PM_PRESENT);
	if (pfn && count_fd >= 0 && flags_fd >= 0) {
		expect_eq(word_at(count_fd, pfn), 2);
		expect_eq(word_at(flags_fd, pfn) & (KPF_MMAP | KPF_ANON), KPF_MMAP | KPF_ANON);
		expect(word_at(flags_fd, zero) & KPF_ZERO_PAGE);
	}
	p[0] = 2;
	expect_eq(pagemap(p) & PM_STATE, PM_PRESENT | PM_EXCLUSIVE);
	expect_eq(pagemap(p + PAGE) & PM_STATE, PM_PRESENT);	/* not written: still shared */
	expect((pagemap(p) & PM_PFN) != pfn || !pfn);
	must(write(go[1], &c, 1) == 1 && waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(pagemap(p + PAGE) & PM_STATE, PM_PRESENT | PM_EXCLUSIVE);
	if (pfn && count_fd >= 0) {
		expect_eq(word_at(count_fd, pagemap(p) & PM_PFN), 1);
		expect_errno(pread(count_fd, &before, 7, 0), EINVAL);
	}
	munmap(p, 3 * PAGE);
	close(count_fd);
	close(flags_fd);
	close(go[0]), close(go[1]), close(gone[0]), close(gone[1]);
}

static void no_frames(void)
{
	if (setgid(65534) || setuid(65534))
		return;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);	/* else its own /proc is root's */
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	must(pagemap_fd >= 0);
	expect_eq(pagemap(&pagemap_fd) & (PM_PRESENT | PM_PFN), PM_PRESENT);
	expect_eq(open("/proc/kpageflags", O_RDONLY), -1);
	expect_errno(open("/proc/1/mem", O_RDONLY), EACCES);
	expect_errno(open("/proc/1/pagemap", O_RDONLY), EACCES);
}

/* ---- what was used, what was written to ---- */

static void test_referenced(void)
{
	char *p = map_anon(8 * PAGE, RW);
	int fd = open("/proc/self/clear_refs", O_WRONLY), i;

	must(fd >= 0);
	expect_errno(write(fd, "0", 1), EINVAL);
	expect_errno(write(fd, "6", 1), EINVAL);
	expect_errno(write(fd, "x", 1), EINVAL);
	close(fd);
	for (i = 0; i < 8; i++)
		p[i * (long)PAGE] = 1;
	expect_eq(smaps_field(p, "Referenced:"), 32);
	write_refs("1\n");
	expect_eq(smaps_field(p, "Referenced:"), 0);
	/* Linux leaves it to chance when the processor looks at the entry again. */
	must(mprotect(p, 8 * PAGE, PROT_READ) == 0 && mprotect(p, 8 * PAGE, RW) == 0);
	p[3 * PAGE] = 2;
	expect_eq(smaps_field(p, "Referenced:"), 4);
	write_refs("3");			/* of files only */
	expect_eq(smaps_field(p, "Referenced:"), 4);
	write_refs("2");
	expect_eq(smaps_field(p, "Referenced:"), 0);
	munmap(p, 8 * PAGE);
}

static long status_kb(const char *field)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			kb = atol(line + strlen(field));
	if (f)
		fclose(f);
	return kb;
}

static void test_peak(void)
{
	char *p = map_anon(1024 * PAGE, RW);

	memset(p, 1, 1024 * PAGE);
	munmap(p, 1024 * PAGE);
	expect(status_kb("VmHWM:") - status_kb("VmRSS:") > 2048);
	write_refs("5");
	expect(status_kb("VmHWM:") - status_kb("VmRSS:") < 1024);
}

#define NR	33

/* Exactly the pages of [@p, @p + NR) with a 1 in @written are soft-dirty. */
static void expect_soft_dirty(char *p, const char *written, const char *when)
{
	int i;

	for (i = 0; i < NR; i++)
		if (!!(pagemap(p + i * (long)PAGE) & PM_SOFT_DIRTY) != written[i])
			test_fail("%s: page %d is %ssoft-dirty", when, i, written[i] ? "not " : "");
}

static void soft_dirty_area(char *p, int fd, const char *what)
{
	char written[NR] = { 0 };
	int i, sum = 0;

	for (i = 0; i < NR; i += 2)
		p[i * (long)PAGE] = 1;		/* some before, some not */
	for (i = 0; i < NR; i++)
		sum += *(volatile char *)(p + i * (long)PAGE);
	write_refs("4");
	expect_soft_dirty(p, written, what);
	for (i = 0; i < NR; i++)
		sum += *(volatile char *)(p + i * (long)PAGE);
	expect_soft_dirty(p, written, what);
	for (i = 0; i < NR; i += 3) {
		if (i & 1)
			p[i * (long)PAGE] = 2;
		else
			must(pread(fd, p + i * (long)PAGE, 1, 0) == 1);	/* the kernel writes */
		written[i] = 1;
	}
	expect_soft_dirty(p, written, what);
	/* Rights taken and given back are no writes. */
	must(mprotect(p, NR * PAGE, PROT_READ) == 0 && mprotect(p, NR * PAGE, RW) == 0);
	for (i = 0; i < NR; i++)
		sum += *(volatile char *)(p + i * (long)PAGE);
	expect_soft_dirty(p, written, what);
	p[PAGE] = 1;
	written[1] = 1;
	expect_soft_dirty(p, written, what);
	write_refs("4");
	memset(written, 0, sizeof(written));
	expect_soft_dirty(p, written, what);
	expect(sum >= 0);
}

static char *forked;

static void soft_dirty_child(void)
{
	char written[NR] = { [1] = 1, [2] = 1 };

	close(pagemap_fd);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	must(pagemap_fd >= 0);
	forked[2 * PAGE] = 5;
	expect_soft_dirty(forked, written, "child");
}

static void test_soft_dirty(void)
{
	char *p = map_anon(NR * PAGE, RW), *s, *q, written[NR] = { 0 };
	int fd = temp_file(NR);

	if (!has_vm_flag(p, " sd"))
		return;				/* a Linux built without */
	memset(written, 1, NR);
	expect_soft_dirty(p, written, "new");
	s = mmap(NULL, NR * PAGE, RW, MAP_SHARED, fd, 0);
	must(s != MAP_FAILED);
	soft_dirty_area(s, fd, "shared file");
	expect(!has_vm_flag(s, " sd"));
	munmap(s, NR * PAGE);
	soft_dirty_area(p, fd, "anonymous");
	expect(!has_vm_flag(p, " sd"));
	memset(written, 0, NR);
	p[PAGE] = 1;
	written[1] = 1;
	forked = p;
	expect_eq(in_child(soft_dirty_child), 0);
	expect_soft_dirty(p, written, "parent");
	/* At another address all is new. */
	q = mmap(NULL, (NR + 64) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(q != MAP_FAILED);
	q = mremap(p, NR * PAGE, NR * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 32 * PAGE);
	must(q != MAP_FAILED);
	memset(written, 1, NR);
	expect_soft_dirty(q, written, "moved");
	expect_eq(q[PAGE], 1);
	munmap(q - 32 * PAGE, (NR + 64) * PAGE);
	close(fd);
}

/* ---- mem ---- */

static void test_mem(void)
{
	int mem = open("/proc/self/mem", O_RDWR), fd = temp_file(1);
	char *p = map_anon(4 * PAGE, RW), buf[2 * PAGE], *shared;

	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(mem >= 0 && shared != MAP_FAILED);
	memset(p, 'p', 4 * PAGE);
	must(mprotect(p + PAGE, PAGE, PROT_READ) == 0 && mprotect(p + 2 * PAGE, PAGE, PROT_NONE) == 0);
	must(munmap(p + 3 * PAGE, PAGE) == 0);
	expect_eq(pwrite(mem, "abc", 3, (off_t)(uintptr_t)p + 5), 3);
	expect(!memcmp(p + 4, "pabcp", 5));
	/* Where its owner may not. */
	expect_eq(pwrite(mem, "xyz", 3, (off_t)(uintptr_t)(p + PAGE) - 1), 3);
	expect(p[PAGE - 1] == 'x' && p[PAGE] == 'y' && p[PAGE + 1] == 'z');
	expect_fault(try_write(p + PAGE, 1), SIGSEGV, SEGV_ACCERR, p + PAGE);
	expect_eq(pread(mem, buf, 4, (off_t)(uintptr_t)(p + 2 * PAGE)), 4);
	expect(!memcmp(buf, "pppp", 4));
	/* Not even that: another's file. */
	expect_errno(pwrite(mem, "q", 1, (off_t)(uintptr_t)shared), EIO);
	/* Up to the end of what is there. */
	expect_eq(pread(mem, buf, 2 * PAGE, (off_t)(uintptr_t)(p + 2 * PAGE) + 100), PAGE - 100);
	expect_errno(pread(mem, buf, 1, (off_t)(uintptr_t)(p + 3 * PAGE)), EIO);
	expect_errno(pread(mem, buf, 1, 0), EIO);
	expect_errno(pread(mem, BAD_PTR, 1, (off_t)(uintptr_t)p), EFAULT);
	munmap(p, 3 * PAGE);
	munmap(shared, PAGE);
	close(mem);
	close(fd);
}

/* What was opened is the memory, not whoever has the number. */
static void test_mem_exec(void)
{
	int go[2], status, mem;
	char name[32], buf[4], *p = map_anon(PAGE, RW);
	pid_t pid;

	must(pipe(go) == 0);
	strcpy(p, "old");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(go[0], 0);
		must(read(0, buf, 1) == 1);
		execl("/proc/self/exe", "mm_pagemap", "wait", NULL);
		_exit(1);
	}
	snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	mem = open(name, O_RDONLY);
	must(mem >= 0);
	expect_eq(pread(mem, buf, 4, (off_t)(uintptr_t)p), 4);
	expect(!strcmp(buf, "old"));
	must(write(go[1], "g", 1) == 1);
	must(write(go[1], "h", 1) == 1);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(pread(mem, buf, 4, (off_t)(uintptr_t)p), 0);
	close(mem);
	close(go[0]), close(go[1]);
	munmap(p, PAGE);
}

int main(int argc, char **argv)
{
	char c;

	if (argc > 1)
		return read(0, &c, 1) != 1;
	mm_catch();
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap_fd < 0)
		skip("no /proc/self/pagemap here");
	test_states();
	test_cow();
	test_referenced();
	test_peak();
	test_soft_dirty();
	test_mem();
	test_mem_exec();
	if (!geteuid())
		expect_eq(in_child(no_frames), 0);
	return test_result();
}
