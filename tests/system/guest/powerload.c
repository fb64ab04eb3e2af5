/*
 * tests/system/guest/powerload.c - a load for a disk that will lose its power, and what it promises
 *
 * usage: powerload DIRECTORY MARKS SEED STEPS
 *
 * Makes, changes, renames, links and removes files below DIRECTORY, and calls fsync() or sync() now
 * and then.  MARKS is the disk itself, past the end of the file system: there it tells what holds
 * from now on, in sectors of their own, so that the log of the disk's writes has promise and data in
 * one order.  A mark is written past the cache and is on the disk when the next step begins.
 *
 *	S id version size inode path	the file's content is safe: whoever comes after a loss of power
 *					must find it, under whatever name
 *	N id				... and under this one (its directory was fsynced too)
 *	R id				the name is about to change
 *	D id				content or file are about to change: nothing is promised any more
 *	C id				a good moment for a loss of power
 *
 * The content of a file follows from (id, version): tests/system/powerloss computes the same.  Every
 * third file has holes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES		24u
#define DIRS		6u
#define BLOCK		1024u
#define HOLE		8192u			/* every other run of so many bytes, where there are holes */
#define SECTOR		512u
#define MARKS_AT	(24u << 20)		/* where the file system ends */
#define PATH		128u

static struct file {
	unsigned int version, size;
	char path[PATH];			/* "": not there */
} files[FILES];

static const char *const dirs[DIRS] = { ".", "a", "b", "a/x", "a/x/y", "c" };
static int marks;
static unsigned long seed;
static uint32_t block[BLOCK / 4] __attribute__((aligned(4096)));

