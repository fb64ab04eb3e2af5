/*
 * numa_nodes - on several nodes: pages come from where the policy says, and are counted there.
 *
 * calls: set_mempolicy get_mempolicy mbind
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <tests/user/numa.h>

#define NODE	"/sys/devices/system/node/"
#define PAGES	24

static unsigned long memory;		/* mask: nodes with memory */
static int first, last;			/* two of them */

static char *map(unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void touch(char *p, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		p[i * PAGE] = 1;
}

static int nr_nodes(void)
{
	return __builtin_popcountl(memory);
}

static int nth(int n)
{
	unsigned long mask = memory;

	while (n--)
		mask &= mask - 1;
	return __builtin_ctzl(mask);
}

static long stat_of(int node, const char *name)
{
	char path[80];

	sprintf(path, NODE "node%d/numastat", node);
	return number_in(path, name);
}

static long hits_of_all(const char *name)
{
	long sum = 0;

	for (int i = 0; i < nr_nodes(); i++)
		sum += stat_of(nth(i), name);
	return sum;
}

/* Of a task, and of an area, which goes before the task's. */
static void one_node(int mode)
{
	for (int i = 0; i < nr_nodes(); i++) {
		unsigned long mask = 1UL << nth(i), other = 1UL << nth((i + 1) % nr_nodes());
		char *p = map(2 * PAGES);
		long hit = stat_of(nth(i), "numa_hit");

		expect_eq(set_policy(mode, &mask, 33), 0);
		expect_eq(bind_memory(p + PAGES * PAGE, PAGES * PAGE, mode, &other, 33, 0), 0);
		touch(p, 2 * PAGES);
		expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
		for (int j = 0; j < PAGES; j++) {
			expect_eq(node_of(p + j * PAGE), nth(i));
			expect_eq(node_of(p + (j + PAGES) * PAGE), nth((i + 1) % nr_nodes()));
		}
		expect(stat_of(nth(i), "numa_hit") >= hit + PAGES);
		munmap(p, 2 * PAGES * PAGE);
	}
}

/* Neighbours in an area go to the nodes in turn, whatever the order in which they are touched. */
static void interleaved(void)
{
	long before = hits_of_all("interleave_hit");
	char *p = map(PAGES);
	int start;

	expect_eq(bind_memory(p, PAGES * PAGE, MPOL_INTERLEAVE, &memory, 33, 0), 0);
	for (int i = PAGES - 1; i >= 0; i--)
		p[i * PAGE] = 1;
	expect_eq(hits_of_all("interleave_hit") - before, PAGES);
	for (start = 0; nth(start) != node_of(p); start++)
		must(start < nr_nodes());
	for (int i = 0; i < PAGES; i++)
		expect_eq(node_of(p + i * PAGE), nth((start + i) % nr_nodes()));
	munmap(p, PAGES * PAGE);
}

/* Pages of a file have no area: they go by the policy of the task, one after another. */
static void file_pages(void)
{
	static char block[PAGES * PAGE];
	long before;
	int fd;

	test_tmpdir();
	fd = open("f", O_RDWR | O_CREAT, 0600);
	must(fd >= 0);
	expect_eq(set_policy(MPOL_INTERLEAVE, &memory, 33), 0);
	before = hits_of_all("interleave_hit");
	expect_eq(write(fd, block, sizeof(block)), sizeof(block));
	expect(hits_of_all("interleave_hit") - before >= PAGES);
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
	close(fd);
	unlink("f");
}

/* A copy on write is a new page: by the policy of who writes. */
static void copies(void)
{
	unsigned long mask = 1UL << first, other = 1UL << last;
	char *p = map(1);
	int status;
	pid_t pid;

	expect_eq(set_policy(MPOL_BIND, &mask, 33), 0);
	p[0] = 1;
	expect_eq(node_of(p), first);
	expect_eq(set_policy(MPOL_BIND, &other, 33), 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		expect_eq(node_of(p), first);
		p[0] = 2;
		expect_eq(node_of(p), last);
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(set_policy(MPOL_DEFAULT, NULL, 0), 0);
	expect_eq(node_of(p), first);
	munmap(p, PAGE);
}

/* On each processor memory is that of its node. */
static void local(void)
{
	cpu_set_t all, one;
	unsigned int cpu, node;

	must(sched_getaffinity(0, sizeof(all), &all) == 0);
	for (int c = 0; c < 32; c++) {
		char *p = map(PAGES);

		if (!CPU_ISSET(c, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(c, &one);
		expect(sched_setaffinity(0, sizeof(one), &one) == 0);
		expect_eq(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
		expect_eq(cpu, c);
		touch(p, PAGES);
		for (int i = 0; i < PAGES && memory & 1UL << node; i++)
			expect_eq(node_of(p + i * PAGE), node);
		munmap(p, PAGES * PAGE);
	}
	expect(sched_setaffinity(0, sizeof(all), &all) == 0);
}

/* Strict: pages that lie elsewhere already make it fail, and nothing changes. */
static void strict(void)
{
	unsigned long mask = 1UL << first, other = 1UL << last;
	char *p = map(4);
	int mode = -1;

	expect_eq(bind_memory(p, 4 * PAGE, MPOL_BIND, &mask, 33, 0), 0);
	touch(p, 2);
	expect_errno(bind_memory(p, 4 * PAGE, MPOL_PREFERRED, &other, 33, MPOL_MF_STRICT), EIO);
	expect_eq(get_policy(&mode, NULL, 0, p, MPOL_F_ADDR), 0);
	expect_eq(mode, MPOL_BIND);
	expect_eq(bind_memory(p, 4 * PAGE, MPOL_PREFERRED, &mask, 33, MPOL_MF_STRICT), 0);
	expect_eq(bind_memory(p, 4 * PAGE, MPOL_PREFERRED, &other, 33, 0), 0);
	touch(p, 4);
	expect_eq(node_of(p), first);
	expect_eq(node_of(p + 3 * PAGE), last);
	munmap(p, 4 * PAGE);
}

/* A child that takes more than @node has under a policy. => its wait status; *where: its last page's node */
static int fill(int mode, int node, unsigned long pages, int *where)
{
	unsigned long mask = 1UL << node;
	int status, fd[2];
	pid_t pid;

	must(pipe(fd) == 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		char *p = map(pages);

		close(fd[0]);
		if (set_policy(mode, &mask, 33))
			_exit(1);
		touch(p, pages);
		*where = node_of(p + (pages - 1) * PAGE);
		if (write(fd[1], where, sizeof(*where)) != sizeof(*where))
			_exit(2);
		_exit(0);
	}
	close(fd[1]);
	must(waitpid(pid, &status, 0) == pid);
	*where = -1;
	if (read(fd[0], where, sizeof(*where)) < 0)
		*where = -2;
	close(fd[0]);
	return status;
}

/* When a node is full, who prefers it goes elsewhere, and who is bound to it is killed. */
static void full(void)
{
	unsigned long pages = 0, rest = 0;
	char path[80], name[40];
	int where;

	for (int i = 0; i < nr_nodes(); i++) {
		sprintf(path, NODE "node%d/meminfo", nth(i));
		sprintf(name, "Node %d MemFree:", nth(i));
		if (nth(i) == last)
			pages = (unsigned long)number_in(path, name) / 4 + 200;
		else
			rest += (unsigned long)number_in(path, name) / 4;
	}
	if (rest < 4000)
		return;			/* nothing to go to */
	expect_eq(fill(MPOL_PREFERRED, last, pages, &where), 0);
	expect(where >= 0 && where != last);
	expect_eq(fill(MPOL_BIND, last, pages, &where), SIGKILL);
	expect_eq(where, -1);
}

int main(void)
{
	if (set_policy(MPOL_DEFAULT, NULL, 0) && errno == ENOSYS)
		skip("this kernel is built without NUMA");
	memory = listed(NODE "has_memory");
	if (nr_nodes() < 2)
		skip("one node with memory: needs NODES=2 or numa=fake=2");
	first = nth(0);
	last = nth(nr_nodes() - 1);
	one_node(MPOL_PREFERRED);
	one_node(MPOL_BIND);
	interleaved();
	file_pages();
	copies();
	local();
	strict();
	full();
	return test_result();
}
