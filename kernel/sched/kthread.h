/*
 * kernel/sched/kthread.h - threads of the kernel's own.
 *
 * A kernel thread has no user half: it borrows the page tables of whoever ran
 * before it.  It ends by returning from its function; kthread_stop() asks it to
 * and waits.
 *
 *	static int worker(void *data)
 *	{
 *		while (!kthread_should_stop())
 *			wait_event_interruptible(q, work || kthread_should_stop());
 *		return 0;
 *	}
 */
#ifndef OCTAVO_KERNEL_SCHED_KTHREAD_H
#define OCTAVO_KERNEL_SCHED_KTHREAD_H

#include <kernel/core/sched.h>
#include <lib/err.h>

/* => may sleep; the thread exists, asleep until wake_up_process(); or ERR_PTR */
struct task_struct *kthread_create(int (*threadfn)(void *data), void *data,
				   const char *namefmt, ...) __printf(3, 4);
/*
 * Let it return, and wait.
 * => may sleep; what the function returned, -EINTR if it never ran.  A function that may
 *    return before it is asked to leaves nothing to stop, unless the caller holds a
 *    reference (get_task_struct) from before
 */
int kthread_stop(struct task_struct *k);
bool kthread_should_stop(void);
/* Let it run on processor @cpu only. => after kthread_create(), before it is woken first */
void kthread_bind(struct task_struct *k, int cpu);

/* Create and wake. => as kthread_create */
#define kthread_run(threadfn, data, namefmt, ...) ({				\
	struct task_struct *__k = kthread_create(threadfn, data, namefmt, ##__VA_ARGS__); \
	if (!IS_ERR(__k))							\
		wake_up_process(__k);						\
	__k; })

/*
 * Start process 1, which runs @init, and kthreadd, which makes all other kernel
 * threads, as number 2.  => called once, by the boot task
 */
void kernel_thread_init(int (*init)(void *));

#endif
