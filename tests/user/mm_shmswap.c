/*
 * mm_shmswap: pages of tmpfs, of memfd and of shared memory in swap: what they held, found again by
 * mappings, read, write and sendfile; truncated, punched, sealed, locked, unlinked, swapped off; and
 * what is counted of them meanwhile.
 * calls: swapon swapoff
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "disk.h"
#include "swap.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#define PAGE	4096u
#define PAGES	48u
#define SLOTS	2047u		/* 8 MiB */
#define TRIES	500

static const char *disk;

/* ---- what the kernel says ------------------------------------------------------------------- */

/* kB behind "@name:" in the rest of @f; -1: there is no such line */
static long field_of(FILE *f, const char *name)
{
	size_t len = strlen(name);
	char line[256];

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			return strtol(line + len + 1, NULL, 10);
	return -1;
}

static long field(const char *path, const char *name)
{
	FILE *f = fopen(path, "r");
	long value;

	must(f);
	value = field_of(f, name);
	fclose(f);
	return value;
}

/* Pages in swap of the object that is mapped, all of it, at @map. */
static long swapped(const void *map)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[256];
	long kb = -1;

	must(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		if (strtoul(line, NULL, 16) == (unsigned long)map && strchr(line, '-'))
			kb = field_of(f, "Swap");
	fclose(f);
	return kb / 4;
}

/* So many slots are in use. Linux keeps some at hand for each processor: there it is not exact. */
static void expect_slots(long slots)
{
	long used = (field("/proc/meminfo", "SwapTotal") - field("/proc/meminfo", "SwapFree")) / 4;

	if (!access("/proc/self/translate", F_OK))
		expect_eq(used, slots);
	else
		expect(used >= slots && used < slots + 160);
}

static long committed(void)
{
	return field("/proc/meminfo", "Committed_AS");
}

/* ---- pages, and their way out ------------------------------------------------------------------ */

static unsigned int word_of(unsigned int page, unsigned int i)
{
	return page * 2654435761u ^ i * 40503u;
}

static void fill(unsigned int *map, unsigned int from, unsigned int to)
{
	for (unsigned int p = from; p < to; p++)
		for (unsigned int i = 0; i < PAGE / 4; i++)
			map[p * (PAGE / 4) + i] = word_of(p, i);
}

/* => pages of [from, to) that are not as fill() left them */
static unsigned int wrong_pages(const unsigned int *map, unsigned int from, unsigned int to)
{
	unsigned int wrong = 0;

	for (unsigned int p = from; p < to; p++)
		for (unsigned int i = 0; i < PAGE / 4; i++)
			if (map[p * (PAGE / 4) + i] != word_of(p, i)) {
				wrong++;
				break;
			}
	return wrong;
}

/* Send [map, map + pages) to swap: @now pages are there then. */
static void out(void *map, unsigned int pages, long now)
{
	volatile unsigned int *words = map;
	unsigned char in[PAGES];
	int tries = 0;

	/* Only what is mapped here goes: what read() has brought back is not yet. */
	must(mincore(map, pages * PAGE, in) == 0);
	for (unsigned int p = 0; p < pages; p++)
		if (in[p] & 1)
			words[p * (PAGE / 4)];
	while (swapped(map) < now && tries++ < TRIES) {
		must(madvise(map, pages * PAGE, MADV_PAGEOUT) == 0);
		if (swapped(map) < now)
			usleep(2000);
	}
	expect_eq(swapped(map), now);
}

static unsigned int *map_file(int fd, unsigned int pages)
{
	unsigned int *map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must(map != MAP_FAILED);
	return map;
}

/* A file of tmpfs of PAGES pages, filled. */
static int make_file(const char *name, unsigned int **map)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0);
	must(ftruncate(fd, PAGES * PAGE) == 0);
	*map = map_file(fd, PAGES);
	fill(*map, 0, PAGES);
	return fd;
}

static void end_file(int fd, unsigned int *map, const char *name)
{
	munmap(map, PAGES * PAGE);
	close(fd);
	if (name)
		expect_eq(unlink(name), 0);
	expect_slots(0);
}

/* ---- found again --------------------------------------------------------------------------------- */

