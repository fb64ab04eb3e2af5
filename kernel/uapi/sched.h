/*
 * kernel/uapi/sched.h - clone(2)'s flags and the scheduling policies.
 */
#ifndef OCTAVO_KERNEL_UAPI_SCHED_H
#define OCTAVO_KERNEL_UAPI_SCHED_H

#include <lib/compiler.h>
#include <lib/types.h>

#define CSIGNAL			0x000000ffu	/* signal for the parent at exit */
#define CLONE_VM		0x00000100u
#define CLONE_FS		0x00000200u
#define CLONE_FILES		0x00000400u
#define CLONE_SIGHAND		0x00000800u
#define CLONE_PIDFD		0x00001000u
#define CLONE_PTRACE		0x00002000u
#define CLONE_VFORK		0x00004000u
#define CLONE_PARENT		0x00008000u
#define CLONE_THREAD		0x00010000u
#define CLONE_NEWNS		0x00020000u
#define CLONE_SYSVSEM		0x00040000u
#define CLONE_SETTLS		0x00080000u
#define CLONE_PARENT_SETTID	0x00100000u
#define CLONE_CHILD_CLEARTID	0x00200000u
#define CLONE_DETACHED		0x00400000u
#define CLONE_UNTRACED		0x00800000u
#define CLONE_CHILD_SETTID	0x01000000u
#define CLONE_NEWCGROUP		0x02000000u
#define CLONE_NEWUTS		0x04000000u
#define CLONE_NEWIPC		0x08000000u
#define CLONE_NEWUSER		0x10000000u
#define CLONE_NEWPID		0x20000000u
#define CLONE_NEWNET		0x40000000u
#define CLONE_IO		0x80000000u
#define CLONE_CLEAR_SIGHAND	0x100000000ull	/* clone3() only: handlers back to the default */

/* clone3(): the same in a struct that may grow. */
struct clone_args {
	u64 flags;		/* CLONE_*, without a signal in the low byte */
	u64 pidfd;
	u64 child_tid, parent_tid;
	u64 exit_signal;
	u64 stack, stack_size;	/* lowest byte, and size */
	u64 tls;
	u64 set_tid, set_tid_size;
	u64 cgroup;
};
#define CLONE_ARGS_SIZE_VER0	64
static_assert(sizeof(struct clone_args) == 88, "user ABI");

#define SCHED_NORMAL	0
#define SCHED_FIFO	1
#define SCHED_RR	2
#define SCHED_BATCH	3
#define SCHED_IDLE	5
#define SCHED_RESET_ON_FORK 0x40000000

struct sched_param {
	int sched_priority;
};

/* sched_setattr(): policy and parameters in a struct that may grow. */
struct sched_attr {
	u32 size;
	u32 sched_policy;
	u64 sched_flags;	/* SCHED_FLAG_* */
	s32 sched_nice;
	u32 sched_priority;
	u64 sched_runtime, sched_deadline, sched_period;
	u32 sched_util_min, sched_util_max;
};
#define SCHED_ATTR_SIZE_VER0	48
#define SCHED_FLAG_KEEP_POLICY	0x08
#define SCHED_FLAG_KEEP_PARAMS	0x10
static_assert(sizeof(struct sched_attr) == 56, "user ABI");

#endif
