/*
 * tests/system/guest/ext2ops.c - what a file system on a disk must be able to do
 *
 * usage: ext2ops DIRECTORY NANOSECONDS LARGE	changes all kinds of things, on a fresh mount
 *	  ext2ops -c DIRECTORY NANOSECONDS	looks at what the first left, after another mount
 *
 * DIRECTORY is on the file system to be tested and has h/0 .. h/39, which the host has written.
 * NANOSECONDS: 1 if its inodes keep them.  LARGE: 1 if a file can be larger than 4G.  Says
 * "ext2ops: as it should be" if all was.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int wrong;

#define expect(cond) do {							\
	if (!(cond)) {								\
		printf("ext2ops: line %d: %s (%s)\n", __LINE__, #cond, strerror(errno)); \
		wrong = 1;							\
	}									\
} while (0)
#define same(a, b) do {								\
	long long va_ = (long long)(a), vb_ = (long long)(b);			\
										\
	if (va_ != vb_) {							\
		printf("ext2ops: line %d: %s: %lld, not %lld\n", __LINE__, #a, va_, vb_); \
		wrong = 1;							\
	}									\
} while (0)
#define refused(call, why)	expect((call) == -1 && errno == (why))

static struct statfs statfs_now(void)
{
	struct statfs s;

	expect(!statfs(".", &s));
	return s;
}

static unsigned char pattern(unsigned int id, long long pos)
{
	return (unsigned char)((pos >> 8) * 7 + pos + id * 31);
}

static void fill(char *buf, unsigned int id, long long pos, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)pattern(id, pos + (long long)i);
}

/* Does the file hold its pattern in [@from, @to)? */
static int holds(int fd, unsigned int id, long long from, long long to)
{
	static char got[8192], want[8192];

	while (from < to) {
		size_t n = to - from < (long long)sizeof(got) ? (size_t)(to - from) : sizeof(got);

		if (pread(fd, got, n, from) != (ssize_t)n)
			return 0;
		fill(want, id, from, n);
		if (memcmp(got, want, n))
			return 0;
		from += (long long)n;
	}
	return 1;
}

static void put(int fd, unsigned int id, long long from, long long to)
{
	static char buf[8192];

	while (from < to) {
		size_t n = to - from < (long long)sizeof(buf) ? (size_t)(to - from) : sizeof(buf);

		fill(buf, id, from, n);
		if (pwrite(fd, buf, n, from) != (ssize_t)n) {
			expect(!"write");
			return;
		}
		from += (long long)n;
	}
}

static int zeros(int fd, long long from, size_t n)
{
	static char got[8192];

	if (n > sizeof(got) || pread(fd, got, n, from) != (ssize_t)n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (got[i])
			return 0;
	return 1;
}

static int create(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);

	expect(fd >= 0);
	return fd;
}

/* What the host has written: file n has n * n * 37 bytes. */
static void host_files(void)
{
	char name[32];

	for (unsigned int n = 0; n < 40; n++) {
		snprintf(name, sizeof(name), "h/%u", n);
		int fd = open(name, O_RDONLY);
		struct stat st;

		expect(fd >= 0 && !fstat(fd, &st) && st.st_size == n * n * 37);
		expect(holds(fd, n, 0, n * n * 37));
		close(fd);
	}
}

/* Names of all lengths, thousands of them, come and go; the listing is exact meanwhile. */
static const char *long_name(unsigned int n)
{
	static char name[256];
	unsigned int len = n % 251 + 4;

	memset(name, 'a' + (char)(n % 26), len);
	name[len] = 0;
	memcpy(name, (char[4]){ (char)('0' + n / 1000), (char)('0' + n / 100 % 10),
				(char)('0' + n / 10 % 10), (char)('0' + n % 10) }, 4);
	return name;
}

static unsigned int count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	expect(d);
	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

#define NAMES	2500u

static void big_directory(void)
{
	struct stat st;

	expect(!mkdir("big", 0755) && !chdir("big"));
	for (unsigned int n = 0; n < NAMES; n++)
		expect(!link("../linked", long_name(n)));
	expect(count_entries(".") == NAMES + 2);
	expect(!stat("../linked", &st) && st.st_nlink == NAMES + 1);
	for (unsigned int n = 0; n < NAMES; n += 2)
		expect(!unlink(long_name(n)));
	expect(count_entries(".") == NAMES / 2 + 2);
	expect(!stat(".", &st));
	long long size = st.st_size;

	/* What was freed is used again: the directory does not grow. */
	for (unsigned int n = 0; n < NAMES; n += 2)
		expect(!link("../linked", long_name(n)));
	expect(!stat(".", &st) && st.st_size == size);
	for (unsigned int n = 0; n < NAMES; n++)
		expect(!stat(long_name(n), &st));
	refused(rmdir("../big"), ENOTEMPTY);
	for (unsigned int n = NAMES; n-- > 0; )
		expect(!unlink(long_name(n)));
	expect(count_entries(".") == 2);
	expect(!chdir("..") && !rmdir("big"));
}

