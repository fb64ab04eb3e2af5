/*
 * kernel/proc/oom_kill.c - the last resort of memory allocation: who must go.
 *
 * Theory.  The page allocator has found no free page, nothing to reclaim, and the
 * request is one that the kernel cannot refuse.  Then one process must go, so that
 * the others live: the one whose death frees most.  Its badness is the pages it
 * holds (resident, swapped, page tables; those of a program it is about to become,
 * too), and the administrator's word shifts it:
 * oom_score_adj, in thousandths of all memory, from -1000 (never) to 1000 (first).
 * Process 1 and kernel threads are never chosen; nor is the child of a vfork, whose
 * pages are its parent's.  Who has said that all this is its doing (PF_OOM_ORIGIN:
 * swapoff) goes first.
 *
 * The victim gets SIGKILL, each of its threads, with all who share its address space
 * (they would keep the pages), and TIF_MEMDIE, which opens half of the reserves to it: dying
 * may take memory.  A thread that waits in the allocator is awake within a tick and finds its
 * page there, or is told that there is none.  What the victim held the oom reaper takes
 * without waiting for it (oom_reaper.c).  While that is not done no second one is chosen;
 * the asker sleeps a tick and tries again.
 *
 * Not too many.  One processor at a time chooses, and looks first whether memory has come
 * meanwhile: of two that run out at once the second finds what the first's victim left.
 * Who is dying anyway gets the reserves, and nobody is killed for him.
 *
 * One pass judges all and prints the table, so that the log shows why it was this one
 * (oom_report.c).
 *
 * Left out: control groups, whose own limits end in the same function on Linux.
 *
 * Locking: tasklist_lock read while choosing; task_mm_lock to look at an mm.
 */
#include <kernel/proc/oom_kill.h>

#include <kernel/core/mutex.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/signal.h>
#include <kernel/core/sysctl.h>
#include <kernel/proc/oom.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/vmstat.h>
#include <mm/phys/zonelists.h>
#include <mm/space/mmap.h>

/* ---- how bad is it? -------------------------------------------------------------------------- */

/*
 * A process may live on when its first thread has gone.
 * => tasklist_lock held; a thread of @tsk's that has an address space, to look into which takes
 *    task_mm_lock too; or NULL
 */
static struct task_struct *thread_with_mm(struct task_struct *tsk)
{
	struct task_struct *t;

	for_each_thread(tsk, t)
		if (t->mm)
			return t;
	return NULL;
}

/* What execve() has ready for @tsk's process is its own too, and nobody else's. => both locks held */
static void add_exec_mm(struct task_struct *tsk, struct oom_figures *fig)
{
	struct task_struct *t;

	for_each_thread(tsk, t) {
		if (likely(!t->exec_mm))
			continue;
		fig->anon += get_mm_counter(t->exec_mm, MM_ANONPAGES);
		fig->swap += get_mm_counter(t->exec_mm, MM_SWAPENTS);
		fig->nr_ptes += t->exec_mm->nr_ptes;
	}
}

struct task_struct *oom_figures(struct task_struct *tsk, struct oom_figures *fig)
{
	struct task_struct *t;
	struct mm_struct *mm;
	unsigned long flags;

	/* Only read: a moment with interrupts off, no reference. */
	local_irq_save(flags);
	spin_lock(&task_mm_lock);
	t = thread_with_mm(tsk);
	if (t) {
		mm = t->mm;
		fig->total_vm = mm->total_vm;
		fig->anon = get_mm_counter(mm, MM_ANONPAGES);
		fig->file = get_mm_counter(mm, MM_FILEPAGES);
		fig->shmem = get_mm_counter(mm, MM_SHMEMPAGES);
		fig->swap = get_mm_counter(mm, MM_SWAPENTS);
		fig->nr_ptes = mm->nr_ptes;
		fig->skip = test_bit(MMF_OOM_SKIP, &mm->flags);
		add_exec_mm(tsk, fig);
	}
	spin_unlock(&task_mm_lock);
	local_irq_restore(flags);
	return t;
}

/* The child of a vfork runs in its parent's memory, and will leave it. => tasklist_lock held */
static bool in_vfork(const struct task_struct *tsk)
{
	return tsk->vfork_done && tsk->real_parent->mm == tsk->mm;
}

static bool oom_unkillable(const struct task_struct *tsk)
{
	return tsk->tgid <= 1 || (tsk->flags & PF_KTHREAD);
}

