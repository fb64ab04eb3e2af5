/*
 * tests/user/smp_files.c - processes on all processors make, link, rename and remove the same few
 * names in the same few directories.  What they are told must be possible, and in the end the tree
 * is one: every directory can be walked, link counts say how many names there are, and all of it
 * can be removed.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include <tests/user/smp.h>

#define NR		4
#define OPERATIONS	500

static const char *const dirs[] = { ".", "d0", "d1", "d0/d2", "d1/d3", "d0/d2/d4" };
static const char *const names[] = { "a", "b", "c", "d0", "d2", "d3", "d4" };
#define NR_OF(x)	(sizeof(x) / sizeof((x)[0]))

static void random_path(char *buf, size_t size, unsigned int *seed)
{
	const char *dir = dirs[draw(seed) % NR_OF(dirs)];

	snprintf(buf, size, "%s/%s", dir, names[draw(seed) % NR_OF(names)]);
}

/* Errors that another's doing may be the reason of. */
static int possible(int err)
{
	static const int allowed[] = { ENOENT, EEXIST, ENOTEMPTY, EISDIR, ENOTDIR, EINVAL, EBUSY, EPERM };

	for (unsigned int i = 0; i < NR_OF(allowed); i++)
		if (err == allowed[i])
			return 1;
	return 0;
}

static int one_operation(unsigned int *seed)
{
	char from[64], to[64];
	int fd, ret = 0;
	char c = 'x';

	random_path(from, sizeof(from), seed);
	random_path(to, sizeof(to), seed);
	switch (draw(seed) % 9) {
	case 0:
	case 1:
		fd = open(from, O_CREAT | O_RDWR | (draw(seed) % 2 ? O_EXCL : 0), 0644);
		if (fd < 0)
			return fd;
		if (write(fd, &c, 1) != 1)
			test_fail("write: %s", strerror(errno));
		return close(fd);
	case 2:
		ret = link(from, to);
		break;
	case 3:
		ret = unlink(from);
		break;
	case 4:
	case 5:
		ret = rename(from, to);
		break;
	case 6:
		ret = mkdir(from, 0755);
		break;
	case 7:
		ret = rmdir(from);
		break;
	default:
		ret = symlink(to, from);
	}
	return ret;
}

static int storm(void *arg)
{
	unsigned int seed = 100 + (unsigned int)(long)arg;

	for (int i = 0; i < OPERATIONS; i++) {
		errno = 0;
		if (one_operation(&seed) < 0 && !possible(errno) && errno != ELOOP) {
			test_fail("operation %d: %s", i, strerror(errno));
			return 1;
		}
	}
	return 0;
}

/* ---- what is left ---------------------------------------------------------------------------- */

#define MAX_FOUND	200

static struct {
	ino_t ino;
	unsigned int names, nlink;
} found[MAX_FOUND];
static unsigned int nr_found;

static void note(const struct stat *st)
{
	unsigned int i;

	for (i = 0; i < nr_found && found[i].ino != st->st_ino; i++)
		;
	if (i == nr_found) {
		must(nr_found++ < MAX_FOUND);
		found[i].ino = st->st_ino;
		found[i].nlink = (unsigned int)st->st_nlink;
	}
	found[i].names++;
}

/* A directory has a link for its name, its "." and each "..", or (on some of Linux) always one. */
static void walk(int depth)
{
	DIR *dir = opendir(".");
	unsigned int subdirs = 0;
	struct dirent *d;
	struct stat st;

	must(dir && depth < 20);
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		must(lstat(d->d_name, &st) == 0);
		if (S_ISDIR(st.st_mode)) {
			subdirs++;
			must(chdir(d->d_name) == 0);
			walk(depth + 1);
			must(chdir("..") == 0);
		} else {
			note(&st);
		}
	}
	closedir(dir);
	must(stat(".", &st) == 0);
	expect(st.st_nlink == 2 + subdirs || st.st_nlink == 1);
}

/* ---- two that move directories into each other ----------------------------------------------- */

static int move_about(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < 150; i++) {
		/* One of them at a time can succeed: x in y, or y in x, never a ring. */
		if (rename(me ? "m/x" : "m/y", me ? "m/y/x" : "m/x/y") == 0) {
			struct stat st;

			expect(stat(me ? "m/y/x" : "m/x/y", &st) == 0);
			expect(rename(me ? "m/y/x" : "m/x/y", me ? "m/x" : "m/y") == 0);
		}
	}
	return 0;
}

static int link_and_unlink(void *arg)
{
	char name[32];

	snprintf(name, sizeof(name), "l%ld/name", (long)arg);
	for (int i = 0; i < 200; i++) {
		expect(link("the_file", name) == 0);
		expect(unlink(name) == 0);
	}
	return 0;
}

static int write_and_truncate(void *arg)
{
	int me = (int)(long)arg, fd = open("cut", O_RDWR);
	static char buf[10000];
	struct stat st;

	must(fd >= 0);
	for (int i = 0; i < 60; i++) {
		if (me < 2) {
			memset(buf, 'a', sizeof(buf));
			expect_eq(pwrite(fd, buf, sizeof(buf), 0), (ssize_t)sizeof(buf));
			expect(ftruncate(fd, (i * 37) % 9000) == 0);
		} else {
			ssize_t n = pread(fd, buf, sizeof(buf), 0);

			expect(n >= 0 && n <= (ssize_t)sizeof(buf));
			/* A byte is what was written, or a hole. */
			for (ssize_t k = 0; k < n; k++)
				if (buf[k] != 'a' && buf[k] != 0) {
					test_fail("byte %zd is 0x%x", k, buf[k]);
					break;
				}
			expect(fstat(fd, &st) == 0 && st.st_size <= (off_t)sizeof(buf));
		}
	}
	return close(fd);
}

int main(void)
{
	struct stat st;

	test_tmpdir();
	for (unsigned int i = 1; i < NR_OF(dirs); i++)
		must(mkdir(dirs[i], 0755) == 0);
	for (long i = 0; i < NR; i++)
		start_process(storm, i);
	join_workers();
	walk(0);
	for (unsigned int i = 0; i < nr_found; i++)
		expect_eq(found[i].names, found[i].nlink);
	test_empty_dir();
	must(stat(".", &st) == 0);
	expect(st.st_nlink <= 2);

	must(mkdir("m", 0755) == 0 && mkdir("m/x", 0755) == 0 && mkdir("m/y", 0755) == 0);
	for (long i = 0; i < 2; i++)
		start_process(move_about, i);
	join_workers();
	expect(rmdir("m/x") == 0 && rmdir("m/y") == 0 && rmdir("m") == 0);

	close(open("the_file", O_CREAT | O_RDWR, 0644));
	for (long i = 0; i < NR; i++) {
		char name[32];

		snprintf(name, sizeof(name), "l%ld", i);
		must(mkdir(name, 0755) == 0);
		start_process(link_and_unlink, i);
	}
	join_workers();
	expect(stat("the_file", &st) == 0 && st.st_nlink == 1);

	close(open("cut", O_CREAT | O_RDWR, 0644));
	for (long i = 0; i < NR; i++)
		start_process(write_and_truncate, i);
	join_workers();
	return test_result();
}
