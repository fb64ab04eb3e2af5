/*
 * tests/user/proc_oom_adj.c - what a process may say of its own and others' fate when memory runs out.
 *
 * oom_score_adj, its older scale oom_adj, and oom_score: values taken and refused, what root alone
 * may do, and whom one word is for: everybody in the address space, but not a vfork's child.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

/* => 0 or errno */
static int say(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd, err = 0;

	sprintf(path, "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY);
	must(fd >= 0);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = errno;
	close(fd);
	return err;
}

static int hear(pid_t pid, const char *file)
{
	char path[64], text[32] = "";
	int fd;

	sprintf(path, "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY);
	must(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

static void values(void)
{
	static const struct {
		const char *adj;
		int score_adj, back;
	} older[] = {
		{ "15", 1000, 15 }, { "-17", -1000, -17 }, { "0", 0, 0 }, { "8", 470, 7 },
		{ "-1", -58, 0 }, { "14", 823, 13 }, { "-16", -941, -15 },
	};
	pid_t me = getpid();

	expect_eq(say(me, "oom_score_adj", "1000\n"), 0);
	expect_eq(hear(me, "oom_score_adj"), 1000);
	expect_eq(hear(me, "oom_adj"), 15);
	expect_eq(say(me, "oom_score_adj", " -7 "), 0);
	expect_eq(hear(me, "oom_score_adj"), -7);
	expect_eq(say(me, "oom_score_adj", "0x10"), 0);
	expect_eq(hear(me, "oom_score_adj"), 16);
	expect_eq(say(me, "oom_score_adj", "1001"), EINVAL);
	expect_eq(say(me, "oom_score_adj", "-1001"), EINVAL);
	expect_eq(say(me, "oom_score_adj", "x"), EINVAL);
	expect_eq(say(me, "oom_score_adj", "5x"), EINVAL);
	expect_eq(say(me, "oom_score_adj", "5 5"), EINVAL);
	expect_eq(say(me, "oom_adj", "16"), EINVAL);
	expect_eq(say(me, "oom_adj", "-18"), EINVAL);
	expect_eq(hear(me, "oom_score_adj"), 16);
	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++) {
		expect_eq(say(me, "oom_adj", older[i].adj), 0);
		expect_eq(hear(me, "oom_score_adj"), older[i].score_adj);
		expect_eq(hear(me, "oom_adj"), older[i].back);
	}
	expect_eq(say(me, "oom_score_adj", "0"), 0);
}

/* oom_score: a process that holds next to nothing has 2/3 of 1000, plus 2/3 of what it says itself. */
static void scores(void)
{
	pid_t me = getpid();
	int plain = hear(me, "oom_score");

	expect(plain >= 666 && plain < 680);
	expect_eq(say(me, "oom_score_adj", "300"), 0);
	expect(hear(me, "oom_score") >= plain + 190 && hear(me, "oom_score") <= plain + 201);
	expect_eq(say(me, "oom_score_adj", "-600"), 0);
	expect(hear(me, "oom_score") >= plain - 401 && hear(me, "oom_score") <= plain - 385);
	expect_eq(say(me, "oom_score_adj", "-1000"), 0);
	expect_eq(hear(me, "oom_score"), 0);
	expect_eq(say(me, "oom_score_adj", "0"), 0);
	expect_eq(hear(1, "oom_score"), 0);
}

/* Who is not root may make his lot worse, and back to what root last said; no further. */
static void without_root(void)
{
	int status;
	pid_t pid;

	expect_eq(say(getpid(), "oom_score_adj", "-100"), 0);
	expect_eq(say(getpid(), "oom_score_adj", "100"), 0);
	pid = fork();
	if (!pid) {
		int fd = open("/proc/self/oom_score_adj", O_RDWR), old = open("/proc/self/oom_adj", O_RDWR);

		must(fd >= 0 && old >= 0 && setuid(1000) == 0);
		expect_eq(hear(getpid(), "oom_score_adj"), 100);
		expect_eq(write(fd, "400", 3), 3);
		expect_eq(write(fd, "200", 3), 3);
		expect_eq(write(fd, "100", 3), 3);
		expect_errno(write(fd, "99", 2), EACCES);
		expect_errno(write(fd, "-100", 4), EACCES);
		expect_eq(write(fd, "500", 3), 3);
		/* The older file knows nothing of what root said. */
		expect_errno(write(old, "7", 1), EACCES);
		expect_eq(write(old, "9", 1), 1);
		expect_eq(hear(getpid(), "oom_score_adj"), 529);
		_exit(test_result());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(hear(getpid(), "oom_score_adj"), 100);
	expect_eq(say(getpid(), "oom_score_adj", "0"), 0);
}

static int __attribute__((noreturn)) idle(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* One address space, one fate; a copy of it has its own. */
static void sharers(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t sharer, copy = fork();

	if (!copy)
		idle(NULL);
	expect_eq(say(getpid(), "oom_score_adj", "30"), 0);
	sharer = clone(idle, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	must(sharer > 0);
	expect_eq(hear(copy, "oom_score_adj"), 0);
	expect_eq(hear(sharer, "oom_score_adj"), 30);
	expect_eq(say(getpid(), "oom_score_adj", "50"), 0);
	expect_eq(hear(sharer, "oom_score_adj"), 50);
	expect_eq(say(sharer, "oom_score_adj", "70"), 0);
	expect_eq(hear(getpid(), "oom_score_adj"), 70);
	expect_eq(hear(copy, "oom_score_adj"), 0);
	kill(sharer, SIGKILL);
	kill(copy, SIGKILL);
	while (wait(NULL) > 0)
		;
	expect_eq(say(getpid(), "oom_score_adj", "0"), 0);
}

/* A shell that starts a program to be killed first does not offer itself. */
static void vforked(void)
{
	volatile int child_says = -1, child_score = -1;
	pid_t pid = vfork();

	if (!pid) {
		int fd = open("/proc/self/oom_score_adj", O_WRONLY);

		child_says = write(fd, "900", 3) == 3;
		close(fd);
		child_score = hear(getpid(), "oom_score");
		_exit(0);
	}
	must(waitpid(pid, NULL, 0) == pid);
	expect_eq(child_says, 1);
	expect_eq(hear(getpid(), "oom_score_adj"), 0);
	expect_eq(child_score, 0);
}

int main(void)
{
	if (geteuid())
		skip("only root may lower oom_score_adj");
	values();
	scores();
	without_root();
	sharers();
	vforked();
	return test_result();
}
