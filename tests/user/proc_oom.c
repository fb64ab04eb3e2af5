/*
 * tests/user/proc_oom.c - all memory used up: the process that uses most is killed, the others
 * live, and everything is free again.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

static long meminfo(const char *what)
{
	char buf[4096], *p;
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t len;

	must(fd >= 0);
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	must(len > 0);
	buf[len] = 0;
	p = strstr(buf, what);
	must(p != NULL);
	return atol(p + strlen(what));
}

static void set_score(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Take all there is. */
static void __attribute__((noreturn)) hog(void)
{
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			continue;
		memset(p, 1, 1 << 20);
	}
}

static void one_hog(void)
{
	int status;
	pid_t bystander = fork(), pid;

	if (!bystander) {
		for (;;)
			pause();
	}
	pid = fork();
	if (!pid)
		hog();
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_eq(waitpid(bystander, &status, WNOHANG), 0);
	kill(bystander, SIGKILL);
	waitpid(bystander, &status, 0);
}

static int hog_thread(void *unused)
{
	hog();
}

/* A process whose first thread has ended can be chosen like any other. */
static void leaderless_hog(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int status;
	pid_t pid = fork();

	if (!pid) {
		must(clone(hog_thread, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES |
			   CLONE_SIGHAND | CLONE_THREAD, NULL) > 0);
		syscall(SYS_exit, 0);
	}
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static int __attribute__((noreturn)) rest(void *unused)
{
	for (;;)
		pause();
}

/* Who shares the victim's memory would keep it: he goes too, though he has done nothing. */
static void sharer(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int status, share[2];
	pid_t pid, other = 0;

	must(pipe(share) == 0);
	pid = fork();
	if (!pid) {
		/* Its parent is ours, who waits for it. */
		other = clone(rest, stack + sizeof(stack), CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
		must(other > 0 && write(share[1], &other, sizeof(other)) == sizeof(other));
		hog();
	}
	must(read(share[0], &other, sizeof(other)) == sizeof(other));
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_eq(waitpid(other, &status, 0), other);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(share[0]);
	close(share[1]);
}

/* A parent that waits for its vfork's child, which takes all: both go, and nobody waits for ever. */
static void vforked_hog(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!vfork())
			hog();
		_exit(0);
	}
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Many threads at once, each of which asks for memory when there is none: all end. */
static void many_hogs(void)
{
	static char stacks[8][16384] __attribute__((aligned(16)));
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (int i = 0; i < 8; i++)
			must(clone(hog_thread, stacks[i] + sizeof(stacks[i]), CLONE_VM | CLONE_FS |
				   CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL) > 0);
		hog();
	}
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* oom_score_adj decides: the small process that says 1000 goes first. */
static void score(void)
{
	int status;
	pid_t first = fork(), pid;

	if (!first) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		memset(p, 1, 1 << 20);
		set_score("1000");
		for (;;)
			pause();
	}
	usleep(50000);
	pid = fork();
	if (!pid)
		hog();
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* The hog went second. */
	expect_eq(waitpid(first, &status, WNOHANG), first);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void set_knob(const char *text)
{
	int fd = open("/proc/sys/vm/oom_kill_allocating_task", O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* With oom_kill_allocating_task nobody is chosen: who asks for the last page goes. */
static void asker(void)
{
	int status, ready[2];
	pid_t large, pid;
	char c = 0;

	must(pipe(ready) == 0);
	large = fork();
	if (!large) {
		char *p = mmap(NULL, 20 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		memset(p, 1, 20 << 20);
		set_score("1000");
		must(write(ready[1], &c, 1) == 1);
		for (;;)
			pause();
	}
	must(read(ready[0], &c, 1) == 1);
	set_knob("1");
	pid = fork();
	if (!pid)
		hog();
	expect_eq(waitpid(pid, &status, 0), pid);
	set_knob("0");
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_eq(waitpid(large, &status, WNOHANG), 0);
	kill(large, SIGKILL);
	waitpid(large, &status, 0);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	long before, after;

	if (meminfo("MemTotal:") > 600 * 1024 || meminfo("SwapTotal:"))
		skip("too much memory to be used up in a test");
	before = meminfo("MemFree:");
	one_hog();
	leaderless_hog();
	sharer();
	vforked_hog();
	many_hogs();
	score();
	if (geteuid() == 0)
		asker();
	usleep(100000);
	after = meminfo("MemFree:");
	expect(after > before - 1024);
	return test_result();
}
