/*
 * kernel/proc/proc_task.c - /proc/PID: what a task is called, where it stands.
 *
 * A sleeping task lies in schedule(), called by whatever it waits in, called by the system call
 * that it made: all of that is on its kernel stack.  wchan is the first function there that is
 * not one of the waiting machinery (__sched), stack is all of those, and syscall is what the
 * program asked for.  So `cat /proc/PID/stack` shows a student how a read from a pipe comes to
 * sleep.
 *
 * The task may be woken while its stack is looked at.  Then what is printed is of no moment that
 * ever was; but each frame is read with care (stack_trace_save_tsk), and nothing is believed.
 *
 * Reference: proc(5).
 */
#include <kernel/core/kallsyms.h>
#include <kernel/core/panic.h>
#include <kernel/core/signal.h>
#include <kernel/fs/proc/proc.h>
#include <kernel/proc/exec.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>

#define MAX_STACK_TRACE_DEPTH	64

/* ---- wchan, stack ---- */

static bool in_sched_functions(unsigned long addr)
{
	extern char __sched_text_start[], __sched_text_end[];

	return addr >= (unsigned long)__sched_text_start && addr < (unsigned long)__sched_text_end;
}

/* Where @task waits: an address in the function that called schedule(); 0: it runs. */
static unsigned long get_wchan(struct task_struct *task)
{
	unsigned long entries[8];
	unsigned int nr, i;

	if (task == current || !READ_ONCE(task->state))
		return 0;
	nr = stack_trace_save_tsk(task, entries, ARRAY_SIZE(entries), 0);
	for (i = 0; i < nr; i++)
		/* The byte before a return address is surely the caller's. */
		if (!in_sched_functions(entries[i] - 1))
			return entries[i] - 1;
	return 0;
}

static int wchan_show(struct seq_file *m, struct task_struct *task)
{
	unsigned long offset, size, addr = ptrace_may_access(task) ? get_wchan(task) : 0;
	const char *name = addr ? kallsyms_lookup(addr, &offset, &size) : NULL;

	return seq_puts(m, name ? name : "0");
}
PROC_PID_SHOW("wchan", wchan_show);

static int stack_show(struct seq_file *m, struct task_struct *task)
{
	unsigned long entries[MAX_STACK_TRACE_DEPTH];
	unsigned int nr, i;

	/* Where code lies is nobody's business who cannot change it anyway. */
	if (current->euid != 0)
		return -EACCES;
	nr = stack_trace_save_tsk(task, entries, ARRAY_SIZE(entries), 0);
	for (i = 0; i < nr; i++)
		if (!in_sched_functions(entries[i] - 1))
			seq_printf(m, "[<0>] %pB\n", (void *)entries[i]);
	return 0;
}
PROC_PID_SECRET("stack", 0400, stack_show);

/* ---- syscall ---- */

static int syscall_show(struct seq_file *m, struct task_struct *task)
{
	const struct pt_regs *regs = task_pt_regs(task);

	if (task != current && !READ_ONCE(task->state))
		return seq_puts(m, "running\n");
	/* A kernel thread has not come from ring 3. */
	if (task->flags & PF_KTHREAD)
		return seq_puts(m, "-1 0x0 0x0\n");
	if (regs->orig_eax < 0)
		return seq_printf(m, "-1 0x%lx 0x%lx\n", regs->esp, regs->eip);
	return seq_printf(m, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", regs->orig_eax,
			  regs->ebx, regs->ecx, regs->edx, regs->esi, regs->edi, regs->ebp,
			  regs->esp, regs->eip);
}
PROC_PID_SECRET("syscall", 0400, syscall_show);

/* ---- comm ---- */

static int comm_show(struct seq_file *m, struct task_struct *task)
{
	return seq_printf(m, "%s\n", task->comm);
}

/* A process names its threads; one of another is not to be confused. */
static int comm_write(struct task_struct *task, const char *buf, size_t len, unsigned long *cookie)
{
	char name[TASK_COMM_LEN];

	if (task->tgid != current->tgid)
		return -EINVAL;
	memset(name, 0, sizeof(name));
	memcpy(name, buf, min(len, sizeof(name) - 1));
	memcpy(task->comm, name, sizeof(name));
	return 0;
}
PROC_PID_SHOW_WRITE("comm", 0644, comm_show, comm_write);
