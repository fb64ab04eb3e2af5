/*
 * kernel/proc/proc_pid.c - the files of /proc/PID.
 *
 * What is about memory is printed by mm/space/proc_mm.c; this file gives those
 * functions their names, and prints what is about the process itself.  All
 * formats are Linux's to the field, because ps, top and pmap parse them:
 * fields that Octavo has no figure for are there and 0.
 *
 * A process whose figures are read may be exiting.  get_task_mm() pins its
 * address space or says that it is gone; signal and sighand are looked at under
 * tasklist_lock, where release_task() takes them away.
 *
 * Reference: proc(5).
 */
#include <kernel/core/hooks.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/fs/files.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/proc/proc.h>
#include <kernel/fs/tty/tty.h>
#include <kernel/proc/oom_kill.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <mm/space/mmap.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/numa.h>
#include <mm/phys/ptdump.h>
#include <mm/space/mempolicy.h>
#include <mm/space/proc_mm.h>

/* ---- state ---- */

static const struct {
	int state;
	char letter;
	const char *name;
} task_states[] = {
	{ TASK_RUNNING,		'R', "running" },
	{ TASK_INTERRUPTIBLE,	'S', "sleeping" },
	{ TASK_UNINTERRUPTIBLE,	'D', "disk sleep" },
	{ TASK_STOPPED,		'T', "stopped" },
	{ TASK_ZOMBIE,		'Z', "zombie" },
	{ TASK_DEAD,		'X', "dead" },
};

static unsigned int state_index(const struct task_struct *task)
{
	int state = task->exit_state ? task->exit_state : (int)task->state;
	unsigned int i;

	for (i = ARRAY_SIZE(task_states) - 1; i > 0; i--)
		if (state == task_states[i].state)
			break;
	return i;
}

/* What must be read under tasklist_lock: a snapshot, so that printing needs none. */
struct task_view {
	pid_t ppid, pgrp, session, tty_pgrp;
	dev_t tty;
	int num_threads;
	unsigned long utime, stime, min_flt, maj_flt;
	unsigned long nvcsw, nivcsw;
	sigset_t pending, shared, ignored, caught;
	unsigned long sigqueue_limit;
	unsigned long rss_limit;
};

static void view_signals(struct task_struct *task, struct task_view *v)
{
	int sig;

	spin_lock(&task->sighand->siglock);
	v->pending = task->pending.signal;
	v->shared = task->signal->shared_pending.signal;
	for (sig = 1; sig <= _NSIG; sig++) {
		const void *handler = task->sighand->action[sig - 1].sa_handler;

		if (handler == SIG_IGN)
			sigaddset(&v->ignored, sig);
		else if (handler != SIG_DFL)
			sigaddset(&v->caught, sig);
	}
	spin_unlock(&task->sighand->siglock);
}

/* What @t has used up, into @v. */
static void add_usage(struct task_view *v, const struct task_struct *t)
{
	v->utime += t->utime;
	v->stime += t->stime;
	v->min_flt += t->min_flt;
	v->maj_flt += t->maj_flt;
}

/* @whole: times and faults are those of the process, its ended threads included. */
static void view_task(struct task_struct *task, struct task_view *v, bool whole)
{
	struct signal_struct *sig;
	struct task_struct *t;

	memset(v, 0, sizeof(*v));
	v->tty_pgrp = -1;
	read_lock_irq(&tasklist_lock);
	sig = task->signal;
	if (sig) {
		v->ppid = sig->ppid;
		v->pgrp = sig->pgrp;
		v->session = sig->session;
		if (sig->tty) {
			v->tty = sig->tty->dev;
			v->tty_pgrp = sig->tty->pgrp;
		}
		v->rss_limit = sig->rlim[RLIMIT_RSS].rlim_cur;
		v->sigqueue_limit = sig->rlim[RLIMIT_SIGPENDING].rlim_cur;
		if (whole) {
			v->utime = sig->utime;
			v->stime = sig->stime;
			v->min_flt = sig->min_flt;
			v->maj_flt = sig->maj_flt;
		}
		for_each_thread(task, t) {
			v->num_threads++;
			if (whole)
				add_usage(v, t);
		}
		if (!whole)
			add_usage(v, task);
	}
	v->nvcsw = task->nvcsw;
	v->nivcsw = task->nivcsw;
	if (sig && task->sighand)
		view_signals(task, v);
	read_unlock_irq(&tasklist_lock);
}

/* ---- stat: one line of 52 fields ---- */

static unsigned long ns_to_ticks(u64 ns)
{
	return (unsigned long)div_u64(ns, NSEC_PER_SEC / HZ);
}

