/* arch_traps - each exception of ring 3 becomes Linux's signal, with its code; the kernel stays. */
#define _GNU_SOURCE
#include "test.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf env;
static siginfo_t info;
static volatile int steps, stepping;

static void handler(int sig, siginfo_t *si, void *context)
{
	info = *si;
	siglongjmp(env, sig);
}

static void catch(int sig)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	must(sigaction(sig, &sa, NULL) == 0);
}

/* Run code, expect a signal. */
#define raises(code, sig) do {							\
	int __sig = sigsetjmp(env, 1);						\
	if (__sig == 0) {							\
		code;								\
		test_fail("%s: no signal", #code);				\
	} else {								\
		expect_eq(__sig, sig);						\
	}									\
} while (0)

static void divide(void)
{
	volatile int one = 1, zero = 0;

	one = one / zero;
}

static void plain_exceptions(void)
{
	int limits[2] = { 0, 1 };

	raises(divide(), SIGFPE);
	expect_eq(info.si_code, FPE_INTDIV);
	expect(info.si_addr != NULL);
	raises(asm volatile("ud2"), SIGILL);
	expect_eq(info.si_code, ILL_ILLOPN);
	raises(asm volatile("int3"), SIGTRAP);
	raises(asm volatile("movb $127, %%al; addb $1, %%al; into" : : : "eax", "cc"), SIGSEGV);
	raises(asm volatile("bound %0, %1" : : "r"(5), "m"(limits)), SIGSEGV);
}

/* What ring 3 may not do. */
static void privileged(void)
{
	raises(asm volatile("cli"), SIGSEGV);
	raises(asm volatile("hlt"), SIGSEGV);
	raises(asm volatile("inb $0x60, %%al" : : : "eax"), SIGSEGV);
	raises(asm volatile("movl %%eax, %%cr3" : : "a"(0)), SIGSEGV);
	raises(asm volatile("movl %%cr0, %%eax" : : : "eax"), SIGSEGV);
	raises(asm volatile("lgdt 0"), SIGSEGV);
	raises(asm volatile("ltr %%ax" : : "a"(0x48)), SIGSEGV);
	raises(asm volatile("int $0x20"), SIGSEGV);
	raises(asm volatile("int $0x0e"), SIGSEGV);
	raises(asm volatile("int $0x08"), SIGSEGV);
	raises(asm volatile("int $0xff"), SIGSEGV);
	raises(asm volatile("movl %0, %%ds" : : "r"(0x10)), SIGSEGV);
	raises(asm volatile("movl %0, %%es" : : "r"(0xfff8)), SIGSEGV);
	raises(asm volatile("movl %0, %%gs" : : "r"(0x18)), SIGSEGV);
	raises(asm volatile("ljmp $0x10, $0"), SIGSEGV);
	raises(((void (*)(void))0xc0100000)(), SIGSEGV);
	raises(*(volatile int *)0xc0100000 = 1, SIGSEGV);
	raises(*(volatile int *)0 = 1, SIGSEGV);
	expect_eq(info.si_code, SEGV_MAPERR);
	expect(info.si_addr == NULL);
}

static void step(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	steps++;
	if (!stepping)
		uc->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}

/* TF steps through ring 3, also over a system call, and stops when it is taken away. */
static void single_step(void)
{
	struct sigaction sa = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGTRAP, &sa, NULL) == 0);
	stepping = 1;
	asm volatile("pushfl; orl $0x100, (%%esp); popfl; nop; nop; nop" : : : "memory", "cc");
	asm volatile("int $0x80" : : "a"(SYS_getpid) : "memory");
	stepping = 0;
	asm volatile("nop; nop; nop");
	expect(steps >= 5);
	catch(SIGTRAP);
}

/* The direction flag, segments and unused call numbers do not confuse the kernel. */
static void odd_entries(void)
{
	long ret;

	asm volatile("std; int $0x80; cld" : "=a"(ret) : "0"(SYS_getpid) : "memory", "cc");
	expect_eq(ret, getpid());
	asm volatile("pushl %%ds; pushl %%es; xorl %%edx, %%edx; movl %%edx, %%ds; movl %%edx, %%es\n\t"
		     "int $0x80; popl %%es; popl %%ds"
		     : "=a"(ret) : "0"(SYS_getpid) : "edx", "memory");
	expect_eq(ret, getpid());
	errno = 0;
	expect_errno(syscall(100000), ENOSYS);
	expect_errno(syscall(-1), ENOSYS);
	expect_errno(syscall(0x7fffffff), ENOSYS);
}

static void spoil(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	int what = *(int *)si->si_value.sival_ptr;

	if (what == 0)
		uc->uc_mcontext.gregs[REG_CS] = 0x10;
	else if (what == 1)
		uc->uc_mcontext.gregs[REG_SS] = 0x18;
	else if (what == 2)
		uc->uc_mcontext.gregs[REG_DS] = 0xfff8;
	else if (what == 3)
		uc->uc_mcontext.gregs[REG_EIP] = 0xc0100000;
	else if (what == 4)
		uc->uc_mcontext.gregs[REG_EFL] = 0xffffffff & ~0x100;
	else if (what == 5)
		uc->uc_mcontext.gregs[REG_CS] = 0;
}

/* Signal frames with bad selectors and flags: this process may die, nothing else. */
static void bad_sigreturn(void)
{
	for (int what = 0; what < 6; what++) {
		pid_t pid = fork();
		int status;

		must(pid >= 0);
		if (pid == 0) {
			struct sigaction sa = { .sa_sigaction = spoil, .sa_flags = SA_SIGINFO };
			union sigval value = { .sival_ptr = &what };

			for (int sig = 1; sig < 32; sig++)
				signal(sig, SIG_DFL);
			sigaction(SIGUSR1, &sa, NULL);
			sigqueue(getpid(), SIGUSR1, value);
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid);
		expect(WIFEXITED(status) ||
		       (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV ||
						WTERMSIG(status) == SIGILL ||
						WTERMSIG(status) == SIGBUS)));
		if (what == 3)
			expect(WIFSIGNALED(status));
	}
}

int main(void)
{
	catch(SIGFPE);
	catch(SIGILL);
	catch(SIGTRAP);
	catch(SIGSEGV);
	catch(SIGBUS);
	plain_exceptions();
	privileged();
	single_step();
	odd_entries();
	bad_sigreturn();
	return test_result();
}