/* @t of @tsk's threads holds @fig. => as oom_badness() */
static long figures_badness(const struct task_struct *tsk, const struct task_struct *t,
			    const struct oom_figures *fig, unsigned long totalpages)
{
	int adj = tsk->signal->oom_score_adj;

	if (adj == OOM_SCORE_ADJ_MIN || fig->skip || in_vfork(t))
		return OOM_NEVER;
	return (long)(oom_rss(fig) + fig->swap + fig->nr_ptes) + adj * (long)(totalpages / 1000);
}

long oom_badness(struct task_struct *tsk, unsigned long totalpages)
{
	struct oom_figures fig;
	struct task_struct *t;

	if (oom_unkillable(tsk))
		return OOM_NEVER;
	t = oom_figures(tsk, &fig);
	return t ? figures_badness(tsk, t, &fig, totalpages) : OOM_NEVER;
}

static unsigned long oom_totalpages(void)
{
	return totalram_pages + total_swap_pages;
}

unsigned long oom_score(struct task_struct *tsk)
{
	unsigned long total = oom_totalpages();
	long points;

	read_lock_irq(&tasklist_lock);
	points = oom_badness(tsk, total);
	read_unlock_irq(&tasklist_lock);
	if (points == OOM_NEVER)
		return 0;
	/* From -1000..2000 thousandths to Linux's 0..2000; in 64 bits, for all of PAE's pages. */
	points = (long)div_s64((s64)points * 1000, (s32)total);
	return (unsigned long)(1000 + points) * 2 / 3;
}

/* ---- what the administrator says ------------------------------------------------------------- */

int oom_score_adj_get(struct task_struct *tsk)
{
	return tsk->signal->oom_score_adj;
}

/* Who shares the address space dies with it: one word for all. => tasklist_lock held */
static void adjust_sharers(struct task_struct *tsk, int adj, bool legacy)
{
	struct task_struct *p, *t, *own;
	const struct mm_struct *mm;

	own = thread_with_mm(tsk);
	mm = own && !own->vfork_done && !oom_unkillable(tsk) ? own->mm : NULL;
	if (!mm)
		return;
	for_each_process(p) {
		t = thread_with_mm(p);
		if (!t || t->mm != mm || p->signal == tsk->signal || oom_unkillable(p))
			continue;
		p->signal->oom_score_adj = adj;
		if (!legacy && capable_root())
			p->signal->oom_score_adj_min = adj;
	}
}

static int set_adj(struct task_struct *tsk, int adj, bool legacy)
{
	static DEFINE_MUTEX(oom_adj_mutex);
	struct signal_struct *sig = tsk->signal;
	int err = 0;

	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	mutex_lock(&oom_adj_mutex);
	read_lock_irq(&tasklist_lock);
	if (adj < (legacy ? sig->oom_score_adj : sig->oom_score_adj_min) && !capable_root()) {
		err = -EACCES;
	} else {
		sig->oom_score_adj = adj;
		if (!legacy && capable_root())
			sig->oom_score_adj_min = adj;
		adjust_sharers(tsk, adj, legacy);
	}
	read_unlock_irq(&tasklist_lock);
	mutex_unlock(&oom_adj_mutex);
	return err;
}

int oom_score_adj_set(struct task_struct *tsk, int adj)
{
	return set_adj(tsk, adj, false);
}

int oom_adj_get(struct task_struct *tsk)
{
	int adj = tsk->signal->oom_score_adj;

	if (adj == OOM_SCORE_ADJ_MAX)
		return OOM_ADJUST_MAX;
	return min(adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX, OOM_ADJUST_MAX);
}

int oom_adj_set(struct task_struct *tsk, int adj)
{
	if (adj < OOM_DISABLE || adj > OOM_ADJUST_MAX)
		return -EINVAL;
	return set_adj(tsk, adj == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX :
		       adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE, true);
}

static int sysctl_panic_on_oom;			/* 1: unless a policy is to blame; 2: always */
static int sysctl_oom_kill_allocating_task;	/* no choosing: who asked goes, if he may */
static int sysctl_oom_dump_tasks = 1;		/* list all in the log */

SYSCTL_INT("sys/vm/panic_on_oom", sysctl_panic_on_oom, 0, 2, NULL);
SYSCTL_INT("sys/vm/oom_kill_allocating_task", sysctl_oom_kill_allocating_task, INT_MIN, INT_MAX,
	   NULL);
SYSCTL_INT("sys/vm/oom_dump_tasks", sysctl_oom_dump_tasks, INT_MIN, INT_MAX, NULL);

/* ---- choosing -------------------------------------------------------------------------------- */

/* The choice so far. */
struct oom_choice {
	struct task_struct *process;	/* a reference at the end; NULL: none */
	long points;
};

