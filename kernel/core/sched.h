/*
 * kernel/core/sched.h - struct task_struct, and who is running.
 *
 * A task is a kernel stack and the registers saved on it; everything else a
 * process "has" hangs from it by pointer and may be shared with other tasks:
 * address space (mm), open files (files), root and directory (fs), signal
 * handlers (sighand), and what a thread group has in common (signal).
 *
 * The two words at the top of every kernel stack say who runs on it:
 *
 *	stack + THREAD_SIZE ->	+--------------------+
 *				| percpu offset      |  struct stack_top
 *				| task               |
 *	tss.esp0 ------------->	+--------------------+
 *				| struct pt_regs     |  pushed on entry from ring 3
 *				|                    |
 *				|  grows down        |
 *	stack ---------------->	+--------------------+
 *				  one unmapped page
 *
 * so that `current` is the stack pointer rounded up: three instructions, and
 * no segment register is spent on it.  A stack that overflows runs into the
 * unmapped page before it harms anything.
 *
 * Locks: [T] tasklist_lock  [q] the run queue's lock  [g] sighand->siglock
 * [o] written only by the task itself  [c] constant  [a] atomic
 */
#ifndef OCTAVO_KERNEL_CORE_SCHED_H
#define OCTAVO_KERNEL_CORE_SCHED_H

#include <kernel/arch/memlayout.h>

#ifndef __ASSEMBLER__
#include <kernel/arch/atomic.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/rcu.h>
#include <kernel/core/refcount.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <lib/list.h>
#include <lib/types.h>

struct mm_struct;
struct files_struct;
struct fs_struct;
struct signal_struct;
struct sighand_struct;
struct user_struct;
struct pipe_inode_info;
struct request_queue;

/* task_struct.state */
#define TASK_RUNNING		0
#define TASK_INTERRUPTIBLE	1
#define TASK_UNINTERRUPTIBLE	2
#define TASK_STOPPED		4
#define TASK_ZOMBIE		16
#define TASK_DEAD		32
#define TASK_NORMAL		(TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* task_struct.flags */
#define PF_EXITING	0x00000004u
#define PF_FORKNOEXEC	0x00000040u
#define PF_SIGNALED	0x00000400u
#define PF_MEMALLOC	0x00000800u	/* is reclaim: may use the reserves, must not recurse */
#define PF_USED_FPU	0x00002000u	/* the FPU holds this task's registers */
#define PF_USED_MATH	0x00004000u	/* the task has an FPU state */
#define PF_OOM_ORIGIN	0x00080000u	/* memory runs out because of it: it goes first */
#define PF_KTHREAD	0x00200000u
#define PF_THREAD_BOUND	0x04000000u	/* a kernel thread of one processor: it stays there */
#define PF_RANDOMIZE	0x00400000u	/* addresses of its program are random */

/*
 * task_struct.work: looked at as one word on every return to user mode.  Unlike flags, which only
 * the task itself changes, these bits are set by others too, with atomic instructions.
 */
#define TIF_SIGPENDING		0
#define TIF_NEED_RESCHED	1
#define TIF_IRET		2	/* the call changed registers of the frame: leave by iret */
#define TIF_MEMDIE		16	/* killed by the OOM killer: may use the reserves to die */
#define _TIF_SIGPENDING		(1UL << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1UL << TIF_NEED_RESCHED)
#define _TIF_IRET		(1UL << TIF_IRET)
#define _TIF_WORK_MASK		(_TIF_SIGPENDING | _TIF_NEED_RESCHED)

typedef struct {
	u32 sig[2];		/* 64 signals; signal n is bit n - 1 */
} sigset_t;

struct sigpending {
	struct list_head list;	/* [g] struct sigqueue */
	sigset_t signal;	/* [g] */
};

#define TASK_COMM_LEN	16
#define NGROUPS		32	/* supplementary groups of a task */
#define RLIM_NLIMITS	16

struct rlimit {
	unsigned long rlim_cur;
	unsigned long rlim_max;
};

struct task_struct {
	/* entry.S and schedule(): keep these in one cache line */
	volatile long state;			/* [q] TASK_* */
	unsigned long work;			/* [a] TIF_* bits */
	unsigned int flags;			/* [o] PF_* */
	void *stack;				/* [c] lowest address of the kernel stack */
	struct mm_struct *mm;			/* [o] NULL for kernel threads */
	struct mm_struct *active_mm;		/* [o] whose page tables are loaded */
	int cpu;				/* [q] runs there, or last ran; only set_task_cpu() */
	int lock_depth;				/* [o] spinlocks held, debug builds */
	int pagefault_disabled;			/* [o] a fault in user space fails at once */

