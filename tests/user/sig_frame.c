/*
 * tests/user/sig_frame.c - the frame on the stack: registers come back as they were, and as
 * the handler changed them; faults tell code and address; a frame that was tampered with
 * kills its owner at most.
 *
 * calls: sigreturn rt_sigreturn
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <tests/user/test.h>

static volatile int hits;
static sigjmp_buf env;
static volatile siginfo_t info;
static volatile unsigned long fault_eip, fault_trap, fault_err, fault_cr2;

static void clobber(int sig)
{
	(void)sig;
	hits++;
	__asm__ volatile("xorl %%ecx, %%ecx; xorl %%edx, %%edx; fninit; fldz; fldz"
			 : : : "ecx", "edx", "st", "st(1)");
	__asm__ volatile("std; cld; xorps %%xmm0, %%xmm0; xorps %%xmm7, %%xmm7" : : : "memory");
}

/* All general registers, flags, FPU and SSE, over a signal that comes at any moment. */
static void registers(void)
{
	struct itimerval it = { { 0, 10000 }, { 0, 10000 } };
	float in[4] __attribute__((aligned(16))) = { 1.5f, -2.25f, 3.125f, 1e20f }, out[4];
	unsigned long bad = 0, saved_ebp __attribute__((unused));
	double pi;

	signal(SIGALRM, clobber);
	hits = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	while (hits < 20) {
		/* Fill, spin some thousand rounds, compare. */
		__asm__ volatile(
			"movups	%2, %%xmm0\n\t"
			"movups	%2, %%xmm7\n\t"
			"fldpi\n\t"
			"pushl	%%ebp\n\t"
			"movl	$0x11111111, %%eax\n\t"
			"movl	$0x22222222, %%ebx\n\t"
			"movl	$0x44444444, %%edx\n\t"
			"movl	$0x55555555, %%esi\n\t"
			"movl	$0x66666666, %%edi\n\t"
			"movl	$0x77777777, %%ebp\n\t"
			"movl	$200000, %%ecx\n"
			"1:	decl	%%ecx\n\t"
			"jnz	1b\n\t"
			"xorl	$0x11111111, %%eax\n\t"
			"xorl	$0x22222222, %%ebx\n\t"
			"xorl	$0x44444444, %%edx\n\t"
			"xorl	$0x55555555, %%esi\n\t"
			"xorl	$0x66666666, %%edi\n\t"
			"xorl	$0x77777777, %%ebp\n\t"
			"orl	%%ebx, %%eax\n\t"
			"orl	%%edx, %%eax\n\t"
			"orl	%%esi, %%eax\n\t"
			"orl	%%edi, %%eax\n\t"
			"orl	%%ebp, %%eax\n\t"
			"popl	%%ebp\n\t"
			"movups	%%xmm7, %1\n\t"
			: "=&a"(bad), "=m"(out) : "m"(in)
			: "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
		__asm__ volatile("fstpl %0" : "=m"(pi));
		expect_eq(bad, 0);
		expect(!memcmp(in, out, sizeof(in)));
		expect(pi > 3.14159265 && pi < 3.14159266);
		if (test_failures)
			break;
	}
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
}

static void fault_handler(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	(void)sig;
	*(siginfo_t *)&info = *si;
	fault_eip = (unsigned long)uc->uc_mcontext.gregs[REG_EIP];
	fault_trap = (unsigned long)uc->uc_mcontext.gregs[REG_TRAPNO];
	fault_err = (unsigned long)uc->uc_mcontext.gregs[REG_ERR];
	fault_cr2 = uc->uc_mcontext.cr2;
	siglongjmp(env, 1);
}

static void catch_faults(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = fault_handler, .sa_flags = SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	for (unsigned int i = 0; i < sizeof(sigs) / sizeof(int); i++)
		sigaction(sigs[i], &sa, NULL);
}

#define FAULT(stmt, signo, code) do {						\
	info.si_signo = 0;							\
	if (!sigsetjmp(env, 1)) {						\
		stmt;								\
		test_fail("%s: no fault", #stmt);				\
	}									\
	expect_eq(info.si_signo, signo);					\
	expect_eq(info.si_code, code);						\
} while (0)

static void faults(void)
{
	char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *volatile low = (volatile char *)8;
	int fd;
	char *map;

	must(ro != MAP_FAILED);
	FAULT(*low = 1, SIGSEGV, SEGV_MAPERR);
	expect_eq((unsigned long)info.si_addr, 8);
	expect_eq(fault_trap, 14);
	expect_eq(fault_err, 6);
	expect_eq(fault_cr2, 8);
	FAULT((void)*low, SIGSEGV, SEGV_MAPERR);
	expect_eq(fault_err, 4);
	FAULT(*(volatile char *)ro = 1, SIGSEGV, SEGV_ACCERR);
	expect_eq((unsigned long)info.si_addr, (unsigned long)ro);
	/* Jumping into nothing. */
	FAULT(((void (*)(void))16)(), SIGSEGV, SEGV_MAPERR);
	expect_eq(fault_eip, 16);
	FAULT(__asm__ volatile("hlt"), SIGSEGV, SI_KERNEL);
	FAULT(__asm__ volatile("cli"), SIGSEGV, SI_KERNEL);
	FAULT(__asm__ volatile("movl %%eax, %%cr3" : : "a"(0)), SIGSEGV, SI_KERNEL);
	FAULT(__asm__ volatile("outb %%al, $0x80" : : "a"(0)), SIGSEGV, SI_KERNEL);
	FAULT(__asm__ volatile("movw %%ax, %%ds" : : "a"(0x1237)), SIGSEGV, SI_KERNEL);
	FAULT(__asm__ volatile("int $0x21"), SIGSEGV, SI_KERNEL);
	FAULT(__asm__ volatile("ud2"), SIGILL, ILL_ILLOPN);
	FAULT(__asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0)), SIGFPE, FPE_INTDIV);
	FAULT(__asm__ volatile("int3"), SIGTRAP, SI_KERNEL);
	FAULT(__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; nop" : : : "memory", "cc"),
	      SIGTRAP, TRAP_TRACE);
	__asm__ volatile("pushfl; andl $~0x100, (%%esp); popfl" : : : "memory", "cc");
	/* The page behind a file's end. */
	fd = open("/tmp/sig-frame-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && ftruncate(fd, 100) == 0);
	map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	FAULT((void)*(volatile char *)(map + 4096), SIGBUS, BUS_ADRERR);
	expect_eq((unsigned long)info.si_addr, (unsigned long)map + 4096);
	munmap(map, 8192);
	close(fd);
	unlink("/tmp/sig-frame-file");
	munmap(ro, 4096);
}

