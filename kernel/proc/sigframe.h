/*
 * kernel/proc/sigframe.h - what a handler finds on its stack.
 *
 * Linux/i386's layout, which C libraries, debuggers and unwinders know byte by
 * byte.  The frame begins with a return address, so the handler looks like a
 * function that was called: when it returns, it runs into code that makes the
 * sigreturn call: the program's own (SA_RESTORER), the vDSO's, or without a vDSO
 * retcode, in the frame.
 *
 *	higher	FPU state (struct _fpstate_ia32), if the task has one; 64-byte aligned
 *		retcode
 *		saved context: sigcontext, or ucontext with siginfo
 *		signal number
 *	esp ->	return address				esp + 4 is a multiple of 16
 */
#ifndef OCTAVO_KERNEL_PROC_SIGFRAME_H
#define OCTAVO_KERNEL_PROC_SIGFRAME_H

#include <kernel/arch/fpu.h>
#include <kernel/core/signal.h>

struct sigcontext_32 {
	u16 gs, __gsh;
	u16 fs, __fsh;
	u16 es, __esh;
	u16 ds, __dsh;
	u32 di, si, bp, sp, bx, dx, cx, ax;
	u32 trapno, err;
	u32 ip;
	u16 cs, __csh;
	u32 flags;
	u32 sp_at_signal;
	u16 ss, __ssh;
	u32 fpstate;		/* user address of struct _fpstate_ia32, 0: none */
	u32 oldmask;
	u32 cr2;
};
static_assert(sizeof(struct sigcontext_32) == 88, "user ABI");

struct ucontext_32 {
	u32 uc_flags;
	u32 uc_link;
	stack_t uc_stack;
	struct sigcontext_32 uc_mcontext;
	sigset_t uc_sigmask;
};
static_assert(sizeof(struct ucontext_32) == 116, "user ABI");

#define RETCODE_SIZE	8

struct sigframe {
	u32 pretcode;
	int sig;
	struct sigcontext_32 sc;
	/* Once the FPU state lay here; programs that look for extramask rely on the distance. */
	struct _fpstate_ia32 fpstate_unused;
	u32 extramask[1];	/* signals 33..64 of the mask */
	u8 retcode[RETCODE_SIZE];
};
static_assert(__builtin_offsetof(struct sigframe, extramask) == 8 + 88 + 624, "user ABI");

struct rt_sigframe {
	u32 pretcode;
	int sig;
	u32 pinfo;
	u32 puc;
	siginfo_t info;
	struct ucontext_32 uc;
	u8 retcode[RETCODE_SIZE];
};
static_assert(__builtin_offsetof(struct rt_sigframe, uc) == 16 + 128, "user ABI");

/* Stack that a signal takes at most, alignments included (AT_MINSIGSTKSZ). */
#define MIN_SIGFRAME_STACK	(sizeof(struct sigframe) + sizeof(struct _fpstate_ia32) + 64 + 16)
static_assert(sizeof(struct sigframe) > sizeof(struct rt_sigframe), "the larger one");

#endif
