/*
 * hog - memory asked for, written, kept: for the experiments of user/experiments.
 *
 *	hog ask MIB [PIECE]	ask for pieces of PIECE MiB (1) and touch none, until MIB or refused
 *	hog write MIB		write piece after piece, all it has again and again, until MIB or killed
 *	hog hold MIB		write MIB once, and wait
 *	hog leak KIB MS		take KIB every MS milliseconds and forget it, until killed
 *
 * write says how the kernel would choose it if memory ran out (oom_score) while it grows.
 * Each piece is a malloc() of a MiB or more: a mapping of its own.  What is written is checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB	(1024ul * 1024)
#define PAGE	4096ul
#define SAY_EVERY 8		/* MiB */

/* Word @i of all that was written: no two pages are the same. */
static unsigned long pattern(unsigned long i)
{
	return i * 2654435761ul + 1;
}

/* Write the first word of each page of piece @n, or look whether it is still there. */
static void touch(unsigned long *piece, unsigned long n, int write)
{
	for (unsigned long i = 0; i < MIB / PAGE; i++) {
		unsigned long *at = piece + i * (PAGE / sizeof(*at));

		if (write)
			*at = pattern(n * (MIB / PAGE) + i);
		else if (*at != pattern(n * (MIB / PAGE) + i)) {
			printf("hog: MiB %lu has lost what was written\n", n);
			exit(1);
		}
	}
}

static int ask(unsigned long mib, unsigned long piece)
{
	unsigned long have = 0;

	while (have + piece <= mib && malloc(piece * MIB))
		have += piece;
	printf("hog: asked for %lu MiB in pieces of %lu: %s %lu\n", mib, piece,
	       have + piece <= mib ? "refused after" : "got", have);
	return 0;
}

static int oom_score(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	return atoi(text);
}

/* @again: go over all that is there for each new piece. */
static int fill(unsigned long mib, int again)
{
	unsigned long **pieces = calloc(mib, sizeof(*pieces));

	for (unsigned long n = 0; n < mib; n++) {
		pieces[n] = malloc(MIB);
		if (!pieces[n]) {
			printf("hog: no more memory after %lu MiB: %s\n", n, strerror(errno));
			return 2;
		}
		touch(pieces[n], n, 1);
		for (unsigned long i = 0; again && i < n; i++)
			touch(pieces[i], i, 0);
		if (again && (n + 1) % SAY_EVERY == 0)
			printf("hog: %lu MiB written, oom_score %d\n", n + 1, oom_score());
	}
	for (unsigned long i = 0; i < mib; i++)
		touch(pieces[i], i, 0);
	printf("hog: %s %lu MiB\n", again ? "wrote" : "holds", mib);
	return 0;
}

static int leak(unsigned long kib, unsigned long ms)
{
	for (;;) {
		char *p = malloc(kib * 1024);

		if (!p) {
			printf("hog: no more memory\n");
			return 2;
		}
		memset(p, 1, kib * 1024);
		usleep((useconds_t)ms * 1000);
	}
}

int main(int argc, char **argv)
{
	unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	unsigned long second = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	const char *what = argc > 2 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "ask"))
		return ask(first, second);
	if (!strcmp(what, "write"))
		return fill(first, 1);
	if (!strcmp(what, "hold")) {
		int status = fill(first, 0);

		while (!status)
			pause();
		return status;
	}
	if (!strcmp(what, "leak"))
		return leak(first, second);
	fprintf(stderr, "usage: hog ask MIB [PIECE] | write MIB | hold MIB | leak KIB MS\n");
	return 64;
}
