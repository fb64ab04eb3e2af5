/*
 * swap_off: swapoff brings back what was swapped, whoever has it: private and shared after fork, while
 * others use it, to memory or to another area; and a signal ends it with everything as it was.
 *
 * calls: swapon swapoff madvise
 */
#define _GNU_SOURCE
#include "disk.h"
#include "swap.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define SLOTS	4096u
#define PAGES	1024u
#define SIZE	(PAGES * SWAP_PAGE)
#define FILE_SLOTS 2048u
#define MY_PRIO	30000		/* before an area that the machine has */

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static const char *disk;	/* or the file that is swapped to */

static void area_on(void)
{
	must(swapon(disk, SWAP_FLAG_PREFER | MY_PRIO) == 0);
}

/* KiB in use of the test's area */
static long used_kb(void)
{
	char type[32];
	long size, used = 0;
	int prio;

	must(swap_line(disk, type, &size, &used, &prio));
	return used;
}

static uint32_t word(unsigned int page, unsigned int seed)
{
	return page * 2654435761u ^ seed;
}

static void fill(char *mem, unsigned int seed)
{
	unsigned int i, w;

	for (i = 0; i < PAGES; i++)
		for (w = 0; w < SWAP_PAGE / 4; w += 64)
			((uint32_t *)(mem + i * SWAP_PAGE))[w] = word(i, seed) + w;
}

/* => pages that are not as fill() left them */
static unsigned int damaged(const char *mem, unsigned int seed)
{
	unsigned int i, w, bad = 0;

	for (i = 0; i < PAGES; i++) {
		for (w = 0; w < SWAP_PAGE / 4; w += 64) {
			if (((const uint32_t *)(mem + i * SWAP_PAGE))[w] != word(i, seed) + w) {
				bad++;
				break;
			}
		}
	}
	return bad;
}

static char *memory(unsigned int seed)
{
	char *mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(mem != MAP_FAILED);
	fill(mem, seed);
	return mem;
}

/* Most of it leaves. => KiB in use of the area */
static long page_out(char *mem)
{
	int tries;

	for (tries = 0; tries < 20 && used_kb() < (long)SIZE / 2048; tries++)
		must(madvise(mem, SIZE, MADV_PAGEOUT) == 0);
	return used_kb();
}

static void comes_back(void)
{
	char *mem, *type = (char[32]){ "" };
	long size, used;
	int prio;

	area_on();
	mem = memory(1);
	expect(page_out(mem) > 0);
	expect_eq(swapoff(disk), 0);
	expect(!swap_line(disk, type, &size, &used, &prio));
	expect_eq(damaged(mem, 1), 0);
	/* It was not only seen: it is there, and can go out again. */
	area_on();
	expect(page_out(mem) > 0);
	expect_eq(damaged(mem, 1), 0);
	munmap(mem, SIZE);
	expect_eq(swapoff(disk), 0);
}

/* Parent and child have the same slots; the child stops at a pipe until the area is off. */
static void shared_by_fork(void)
{
	int go[2], status;
	char *mem, byte;
	pid_t pid;

	area_on();
	mem = memory(2);
	expect(page_out(mem) > 0);
	must(pipe(go) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		close(go[1]);
		if (read(go[0], &byte, 1) < 0 || damaged(mem, 2))
			_exit(1);
		fill(mem, 3);
		_exit(damaged(mem, 3) != 0);
	}
	close(go[0]);
	expect_eq(swapoff(disk), 0);
	close(go[1]);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(damaged(mem, 2), 0);
	munmap(mem, SIZE);
}

/* One that stores, pages out and looks, for ever; parts of its memory come and go. */
static void restless(unsigned int seed)
{
	char *mem = memory(seed);
	unsigned int round;

	for (round = 0; ; round++) {
		madvise(mem, SIZE, MADV_PAGEOUT);
		if (damaged(mem, seed + round))
			_exit(1);
		fill(mem, seed + round + 1);
		if (round % 4 == 3) {
			munmap(mem, SIZE);
			mem = memory(seed + round + 1);
		}
	}
}

static void under_load(void)
{
	pid_t pids[3];
	int i, status;

	area_on();
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		must(pids[i] >= 0);
		if (!pids[i])
			restless(100u * (unsigned int)i);
	}
	for (i = 0; i < 5; i++) {
		while (!used_kb())
			usleep(1000);
		expect_eq(swapoff(disk), 0);
		area_on();
	}
	for (i = 0; i < 3; i++) {
		expect_eq(waitpid(pids[i], &status, WNOHANG), 0);
		kill(pids[i], SIGKILL);
		must(waitpid(pids[i], &status, 0) == pids[i]);
		expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	expect_eq(swapoff(disk), 0);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

/* A signal may end it early: then the area is on as before, and nothing is lost. */
static void interrupted(void)
{
	char type[32], *mem;
	long size, used;
	int prio, ret = -1, status, left = 20;
	pid_t pid;

	area_on();
	mem = memory(4);
	expect(page_out(mem) > 0);
	signal(SIGUSR1, on_signal);
	pid = fork();
	must(pid >= 0);
	/* Whenever swapoff waits for something, it is his turn. */
	while (!pid)
		if (kill(getppid(), SIGUSR1))
			_exit(1);
	while (left-- && (ret = swapoff(disk)) < 0 && errno == EINTR) {
		prio = 0;
		expect(swap_line(disk, type, &size, &used, &prio));
		expect_eq(prio, MY_PRIO);
	}
	kill(pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid);
	signal(SIGUSR1, SIG_DFL);
	if (ret < 0)
		expect_eq(errno, EINTR);
	if (ret < 0)
		expect_eq(swapoff(disk), 0);
	expect_eq(damaged(mem, 4), 0);
	munmap(mem, SIZE);
}

/* A file in pieces: written in turns with another. */
static void to_a_file(const char *device)
{
	static char zeros[64 * 1024];
	struct swap_head h = swap_head(FILE_SLOTS - 1);
	int fd, other;
	unsigned int at;

	test_mke2fs(device, 1024, 24576);
	test_mount(device, "/mnt", "");
	fd = open("/mnt/area", O_RDWR | O_CREAT, 0600);
	other = open("/mnt/other", O_RDWR | O_CREAT, 0600);
	must(fd >= 0 && other >= 0);
	for (at = 0; at < FILE_SLOTS * SWAP_PAGE; at += sizeof(zeros)) {
		must(write(fd, zeros, sizeof(zeros)) == sizeof(zeros));
		must(at % (1u << 20) || write(other, zeros, sizeof(zeros)) == sizeof(zeros));
	}
	close(other);
	close(fd);
	disk = "/mnt/area";
	put_swap_head(disk, &h);
	comes_back();
	shared_by_fork();
	must(unlink("/mnt/area") == 0);
	must(umount("/mnt") == 0);
}

int main(void)
{
	struct swap_head h = swap_head(SLOTS - 1);
	const char *device;

	if (geteuid())
		skip("only root may swapon");
	device = disk = test_disk();
	mkdir("/mnt", 0755);
	put_swap_head(disk, &h);
	comes_back();
	shared_by_fork();
	under_load();
	interrupted();
	to_a_file(device);
	return test_result();
}