/* A handler that changes the context changes where the program goes on. */
static void skip_handler(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	(void)sig;
	(void)si;
	hits++;
	uc->uc_mcontext.gregs[REG_EIP] += 2;	/* ud2 */
	uc->uc_mcontext.gregs[REG_EAX] = 0x1234;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void changed_context(void)
{
	struct sigaction sa = { .sa_sigaction = skip_handler, .sa_flags = SA_SIGINFO };
	unsigned long eax = 0;
	sigset_t now;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGILL, &sa, NULL);
	hits = 0;
	__asm__ volatile("ud2" : "+a"(eax));
	expect_eq(hits, 1);
	expect_eq(eax, 0x1234);
	sigprocmask(SIG_BLOCK, NULL, &now);
	expect(sigismember(&now, SIGUSR2) == 1);
	sigemptyset(&now);
	sigprocmask(SIG_SETMASK, &now, NULL);
}

/* What only the kernel may change in eflags does not change: I/O privilege, interrupts. */
static void wild_flags(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	(void)sig;
	(void)si;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x1 | 0x400;	/* IOPL 3; carry, direction */
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x200;		/* IF off */
}

static void changed_flags(void)
{
	struct sigaction sa = { .sa_sigaction = wild_flags, .sa_flags = SA_SIGINFO };
	unsigned long flags, eax = 20;				/* getpid */

	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	__asm__ volatile("int $0x80; pushfl; popl %0; cld"
			 : "=&r"(flags) : "a"(37), "b"(getpid()), "c"(SIGUSR1) : "memory", "cc");
	expect_eq(flags & 0x401, 0x401);
	expect_eq(flags & 0x3000, 0);
	expect_eq(flags & 0x200, 0x200);
	/* The kernel's own string operations are not impressed by DF. */
	__asm__ volatile("std; int $0x80; cld" : "+a"(eax) : : "memory", "cc");
	expect_eq(eax, getpid());
}

/* Stack alignment at the handler's first instruction: (esp + 4) % 16 == 0. */
__asm__(".text\nprobe_handler: movl %esp, entry_esp_word\n ret\n"
	".data\n.globl entry_esp_word\nentry_esp_word: .long 0\n.text\n");
