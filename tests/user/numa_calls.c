/*
 * numa_calls - what the memory policy calls take, refuse, and say again, on one node or many.
 *
 * calls: set_mempolicy get_mempolicy mbind move_pages getcpu
 */
#include <sys/wait.h>
#include <tests/user/numa.h>

static unsigned long mask[1024 * 4];	/* the longest mask there may be, and what follows it */
static int mode;

static char *map(unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void one(unsigned long nodes)
{
	memset(mask, 0, sizeof(mask));
	mask[0] = nodes;
}

static int areas_from(const char *p, unsigned long pages)
{
	unsigned long start, end;
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	must(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start >= (unsigned long)p &&
		    start < (unsigned long)p + pages * PAGE)
			n++;
	fclose(f);
	return n;
}

/* The default is nothing; a policy is told as it was given. */
static void task_policies(void)
{
	unsigned long got[2];

	one(1);
	mode = -1;
	expect_eq(get_policy(&mode, NULL, 0, NULL, 0), 0);
	expect_eq(mode, MPOL_DEFAULT);
	for (int m = MPOL_PREFERRED; m <= MPOL_INTERLEAVE; m++) {
		expect_eq(set_policy(m, mask, 33), 0);
		got[0] = got[1] = ~0UL;
		expect_eq(get_policy(&mode, got, 64, NULL, 0), 0);
		expect_eq(mode, m);
		expect_eq(got[0], 1);
	}
	expect_eq(set_policy(MPOL_LOCAL, NULL, 0), 0);
	expect_eq(get_policy(&mode, got, 64, NULL, 0), 0);
	expect_eq(mode, MPOL_LOCAL);
	expect_eq(got[0], 0);
	/* Preferring nothing is preferring what is local. */
	expect_eq(set_policy(MPOL_PREFERRED, NULL, 0), 0);
	expect_eq(get_policy(&mode, NULL, 0, NULL, 0), 0);
	expect_eq(mode, MPOL_LOCAL);
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
	expect_eq(get_policy(&mode, NULL, 0, NULL, 0), 0);
	expect_eq(mode, MPOL_DEFAULT);
}

static void flags_beside_the_mode(void)
{
	unsigned long got[2] = { 0 };

	one(1);
	expect_eq(set_policy(MPOL_BIND | MPOL_F_STATIC_NODES, mask, 33), 0);
	expect_eq(get_policy(&mode, got, 64, NULL, 0), 0);
	expect_eq(mode, MPOL_BIND | MPOL_F_STATIC_NODES);
	expect_eq(got[0], 1);
	one(1UL << 5);		/* counted among those there are: wraps around */
	expect_eq(set_policy(MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES, mask, 33), 0);
	expect_eq(get_policy(&mode, NULL, 0, NULL, 0), 0);
	expect_eq(mode, MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES);
	expect_errno(set_policy(MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, mask, 33),
		     EINVAL);
	expect_errno(set_policy(MPOL_PREFERRED | MPOL_F_STATIC_NODES, NULL, 0), EINVAL);
	expect_errno(set_policy(MPOL_LOCAL | MPOL_F_STATIC_NODES, NULL, 0), EINVAL);
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
}

static void refused(void)
{
	one(1);
	expect_errno(set_policy(100, mask, 33), EINVAL);
	expect_errno(set_policy(-1, mask, 33), EINVAL);
	expect_errno(set_policy(MPOL_DEFAULT, mask, 33), EINVAL);
	expect_errno(set_policy(MPOL_LOCAL, mask, 33), EINVAL);
	expect_errno(set_policy(MPOL_BIND, NULL, 0), EINVAL);
	expect_errno(set_policy(MPOL_INTERLEAVE, mask, 1), EINVAL);	/* no bit counts */
	expect_errno(set_policy(MPOL_BIND, (unsigned long *)BAD_PTR, 33), EFAULT);
	expect_errno(set_policy(MPOL_BIND, mask, 0), EINVAL);		/* - 1: too many bits */
	expect_errno(set_policy(MPOL_BIND, mask, 4096 * 8 + 2), EINVAL);
	expect_eq(set_policy(MPOL_BIND, mask, 4096 * 8 + 1), 0);
	mask[1000] = 1;
	expect_errno(set_policy(MPOL_BIND, mask, 4096 * 8 + 1), EINVAL);
	expect_eq(set_policy(MPOL_BIND, mask, 1000 * 32 + 1), 0);
	one(1UL << 31);
	expect_errno(set_policy(MPOL_BIND, mask, 33), EINVAL);		/* no such node */
	expect_errno(set_policy(MPOL_PREFERRED, mask, 33), EINVAL);
	mask[0] |= 1;
	expect_eq(set_policy(MPOL_BIND, mask, 33), 0);			/* ... but one of them is */
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
}

static void asking(void)
{
	unsigned long got[512];
	char *p = map(4);

	expect_errno(get_policy(&mode, NULL, 0, NULL, 8), EINVAL);
	expect_errno(get_policy(&mode, NULL, 0, p, 0), EINVAL);
	expect_errno(get_policy(&mode, NULL, 0, NULL, MPOL_F_NODE), EINVAL);
	expect_errno(get_policy(&mode, got, 0, NULL, 0), EINVAL);
	expect_errno(get_policy(&mode, got, 64, NULL, MPOL_F_MEMS_ALLOWED | MPOL_F_NODE), EINVAL);
	expect_errno(get_policy(&mode, NULL, 0, BAD_PTR, MPOL_F_ADDR), EFAULT);
	expect_errno(get_policy((int *)BAD_PTR, NULL, 0, NULL, 0), EFAULT);
	expect_errno(get_policy(NULL, (unsigned long *)BAD_PTR, 64, NULL, 0), EFAULT);
	memset(got, 0xff, sizeof(got));
	expect_eq(get_policy(&mode, got, 256, NULL, MPOL_F_MEMS_ALLOWED), 0);
	expect(got[0] & 1);
	for (int i = 1; i < 8; i++)
		expect_eq(got[i], 0);
	expect_eq(got[8], ~0UL);
	/* Of an address that was never touched too: asking brings its page in. */
	expect(node_of(p) >= 0);
	p[PAGE] = 1;
	expect(node_of(p + PAGE) >= 0);
	/* The node that comes next. */
	one(1);
	expect_eq(set_policy(MPOL_INTERLEAVE, mask, 33), 0);
	expect_eq(get_policy(&mode, NULL, 0, NULL, MPOL_F_NODE), 0);
	expect_eq(mode, 0);
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
	munmap(p, 4 * PAGE);
}

/* An area is cut where the policy begins and ends, and whole again when all is alike. */
static void areas(void)
{
	char *p = map(16);

	munmap(p, PAGE);
	munmap(p + 15 * PAGE, PAGE);
	p += PAGE;
	one(1);
	expect_eq(areas_from(p, 14), 1);
	expect_eq(bind_memory(p + 4 * PAGE, 4 * PAGE, MPOL_BIND, mask, 33, 0), 0);
	expect_eq(areas_from(p, 14), 3);
	expect_eq(get_policy(&mode, NULL, 0, p + 4 * PAGE, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_BIND);
	expect_eq(get_policy(&mode, NULL, 0, p + 8 * PAGE - 1, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_BIND);
	expect_eq(get_policy(&mode, NULL, 0, p + 8 * PAGE, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_DEFAULT);
	/* Over the cut, with another one; then what is alike grows together. */
	expect_eq(bind_memory(p + 6 * PAGE, 4 * PAGE, MPOL_INTERLEAVE, mask, 33, 0), 0);
	expect_eq(areas_from(p, 14), 4);
	expect_eq(bind_memory(p + 4 * PAGE, 2 * PAGE, MPOL_INTERLEAVE, mask, 33, 0), 0);
	expect_eq(areas_from(p, 14), 3);
	expect_eq(mprotect(p + 5 * PAGE, PAGE, PROT_READ), 0);
	expect_eq(get_policy(&mode, NULL, 0, p + 5 * PAGE, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_INTERLEAVE);
	expect_eq(mprotect(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	expect_eq(areas_from(p, 14), 3);
	expect_eq(bind_memory(p, 14 * PAGE, MPOL_DEFAULT, NULL, 0, 0), 0);
	expect_eq(areas_from(p, 14), 1);
	munmap(p, 14 * PAGE);
}

static void mbind_refused(void)
{
	char *p = map(4);

	one(1);
	expect_errno(bind_memory(p + 1, PAGE, MPOL_BIND, mask, 33, 0), EINVAL);
	expect_errno(bind_memory(p, PAGE, MPOL_BIND, mask, 33, 64), EINVAL);
	expect_errno(bind_memory(p, PAGE, MPOL_BIND, NULL, 0, 0), EINVAL);
	expect_eq(bind_memory(p, 0, MPOL_BIND, NULL, 0, 0), 0);
	munmap(p + PAGE, PAGE);
	expect_errno(bind_memory(p, 4 * PAGE, MPOL_BIND, mask, 33, 0), EFAULT);
	expect_errno(bind_memory(p + PAGE, PAGE, MPOL_BIND, mask, 33, 0), EFAULT);
	expect_errno(bind_memory(p + PAGE, 2 * PAGE, MPOL_BIND, mask, 33, 0), EFAULT);
	/* The default may have holes, but not be one. */
	expect_eq(bind_memory(p, 4 * PAGE, MPOL_DEFAULT, NULL, 0, 0), 0);
	expect_errno(bind_memory(p + PAGE, PAGE, MPOL_DEFAULT, NULL, 0, 0), EFAULT);
	expect_eq(bind_memory(p, 1, MPOL_BIND, mask, 33, MPOL_MF_STRICT), 0);	/* a page */
	expect_eq(get_policy(&mode, NULL, 0, p, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_BIND);
	munmap(p, PAGE);
	munmap(p + 2 * PAGE, 2 * PAGE);
}

/* A child has what its parent had, and its own from then on. */
static void forked(void)
{
	char *p = map(2);
	int status;
	pid_t pid;

	one(1);
	expect_eq(set_policy(MPOL_INTERLEAVE, mask, 33), 0);
	expect_eq(bind_memory(p, PAGE, MPOL_BIND, mask, 33, 0), 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		expect_eq(get_policy(&mode, NULL, 0, NULL, 0), 0);
		expect_eq(mode, MPOL_INTERLEAVE);
		expect_eq(get_policy(&mode, NULL, 0, p, MPOL_F_ADDR), 0);
		expect_eq(mode, MPOL_BIND);
		expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
		expect_eq(bind_memory(p, 2 * PAGE, MPOL_DEFAULT, NULL, 0, 0), 0);
		p[0] = p[PAGE] = 1;
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(get_policy(&mode, NULL, 0, NULL, 0), 0);
	expect_eq(mode, MPOL_INTERLEAVE);
	expect_eq(get_policy(&mode, NULL, 0, p, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_BIND);
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
	munmap(p, 2 * PAGE);
}

/* Where pages are: a node, or why there is none. */
static void where_pages_are(void)
{
	char *p = map(4);
	void *pages[4] = { p, p + PAGE, p + 2 * PAGE, BAD_PTR };
	int status[4] = { 99, 99, 99, 99 };

	p[0] = 1;
	munmap(p + 2 * PAGE, PAGE);
	expect_eq(syscall(SYS_move_pages, 0, 4, pages, NULL, status, 0), 0);
	expect_eq(status[0], node_of(p));
	expect_eq(status[1], -ENOENT);
	expect_eq(status[2], -EFAULT);
	expect_eq(status[3], -EFAULT);
	expect_eq(syscall(SYS_move_pages, getpid(), 1, pages, NULL, status, MPOL_MF_MOVE), 0);
	expect_errno(syscall(SYS_move_pages, 0, 1, pages, NULL, status, MPOL_MF_STRICT), EINVAL);
	expect_errno(syscall(SYS_move_pages, 0x3fffffff, 1, pages, NULL, status, 0), ESRCH);
	expect_errno(syscall(SYS_move_pages, 0, 1, BAD_PTR, NULL, status, 0), EFAULT);
	expect_errno(syscall(SYS_move_pages, 0, 1, pages, NULL, BAD_PTR, 0), EFAULT);
	expect_eq(syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0), 0);
	munmap(p, 4 * PAGE);
}

/* numa_maps has a line for each area, with its policy and its pages. */
static void maps_by_node(void)
{
	char line[512], want[32], *p = map(8);
	int found = 0;
	FILE *f;

	one(1);
	expect_eq(bind_memory(p, 8 * PAGE, MPOL_BIND, mask, 33, 0), 0);
	for (int i = 0; i < 3; i++)
		p[i * PAGE] = 1;
	f = fopen("/proc/self/numa_maps", "r");
	must(f);
	sprintf(want, "%08lx bind:0 ", (unsigned long)p);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, want, strlen(want)))
			continue;
		found++;
		expect(strstr(line, " anon=3 dirty=3 "));
		expect(strstr(line, " N0=3 kernelpagesize_kB=4\n"));
	}
	expect_eq(found, 1);
	fclose(f);
	munmap(p, 8 * PAGE);
}

int main(void)
{
	unsigned int cpu = 99, node = 99;

	if (set_policy(MPOL_DEFAULT, NULL, 0) && errno == ENOSYS)
		skip("this kernel is built without NUMA");
	expect_eq(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
	expect(cpu < 99 && node < 99);
	task_policies();
	flags_beside_the_mode();
	refused();
	asking();
	areas();
	mbind_refused();
	forked();
	where_pages_are();
	maps_by_node();
	return test_result();
}
