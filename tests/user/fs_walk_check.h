/*
 * tests/user/fs_walk_check.h - the walk's random numbers, what it says when it stumbles, and
 * the comparison of the tree with the model.
 *
 * All that is random comes from the seed by draw(), so the seed leads there again.  The last
 * calls are kept and printed with the first thing that is not as the model says.
 */
#ifndef OCTAVO_TESTS_USER_FS_WALK_CHECK_H
#define OCTAVO_TESTS_USER_FS_WALK_CHECK_H

#include <fcntl.h>
#include <stdarg.h>

#include <tests/user/fs_walk_model.h>

#define LAST_CALLS	40u
#define MAX_BUF		(256 * 1024u)

static struct walk {
	uint32_t seed, random;
	unsigned int step, steps;
	bool drop_caches;		/* now and then */
} walk;

static char last_calls[LAST_CALLS][200];
static unsigned int nr_calls;
static unsigned char buf[MAX_BUF], want[MAX_BUF];

static unsigned int draw(unsigned int below)
{
	walk.random ^= walk.random << 13;
	walk.random ^= walk.random >> 17;
	walk.random ^= walk.random << 5;
	return (unsigned int)(((uint64_t)walk.random * below) >> 32);
}

static bool chance(unsigned int percent)
{
	return draw(100) < percent;
}

/* Write down what is about to be done; long names by their beginnings. */
static void note(const char *format, ...)
{
	char *line = last_calls[nr_calls++ % LAST_CALLS], all[9000], *to = line;
	unsigned int run = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(all, sizeof(all), format, args);
	va_end(args);
	to += sprintf(to, "%u: ", walk.step);
	for (char *p = all; *p && to < line + sizeof(last_calls[0]) - 1; p++) {
		run = p > all && *p == p[-1] ? run + 1 : 0;
		if (run < 3 || (*p >= '0' && *p <= '9'))
			*to++ = *p;
		else if (run == 3)
			*to++ = '~';
	}
	*to = '\0';
}

static void __attribute__((noreturn)) wrong(const char *format, ...)
{
	va_list args;

	printf("fs_walk: seed %u, step %u: ", walk.seed, walk.step);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	for (unsigned int i = nr_calls < LAST_CALLS ? 0 : nr_calls - LAST_CALLS; i < nr_calls; i++)
		printf("  %s\n", last_calls[i % LAST_CALLS]);
	fflush(stdout);
	exit(1);
}

/* A call must have failed with @err, or (0) succeeded. */
static void expect_result(long ret, int err)
{
	int got = ret < 0 ? errno : 0;

	if (got != err)
		wrong("errno %d (%s), not %d (%s)", got, strerror(got), err, strerror(err));
}

static void expect_bytes(const unsigned char *have, const unsigned char *model, size_t count,
			 int64_t offset, const char *by)
{
	size_t i = 0;

	if (!memcmp(have, model, count))
		return;
	while (have[i] == model[i])
		i++;
	wrong("%s: the byte at %lld (0x%llx) is %02x, not %02x", by, (long long)offset + (long long)i,
	      (long long)offset + (long long)i, have[i], model[i]);
}