/* Does its death free memory of @nodes? Whose policy binds it to others has none there. */
static bool may_use_nodes(struct task_struct *tsk, unsigned long nodes)
{
	struct mempolicy *pol = nodes ? get_task_policy(tsk) : NULL;
	bool may = !pol || pol->mode != MPOL_BIND || (pol->nodes & nodes);

	mpol_put(pol);
	return may;
}

static bool oom_task_origin(struct task_struct *tsk)
{
	struct task_struct *t;

	for_each_thread(tsk, t)
		if (READ_ONCE(t->flags) & PF_OOM_ORIGIN)
			return true;
	return false;
}

/* => tasklist_lock held */
static void judge(struct task_struct *p, const struct oom_control *oc, struct oom_choice *choice)
{
	struct task_struct *t;
	struct oom_figures fig;
	long points;

	if (oom_unkillable(p))
		return;
	t = oom_figures(p, &fig);
	if (!t)
		return;
	/* The asker does, whatever its leader's policy says: by an area's, or a thread's. */
	if (!may_use_nodes(p, oc->nodes) && t->mm != current->mm)
		return;
	if (READ_ONCE(sysctl_oom_dump_tasks))
		oom_dump_task(t, &fig);
	/* Who is to blame goes, even if he is not to be killed for what he holds. */
	points = oom_task_origin(p) && !fig.skip ? LONG_MAX :
		 figures_badness(p, t, &fig, oom_totalpages());
	if (points != OOM_NEVER && points >= choice->points) {
		choice->points = points;
		choice->process = p;
	}
}

/*
 * No choosing: who asks goes, if that is the setting and he can be killed.  He was, and has nothing left to
 * give, and asks still: then it is another's turn.
 */
static bool asker_is_to_go(void)
{
	return READ_ONCE(sysctl_oom_kill_allocating_task) && current->mm &&
	       !test_bit(MMF_OOM_SKIP, &current->mm->flags) && !oom_unkillable(current) &&
	       current->signal->oom_score_adj != OOM_SCORE_ADJ_MIN;
}

/* => a reference on the process that is to go, or NULL; the table is in the log */
static struct task_struct *select_bad_process(const struct oom_control *oc, bool asker)
{
	struct oom_choice choice = { .points = OOM_NEVER };
	struct task_struct *p;

	if (READ_ONCE(sysctl_oom_dump_tasks))
		oom_dump_table_head();
	read_lock_irq(&tasklist_lock);
	for_each_process(p)
		judge(p, oc, &choice);
	if (asker)
		choice.process = current->group_leader;
	if (choice.process)
		get_task_struct(choice.process);
	read_unlock_irq(&tasklist_lock);
	return choice.process;
}

/* ---- killing --------------------------------------------------------------------------------- */

/* Each thread hears of it, may use the reserves, and is woken. => tasklist_lock held */
static void kill_process(struct task_struct *p)
{
	struct task_struct *t;

	send_signal(SIGKILL, SEND_SIG_PRIV, p, true);
	spin_lock(&p->sighand->siglock);
	for_each_thread(p, t) {
		set_tsk_work(t, TIF_MEMDIE);
		if (t->flags & PF_EXITING)
			continue;
		sigaddset(&t->pending.signal, SIGKILL);
		signal_wake_up(t, true);
	}
	spin_unlock(&p->sighand->siglock);
}

/*
 * The address space of @tsk's process is to go.
 * => tasklist_lock held; a reference (mm_count) on it, or NULL: it has gone
 */
static struct mm_struct *mark_oom_victim(struct task_struct *tsk, struct task_struct **thread)
{
	struct mm_struct *mm = NULL;

	spin_lock(&task_mm_lock);
	*thread = thread_with_mm(tsk);
	if (*thread) {
		mm = (*thread)->mm;
		set_bit(MMF_OOM_VICTIM, &mm->flags);	/* before its users can be none */
		mmgrab(mm);
	}
	spin_unlock(&task_mm_lock);
	return mm;
}

/* Everybody in @mm goes. => tasklist_lock held; false: somebody in it cannot be killed */
static bool kill_sharers(const struct mm_struct *mm, const struct task_struct *victim)
{
	struct task_struct *p, *t;
	bool all = true;

	for_each_process(p) {
		t = thread_with_mm(p);
		if (!t || t->mm != mm || (p->flags & PF_KTHREAD))
			continue;
		if (p->tgid > 1) {
			kill_process(p);
			continue;
		}
		all = false;
		pr_info("oom killer %d (%s) has mm pinned by %d (%s)\n", victim->pid, victim->comm,
			p->pid, p->comm);
	}
	return all;
}

