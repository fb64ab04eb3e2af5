/*
 * kernel/sched/kthread.c - kernel threads on request.
 *
 * Theory.  A new task is a copy of its maker, and a kernel thread must not be the
 * copy of some user process with its files and signals.  So all are made by one
 * thread that has nothing, kthreadd (number 2): kthread_create() puts a request
 * on its list and waits.  The thread starts, reports back, and sleeps until
 * somebody wakes it; then it runs its function.
 *
 *	kthread_create()		kthreadd		kthread()
 *	list_add(request), wake ------> kernel_thread() ------>	complete(created)
 *	wait_for_completion() <------------------------------/	schedule()
 *	wake_up_process() ------------------------------------>	threadfn(data)
 *
 * The thread's struct kthread lies on its own stack; task->vfork_done points to
 * its "exited" completion, as for a vfork child: do_exit() completes it.
 */
#include <kernel/sched/kthread.h>

#include <kernel/core/bug.h>
#include <kernel/core/completion.h>
#include <kernel/core/hooks.h>
#include <kernel/core/ktest.h>
#include <kernel/core/signal.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

struct kthread_create_info {
	int (*threadfn)(void *data);
	void *data;
	struct task_struct *result;
	struct completion done;
	struct list_head list;		/* [kthread_create_lock] */
};

struct kthread {
	bool should_stop;
	struct completion exited;
};

static DEFINE_SPINLOCK(kthread_create_lock);
static LIST_HEAD(kthread_create_list);
static struct task_struct *kthreadd_task;	/* [c] after kthreadd_done */
static DECLARE_COMPLETION(kthreadd_done);

static struct kthread *to_kthread(struct task_struct *k)
{
	return container_of((struct completion *)k->vfork_done, struct kthread, exited);
}

bool kthread_should_stop(void)
{
	return READ_ONCE(to_kthread(current)->should_stop);
}

/* The life of a kernel thread. */
static int kthread(void *arg)
{
	struct kthread_create_info *create = arg;
	int (*threadfn)(void *data) = create->threadfn;
	void *data = create->data;
	struct kthread self = { .should_stop = false };
	int ret = -EINTR;

	init_completion(&self.exited);
	current->vfork_done = &self.exited;
	__set_current_state(TASK_UNINTERRUPTIBLE);
	create->result = current;
	complete(&create->done);	/* from here on *create is gone */
	schedule();
	if (!self.should_stop)
		ret = threadfn(data);
	do_exit(ret);
}

static void create_kthread(struct kthread_create_info *create)
{
	pid_t pid = kernel_thread(kthread, create, 0);

	if (pid < 0) {
		create->result = ERR_PTR(pid);
		complete(&create->done);
	}
}

/*
 * Nobody takes a kernel thread's signals off the queue: one that is pending would keep
 * it from ever sleeping.  What is ignored is never pending; children inherit this.
 */
static void ignore_signals(struct task_struct *tsk)
{
	for (int i = 0; i < _NSIG; i++)
		tsk->sighand->action[i].sa_handler = SIG_IGN;
}

static int kthreadd(void *unused)
{
	strlcpy(current->comm, "kthreadd", sizeof(current->comm));
	ignore_signals(current);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (list_empty(&kthread_create_list))
			schedule();
		__set_current_state(TASK_RUNNING);

		spin_lock(&kthread_create_lock);
		while (!list_empty(&kthread_create_list)) {
			struct kthread_create_info *create =
				list_first_entry(&kthread_create_list,
						 struct kthread_create_info, list);

			list_del_init(&create->list);
			spin_unlock(&kthread_create_lock);
			create_kthread(create);
			spin_lock(&kthread_create_lock);
		}
		spin_unlock(&kthread_create_lock);
	}
	return 0;
}

struct task_struct *kthread_create(int (*threadfn)(void *data), void *data,
				   const char *namefmt, ...)
{
	struct kthread_create_info create = { .threadfn = threadfn, .data = data };
	va_list args;

	init_completion(&create.done);
	spin_lock(&kthread_create_lock);
	list_add_tail(&create.list, &kthread_create_list);
	spin_unlock(&kthread_create_lock);
	wake_up_process(kthreadd_task);
	wait_for_completion(&create.done);

	if (!IS_ERR(create.result)) {
		va_start(args, namefmt);
		vsnprintf(create.result->comm, sizeof(create.result->comm), namefmt, args);
		va_end(args);
	}
	return create.result;
}

void kthread_bind(struct task_struct *k, int cpu)
{
	k->flags |= PF_THREAD_BOUND;	/* it sleeps until we wake it */
	set_cpus_allowed(k, 1ul << cpu);
}

int kthread_stop(struct task_struct *k)
{
	struct kthread *kthread;
	int ret;

	get_task_struct(k);
	read_lock_irq(&tasklist_lock);
	kthread = k->vfork_done ? to_kthread(k) : NULL;
	read_unlock_irq(&tasklist_lock);
	/*
	 * *kthread lies on k's stack, which our reference keeps; k uses it last in
	 * complete().
	 */
	if (kthread) {
		WRITE_ONCE(kthread->should_stop, true);
		wake_up_process(k);
		wait_for_completion(&kthread->exited);
	}
	ret = k->exit_code;
	put_task_struct(k);
	return ret;
}

/* Tests count memory exactly: let whoever is dying be dead first. */
static void kthread_quiesce(void)
{
	while (atomic_read(&nr_dying))
		yield();
}

static long count_threads(void)
{
	return nr_threads;
}

/* Process 1 may run elsewhere at once, and ask for threads before there is somebody to make them. */
static int first_thread(void *init)
{
	wait_for_completion(&kthreadd_done);
	return ((int (*)(void *))init)(NULL);
}

void __init kernel_thread_init(int (*init)(void *))
{
	pid_t pid = kernel_thread(first_thread, (void *)init, 0);

	BUG_VAL(pid != 1, pid, 1);
	pid = kernel_thread(kthreadd, NULL, 0);
	BUG_VAL(pid != 2, pid, 2);
	kthreadd_task = find_task_by_pid(pid);
	complete(&kthreadd_done);
	ktest_register_quiesce(kthread_quiesce);
	ktest_register_counter("tasks", count_threads);
}
