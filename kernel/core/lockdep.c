/*
 * kernel/core/lockdep.c - the lock checker: classes, and what each task holds.
 *
 * Theory: kernel/core/lockdep.h.  Locks enter here from spinlock.c, mutex.c and
 * rwsem.c: lock_acquire() before waiting, so that a report precedes the deadlock,
 * lock_acquired() when it is had, lock_release().
 */
#include <kernel/core/lockdep.h>

#ifdef CONFIG_DEBUG

#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <lib/kernel.h>

#define CLASS_HASH	256

struct lock_class lock_classes[MAX_LOCK_CLASSES];
unsigned int nr_lock_classes, nr_lock_chains;
DEFINE_PER_CPU(int, lockdep_busy);
const struct lock_class_key console_keys[2];

static DEFINE_PER_CPU(bool, timers_run);
static struct lock_class *class_hash[CLASS_HASH];	/* [graph_lock] */
static u32 chains[MAX_LOCK_CHAINS];			/* [graph_lock] hashes; 0: free */
static volatile u32 graph_lock;				/* bare tickets */

/* ---- the checker's own lock ------------------------------------------------------------------ */

static void bare_lock(volatile u32 *word)
{
	int waits;
	u32 ticket = __ticket_draw(word, waits);

	if (unlikely(waits))
		__ticket_wait(word, ticket);
}

void lockdep_graph_lock(void)
{
	bare_lock(&graph_lock);
}

void lockdep_graph_unlock(void)
{
	__ticket_next(&graph_lock);
}

void lockdep_off(void)
{
	this_cpu_inc(lockdep_busy);
}

void lockdep_on(void)
{
	this_cpu_dec(lockdep_busy);
}

void lockdep_timers(bool begin)
{
	this_cpu_write(timers_run, begin);
}

/* => false: nothing is to be looked at; else interrupts are off and we are busy until leave() */
static bool enter(unsigned long *flags)
{
	local_irq_save(*flags);
	if (this_cpu_read(lockdep_busy) || oops_in_progress) {
		local_irq_restore(*flags);
		return false;
	}
	lockdep_off();
	return true;
}

static void leave(unsigned long flags)
{
	if (unlikely(lockdep_report_pending()))
		lockdep_flush();
	lockdep_on();
	local_irq_restore(flags);
}

/* ---- classes --------------------------------------------------------------------------------- */

/* Does @p lie in the image, at an address that is one lock's for ever? Not so per-CPU data. */
static bool is_static(const void *p)
{
	extern char _sdata[], _end[], __per_cpu_start[], __per_cpu_end[];
	const char *c = p;

	return c >= _sdata && c < _end && !(c >= __per_cpu_start && c < __per_cpu_end);
}

/* => graph_lock held */
struct lock_class *lockdep_class(const struct lockdep_map *map, unsigned int subclass,
				 unsigned int kind)
{
	const void *key = map->key ? (const void *)map->key :
			  is_static(map) ? (const void *)map : (const void *)map->name;
	unsigned int slot = (((u32)key >> 2) * 0x9e3779b1u >> 24) + subclass;
	struct lock_class **bucket = &class_hash[slot % CLASS_HASH], *c;

	for (c = *bucket; c; c = c->next_hash)
		if (c->key == key && c->subclass == subclass)
			return c;
	if (nr_lock_classes == MAX_LOCK_CLASSES) {
		if (lockdep_report_begin(LOCKDEP_FULL, "too many lock classes"))
			lockdep_say("%s and others go unchecked\n", map->name);
		return NULL;
	}
	c = &lock_classes[nr_lock_classes++];
	c->key = key;
	c->subclass = subclass;
	c->name = map->name ? map->name : "?";
	c->kind = kind;
	c->next_hash = *bucket;
	*bucket = c;
	return c;
}

/* The class of a lock; remembered in it, subclass 0 alone, for the next time. */
static struct lock_class *find_class(struct lockdep_map *map, unsigned int subclass,
				     unsigned int kind)
{
	struct lock_class *class = READ_ONCE(map->class);

	if (likely(class && !subclass))
		return class;
	lockdep_graph_lock();
	class = lockdep_class(map, subclass, kind);
	lockdep_graph_unlock();
	if (!subclass)
		map->class = class;
	return class;
}

/* ---- chains ---------------------------------------------------------------------------------- */

static u32 chain_add(u32 chain, const struct held_lock *held)
{
	u32 id = (u32)(held->class - lock_classes) << 2 |
		 (held->how & LOCK_READ ? 2 : 0) | (held->how & LOCK_TRY ? 1 : 0);

	chain = ((chain << 5 | chain >> 27) ^ (id + 1)) * 0x9e3779b1u;
	return chain ? chain : 1;
}

/* What the locks below the nth of @task hash to: a handler's locks begin a chain of their own. */
static u32 chain_below(const struct task_lockdep *task, unsigned int n, unsigned int context)
{
	return n && task->held[n - 1].context == context ? task->held[n - 1].chain : 0;
}