/* The 32001st name of a file is one too many. */
static void link_limit(void)
{
	char name[32];
	int fd = create("many");
	unsigned int n = 1;
	struct stat st;

	close(fd);
	for (errno = 0; n < 40000; n++) {
		snprintf(name, sizeof(name), "many.d%u", n / 500);
		if (n % 500 == 0 || n == 1)
			expect(!mkdir(name, 0755));
		snprintf(name, sizeof(name), "many.d%u/%u", n / 500, n);
		if (link("many", name))
			break;
	}
	expect(errno == EMLINK && n == 32000);
	expect(!stat("many", &st) && st.st_nlink == 32000);
	for (unsigned int i = 1; i < n; i++) {
		snprintf(name, sizeof(name), "many.d%u/%u", i / 500, i);
		expect(!unlink(name));
		if (i % 500 == 499 || i == n - 1) {
			snprintf(name, sizeof(name), "many.d%u", i / 500);
			expect(!rmdir(name));
		}
	}
	expect(!stat("many", &st) && st.st_nlink == 1 && !unlink("many"));
}

/* Blocks are given to what was written, not to holes, through all levels of pointers. */
static void sparse(int large)
{
	static const long long at[] = { 0, 11 * 1024, 12 * 4096 + 5, 268 * 1024, 5 << 20, 66 << 20,
		0x7fffffffll - 2, 0x80000000ll + 12345, 0x100000000ll + 7, 0x1c0000000ll };
	unsigned int nr = large ? 10 : 6, i;
	int fd = create("sparse");
	struct stat st;

	for (i = 0; i < nr; i++)
		put(fd, 50, at[i], at[i] + 3000);
	for (i = 0; i < nr; i++)
		expect(holds(fd, 50, at[i], at[i] + 3000));
	expect(zeros(fd, 5000, 6000) && zeros(fd, 30 << 20, 8192));
	expect(!fstat(fd, &st) && st.st_size == at[nr - 1] + 3000);
	expect(st.st_blocks >= (long)nr * 6 && st.st_blocks <= (long)nr * 16 + 16 * 16);
	/* Cut from behind; what is cut reads as zeros when the file grows again. */
	for (i = nr; i-- > 1; ) {
		expect(!ftruncate(fd, at[i] + 1500) && holds(fd, 50, at[i], at[i] + 1500));
		expect(!ftruncate(fd, at[i] + 3000) && zeros(fd, at[i] + 1500, 1500));
		expect(!ftruncate(fd, at[i]) && !fstat(fd, &st) && st.st_size == at[i]);
	}
	expect(!ftruncate(fd, 0) && !fstat(fd, &st) && st.st_blocks == 0);
	if (large) {
		put(fd, 51, 0x140000000ll, 0x140000000ll + 5000);
		expect(!rename("sparse", "keep.sparse"));
	} else {
		expect(!unlink("sparse"));
	}
	close(fd);
}

static void links(void)
{
	static char text[1100], got[1100];
	static const int lengths[] = { 1, 59, 60, 500, 1000, 1023 };

	for (unsigned int i = 0; i < 6; i++) {
		char name[16];
		struct stat st;

		memset(text, 'x', sizeof(text));
		text[lengths[i]] = 0;
		snprintf(name, sizeof(name), "keep.l%d", lengths[i]);
		expect(!symlink(text, name));
		expect(readlink(name, got, sizeof(got)) == lengths[i]);
		expect(!memcmp(got, text, (size_t)lengths[i]));
		expect(!lstat(name, &st) && st.st_size == lengths[i]);
		expect(!st.st_blocks == (lengths[i] < 60));
	}
}

/* A file without a name keeps its content and its blocks as long as it is open. */
static void unlinked(void)
{
	struct statfs before = statfs_now(), s;
	int fd = create("gone");
	struct stat st;

	put(fd, 60, 0, 300000);
	expect(!fsync(fd) && !unlink("gone"));
	expect(!fstat(fd, &st) && st.st_nlink == 0 && st.st_size == 300000);
	put(fd, 60, 300000, 400000);
	expect(holds(fd, 60, 0, 400000));
	s = statfs_now();
	expect(s.f_bfree < before.f_bfree - 300000 / s.f_bsize && s.f_ffree == before.f_ffree - 1);
	close(fd);
	s = statfs_now();
	expect(s.f_bfree == before.f_bfree && s.f_ffree == before.f_ffree);
}

