/*
 * tests/user/smp_stale_tlb.c - no processor uses a translation that another has taken away.
 *
 * One task changes a page (unmaps it, write-protects it, drops its content, moves another page
 * over it) while others, on other processors, use it without
 * any lock.  A word says what the page is just now: its generation, and whether it is there.
 * Who reads the same word before and after an access knows what that access must have found;
 * a translation that outlived its page shows as an old generation, or as an access that should
 * have been a SIGSEGV.
 *
 * Loops in all: LOOPS.  Each needs an answer from each of the others, whose processors an
 * emulator may be slow to run, so a round that takes too long is cut short, and says so.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "test.h"

#define LOOPS		100000
#define MAX_OTHERS	3
#define ROUND_MS	2000
#define PAGE		4096
#define STACK		(64 * 1024)
/* The low bits of `now`, below the generation. */
#define CHANGING	0u		/* anything may be found */
#define THERE		1u
#define GONE		2u
#define WHAT(state)	((state) & 3)
#define GEN(state)	((state) >> 2)
#define STOP		(~0u)
#define FAULTED		(~0u)

static volatile unsigned int *page;	/* the page: word 0 its generation, word 1.. the others' */
static char *aside;			/* where another page is made before it is moved over it */
static volatile unsigned int now;
static volatile unsigned int uses[MAX_OTHERS], stale[MAX_OTHERS], evidence[MAX_OTHERS][3];
static char stacks[MAX_OTHERS][STACK] __attribute__((aligned(STACK)));
static sigjmp_buf recover[MAX_OTHERS];
static int nr_cpus;

/* Which of the others runs on this stack. */
static int me(void)
{
	return (int)(((char *)__builtin_frame_address(0) - stacks[0]) / STACK);
}

static void on_segv(int sig)
{
	siglongjmp(recover[me()], 1);
}

static unsigned int try_read(int i)
{
	if (sigsetjmp(recover[i], 0))
		return FAULTED;
	return page[0];
}

/* => what was written, or FAULTED */
static unsigned int try_write(int i, unsigned int value)
{
	if (sigsetjmp(recover[i], 0))
		return FAULTED;
	page[1 + i] = value;
	return value;
}

static void note(int i, unsigned int state, unsigned int found, unsigned int wanted)
{
	if (!stale[i]++) {
		evidence[i][0] = state;
		evidence[i][1] = found;
		evidence[i][2] = wanted;
	}
}

/* ---- the kinds: what one loop does, and what the others look for ----------------------------- */

struct kind {
	const char *name;
	void (*begin)(void);
	void (*change)(unsigned int gen);
	void (*look)(int i, unsigned int state);
};

static void set_now(unsigned int gen, unsigned int what)
{
	__sync_synchronize();
	now = gen << 2 | what;
	__sync_synchronize();
}

/* Some time in which the others may find a page that is gone. */
static void linger(void)
{
	for (int i = 0; i < 8; i++)
		__builtin_ia32_pause();
}

static void map_page(char *where)
{
	must(mmap(where, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		  0) == where);
}

static void begin_mapped(void)
{
	map_page((char *)page);
	page[0] = 0;
}

/* The page is there with its generation, or not there at all. */
static void change_unmap(unsigned int gen)
{
	set_now(gen, CHANGING);
	must(munmap((void *)page, PAGE) == 0);
	set_now(gen, GONE);
	linger();
	set_now(gen, CHANGING);
	map_page((char *)page);
	page[0] = gen;
	set_now(gen, THERE);
}

/* => what the page held while its state was @state; false: the state has changed meanwhile */
static bool look(int i, unsigned int state, unsigned int *found)
{
	*found = try_read(i);
	return now == state && WHAT(state) != CHANGING;
}

static void look_unmap(int i, unsigned int state)
{
	unsigned int found, wanted = WHAT(state) == THERE ? GEN(state) : FAULTED;

	if (look(i, state, &found) && found != wanted)
		note(i, state, found, wanted);
}

/* "Gone" is the right to write. */
static void change_protect(unsigned int gen)
{
	unsigned int before[MAX_OTHERS];

	set_now(gen, CHANGING);
	must(mprotect((void *)page, PAGE, PROT_READ) == 0);
	set_now(gen, GONE);
	for (int i = 0; i < MAX_OTHERS; i++)
		before[i] = page[1 + i];
	linger();
	for (int i = 0; i < MAX_OTHERS; i++)
		if (page[1 + i] != before[i])
			note(i, now, page[1 + i], before[i]);
	set_now(gen, CHANGING);
	must(mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE) == 0);
	set_now(gen, THERE);
}

