/*
 * kernel/sched/pid.c - numbers for tasks.  Theory: kernel/sched/pid.h.
 *
 * The use counts are 16-bit words in pages that come and go with their use; the
 * first page, which most machines never leave, is there from the start.  The hash
 * finds a task by its number.
 *
 * A number is taken by alloc_pid() for the task itself; fork then adds a use for
 * the group and one for the session the child inherits, and release_task() gives
 * all three back.
 */
#include <kernel/sched/pid.h>

#include <kernel/core/bug.h>
#include <kernel/core/panic.h>
#include <kernel/core/rculist.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/init.h>
#include <mm/phys/kstack.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/mmzone.h>

#define PIDS_PER_PAGE	(PAGE_SIZE / sizeof(u16))
#define PIDMAP_PAGES	(PID_MAX_DEFAULT / PIDS_PER_PAGE)
#define PIDHASH_SIZE	256
#define MIN_THREADS	20

struct pidmap {
	u16 *count;		/* [pidmap_lock] uses of each number; NULL: none has any */
	unsigned int used;	/* [pidmap_lock] sum over the page */
};

int pid_max = PID_MAX_DEFAULT;
int max_threads;
int nr_threads;
unsigned long total_forks;
pid_t last_pid;

static DEFINE_SPINLOCK(pidmap_lock);
static struct pidmap pidmap[PIDMAP_PAGES];
static struct hlist_head pid_hash[PIDHASH_SIZE];	/* [T] task_struct.pid_chain */

static u16 *pid_count(pid_t nr)
{
	return &pidmap[nr / PIDS_PER_PAGE].count[nr % PIDS_PER_PAGE];
}

/* Make sure that @map has its page. => may sleep; 0 or -ENOMEM */
static int pidmap_fill(struct pidmap *map)
{
	unsigned long page;

	if (READ_ONCE(map->count))
		return 0;
	page = get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	spin_lock_irq(&pidmap_lock);
	if (!map->count) {
		map->count = (u16 *)page;
		page = 0;
	}
	spin_unlock_irq(&pidmap_lock);
	free_page(page);
	return 0;
}

/*
 * The next unused number from @from on, to the end of its page.
 * => pidmap_lock held; the number or -1
 */
static pid_t scan_page(pid_t from)
{
	struct pidmap *map = &pidmap[from / PIDS_PER_PAGE];
	pid_t end = min_t(pid_t, (from / PIDS_PER_PAGE + 1) * PIDS_PER_PAGE, pid_max);

	for (pid_t nr = from; nr < end; nr++) {
		if (!*pid_count(nr)) {
			*pid_count(nr) = 1;
			map->used++;
			last_pid = nr;
			return nr;
		}
	}
	return -1;
}

pid_t alloc_pid(void)
{
	pid_t from = READ_ONCE(last_pid) + 1, nr;

	/* One more round than pages: the first page is looked at in two parts. */
	for (unsigned int i = 0; i <= PIDMAP_PAGES; i++) {
		struct pidmap *map;

		if (from >= pid_max)
			from = RESERVED_PIDS;
		map = &pidmap[from / PIDS_PER_PAGE];
		do {
			if (pidmap_fill(map))
				return -ENOMEM;
			spin_lock_irq(&pidmap_lock);
			nr = map->count ? scan_page(from) : 0;
			spin_unlock_irq(&pidmap_lock);
		} while (!nr);
		if (nr > 0)
			return nr;
		from = (from / PIDS_PER_PAGE + 1) * PIDS_PER_PAGE;
	}
	return -EAGAIN;
}

void get_pid_nr(pid_t nr)
{
	unsigned long flags;

	spin_lock_irqsave(&pidmap_lock, flags);
	if (nr) {
		BUG_ON(!*pid_count(nr));
		(*pid_count(nr))++;
		pidmap[nr / PIDS_PER_PAGE].used++;
	}
	spin_unlock_irqrestore(&pidmap_lock, flags);
}

void put_pid_nr(pid_t nr)
{
	struct pidmap *map = &pidmap[nr / PIDS_PER_PAGE];
	unsigned long flags, page = 0;

	spin_lock_irqsave(&pidmap_lock, flags);
	if (nr) {
		BUG_ON(!*pid_count(nr));
		(*pid_count(nr))--;
		if (!--map->used && map != pidmap) {
			page = (unsigned long)map->count;
			map->count = NULL;
		}
	}
	spin_unlock_irqrestore(&pidmap_lock, flags);
	free_page(page);
}

static struct hlist_head *pid_bucket(pid_t nr)
{
	return &pid_hash[nr % PIDHASH_SIZE];
}

void hash_task(struct task_struct *tsk)
{
	hlist_add_head_rcu(&tsk->pid_chain, pid_bucket(tsk->pid));
}

void unhash_task(struct task_struct *tsk)
{
	hlist_del_init_rcu(&tsk->pid_chain);
}

struct task_struct *find_task_by_pid(pid_t nr)
{
	struct task_struct *tsk;

	if (nr <= 0)
		return NULL;
	hlist_for_each_entry_rcu(tsk, pid_bucket(nr), pid_chain)
		if (tsk->pid == nr)
			return tsk;
	return NULL;
}

struct task_struct *find_get_task_by_pid(pid_t nr)
{
	struct task_struct *tsk;
	unsigned long flags;

	rcu_read_lock();
	tsk = find_task_by_pid(nr);
	if (tsk && !refcount_inc_not_zero(&tsk->usage))
		tsk = NULL;
	rcu_read_unlock();
	if (tsk)
		return tsk;
	/* A chain that changed under our feet may have hidden it: now for certain. */
	read_lock_irqsave(&tasklist_lock, flags);
	tsk = find_task_by_pid(nr);
	if (tsk)
		get_task_struct(tsk);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return tsk;
}

struct task_struct *next_get_process(pid_t nr)
{
	struct task_struct *tsk, *best = NULL;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	for_each_process(tsk)
		if (tsk->pid >= nr && (!best || tsk->pid < best->pid))
			best = tsk;
	if (best)
		get_task_struct(best);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return best;
}

void change_pgrp(struct task_struct *tsk, pid_t pgrp, pid_t session)
{
	struct signal_struct *sig = tsk->signal;

	if (sig->pgrp != pgrp) {
		get_pid_nr(pgrp);
		put_pid_nr(sig->pgrp);
		sig->pgrp = pgrp;
	}
	if (sig->session != session) {
		get_pid_nr(session);
		put_pid_nr(sig->session);
		sig->session = session;
	}
}

bool pgrp_in_session(pid_t pgrp, pid_t session)
{
	struct task_struct *tsk;

	for_each_task_pgrp(tsk, pgrp)
		if (task_session(tsk) == session)
			return true;
	return false;
}

void __init pid_init(void)
{
	if (pidmap_fill(&pidmap[0]))
		panic("pid_init: no memory");
	*pid_count(0) = 1;
	pidmap[0].used = 1;
	/*
	 * Stacks may take 1/16 of memory.  The smallest process needs some ten pages, so a
	 * machine full of them has spent a third, and a fork bomb ends with EAGAIN and not
	 * with the OOM killer.
	 */
	max_threads = total_present_pages() / (16 * THREAD_SIZE / PAGE_SIZE);
	max_threads = max(max_threads, MIN_THREADS);
	max_threads = min3(max_threads, (int)kstack_max(), PID_MAX_DEFAULT - RESERVED_PIDS);
}
