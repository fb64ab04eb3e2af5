/*
 * fs_badimage: an ext2 image in which anything may be wrong does not harm the kernel.
 *
 * A small file system with all there can be in one is made once. Then, 25 times, or as often as
 * bad_images=N of the kernel's command line says (tests/system/badimages: 500): some of its bytes
 * are changed, by chance but where it hurts (super block, descriptors, bitmaps, inodes, directories,
 * indirect blocks), it is mounted, walked and written to, and unmounted.  Any call may fail, none may
 * hang or do more than that, and the mount point must be free again.  Before that, damage of two
 * kinds that is known to be met in the middle of something: then exact results are expected.
 */
#include <dirent.h>
#include <stdint.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "disk.h"

#define KIB		1024u
#define BLOCK		1024u
#define SIZE		(KIB * 1024u)
#define MAX_ENTRIES	1500		/* a damaged tree may have circles */
#define MAX_DEPTH	6
#define NR(a)		(sizeof(a) / sizeof((a)[0]))

static unsigned char good[SIZE], bad[SIZE];
static const char *disk;
static char mnt[] = "mnt";
static unsigned long state;
static unsigned int entries, mounted, refused;

static uint32_t any(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return (uint32_t)state;
}

/* ---- the image ------------------------------------------------------------------------------- */

static void make_file(const char *path, unsigned int size, unsigned int step)
{
	char data[BLOCK];
	unsigned int at;
	int fd = open(path, O_CREAT | O_RDWR, 0644);

	must(fd >= 0);
	memset(data, 'x', sizeof(data));
	for (at = 0; at < size; at += step)
		must(pwrite(fd, data, BLOCK, at) == (ssize_t)BLOCK);
	close(fd);
}

static void make_good(void)
{
	char path[300];
	int i, fd;

	test_mke2fs(disk, BLOCK, KIB);
	test_mount(disk, mnt, NULL);
	make_file("mnt/direct", 5 * BLOCK, BLOCK);
	make_file("mnt/indirect", 60 * BLOCK, BLOCK);
	make_file("mnt/holes", 1200 * BLOCK, 100 * BLOCK);	/* double indirect */
	must(mkdir("mnt/dir", 0755) == 0 && mkdir("mnt/dir/sub", 0755) == 0);
	for (i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "mnt/dir/%s%d", i % 3 ? "file" : "a-name-of-more-than-a-few-letters-", i);
		make_file(path, i % 2 ? BLOCK : 0, BLOCK);
	}
	must(symlink("short", "mnt/fast") == 0);
	memset(path, 's', 200);
	path[200] = 0;
	must(symlink(path, "mnt/slow") == 0 && link("mnt/direct", "mnt/dir/hard") == 0);
	must(mkfifo("mnt/fifo", 0600) == 0 && mknod("mnt/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	must(umount(mnt) == 0);
	fd = open(disk, O_RDONLY);
	must(fd >= 0 && read(fd, good, SIZE) == (ssize_t)SIZE);
	close(fd);
}

static void write_disk(const unsigned char *image, unsigned int at, unsigned int size)
{
	int fd = open(disk, O_WRONLY);

	must(fd >= 0 && pwrite(fd, image + at, size, at) == (ssize_t)size && fsync(fd) == 0);
	close(fd);
}

static void put(unsigned int at, uint32_t value, unsigned int bytes)
{
	if (at + bytes <= SIZE)
		memcpy(bad + at, &value, bytes);
}

static uint32_t wild(void)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 5, 11, 12, KIB - 1, KIB, KIB + 1, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x40000000, 0x00ffffff,
	};
	unsigned int which = any() % (NR(values) + 3);

	return which < NR(values) ? values[which] : which == NR(values) ? any() : any() % KIB;
}

