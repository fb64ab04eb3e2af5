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
 */
#ifndef OCTAVO_TESTS_USER_TEST_H
#define OCTAVO_TESTS_USER_TEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static inline int test_result(void)
{
	fflush(stdout);
	return test_failures != 0;
}

#endif