/* => the slot where @chain is, or could be; NULL: neither within a short way */
static u32 *chain_slot(u32 chain)
{
	u32 at = chain * 0x85ebca6bu >> 16;

	for (unsigned int i = 0; i < 16; i++) {
		u32 *slot = &chains[(at + i) % MAX_LOCK_CHAINS];
		u32 seen = READ_ONCE(*slot);

		if (!seen || seen == chain)
			return slot;
	}
	return NULL;
}

/* @held is new on top: right, if these locks were held in this order before. */
static void check_order(struct task_lockdep *task, struct held_lock *held)
{
	u32 *slot;

	if (!chain_below(task, task->depth - 1, held->context))
		return;
	slot = chain_slot(held->chain);
	if (slot && READ_ONCE(*slot) == held->chain)
		return;
	lockdep_graph_lock();
	lockdep_add_edges(task, held);
	slot = chain_slot(held->chain);
	if (!slot && lockdep_report_begin(LOCKDEP_FULL, "too many chains of locks"))
		lockdep_say("checking goes on, more slowly\n");
	if (slot && !*slot) {
		*slot = held->chain;
		nr_lock_chains++;
	}
	lockdep_graph_unlock();
}

/* ---- use and interrupts ---------------------------------------------------------------------- */

static bool timers_here(void)
{
	return this_cpu_read(timers_run) && this_cpu_read(irq_count) == 1;
}

static void mark(struct lock_class *class, unsigned int how, unsigned int bits)
{
	if (how & LOCK_READ)
		bits <<= LOCK_USED_READ_SHIFT;
	if (likely(!(bits & ~class->usage)))
		return;
	lockdep_graph_lock();
	lockdep_add_usage(class, bits & ~class->usage);
	lockdep_graph_unlock();
}

/* @held is held here with interrupts on. */
static void mark_irqs_on(struct held_lock *held)
{
	held->irqs_on = true;
	if ((held->how & LOCK_KIND) <= LOCK_RW)
		mark(held->class, held->how,
		     held->context ? LOCK_IRQ_ON : LOCK_IRQ_ON | LOCK_TIMER_ON);
}

static void mark_taken(struct held_lock *held, bool irqs_on)
{
	if (irqs_on)
		mark_irqs_on(held);
	if (held->context && !(held->how & LOCK_TRY))
		mark(held->class, held->how, timers_here() ? LOCK_IN_TIMER : LOCK_IN_IRQ);
}

/* ---- the way in and out ---------------------------------------------------------------------- */

static void check_recursion(const struct task_lockdep *task, const struct held_lock *new)
{
	for (unsigned int i = 0; i + 1 < task->depth; i++) {
		const struct held_lock *held = &task->held[i];

		if (held->class != new->class || held->context != new->context)
			continue;
		lockdep_graph_lock();
		if (!(new->class->reported & 1u << LOCKDEP_RECURSION) &&
		    lockdep_report_begin(LOCKDEP_RECURSION, held->lock == new->lock ?
					 "possible recursive locking" :
					 "two locks of one class, without a word about their order")) {
			new->class->reported |= 1u << LOCKDEP_RECURSION;
			lockdep_say_held(task);
			lockdep_say_here();
		}
		lockdep_graph_unlock();
		return;
	}
}

void lock_acquire(struct lockdep_map *map, void *lock, unsigned int how, unsigned int subclass,
		  unsigned long ip)
{
	struct task_lockdep *task = &current->lockdep;
	struct lock_class *class;
	struct held_lock *held;
	unsigned long flags;

	if (!enter(&flags))
		return;
	class = find_class(map, subclass, how & LOCK_KIND);
	if (!class) {
		task->skipped++;
		goto out;
	}
	if (task->depth == MAX_LOCK_DEPTH) {
		if (lockdep_report_begin(LOCKDEP_FULL, "a task holds too many locks"))
			lockdep_say_held(task);
		task->skipped++;
		goto out;
	}
	held = &task->held[task->depth];
	*held = (struct held_lock){
		.lock = lock, .class = class, .ip = ip, .how = how,
		.context = this_cpu_read(irq_count),
	};
	held->chain = chain_add(chain_below(task, task->depth, held->context), held);
	task->depth++;
	if (!(how & LOCK_TRY)) {
		check_recursion(task, held);
		check_order(task, held);
	}
	mark_taken(held, !irqs_disabled_flags(flags));
out:
	leave(flags);
}

static struct held_lock *find_held(struct task_lockdep *task, const void *lock)
{
	for (unsigned int n = task->depth; n > 0; n--)
		if (task->held[n - 1].lock == lock)
			return &task->held[n - 1];
	return NULL;
}

u64 lock_clock(void)
{
	return boot_cpu_has(X86_FEATURE_TSC) ? rdtsc() : 0;
}

