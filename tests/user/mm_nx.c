/*
 * mm_nx - only what was mapped for execution is executed, where the processor can tell.
 *
 * /proc/cpuinfo says whether it can: without the flag "nx" all that can be read can be executed,
 * and the same calls must succeed.
 *
 * calls: mprotect, mmap, personality
 */
#include <tests/user/mm.h>

#include <pthread.h>
#include <sys/personality.h>
#include <ucontext.h>

#define ANSWER	42
#define ERR_INSTRUCTION	0x10		/* the processor's error code: it was a fetch */

/* mov $42, %eax; ret */
static const unsigned char code[] = { 0xb8, ANSWER, 0, 0, 0, 0xc3 };

static int nx;
static volatile long error_code;

static void note_error(int sig, siginfo_t *info, void *context)
{
	error_code = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR];
	mm_handler(sig, info, context);
}

/* => what the code at @p answers, or minus the signal that it brought */
static int try_run(const void *p)
{
	int sig = sigsetjmp(mm_env, 1);

	if (sig)
		return -sig;
	return ((int (*)(void))(uintptr_t)p)();
}

static void expect_runs(const void *p)
{
	expect_eq(try_run(p), ANSWER);
}

/* Data: a fault where there is NX, with all it should tell. */
static void expect_data(const void *p)
{
	if (!nx) {
		expect_runs(p);
		return;
	}
	expect_fault(try_run(p), -SIGSEGV, SEGV_ACCERR, p);
	expect_eq(error_code & (ERR_INSTRUCTION | 7), ERR_INSTRUCTION | 5);
}

static void *map_code(int prot)
{
	char *p = map_anon(PAGE, PROT_READ | PROT_WRITE);

	memcpy(p, code, sizeof(code));
	must(mprotect(p, PAGE, prot) == 0);
	return p;
}

/* Rights come and go; what the TLB remembers of before does not count. */
static void by_mprotect(void)
{
	char *p = map_code(PROT_READ | PROT_WRITE);

	for (int i = 0; i < 3; i++) {
		expect_data(p);
		expect(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0);
		expect_runs(p);
		expect_fault(try_write(p, 0), SIGSEGV, SEGV_ACCERR, p);
		expect(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
		expect_runs(p);
		expect_eq(try_write(p + sizeof(code), 0), 0);
		expect(mprotect(p, PAGE, PROT_READ) == 0);
		expect_data(p);
		expect(mprotect(p, PAGE, PROT_EXEC) == 0);
		expect_runs(p);
		expect_eq(try_read(p), 0);	/* no i386 can execute without reading */
		expect(mprotect(p, PAGE, PROT_NONE) == 0);
		expect_fault(try_run(p), -SIGSEGV, SEGV_ACCERR, p);
		expect(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0);
	}
	munmap(p, PAGE);
}

/* A page that is not there yet: zeros (add %al, (%eax)) are never reached. */
static void untouched(void)
{
	char *p = map_anon(PAGE, PROT_READ | PROT_WRITE);

	if (nx)
		expect_data(p);
	munmap(p, PAGE);
}

static void stack_and_heap(void)
{
	unsigned char local[sizeof(code)];
	static unsigned char in_data[sizeof(code)];
	char *heap = sbrk(PAGE);

	memcpy(local, code, sizeof(code));
	memcpy(in_data, code, sizeof(code));
	expect_data(local);
	expect_data(in_data);
	must(heap != (void *)-1);
	memcpy(heap, code, sizeof(code));
	expect_data(heap);
	sbrk(-(long)PAGE);
}

/* The page cache's own pages, private and shared, read-only and written. */
static void files(void)
{
	int fd = temp_file(1);
	char *data, *text, *shared;

	must(pwrite(fd, code, sizeof(code), 0) == sizeof(code));
	data = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	text = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(data != MAP_FAILED && text != MAP_FAILED && shared != MAP_FAILED);
	expect_data(data);
	expect_runs(text);
	expect_data(shared);
	expect(mprotect(data, PAGE, PROT_READ | PROT_WRITE) == 0);
	expect_eq(try_write(data + sizeof(code), 1), 0);
	expect_data(data);			/* a private copy */
	munmap(data, PAGE);
	munmap(text, PAGE);
	munmap(shared, PAGE);
	close(fd);
}

/* Both sides of a fork keep what they had, also in the copy that a write makes. */
static char *forked_code, *forked_data;

static void use_forked(void)
{
	expect_runs(forked_code);
	expect_data(forked_data);
	expect_eq(try_write(forked_data + sizeof(code), 1), 0);
	expect_data(forked_data);
	expect_eq(try_write(forked_code + sizeof(code), 1), 0);
	expect_runs(forked_code);
}

static void after_fork(void)
{
	forked_code = map_code(PROT_READ | PROT_WRITE | PROT_EXEC);
	forked_data = map_code(PROT_READ | PROT_WRITE);
	expect_eq(in_child(use_forked), 0);
	use_forked();
	munmap(forked_code, PAGE);
	munmap(forked_data, PAGE);
}

/* What a program from before PT_GNU_STACK counts on. */
static void read_implies_exec(void)
{
	char *p;

	must(personality(READ_IMPLIES_EXEC) != -1);
	p = map_code(PROT_READ | PROT_WRITE);
	expect_runs(p);
	expect(mprotect(p, PAGE, PROT_READ) == 0);
	expect_runs(p);
}

/* Another thread's processor forgets too: once mprotect is back, nobody executes the page. */
static char *volatile shared_code;
static volatile int stop, ran, tries;

static void *run_it(void *unused)
{
	while (!stop) {
		if (try_run(shared_code) == ANSWER)
			ran++;
		tries++;
		sched_yield();
	}
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	int before, tried;

	shared_code = map_code(PROT_READ | PROT_EXEC);
	must(pthread_create(&thread, NULL, run_it, NULL) == 0);
	for (int i = 0; i < 20; i++) {
		for (before = ran; ran == before; )
			sched_yield();
		expect(mprotect(shared_code, PAGE, PROT_READ) == 0);
		before = ran;
		for (tried = tries; tries < tried + 3; )
			sched_yield();
		if (nx)
			expect(ran <= before + 1);	/* one may have been on its way to the count */
		expect(mprotect(shared_code, PAGE, PROT_READ | PROT_EXEC) == 0);
	}
	stop = 1;
	must(pthread_join(thread, NULL) == 0);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = note_error, .sa_flags = SA_SIGINFO };

	mm_catch();
	must(sigaction(SIGSEGV, &sa, NULL) == 0);
	nx = cpu_has_nx();
	by_mprotect();
	untouched();
	stack_and_heap();
	files();
	after_fork();
	threads();
	expect_eq(in_child(read_implies_exec), 0);
	return test_result();
}