	/* scheduling */
	int prio, static_prio;			/* [q] 0..39: 20 + nice */
	unsigned int time_slice;		/* [q] ticks left */
	struct list_head run_list;		/* [q] */
	void *array;				/* [q] the priority array it is on, or NULL */
	unsigned long nvcsw, nivcsw;		/* [o] context switches by choice, by force */
	unsigned long last_switch_count, last_switch_time; /* khungtaskd's own */
	int oncpu;				/* [q] a processor still stands on its stack */
	unsigned long cpus_allowed;		/* [q] bit n: may run on processor n */
	unsigned long sleep_avg;		/* [q] ticks slept lately, less ticks run: the bonus */
	unsigned long sleep_stamp;		/* [q] jiffies when it fell asleep */

	/* identity and family */
	pid_t pid, tgid;			/* [c] */
	char comm[TASK_COMM_LEN];		/* [o] */
	struct list_head tasks;			/* [T] all processes */
	struct hlist_node pid_chain;		/* [T] hash by pid, read under RCU */
	struct rcu_head rcu;			/* when its last reference is gone */
	struct list_head thread_group;		/* [T] ring of the group's tasks */
	struct task_struct *group_leader;	/* [T] */
	struct task_struct *real_parent;	/* [T] who forked it */
	struct task_struct *parent;		/* [T] who is told of its death */
	struct list_head children, sibling;	/* [T] */
	u32 uid, euid, suid, fsuid;		/* [o] */
	u32 gid, egid, sgid, fsgid;		/* [o] */
	int ngroups;				/* [o] supplementary groups */
	u32 groups[NGROUPS];			/* [o] */
	struct user_struct *user;		/* [o] what user @uid has in use */
	refcount_t usage;				/* [a] references to this struct */
	int exit_state;				/* [T] 0, TASK_ZOMBIE, TASK_DEAD */
	int exit_code, exit_signal;		/* [T] wait status; signal sent to the parent */
	int pdeath_signal;			/* [o] sent to its process when its parent dies */
	int no_new_privs;			/* [o] exec gives no privilege: none ever does */

	/* shared parts, counted */
	struct files_struct *files;
	struct fs_struct *fs;
	struct signal_struct *signal;
	struct sighand_struct *sighand;

	/* signals of this task alone */
	sigset_t blocked, saved_sigmask;	/* [g] */
	sigset_t real_blocked;			/* [g] sigtimedwait: blocked but for the wait */
	int restore_sigmask;			/* [o] saved_sigmask is to come back */
	struct sigpending pending;		/* [g] */
	unsigned long sas_ss_sp, sas_ss_size;	/* [o] alternate stack */
	int sas_ss_flags;			/* [o] as sigaltstack() gave them */

	/* futex, exit and threads */
	int *set_child_tid, *clear_child_tid;	/* [o] user addresses */
	void *robust_list;			/* [o] user address */
	void *vfork_done;			/* [T] struct completion of a vfork parent */
	struct mm_struct *exec_mm;		/* [o] that execve() is filling; for the OOM killer */

	/* accounting */
	unsigned long utime, stime;		/* [o] ticks */
	unsigned long cutime, cstime;		/* [T] ticks, children that were waited for */
	u64 start_time;				/* [c] ns since boot */
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt; /* [o] */

	/* what it has submitted to a disk that has not been told: kernel/block/queue.c */
	struct request_queue *plugged_queue;	/* [o] */
	unsigned int plug_depth, plugged_bios;	/* [o] */

	/* where its memory comes from: mm/types/mempolicy.h */
	struct mempolicy *mempolicy;		/* [o], mempolicy_lock to change it or read another's */
	int il_prev;				/* [o] node of the last interleaved page */

	unsigned int personality;		/* [o] what personality() set */
	unsigned int syscall_nr;		/* [o] restarts, reports */
	long (*restart_fn)(struct task_struct *tsk); /* [o] sys_restart_syscall */
	u64 restart_arg[4];			/* [o] */

#ifdef CONFIG_DEBUG
	struct task_lockdep lockdep;		/* [o] the locks it holds */
	int rcu_nesting;			/* [o] rcu_read_lock() calls */
	unsigned int fail_nth;			/* [o] this allocation from now on fails; 0: none */
	bool make_it_fail;			/* its allocations may fail by site: mm/phys/fail_alloc.h */
#endif