static int stat_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	bool permitted = mm && ptrace_may_access(task);
	struct task_view v;

	view_task(task, &v, m->private);
	/* pid (comm) state ppid pgrp session tty tpgid flags */
	seq_printf(m, "%d (%s) %c %d %d %d %d %d %u ", task->pid, task->comm,
		   task_states[state_index(task)].letter, v.ppid, v.pgrp, v.session,
		   (int)new_encode_dev(v.tty),
		   v.tty_pgrp, task->flags);
	/* minflt cminflt majflt cmajflt utime stime cutime cstime priority nice threads 0 start */
	seq_printf(m, "%lu %lu %lu %lu %lu %lu %ld %ld %d %d %d 0 %lu ", v.min_flt, task->cmin_flt,
		   v.maj_flt, task->cmaj_flt, v.utime, v.stime, (long)task->cutime,
		   (long)task->cstime, task->prio, TASK_NICE(task), v.num_threads,
		   ns_to_ticks(task->start_time));
	/* vsize rss rsslim startcode endcode startstack, and 0 for the secret kstkesp and kstkeip */
	seq_printf(m, "%lu %lu %lu %lu %lu %lu %lu %lu ", mm ? task_vsize(mm) : 0,
		   mm ? get_mm_rss(mm) : 0, v.rss_limit, permitted ? mm->start_code : mm != NULL,
		   permitted ? mm->end_code : mm != NULL, permitted ? mm->start_stack : 0, 0ul, 0ul);
	/* signal blocked sigignore sigcatch, lower 31 bits: obsolete; wchan 0 0 */
	seq_printf(m, "%u %u %u %u %d 0 0 ", v.pending.sig[0] & 0x7fffffff,
		   task->blocked.sig[0] & 0x7fffffff, v.ignored.sig[0] & 0x7fffffff,
		   v.caught.sig[0] & 0x7fffffff, task->state != TASK_RUNNING);
	/* exit_signal cpu rt_priority policy delays guest cguest */
	seq_printf(m, "%d %d 0 0 0 0 0 ", task->exit_signal, task->cpu);
	/* start_data end_data start_brk arg_start arg_end env_start env_end exit_code */
	if (permitted)
		seq_printf(m, "%lu %lu %lu %lu %lu %lu %lu ", mm->start_data, mm->end_data,
			   mm->start_brk, mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	else
		seq_puts(m, "0 0 0 0 0 0 0 ");
	seq_printf(m, "%d\n", task->exit_code);
	if (mm)
		mmput(mm);
	return 0;
}
PROC_PID_SHOW("stat", stat_show);

/* ---- status: the same for people ---- */

/* The name, which may be anything, in one line. */
static void proc_task_name(struct seq_file *m, const struct task_struct *task)
{
	const char *p;

	for (p = task->comm; *p; p++) {
		if (*p == '\n')
			seq_puts(m, "\\n");
		else if (*p == '\\')
			seq_puts(m, "\\\\");
		else
			seq_putc(m, *p);
	}
}

static void show_sigset(struct seq_file *m, const char *name, const sigset_t *set)
{
	seq_printf(m, "%s:\t%08x%08x\n", name, set->sig[1], set->sig[0]);
}

static int count_sigqueue(struct task_struct *task)
{
	struct list_head *pos;
	int n = 0;

	read_lock_irq(&tasklist_lock);
	if (task->sighand) {
		spin_lock(&task->sighand->siglock);
		list_for_each(pos, &task->pending.list)
			n++;
		list_for_each(pos, &task->signal->shared_pending.list)
			n++;
		spin_unlock(&task->sighand->siglock);
	}
	read_unlock_irq(&tasklist_lock);
	return n;
}

static void status_signals(struct seq_file *m, struct task_struct *task, const struct task_view *v)
{
	seq_printf(m, "Threads:\t%d\n", v->num_threads);
	seq_printf(m, "SigQ:\t%d/%lu\n", count_sigqueue(task), v->sigqueue_limit);
	show_sigset(m, "SigPnd", &v->pending);
	show_sigset(m, "ShdPnd", &v->shared);
	show_sigset(m, "SigBlk", &task->blocked);
	show_sigset(m, "SigIgn", &v->ignored);
	show_sigset(m, "SigCgt", &v->caught);
}

/* Processors, or nodes, as a hexadecimal number and as ranges: 0-2,5. */
static void status_allowed(struct seq_file *m, const char *what, unsigned long mask, int nr)
{
	seq_printf(m, "%s_allowed:\t", what);
	seq_mask(m, mask, (unsigned int)nr);
	seq_printf(m, "\n%s_allowed_list:\t", what);
	seq_mask_list(m, mask, (unsigned int)nr);
	seq_putc(m, '\n');
}

