/*
 * tests/user/proc_clone.c - raw clone: tasks that share memory, files, directory and handlers,
 * each on a stack of its own, at the same time on different processors.
 *
 * calls: clone exit_group tgkill set_thread_area
 *
 * The C library knows nothing of these tasks, and its own per-thread data is shared by all of
 * them: so they make their system calls themselves, by int 0x80.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

#define MAX_TASKS	8
#define STACK_SIZE	16384
#define ADDS		50000
#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
			 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static int cpus[MAX_TASKS], nr_tasks;		/* a task for each processor, two at least */
static int one_cpu;

struct task {
	int cpu, tid;
	volatile int ctid;			/* cleared and woken at its end */
	volatile int handled_by;		/* tid that ran the handler */
	volatile int wrong;
	char *stack;
};
static struct task tasks[MAX_TASKS];
static volatile int inside, go, stop, counter, plain[MAX_TASKS];

/* => as the kernel returns it: -errno */
static long raw(long nr, long a, long b, long c, long d)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return ret;
}

/* An emulator that runs the processors in turns goes on to the next. */
static void relax(void)
{
	asm volatile("pause" : : : "memory");
}

static int raw_cpu(void)
{
	unsigned int cpu = ~0u;

	raw(SYS_getcpu, (long)&cpu, 0, 0, 0);
	return (int)cpu;
}

static void find_cpus(void)
{
	cpu_set_t set;
	int nr = 0;

	must(sched_getaffinity(0, sizeof(set), &set) == 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && nr < MAX_TASKS; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[nr++] = cpu;
	must(nr > 0);
	one_cpu = nr == 1;
	nr_tasks = one_cpu ? 2 : nr;
	for (int i = nr; i < nr_tasks; i++)
		cpus[i] = cpus[0];
}

static pid_t start(int i, int (*fn)(void *), int flags)
{
	struct task *task = &tasks[i];
	char *stack = task->stack;

	if (!stack)
		stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	must(stack != MAP_FAILED);
	memset(task, 0, sizeof(*task));
	task->stack = stack;
	task->cpu = cpus[i];
	task->ctid = -1;
	return clone(fn, stack + STACK_SIZE, flags, task, &task->tid, NULL, &task->ctid);
}

static void start_all(int (*fn)(void *))
{
	inside = go = stop = counter = 0;
	for (int i = 0; i < nr_tasks; i++) {
		pid_t tid = start(i, fn, THREAD_FLAGS);

		must(tid > 0);
		expect_eq(tasks[i].tid, tid);
	}
}

static void join(int i)
{
	while (tasks[i].ctid)
		raw(SYS_futex, (long)&tasks[i].ctid, FUTEX_WAIT, tasks[i].ctid, 0);
}

static void join_all(void)
{
	for (int i = 0; i < nr_tasks; i++) {
		join(i);
		expect_eq(tasks[i].wrong, 0);
	}
}

/* Onto the processor it was given. */
static void go_there(struct task *task)
{
	unsigned long mask[32] = { 0 };

	mask[task->cpu / 32] = 1ul << (task->cpu % 32);
	if (raw(SYS_sched_setaffinity, 0, sizeof(mask), (long)mask, 0) || raw_cpu() != task->cpu)
		task->wrong |= 1;
}

/* Wait until *count is @nr: computing, so that only processors that run at once get past soon. */
static void wait_for(struct task *task, volatile int *count, int nr)
{
	while (*count < nr) {
		if (raw_cpu() != task->cpu)
			task->wrong |= 2;
		if (one_cpu)
			raw(SYS_sched_yield, 0, 0, 0, 0);
		relax();
	}
}

static void meet(struct task *task, volatile int *count, int nr)
{
	__sync_fetch_and_add(count, 1);
	wait_for(task, count, nr);
}

/* ---- sharing --------------------------------------------------------------------------------- */

static int adds(void *arg)
{
	struct task *task = arg;

	go_there(task);
	meet(task, &inside, nr_tasks);
	for (int i = 0; i < ADDS; i++) {
		__sync_fetch_and_add(&counter, 1);
		plain[task - tasks]++;
	}
	if (raw(SYS_getpid, 0, 0, 0, 0) == raw(SYS_gettid, 0, 0, 0, 0))
		task->wrong |= 4;
	if (raw(SYS_gettid, 0, 0, 0, 0) != task->tid)
		task->wrong |= 8;
	return 0;
}

/* One memory: everybody's additions are there. */
static void memory(void)
{
	memset((void *)plain, 0, sizeof(plain));
	start_all(adds);
	join_all();
	expect_eq(counter, nr_tasks * ADDS);
	for (int i = 0; i < nr_tasks; i++)
		expect_eq(plain[i], ADDS);
}

static char *page;

/* The same fresh page is touched by all at once: every one finds what the others wrote. */
static int touches(void *arg)
{
	struct task *task = arg;
	int me = (int)(task - tasks);

	go_there(task);
	for (int round = 0; round < 40; round++) {
		int all = 0;

		meet(task, &inside, nr_tasks * (2 * round + 1));
		page[me] = (char)(me + 1);
		meet(task, &inside, nr_tasks * (2 * round + 2));
		for (int i = 0; i < nr_tasks; i++)
			all += page[i] == i + 1;
		if (all != nr_tasks)
			task->wrong |= 16;
		/* Before the next round someone takes the page away; the others wait in meet(). */
		if (round % nr_tasks == me) {
			wait_for(task, &counter, nr_tasks * (round + 1) - 1);
			raw(SYS_madvise, (long)page, 4096, MADV_DONTNEED, 0);
			if (page[(me + 1) % nr_tasks])
				task->wrong |= 32;
		}
		meet(task, &counter, nr_tasks * (round + 1));
	}
	return 0;
}

static void one_page(void)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED);
	start_all(touches);
	join_all();
	munmap(page, 4096);
}

