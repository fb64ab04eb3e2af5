/*
 * kernel/core/lockdep.h - debug builds watch how locks are used, and tell of a deadlock before it happens.
 *
 * Theory.  A deadlock needs bad luck: two tasks at two places at the same moment.
 * The *possibility* of one does not: each of the two places shows it alone.  So
 * the checker remembers what it has seen, and compares:
 *
 *	order		B was taken while A was held: an edge A -> B.  An edge that
 *			would close a circle, of any length, is an inversion.
 *	recursion	a lock of the same class is held already
 *	interrupts	a handler takes it, and somebody else holds it with interrupts
 *			on: the handler may come just then.  The same through others:
 *			A (taken by a handler) -> B (held with interrupts on), for the
 *			handler may wait for the holder of A, who waits for B.
 *	sleeping	with a spinlock held, or in a handler
 *	ownership	unlocking what one does not hold; leaving for ring 3, or for
 *			ever, with a lock held
 *
 * It does so by class (lockdep_types.h), so that what one mm_struct's mmap_sem
 * teaches holds for all, and there are as many classes as places in the source
 * that initialise a lock.  Each finding is reported once, with the way that led
 * here and the one that led to what contradicts it.
 *
 * Readers.  A reader waits for writers that wait (kernel/core/spinlock.h, rwsem.h),
 * so in an order it counts as a writer does.  Only in handlers it does not: a class
 * that handlers only read may be read, but not written, with interrupts on.
 *
 * What runs in handlers is of two kinds: those of devices, and timers, which run
 * with interrupts on after them: so there are two kinds of "interrupts on", too.
 *
 * Cost.  A task's held locks, in order, are a *chain*, with a hash of its own; a
 * chain that was checked once is looked up in a table and is right.  Only new ones
 * lead to the graph and its search.  Tables are of fixed size; a full one is
 * reported once and what does not fit goes unchecked.
 *
 * Locking.  graph_lock, a bare ticket word with interrupts off, guards classes and
 * edges; neither is ever removed.  lockdep_busy, per CPU, keeps the checker from
 * looking at its own locks (printk's, in a report), and an NMI from looking at all.
 * A report is composed in a buffer and printed when no lock of the console's way
 * is held here (console_keys).
 *
 * The idea of a validator by classes is Ingo Molnar's, in Linux 2.6.17.
 */
#ifndef OCTAVO_KERNEL_CORE_LOCKDEP_H
#define OCTAVO_KERNEL_CORE_LOCKDEP_H

#include <kernel/arch/percpu.h>
#include <kernel/core/lockdep_types.h>
#include <lib/compiler.h>
#include <lib/types.h>

struct task_struct;

/* Where a function of the interface was called. */
#define _RET_IP_	((unsigned long)__builtin_return_address(0))

/* How a lock is taken: one of the kinds, and what else is so. */
#define LOCK_SPIN	0u
#define LOCK_RW		1u
#define LOCK_MUTEX	2u
#define LOCK_RWSEM	3u
#define LOCK_KIND	3u
#define LOCK_READ	4u
#define LOCK_TRY	8u	/* does not wait: no edge leads to it */

/* How a class has been used; << LOCK_USED_READ_SHIFT: as a reader. */
#define LOCK_IN_IRQ	0x1u	/* by a handler of a device */
#define LOCK_IN_TIMER	0x2u	/* by a timer */
#define LOCK_IRQ_ON	0x4u	/* held while a device's handler could come */
#define LOCK_TIMER_ON	0x8u	/* held while timers could run */
#define LOCK_USED_READ_SHIFT	4
#define NR_LOCK_USAGES	8

/* Locks of the console's way: the log's, and those of the drivers that print. */
extern const struct lock_class_key console_keys[2];
#define CONSOLE_LOG_KEY		(&console_keys[0])
#define CONSOLE_PORT_KEY	(&console_keys[1])

#ifdef CONFIG_DEBUG

#define MAX_LOCK_CLASSES	512
#define MAX_LOCK_EDGES		4096
#define MAX_LOCK_CHAINS		16384	/* a power of two */
#define MAX_LOCK_DEPTH		40
#define LOCK_TRACE		10

struct lock_trace {
	unsigned long ip[LOCK_TRACE];	/* innermost first; 0 after the last */
};

/* @to was taken while @from was held. [graph_lock], read without when printed */
struct lock_edge {
	struct lock_class *from, *to;
	struct lock_edge *next_after;	/* of the same from */
	struct lock_edge *next_before;	/* of the same to */
	unsigned long from_ip;		/* where from had been taken */
	bool bad;			/* contradicts others and was reported: not followed */
	struct lock_trace trace;	/* of the taking of to, the first time */
};

struct lock_class_stat {
	u64 acquired, contended;
	u64 turns, turns_max;		/* of waiting loops; sleeping locks: cycles */
	u64 held, held_max;		/* cycles */
};

