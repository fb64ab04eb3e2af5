/* mm_cow - after fork each side keeps its own view; shared memory stays shared. */
#include <tests/user/mm.h>

#define PAGES 32

static char data[PAGES * PAGE] __attribute__((aligned(4096)));
static char *heap, *shared, *readonly;
static int to_child[2], to_parent[2];

static void wait_for(int fd)
{
	char c;

	must(read(fd, &c, 1) == 1);
}

static void tell(int fd)
{
	must(write(fd, "x", 1) == 1);
}

static void child(void)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		expect_eq(data[i * PAGE], i);
		expect_eq(heap[i * PAGE], i + 1);
		data[i * PAGE] = 100;
	}
	shared[0] = 42;
	tell(to_parent[1]);
	wait_for(to_child[0]);
	/* What the parent wrote since is not seen here. */
	for (i = 0; i < PAGES; i++) {
		expect_eq(data[i * PAGE], 100);
		expect_eq(heap[i * PAGE], i + 1);
	}
	expect_eq(shared[1], 43);
	expect_eq(readonly[0], 7);
}

int main(void)
{
	pid_t pid;
	int i, status;

	must(pipe(to_child) == 0 && pipe(to_parent) == 0);
	heap = map_anon(PAGES * PAGE, PROT_READ | PROT_WRITE);
	readonly = map_anon(PAGE, PROT_READ | PROT_WRITE);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	for (i = 0; i < PAGES; i++) {
		data[i * PAGE] = (char)i;
		heap[i * PAGE] = (char)(i + 1);
	}
	readonly[0] = 7;
	must(mprotect(readonly, PAGE, PROT_READ) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		child();
		_exit(test_result());
	}
	wait_for(to_parent[0]);
	for (i = 0; i < PAGES; i++) {
		expect_eq(data[i * PAGE], i);
		heap[i * PAGE] = 99;
	}
	expect_eq(shared[0], 42);
	shared[1] = 43;
	tell(to_child[1]);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	for (i = 0; i < PAGES; i++) {
		expect_eq(data[i * PAGE], i);
		expect_eq(heap[i * PAGE], 99);
	}
	/* A chain of forks, each of which changes one page before the next. */
	for (i = 0; i < 10; i++) {
		pid = fork();
		must(pid >= 0);
		if (pid) {
			must(waitpid(pid, &status, 0) == pid);
			expect_eq(status, 0);
			break;
		}
		heap[i * PAGE] = (char)i;
	}
	if (!pid)
		for (i = 0; i < PAGES; i++)
			expect_eq(heap[i * PAGE], i < 10 ? i : 99);
	return test_result();
}