static int status_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	int umask = umask_of_task(task);
	struct task_view v;

	view_task(task, &v, m->private);
	seq_puts(m, "Name:\t");
	proc_task_name(m, task);
	seq_putc(m, '\n');
	if (umask >= 0)
		seq_printf(m, "Umask:\t%04o\n", umask);
	seq_printf(m, "State:\t%c (%s)\n", task_states[state_index(task)].letter,
		   task_states[state_index(task)].name);
	seq_printf(m, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", task->tgid,
		   task->pid, v.ppid);
	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\n", task->uid, task->euid, task->suid, task->fsuid);
	seq_printf(m, "Gid:\t%u\t%u\t%u\t%u\n", task->gid, task->egid, task->sgid, task->fsgid);
	seq_printf(m, "FDSize:\t%u\nGroups:\t \n", max_fds_of_task(task));
	seq_printf(m, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", task->tgid, task->pid,
		   v.pgrp, v.session);
	if (mm) {
		task_mem_show(m, mm);
		mmput(mm);
	}
	status_signals(m, task, &v);
	status_allowed(m, "Cpus", task->cpus_allowed & cpu_online_mask(), nr_cpus);
	status_allowed(m, "Mems", node_mask(N_MEMORY), nr_online_nodes);
	seq_printf(m, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", v.nvcsw,
		   v.nivcsw);
	return 0;
}
PROC_PID_SHOW("status", status_show);

/* ---- what mm/space prints ---- */

static int with_mm(struct seq_file *m, struct task_struct *task,
		   int (*show)(struct seq_file *m, struct mm_struct *mm))
{
	struct mm_struct *mm = get_task_mm(task);
	int err;

	if (!mm)
		return 0;	/* a kernel thread or a zombie: an empty file */
	err = show(m, mm);
	mmput(mm);
	return err;
}

static int maps_show(struct seq_file *m, struct task_struct *task)
{
	return with_mm(m, task, task_maps_show);
}
PROC_PID_SECRET("maps", 0444, maps_show);

/* An area without a policy shows the task's. */
static int numa_maps_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct mempolicy *pol;

	if (!mm)
		return 0;
	pol = get_task_policy(task);
	task_numa_maps_show(m, mm, pol);
	mpol_put(pol);
	mmput(mm);
	return 0;
}
PROC_PID_SECRET("numa_maps", 0444, numa_maps_show);

static int smaps_show(struct seq_file *m, struct task_struct *task)
{
	return with_mm(m, task, task_smaps_show);
}
PROC_PID_SECRET("smaps", 0444, smaps_show);

static int smaps_rollup_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	int err = task_smaps_rollup_show(m, mm);

	if (mm)
		mmput(mm);
	return err;
}
PROC_PID_SECRET("smaps_rollup", 0444, smaps_rollup_show);

static int cmdline_show(struct seq_file *m, struct task_struct *task)
{
	return with_mm(m, task, task_cmdline_show);
}
PROC_PID_SHOW("cmdline", cmdline_show);

static int environ_show(struct seq_file *m, struct task_struct *task)
{
	return with_mm(m, task, task_environ_show);
}
PROC_PID_SECRET("environ", 0400, environ_show);

static int auxv_show(struct seq_file *m, struct task_struct *task)
{
	return with_mm(m, task, task_auxv_show);
}
PROC_PID_SECRET("auxv", 0400, auxv_show);

static int statm_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	int err = task_statm_show(m, mm);

	if (mm)
		mmput(mm);
	return err;
}
PROC_PID_SHOW("statm", statm_show);

/* The address is what was written to the open file; before that it is 0. */
static int translate_pid_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	int err = translate_show(m, mm, m->cookie);

	if (mm)
		mmput(mm);
	return err;
}

static int translate_write(struct task_struct *task, const char *buf, size_t len,
			   unsigned long *cookie)
{
	char text[16];

	strlcpy(text, buf, sizeof(text));
	if (len && text[min(len, sizeof(text)) - 1] == '\n')
		text[min(len, sizeof(text)) - 1] = '\0';
	return kstrtoul(text, 16, cookie);
}
PROC_PID_SHOW_WRITE("translate", 0644, translate_pid_show, translate_write);

static int page_tables_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);

	if (!mm)
		return 0;
	down_read(&mm->mmap_sem);
	ptdump_show_user(m, mm->pgd);
	up_read(&mm->mmap_sem);
	mmput(mm);
	return 0;
}
PROC_PID_SECRET("page_tables", 0400, page_tables_show);