/* Where the fields of interest are: offsets in the format of the second extended file system. */
static void damage(void)
{
	uint32_t first_inode_block, field;
	unsigned int i, at;

	memcpy(&first_inode_block, good + 2 * BLOCK + 8, 4);
	switch (any() % 8) {
	case 0:			/* anything anywhere */
		for (i = any() % 20 + 1; i; i--)
			bad[any() % SIZE] = (unsigned char)any();
		break;
	case 1:			/* the super block */
		put(BLOCK + any() % 66 * 4, wild(), 4);
		break;
	case 2:			/* the group's descriptor */
		put(2 * BLOCK + any() % 8 * 4, wild(), any() % 2 ? 4 : 2);
		break;
	case 3:			/* the bitmaps */
		memcpy(&at, good + 2 * BLOCK + any() % 2 * 4, 4);
		memset(bad + at * BLOCK, any() % 2 ? 0 : 0xff, BLOCK / (any() % 4 + 1));
		break;
	case 4:
	case 5:			/* an inode */
		at = first_inode_block * BLOCK + any() % 90 * 128;
		field = any() % 32 * 4;
		put(at + field, wild(), any() % 3 ? 4 : 2);
		break;
	case 6:			/* a directory */
		for (i = 0; i < 200; i++) {
			at = any() % KIB * BLOCK;
			if (good[at + 4] == 12 && good[at + 6] == 1 && good[at + 8] == '.')
				break;
		}
		at += any() % 4 ? 12 * (any() % 6) : 4 * (any() % 256);
		put(at + (any() % 3 ? 4 : 0), wild(), any() % 2 ? 2 : 4);
		break;
	default:		/* data, where the indirect blocks are */
		put(any() % SIZE & ~3u, wild(), 4);
	}
}

/* ---- what is done with it -------------------------------------------------------------------- */

static void use_file(const char *path, off_t size)
{
	static char data[8192];
	int fd = open(path, O_RDWR | O_NONBLOCK);

	if (fd < 0)
		fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		(void)!pread(fd, data, sizeof(data), i * sizeof(data));
	(void)!pread(fd, data, sizeof(data), size - 4096);
	if (any() % 4 == 0)
		(void)!pwrite(fd, data, 3000, any() % 300000);
	if (any() % 8 == 0)
		(void)!ftruncate(fd, any() % 100000);
	if (any() % 8 == 0)
		fsync(fd);
	close(fd);
}

static void use_entry(const char *path, int depth);

static void walk(const char *dir, int depth)
{
	struct dirent *entry;
	char path[1200];
	DIR *stream = opendir(dir);

	if (!stream)
		return;
	while (entries < MAX_ENTRIES && (entry = readdir(stream))) {
		entries++;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			use_entry(path, depth);
	}
	closedir(stream);
}

static void use_entry(const char *path, int depth)
{
	char target[300];
	struct stat st;

	if (lstat(path, &st))
		return;
	if (S_ISLNK(st.st_mode))
		(void)!readlink(path, target, sizeof(target));
	else if (S_ISREG(st.st_mode))
		use_file(path, st.st_size);
	else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
		walk(path, depth + 1);
	switch (any() % 24) {
	case 0:
		unlink(path);
		break;
	case 1:
		rmdir(path);
		break;
	case 2:
		rename(path, "mnt/renamed");
		break;
	case 3:
		(void)!link(path, "mnt/dir/linked");
		break;
	}
}

static void change(void)
{
	struct statfs st;
	char data[5000];
	int fd;

	statfs(mnt, &st);
	memset(data, 'n', sizeof(data));
	fd = open("mnt/new", O_CREAT | O_RDWR, 0644);
	if (fd >= 0) {
		(void)!write(fd, data, sizeof(data));
		fsync(fd);
		close(fd);
	}
	mkdir("mnt/newdir", 0755);
	(void)!symlink("target", "mnt/newdir/link");
	rename("mnt/new", "mnt/dir/new");
	unlink("mnt/indirect");
	truncate("mnt/holes", 10);
	sync();
}