static void renames(void)
{
	struct stat a, b, root;
	int fd;

	expect(!stat(".", &root));
	fd = create("r1");
	put(fd, 70, 0, 5000);
	close(fd);
	fd = create("r2");
	put(fd, 71, 0, 50000);
	close(fd);
	expect(!stat("r1", &a) && !rename("r1", "r2") && !stat("r2", &b) && a.st_ino == b.st_ino);
	refused(stat("r1", &a), ENOENT);
	expect(!mkdir("d1", 0755) && !mkdir("d2", 0755) && !mkdir("d1/sub", 0755));
	expect(!rename("d1/sub", "d2/sub"));
	expect(!stat("d1", &a) && a.st_nlink == 2 && !stat("d2", &b) && b.st_nlink == 3);
	expect(!stat("d2/sub/..", &a) && a.st_ino == b.st_ino);
	refused(rename("d2", "d2/sub/x"), EINVAL);
	refused(rename("d1", "d2"), ENOTEMPTY);
	refused(rename("r2", "d1"), EISDIR);
	refused(rename("d1", "r2"), ENOTDIR);
	expect(!rename("d2", "d1") && !stat("d1/sub", &a));
	refused(stat("d2", &a), ENOENT);
	expect(!rename("r2", "d1/sub/a-rather-long-name-that-needs-room") && !rmdir("h2") == 0);
	expect(!unlink("d1/sub/a-rather-long-name-that-needs-room"));
	expect(!rmdir("d1/sub") && !rmdir("d1"));
	expect(!stat(".", &a) && a.st_nlink == root.st_nlink);
}

/* What root may take is exactly what statfs says is free; many blocks at once, then single ones. */
static long long fill_disk(int fd)
{
	static char buf[65536];
	size_t step[3] = { sizeof(buf), 4096, statfs_now().f_bsize };
	long long pos = 0;
	ssize_t n = 0;

	for (int i = 0; i < 3; i++) {
		while ((n = pwrite(fd, buf, step[i], pos)) > 0)
			pos += n;
		expect(n < 0 && errno == ENOSPC);
	}
	return pos;
}

static void full_disk(void)
{
	struct statfs before = statfs_now(), s;
	long long size = 0, again;
	struct stat st;

	for (int round = 0; round < 3; round++) {
		int fd = create("full");

		again = fill_disk(fd);
		expect(!round || again == size);
		size = again;
		s = statfs_now();
		expect(s.f_bfree == 0 && s.f_bavail == 0);
		expect(!fstat(fd, &st) &&
		       (unsigned long long)st.st_blocks ==
		       (before.f_bfree - s.f_bfree) * (before.f_bsize / 512));
		refused(mkdir("no-room", 0755), ENOSPC);
		same(statfs_now().f_ffree, before.f_ffree - 1);
		expect(!fsync(fd));
		close(fd);
		expect(!unlink("full"));
		s = statfs_now();
		same(s.f_bfree, before.f_bfree);
		same(s.f_ffree, before.f_ffree);
	}
	/* Others stop where root's reserve begins. */
	expect(!chmod(".", 01777));
	if (!fork()) {
		expect(!setgid(1000) && !setuid(1000));
		int fd = create("full");

		fill_disk(fd);
		s = statfs_now();
		expect(s.f_bavail == 0 && s.f_bfree == before.f_bfree - before.f_bavail);
		close(fd);
		unlink("full");
		fflush(stdout);
		_exit(wrong);
	}
	int status;

	wait(&status);
	wrong |= status != 0;
	same(statfs_now().f_bfree, before.f_bfree);
}

/* Empty files until there is no inode left: exactly as many as statfs says. */
static void full_inodes(void)
{
	struct statfs before = statfs_now(), s;
	char name[32];
	unsigned int n;

	expect(!mkdir("inodes", 0755));
	before = statfs_now();
	for (int round = 0; round < 2; round++) {
		for (n = 0;; n++) {
			snprintf(name, sizeof(name), "inodes/%u", n);
			if (mknod(name, S_IFREG | 0600, 0))
				break;
		}
		expect(errno == ENOSPC);
		same(n, before.f_ffree);
		same(statfs_now().f_ffree, 0);
		refused(mkdir("no-inode", 0755), ENOSPC);
		while (n-- > 0) {
			snprintf(name, sizeof(name), "inodes/%u", n);
			expect(!unlink(name));
		}
		same(statfs_now().f_ffree, before.f_ffree);
	}
	expect(!rmdir("inodes"));
	s = statfs_now();
	same(s.f_ffree, before.f_ffree + 1);
}

