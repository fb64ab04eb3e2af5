/*
 * kernel/proc/oom_report.c - what the log says when somebody had to be killed.
 *
 * The same lines as Linux 6.1's, in the same order, so that who can read the one can read the
 * other, and so can programs:
 *
 *	hog invoked oom-killer: gfp_mask=0xd2(GFP_HIGHUSER), order=0, oom_score_adj=0
 *	Call Trace, Mem-Info				who asked, and what the machine has left
 *	Tasks state ...					all who could have been chosen
 *	oom-kill:constraint=CONSTRAINT_NONE,...		one line with the decision
 *	Out of memory: Killed process 99 (hog) ...
 *
 * The table's figures are the very ones that the choice was made by, as both are made in one pass:
 * the one killed is the one whose rss + pages of page tables + swapents + a thousandth of all memory
 * for each point of oom_score_adj is largest; of equal ones, the last.
 */
#include <kernel/proc/oom.h>

#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/signal.h>
#include <kernel/core/watchdog.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>
#include <mm/phys/page_alloc.h>

#define K(pages)	((pages) << (PAGE_SHIFT - 10))

/* The first that fits goes off; then the next. */
static const struct {
	gfp_t mask;
	const char *name;
} gfp_names[] = {
	{ GFP_HIGHUSER, "GFP_HIGHUSER" }, { GFP_KERNEL, "GFP_KERNEL" }, { GFP_NOFS, "GFP_NOFS" },
	{ GFP_NOIO, "GFP_NOIO" }, { GFP_ATOMIC, "GFP_ATOMIC" }, { __GFP_DMA, "GFP_DMA" },
	{ __GFP_HIGHMEM, "__GFP_HIGHMEM" }, { __GFP_IO, "__GFP_IO" }, { __GFP_FS, "__GFP_FS" },
	{ __GFP_NOWARN, "__GFP_NOWARN" }, { __GFP_REPEAT, "__GFP_REPEAT" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" }, { __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_COMP, "__GFP_COMP" }, { __GFP_ZERO, "__GFP_ZERO" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" }, { __GFP_THISNODE, "__GFP_THISNODE" },
};

static void gfp_to_text(gfp_t gfp, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < ARRAY_SIZE(gfp_names) && gfp; i++) {
		if ((gfp & gfp_names[i].mask) != gfp_names[i].mask)
			continue;
		gfp &= ~gfp_names[i].mask;
		len += (size_t)scnprintf(text + len, size - len, "%s%s", len ? "|" : "",
					 gfp_names[i].name);
	}
}

/* "0-1,3", or "(null)": no nodes were named. */
static void nodes_to_text(unsigned long nodes, char *text, size_t size)
{
	size_t len = 0;

	scnprintf(text, size, "(null)");
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		int last = nid;

		if (!(nodes >> nid & 1))
			continue;
		while (last + 1 < MAX_NUMNODES && (nodes >> (last + 1) & 1))
			last++;
		len += (size_t)scnprintf(text + len, size - len, "%s%d", len ? "," : "", nid);
		if (last > nid)
			len += (size_t)scnprintf(text + len, size - len, "-%d", last);
		nid = last;
	}
}

void oom_dump_header(const struct oom_control *oc)
{
	char text[160];

	gfp_to_text(oc->gfp_mask, text, sizeof(text));
	pr_warn("%s invoked oom-killer: gfp_mask=%#x(%s), order=%u, oom_score_adj=%d\n",
		current->comm, oc->gfp_mask, text, oc->order, current->signal->oom_score_adj);
	dump_stack();
	show_mem(oc->nodes);
}

void oom_dump_table_head(void)
{
	pr_info("Tasks state (memory values in pages):\n");
	pr_info("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n");
}

void oom_dump_task(const struct task_struct *tsk, const struct oom_figures *fig)
{
	pr_info("[%7d] %5d %5d %8lu %8lu %8lu %8lu         %5d %s\n", tsk->pid, (int)tsk->uid,
		tsk->tgid, fig->total_vm, oom_rss(fig), fig->nr_ptes << PAGE_SHIFT, fig->swap,
		tsk->signal->oom_score_adj, tsk->comm);
	touch_nmi_watchdogs();		/* one line of many, with tasklist_lock held */
}

void oom_dump_summary(const struct oom_control *oc, const struct task_struct *victim)
{
	char policy[48], allowed[48];

	nodes_to_text(oc->nodes, policy, sizeof(policy));
	nodes_to_text((1UL << nr_online_nodes) - 1, allowed, sizeof(allowed));
	pr_info("oom-kill:constraint=%s,nodemask=%s,cpuset=/,mems_allowed=%s,global_oom,task_memcg=/,task=%s,pid=%d,uid=%u\n",
		oc->nodes ? "CONSTRAINT_MEMORY_POLICY" : "CONSTRAINT_NONE", policy, allowed,
		victim->comm, victim->pid, victim->uid);
}

void oom_dump_kill(const char *message, const struct task_struct *victim,
		   const struct oom_figures *fig)
{
	pr_err("%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d\n", message, victim->pid,
	       victim->comm, K(fig->total_vm), K(fig->anon), K(fig->file), K(fig->shmem),
	       victim->uid, K(fig->nr_ptes), victim->signal->oom_score_adj);
}
