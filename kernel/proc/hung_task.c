/*
 * kernel/proc/hung_task.c - noticing tasks that wait for ever.
 *
 * Theory.  Who sleeps uninterruptibly waits for a disk, for memory or for a lock, that is, for somebody
 * who surely goes on.  If no such task of the machine is woken for hung_task_timeout_secs, that was
 * wrong: a wake-up was lost, two wait for each other, reclaim goes in circles.  khungtaskd then says of
 * each task of the machine where it is: the one that is stuck is rarely the one at fault.
 *
 * A task is known to have waited all the time by its number of context switches, which did not change.
 * The thread allocates nothing and takes tasklist_lock alone, so what hangs does not hang it.
 *
 * Settings, as Linux's: kernel.hung_task_timeout_secs (120; 0: off; `hung_task=SECONDS` at boot),
 * hung_task_panic, hung_task_warnings (reports still to be made; -1: any number).
 *
 * Locking: tasklist_lock for the list; a task's fields here are khungtaskd's own.
 */
#include <kernel/proc/hung_task.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/sysctl.h>
#include <kernel/core/time.h>
#include <kernel/core/watchdog.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/pid.h>
#include <lib/kernel.h>

#define DEFAULT_TIMEOUT	120
#define STACK_DEPTH	12

static int sysctl_hung_task_timeout_secs = DEFAULT_TIMEOUT;
static int sysctl_hung_task_panic;
static int sysctl_hung_task_warnings = 10;
static struct task_struct *khungtaskd;	/* [c] */

static int timeout_changed(void)
{
	wake_up_process(khungtaskd);
	return 0;
}
SYSCTL_INT("sys/kernel/hung_task_timeout_secs", sysctl_hung_task_timeout_secs, 0, INT_MAX / HZ,
	   timeout_changed);
SYSCTL_INT("sys/kernel/hung_task_panic", sysctl_hung_task_panic, 0, 1, NULL);
SYSCTL_INT("sys/kernel/hung_task_warnings", sysctl_hung_task_warnings, -1, INT_MAX, NULL);

static char state_letter(const struct task_struct *t)
{
	if (t->exit_state)
		return 'Z';
	if (t->state == TASK_UNINTERRUPTIBLE)
		return 'D';
	return t->state ? 'S' : 'R';
}

static void show_task_stack(struct task_struct *t)
{
	unsigned long entries[STACK_DEPTH];
	unsigned int nr = stack_trace_save_tsk(t, entries, ARRAY_SIZE(entries), 0);

	pr_err("task:%-15s state:%c pid:%d tgid:%d\n", t->comm, state_letter(t), t->pid, t->tgid);
	for (unsigned int i = 0; i < nr; i++)
		pr_err(" %pB\n", (void *)entries[i]);
	touch_nmi_watchdogs();		/* who wants tasklist_lock may wait with interrupts off */
}

void show_state(void)
{
	struct task_struct *p, *t;

	read_lock(&tasklist_lock);
	for_each_process(p)
		for_each_thread(p, t)
			show_task_stack(t);
	read_unlock(&tasklist_lock);
}

/* => has @t slept uninterruptibly, and not been woken, since the time-out before now? */
static bool is_hung(struct task_struct *t, unsigned long timeout)
{
	unsigned long switches = t->nvcsw + t->nivcsw;

	if (t->state != TASK_UNINTERRUPTIBLE || switches != t->last_switch_count ||
	    !t->last_switch_count) {
		t->last_switch_count = switches;
		t->last_switch_time = jiffies;
		return false;
	}
	return time_after_eq(jiffies, t->last_switch_time + timeout);
}

/* => how many tasks hang; each is reported */
static unsigned int check_tasks(unsigned long timeout)
{
	struct task_struct *p, *t;
	unsigned int nr = 0;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, t) {
			if (!is_hung(t, timeout))
				continue;
			nr++;
			if (sysctl_hung_task_warnings)
				pr_err("INFO: task %s:%d blocked for more than %lu seconds.\n",
				       t->comm, t->pid, timeout / HZ);
		}
	}
	read_unlock(&tasklist_lock);
	return nr;
}

static int khungtaskd_fn(void *unused)
{
	while (!kthread_should_stop()) {
		unsigned long timeout = (unsigned long)sysctl_hung_task_timeout_secs * HZ;

		/* Often enough that a report is late by a quarter at most. */
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(timeout ? (long)(timeout + 3) / 4 : MAX_SCHEDULE_TIMEOUT);
		if (!timeout || timeout != (unsigned long)sysctl_hung_task_timeout_secs * HZ ||
		    !check_tasks(timeout))
			continue;
		if (sysctl_hung_task_warnings) {
			show_state();
			if (sysctl_hung_task_warnings > 0)
				sysctl_hung_task_warnings--;
		}
		if (sysctl_hung_task_panic)
			panic("hung_task: blocked tasks");
	}
	return 0;
}

void __init hung_task_init(void)
{
	sysctl_hung_task_timeout_secs = (int)cmdline_get_int("hung_task", DEFAULT_TIMEOUT);
	sysctl_hung_task_panic = (int)cmdline_get_int("hung_task_panic", 0);
	khungtaskd = kthread_run(khungtaskd_fn, NULL, "khungtaskd");
	if (IS_ERR(khungtaskd))
		panic("hung_task_init: no thread");
}
