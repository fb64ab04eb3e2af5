/*
 * kernel/core/lockdep_report.c - the lock checker: what it says.
 *
 * A report is composed under graph_lock and printed after it, because printing takes
 * locks, whose holders may just be waiting for graph_lock.  Who holds such a lock
 * himself, or is about to take it, cannot print at all: the next who can does it.
 * One report waits at a time; a second one before it is printed is only counted.
 */
#include <kernel/core/lockdep.h>

#ifdef CONFIG_DEBUG

#include <kernel/core/bug.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

unsigned int lockdep_reports[NR_LOCKDEP_FINDINGS];

static char text[8192];			/* [graph_lock] the report */
static size_t text_len;			/* [graph_lock] */
static volatile u32 pending;		/* [a] 1: text is to be printed */

bool lockdep_report_begin(enum lockdep_finding what, const char *title)
{
	if (what == LOCKDEP_FULL && lockdep_reports[what])
		return false;
	lockdep_reports[what]++;
	warn_count++;
	if (pending)
		return false;
	pending = 1;
	text_len = 0;
	lockdep_say("======== lockdep: %s\n", title);
	lockdep_say("CPU %d, task %s/%d\n", smp_processor_id(), current->comm, current->pid);
	return true;
}

void lockdep_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_len += vscnprintf(text + text_len, sizeof(text) - text_len, fmt, args);
	va_end(args);
}

void lockdep_say_class(const struct lock_class *class)
{
	lockdep_say("%s", class->name);
	if (class->subclass)
		lockdep_say("/%u", class->subclass);
}

void lockdep_save_trace(struct lock_trace *trace)
{
	unsigned int n = stack_trace_save(trace->ip, LOCK_TRACE, 2);

	while (n < LOCK_TRACE)
		trace->ip[n++] = 0;
}

void lockdep_say_trace(const struct lock_trace *trace)
{
	for (unsigned int i = 0; i < LOCK_TRACE && trace->ip[i]; i++)
		lockdep_say("    [<%08lx>] %pB\n", trace->ip[i], (void *)trace->ip[i]);
}

void lockdep_say_held(const struct task_lockdep *task)
{
	lockdep_say("locks held, and the last one wanted, by this task:\n");
	for (unsigned int i = 0; i < task->depth; i++) {
		const struct held_lock *held = &task->held[i];

		lockdep_say("  #%u %p ", i, held->lock);
		lockdep_say_class(held->class);
		lockdep_say("%s%s, at %pB\n", held->how & LOCK_READ ? " (read)" : "",
			    held->context ? " (in a handler)" : "", (void *)held->ip);
	}
}

void lockdep_say_here(void)
{
	struct lock_trace trace;

	lockdep_save_trace(&trace);
	lockdep_say("now:\n");
	lockdep_say_trace(&trace);
}

bool lockdep_report_pending(void)
{
	return pending;
}

static bool console_held(void)
{
	const struct task_lockdep *task = &current->lockdep;

	for (unsigned int i = 0; i < task->depth; i++) {
		const void *key = task->held[i].class->key;

		if (key == CONSOLE_LOG_KEY || key == CONSOLE_PORT_KEY)
			return true;
	}
	return false;
}

/* => lockdep_busy: the locks that printing takes are not looked at */
void lockdep_flush(void)
{
	char *line = text, *end;

	if (console_held())
		return;
	lockdep_graph_lock();
	if (pending != 1) {
		lockdep_graph_unlock();
		return;
	}
	pending = 2;
	lockdep_graph_unlock();
	while ((end = strchr(line, '\n')) != NULL) {
		printk(KERN_WARNING "%.*s\n", (int)(end - line), line);
		line = end + 1;
	}
	pending = 0;
}

const char *lockdep_last_report(void)
{
	return text;
}

#endif
