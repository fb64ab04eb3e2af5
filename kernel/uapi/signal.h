/*
 * kernel/uapi/signal.h - signals as a program sees them: numbers, flags, structures.
 *
 * Linux/i386's ABI.  Two generations live side by side: the old calls (signal,
 * sigaction, sigprocmask: 32 signals in one word) and the rt_ ones (64 signals
 * in two words), which today's C library uses.
 *
 * The frames that delivery leaves on the user stack: kernel/proc/sigframe.h.
 */
#ifndef OCTAVO_KERNEL_UAPI_SIGNAL_H
#define OCTAVO_KERNEL_UAPI_SIGNAL_H

#include <lib/compiler.h>
#include <lib/types.h>

#define _NSIG		64
#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGIOT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPWR		30
#define SIGSYS		31
#define SIGRTMIN	32

#define SA_NOCLDSTOP	0x00000001UL
#define SA_NOCLDWAIT	0x00000002UL
#define SA_SIGINFO	0x00000004UL
#define SA_EXPOSE_TAGBITS 0x00000800UL
#define SA_RESTORER	0x04000000UL
#define SA_ONSTACK	0x08000000UL
#define SA_RESTART	0x10000000UL
#define SA_NODEFER	0x40000000UL
#define SA_RESETHAND	0x80000000UL

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SIG_DFL		((void *)0)
#define SIG_IGN		((void *)1)

/* si_code: who sent it. Positive: the kernel, for the reason that the number tells. */
#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_TKILL	(-6)
#define ILL_ILLOPN	2
#define ILL_COPROC	7
#define ILL_BADSTK	8
#define FPE_INTDIV	1
#define FPE_INTOVF	2
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define SEGV_MAPERR	1	/* nothing is mapped there */
#define SEGV_ACCERR	2	/* the mapping forbids it */
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_TRAPPED	4
#define CLD_STOPPED	5
#define CLD_CONTINUED	6

typedef union sigval {
	int sival_int;
	void *sival_ptr;
} sigval_t;

#define SI_MAX_SIZE	128

typedef struct siginfo {
	int si_signo;
	int si_errno;
	int si_code;
	union {
		int _pad[SI_MAX_SIZE / sizeof(int) - 3];
		struct {
			pid_t si_pid;
			u32 si_uid;
			sigval_t si_value;
		} _rt;
		struct {
			int si_tid;
			int si_overrun;
			sigval_t si_value;
		} _timer;
		struct {
			pid_t si_pid;
			u32 si_uid;
			int si_status;
			long si_utime;
			long si_stime;
		} _sigchld;
		struct {
			unsigned long si_addr;
		} _sigfault;
	};
} siginfo_t;
static_assert(sizeof(siginfo_t) == 128, "user ABI");

#define si_tid		_timer.si_tid
#define si_overrun	_timer.si_overrun
#define si_pid		_rt.si_pid
#define si_uid		_rt.si_uid
#define si_value	_rt.si_value
#define si_status	_sigchld.si_status
#define si_utime	_sigchld.si_utime
#define si_stime	_sigchld.si_stime
#define si_addr		_sigfault.si_addr

/* How a timer tells that it has expired. */
#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2	/* as SIGEV_SIGNAL: the C library makes the thread */
#define SIGEV_THREAD_ID	4	/* to one thread */

struct sigevent {
	sigval_t sigev_value;
	int sigev_signo;
	int sigev_notify;
	int sigev_notify_thread_id;
	int _pad[12];
};
static_assert(sizeof(struct sigevent) == 64, "user ABI");

/* sigaction(2), the old call. */
struct old_sigaction {
	void *sa_handler;
	unsigned long sa_mask;
	unsigned long sa_flags;
	void *sa_restorer;
};

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	(1 << 31)
#define SS_FLAG_BITS	SS_AUTODISARM
#define MINSIGSTKSZ	2048

typedef struct sigaltstack {
	void *ss_sp;
	int ss_flags;
	unsigned long ss_size;
} stack_t;

#endif