static void content(void)
{
	static unsigned int buf[PAGES * PAGE / 4];
	unsigned int *map, *other;
	int fd = make_file("content", &map), to;
	off_t at = 0;

	out(map, PAGES, PAGES);
	expect_eq(wrong_pages(map, 0, PAGES), 0);
	expect_eq(swapped(map), 0);
	expect_slots(0);

	out(map, PAGES, PAGES);
	expect_eq(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	expect_eq(wrong_pages(buf, 0, PAGES), 0);

	/* A few bytes in the middle: the others stay. */
	out(map, PAGES, PAGES);
	for (unsigned int p = 0; p < PAGES; p++) {
		unsigned int word = word_of(p, 77);

		expect_eq(pwrite(fd, &word, 4, p * PAGE + 77 * 4), 4);
	}
	expect_eq(wrong_pages(map, 0, PAGES), 0);

	out(map, PAGES, PAGES);
	to = open("copy", O_RDWR | O_CREAT, 0600);
	must(to >= 0);
	expect_eq(sendfile(to, fd, &at, sizeof(buf)), sizeof(buf));
	memset(buf, 0, sizeof(buf));
	expect_eq(pread(to, buf, sizeof(buf), 0), sizeof(buf));
	expect_eq(wrong_pages(buf, 0, PAGES), 0);
	close(to);
	unlink("copy");

	/* By who has not seen it before. */
	out(map, PAGES, PAGES);
	other = map_file(fd, PAGES);
	munmap(map, PAGES * PAGE);
	expect_eq(wrong_pages(other, 0, PAGES), 0);
	end_file(fd, other, "content");
}

static void *shared_anonymous(void)
{
	void *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(map != MAP_FAILED);
	return map;
}

static void forked(void)
{
	unsigned int *map = shared_anonymous();
	int status = 1;
	pid_t pid;

	fill(map, 0, PAGES);
	out(map, PAGES, PAGES);
	expect(counters_proved());
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		unsigned int bad = wrong_pages(map, 0, PAGES);

		fill(map + PAGE / 4, 0, PAGES - 1);
		_exit(bad != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(wrong_pages(map + PAGE / 4, 0, PAGES - 1), 0);
	out(map, PAGES, PAGES);
	expect_eq(wrong_pages(map + PAGE / 4, 0, PAGES - 1), 0);
	out(map, PAGES, PAGES);
	munmap(map, PAGES * PAGE);
	expect_slots(0);
}

/* A private copy is the process's own, and goes its own way. */
static void private_copy(void)
{
	unsigned int *map, *mine;
	int fd = make_file("private", &map);

	mine = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(mine != MAP_FAILED);
	out(map, PAGES, PAGES);
	for (unsigned int p = 0; p < PAGES; p += 2)
		mine[p * (PAGE / 4)] = ~word_of(p, 0);
	expect_eq(wrong_pages(mine, 0, PAGES), PAGES / 2);
	expect_eq(wrong_pages(map, 0, PAGES), 0);
	munmap(mine, PAGES * PAGE);
	end_file(fd, map, "private");
}

/* ---- cut ---------------------------------------------------------------------------------------------- */

static void truncated(void)
{
	unsigned int *map;
	int fd = make_file("cut", &map);
	unsigned char byte;

	out(map, PAGES, PAGES);
	/* The page that is cut in the middle comes back; those behind it lose their slots. */
	expect_eq(ftruncate(fd, 10 * PAGE + 100), 0);
	expect_eq(swapped(map), 10);
	expect_eq(ftruncate(fd, PAGES * PAGE), 0);
	expect_eq(wrong_pages(map, 0, 10), 0);
	for (unsigned int at = 10 * PAGE + 100; at < PAGES * PAGE; at += at % PAGE ? 1 : 509) {
		byte = ((unsigned char *)map)[at];
		if (byte)
			break;
	}
	expect_eq(byte, 0);
	expect_eq(map[10 * (PAGE / 4) + 24], word_of(10, 24));
	end_file(fd, map, "cut");
}

static void punched(void)
{
	unsigned int *map;
	int fd = make_file("punched", &map);

	out(map, PAGES, PAGES);
	expect_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * PAGE + 8, 8 * PAGE), 0);
	expect_eq(swapped(map), PAGES - 9);	/* two cut pages came back, seven are gone */
	expect_eq(lseek(fd, 0, SEEK_HOLE), 5 * PAGE);
	expect_eq(lseek(fd, 5 * PAGE, SEEK_DATA), 12 * PAGE);
	expect_eq(map[4 * (PAGE / 4) + 1], word_of(4, 1));
	expect_eq(map[4 * (PAGE / 4) + 2], 0);
	expect_eq(map[12 * (PAGE / 4) + 1], 0);
	expect_eq(map[12 * (PAGE / 4) + 2], word_of(12, 2));
	expect_eq(wrong_pages(map, 0, 4), 0);
	expect_eq(wrong_pages(map, 13, PAGES), 0);
	end_file(fd, map, "punched");
}

/* Pages that fallocate has set aside go too, if they have been read; over what is out it changes nothing. */
static void allocated(void)
{
	unsigned int *map;
	int fd = make_file("allocated", &map);

	expect_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8 * PAGE), 0);
	out(map, PAGES, PAGES - 8);
	expect_eq(fallocate(fd, 0, 0, PAGES * PAGE), 0);
	expect_eq(swapped(map), 0);
	for (unsigned int p = 0; p < 8; p++)
		((volatile unsigned int *)map)[p * (PAGE / 4)];
	out(map, PAGES, PAGES);
	for (unsigned int i = 0; i < 8 * PAGE / 4; i++)
		if (map[i]) {
			expect_eq(map[i], 0);
			break;
		}
	expect_eq(wrong_pages(map, 8, PAGES), 0);
	end_file(fd, map, "allocated");
}

