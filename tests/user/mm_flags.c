/*
 * mm_flags - each flag of mmap: what it does, what it goes with, and how it is refused.
 *
 * calls: mmap2 mmap munmap
 */
#include <tests/user/mm.h>

#include <sys/mount.h>

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define RW	(PROT_READ | PROT_WRITE)
#define OPEN_MODES	3

static long mmap2(void *addr, size_t len, int prot, int flags, int fd, unsigned long pgoff)
{
	return syscall(SYS_mmap2, addr, len, prot, flags, fd, pgoff);
}

static void lengths_and_offsets(int fd)
{
	expect_errno(mmap2(NULL, 0, RW, ANON, -1, 0), EINVAL);
	expect_errno(mmap2(NULL, -1ul, RW, ANON, -1, 0), ENOMEM);
	expect_errno(mmap2(NULL, -PAGE, RW, ANON, -1, 0), ENOMEM);
	/* The last page of the last index there is: its end is 0, where an index is a word. */
	if (kernel_is_32bit()) {
		expect_errno(mmap2(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0xffffffff), EOVERFLOW);
		expect_errno(mmap2(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0xfffffffe),
			     EOVERFLOW);
	}
	expect(mmap2(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0xfffffffe) != -1);
	/* Lengths and offsets are looked at before the file is asked, but after its number. */
	expect_errno(mmap2(NULL, 0, RW, MAP_SHARED, 999, 0), EBADF);
	expect_errno(mmap2(NULL, 0, RW, MAP_SHARED | MAP_ANONYMOUS, 999, 0), EINVAL);
}

