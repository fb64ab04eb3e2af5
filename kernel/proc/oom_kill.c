/*
 * kernel/proc/oom_kill.c - the last resort of memory allocation.
 *
 * Theory.  The page allocator has found no free page, nothing to reclaim, and the
 * request is one that the kernel cannot refuse.  Then one process must go, so that
 * the others live: the one whose death frees most.  Its badness is the pages it
 * holds (resident, swapped, page tables), and the administrator's word shifts it:
 * oom_score_adj, in thousandths of all memory, from -1000 (never) to 1000 (first).
 * Process 1 and kernel threads are never chosen.
 *
 * The victim gets SIGKILL, with all who share its address space (they would keep the
 * pages), and TIF_MEMDIE, which opens the reserves to it: dying may take memory.
 * While a victim is still dying no second one is chosen; the asker sleeps a tick
 * and tries again.  One processor at a time chooses: two that run out of memory at
 * once would else kill two processes.
 *
 * Locking: tasklist_lock read while choosing; task_mm_lock to look at an mm.
 */
#include <kernel/proc/oom_kill.h>

#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/signal.h>
#include <kernel/core/sysctl.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/vmstat.h>
#include <mm/space/mmap.h>

#define K(pages)	((pages) << (PAGE_SHIFT - 10))

struct oom_figures {
	unsigned long total_vm, rss, anon, file, shmem, nr_ptes, swap;	/* pages */
};

/*
 * A process may live on when its first thread has gone: the address space of any of its threads.
 * => tasklist_lock held; to look at it, task_mm_lock too; NULL: it has none any more
 */
static struct mm_struct *process_mm(struct task_struct *tsk)
{
	struct task_struct *t;

	for_each_thread(tsk, t)
		if (t->mm)
			return t->mm;
	return NULL;
}

/* => tasklist_lock held; 0, or -ESRCH: it has no address space any more */
static int oom_figures(struct task_struct *tsk, struct oom_figures *fig)
{
	struct mm_struct *mm;
	unsigned long flags;

	/* Only read: a moment with interrupts off, no reference. */
	local_irq_save(flags);
	spin_lock(&task_mm_lock);
	mm = process_mm(tsk);
	if (mm) {
		fig->total_vm = mm->total_vm;
		fig->rss = get_mm_rss(mm);
		fig->anon = get_mm_counter(mm, MM_ANONPAGES);
		fig->file = get_mm_counter(mm, MM_FILEPAGES);
		fig->shmem = get_mm_counter(mm, MM_SHMEMPAGES);
		fig->swap = get_mm_counter(mm, MM_SWAPENTS);
		fig->nr_ptes = mm->nr_ptes;
	}
	spin_unlock(&task_mm_lock);
	local_irq_restore(flags);
	return mm ? 0 : -ESRCH;
}

unsigned long oom_badness(struct task_struct *tsk, unsigned long totalpages)
{
	int adj = tsk->signal->oom_score_adj;
	struct oom_figures fig;
	long points;

	if (tsk->tgid <= 1 || (tsk->flags & PF_KTHREAD) || adj == OOM_SCORE_ADJ_MIN)
		return 0;
	if (oom_figures(tsk, &fig))
		return 0;
	points = (long)(fig.rss + fig.swap + fig.nr_ptes);
	points += adj * (long)(totalpages / 1000);
	return points > 0 ? (unsigned long)points : 1;
}

static unsigned long oom_totalpages(void)
{
	return totalram_pages + total_swap_pages;
}

unsigned int oom_score(struct task_struct *tsk)
{
	unsigned long total = oom_totalpages(), points;

	read_lock_irq(&tasklist_lock);
	points = oom_badness(tsk, total);
	read_unlock_irq(&tasklist_lock);
	return (unsigned int)(points / max(total / 1000, 1UL));
}

int oom_score_adj_get(struct task_struct *tsk)
{
	return tsk->signal->oom_score_adj;
}

int oom_score_adj_set(struct task_struct *tsk, int adj)
{
	unsigned long flags;
	int err = 0;

	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	lock_task_sighand(tsk, &flags);
	if (adj < tsk->signal->oom_score_adj && !capable_root())
		err = -EACCES;
	else
		tsk->signal->oom_score_adj = adj;
	unlock_task_sighand(tsk, flags);
	return err;
}

int oom_adj_get(struct task_struct *tsk)
{
	int adj = tsk->signal->oom_score_adj;

	if (adj == OOM_SCORE_ADJ_MAX)
		return OOM_ADJUST_MAX;
	return adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX;
}

int oom_adj_set(struct task_struct *tsk, int adj)
{
	if (adj < OOM_DISABLE || adj > OOM_ADJUST_MAX)
		return -EINVAL;
	return oom_score_adj_set(tsk, adj == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX :
				 adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE);
}

/* ---- settings -------------------------------------------------------------------------------- */

static int sysctl_panic_on_oom;			/* 1: unless a policy is to blame; 2: always */
static int sysctl_oom_kill_allocating_task;	/* no choosing: who asked goes, if he may */
static int sysctl_oom_dump_tasks = 1;		/* list all in the log first */

SYSCTL_INT("sys/vm/panic_on_oom", sysctl_panic_on_oom, 0, 2, NULL);
SYSCTL_INT("sys/vm/oom_kill_allocating_task", sysctl_oom_kill_allocating_task, INT_MIN, INT_MAX,
	   NULL);
SYSCTL_INT("sys/vm/oom_dump_tasks", sysctl_oom_dump_tasks, INT_MIN, INT_MAX, NULL);

/* ---- choosing -------------------------------------------------------------------------------- */

