/*
 * kernel/core/lockdep_graph.c - the lock checker: which class comes before which.
 *
 * Theory: kernel/core/lockdep.h.  The graph has a node per class and an edge per
 * pair that was ever held together in this order.  It has no circle: before an edge
 * from A to B goes in, a search begins at B; if it comes to A, the edge is reported
 * with the way from B to A, and kept as `bad`, which no search follows, so that
 * it is found known, and silent, the next time.
 *
 * The same search, over classes instead of one class, answers the question about
 * interrupts: is there, from something that a handler takes, a way to something
 * that is held with interrupts on?
 *
 * The search is breadth first, so the circle reported is a shortest one.
 *
 * Locking: graph_lock, all of it.
 */
#include <kernel/core/lockdep.h>

#ifdef CONFIG_DEBUG

#include <kernel/core/panic.h>
#include <lib/kernel.h>
#include <lib/string.h>

struct lock_edge lock_edges[MAX_LOCK_EDGES];
unsigned int nr_lock_edges;

/* ---- search ---------------------------------------------------------------------------------- */

static struct lock_edge *came_by[MAX_LOCK_CLASSES];	/* [graph_lock] how the search got there */
static u32 visited[MAX_LOCK_CLASSES / 32];		/* [graph_lock] */
static struct lock_class *queue[MAX_LOCK_CLASSES];	/* [graph_lock] */

static unsigned int class_id(const struct lock_class *class)
{
	return (unsigned int)(class - lock_classes);
}

/* => true: it had not been there */
static bool visit(struct lock_class *class, struct lock_edge *by)
{
	unsigned int id = class_id(class);

	if (visited[id / 32] >> id % 32 & 1)
		return false;
	visited[id / 32] |= 1u << id % 32;
	came_by[id] = by;
	return true;
}

/*
 * From @start along the edges, or against them: the first class that is @wanted, or whose
 * usage has one of @bits.
 * => NULL: there is none; came_by[] leads back
 */
static struct lock_class *search(struct lock_class *start, bool forward,
				 const struct lock_class *wanted, unsigned int bits)
{
	unsigned int head = 0, tail = 0;

	memset(visited, 0, sizeof(visited));
	visit(start, NULL);
	queue[tail++] = start;
	while (head < tail) {
		struct lock_class *class = queue[head++];
		struct lock_edge *e = forward ? class->after : class->before;

		if (class == wanted || (class->usage & bits))
			return class;
		for (; e; e = forward ? e->next_after : e->next_before) {
			struct lock_class *to = forward ? e->to : e->from;

			if (!e->bad && visit(to, e))
				queue[tail++] = to;
		}
	}
	return NULL;
}

static void say_edge(const struct lock_edge *e)
{
	lockdep_say("  ");
	lockdep_say_class(e->from);
	lockdep_say(" (taken at %pB) before ", (void *)e->from_ip);
	lockdep_say_class(e->to);
	lockdep_say(", first here:\n");
	lockdep_say_trace(&e->trace);
}

