/* tests/user/numa.h - what the tests of nodes and policies share: the calls, and numbers from /sys. */
#ifndef OCTAVO_TESTS_USER_NUMA_H
#define OCTAVO_TESTS_USER_NUMA_H

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <tests/user/test.h>

#ifndef MPOL_LOCAL
#define MPOL_LOCAL 4
#endif
#define PAGE 4096UL

static inline long set_policy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	return syscall(SYS_set_mempolicy, mode, mask, maxnode);
}

static inline long get_policy(int *mode, unsigned long *mask, unsigned long maxnode,
			      const void *addr, unsigned long flags)
{
	return syscall(SYS_get_mempolicy, mode, mask, maxnode, addr, flags);
}

static inline long bind_memory(void *addr, unsigned long len, int mode, const unsigned long *mask,
			       unsigned long maxnode, unsigned int flags)
{
	return syscall(SYS_mbind, addr, len, mode, mask, maxnode, flags);
}

/* The node of the page at @p, which must be there. */
static inline int node_of(const void *p)
{
	int node = -1;

	if (get_policy(&node, NULL, 0, p, MPOL_F_NODE | MPOL_F_ADDR))
		return -1;
	return node;
}

/* The mask that a file like /sys/devices/system/node/online lists: "0-1,3". => 0: no such file */
static inline unsigned long listed(const char *path)
{
	unsigned long mask = 0;
	int from, to;
	char sep = ',';
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	while (sep == ',' && fscanf(f, "%d", &from) == 1) {
		to = from;
		sep = (char)fgetc(f);
		if (sep == '-') {
			if (fscanf(f, "%d", &to) != 1)
				break;
			sep = (char)fgetc(f);
		}
		for (; from <= to && from < 32; from++)
			mask |= 1UL << from;
	}
	fclose(f);
	return mask;
}

/* One number behind a name in a file, or -1. */
static inline long number_in(const char *path, const char *name)
{
	char line[256];
	long value = -1;
	size_t len = strlen(name);
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ' ')
			value = strtol(line + len, NULL, 10);
	if (f)
		fclose(f);
	return value;
}

#endif
