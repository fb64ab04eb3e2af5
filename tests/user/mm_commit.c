/*
 * tests/user/mm_commit.c - every promise of memory is in Committed_AS, and goes with what was promised.
 *
 * What each call adds to and takes from Committed_AS, to the page; that the sum over the areas of
 * a process (VmFlags "ac") is what it adds to the machine, after fork and after exec; shared
 * objects by their size, tmpfs files by page.
 */
#include <tests/user/commit.h>

#include <sys/mount.h>

static long base;

/* Since the last base: exactly @pages more. */
#define expect_commit(pages)	expect_eq(committed() - base, pages)

static void private_areas(void)
{
	char *p, *q;

	base = committed();
	p = map_anon(100 * PAGE, PROT_READ | PROT_WRITE);
	expect_commit(100);
	memset(p, 1, 10 * PAGE);
	expect_commit(100);
	must(munmap(p + 20 * PAGE, 50 * PAGE) == 0);
	expect_commit(50);
	/* A new mapping over an old one. */
	q = mmap(p, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(q == p);
	expect_commit(100);
	must(munmap(p, 100 * PAGE) == 0);
	expect_commit(0);

	/* What cannot be written costs nothing until it can, and then for good. */
	p = map_anon(40 * PAGE, PROT_READ);
	expect_commit(0);
	must(mprotect(p + 4 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE) == 0);
	expect_commit(8);
	must(mprotect(p, 40 * PAGE, PROT_READ) == 0);
	expect_commit(8);
	must(mprotect(p, 40 * PAGE, PROT_READ | PROT_WRITE) == 0);
	expect_commit(40);
	must(munmap(p, 40 * PAGE) == 0);
	expect_commit(0);

	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(p != MAP_FAILED);
	expect_commit(0);
	must(mprotect(p, 64 * PAGE, PROT_READ) == 0);
	must(mprotect(p, 32 * PAGE, PROT_READ | PROT_WRITE) == 0);
	expect_commit(0);
	must(munmap(p, 64 * PAGE) == 0);
	expect_commit(0);
}

static void shared_objects(void)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p;

	base = committed();
	/* By size, whatever the rights, and until nothing of it is left. */
	p = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	expect_commit(64);
	must(mprotect(p, 64 * PAGE, PROT_READ | PROT_WRITE) == 0);
	memset(p, 1, 8 * PAGE);
	expect_commit(64);
	must(munmap(p, 32 * PAGE) == 0);
	expect_commit(64);
	must(munmap(p + 32 * PAGE, 32 * PAGE) == 0);
	expect_commit(0);

	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(p != MAP_FAILED);
	expect_commit(0);
	memset(p + 3 * PAGE, 1, 5 * PAGE);
	expect_commit(5);
	must(munmap(p, 64 * PAGE) == 0);
	expect_commit(0);

	must(fd >= 0);
	p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	expect_commit(16);
	must(munmap(p, 16 * PAGE) == 0);
	p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	expect_commit(16);
	must(munmap(p, 16 * PAGE) == 0);
	expect_commit(0);
	close(fd);
}

static void files(void)
{
	int fd = temp_file(8), sink;
	char *p, buf[PAGE] = { 0 };

	base = committed();
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	expect_commit(0);
	must(munmap(p, 8 * PAGE) == 0);
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	expect_commit(8);
	must(munmap(p, 8 * PAGE) == 0);
	expect_commit(0);
	close(fd);

	/* A file of tmpfs: each page that is there. */
	base = committed();
	must(mkdir("mnt", 0755) == 0);
	must(mount("none", "mnt", "tmpfs", 0, NULL) == 0);
	sink = open("mnt/file", O_RDWR | O_CREAT, 0600);
	must(sink >= 0);
	for (int i = 0; i < 10; i++)
		must(pwrite(sink, buf, PAGE, 2 * i * (off_t)PAGE) == (ssize_t)PAGE);
	expect_commit(10);
	must(ftruncate(sink, 10 * PAGE) == 0);
	expect_commit(5);
	p = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, sink, 0);
	must(p != MAP_FAILED);
	expect_commit(5);
	p[PAGE] = 1;
	expect_commit(6);
	must(munmap(p, 10 * PAGE) == 0);
	must(unlink("mnt/file") == 0);
	expect_commit(6);
	close(sink);
	expect_commit(0);
	must(umount("mnt") == 0);
}