/* => drops the reference */
static void oom_kill_process(const struct oom_control *oc, struct task_struct *process,
			     const char *message)
{
	struct task_struct *victim;
	struct oom_figures fig;
	struct mm_struct *mm;

	read_lock_irq(&tasklist_lock);
	victim = oom_figures(process, &fig);
	mm = mark_oom_victim(process, &victim);
	if (mm) {
		oom_dump_summary(oc, victim);
		oom_dump_kill(message, victim, &fig);
		count_vm_event(OOM_KILL);
		if (!kill_sharers(mm, victim))
			set_bit(MMF_OOM_SKIP, &mm->flags);
		oom_queue_victim(mm, victim);
	}
	read_unlock_irq(&tasklist_lock);
	put_task_struct(process);
}

/* Will the process of @tsk end without being told? => tasklist_lock held */
static bool process_is_ending(struct task_struct *tsk)
{
	return (tsk->signal->flags & SIGNAL_GROUP_EXIT) ||
	       sigismember(&tsk->pending.signal, SIGKILL) ||
	       sigismember(&tsk->signal->shared_pending.signal, SIGKILL) ||
	       ((tsk->flags & PF_EXITING) && thread_group_empty(tsk));
}

/*
 * Is the asker dying already, with all that share its memory, and not yet given what we can?
 * Then that frees most: it gets the reserves, and nobody is killed.
 */
static bool asker_is_dying(void)
{
	struct mm_struct *mm = current->mm;
	struct task_struct *p, *thread;
	bool dying;

	read_lock_irq(&tasklist_lock);
	dying = process_is_ending(current) && !(current->flags & PF_KTHREAD) &&
		(mm ? !test_bit(MMF_OOM_SKIP, &mm->flags) : !test_tsk_work(current, TIF_MEMDIE));
	if (dying && mm && refcount_read(&mm->mm_users) > 1) {
		for_each_process(p) {
			struct task_struct *t = thread_with_mm(p);

			if (t && t->mm == mm && !process_is_ending(p))
				dying = false;
		}
	}
	if (dying) {
		mm = mm ? mark_oom_victim(current, &thread) : NULL;
		set_tsk_work(current, TIF_MEMDIE);
		if (mm)
			oom_queue_victim(mm, current);
	}
	read_unlock_irq(&tasklist_lock);
	return dying;
}

/* ---- out of memory --------------------------------------------------------------------------- */

/* Since the asker has looked, others may have freed what he wants: more than he saw. */
static bool memory_has_come(const struct oom_control *oc)
{
	struct zone **z = node_zonelist(numa_node_id(), oc->gfp_mask)->zones;

	for (; *z; z++)
		if ((!oc->nodes || (oc->nodes >> (*z)->node & 1)) &&
		    zone_watermark_ok(*z, oc->order, (*z)->watermark[WMARK_HIGH],
				      gfp_zone(oc->gfp_mask), WMARK_HIGH))
			return true;
	return false;
}

static void check_panic_on_oom(const struct oom_control *oc)
{
	int panics = READ_ONCE(sysctl_panic_on_oom);

	if (panics != 2 && (!panics || oc->nodes))
		return;
	oom_dump_header(oc);
	panic("Out of memory: %s panic_on_oom is enabled",
	      panics == 2 ? "compulsory" : "system-wide");
}

/* Let one process go, unless one is going already. */
static void make_victim(const struct oom_control *oc)
{
	bool asker = asker_is_to_go();
	struct task_struct *victim;

	if (memory_has_come(oc))
		return;
	check_panic_on_oom(oc);
	if (oom_victim_pending())
		return;
	oom_dump_header(oc);
	victim = select_bad_process(oc, asker);
	if (!victim) {
		pr_warn("Out of memory and no killable processes...\n");
		panic("System is deadlocked on memory");
	}
	oom_kill_process(oc, victim, asker ? "Out of memory (oom_kill_allocating_task)" :
			 "Out of memory");
}

void out_of_memory(unsigned int gfp_mask, unsigned int order, unsigned long nodes)
{
	struct oom_control oc = { .gfp_mask = gfp_mask, .order = order, .nodes = nodes };
	static u32 choosing;		/* [a] 1: a processor is at it */

	if (asker_is_dying())
		return;
	if (!xchg(&choosing, 1)) {
		make_victim(&oc);
		WRITE_ONCE(choosing, 0);
	}
	if (!test_tsk_work(current, TIF_MEMDIE)) {
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
	}
}
