/*
 * tests/user/smp_fds.c - threads that share one table of descriptors open, copy and close them on
 * all processors, while the table grows: whatever a descriptor is read through, it is the file
 * that belongs there, and in the end as many are open as in the beginning.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include <tests/user/smp.h>

#define NR		4
#define OPERATIONS	400
#define SLOTS		12
#define WORDS		64

/* Slot k, when it is open, is a copy of file k % NR; they lie apart, so that the table must grow. */
#define SLOT_FD(k)	(60 + (k) * 37)

static volatile int wrong;
static char names[NR][16];

static void complain(int line)
{
	__sync_bool_compare_and_swap(&wrong, 0, line);
}

/* => 0 or -errno; what was read must be file @n's */
static int check(long fd, int n)
{
	unsigned int buf[WORDS];
	long got = sc(SYS_pread64, fd, (long)buf, sizeof(buf), 0, 0);

	if (got < 0)
		return (int)got;
	if (got != (long)sizeof(buf))
		complain(__LINE__);
	for (int i = 0; i < WORDS; i++)
		if (buf[i] != 0x1000u * (unsigned int)n + (unsigned int)i)
			complain(__LINE__);
	return 0;
}

static int worker(void *arg)
{
	unsigned int seed = 7 + (unsigned int)(long)arg;
	int n = (int)(long)arg;

	for (int i = 0; i < OPERATIONS; i++) {
		int slot = (int)(draw(&seed) % SLOTS);
		long fd, ret;

		switch (draw(&seed) % 4) {
		case 0:
			/* A descriptor of our own: nobody else names its number. */
			fd = sc(SYS_open, (long)names[n], O_RDONLY, 0, 0, 0);
			if (fd < 0 || check(fd, n) || sc(SYS_close, fd, 0, 0, 0, 0))
				complain(__LINE__);
			break;
		case 1:
			fd = sc(SYS_open, (long)names[slot % NR], O_RDONLY, 0, 0, 0);
			if (fd < 0)
				complain(__LINE__);
			/* The slot's number may just be given to an open() that fills it in. */
			ret = sc(SYS_dup2, fd, SLOT_FD(slot), 0, 0, 0);
			if (ret != SLOT_FD(slot) && ret != -EBUSY)
				complain(__LINE__);
			if (check(fd, slot % NR) || sc(SYS_close, fd, 0, 0, 0, 0))
				complain(__LINE__);
			break;
		case 2:
			ret = sc(SYS_close, SLOT_FD(slot), 0, 0, 0, 0);
			if (ret && ret != -EBADF)
				complain(__LINE__);
			break;
		default:
			ret = check(SLOT_FD(slot), slot % NR);
			if (ret && ret != -EBADF)
				complain(__LINE__);
		}
	}
	return 0;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	must(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* One offset, many users: each byte is read by one of them. */
static volatile int seen[4096];
static int shared_fd;

static int read_bytes(void *arg)
{
	unsigned short v;

	while (sc(SYS_read, shared_fd, (long)&v, sizeof(v), 0, 0) == sizeof(v)) {
		if (v >= 1000)
			complain(__LINE__);
		else
			__sync_fetch_and_add(&seen[v], 1);
	}
	return 0;
}

static void one_offset(void)
{
	unsigned short v;
	int fd = open("bytes", O_CREAT | O_RDWR, 0644);

	must(fd >= 0);
	for (v = 0; v < 1000; v++)
		must(write(fd, &v, sizeof(v)) == sizeof(v));
	must(lseek(fd, 0, SEEK_SET) == 0);
	shared_fd = fd;
	for (long i = 0; i < NR; i++)
		start_thread(read_bytes, i);
	join_workers();
	for (int i = 0; i < 1000; i++)
		if (seen[i] != 1) {
			test_fail("number %d was read %d times", i, seen[i]);
			break;
		}
	close(fd);
}

int main(void)
{
	int before;

	test_tmpdir();
	for (int n = 0; n < NR; n++) {
		int fd;

		snprintf(names[n], sizeof(names[n]), "f%d", n);
		fd = open(names[n], O_CREAT | O_RDWR, 0644);
		must(fd >= 0);
		for (unsigned int i = 0; i < WORDS; i++) {
			unsigned int word = 0x1000u * (unsigned int)n + i;

			must(write(fd, &word, sizeof(word)) == sizeof(word));
		}
		close(fd);
	}
	before = open_descriptors();
	for (long i = 0; i < NR; i++)
		start_thread(worker, i);
	join_workers();
	expect_eq(wrong, 0);
	for (int k = 0; k < SLOTS; k++)
		close(SLOT_FD(k));
	expect_eq(open_descriptors(), before);
	one_offset();
	expect_eq(wrong, 0);
	return test_result();
}
