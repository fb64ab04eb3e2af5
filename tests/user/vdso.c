/*
 * tests/user/vdso.c - the vDSO: a shared object in memory with symbols of the right versions, a
 * door into the kernel that keeps all registers, clocks that agree with the system calls, and the
 * code that signal handlers return to.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <time.h>

#include <tests/user/test.h>
#include <tests/user/vdso.h>

#define EFLAGS_TF 0x100

static char *image;
unsigned long door;		/* for the assembly */

/* ---- the object ------------------------------------------------------------------------------ */

static void symbols(void)
{
	static const char *const new[] = {
		"__vdso_clock_gettime", "__vdso_clock_gettime64", "__vdso_clock_getres",
		"__vdso_gettimeofday", "__vdso_time",
	};
	static const char *const old[] = {
		"__kernel_vsyscall", "__kernel_sigreturn", "__kernel_rt_sigreturn",
	};

	for (unsigned int i = 0; i < sizeof(new) / sizeof(*new); i++)
		if (!vdso_sym(image, new[i], "LINUX_2.6"))
			test_fail("no %s of LINUX_2.6", new[i]);
	for (unsigned int i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (!vdso_sym(image, old[i], "LINUX_2.5"))
			test_fail("no %s of LINUX_2.5", old[i]);
	expect(!vdso_sym(image, "__kernel_vsyscall", "LINUX_2.6"));
	expect(vdso_sym(image, "__kernel_vsyscall", "LINUX_2.5") == (void *)door);
}

/* In /proc/self/maps: where the auxiliary vector says, and nobody may write there. */
static void in_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, vdso = 0, vvar = 0;
	char line[256], rights[8];

	must(f);
	while (fgets(line, sizeof(line), f)) {
		must(sscanf(line, "%lx-%*x %4s", &start, rights) == 2);
		if (strstr(line, "[vdso]\n")) {
			vdso = start;
			expect(!strcmp(rights, "r-xp"));
		}
		if (strstr(line, "[vvar]\n")) {
			vvar = start;
			expect(!strcmp(rights, "r--p"));
		}
	}
	fclose(f);
	expect_eq(vdso, (unsigned long)image);
	expect(vvar && vvar < vdso);
	/* The page of data cannot be had with more rights, nor forgotten. */
	expect_errno(mprotect((void *)vvar, 4096, PROT_READ | PROT_WRITE), EACCES);
	expect_errno(madvise((void *)vvar, 4096, MADV_DONTNEED), EINVAL);
	expect_eq(mprotect((void *)vvar, 4096, PROT_READ), 0);
}

/* ---- the door -------------------------------------------------------------------------------- */

struct regs { long eax, ebx, ecx, edx, esi, edi, ebp; };

/* One call through the door; *r is what the registers were after it. */
static long call_door(struct regs *r)
{
	asm volatile("pushl %%ebp\n\t"
		     "pushl %%ebx\n\t"
		     "pushl %%eax\n\t"			/* r */
		     "movl 4(%%eax), %%ebx\n\t"
		     "movl 8(%%eax), %%ecx\n\t"
		     "movl 12(%%eax), %%edx\n\t"
		     "movl 16(%%eax), %%esi\n\t"
		     "movl 20(%%eax), %%edi\n\t"
		     "movl 24(%%eax), %%ebp\n\t"
		     "movl (%%eax), %%eax\n\t"
		     "call *door\n\t"
		     "pushl %%eax\n\t"
		     "movl 4(%%esp), %%eax\n\t"
		     "movl %%ebx, 4(%%eax)\n\t"
		     "movl %%ecx, 8(%%eax)\n\t"
		     "movl %%edx, 12(%%eax)\n\t"
		     "movl %%esi, 16(%%eax)\n\t"
		     "movl %%edi, 20(%%eax)\n\t"
		     "movl %%ebp, 24(%%eax)\n\t"
		     "popl (%%eax)\n\t"
		     "popl %%eax\n\t"
		     "popl %%ebx\n\t"
		     "popl %%ebp"
		     : "+a"(r) : : "ecx", "edx", "esi", "edi", "memory");
	return r->eax;
}

static void registers(void)
{
	struct regs r = { SYS_getpid, 1, 2, 3, 4, 5, 6 };

	expect_eq(call_door(&r), getpid());
	expect_eq(r.ebx, 1);
	expect_eq(r.ecx, 2);
	expect_eq(r.edx, 3);
	expect_eq(r.esi, 4);
	expect_eq(r.edi, 5);
	expect_eq(r.ebp, 6);
	r.eax = 0x7fffffff;
	expect_eq(call_door(&r), -ENOSYS);
	r.eax = -1;
	expect_eq(call_door(&r), -ENOSYS);
}

/* The sixth argument of mmap2 is the page's number in the file. */
static void six_arguments(void)
{
	FILE *f = tmpfile();
	struct regs r = { SYS_mmap2, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 3 };

	must(f && !fseek(f, 3 * 4096, SEEK_SET) && fputs("three", f) >= 0 && !fflush(f));
	r.edi = fileno(f);
	must((unsigned long)call_door(&r) < -4095ul);
	expect(!strcmp((char *)r.eax, "three"));
	munmap((char *)r.eax, 4096);
	fclose(f);
}

