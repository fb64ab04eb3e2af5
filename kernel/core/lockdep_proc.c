/*
 * kernel/core/lockdep_proc.c - /proc/lockdep and /proc/lock_stat.
 *
 * /proc/lockdep, a block per class:
 *
 *	log_wait.lock spin, irq timer; taken 1234
 *	    -> runqueues.lock
 *
 * Its uses: "irq", "timer": taken there; "irqs-on", "timers-on": held where these
 * may come; with a small r for readers.  "->": taken while it was held.
 *
 * /proc/lock_stat, a line per class that was ever had, the most contended first.
 * Debug builds alone have both: in others a lock is one word and has no name.
 */
#include <kernel/core/lockdep.h>

#ifdef CONFIG_DEBUG

#include <kernel/core/seq_file.h>
#include <kernel/core/time.h>
#include <lib/div64.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>

static const char *const kind_names[] = { "spin", "rw", "mutex", "rwsem" };
static const char *const use_names[NR_LOCK_USAGES] = {
	"irq", "timer", "irqs-on", "timers-on",
	"irq-r", "timer-r", "irqs-on-r", "timers-on-r",
};

static void full_name(const struct lock_class *class, char *buf, size_t size)
{
	if (class->subclass)
		snprintf(buf, size, "%s/%u", class->name, class->subclass);
	else
		snprintf(buf, size, "%s", class->name);
}

static int lockdep_show(struct seq_file *m, void *v)
{
	char name[64];

	seq_printf(m, "classes %u of %u, edges %u of %u, chains %u of %u\n", nr_lock_classes,
		   MAX_LOCK_CLASSES, nr_lock_edges, MAX_LOCK_EDGES, nr_lock_chains,
		   MAX_LOCK_CHAINS);
	for (unsigned int i = 0; i < nr_lock_classes; i++) {
		const struct lock_class *class = &lock_classes[i];

		full_name(class, name, sizeof(name));
		seq_printf(m, "%s %s,", name, kind_names[class->kind]);
		for (unsigned int use = 0; use < NR_LOCK_USAGES; use++)
			if (class->usage & 1u << use)
				seq_printf(m, " %s", use_names[use]);
		seq_printf(m, "; taken %llu\n", class->stat.acquired);
		for (const struct lock_edge *e = class->after; e; e = e->next_after) {
			full_name(e->to, name, sizeof(name));
			seq_printf(m, "    -> %s%s\n", name, e->bad ? " (inversion!)" : "");
		}
	}
	return 0;
}
PROC_SHOW("lockdep", lockdep_show);

/* The class with the most contention after (@than, @last), for an order without a sorted array. */
static const struct lock_class *next_contended(const struct lock_class *last)
{
	const struct lock_class *best = NULL;

	for (unsigned int i = 0; i < nr_lock_classes; i++) {
		const struct lock_class *c = &lock_classes[i];
		u64 n = c->stat.contended;

		if (!c->stat.acquired)
			continue;
		if (last && (n > last->stat.contended ||
			     (n == last->stat.contended && c <= last)))
			continue;
		if (!best || n > best->stat.contended)
			best = c;
	}
	return best;
}

static u64 average(u64 sum, u64 nr)
{
	return nr ? div64_u64(sum, nr) : 0;
}

static int lock_stat_show(struct seq_file *m, void *v)
{
	const struct lock_class *c = NULL;
	char name[64];

	seq_printf(m, "%-32s %-5s %10s %9s %10s %10s %10s %10s\n", "class", "kind", "acquired",
		   "contended", "wait-avg", "wait-max", "hold-avg", "hold-max");
	/* The figures move meanwhile: no more lines than classes. */
	for (unsigned int i = 0; i < nr_lock_classes && (c = next_contended(c)) != NULL; i++) {
		struct lock_class_stat s = c->stat;

		full_name(c, name, sizeof(name));
		seq_printf(m, "%-32s %-5s %10llu %9llu %10llu %10llu %10llu %10llu\n", name,
			   kind_names[c->kind], s.acquired, s.contended,
			   average(s.turns, s.contended), s.turns_max,
			   average(s.held, s.acquired), s.held_max);
	}
	seq_puts(m, "wait: turns of the loop (spin, rw), cycles (mutex, rwsem); hold: cycles\n");
	return 0;
}
PROC_SHOW("lock_stat", lock_stat_show);

#endif