static void die(const char *what)
{
	fprintf(stderr, "powerload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned int any(unsigned int below)
{
	seed = seed * 1103515245 + 12345;
	return (unsigned int)(seed >> 8 & 0xffffff) % below;
}

static void mark(const char *text)
{
	static char sector[SECTOR] __attribute__((aligned(4096)));
	static unsigned int number;

	memset(sector, 0, sizeof(sector));
	snprintf(sector, sizeof(sector), "octavo mark %u: %s", number, text);
	if (pwrite(marks, sector, SECTOR, MARKS_AT + number++ * SECTOR) != (ssize_t)SECTOR)
		die("mark");
}

static void mark_file(char what, unsigned int id)
{
	char text[64];

	snprintf(text, sizeof(text), "%c %u", what, id);
	mark(text);
}

static void promise(unsigned int id)
{
	struct file *f = &files[id];
	char text[PATH + 64];
	struct stat st;

	if (stat(f->path, &st))
		die(f->path);
	snprintf(text, sizeof(text), "S %u %u %u %lu %s", id, f->version, f->size,
		 (unsigned long)st.st_ino, f->path);
	mark(text);
}

static void put_content(int fd, const struct file *f, unsigned int id)
{
	unsigned int at, i, n;

	for (at = 0; at < f->size; at += n) {
		n = f->size - at < BLOCK ? f->size - at : BLOCK;
		if (id % 3 == 0 && at / HOLE % 2)
			continue;
		for (i = 0; i < BLOCK / 4; i += 4) {
			block[i] = 0x6f637461;
			block[i + 1] = id;
			block[i + 2] = f->version;
			block[i + 3] = at / BLOCK;
		}
		if (pwrite(fd, block, n, at) != (ssize_t)n)
			die("write");
	}
	if (ftruncate(fd, f->size))
		die("ftruncate");
}

static unsigned int any_size(void)
{
	static const unsigned int most[] = { 300, 3000, 11000, 40000, 200000, 330000 };

	return 1 + any(most[any(6)]);
}

static void sync_dir_of(const char *path)
{
	char dir[PATH];
	int fd;

	strcpy(dir, path);
	*strrchr(dir, '/') = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fsync(fd))
		die(dir);
	close(fd);
}

static void new_path(char *path)
{
	static unsigned int number;

	snprintf(path, PATH, "%s/%s%u", dirs[any(DIRS)],
		 any(4) ? "f" : "a-name-that-is-much-longer-than-the-others-", number++);
}

/* New content, in place or from the start. */
static void write_file(unsigned int id)
{
	struct file *f = &files[id];
	int fd;

	if (!f->path[0])
		new_path(f->path);
	else
		mark_file('D', id);
	f->version++;
	f->size = any_size();
	fd = open(f->path, O_CREAT | O_RDWR | (any(2) ? O_TRUNC : 0), 0644);
	if (fd < 0)
		die(f->path);
	put_content(fd, f, id);
	switch (any(4)) {
	case 0:
	case 1:
		if (fsync(fd))
			die("fsync");
		promise(id);
		break;
	case 2:
		if (fdatasync(fd))
			die("fdatasync");
		promise(id);
		sync_dir_of(f->path);
		mark_file('N', id);
		break;
	}
	close(fd);
}

static void remove_file(unsigned int id)
{
	struct file *f = &files[id];
	int fd = -1;

	if (!f->path[0])
		return;
	mark_file('D', id);
	if (!any(3))
		fd = open(f->path, O_RDWR);
	if (unlink(f->path))
		die(f->path);
	if (fd >= 0) {			/* an orphan, for a moment, that still grows */
		if (pwrite(fd, block, BLOCK, (off_t)any_size()) != BLOCK)
			die("write to an orphan");
		if (any(2) && fsync(fd))
			die("fsync of an orphan");
		close(fd);
	}
	f->path[0] = 0;
}

static void rename_file(unsigned int id)
{
	struct file *f = &files[id];
	char to[PATH];

	if (!f->path[0])
		return;
	mark_file('R', id);
	new_path(to);
	if (any(4)) {
		if (rename(f->path, to))
			die("rename");
	} else if (link(f->path, to) || unlink(f->path)) {
		die("link");
	}
	strcpy(f->path, to);
	if (any(2)) {
		sync_dir_of(to);
		if (any(2)) {
			int fd = open(to, O_RDONLY);

			if (fd < 0 || fsync(fd))
				die("fsync");
			close(fd);
			promise(id);
			mark_file('N', id);
		}
	}
}

static void sync_all(void)
{
	unsigned int id;

	sync();
	for (id = 0; id < FILES; id++) {
		if (!files[id].path[0])
			continue;
		promise(id);
		mark_file('N', id);
	}
}

/*
 * A file moves to another directory and is removed there; then its inode number is used again.  No
 * name "moved" may lead to the new file, though nobody has asked for the first directory to be
 * written.  The flusher has been told to come often, or this would take long (main()).
 */
static void reuse_inode(unsigned int id, unsigned int step)
{
	struct file *f = &files[id];
	int fd;

	remove_file(id);
	if ((fd = open("a/moved", O_CREAT | O_EXCL | O_RDWR, 0644)) < 0 || close(fd))
		die("a/moved");
	sync();
	if (rename("a/moved", "b/moved") || unlink("b/moved"))
		die("b/moved");
	usleep(500000);
	snprintf(f->path, PATH, "a/r%u", step);
	f->version++;
	f->size = any_size();
	fd = open(f->path, O_CREAT | O_EXCL | O_RDWR, 0644);
	if (fd < 0)
		die(f->path);
	put_content(fd, f, id);
	if (fsync(fd))
		die("fsync");
	close(fd);
	promise(id);
	mark_file('C', id);
}

/* The flusher's period. */
static void flush_often(void)
{
	int fd = open("/proc/sys/vm/dirty_writeback_centisecs", O_WRONLY);

	if (fd < 0 || write(fd, "10\n", 3) != 3)
		die("dirty_writeback_centisecs");
	close(fd);
}

/* Entries that nothing is promised about, to make directories and inodes move. */
static void small_change(unsigned int step)
{
	char path[PATH], other[PATH];

	snprintf(path, sizeof(path), "%s/s%u", dirs[any(DIRS)], step % 40);
	snprintf(other, sizeof(other), "%s/s%u", dirs[any(DIRS)], any(40));
	switch (any(4)) {
	case 0:
		if (mkdir(path, 0755) && errno != EEXIST)
			die(path);
		break;
	case 1:
		if (symlink(any(2) ? "short" : "a/target/that/does/not/fit/into/the/inode/because/it/is/longer/"
			    "than/sixty/bytes", path) && errno != EEXIST)
			die(path);
		break;
	case 2:
		if (rename(path, other) && errno != ENOENT && errno != EISDIR && errno != ENOTDIR &&
		    errno != ENOTEMPTY && errno != EEXIST && errno != EINVAL)
			die(path);
		break;
	default:
		if (unlink(other) && rmdir(other) && errno != ENOENT && errno != ENOTDIR)
			die(other);
	}
}

int main(int argc, char **argv)
{
	unsigned int step, steps, i;

	if (argc != 5) {
		fprintf(stderr, "usage: powerload DIRECTORY MARKS SEED STEPS\n");
		return 2;
	}
	marks = open(argv[2], O_WRONLY | O_DIRECT);
	if (marks < 0)
		die(argv[2]);
	if (chdir(argv[1]))
		die(argv[1]);
	seed = strtoul(argv[3], NULL, 0);
	steps = (unsigned int)strtoul(argv[4], NULL, 0);
	for (i = 1; i < DIRS; i++)
		if (mkdir(dirs[i], 0755))
			die(dirs[i]);
	sync();
	flush_often();
	for (step = 0; step < steps; step++) {
		unsigned int id = any(FILES);

		if (step % 50 == 49)
			reuse_inode(id, step);
		switch (any(10)) {
		case 0: case 1: case 2: case 3: case 4:
			write_file(id);
			break;
		case 5:
			remove_file(id);
			break;
		case 6: case 7:
			rename_file(id);
			break;
		case 8:
			small_change(step);
			break;
		default:
			if (!any(4))
				sync_all();
		}
	}
	sync_all();
	puts("powerload done");
	return 0;
}