extern void probe_handler(int);
extern volatile unsigned long entry_esp_word;

static void alignment(void)
{
	struct sigaction sa = { .sa_handler = probe_handler };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	for (int pad = 4; pad < 64; pad += 4) {
		volatile char *space = __builtin_alloca((unsigned long)pad);

		space[0] = 1;
		raise(SIGUSR1);
		expect_eq((entry_esp_word + 4) % 16, 0);
	}
	/* The same without siginfo's restorer: the kernel's own code brings us back. */
	{
		struct { void *h; unsigned long flags; void *r; unsigned long mask[2]; } k;

		k.h = probe_handler;
		k.flags = 0;
		k.r = NULL;
		k.mask[0] = k.mask[1] = 0;
		must(syscall(SYS_rt_sigaction, SIGUSR1, &k, NULL, 8) == 0);
		raise(SIGUSR1);
		k.flags = SA_SIGINFO;
		must(syscall(SYS_rt_sigaction, SIGUSR1, &k, NULL, 8) == 0);
		raise(SIGUSR1);
	}
}

/* => the signal that ended the child, or 0 */
static int dies_of(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };

		for (unsigned int i = 0; i < sizeof(sigs) / sizeof(int); i++)
			signal(sigs[i], SIG_DFL);
		alarm(10);
		fn();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void bad_cs(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_CS] = 0x10;	/* the kernel's, RPL forced to 3 */
}

static void bad_ss(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_SS] = 0x18;
}

static void kernel_eip(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_EIP] = (int)0xffffe800;
}

static void bad_fpstate(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.fpregs = (void *)0x10;
}

static void raise_with(void (*fn)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
}

static void do_bad_cs(void) { raise_with(bad_cs); }
static void do_bad_ss(void) { raise_with(bad_ss); }
static void do_kernel_eip(void) { raise_with(kernel_eip); }
static void do_bad_fpstate(void) { raise_with(bad_fpstate); }
static void do_wild_sigreturn(void)
{
	__asm__ volatile("movl $16, %%esp; movl $119, %%eax; int $0x80" : : : "memory");
}
static void do_wild_rt_sigreturn(void)
{
	__asm__ volatile("movl $0xfffffff0, %%esp; movl $173, %%eax; int $0x80" : : : "memory");
}

/* No stack for the frame: SIGSEGV, and as its handler has no stack either, the end. */
static void do_no_stack(void)
{
	catch_faults();
	signal(SIGUSR1, clobber);
	__asm__ volatile("movl %0, %%ebx; movl $16, %%esp; movl $37, %%eax; movl $10, %%ecx;"
			 "int $0x80; hlt" : : "r"(getpid()) : "memory", "ebx", "eax", "ecx");
}

static void hostile(void)
{
	/* iret faults: SIGILL says i386, SIGSEGV a 64-bit kernel to a 32-bit program. */
	int sig = dies_of(do_bad_cs);

	expect(sig == SIGILL || sig == SIGSEGV);
	sig = dies_of(do_bad_ss);
	expect(sig == SIGILL || sig == SIGSEGV);
	expect_eq(dies_of(do_kernel_eip), SIGSEGV);
	expect_eq(dies_of(do_bad_fpstate), SIGSEGV);
	expect_eq(dies_of(do_wild_sigreturn), SIGSEGV);
	expect_eq(dies_of(do_wild_rt_sigreturn), SIGSEGV);
	expect_eq(dies_of(do_no_stack), SIGSEGV);
}

/* Endless recursion ends on the alternate stack. */
static int recurse(int depth);
static int (*volatile again)(int) = recurse;
static int recurse(int depth)
{
	volatile char space[512];

	space[0] = (char)depth;
	return again(depth + 1) + space[0];
}

static void stack_overflow(void)
{
	static char alt[32768];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction sa = { .sa_sigaction = fault_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct rlimit lim = { 1 << 20, RLIM_INFINITY };

	getrlimit(RLIMIT_STACK, &lim);
	lim.rlim_cur = 1 << 20;
	setrlimit(RLIMIT_STACK, &lim);
	sigaltstack(&ss, NULL);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGSEGV, &sa, NULL);
	FAULT(recurse(1), SIGSEGV, info.si_code);
}

int main(void)
{
	registers();
	catch_faults();
	faults();
	changed_context();
	changed_flags();
	alignment();
	hostile();
	stack_overflow();
	return test_result();
}