static volatile int alarms;

static void on_alarm(int sig)
{
	alarms++;
}

/* A call that a signal interrupts, with and without SA_RESTART: all arguments again. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value = { 0, 20000 } };
	int fds[2], status;
	char byte = 0;
	struct regs r = { SYS_read, 0, (long)&byte, 1, 7, 8, 9 };

	must(pipe(fds) == 0);
	r.ebx = fds[0];
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	expect_eq(call_door(&r), -EINTR);
	expect_eq(alarms, 1);
	expect_eq(r.ebp, 9);

	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	pid_t pid = fork();
	must(pid >= 0);
	if (!pid) {
		/* Long after the signal. */
		usleep(200000);
		_exit(write(fds[1], "x", 1) != 1);
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	r.eax = SYS_read;
	expect_eq(call_door(&r), 1);
	expect_eq(byte, 'x');
	expect_eq(alarms, 2);
	expect_eq(r.ecx, (long)&byte);
	expect_eq(r.edx, 1);
	expect_eq(r.esi, 7);
	expect_eq(r.edi, 8);
	expect_eq(r.ebp, 9);
	must(waitpid(pid, &status, 0) == pid && !status);
	close(fds[0]);
	close(fds[1]);
}

/* A new process comes back through the same door, on a copy of the stack. */
static void forks(void)
{
	for (int i = 0; i < 10; i++) {
		struct regs r = { SYS_fork, 1, 2, 3, 4, 5, 6 };
		int status;

		if (!call_door(&r))
			_exit(r.ebx + r.ecx + r.edx + r.esi + r.edi + r.ebp);
		must(r.eax > 0 && waitpid((pid_t)r.eax, &status, 0) == (pid_t)r.eax);
		expect_eq(WEXITSTATUS(status), 21);
	}
}

/* ---- SYSENTER where it does not belong ------------------------------------------------------- */

static void die_alone(const char *what, void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		struct itimerval soon = { .it_value = { 2, 0 } };

		signal(SIGALRM, SIG_DFL);
		setitimer(ITIMER_REAL, &soon, NULL);
		fn();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status))
		test_fail("%s: status %x", what, status);
}

/* Wherever the stack pointer points: no byte of the kernel's is read. */
#define SYSENTER_WITH_EBP(name, value)						\
static void name(void)								\
{										\
	asm volatile("movl %0, %%ebp; sysenter" : : "i"(value), "a"(SYS_getpid));	\
}
SYSENTER_WITH_EBP(stack_null, 0)
SYSENTER_WITH_EBP(stack_kernel, 0xfffffff0u)
SYSENTER_WITH_EBP(stack_edge, 0xbffffffdu)
SYSENTER_WITH_EBP(stack_wraps, 0xffffffffu)

static volatile int steps;

static void on_trap(int sig, siginfo_t *info, void *context)
{
	steps++;
}

/* A program that steps itself goes through the door like any other. */
static void single_step(void)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	struct regs r = { SYS_getppid, 1, 2, 3, 4, 5, 6 };
	unsigned long flags;

	sigaction(SIGTRAP, &sa, NULL);
	asm volatile("pushfl; orl %0, (%%esp); popfl" : : "i"(EFLAGS_TF) : "cc", "memory");
	call_door(&r);
	asm volatile("pushfl; popl %0" : "=r"(flags));
	asm volatile("pushfl; andl %0, (%%esp); popfl" : : "i"(~EFLAGS_TF) : "cc", "memory");
	expect(flags & EFLAGS_TF);
	expect_eq(r.eax, getppid());
	expect_eq(r.ebp, 6);
	expect(steps > 20 && steps < 200);
	signal(SIGTRAP, SIG_DFL);
}

/* Flags that would harm the kernel (NT, AC) or the caller (DF) stay the program's own. */
static void odd_flags(void)
{
	static const unsigned long odd[] = { 0x4000, 0x40000, 0x400, 0x44400 };

	for (unsigned int i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		unsigned long flags;
		long ret;

		asm volatile("pushfl\n\t"
			     "pushfl\n\t"
			     "orl %3, (%%esp)\n\t"
			     "popfl\n\t"
			     "call *door\n\t"
			     "pushfl\n\t"
			     "popl %1\n\t"
			     "popfl"
			     : "=a"(ret), "=&c"(flags) : "0"(SYS_getpid), "r"(odd[i])
			     : "cc", "memory");
		expect_eq(ret, getpid());
		expect_eq(flags & odd[i] & 0x40400, odd[i] & 0x40400);
	}
}

/* ---- clocks ---------------------------------------------------------------------------------- */

struct ts64 { long long tv_sec, tv_nsec; };

static long long ns_of(long long sec, long long nsec)
{
	return sec * 1000000000 + nsec;
}