static void sparse(void)
{
	unsigned int *map;
	int fd = make_file("sparse", &map);

	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(ftruncate(fd, PAGES * PAGE), 0);
	fill(map, 3, 5);
	fill(map, 20, 21);
	out(map, PAGES, 3);
	expect_eq(lseek(fd, 0, SEEK_DATA), 3 * PAGE);
	expect_eq(lseek(fd, 3 * PAGE + 5, SEEK_DATA), 3 * PAGE + 5);
	expect_eq(lseek(fd, 3 * PAGE, SEEK_HOLE), 5 * PAGE);
	expect_eq(lseek(fd, 5 * PAGE, SEEK_DATA), 20 * PAGE);
	expect_eq(lseek(fd, 20 * PAGE, SEEK_HOLE), 21 * PAGE);
	expect_errno(lseek(fd, 21 * PAGE, SEEK_DATA), ENXIO);
	expect_eq(swapped(map), 3);
	end_file(fd, map, "sparse");
}

/* ---- counted ------------------------------------------------------------------------------------------- */

/* What is out takes as much of the file system, of the file and of what was promised as before. */
static void charged(void)
{
	struct statfs before, after;
	struct stat st;
	unsigned int *map;
	int fd = make_file("charged", &map);
	long promised;

	must(statfs(".", &before) == 0);
	promised = committed();
	out(map, PAGES, PAGES);
	must(statfs(".", &after) == 0);
	expect_eq(after.f_bfree, before.f_bfree);
	expect_eq(committed(), promised);
	must(fstat(fd, &st) == 0);
	expect_eq(st.st_blocks, PAGES * 8);
	expect_eq(ftruncate(fd, 8 * PAGE), 0);
	must(statfs(".", &after) == 0);
	expect_eq(after.f_bfree, before.f_bfree + PAGES - 8);
	expect_eq(committed(), promised - (long)(PAGES - 8) * 4);
	must(fstat(fd, &st) == 0);
	expect_eq(st.st_blocks, 8 * 8);
	end_file(fd, map, "charged");
}

static void locked(void)
{
	unsigned int *map = shared_anonymous();
	unsigned char in[PAGES];
	unsigned int away = 0;

	fill(map, 0, PAGES);
	out(map, PAGES, PAGES);
	must(mlock(map, PAGES * PAGE) == 0);
	expect_eq(swapped(map), 0);
	must(mincore(map, PAGES * PAGE, in) == 0);
	for (unsigned int p = 0; p < PAGES; p++)
		away += !(in[p] & 1);
	expect_eq(away, 0);
	expect_errno(madvise(map, PAGES * PAGE, MADV_PAGEOUT), EINVAL);
	expect_eq(wrong_pages(map, 0, PAGES), 0);
	munmap(map, PAGES * PAGE);
}

static void sealed(void)
{
	unsigned int *map;
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	must(fd >= 0);
	must(ftruncate(fd, PAGES * PAGE) == 0);
	map = map_file(fd, PAGES);
	fill(map, 0, PAGES);
	out(map, PAGES, PAGES);
	munmap(map, PAGES * PAGE);
	expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	expect_errno(pwrite(fd, "x", 1, 0), EPERM);
	expect_errno(ftruncate(fd, PAGE), EPERM);
	map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	expect_eq(wrong_pages(map, 0, PAGES), 0);
	end_file(fd, map, NULL);
}

/* ---- ended ---------------------------------------------------------------------------------------------- */

static void unlinked(void)
{
	unsigned int *map;
	int fd = make_file("unlinked", &map);

	out(map, PAGES, PAGES);
	munmap(map, PAGES * PAGE);
	expect_eq(unlink("unlinked"), 0);
	expect_slots(PAGES);
	close(fd);
	expect_slots(0);
}

static void swapped_off(void)
{
	unsigned int *map, *anon = shared_anonymous();
	int fd = make_file("off", &map);

	fill(anon, 0, PAGES);
	out(map, PAGES, PAGES);
	out(anon, PAGES, PAGES);
	expect_eq(swapoff(disk), 0);
	expect_eq(field("/proc/meminfo", "SwapTotal"), 0);
	expect_eq(wrong_pages(map, 0, PAGES), 0);
	expect_eq(wrong_pages(anon, 0, PAGES), 0);
	must(swapon(disk, 0) == 0);
	munmap(anon, PAGES * PAGE);
	end_file(fd, map, "off");
}

static void swap_on(void)
{
	struct swap_head head = swap_head(SLOTS);

	disk = test_disk();
	if (field("/proc/meminfo", "SwapTotal"))
		skip("something else is swapped to");
	put_swap_head(disk, &head);
	if (swapon(disk, 0) && errno == EPERM)
		skip("may not swap here");
	must(field("/proc/meminfo", "SwapTotal") == SLOTS * 4);
}

int main(void)
{
	test_tmpdir();
	swap_on();
	must(mkdir("m", 0700) == 0 && mount("none", "m", "tmpfs", 0, "size=4m") == 0 && chdir("m") == 0);
	content();
	forked();
	private_copy();
	truncated();
	punched();
	allocated();
	sparse();
	charged();
	locked();
	sealed();
	unlinked();
	swapped_off();
	must(chdir("..") == 0);
	expect_eq(umount("m"), 0);
	expect_eq(swapoff(disk), 0);
	return test_result();
}
