/*
 * translate ADDR [PID] - the way of an address, from selector to frame.
 *
 * Asks /proc/PID/translate (a file of Octavo's own) and prints its answer.  Without PID: in
 * this process.  ADDR is hexadecimal, or one of our own places: text, data, bss, heap, stack.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int data = 1, bss;

/* => the address, or an end of the program */
static unsigned long parse(const char *arg)
{
	char *end;
	unsigned long addr = strtoul(arg, &end, 16);

	if (*arg && !*end)
		return addr;
	if (!strcmp(arg, "text"))
		return (unsigned long)parse;
	if (!strcmp(arg, "data"))
		return (unsigned long)&data;
	if (!strcmp(arg, "bss"))
		return (unsigned long)&bss;
	if (!strcmp(arg, "heap"))
		return (unsigned long)memset(malloc(64), 0, 64);
	if (!strcmp(arg, "stack"))
		return (unsigned long)__builtin_frame_address(0);
	fprintf(stderr, "translate: %s is neither hexadecimal nor text, data, bss, heap, stack\n", arg);
	exit(2);
}

int main(int argc, char **argv)
{
	char path[64], buf[4096];
	int fd;
	ssize_t n;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: translate ADDR [PID]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%s/translate", argc > 2 ? argv[2] : "self");
	fd = open(path, O_RDWR);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	n = snprintf(buf, sizeof(buf), "%lx", parse(argv[1]));
	if (write(fd, buf, (size_t)n) != n) {
		perror(path);
		return 1;
	}
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(1, buf, (size_t)n) != n)
			return 1;
	return n < 0;
}
