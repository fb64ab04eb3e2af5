/*
 * kernel/sched/init_task.c - the first task, made by the compiler.
 *
 * Every other task is a copy of one that exists.  This one, number 0, is static
 * data: boot/head.S puts the stack pointer to the top of its stack, where the
 * words of struct stack_top already say whose stack it is.  It runs
 * start_kernel() and then becomes the idle loop of the first processor; it
 * never sleeps, is on no run queue, and is no one's child.
 *
 * Its limits, through fork, are the ones every process starts with.
 */
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/sched/user.h>
#include <kernel/sched/sched.h>
#include <mm/types/mm_types.h>

#define STACK_LIMIT	(8UL << 20)	/* soft limit of a user stack, bytes */
#define MEMLOCK_LIMIT	(8UL << 20)

#define NO_LIMIT	{ RLIM_INFINITY, RLIM_INFINITY }

static struct signal_struct init_signals = {
	.count = ATOMIC_INIT(1),
	.live = ATOMIC_INIT(1),
	.shared_pending.list = LIST_HEAD_INIT(init_signals.shared_pending.list),
	.posix_timers = LIST_HEAD_INIT(init_signals.posix_timers),
	.wait_pidfd = __WAIT_QUEUE_HEAD_INITIALIZER(init_signals.wait_pidfd),
	.wait_chldexit = __WAIT_QUEUE_HEAD_INITIALIZER(init_signals.wait_chldexit),
	.rlim = {
		[RLIMIT_CPU] = NO_LIMIT,
		[RLIMIT_FSIZE] = NO_LIMIT,
		[RLIMIT_DATA] = NO_LIMIT,
		[RLIMIT_STACK] = { STACK_LIMIT, RLIM_INFINITY },
		[RLIMIT_CORE] = { 0, RLIM_INFINITY },
		[RLIMIT_RSS] = NO_LIMIT,
		[RLIMIT_NPROC] = NO_LIMIT,	/* fork_init() */
		[RLIMIT_NOFILE] = { 1024, 4096 },
		[RLIMIT_MEMLOCK] = { MEMLOCK_LIMIT, MEMLOCK_LIMIT },
		[RLIMIT_AS] = NO_LIMIT,
		[RLIMIT_LOCKS] = NO_LIMIT,
		[RLIMIT_SIGPENDING] = NO_LIMIT,	/* fork_init() */
		[RLIMIT_MSGQUEUE] = { 819200, 819200 },
		[RLIMIT_NICE] = { 0, 0 },
		[RLIMIT_RTPRIO] = { 0, 0 },
		[RLIMIT_RTTIME] = NO_LIMIT,
	},
};

static struct sighand_struct init_sighand = {
	.count = ATOMIC_INIT(1),
	.siglock = __SPIN_LOCK_INIT(init_sighand.siglock),
	.signalfd_wqh = __WAIT_QUEUE_HEAD_INITIALIZER(init_sighand.signalfd_wqh),
};

struct task_struct init_task = {
	.state = TASK_RUNNING,
	.flags = PF_KTHREAD,
	.stack = init_stack,
	.active_mm = &init_mm,
	.oncpu = 1,
	.cpus_allowed = ~0ul,
	.prio = MAX_PRIO,
	.static_prio = NICE_TO_PRIO(0),
	.time_slice = 10,
	.run_list = LIST_HEAD_INIT(init_task.run_list),
	.comm = "swapper",
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.thread_group = LIST_HEAD_INIT(init_task.thread_group),
	.group_leader = &init_task,
	.real_parent = &init_task,
	.parent = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.user = &root_user,
	.usage = REFCOUNT_INIT(2),
	.signal = &init_signals,
	.sighand = &init_sighand,
	.pending.list = LIST_HEAD_INIT(init_task.pending.list),
	.thread.esp0 = (unsigned long)init_stack + THREAD_SIZE - sizeof(struct stack_top),
};

/* The stack with its top words filled in; init_stack is its name as plain bytes. */
static union {
	unsigned char bytes[THREAD_SIZE];
	struct {
		unsigned char space[THREAD_SIZE - sizeof(struct stack_top)];
		struct stack_top top;
	};
} init_thread_union __used __section(".data..page_aligned") __aligned(THREAD_SIZE) = {
	.top = { .task = &init_task, .percpu_offset = 0 },
};
static_assert(sizeof(init_thread_union) == THREAD_SIZE, "the top words are at the top");

extern unsigned char init_stack[THREAD_SIZE] __attribute__((alias("init_thread_union")));

DEFINE_RWLOCK(tasklist_lock);
