/*
 * tests/host/host.h - the frame of a host test: checks, and KTAP on standard output.
 *
 * Theory.  A host test is one program with one main(): the module of lib under test, compiled
 * for the host with the address and undefined-behaviour sanitizers, against a naive model or
 * against the C library.  The first line of the file names the sources it is linked with:
 *
 *	/+ host-test: lib/rbtree.c lib/random.c +/		(with stars for the plus signs)
 *
 * A test is a function that CHECKs; the first failed check ends that test, says where and why,
 * and the program goes on with the next one and exits with 1.  A sanitizer's report ends the
 * program, which then has run fewer tests than its plan says.
 *
 *	HOST_TEST(insert_and_find)		states what it proves in the line above
 *	{
 *		CHECK(root.rb_node == NULL);
 *		CHECK_EQ(rb_check(&root), 0);
 *	}
 *
 *	HOST_MAIN(insert_and_find, ...)
 *
 * This header comes first in a test: the C library's headers must be read before ours, which
 * give the names that both have the prefix lib_.
 */
#ifndef OCTAVO_TESTS_HOST_HOST_H
#define OCTAVO_TESTS_HOST_HOST_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct host_test {
	const char *name;
	void (*run)(void);
};

static jmp_buf host_failed;

#define HOST_TEST(name)		static void name(void)

/* Ends the test if @cond is false. */
#define CHECK(cond)								\
	do {									\
		if (!(cond))							\
			host_fail(__FILE__, __LINE__, #cond);			\
	} while (0)

/* As CHECK(a == b) for integers, and prints both. */
#define CHECK_EQ(a, b)								\
	do {									\
		long long __a = (long long)(a), __b = (long long)(b);		\
										\
		if (__a != __b) {						\
			printf("# %s is %lld, %s is %lld\n", #a, __a, #b, __b);	\
			host_fail(__FILE__, __LINE__, #a " == " #b);		\
		}								\
	} while (0)

__attribute__((__noreturn__, __unused__))
static void host_fail(const char *file, int line, const char *cond)
{
	printf("# %s:%d: failed: %s\n", file, line, cond);
	longjmp(host_failed, 1);
}

/* Runs the tests in order.  => returns main's status: 0 if all passed */
static int host_run(const struct host_test *tests, int nr)
{
	volatile int nr_failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..%d\n", nr);
	for (volatile int i = 0; i < nr; i++) {
		if (setjmp(host_failed) == 0) {
			tests[i].run();
			printf("ok %d - %s\n", i + 1, tests[i].name);
		} else {
			printf("not ok %d - %s\n", i + 1, tests[i].name);
			nr_failed++;
		}
	}
	return nr_failed != 0;
}

/* Up to 12 test functions; one list, so that a test left out of it does not compile. */
#define __HOST_T(name)	{ #name, name },
#define __HOST_1(a)		__HOST_T(a)
#define __HOST_2(a, ...)	__HOST_T(a) __HOST_1(__VA_ARGS__)
#define __HOST_3(a, ...)	__HOST_T(a) __HOST_2(__VA_ARGS__)
#define __HOST_4(a, ...)	__HOST_T(a) __HOST_3(__VA_ARGS__)
#define __HOST_5(a, ...)	__HOST_T(a) __HOST_4(__VA_ARGS__)
#define __HOST_6(a, ...)	__HOST_T(a) __HOST_5(__VA_ARGS__)
#define __HOST_7(a, ...)	__HOST_T(a) __HOST_6(__VA_ARGS__)
#define __HOST_8(a, ...)	__HOST_T(a) __HOST_7(__VA_ARGS__)
#define __HOST_9(a, ...)	__HOST_T(a) __HOST_8(__VA_ARGS__)
#define __HOST_10(a, ...)	__HOST_T(a) __HOST_9(__VA_ARGS__)
#define __HOST_11(a, ...)	__HOST_T(a) __HOST_10(__VA_ARGS__)
#define __HOST_12(a, ...)	__HOST_T(a) __HOST_11(__VA_ARGS__)
#define __HOST_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, pick, ...) pick
#define __HOST_LIST(...)							\
	__HOST_PICK(__VA_ARGS__, __HOST_12, __HOST_11, __HOST_10, __HOST_9,	\
		    __HOST_8, __HOST_7, __HOST_6, __HOST_5, __HOST_4, __HOST_3,	\
		    __HOST_2, __HOST_1)(__VA_ARGS__)

#define HOST_MAIN(...)								\
int main(void)									\
{										\
	static const struct host_test tests[] = { __HOST_LIST(__VA_ARGS__) };	\
										\
	return host_run(tests, sizeof(tests) / sizeof(tests[0]));		\
}

#endif /* OCTAVO_TESTS_HOST_HOST_H */