	/* The machine's part; the FPU area in it wants 16 bytes of alignment. */
	struct thread_struct thread;
};

static_assert(__builtin_offsetof(struct task_struct, state) == 0, "kernel/arch/asm-offsets.h");
static_assert(__builtin_offsetof(struct task_struct, work) == 4, "kernel/arch/asm-offsets.h");
static_assert(__builtin_offsetof(struct task_struct, pagefault_disabled) < 64, "hot fields, one line");

struct stack_top {
	struct task_struct *task;
	unsigned long percpu_offset;
};
static_assert(sizeof(struct stack_top) == 8, "current, entry.S");

static inline struct stack_top *current_stack_top(void)
{
	unsigned long esp;

	asm("movl %%esp, %0" : "=r"(esp));
	return (struct stack_top *)((esp | (THREAD_SIZE - 1)) - (sizeof(struct stack_top) - 1));
}
#define current (current_stack_top()->task)

/* The frame that the entry from ring 3 pushed: just below the stack's top. */
static inline struct stack_top *task_stack_top(const struct task_struct *tsk)
{
	return (struct stack_top *)((char *)tsk->stack + THREAD_SIZE) - 1;
}
static inline struct pt_regs *task_pt_regs(const struct task_struct *tsk)
{
	return (struct pt_regs *)task_stack_top(tsk) - 1;
}
#define current_pt_regs()	task_pt_regs(current)

static inline void set_tsk_work(struct task_struct *tsk, int bit)
{
	set_bit(bit, &tsk->work);
}
static inline void clear_tsk_work(struct task_struct *tsk, int bit)
{
	clear_bit(bit, &tsk->work);
}
static inline int signal_pending(const struct task_struct *tsk)
{
	return (int)(tsk->work >> TIF_SIGPENDING & 1);
}
static inline int test_tsk_work(const struct task_struct *tsk, int bit)
{
	return (int)(READ_ONCE(tsk->work) >> bit & 1);
}
static inline int need_resched(void)
{
	return (int)(current->work >> TIF_NEED_RESCHED & 1);
}
static inline void set_need_resched(void)
{
	set_tsk_work(current, TIF_NEED_RESCHED);
}

/* Store the state, then look at the condition: xchg keeps the CPU from swapping the two. */
#define set_current_state(s)	((void)xchg(&current->state, (s)))
#define __set_current_state(s)	(current->state = (s))

/* kernel/sched implements these. */
#define MAX_SCHEDULE_TIMEOUT	((long)(~0UL >> 1))
void schedule(void);				/* give up the CPU; state says until when */
long schedule_timeout(long jiffies);		/* => jiffies left, 0 when time ran out */
int wake_up_process(struct task_struct *tsk);	/* any context => 1 if it slept */
int try_to_wake_up(struct task_struct *tsk, unsigned int state);
void wake_up_new_task(struct task_struct *tsk);
/* Its work word has changed: if it runs elsewhere, have it look. */
void kick_task(struct task_struct *tsk);
void scheduler_tick(int user_mode);		/* from the timer interrupt */
void msleep(unsigned int ms);
void yield(void);

/* Run others, but stay runnable whatever current->state says: it may be half-way to sleep. */
void __cond_resched(void);
/* Long loops call this at points where no lock is held. */
static inline void cond_resched(void)
{
	if (need_resched())
		__cond_resched();
}

/* Is @gid the caller's group, or one of the supplementary ones? */
static inline int in_group_p(u32 gid)
{
	if (gid == current->fsgid)
		return 1;
	for (int i = 0; i < current->ngroups; i++)
		if (current->groups[i] == gid)
			return 1;
	return 0;
}

/* [c] the boot task: becomes CPU 0's idle loop */
extern struct task_struct init_task;
extern unsigned char init_stack[THREAD_SIZE];
extern rwlock_t tasklist_lock;

/* A reference keeps the struct, not the process. */
static inline void get_task_struct(struct task_struct *tsk)
{
	refcount_inc(&tsk->usage);
}
void __put_task_struct(struct task_struct *tsk);
static inline void put_task_struct(struct task_struct *tsk)
{
	if (refcount_dec_and_test(&tsk->usage))
		__put_task_struct(tsk);
}

/* Faults in user space inside such a section fail the access instead of sleeping. */
static inline void pagefault_disable(void)
{
	current->pagefault_disabled++;
	barrier();
}
static inline void pagefault_enable(void)
{
	barrier();
	current->pagefault_disabled--;
}

#endif /* __ASSEMBLER__ */
#endif
