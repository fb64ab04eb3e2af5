/*
 * attack_flags - bits of eflags that a program sets before it enters the kernel.
 *
 * TF must not single-step the kernel, NT must not make its iret a task switch, DF must not turn
 * its copies around, IOPL and IF are not ring 3's to change, and VM is out of reach.
 */
#define _GNU_SOURCE
#include "test.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define TF 0x100
#define IF 0x200
#define DF 0x400
#define IOPL 0x3000
#define NT 0x4000
#define VM 0x20000
#define AC 0x40000

static sigjmp_buf env;
static volatile int traps;

static void jump(int sig)
{
	siglongjmp(env, sig);
}

static void count(int sig, siginfo_t *si, void *context)
{
	traps++;
}

static unsigned long flags(void)
{
	unsigned long value;

	asm volatile("pushfl; popl %0" : "=r"(value));
	return value;
}

/* getpid with @set in eflags, and eflags put right afterwards, by one instruction sequence. */
static long getpid_with(unsigned long set)
{
	unsigned long old = flags();
	long ret;

	asm volatile("pushl %2; popfl; int $0x80; pushl %3; popfl"
		     : "=a"(ret) : "0"(SYS_getpid), "r"(old | set), "r"(old) : "memory", "cc");
	return ret;
}

static void system_calls(void)
{
	expect_eq(getpid_with(NT), getpid());
	expect_eq(getpid_with(DF), getpid());
	expect_eq(getpid_with(AC), getpid());
	expect_eq(getpid_with(NT | DF | AC | IOPL | VM), getpid());
	traps = 0;
	expect_eq(getpid_with(TF), getpid());
	expect(traps >= 2);
	traps = 0;
	expect_eq(getpid_with(TF | NT | DF), getpid());
	expect(traps >= 2);
}

/* Copies in both directions while DF is set. */
static void copies(void)
{
	static struct utsname name;
	long ret;

	asm volatile("std; int $0x80; cld"
		     : "=a"(ret) : "0"(SYS_uname), "b"(&name) : "memory", "cc");
	expect_eq(ret, 0);
	expect(name.sysname[0] && name.release[0] && name.machine[0]);
}

static void out_of_reach(void)
{
	unsigned long before = flags();

	asm volatile("pushl %0; popfl" : : "r"((before | IOPL | VM) & ~(unsigned long)IF) : "cc");
	expect_eq(flags() & (IOPL | VM | IF), before & (IOPL | VM | IF));
	if (!sigsetjmp(env, 1)) {
		asm volatile("sti");
		test_fail("sti was allowed");
	}
}

/* With NT, a program's own iret asks for a task switch: there is no task to return to. */
static void iret_with_nt(void)
{
	if (!sigsetjmp(env, 1)) {
		asm volatile("pushfl; orl %0, (%%esp); popfl\n\t"
			     "pushfl; pushl %%cs; pushl $1f; iret\n1:" : : "i"(NT) : "memory", "cc");
		test_fail("iret with NT went on");
	}
	asm volatile("pushfl; andl %0, (%%esp); popfl" : : "i"(~NT) : "memory", "cc");
}

/* Stepping over what suppresses or postpones the trap: loads of ss, int3, the icebp. */
static void stepping(void)
{
	traps = 0;
	asm volatile("pushfl; orl %0, (%%esp); popfl\n\t"
		     "movl %%ss, %%eax; movl %%eax, %%ss\n\t"
		     "movl %1, %%eax; movl %%ss, %%edx; movl %%edx, %%ss; int $0x80\n\t"
		     "int3\n\t"
		     "pushfl; andl %2, (%%esp); popfl"
		     : : "i"(TF), "i"(SYS_getpid), "i"(~TF) : "eax", "edx", "memory", "cc");
	expect(traps >= 5);
	/* QEMU's processor does not know the icebp. */
	traps = 0;
	if (!sigsetjmp(env, 1)) {
		asm volatile(".byte 0xf1");
		expect_eq(traps, 1);
	}
}

/* A program that steps itself through fork, and a child that is born stepping. */
static void step_through_fork(void)
{
	int status;
	pid_t pid;

	asm volatile("pushfl; orl %0, (%%esp); popfl" : : "i"(TF) : "memory", "cc");
	pid = fork();
	asm volatile("pushfl; andl %0, (%%esp); popfl" : : "i"(~TF) : "memory", "cc");
	must(pid >= 0);
	if (!pid)
		_exit(42);
	must(waitpid(pid, &status, 0) == pid);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = count, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGTRAP, &sa, NULL) == 0);
	must(signal(SIGSEGV, jump) != SIG_ERR);
	must(signal(SIGILL, jump) != SIG_ERR);
	system_calls();
	copies();
	out_of_reach();
	iret_with_nt();
	stepping();
	step_through_fork();
	return test_result();
}