/* The vDSO's answer lies between two of the kernel's. */
static void clocks(void)
{
	int (*gettime)(int, struct timespec *) = vdso_sym(image, "__vdso_clock_gettime", "LINUX_2.6");
	int (*gettime64)(int, struct ts64 *) = vdso_sym(image, "__vdso_clock_gettime64", "LINUX_2.6");
	int (*getres)(int, struct timespec *) = vdso_sym(image, "__vdso_clock_getres", "LINUX_2.6");
	static const int ids[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
				   CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };
	struct ts64 a, b, c;
	struct timespec t, u;

	must(gettime && gettime64 && getres);
	for (unsigned int i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		for (int round = 0; round < 200; round++) {
			expect_eq(syscall(SYS_clock_gettime64, ids[i], &a), 0);
			expect_eq(gettime64(ids[i], &b), 0);
			expect_eq(gettime(ids[i], &t), 0);
			expect_eq(syscall(SYS_clock_gettime64, ids[i], &c), 0);
			expect(ns_of(a.tv_sec, a.tv_nsec) <= ns_of(b.tv_sec, b.tv_nsec));
			expect(ns_of(b.tv_sec, b.tv_nsec) <= ns_of(t.tv_sec, t.tv_nsec));
			expect(ns_of(t.tv_sec, t.tv_nsec) <= ns_of(c.tv_sec, c.tv_nsec));
			expect(b.tv_nsec >= 0 && b.tv_nsec < 1000000000);
		}
		expect_eq(getres(ids[i], &t), 0);
		expect_eq(syscall(SYS_clock_getres, ids[i], &u), 0);
		expect_eq(ns_of(t.tv_sec, t.tv_nsec), ns_of(u.tv_sec, u.tv_nsec));
	}
	expect_eq(gettime(CLOCK_REALTIME_COARSE, &t), 0);
	expect_eq(syscall(SYS_clock_gettime64, CLOCK_REALTIME, &a), 0);
	expect(ns_of(t.tv_sec, t.tv_nsec) <= ns_of(a.tv_sec, a.tv_nsec));
	expect_eq(getres(CLOCK_MONOTONIC, NULL), 0);
	expect_eq(gettime(12345, &t), -EINVAL);
	expect_eq(gettime64(-1000000, &b), -EINVAL);
	expect_eq(getres(99, &t), -EINVAL);
}

static void seconds(void)
{
	int (*gettod)(struct timeval *, void *) = vdso_sym(image, "__vdso_gettimeofday", "LINUX_2.6");
	time_t (*gettime)(time_t *) = vdso_sym(image, "__vdso_time", "LINUX_2.6");
	struct timeval tv;
	struct ts64 a, b;
	time_t t;

	must(gettod && gettime);
	expect_eq(syscall(SYS_clock_gettime64, CLOCK_REALTIME, &a), 0);
	expect_eq(gettod(&tv, NULL), 0);
	expect_eq(syscall(SYS_clock_gettime64, CLOCK_REALTIME, &b), 0);
	expect(ns_of(tv.tv_sec, tv.tv_usec * 1000) >= ns_of(a.tv_sec, a.tv_nsec) - 1000);
	expect(ns_of(tv.tv_sec, tv.tv_usec * 1000) <= ns_of(b.tv_sec, b.tv_nsec));
	expect_eq(gettime(&t), t);
	expect(t >= a.tv_sec - 1 && t <= b.tv_sec + 1);
	expect(gettime(NULL) >= t);
}

/* ---- the way back from handlers -------------------------------------------------------------- */

struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask[2];
};

static void *volatile returns_to;

static void __attribute__((noinline)) where_to(int sig)
{
	returns_to = __builtin_return_address(0);
}

/* Without SA_RESTORER handlers return into the vDSO. */
static void handlers(void)
{
	struct kernel_sigaction sa = { .handler = where_to };
	long err;

	asm volatile("int $0x80" : "=a"(err)
		     : "0"(SYS_rt_sigaction), "b"(SIGUSR1), "c"(&sa), "d"(0), "S"(8) : "memory");
	must(err == 0);
	raise(SIGUSR1);
	expect(returns_to == vdso_sym(image, "__kernel_sigreturn", "LINUX_2.5"));
	sa.flags = SA_SIGINFO;
	asm volatile("int $0x80" : "=a"(err)
		     : "0"(SYS_rt_sigaction), "b"(SIGUSR1), "c"(&sa), "d"(0), "S"(8) : "memory");
	must(err == 0);
	raise(SIGUSR1);
	expect(returns_to == vdso_sym(image, "__kernel_rt_sigreturn", "LINUX_2.5"));
}

int main(void)
{
	image = (char *)getauxval(AT_SYSINFO_EHDR);
	door = getauxval(AT_SYSINFO);
	if (!image)
		skip("no vDSO (vdso=0)");
	must(!memcmp(image, ELFMAG, SELFMAG) && door);
	symbols();
	in_maps();
	registers();
	six_arguments();
	interrupted();
	forks();
	die_alone("esp 0", stack_null);
	die_alone("esp in the kernel", stack_kernel);
	die_alone("esp at the edge", stack_edge);
	die_alone("esp at the top", stack_wraps);
	single_step();
	odd_flags();
	clocks();
	seconds();
	handlers();
	return test_result();
}