/* The way of the last search, from where it ended back to its start. */
static void say_way(const struct lock_class *end, bool forward)
{
	const struct lock_edge *e;

	while ((e = came_by[class_id(end)]) != NULL) {
		say_edge(e);
		end = forward ? e->from : e->to;
	}
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static const char *const usage_names[NR_LOCK_USAGES] = {
	"taken by an interrupt handler", "taken by a timer",
	"held with interrupts on", "held where timers may run",
	"read by an interrupt handler", "read by a timer",
	"held for reading with interrupts on", "held for reading where timers may run",
};

/* For handlers of devices, and for timers: who takes, and who may be interrupted. */
#define IN_BITS(timer)		(LOCK_IN_IRQ << (timer))
#define ON_BITS(timer)		(LOCK_IRQ_ON << (timer))
#define AS_READER(bits)		((bits) << LOCK_USED_READ_SHIFT)
#define AS_ANY(bits)		((bits) | AS_READER(bits))
static_assert(LOCK_IN_TIMER == IN_BITS(1) && LOCK_TIMER_ON == ON_BITS(1), "timer = 0, 1");

static void say_usage(const struct lock_class *class, unsigned int bits)
{
	for (unsigned int i = 0; i < NR_LOCK_USAGES; i++) {
		if (!(class->usage & bits & 1u << i))
			continue;
		lockdep_say("  ");
		lockdep_say_class(class);
		lockdep_say(" is %s:\n", usage_names[i]);
		lockdep_say_trace(&class->usage_trace[i]);
		return;
	}
}

/* @safe: a handler takes it; @unsafe: held where that handler may come; a way leads from one to the other. */
static void report_irq(struct lock_class *safe, struct lock_class *unsafe, int timer)
{
	unsigned int told = IN_BITS(timer);

	if ((safe->reported & told << 16) || (unsafe->reported & told << 24) ||
	    !lockdep_report_begin(LOCKDEP_IRQ, safe == unsafe ?
				  "a handler may wait for whom it interrupted" :
				  "a handler may wait for whom it interrupted, by way of another"))
		return;
	safe->reported |= told << 16;
	unsafe->reported |= told << 24;
	say_usage(safe, AS_ANY(IN_BITS(timer)));
	say_usage(unsafe, AS_ANY(ON_BITS(timer)));
	if (safe != unsafe && search(safe, true, unsafe, 0))
		say_way(unsafe, true);
	lockdep_say_here();
}

/* A class by itself: a handler that only reads is stopped by writers alone. */
static bool unsafe_alone(const struct lock_class *class, int timer)
{
	unsigned int use = class->usage;

	return ((use & IN_BITS(timer)) && (use & AS_ANY(ON_BITS(timer)))) ||
	       ((use & AS_READER(IN_BITS(timer))) && (use & ON_BITS(timer)));
}

static void check_usage(struct lock_class *class, int timer, unsigned int new)
{
	struct lock_class *other;

	if (unsafe_alone(class, timer)) {
		report_irq(class, class, timer);
		return;
	}
	if (new & IN_BITS(timer)) {
		other = search(class, true, NULL, AS_ANY(ON_BITS(timer)));
		if (other)
			report_irq(class, other, timer);
	}
	if (new & AS_ANY(ON_BITS(timer))) {
		other = search(class, false, NULL, IN_BITS(timer));
		if (other)
			report_irq(other, class, timer);
	}
}

void lockdep_add_usage(struct lock_class *class, unsigned int bits)
{
	bits &= ~class->usage;
	class->usage |= bits;
	for (unsigned int i = 0; i < NR_LOCK_USAGES; i++)
		if (bits & 1u << i)
			lockdep_save_trace(&class->usage_trace[i]);
	for (int timer = 0; bits && timer < 2; timer++)
		check_usage(class, timer, bits);
}

/* A new way leads through @e. */
static void check_edge_irq(const struct lock_edge *e, int timer)
{
	struct lock_class *unsafe = search(e->to, true, NULL, AS_ANY(ON_BITS(timer)));
	struct lock_class *safe;

	if (!unsafe)
		return;
	safe = search(e->from, false, NULL, IN_BITS(timer));
	if (safe)
		report_irq(safe, unsafe, timer);
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void check_inversion(struct lock_edge *e, struct task_lockdep *task)
{
	if (!search(e->to, true, e->from, 0))
		return;
	e->bad = true;
	if (!lockdep_report_begin(LOCKDEP_INVERSION, "possible circular locking"))
		return;
	lockdep_say("wanted: ");
	lockdep_say_class(e->to);
	lockdep_say("\n");
	lockdep_say_held(task);
	lockdep_say_here();
	lockdep_say("but the order so far was:\n");
	say_way(e->from, true);
}

static void add_edge(struct task_lockdep *task, const struct held_lock *from,
		     const struct held_lock *to)
{
	struct lock_edge *e;

	for (e = from->class->after; e; e = e->next_after)
		if (e->to == to->class)
			break;
	if (e)
		return;
	if (nr_lock_edges == MAX_LOCK_EDGES) {
		if (lockdep_report_begin(LOCKDEP_FULL, "too many pairs of locks"))
			lockdep_say("new orders go unchecked\n");
		return;
	}
	e = &lock_edges[nr_lock_edges++];
	*e = (struct lock_edge){
		.from = from->class, .to = to->class, .from_ip = from->ip,
	};
	lockdep_save_trace(&e->trace);
	check_inversion(e, task);
	e->next_after = e->from->after;
	e->from->after = e;
	e->next_before = e->to->before;
	e->to->before = e;
	for (int timer = 0; !e->bad && timer < 2; timer++)
		check_edge_irq(e, timer);
}

/*
 * From every lock that the same context holds, down to one that was waited for: what lies
 * below that one has its edge to it already.
 */
void lockdep_add_edges(struct task_lockdep *task, struct held_lock *held)
{
	for (struct held_lock *below = held - 1; below >= task->held; below--) {
		if (below->context != held->context)
			break;
		if (below->class != held->class)
			add_edge(task, below, held);
		if (!(below->how & LOCK_TRY))
			break;
	}
}

#endif