/* An address is checked in this order: beyond the end, not a page's. */
static void fixed_addresses(void)
{
	expect_errno(mmap2((void *)0xffffe001, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	expect_errno(mmap2((void *)0x10000001, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	expect_errno(mmap2((void *)0x10000001, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
		     EINVAL);
	/* A hint is taken down to its page. */
	{
		char *p = map_anon(3 * PAGE, PROT_NONE);

		munmap(p + PAGE, PAGE);
		expect_eq(mmap2(p + PAGE + 1234, PAGE, RW, ANON, -1, 0), (long)(p + PAGE));
		munmap(p, 3 * PAGE);
	}
}

static void types(int fd)
{
	static const int bad[] = { 0, 4, 5, 0xf };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		expect_errno(mmap2(NULL, PAGE, PROT_READ, bad[i], fd, 0), EINVAL);
		expect_errno(mmap2(NULL, PAGE, PROT_READ, bad[i] | MAP_ANONYMOUS, -1, 0), EINVAL);
	}
	expect_errno(mmap2(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	expect(mmap2(NULL, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0) != -1);
	expect(mmap2(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_POPULATE | MAP_NORESERVE, fd, 0) != -1);
	expect_errno(mmap2(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), EOPNOTSUPP);
	expect_errno(mmap2(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x200000, fd, 0), EOPNOTSUPP);
	/* MAP_SHARED has never looked. */
	expect(mmap2(NULL, PAGE, RW, MAP_SHARED | 0x200000, fd, 0) != -1);
	/* Hints, and relics. */
	expect(mmap2(NULL, PAGE, RW, ANON | MAP_STACK | MAP_NORESERVE | MAP_DENYWRITE |
		     MAP_EXECUTABLE | MAP_NONBLOCK | 0x4000000, -1, 0) != -1);
	expect(mmap2(NULL, PAGE, RW | 8, ANON, -1, 0) != -1);
}

static void growsdown(int fd)
{
	char *area = map_anon(2048 * PAGE, PROT_NONE), *p = area + 2040 * PAGE;

	expect_errno(mmap2(NULL, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0), EINVAL);
	expect_errno(mmap2(NULL, PAGE, RW, MAP_SHARED | MAP_GROWSDOWN, fd, 0), EINVAL);
	expect_errno(mmap2(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0),
		     EINVAL);
	/* It grows by touch into what is free, but for a megabyte above what can be accessed. */
	munmap(area, 2048 * PAGE);
	must(mmap(area, PAGE, RW, ANON | MAP_FIXED, -1, 0) == area);
	must(mmap(p, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == p);
	expect_eq(try_write(p - PAGE, 1), 0);
	expect_eq(try_write(area + 300 * PAGE, 2), 0);
	expect_eq(area[300 * PAGE], 2);
	expect_fault(try_write(area + 200 * PAGE, 1), SIGSEGV, SEGV_MAPERR, area + 200 * PAGE);
	/* What mmap is asked to put below it goes elsewhere: the gap is kept. */
	expect(mmap(area + 299 * PAGE, PAGE, RW, ANON, -1, 0) != area + 299 * PAGE);
	/* ... unless that cannot be accessed. */
	must(mprotect(area, PAGE, PROT_NONE) == 0);
	expect_eq(try_write(area + 200 * PAGE, 3), 0);
	/* Its rights change from its real start on. */
	expect(mprotect(area + 400 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN) == 0);
	expect_fault(try_write(area + 200 * PAGE, 1), SIGSEGV, SEGV_ACCERR, area + 200 * PAGE);
	expect_eq(try_write(area + 401 * PAGE, 1), 0);
	munmap(area, 2048 * PAGE);
}

/* What was opened for what may be mapped how: columns O_RDONLY, O_WRONLY, O_RDWR; 0: it may. */
static void file_modes(void)
{
	static const struct {
		int flags, prot, err[OPEN_MODES];
	} cases[] = {
		{ MAP_SHARED, PROT_READ, { 0, EACCES, 0 } },
		{ MAP_SHARED, PROT_WRITE, { EACCES, EACCES, 0 } },
		{ MAP_SHARED, RW, { EACCES, EACCES, 0 } },
		{ MAP_SHARED, PROT_NONE, { 0, EACCES, 0 } },
		{ MAP_SHARED_VALIDATE, RW, { EACCES, EACCES, 0 } },
		{ MAP_PRIVATE, PROT_READ, { 0, EACCES, 0 } },
		{ MAP_PRIVATE, RW, { 0, EACCES, 0 } },
	};
	static const int modes[OPEN_MODES] = { O_RDONLY, O_WRONLY, O_RDWR };
	char name[] = "/tmp/octavo-mm-XXXXXX";
	int fd = mkstemp(name), m, opened, path;
	unsigned int i;

	must(fd >= 0 && write(fd, name, 1) == 1);
	for (m = 0; m < OPEN_MODES; m++) {
		opened = open(name, modes[m]);
		must(opened >= 0);
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			void *p = mmap(NULL, PAGE, cases[i].prot, cases[i].flags, opened, 0);
			int err = p == MAP_FAILED ? errno : 0;

			if (err != cases[i].err[m])
				test_fail("case %u mode %d: errno %d, not %d", i, m, err,
					  cases[i].err[m]);
			/* Shared and read-only for ever; private is one's own. */
			if (!err && m == 0 && cases[i].flags != MAP_PRIVATE)
				expect_errno(mprotect(p, PAGE, RW), EACCES);
			else if (!err)
				expect(mprotect(p, PAGE, RW) == 0);
		}
		close(opened);
	}
	path = open(name, O_PATH);
	expect_errno(mmap2(NULL, PAGE, PROT_READ, MAP_SHARED, path, 0), EBADF);
	close(path);
	path = open("/tmp", O_RDONLY);
	expect_errno(mmap2(NULL, PAGE, PROT_READ, MAP_SHARED, path, 0), ENODEV);
	close(path);
	unlink(name);
	close(fd);
}

/* Nothing on a noexec mount can be executed, now or later. */
static void noexec(void)
{
	char dir[] = "/tmp/octavo-noexec-XXXXXX", file[64];
	char *p;
	int fd;

	must(mkdtemp(dir));
	if (mount("none", dir, "tmpfs", MS_NOEXEC, NULL)) {
		rmdir(dir);
		return;			/* not the superuser */
	}
	snprintf(file, sizeof(file), "%s/f", dir);
	fd = open(file, O_RDWR | O_CREAT, 0700);
	must(fd >= 0 && ftruncate(fd, PAGE) == 0);
	expect_errno(mmap2(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), EPERM);
	expect_errno(mmap2(NULL, PAGE, PROT_EXEC, MAP_SHARED, fd, 0), EPERM);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	expect_errno(mprotect(p, PAGE, PROT_READ | PROT_EXEC), EACCES);
	expect(mprotect(p, PAGE, RW) == 0);
	munmap(p, PAGE);
	close(fd);
	unlink(file);
	must(umount(dir) == 0);
	rmdir(dir);
}

/* Shared anonymous memory: a file that maps shows as deleted, one content over fork. */
static char *shared;

static void child_writes(void)
{
	shared[PAGE] = 'c';
	expect_eq(shared[0], 'p');
}

static void shared_anonymous(void)
{
	char line[512], *found = NULL;
	FILE *maps;

	shared = mmap(NULL, 3 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 5 * PAGE);
	must(shared != MAP_FAILED);
	shared[0] = 'p';
	expect_eq(in_child(child_writes), 0);
	expect_eq(shared[PAGE], 'c');
	maps = fopen("/proc/self/maps", "r");
	must(maps);
	while (fgets(line, sizeof(line), maps))
		if (strtoul(line, NULL, 16) == (unsigned long)shared) {
			found = strstr(line, "/dev/zero (deleted)");
			/* An offset given with it is not looked at. */
			expect(strstr(line, " rw-s 00000000 "));
		}
	fclose(maps);
	expect(found);
	/* It can grow, but its file cannot. */
	shared = mremap(shared, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
	must(shared != MAP_FAILED);
	expect_eq(shared[PAGE], 'c');
	expect_fault(try_read(shared + 3 * PAGE), SIGBUS, BUS_ADRERR, shared + 3 * PAGE);
	munmap(shared, 5 * PAGE);
}

/* POPULATE brings pages; with NONBLOCK it does not; LOCKED does, and they are counted. */
static void populate(int fd)
{
	unsigned char vec[4];
	char *p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE | MAP_NONBLOCK, -1, 0);

	must(p != MAP_FAILED && mincore(p, 4 * PAGE, vec) == 0);
	expect_eq(vec[0] | vec[3], 0);
	/* A page that is not there is no reason to fail. */
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	expect(p != MAP_FAILED);
	p = mmap(NULL, 4 * PAGE, PROT_NONE, ANON | MAP_POPULATE, -1, 0);
	expect(p != MAP_FAILED);
	p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);
	must(p != MAP_FAILED && mincore(p, 4 * PAGE, vec) == 0);
	expect_eq(vec[0] & vec[3] & 1, 1);
	munmap(p, 4 * PAGE);
}

int main(void)
{
	int fd = temp_file(2);

	mm_catch();
	lengths_and_offsets(fd);
	fixed_addresses();
	types(fd);
	growsdown(fd);
	file_modes();
	noexec();
	shared_anonymous();
	populate(fd);
	return test_result();
}