/* ---- OOM ---- */

static int oom_score_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%lu\n", oom_score(task));
}
PROC_PID_SHOW("oom_score", oom_score_show);

/* "-17\n" => -17. => 0 or -EINVAL */
static int parse_int(const char *buf, size_t len, int *result)
{
	char text[16];
	long value;
	int err;

	while (len && (buf[len - 1] == '\n' || buf[len - 1] == ' '))
		len--;
	for (; len && *buf == ' '; len--)
		buf++;
	if (!len || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, buf, len);
	text[len] = '\0';
	err = kstrtol(text, 0, &value);
	*result = (int)value;
	return err;
}

static int oom_score_adj_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%d\n", oom_score_adj_get(task));
}

static int oom_score_adj_write(struct task_struct *task, const char *buf, size_t len,
			       unsigned long *cookie)
{
	int adj, err = parse_int(buf, len, &adj);

	return err ? err : oom_score_adj_set(task, adj);
}
PROC_PID_SHOW_WRITE("oom_score_adj", 0644, oom_score_adj_show, oom_score_adj_write);

static int oom_adj_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%d\n", oom_adj_get(task));
}

static int oom_adj_write(struct task_struct *task, const char *buf, size_t len,
			 unsigned long *cookie)
{
	int adj, err = parse_int(buf, len, &adj);

	return err ? err : oom_adj_set(task, adj);
}
PROC_PID_SHOW_WRITE("oom_adj", 0644, oom_adj_show, oom_adj_write);

/* ---- names ---- */

static int exe_link(struct task_struct *task, struct path *path)
{
	struct mm_struct *mm = get_task_mm(task);
	int err = -ENOENT;

	if (!mm)
		return err;
	down_read(&mm->mmap_sem);
	if (mm->exe_file) {
		*path = mm->exe_file->f_path;
		path_get(path);
		err = 0;
	}
	up_read(&mm->mmap_sem);
	mmput(mm);
	return err;
}
PROC_PID_LINK("exe", exe_link);
PROC_PID_LINK("cwd", get_task_pwd);
PROC_PID_LINK("root", get_task_root);

/* All processes see the same mounts, each from its own root. */
static int pid_mounts_show(struct seq_file *m, struct task_struct *task)
{
	return mounts_show(m, NULL);
}
PROC_PID_SHOW("mounts", pid_mounts_show);

static int pid_mountinfo_show(struct seq_file *m, struct task_struct *task)
{
	return mountinfo_show(m, NULL);
}
PROC_PID_SHOW("mountinfo", pid_mountinfo_show);

static int personality_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%08x\n", task->personality);
}
PROC_PID_SHOW_WRITE("personality", 0400, personality_show, NULL);

/* ---- limits ---- */

static const struct {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU]		= { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE]		= { "Max file size", "bytes" },
	[RLIMIT_DATA]		= { "Max data size", "bytes" },
	[RLIMIT_STACK]		= { "Max stack size", "bytes" },
	[RLIMIT_CORE]		= { "Max core file size", "bytes" },
	[RLIMIT_RSS]		= { "Max resident set", "bytes" },
	[RLIMIT_NPROC]		= { "Max processes", "processes" },
	[RLIMIT_NOFILE]		= { "Max open files", "files" },
	[RLIMIT_MEMLOCK]	= { "Max locked memory", "bytes" },
	[RLIMIT_AS]		= { "Max address space", "bytes" },
	[RLIMIT_LOCKS]		= { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING]	= { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE]	= { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE]		= { "Max nice priority", NULL },
	[RLIMIT_RTPRIO]		= { "Max realtime priority", NULL },
	[RLIMIT_RTTIME]		= { "Max realtime timeout", "us" },
};

static void show_limit(struct seq_file *m, unsigned long value)
{
	if (value == RLIM_INFINITY)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20lu ", value);
}

static int limits_show(struct seq_file *m, struct task_struct *task)
{
	struct rlimit rlim[RLIM_NLIMITS];
	int i;

	memset(rlim, 0, sizeof(rlim));
	read_lock_irq(&tasklist_lock);
	if (task->signal)
		memcpy(rlim, task->signal->rlim, sizeof(rlim));
	read_unlock_irq(&tasklist_lock);
	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", limit_names[i].name);
		show_limit(m, rlim[i].rlim_cur);
		show_limit(m, rlim[i].rlim_max);
		if (limit_names[i].unit)
			seq_printf(m, "%-10s", limit_names[i].unit);
		seq_putc(m, '\n');
	}
	return 0;
}
PROC_PID_SHOW("limits", limits_show);