static void check_stat(struct node *n, const struct stat *st)
{
	static const mode_t types[] = { 0, S_IFREG, S_IFDIR, S_IFLNK };

	if ((st->st_mode & S_IFMT) != types[n->type])
		wrong("stat: mode %o of a node of type %d", st->st_mode, n->type);
	if (n->type != SYMLINK && (st->st_mode & 07777) != n->mode)
		wrong("stat: mode %o, not %o", st->st_mode, n->mode);
	if (st->st_nlink != n->nlink)
		wrong("stat: %u links, not %u", (unsigned int)st->st_nlink, n->nlink);
	if (n->type == REG && st->st_size != n->size)
		wrong("stat: size %lld, not %lld", (long long)st->st_size, (long long)n->size);
	if (n->type == SYMLINK && st->st_size != (off_t)strlen(n->target))
		wrong("stat: a link of %lld bytes", (long long)st->st_size);
	if (n->mtime && st->st_mtime != n->mtime)
		wrong("stat: mtime %lld, not %lld", (long long)st->st_mtime, (long long)n->mtime);
	if (!n->ino)
		n->ino = st->st_ino;
	if (st->st_ino != n->ino)
		wrong("stat: inode %llu, not %llu", (unsigned long long)st->st_ino,
		      (unsigned long long)n->ino);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void check_range(int fd, const struct node *n, int64_t offset, size_t count)
{
	size_t there = content_read(n, offset, want, count);
	ssize_t got = pread(fd, buf, count, offset);

	if (got != (ssize_t)there)
		wrong("pread of %zu at %lld: %zd (errno %d), not %zu", count, (long long)offset, got,
		      errno, there);
	expect_bytes(buf, want, there, offset, "pread");
}

/* Every page that was written, its neighbours, and the beginning and the end. */
static void check_content(int fd, const struct node *n)
{
	struct stat st;

	must(fstat(fd, &st) == 0);
	if (st.st_size != n->size)
		wrong("fstat: size %lld, not %lld", (long long)st.st_size, (long long)n->size);
	check_range(fd, n, 0, MAX_BUF);
	for (unsigned int i = 0; i < n->nr_pages; i++) {
		int64_t at = (int64_t)n->pages[i]->index * PAGE;

		if (at >= MAX_BUF)
			check_range(fd, n, at - PAGE, 3 * PAGE);
	}
	if (n->size > MAX_BUF)
		check_range(fd, n, n->size - 2 * PAGE, 3 * PAGE);
}

static void check_node(struct node *dir, int name, char *path)
{
	struct node *n = dir->child[name];
	struct stat st;
	ssize_t len;
	int fd;

	note("check %s", path_to(dir, name, path));
	if (lstat(path, &st))
		wrong("lstat %s: errno %d", path, errno);
	check_stat(n, &st);
	if (n->type == SYMLINK) {
		len = readlink(path, (char *)buf, MAX_BUF);
		if (len != (ssize_t)strlen(n->target) || memcmp(buf, n->target, (size_t)len))
			wrong("readlink %s: not %s", path, n->target);
	} else if (n->type == REG) {
		fd = open(path, O_RDONLY | O_LARGEFILE);
		if (fd < 0)
			wrong("open %s: errno %d", path, errno);
		check_content(fd, n);
		close(fd);
	}
}

static void check_entry(struct node *dir, const struct dirent *d, bool *seen)
{
	static const unsigned char types[] = { 0, DT_REG, DT_DIR, DT_LNK };
	int name = find_name(d->d_name, strlen(d->d_name));
	struct node *n = name < 0 ? NULL : dir->child[name];

	if (!n)
		wrong("readdir: there is a %s", d->d_name);
	if (seen[name])
		wrong("readdir: %s twice", d->d_name);
	seen[name] = true;
	if (n->ino && d->d_ino != n->ino)
		wrong("readdir: %s is inode %llu, not %llu", d->d_name, (unsigned long long)d->d_ino,
		      (unsigned long long)n->ino);
	if (d->d_type != DT_UNKNOWN && d->d_type != types[n->type])
		wrong("readdir: %s has type %d", d->d_name, d->d_type);
}

/* The directory lists what it has, each once. */
static void check_dir(struct node *dir, char *path)
{
	bool seen[NR_NAMES] = { false };
	struct dirent *d;
	unsigned int dots = 0;
	DIR *list;

	dir_path(dir, path);
	list = opendir(*path ? path : ".");
	if (!list)
		wrong("opendir %s: errno %d", path, errno);
	while ((d = readdir(list))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			dots++;
		else
			check_entry(dir, d, seen);
	}
	closedir(list);
	if (dots != 2)
		wrong("readdir: %u of . and ..", dots);
	for (int i = 0; i < NR_NAMES; i++)
		if (dir->child[i] && !seen[i])
			wrong("readdir: no %s", name_of(i));
}

static void check_tree(struct node *dir)
{
	char path[PATH_MAX];

	check_dir(dir, path);
	for (int i = 0; i < NR_NAMES; i++) {
		if (!dir->child[i])
			continue;
		check_node(dir, i, path);
		if (dir->child[i]->type == DIRECTORY)
			check_tree(dir->child[i]);
	}
}

/* No two are the same to the file system. */
static void check_inodes(void)
{
	for (struct node *a = nodes; a < nodes + NR_NODES; a++)
		for (struct node *b = a + 1; b < nodes + NR_NODES; b++)
			if (a->type != FREE && b->type != FREE && a->ino && a->ino == b->ino)
				wrong("two files are inode %llu", (unsigned long long)a->ino);
}

/* ---- for others to compare ------------------------------------------------------------------ */

static uint32_t crc_of(const struct node *n)
{
	uint32_t crc = ~0u;

	for (int64_t at = 0; at < n->size; at += PAGE) {
		size_t count = content_read(n, at, want, PAGE);

		for (size_t i = 0; i < count; i++) {
			crc ^= want[i];
			for (int bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		}
	}
	return ~crc;
}

/* A line for each name: type, mode, links, size, crc32 of what is in it (if it is short), path. */
static void list_tree(FILE *out, const struct node *dir, int64_t max_size)
{
	char path[PATH_MAX];

	for (int i = 0; i < NR_NAMES; i++) {
		const struct node *n = dir->child[i];

		if (!n)
			continue;
		fprintf(out, "%c %o %u %lld ", "?fdl"[n->type], n->mode, n->nlink,
			n->type == REG ? (long long)n->size : 0);
		if (n->type == REG && n->size <= max_size)
			fprintf(out, "%08x ", crc_of(n));
		else
			fprintf(out, "- ");
		fprintf(out, "%s%s%s\n", path_to(dir, i, path), n->type == SYMLINK ? " -> " : "",
			n->type == SYMLINK ? n->target : "");
		if (n->type == DIRECTORY)
			list_tree(out, n, max_size);
	}
}

#endif
