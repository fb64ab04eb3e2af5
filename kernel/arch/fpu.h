/*
 * kernel/arch/fpu.h - floating point and SSE state of tasks.
 *
 * Theory.  Most switches are between tasks that do no arithmetic, so the state
 * moves only when it must: a task that leaves the processor with a live FPU has
 * its registers saved at once (eager save: the state never stays behind on a
 * processor, which SMP would have to fetch); the next one finds CR0.TS set, and
 * only its first FPU instruction, by exception #NM, loads its own.  The kernel
 * itself never touches the FPU.
 *
 * Signal frames.  save_i387() writes what Linux/i386 programs expect: the FSAVE
 * image, a status word, and a magic number that says whether the FXSAVE image
 * follows.  restore_i387() accepts what comes back from user space and cleans
 * it: reserved MXCSR bits would fault in FXRSTOR.
 *
 * Locking: none; all functions act on current or on a task that cannot run.
 * They are called with a task's thread_struct, because tasks are a layer up.
 */
#ifndef OCTAVO_KERNEL_ARCH_FPU_H
#define OCTAVO_KERNEL_ARCH_FPU_H

#include <kernel/arch/fpu_types.h>
#include <kernel/arch/processor.h>

/* Linux/i386's struct _fpstate: FSAVE image, status, magic, FXSAVE image. */
struct _fpstate_ia32 {
	u32 cw, sw, tag, ipoff, cssel, dataoff, datasel;
	u8 _st[80];
	u16 status;
	u16 magic;		/* 0xffff: FSAVE only; 0x0000: FXSAVE data follows */
	u32 _fxsr_env[6];
	u32 mxcsr;
	u32 reserved;
	u8 _fxsr_st[128];
	u8 _xmm[128];
	u32 padding[56];
};
static_assert(sizeof(struct _fpstate_ia32) == 112 + 512, "user ABI");
static_assert(__builtin_offsetof(struct _fpstate_ia32, magic) == 110, "user ABI");
static_assert(__builtin_offsetof(struct _fpstate_ia32, mxcsr) == 112 + 24, "user ABI");

#define X86_FXSR_MAGIC		0x0000

/* Set CR0 and CR4 up for lazy switching; report a missing FPU. */
void fpu_init(void);

/* #NM: give the task that runs its FPU.  => interrupts off */
void fpu_restore(struct thread_struct *t);
/* Leaving the processor: save what is live.  => interrupts off */
void fpu_save(struct thread_struct *t);
/* exec and exit: the task's state is gone; its next use starts afresh. */
void fpu_drop(struct thread_struct *t);
/* fork: the child starts with a copy of the parent's (the caller's) state. */
void fpu_copy(struct thread_struct *to, struct thread_struct *from);
/* Write the state as FSAVE would, from either image, into @out. */
void fpu_get_fsave(struct thread_struct *t, struct i387_fsave_struct *out);
/* SSE's control and status word. => interrupts any */
u32 fpu_get_mxcsr(struct thread_struct *t);

/*
 * Fill *buf (kernel memory; the caller copies it out) from the caller's state,
 * which starts afresh afterwards, as a signal handler expects.
 * => 1 filled, 0 the task never used the FPU
 */
int save_i387(struct thread_struct *t, struct _fpstate_ia32 *buf);
/*
 * Take the state from *buf, kernel memory whose contents are not trusted:
 * reserved bits are dropped.  => 0
 */
int restore_i387(struct thread_struct *t, const struct _fpstate_ia32 *buf);

#endif
