/*
 * fs_dev - the devices that are no hardware.
 *
 * Proves: null, zero, full and the random devices do what their names say, also when mapped.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "test.h"

static void test_null(void)
{
	char buf[8] = "untouch";
	int fd = open("/dev/null", O_RDWR);

	must(fd >= 0);
	expect_eq(read(fd, buf, 8), 0);
	expect(!strcmp(buf, "untouch"));
	expect_eq(write(fd, buf, 8), 8);
	expect_eq(lseek(fd, 100, SEEK_SET), 0);
	close(fd);
}

static void test_zero(void)
{
	char buf[10000], zero[10000] = { 0 }, *map;
	int fd = open("/dev/zero", O_RDWR), status;

	must(fd >= 0);
	memset(buf, 1, sizeof(buf));
	expect_eq(read(fd, buf, sizeof(buf)), sizeof(buf));
	expect(!memcmp(buf, zero, sizeof(buf)));
	expect_eq(write(fd, buf, 5), 5);
	expect_errno(read(fd, BAD_PTR, 5), EFAULT);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(map != MAP_FAILED);
	expect(!memcmp(map, zero, 8192));
	map[5] = 'a';
	munmap(map, 8192);
	/* Shared: memory that parent and child both have. */
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	fflush(stdout);
	if (!fork()) {
		map[4096] = 'c';
		_exit(map[0]);
	}
	wait(&status);
	expect_eq(status, 0);
	expect_eq(map[4096], 'c');
	munmap(map, 8192);
	close(fd);
}

static void test_full(void)
{
	char buf[4] = "abc";
	int fd = open("/dev/full", O_RDWR);

	must(fd >= 0);
	expect_errno(write(fd, buf, 1), ENOSPC);
	expect_eq(read(fd, buf, 4), 4);
	expect(!memcmp(buf, "\0\0\0\0", 4));
	close(fd);
}

static void test_random(const char *name)
{
	unsigned char a[512], b[512];
	int fd = open(name, O_RDWR), seen[256] = { 0 }, i, kinds = 0;

	must(fd >= 0);
	expect_eq(read(fd, a, sizeof(a)), sizeof(a));
	expect_eq(read(fd, b, sizeof(b)), sizeof(b));
	expect(memcmp(a, b, sizeof(a)));
	for (i = 0; i < 512; i++)
		kinds += !seen[a[i]]++;
	expect(kinds > 150);		/* 221 expected of 256 */
	expect_errno(read(fd, BAD_PTR, 4), EFAULT);
	close(fd);
}

int main(void)
{
	test_null();
	test_zero();
	test_full();
	test_random("/dev/urandom");
	test_random("/dev/random");
	return test_result();
}