static void moved_areas(void)
{
	char *p, *q;

	/* At the end of a hole that is ours: what lies above might not let itself be cut. */
	p = map_anon(200 * PAGE, PROT_NONE);
	must(munmap(p, 100 * PAGE) == 0);
	base = committed();
	must(mmap(p, 50 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		  0) == p);
	must(mremap(p, 50 * PAGE, 20 * PAGE, 0) == p);
	expect_commit(20);
	must(mremap(p, 20 * PAGE, 50 * PAGE, 0) == p);
	expect_commit(50);
	/* Something is in the way: it moves. */
	must(mmap(p + 50 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     p + 50 * PAGE);
	q = mremap(p, 50 * PAGE, 80 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED && q != p);
	expect_commit(80);
	must(munmap(p + 50 * PAGE, PAGE) == 0);
	/* Out of the middle of an area, onto another place. */
	must(mmap(p, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		  0) == p);
	expect_commit(90);
	must(mremap(q + 30 * PAGE, 10 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	expect_commit(80);
	must(munmap(q, 80 * PAGE) == 0);
	must(munmap(p, 10 * PAGE) == 0);
	expect_commit(0);

	/* A shared object may grow beyond its end: no more is promised, for no more is there. */
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	q = mremap(p, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED);
	expect_commit(8);
	must(munmap(q, 16 * PAGE) == 0);
	expect_commit(0);
}

static void heap(void)
{
	char *end = sbrk(0);

	base = committed();
	must(brk(end + 64 * PAGE) == 0);
	expect_commit(64);
	must(brk(end + 16 * PAGE) == 0);
	expect_commit(16);
	must(brk(end) == 0);
	expect_commit(0);
}

static void stack(void)
{
	long before = number_after(proc_text("/proc/self/status"), "VmStk:") / 4, grown;

	base = committed();
	touch_stack(100);
	grown = number_after(proc_text("/proc/self/status"), "VmStk:") / 4 - before;
	expect(grown >= 60);
	expect_commit(grown);
}

/* A process adds to the machine what its areas say: one that was forked, and one that was exec'ed. */
static void processes(const char *self)
{
	int to_child[2], to_us[2], status;
	char c;
	pid_t pid;

	base = committed();
	must(pipe(to_child) == 0 && pipe(to_us) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(read(to_child[0], &c, 1) == 1);
		dup2(to_child[0], 0);
		dup2(to_us[1], 1);
		execl(self, self, "--wait", (char *)NULL);
		_exit(1);
	}
	expect_commit(accounted_areas(pid));
	expect_eq(accounted_areas(pid), accounted_areas(getpid()));
	must(write(to_child[1], "x", 1) == 1);
	must(read(to_us[0], &c, 1) == 1);	/* it has been exec'ed */
	expect_commit(accounted_areas(pid));
	must(write(to_child[1], "x", 1) == 1);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_commit(0);
	close(to_child[0]);
	close(to_child[1]);
	close(to_us[0]);
	close(to_us[1]);
}

static void stack_in_child(void)
{
	stack();
}

/* What was exec'ed says that it runs, and waits to be looked at. */
static int wait_mode(void)
{
	char c;

	return write(1, "x", 1) == 1 && read(0, &c, 1) == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--wait"))
		return wait_mode();
	commit_or_skip();
	test_tmpdir();
	committed();	/* what reading touches is touched now */
	private_areas();
	shared_objects();
	files();
	moved_areas();
	heap();
	expect_eq(in_child(stack_in_child), 0);
	processes("/proc/self/exe");
	return test_result();
}