static void look_protect(int i, unsigned int state)
{
	unsigned int found = try_write(i, uses[i] & 0xffffff);

	if (now != state || WHAT(state) == CHANGING)
		return;
	if ((found == FAULTED) != (WHAT(state) == GONE))
		note(i, state, found, 0);
}

/* The content is dropped: zeros. */
static void change_dontneed(unsigned int gen)
{
	set_now(gen, CHANGING);
	must(madvise((void *)page, PAGE, MADV_DONTNEED) == 0);
	set_now(gen, GONE);
	linger();
	set_now(gen, CHANGING);
	page[0] = gen;
	set_now(gen, THERE);
}

static void look_dontneed(int i, unsigned int state)
{
	unsigned int found, wanted = WHAT(state) == THERE ? GEN(state) : 0;

	if (look(i, state, &found) && found != wanted)
		note(i, state, found, wanted);
}

/* Another page is moved over it. */
static void change_remap(unsigned int gen)
{
	map_page(aside);
	*(volatile unsigned int *)aside = gen;
	set_now(gen, CHANGING);
	must(mremap(aside, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)page) == page);
	set_now(gen, THERE);
}

static void look_remap(int i, unsigned int state)
{
	unsigned int found;

	if (look(i, state, &found) && found != GEN(state))
		note(i, state, found, GEN(state));
}

static const struct kind kinds[] = {
	{ "unmap", begin_mapped, change_unmap, look_unmap },
	{ "protect", begin_mapped, change_protect, look_protect },
	{ "dontneed", begin_mapped, change_dontneed, look_dontneed },
	{ "remap", begin_mapped, change_remap, look_remap },
};
#define NR_KINDS	((int)(sizeof(kinds) / sizeof(kinds[0])))

/* ---- rounds ---------------------------------------------------------------------------------- */

static const struct kind *kind;

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % nr_cpus, &set);
	syscall(SYS_sched_setaffinity, 0, sizeof(set), &set);
}

static int other(void *arg)
{
	int i = (int)(long)arg;

	run_on(1 + i);
	for (;;) {
		unsigned int state = now;

		if (state == STOP)
			return 0;
		kind->look(i, state);
		uses[i]++;
		__builtin_ia32_pause();		/* an emulator may run processors in turns */
	}
}

static long ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Nobody is left out for long: now and then each of the others must have used the page. */
static void wait_for_uses(int others, long until)
{
	unsigned int before[MAX_OTHERS];

	for (int i = 0; i < others; i++)
		before[i] = uses[i];
	for (int i = 0; i < others; i++)
		while (uses[i] == before[i] && ms() < until)
			sched_yield();
}

/* => loops done */
static unsigned int run_round(const struct kind *k, int others, unsigned int loops)
{
	long until = ms() + ROUND_MS;
	unsigned int gen = 0;
	pid_t pid[MAX_OTHERS];

	kind = k;
	k->begin();
	set_now(0, THERE);
	for (int i = 0; i < others; i++) {
		uses[i] = stale[i] = 0;
		pid[i] = clone(other, stacks[i] + STACK - 64, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD,
			       (void *)(long)i);
		must(pid[i] > 0);
	}
	wait_for_uses(others, until);
	while (gen < loops && ms() < until) {
		k->change(++gen);
		if (gen % 256 == 0)
			wait_for_uses(others, until);
	}
	now = STOP;
	for (int i = 0; i < others; i++) {
		int status;

		must(waitpid(pid[i], &status, __WALL) == pid[i]);
		expect_eq(status, 0);
		if (stale[i])
			test_fail("%s: task %d of %d: %u stale accesses in %u; the first: state 0x%x, found "
				  "0x%x, not 0x%x", k->name, i, others, stale[i], uses[i], evidence[i][0],
				  evidence[i][1], evidence[i][2]);
	}
	return gen;
}

int main(void)
{
	struct sigaction act = { .sa_handler = on_segv, .sa_flags = SA_NODEFER };
	unsigned int done = 0, wanted = LOOPS, loops;
	char *area = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(area != MAP_FAILED);
	must(sigaction(SIGSEGV, &act, NULL) == 0);
	nr_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (nr_cpus == 1)
		wanted /= 20;
	page = (volatile unsigned int *)area;
	aside = area + 2 * PAGE;
	run_on(0);
	for (int k = 0; k < NR_KINDS; k++) {
		/* Most with one other, whose answer comes soonest; the rest with all. */
		loops = run_round(&kinds[k], 1, wanted / NR_KINDS * 9 / 10);
		loops += run_round(&kinds[k], MAX_OTHERS, wanted / NR_KINDS / 10);
		printf("%s: %u loops\n", kinds[k].name, loops);
		done += loops;
	}
	if (done < wanted)
		printf("%u of %u loops: this computer is busy\n", done, wanted);
	return test_result();
}