/* Does its death free memory of @nodes? Whose policy binds it to others has none there. */
static bool may_use_nodes(struct task_struct *tsk, unsigned long nodes)
{
	struct mempolicy *pol = nodes ? get_task_policy(tsk) : NULL;
	bool may = !pol || pol->mode != MPOL_BIND || (pol->nodes & nodes);

	mpol_put(pol);
	return may;
}

/* => a reference on the worst of those who may use @nodes (0: all); NULL: none; *dying: somebody is at it already */
static struct task_struct *select_bad_process(unsigned long nodes, bool *dying)
{
	unsigned long worst = 0, total = oom_totalpages();
	struct task_struct *p, *chosen = NULL;

	*dying = false;
	read_lock_irq(&tasklist_lock);
	for_each_process(p) {
		unsigned long points;

		if (test_tsk_work(p, TIF_MEMDIE) && process_mm(p))
			*dying = true;
		/* The asker does, whatever its leader's policy says: by an area's, or a thread's. */
		if (!may_use_nodes(p, nodes) && (!current->mm || process_mm(p) != current->mm))
			continue;
		points = oom_badness(p, total);
		if (points > worst) {
			worst = points;
			chosen = p;
		}
	}
	if (chosen)
		get_task_struct(chosen);
	read_unlock_irq(&tasklist_lock);
	return chosen;
}

static void dump_tasks(void)
{
	struct oom_figures fig;
	struct task_struct *p;

	pr_info("[  pid  ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n");
	read_lock_irq(&tasklist_lock);
	for_each_process(p) {
		if (oom_figures(p, &fig))
			continue;
		pr_info("[%7d] %5d %5d %8lu %8lu %7lu %8lu         %5d %s\n", p->pid, (int)p->uid,
			p->tgid, fig.total_vm, fig.rss, fig.nr_ptes, fig.swap,
			p->signal->oom_score_adj, p->comm);
	}
	read_unlock_irq(&tasklist_lock);
}

static void dump_header(unsigned int gfp_mask, unsigned int order, unsigned long nodes)
{
	pr_warn("%s invoked oom-killer: gfp_mask=0x%x, order=%u, oom_score_adj=%d\n",
		current->comm, gfp_mask, order, current->signal->oom_score_adj);
	if (nodes)
		pr_warn("oom-kill: constraint=CONSTRAINT_MEMORY_POLICY, nodes 0x%lx\n", nodes);
	dump_stack();
	show_mem();
	if (READ_ONCE(sysctl_oom_dump_tasks))
		dump_tasks();
}

/* => drops the reference */
static void oom_kill_process(struct task_struct *victim)
{
	struct oom_figures fig = { .rss = 0 };
	struct mm_struct *mm;
	struct task_struct *p;

	read_lock_irq(&tasklist_lock);
	oom_figures(victim, &fig);
	mm = process_mm(victim);
	pr_err("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, "
	       "file-rss:%lukB, shmem-rss:%lukB, UID:%d pgtables:%lukB oom_score_adj:%d\n",
	       victim->pid, victim->comm, K(fig.total_vm), K(fig.anon), K(fig.file),
	       K(fig.shmem), (int)victim->uid, K(fig.nr_ptes), victim->signal->oom_score_adj);
	count_vm_event(OOM_KILL);
	for_each_process(p) {
		if (p != victim && (!mm || process_mm(p) != mm || p->tgid <= 1 ||
				    (p->flags & PF_KTHREAD)))
			continue;
		set_tsk_work(p, TIF_MEMDIE);
		send_signal(SIGKILL, SEND_SIG_PRIV, p, true);
	}
	read_unlock_irq(&tasklist_lock);
	put_task_struct(victim);
}

/* As select_bad_process(): who asks, if that is the setting and he can be killed. */
static struct task_struct *select_allocating_task(void)
{
	struct task_struct *chosen = NULL;

	if (!READ_ONCE(sysctl_oom_kill_allocating_task))
		return NULL;
	read_lock_irq(&tasklist_lock);
	if (oom_badness(current, oom_totalpages())) {
		chosen = current;
		get_task_struct(chosen);
	}
	read_unlock_irq(&tasklist_lock);
	return chosen;
}

/* Let one process go, unless one is going already. */
static void make_victim(unsigned int gfp_mask, unsigned int order, unsigned long nodes)
{
	int panics = READ_ONCE(sysctl_panic_on_oom);
	struct task_struct *victim;
	bool dying;

	if (panics == 2 || (panics && !nodes)) {
		dump_header(gfp_mask, order, nodes);
		panic("Out of memory: %s panic_on_oom is enabled",
		      panics == 2 ? "compulsory" : "system-wide");
	}
	victim = select_allocating_task();
	if (victim) {
		dump_header(gfp_mask, order, nodes);
		oom_kill_process(victim);
		return;
	}
	victim = select_bad_process(nodes, &dying);
	if (!victim && !dying) {
		dump_header(gfp_mask, order, nodes);
		panic("Out of memory and no killable processes...");
	}
	if (!dying) {
		dump_header(gfp_mask, order, nodes);
		oom_kill_process(victim);
	} else if (victim) {
		put_task_struct(victim);
	}
}

void out_of_memory(unsigned int gfp_mask, unsigned int order, unsigned long nodes)
{
	static u32 choosing;		/* [a] 1: a processor is at it */

	/* The asker is on its way out: let it through, that frees most. */
	if ((current->flags & PF_EXITING) ||
	    sigismember(&current->pending.signal, SIGKILL) ||
	    sigismember(&current->signal->shared_pending.signal, SIGKILL)) {
		set_tsk_work(current, TIF_MEMDIE);
		return;
	}
	if (!xchg(&choosing, 1)) {
		make_victim(gfp_mask, order, nodes);
		WRITE_ONCE(choosing, 0);
	}
	if (!test_tsk_work(current, TIF_MEMDIE)) {
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
	}
}
