/*
 * tests/user/fail.h - an operation with each of its allocations failing.
 *
 * A debug kernel lets the Nth allocation of a task fail (/proc/self/fail-nth, as Linux's with fault
 * injection).
 *
 *	fail_begin();
 *	each_failing("open", do_open);
 *
 * calls do_open() with N = 1, 2, ... until it no longer needs N: it says 0 or -ENOMEM, nothing else, and
 * afterwards 0.  The wish holds from the call on; an operation that prepares or checks something, which
 * is not to fail, takes it back and renews it:
 *
 *	set_nth(0); ...prepare...; set_nth(wish); ...what is meant...; disarm(); ...check...
 *
 * Where there is no such file each operation is made once.
 */
#ifndef OCTAVO_TESTS_USER_FAIL_H
#define OCTAVO_TESTS_USER_FAIL_H

#include <fcntl.h>

#include "test.h"

#define MOST	200		/* allocations of one operation */

static int fail_nth = -1;	/* the file */
static int wish;		/* which allocation is to fail now; 0: none */
static int wish_left;		/* disarm() has found it not fulfilled */

static inline void fail_begin(void)
{
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
}

/* => what is left of the wish before; reading and writing allocate too, and may be what fails */
static inline int set_nth(int nth)
{
	char old[16] = "0", new[16];
	int left = 0;

	if (fail_nth < 0)
		return 1;
	while (pread(fail_nth, old, sizeof(old) - 1, 0) <= 0)
		left = 1;
	snprintf(new, sizeof(new), "%d", nth);
	while (pwrite(fail_nth, new, strlen(new), 0) <= 0)
		left = 1;
	return left | atoi(old);
}

/* What is meant to fail is over. */
static inline void disarm(void)
{
	wish_left |= set_nth(0);
}

/* => 0 or -errno, as the operations */
static inline int result(long r)
{
	return r < 0 ? -errno : 0;
}

static inline int closed(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static inline void each_failing(const char *name, int (*call)(void))
{
	int err = call();

	if (err == -EPERM || err == -ENOENT || err == -EACCES)
		return;			/* not for us, or not there */
	if (err)
		test_fail("%s: %s", name, strerror(-err));
	wish_left = 0;
	for (int nth = 1; nth < MOST && !wish_left; nth++) {
		wish = nth;
		set_nth(nth);
		err = call();
		disarm();
		wish = 0;
		if (err && (err != -ENOMEM || wish_left))
			test_fail("%s with allocation %d failing: %s", name, nth, strerror(-err));
	}
	if (!wish_left)
		test_fail("%s: more than %d allocations", name, MOST);
	expect_eq(call(), 0);
}

#endif