static volatile int opened;

static int opens_and_moves(void *arg)
{
	opened = (int)raw(SYS_open, (long)"/proc/self/stat", O_RDONLY, 0, 0);
	raw(SYS_chdir, (long)"/proc", 0, 0, 0);
	return 0;
}

/* A descriptor and a directory are there for all; without the flags they are not. */
static void files(void)
{
	static const int shared[2] = { THREAD_FLAGS, CLONE_VM | CLONE_PARENT_SETTID |
				       CLONE_CHILD_CLEARTID | SIGCHLD };
	char dir[64];
	int status;

	for (int i = 0; i < 2; i++) {
		char c;

		must(chdir("/") == 0);
		must(start(0, opens_and_moves, shared[i]) > 0);
		join(0);
		must(opened > 2);
		must(getcwd(dir, sizeof(dir)));
		if (!i) {
			expect(read(opened, &c, 1) == 1);
			expect(close(opened) == 0);
			expect(!strcmp(dir, "/proc"));
		} else {
			expect_errno(read(opened, &c, 1), EBADF);
			expect(!strcmp(dir, "/"));
			/* A process of its own, though in our memory: it is waited for. */
			expect_eq(waitpid(tasks[0].tid, &status, 0), tasks[0].tid);
			expect_eq(status, 0);
		}
	}
}

/* ---- signals --------------------------------------------------------------------------------- */

static void handler(int sig)
{
	int tid = (int)raw(SYS_gettid, 0, 0, 0, 0);

	for (int i = 0; i < nr_tasks; i++)
		if (tasks[i].tid == tid)
			tasks[i].handled_by = tid;
	__sync_fetch_and_add(&counter, 1);
}

/* Computes without a system call, so that only an interrupt can make it look. */
static int computes(void *arg)
{
	struct task *task = arg;

	go_there(task);
	meet(task, &inside, nr_tasks);
	while (!task->handled_by && !stop)
		relax();
	return 0;
}

/* A handler that one sets is everybody's; each task on its processor gets what is sent to it. */
static void signals(void)
{
	start_all(computes);
	while (inside < nr_tasks)
		sched_yield();
	signal(SIGUSR1, handler);
	for (int i = 0; i < nr_tasks; i++)
		expect(syscall(SYS_tgkill, getpid(), tasks[i].tid, SIGUSR1) == 0);
	join_all();
	for (int i = 0; i < nr_tasks; i++)
		expect_eq(tasks[i].handled_by, tasks[i].tid);
	expect_eq(counter, nr_tasks);
	signal(SIGUSR1, SIG_DFL);
	expect_errno(syscall(SYS_tgkill, getpid(), tasks[0].tid, SIGUSR1), ESRCH);
}

/* ---- a segment of its own -------------------------------------------------------------------- */

static int tls_words[MAX_TASKS];
static int tls_entry;

static int reads_tls(void *arg)
{
	struct task *task = arg;
	int me = (int)(task - tasks), value;

	go_there(task);
	asm volatile("movw %w0, %%fs" : : "r"(tls_entry << 3 | 3));
	meet(task, &inside, nr_tasks);
	for (int i = 0; i < 1000; i++) {
		asm volatile("movl %%fs:0, %0" : "=r"(value));
		if (value != 1000 + me)
			task->wrong |= 64;
		if (i % 100 == 0)
			raw(SYS_sched_yield, 0, 0, 0, 0);
	}
	return 0;
}

static void set_desc(struct user_desc *desc, int i)
{
	memset(desc, 0, sizeof(*desc));
	desc->entry_number = (unsigned int)tls_entry;
	desc->base_addr = (unsigned long)&tls_words[i];
	desc->limit = 0xfffff;
	desc->seg_32bit = desc->limit_in_pages = desc->useable = 1;
}