static void try_one(int number)
{
	unsigned int i;
	int err;

	memcpy(bad, good, SIZE);
	for (i = any() % 4 + 1; i; i--)
		damage();
	write_disk(bad, 0, SIZE);
	if (mount(disk, mnt, "ext2", any() % 4 ? 0 : MS_RDONLY, any() % 4 ? NULL : "errors=remount-ro")) {
		refused++;
		return;
	}
	mounted++;
	entries = 0;
	walk(mnt, 0);
	change();
	walk(mnt, MAX_DEPTH - 2);
	err = umount(mnt);
	if (err) {
		test_fail("image %d (seed state %lu): umount: %s", number, state, strerror(errno));
		exit(1);
	}
}

/* A directory goes bad after a name in it was looked up: a rename out of it changes nothing. */
static void bad_rename(void)
{
	struct stat st;
	unsigned int at;
	int fd, drop;

	write_disk(good, 0, SIZE);
	test_mount(disk, mnt, NULL);
	must(stat("mnt/dir", &st) == 0);
	for (at = 0; at < SIZE; at += BLOCK)
		if (!memcmp(good + at, &(uint32_t) { (uint32_t)st.st_ino }, 4) && good[at + 4] == 12 &&
		    good[at + 8] == '.')
			break;
	must(at < SIZE);
	fd = open("mnt/dir/hard", O_RDONLY);
	must(fd >= 0);
	sync();
	memcpy(bad, good, SIZE);
	put(at + 4, 0, 2);
	write_disk(bad, at, BLOCK);
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	must(drop >= 0 && write(drop, "1\n", 2) == 2);
	close(drop);
	/* ext4, which stands in for ext2 on many a Linux, does not look at what it does not need. */
	if (rename("mnt/dir/hard", "mnt/moved")) {
		expect_eq(errno, EIO);
		expect_errno(access("mnt/moved", F_OK), ENOENT);
	} else {
		expect_eq(access("mnt/moved", F_OK), 0);
	}
	expect(fstat(fd, &st) == 0 && st.st_nlink == 2);
	close(fd);
	must(umount(mnt) == 0);
}

/* A file that is in use, and free by the bitmap: its number is not another file's, too. */
static void bad_bitmap(void)
{
	struct stat direct, st;
	uint32_t bitmap;
	int fd, i;

	write_disk(good, 0, SIZE);
	test_mount(disk, mnt, NULL);
	must(stat("mnt/direct", &direct) == 0);
	must(umount(mnt) == 0);
	memcpy(bad, good, SIZE);
	memcpy(&bitmap, good + 2 * BLOCK + 4, 4);
	bad[bitmap * BLOCK + (direct.st_ino - 1) / 8] &= (unsigned char)~(1u << (direct.st_ino - 1) % 8);
	write_disk(bad, 0, SIZE);
	test_mount(disk, mnt, NULL);
	fd = open("mnt/direct", O_RDONLY);
	must(fd >= 0);
	expect_errno(open("mnt/new", O_CREAT | O_EXCL | O_RDWR, 0600), EIO);
	i = open("mnt/new", O_CREAT | O_EXCL | O_RDWR, 0600);
	if (i >= 0) {
		expect(fstat(i, &st) == 0 && st.st_ino != direct.st_ino);
		close(i);
	} else {
		expect_eq(errno, ENOSPC);	/* ext4 has given the whole group up */
	}
	expect(fstat(fd, &st) == 0 && st.st_size == direct.st_size && st.st_nlink == 2);
	close(fd);
	must(umount(mnt) == 0);
}

int main(void)
{
	int i, images = (int)test_option("bad_images", 25);

	disk = test_disk();
	test_tmpdir();
	must(mkdir(mnt, 0755) == 0);
	state = test_seed(20260731) | 1;
	make_good();
	bad_rename();
	bad_bitmap();
	for (i = 0; i < images; i++)
		try_one(i);
	expect(mounted > (unsigned int)images / 4 && (images < 100 || refused));
	/* The undamaged one is as good as ever. */
	write_disk(good, 0, SIZE);
	test_mount(disk, mnt, NULL);
	expect(access("mnt/dir/sub", F_OK) == 0);
	expect(umount(mnt) == 0);
	rmdir(mnt);
	return test_result();
}
