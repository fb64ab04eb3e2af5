/*
 * tests/user/mm_walk_fork.h - steps that fork: both sides go on, and see what they should.
 *
 * A child comes in two sorts.  One lives for a moment: it looks at everything, makes some steps
 * of its own, looks again and ends, while the parent waits.  The other stays for many of the
 * parent's steps, so that pages are shared for long and the parent unmaps, moves and writes what
 * the child still has; now and then it is asked to look, or to make steps itself.  Only one
 * of the processes runs at any time: they pass a byte through pipes.
 */
#ifndef OCTAVO_TESTS_USER_MM_WALK_FORK_H
#define OCTAVO_TESTS_USER_MM_WALK_FORK_H

#include <tests/user/mm_walk_mremap.h>

#define DEEPEST		2	/* a child's child has no children */
#define CHILD_STEPS	6

static void random_step(void);

static struct {
	pid_t pid;			/* 0: there is none */
	int ask, answer;
} child;

/* The end of a child: what it has of shared memory is let go. */
static void __attribute__((noreturn)) leave(void)
{
	for (unsigned int i = 0; i < PAGES; i++)
		page_drop(&model[i]);
	if (walk.reply >= 0)
		must(write(walk.reply, "q", 1) == 1);
	_exit(0);
}

static void child_steps(void)
{
	for (unsigned int i = 0; i < CHILD_STEPS; i++)
		random_step();
	check_content();
}

/* What each child does first: it is another, and has what it should. */
static void begin_child(void)
{
	walk.depth++;
	walk.random ^= 0x5bd1e995;
	become_child();
	check_all();
}

static void short_fork(void)
{
	int status;
	pid_t pid;

	note("fork()");
	pid = fork();
	if (pid < 0)
		wrong("fork: errno %d", errno);
	if (!pid) {
		child.pid = 0;
		walk.reply = -1;
		begin_child();
		child_steps();
		leave();
	}
	must(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		stop();				/* it has said what is wrong */
	if (status)
		wrong("the child's status is %#x", status);
}

/* Ask the child for something and wait. */
static void ask_child(char what)
{
	char answer = 0;
	int status;

	note("child: %c", what);
	must(write(child.ask, &what, 1) == 1);
	if (read(child.answer, &answer, 1) == 1 && answer == 'x')
		stop();
	if (answer != what)
		wrong("the child answers %#x to %c", answer, what);
	if (what != 'q')
		return;
	must(waitpid(child.pid, &status, 0) == child.pid && status == 0);
	close(child.ask);
	close(child.answer);
	child.pid = 0;
}

static void __attribute__((noreturn)) serve(int ask, int answer)
{
	char what;

	walk.reply = answer;
	begin_child();
	while (read(ask, &what, 1) == 1) {
		if (what == 'q')
			leave();
		if (what == 's')
			child_steps();
		else
			check_content();
		must(write(answer, &what, 1) == 1);
	}
	_exit(1);		/* the parent is gone */
}

static void start_child(void)
{
	int ask[2], answer[2];

	must(pipe(ask) == 0 && pipe(answer) == 0);
	note("fork(), and the child stays");
	child.pid = fork();
	if (child.pid < 0)
		wrong("fork: errno %d", errno);
	if (!child.pid) {
		close(ask[1]);
		close(answer[0]);
		serve(ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	child.ask = ask[1];
	child.answer = answer[0];
	ask_child('v');
}

static void step_fork(void)
{
	if (walk.depth >= DEEPEST)
		return;
	if (walk.depth || chance(60))
		short_fork();
	else if (!child.pid)
		start_child();
	else
		ask_child("vsq"[draw(3)]);
}

#endif