static void segments(void)
{
	struct user_desc desc;

	tls_entry = -1;
	set_desc(&desc, 0);
	must(syscall(SYS_set_thread_area, &desc) == 0);
	tls_entry = (int)desc.entry_number;
	inside = 0;
	for (int i = 0; i < nr_tasks; i++) {
		struct task *task = &tasks[i];

		tls_words[i] = 1000 + i;
		set_desc(&desc, i);
		task->ctid = -1;
		task->wrong = 0;
		task->cpu = cpus[i];
		must(clone(reads_tls, task->stack + STACK_SIZE, THREAD_FLAGS | CLONE_SETTLS, task,
			   &task->tid, &desc, &task->ctid) > 0);
	}
	join_all();
	desc.entry_number = ~0u;
	expect_errno(clone(reads_tls, tasks[0].stack + STACK_SIZE, THREAD_FLAGS | CLONE_SETTLS,
			   &tasks[0], &tasks[0].tid, &desc, &tasks[0].ctid), EINVAL);
	expect_errno(clone(reads_tls, tasks[0].stack + STACK_SIZE, THREAD_FLAGS | CLONE_SETTLS,
			   &tasks[0], &tasks[0].tid, BAD_PTR, &tasks[0].ctid), EFAULT);
}

/* ---- the end --------------------------------------------------------------------------------- */

static int spins(void *arg)
{
	struct task *task = arg;

	go_there(task);
	meet(task, &inside, nr_tasks);
	while (!stop) {
		if ((task - tasks) % 2)
			raw(SYS_pause, 0, 0, 0, 0);
		relax();
	}
	return 0;
}

static int ends_all(void *arg)
{
	while (inside < nr_tasks)
		raw(SYS_sched_yield, 0, 0, 0, 0);
	raw(SYS_exit_group, 43, 0, 0, 0);
	return 0;
}

static int outlives(void *arg)
{
	/* Until the leader is a zombie; it cannot be waited for while we are here. */
	while (raw(SYS_tgkill, raw(SYS_getpid, 0, 0, 0, 0), raw(SYS_getpid, 0, 0, 0, 0), 0, 0) == 0 &&
	       !stop && counter < 100) {
		raw(SYS_sched_yield, 0, 0, 0, 0);
		counter++;
	}
	raw(SYS_exit, 44, 0, 0, 0);
	return 0;
}

enum ending { LEADER_EXITS_GROUP, THREAD_EXITS_GROUP, KILLED, LEADER_FIRST, LEADER_EXECS };

static void __attribute__((noreturn)) end_by(enum ending how, char *self)
{
	if (how == LEADER_FIRST) {
		counter = stop = 0;
		must(start(0, outlives, THREAD_FLAGS) > 0);
		raw(SYS_exit, 45, 0, 0, 0);
	}
	start_all(spins);
	if (how == THREAD_EXITS_GROUP)
		must(clone(ends_all, (char *)malloc(STACK_SIZE) + STACK_SIZE, THREAD_FLAGS, NULL,
			   &tasks[0].tid, NULL, &tasks[0].ctid) > 0);
	while (inside < nr_tasks)
		sched_yield();
	if (how == LEADER_EXITS_GROUP)
		_exit(42);
	if (how == KILLED)
		kill(getpid(), SIGKILL);
	if (how == LEADER_EXECS)
		execl(self, self, "exit", NULL);
	for (;;)
		;
}

/* However a process with tasks on all processors ends, it is one end, reported once. */
static void endings(char *self)
{
	static const int want[] = { 42 << 8, 43 << 8, SIGKILL, 45 << 8, 46 << 8 };
	int status;

	for (int round = 0; round < 4; round++) {
		for (int how = LEADER_EXITS_GROUP; how <= LEADER_EXECS; how++) {
			pid_t pid = fork();

			must(pid >= 0);
			if (!pid)
				end_by(how, self);
			must(waitpid(pid, &status, 0) == pid);
			/* Whose status, if the leader went first: Linux has changed its mind. */
			if (how == LEADER_FIRST && status == 44 << 8)
				status = want[how];
			expect_eq(status, want[how]);
		}
	}
	expect_errno(wait(&status), ECHILD);
}

static void errors(void)
{
	char *top = tasks[0].stack + STACK_SIZE;

	expect_errno(clone(adds, top, CLONE_THREAD, NULL), EINVAL);
	expect_errno(clone(adds, top, CLONE_THREAD | CLONE_VM, NULL), EINVAL);
	expect_errno(clone(adds, top, CLONE_SIGHAND | SIGCHLD, NULL), EINVAL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 46;
	find_cpus();
	memory();
	one_page();
	files();
	signals();
	segments();
	errors();
	endings(argv[0]);
	return test_result();
}