static const struct timespec moments[] = {
	{ 1000000000, 123456789 }, { -86400, 0 }, { 4102444800ll, 999999999 }, { 0, 1 },
};

static void attributes(void)
{
	char name[32];

	for (unsigned int i = 0; i < 4; i++) {
		struct timespec both[2] = { moments[i], moments[3 - i] };

		snprintf(name, sizeof(name), "keep.t%u", i);
		close(create(name));
		expect(!utimensat(AT_FDCWD, name, both, 0));
	}
	close(create("keep.owner"));
	expect(!chown("keep.owner", 70000, 80000) && !chmod("keep.owner", 06751));
	expect(!mknod("keep.c", S_IFCHR | 0600, makedev(4, 64)));
	expect(!mknod("keep.b", S_IFBLK | 0600, makedev(259, 70000)));
	expect(!mkfifo("keep.p", 0644));

	int fd = create("keep.mapped");
	char *p;

	expect(!ftruncate(fd, 100000));
	p = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(p != MAP_FAILED);
	fill(p, 80, 0, 50000);
	expect(holds(fd, 80, 0, 50000));
	fill(p, 80, 0, 100000);
	expect(!munmap(p, 100000));
	close(fd);
	fd = create("keep.append");
	close(fd);
	for (unsigned int i = 0; i < 100; i++) {
		fd = open("keep.append", O_WRONLY | O_APPEND);
		fill(name, 81, i * 30, 30);
		expect(write(fd, name, 30) == 30);
		close(fd);
	}
}

static int same_time(const struct timespec *got, const struct timespec *want, int ns)
{
	if (ns)
		return got->tv_sec == want->tv_sec && got->tv_nsec == want->tv_nsec;
	/* 32 bits of seconds: the last moment they can say. */
	return got->tv_sec == (want->tv_sec > 0x7fffffff ? 0x7fffffff : want->tv_sec) && !got->tv_nsec;
}

static void look(int ns)
{
	struct stat st;
	char name[32];
	int fd;

	host_files();
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "keep.t%u", i);
		expect(!stat(name, &st));
		expect(same_time(&st.st_atim, &moments[i], ns));
		expect(same_time(&st.st_mtim, &moments[3 - i], ns));
	}
	expect(!stat("keep.owner", &st) && st.st_uid == 70000 && st.st_gid == 80000);
	expect(st.st_mode == (S_IFREG | 06751));
	expect(!stat("keep.c", &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(4, 64));
	expect(!stat("keep.b", &st) && S_ISBLK(st.st_mode) && st.st_rdev == makedev(259, 70000));
	expect(!stat("keep.p", &st) && S_ISFIFO(st.st_mode));
	fd = open("keep.mapped", O_RDONLY);
	expect(holds(fd, 80, 0, 100000));
	close(fd);
	fd = open("keep.append", O_RDONLY);
	expect(!fstat(fd, &st) && st.st_size == 3000);
	for (unsigned int i = 0; i < 100; i++)
		expect(holds(fd, 81, i * 30, i * 30 + 30));
	close(fd);
	fd = open("keep.sparse", O_RDONLY);
	if (fd >= 0) {
		expect(holds(fd, 51, 0x140000000ll, 0x140000000ll + 5000));
		expect(zeros(fd, 0x140000000ll - 8192, 8192));
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int check = argc > 1 && !strcmp(argv[1], "-c"), ns;

	if (argc != 4 || chdir(argv[1 + check]))
		return 2;
	ns = atoi(argv[2 + check]);
	if (check) {
		look(ns);
	} else {
		struct statfs s = statfs_now();

		printf("statfs %lu %lu %lu %lu %lu\n", (unsigned long)s.f_blocks,
		       (unsigned long)s.f_bfree, (unsigned long)s.f_bavail,
		       (unsigned long)s.f_files, (unsigned long)s.f_ffree);
		expect(s.f_type == 0xef53 && s.f_namelen == 255);
		host_files();
		close(create("linked"));
		big_directory();
		expect(!unlink("linked"));
		link_limit();
		sparse(atoi(argv[3]));
		links();
		unlinked();
		renames();
		full_disk();
		full_inodes();
		attributes();
	}
	if (!wrong)
		printf("ext2ops: as it should be\n");
	return wrong;
}