struct lock_class {
	const void *key;		/* [c] with subclass: what it is */
	unsigned int subclass;		/* [c] */
	const char *name;		/* [c] */
	unsigned int kind;		/* [c] LOCK_SPIN... */
	struct lock_class *next_hash;	/* [graph_lock] */
	struct lock_edge *after;	/* [graph_lock] taken while this one was held */
	struct lock_edge *before;	/* [graph_lock] held while this one was taken */
	unsigned int usage;		/* [graph_lock] LOCK_IN_IRQ... */
	unsigned int reported;		/* [graph_lock] what was told once: usages, 1 << LOCKDEP_* */
	struct lock_trace usage_trace[NR_LOCK_USAGES];	/* [graph_lock] */
	volatile u32 stat_lock;		/* bare tickets, interrupts off */
	struct lock_class_stat stat;	/* [stat_lock] */
};

/* One lock that a task holds. */
struct held_lock {
	void *lock;			/* the spinlock_t, rwlock_t, struct mutex, rw_semaphore */
	struct lock_class *class;
	unsigned long ip;		/* where it was taken */
	unsigned int how;		/* LOCK_* */
	unsigned int context;		/* 0: by the task; n: by the nth handler on top of it */
	bool irqs_on;			/* interrupts were on when it was taken */
	u32 chain;			/* hash of all up to this one */
	u64 since;			/* cycles when it was had; 0: not yet */
};

/* Of each task, in task_struct.lockdep. [o] */
struct task_lockdep {
	unsigned int depth;
	unsigned int skipped;		/* locks held that did not fit, or have no class */
	struct held_lock held[MAX_LOCK_DEPTH];
};

/* What a report is about. */
enum lockdep_finding {
	LOCKDEP_INVERSION,
	LOCKDEP_RECURSION,
	LOCKDEP_IRQ,
	LOCKDEP_SLEEP,
	LOCKDEP_UNLOCK,
	LOCKDEP_EXIT,
	LOCKDEP_FULL,
	NR_LOCKDEP_FINDINGS,
};

extern struct lock_class lock_classes[MAX_LOCK_CLASSES];
extern unsigned int nr_lock_classes, nr_lock_edges, nr_lock_chains;
extern struct lock_edge lock_edges[MAX_LOCK_EDGES];
/* Reports so far, by kind; each also counts as a warning (kernel/core/bug.h). */
extern unsigned int lockdep_reports[NR_LOCKDEP_FINDINGS];

/*
 * @lock is about to be waited for; it has been had after @waited; it is given back.
 * => lock_release: false, it is not the caller's, which was reported
 */
void lock_acquire(struct lockdep_map *map, void *lock, unsigned int how, unsigned int subclass,
		  unsigned long ip);
void lock_acquired(void *lock, u64 waited, bool contended);
bool lock_release(void *lock, unsigned long ip);
/* Cycles, for how long was waited: 0 in release builds. */
u64 lock_clock(void);
/* For asserts: does the current task hold it? */
bool lock_is_held(const void *lock);

/* A new task holds nothing. */
void lockdep_init_task(struct task_struct *tsk);
/* The current task is about to sleep, or to leave (@how: "exits"...): it must not hold... */
void lockdep_check_sleep(const char *file, int line);
void lockdep_check_leave(const char *how);
/* entry.S: on every way out to ring 3, interrupts off. */
void lockdep_sys_exit(void);
/* Nothing here is looked at: for NMIs.  They nest. */
void lockdep_off(void);
void lockdep_on(void);
/* Timers run here, behind a handler. */
void lockdep_timers(bool begin);
/* The text of the last report: for tests. */
const char *lockdep_last_report(void);

/* ---- between the files of the checker -------------------------------------------------------- */

DECLARE_PER_CPU(int, lockdep_busy);

void lockdep_graph_lock(void);		/* => interrupts off */
void lockdep_graph_unlock(void);
/* => graph_lock held; the class, or NULL: the table is full */
struct lock_class *lockdep_class(const struct lockdep_map *map, unsigned int subclass,
				 unsigned int kind);
/* Enter what @held, just put on top of @task's locks, says about order. => graph_lock held */
void lockdep_add_edges(struct task_lockdep *task, struct held_lock *held);
/* The class is used in new ways. => graph_lock held */
void lockdep_add_usage(struct lock_class *class, unsigned int bits);
void lockdep_save_trace(struct lock_trace *trace);

/*
 * Compose a report; begin says whether there is room for it (only one at a time waits to be
 * printed).  lockdep_flush() prints it, now or when the console's locks are free.
 */
bool lockdep_report_begin(enum lockdep_finding what, const char *title);
void lockdep_say(const char *fmt, ...) __printf(1, 2);
void lockdep_say_class(const struct lock_class *class);
void lockdep_say_trace(const struct lock_trace *trace);
void lockdep_say_held(const struct task_lockdep *task);
void lockdep_say_here(void);
void lockdep_flush(void);
bool lockdep_report_pending(void);

#else

static inline u64 lock_clock(void) { return 0; }
static inline bool lock_release(void *lock, unsigned long ip) { return true; }
#define lock_acquire(map, lock, how, subclass, ip)	((void)(ip), (void)(subclass))
#define lock_acquired(lock, waited, contended)		((void)(waited))
static inline void lockdep_init_task(struct task_struct *tsk) { }
static inline void lockdep_check_leave(const char *how) { }
static inline void lockdep_off(void) { }
static inline void lockdep_on(void) { }
static inline void lockdep_timers(bool begin) { }

#endif
#endif