bool lock_is_held(const void *lock)
{
	return find_held(&current->lockdep, lock) != NULL;
}

void lock_acquired(void *lock, u64 waited, bool contended)
{
	struct held_lock *held;
	struct lock_class_stat *stat;
	unsigned long flags;

	if (!enter(&flags))
		return;
	held = find_held(&current->lockdep, lock);
	if (held) {
		held->since = lock_clock();
		bare_lock(&held->class->stat_lock);
		stat = &held->class->stat;
		stat->acquired++;
		stat->contended += contended;
		stat->turns += waited;
		stat->turns_max = max(stat->turns_max, waited);
		__ticket_next(&held->class->stat_lock);
	}
	leave(flags);
}

static void count_held(struct held_lock *held)
{
	struct lock_class_stat *stat = &held->class->stat;
	u64 cycles = rdtsc() - held->since;

	/* Another processor's counter may lag behind, if the task has moved. */
	if ((s64)cycles < 0)
		return;
	bare_lock(&held->class->stat_lock);
	stat->held += cycles;
	stat->held_max = max(stat->held_max, cycles);
	__ticket_next(&held->class->stat_lock);
}

/* Take @held, anywhere in the stack, away: those above it form another chain now. */
static void drop_held(struct task_lockdep *task, struct held_lock *held)
{
	task->depth--;
	for (unsigned int n = (unsigned int)(held - task->held); n < task->depth; n++) {
		struct held_lock *h = &task->held[n];

		*h = h[1];
		h->chain = chain_add(chain_below(task, n, h->context), h);
	}
}

static void report_unlock(void *lock, unsigned long ip)
{
	static unsigned long told[16];
	static unsigned int nr_told;

	lockdep_graph_lock();
	for (unsigned int i = 0; i < nr_told; i++)
		if (told[i] == ip)
			goto out;
	if (nr_told < ARRAY_SIZE(told) &&
	    lockdep_report_begin(LOCKDEP_UNLOCK, "unlock of a lock that is not held")) {
		told[nr_told++] = ip;
		lockdep_say("lock %p, by %pB\n", lock, (void *)ip);
		lockdep_say_held(&current->lockdep);
		lockdep_say_here();
	}
out:
	lockdep_graph_unlock();
}

bool lock_release(void *lock, unsigned long ip)
{
	struct held_lock *held;
	struct task_lockdep *task = &current->lockdep;
	unsigned long flags;
	bool ours = true;

	if (!enter(&flags))
		return true;
	held = find_held(task, lock);
	if (held) {
		if (!held->irqs_on && !irqs_disabled_flags(flags))
			mark_irqs_on(held);
		if (held->since)
			count_held(held);
		drop_held(task, held);
	} else if (task->skipped) {
		task->skipped--;
	} else {
		report_unlock(lock, ip);
		ours = false;
	}
	leave(flags);
	return ours;
}

/* ---- places where no lock may be held -------------------------------------------------------- */

void lockdep_init_task(struct task_struct *tsk)
{
	tsk->lockdep.depth = tsk->lockdep.skipped = 0;
	tsk->rcu_nesting = 0;
}

void lockdep_check_sleep(const char *file, int line)
{
	static const char *told[16];
	static int told_line[16];
	static unsigned int nr_told;
	unsigned long flags;

	if (!enter(&flags))
		return;
	lockdep_graph_lock();
	for (unsigned int i = 0; i < nr_told; i++)
		if (told[i] == file && told_line[i] == line)
			goto out;
	if (nr_told < ARRAY_SIZE(told) &&
	    lockdep_report_begin(LOCKDEP_SLEEP, in_interrupt() ? "sleeping in interrupt context" :
				 rcu_read_lock_held() ? "sleeping between rcu_read_lock and unlock" :
				 "sleeping while holding a spinlock")) {
		told[nr_told] = file;
		told_line[nr_told++] = line;
		lockdep_say("at %s:%d\n", file, line);
		lockdep_say_held(&current->lockdep);
		lockdep_say_here();
	}
out:
	lockdep_graph_unlock();
	leave(flags);
}

void lockdep_check_leave(const char *how)
{
	struct task_lockdep *task = &current->lockdep;
	unsigned long flags;

	if (likely(!task->depth) || !enter(&flags))
		return;
	lockdep_graph_lock();
	if (!(task->held[0].class->reported & 1u << LOCKDEP_EXIT) &&
	    lockdep_report_begin(LOCKDEP_EXIT, "a task leaves with a lock held")) {
		task->held[0].class->reported |= 1u << LOCKDEP_EXIT;
		lockdep_say("it %s\n", how);
		lockdep_say_held(task);
		lockdep_say_here();
	}
	lockdep_graph_unlock();
	leave(flags);
}

asmlinkage void lockdep_sys_exit(void)
{
	lockdep_check_leave("returns to ring 3");
}

#endif
