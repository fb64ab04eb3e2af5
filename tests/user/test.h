/*
 * tests/user/test.h - what a ring-3 test says.
 *
 * A test is a plain C program that also runs on Linux, which is the oracle: it must pass
 * there.  It exits 0 when everything it expected was so, 1 after printing each thing that was
 * not, and 77 after printing why it cannot run here.
 *
 *	expect(cond)			go on, but fail at the end
 *	expect_eq(a, b)			the same, printing both numbers
 *	expect_errno(call, E)		call returned -1 with this errno
 *	must(cond)			without this the rest makes no sense: fail now
 *	skip(reason)			exit 77
 *	return test_result();		at the end of main
 *	test_tmpdir()			go to an empty directory that is removed at the end
 *	test_option(name, otherwise)	name=N of the kernel's command line
 *	test_seed(otherwise)		of random operations: seed=N of the kernel's command line (make soak)
 */
#ifndef OCTAVO_TESTS_USER_TEST_H
#define OCTAVO_TESTS_USER_TEST_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int test_failures __attribute__((unused));

#define test_fail(...) do {							\
	printf("%s:%d: ", __FILE__, __LINE__);					\
	printf(__VA_ARGS__);							\
	printf("\n");								\
	fflush(stdout);								\
	test_failures++;							\
} while (0)

#define expect(cond) do {							\
	if (!(cond))								\
		test_fail("expected: %s (errno %d %s)", #cond, errno, strerror(errno)); \
} while (0)
#define CHECK(cond) expect(cond)

#define expect_eq(a, b) do {							\
	long long __a = (long long)(a), __b = (long long)(b);			\
	if (__a != __b)								\
		test_fail("%s == %s: %lld (0x%llx), not %lld (0x%llx)", #a, #b,	\
			  __a, __a, __b, __b);					\
} while (0)

#define expect_errno(call, err) do {						\
	long long __r;								\
	errno = 0;								\
	__r = (long long)(call);						\
	if (__r != -1)								\
		test_fail("%s: returned %lld, should fail with %s", #call, __r, #err);	\
	else if (errno != (err))						\
		test_fail("%s: errno %d (%s), not %s", #call, errno, strerror(errno), #err); \
} while (0)

#define must(cond) do {								\
	if (!(cond)) {								\
		test_fail("needed: %s (errno %d %s)", #cond, errno, strerror(errno)); \
		exit(1);							\
	}									\
} while (0)

#define skip(reason) do {							\
	printf("skip: %s\n", (reason));						\
	fflush(stdout);								\
	exit(77);								\
} while (0)

/* An address that is never mapped, and any number, without the compiler knowing. */
static char *volatile test_bad = (char *)16;
#define BAD_PTR ((char *)test_bad)
static inline size_t test_opaque(size_t n)
{
	volatile size_t v = n;

	return v;
}

/* Remove what is in the current directory, and below. */
static inline void test_empty_dir(void)
{
	DIR *dir = opendir(".");
	struct dirent *d;
	struct stat st;

	while (dir && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (!lstat(d->d_name, &st) && S_ISDIR(st.st_mode)) {
			chmod(d->d_name, 0700);
			if (!chdir(d->d_name)) {
				test_empty_dir();
				if (chdir(".."))
					break;
			}
			rmdir(d->d_name);
		} else {
			unlink(d->d_name);
		}
	}
	if (dir)
		closedir(dir);
}

static char test_dir_name[64];
static pid_t test_dir_owner;

static inline void test_remove_dir(void)
{
	if (getpid() != test_dir_owner || chdir(test_dir_name))
		return;
	test_empty_dir();
	if (!chdir("/"))
		rmdir(test_dir_name);
}

static inline void test_tmpdir(void)
{
	strcpy(test_dir_name, "/tmp/test-XXXXXX");
	must(mkdtemp(test_dir_name));
	must(chdir(test_dir_name) == 0);
	test_dir_owner = getpid();
	atexit(test_remove_dir);
}

static inline int test_result(void)
{
	fflush(stdout);
	return test_failures != 0;
}

/* The number behind "@name=" on the kernel's command line, or @otherwise. */
static inline unsigned int test_option(const char *name, unsigned int otherwise)
{
	char line[1024] = " ", word[64], *at;
	FILE *f = fopen("/proc/cmdline", "r");

	if (f) {
		line[1 + fread(line + 1, 1, sizeof(line) - 2, f)] = '\0';
		fclose(f);
	}
	snprintf(word, sizeof(word), " %s=", name);
	at = strstr(line, word);
	return at ? (unsigned int)strtoul(at + strlen(word), NULL, 0) : otherwise;
}

/* The same in every run, unless seed=N stands on the kernel's command line. */
static inline unsigned int test_seed(unsigned int otherwise)
{
	unsigned int seed = test_option("seed", 0);

	return seed ? seed ^ otherwise : otherwise;
}

#endif
