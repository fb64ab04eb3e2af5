/*
 * tests/user/attack_pointers.h - how the tables of attack_pointers say what a call wants.
 *
 * R(number, name, arguments...) is one call with arguments that are all good; the test then
 * replaces one pointer after the other by each hostile address.  An argument is
 *
 *	V(x)		a number, or a pointer that is left alone
 *	IN(p, n)	the call reads n bytes, of which those at p are good
 *	OUT(n)		the call writes n bytes
 *	IO(p, n)	both
 *	STR(s)		the call reads a string
 *
 * and the forms with an X behind the name take flags as well.  scripts/check-syscalls demands
 * that each call of the kernel with a pointer among its parameters stands in a table.
 */
#ifndef OCTAVO_TESTS_USER_ATTACK_POINTERS_H
#define OCTAVO_TESTS_USER_ATTACK_POINTERS_H

/* Descriptors with fixed numbers, so that tables can name them. */
#define FILE_FD		50		/* a file of FILE_SIZE bytes, at its start */
#define DIR_FD		51		/* the current directory, at its start */
#define PIPE_IN		52		/* a pipe with eight bytes in it */
#define PIPE_OUT	53
#define NULL_FD		54
#define ZERO_FD		55
#define PROC_FD		56		/* a file of /proc */
#define TTY_FD		57
#define RANDOM_FD	58
#define SELF_FD		59		/* this process */
#define FILE_SIZE	300

enum { VALUE, READS = 1, WRITES = 2, STRING = 4 | READS };

#define OPT	0x01u	/* NULL is good */
#define LATE	0x02u	/* found bad when the call has had its effect, on Linux too */
#define PART	0x04u	/* a call may do less than it was asked for */
#define WORD	0x08u	/* must be aligned to 4 */
#define WHOLE	0x10u	/* fewer bytes than n may be used: no areas that end in the middle */
#define FIRST	0x20u	/* the same, but a byte at least */

struct arg {
	unsigned char kind, flags;
	unsigned short size;
	unsigned long value;
};

struct row {
	const char *name;
	int nr;
	struct arg arg[6];
	void (*prepare)(void);		/* before each call, or NULL */
};

#define V(x)		{ .kind = VALUE, .value = (unsigned long)(x) }
#define INX(p, n, f)	{ .kind = READS, .flags = (f), .size = (n), .value = (unsigned long)(p) }
#define OUTX(n, f)	{ .kind = WRITES, .flags = (f), .size = (n) }
#define IOX(p, n, f)	{ .kind = READS | WRITES, .flags = (f), .size = (n), \
			  .value = (unsigned long)(p) }
#define STRX(s, f)	{ .kind = STRING, .flags = (f), .size = 10, .value = (unsigned long)(s) }
#define IN(p, n)	INX(p, n, 0)
#define OUT(n)		OUTX(n, 0)
#define IO(p, n)	IOX(p, n, 0)
#define STR(s)		STRX(s, 0)
#define R(number, what, ...)	{ .name = #what, .nr = (number), .arg = { __VA_ARGS__ } }
#define RP(number, what, prep, ...) \
	{ .name = #what, .nr = (number), .arg = { __VA_ARGS__ }, .prepare = (prep) }

#endif
