/*
 * kernel/sys/proc_process.c - system calls: making, ending and naming processes.
 *
 * Each decodes and checks its arguments and then calls kernel/proc.
 */
#include <kernel/arch/desc.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/files.h>
#include <kernel/fs/namei.h>
#include <kernel/proc/exec.h>
#include <kernel/proc/fork.h>
#include <kernel/proc/pidfd.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/uapi/fcntl.h>
#include <kernel/uapi/wait.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/space/mmap.h>

/* ---- life and death -------------------------------------------------------------------------- */

long sys_fork(void)
{
	struct pt_regs *regs = current_pt_regs();
	struct kernel_clone_args args = { .exit_signal = SIGCHLD, .stack = regs->esp };

	return do_fork(&args, regs);
}

long sys_vfork(void)
{
	struct pt_regs *regs = current_pt_regs();
	struct kernel_clone_args args = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD,
					  .stack = regs->esp };

	return do_fork(&args, regs);
}

long sys_clone(unsigned long flags, unsigned long newsp, int *parent_tid, unsigned long tls,
	       int *child_tid)
{
	struct pt_regs *regs = current_pt_regs();
	struct kernel_clone_args args = {
		.flags = flags & ~(unsigned long)CSIGNAL, .exit_signal = (int)(flags & CSIGNAL),
		.stack = newsp ? newsp : regs->esp, .tls = tls,
		.parent_tid = parent_tid, .child_tid = child_tid, .pidfd = parent_tid,
	};

	/* The number and the descriptor would go to the same place. */
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_PARENT_SETTID | CLONE_DETACHED)))
		return -EINVAL;
	return do_fork(&args, regs);
}

long sys_unshare(unsigned long flags)
{
	return do_unshare(flags);
}

/* What clone3() refuses besides what clone() does. => 0 or -EINVAL */
static long check_clone_args(const struct clone_args *args)
{
	/* CLONE_INTO_CGROUP is not here. */
	if (args->flags & ~(CLONE_CLEAR_SIGHAND | 0xffffffffull) ||
	    (args->flags & (CLONE_DETACHED | CSIGNAL)))
		return -EINVAL;
	if (args->exit_signal & ~(u64)CSIGNAL || !valid_signal((unsigned long)args->exit_signal))
		return -EINVAL;
	if ((args->flags & (CLONE_THREAD | CLONE_PARENT)) && args->exit_signal)
		return -EINVAL;
	/* A chosen pid cannot be had. */
	if (args->set_tid || args->set_tid_size)
		return -EINVAL;
	if (!args->stack != !args->stack_size)
		return -EINVAL;
	if (args->stack >> 32 || args->stack_size >> 32 ||
	    !access_ok((unsigned long)args->stack, (unsigned long)args->stack_size))
		return -EINVAL;
	return 0;
}

/* A struct of @size bytes, of which we know the beginning. => 0, -EINVAL, -E2BIG, -EFAULT */
static long get_clone_args(struct clone_args *args, const void *uargs, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	return copy_struct_from_user(args, sizeof(*args), uargs, size);
}

long sys_clone3(const struct clone_args *uargs, size_t size)
{
	struct pt_regs *regs = current_pt_regs();
	struct kernel_clone_args args;
	struct clone_args user;
	long err = get_clone_args(&user, uargs, size);

	if (!err)
		err = check_clone_args(&user);
	if (err)
		return err;
	args = (struct kernel_clone_args){
		.flags = (unsigned long)user.flags, .exit_signal = (int)user.exit_signal,
		.pidfd = (int *)(unsigned long)user.pidfd,
		.clear_sighand = user.flags & CLONE_CLEAR_SIGHAND,
		.stack = user.stack ? (unsigned long)(user.stack + user.stack_size) : regs->esp,
		.parent_tid = (int *)(unsigned long)user.parent_tid,
		.child_tid = (int *)(unsigned long)user.child_tid, .tls = (unsigned long)user.tls,
	};
	return do_fork(&args, regs);
}

long sys_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	struct user_arg_ptr args = { .is_kernel = false, .ptr = argv };
	struct user_arg_ptr env = { .is_kernel = false, .ptr = envp };
	char *name = getname(filename);
	long err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	err = do_execve(name, args, env);
	putname(name);
	return err;
}

long sys_exit(int code)
{
	do_exit((code & 0xff) << 8);
}

long sys_exit_group(int code)
{
	do_group_exit((code & 0xff) << 8);
}

/* ---- waiting --------------------------------------------------------------------------------- */

long sys_wait4(pid_t upid, int *stat_addr, int options, struct rusage *uru)
{
	int status = 0, type = P_PID;
	struct rusage ru;
	long pid;

	if (options & ~(int)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (upid == INT_MIN)
		return -ESRCH;
	if (upid == -1) {
		type = P_ALL;
	} else if (upid <= 0) {
		type = P_PGID;
		upid = upid ? -upid : process_group(current);
	}
	pid = do_wait(type, upid, options | WEXITED, NULL, &status, uru ? &ru : NULL);
	if (pid <= 0)
		return pid;
	if (stat_addr && put_user(status, stat_addr))
		return -EFAULT;
	if (uru && copy_to_user(uru, &ru, sizeof(ru)))
		return -EFAULT;
	return pid;
}

long sys_waitpid(pid_t pid, int *stat_addr, int options)
{
	return sys_wait4(pid, stat_addr, options, NULL);
}

/* A child by its descriptor: from here on by its number. => 0, or -errno */
static long by_pidfd(int *which, pid_t *upid, bool *nonblock)
{
	struct task_struct *tsk = pidfd_get_task((unsigned int)*upid, nonblock);

	if (IS_ERR(tsk))
		return PTR_ERR(tsk);
	*which = P_PID;
	/* A number that is free again could be another's. */
	*upid = READ_ONCE(tsk->exit_state) == TASK_DEAD ? 0 : tsk->pid;
	put_task_struct(tsk);
	return *upid ? 0 : -ECHILD;
}

/* What @upid may be for each kind of question. */
static bool valid_wait_id(int which, pid_t upid)
{
	switch (which) {
	case P_ALL:
		return true;
	case P_PID:
		return upid > 0;
	case P_PGID:
	case P_PIDFD:
		return upid >= 0;
	}
	return false;
}

long sys_waitid(int which, pid_t upid, siginfo_t *infop, int options, struct rusage *uru)
{
	const unsigned long told = offsetof(siginfo_t, si_status) + sizeof(int);
	bool nonblock = false;
	struct rusage ru;
	siginfo_t info;
	long pid = 0;

	if (options & ~(int)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
			     __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)) || !valid_wait_id(which, upid))
		return -EINVAL;
	if (which == P_PGID && !upid)
		upid = process_group(current);
	if (which == P_PIDFD)
		pid = by_pidfd(&which, &upid, &nonblock);
	if (pid)
		return pid;
	memset(&info, 0, sizeof(info));
	pid = do_wait(which, upid, options | (nonblock ? WNOHANG : 0), &info, NULL,
		      uru ? &ru : NULL);
	if (!pid && nonblock && !(options & WNOHANG))
		return -EAGAIN;
	if (pid < 0)
		return pid;
	if (pid && uru && copy_to_user(uru, &ru, sizeof(ru)))
		return -EFAULT;
	/* No news: zeros say so. */
	return infop && copy_to_user(infop, &info, told) ? -EFAULT : 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

long sys_getpid(void)
{
	return current->tgid;
}

long sys_gettid(void)
{
	return current->pid;
}

long sys_getppid(void)
{
	/* Not real_parent->tgid: that one may be gone before it is read. */
	return READ_ONCE(current->signal->ppid);
}

/* => the new descriptor */
static long open_pidfd(struct task_struct *tsk, unsigned int flags)
{
	struct file *file;
	int fd;

	if (!thread_group_leader(tsk))
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = pidfd_getfile(flags);
	if (IS_ERR(file)) {
		put_unused_fd((unsigned int)fd);
		return PTR_ERR(file);
	}
	pidfd_name(file, tsk);
	fd_install((unsigned int)fd, file);
	return fd;
}

long sys_pidfd_open(pid_t pid, unsigned int flags)
{
	struct task_struct *tsk;
	long fd;

	if ((flags & ~(unsigned int)O_NONBLOCK) || pid <= 0)
		return -EINVAL;
	tsk = find_get_task_by_pid(pid);
	if (!tsk)
		return -ESRCH;
	fd = open_pidfd(tsk, flags);
	put_task_struct(tsk);
	return fd;
}

long sys_set_tid_address(int *tidptr)
{
	current->clear_child_tid = tidptr;
	return current->pid;
}

/* May current move @p into group @pgid? => tasklist_lock held */
static int check_setpgid(struct task_struct *p, pid_t pgid)
{
	if (!p)
		return -ESRCH;
	if (!thread_group_leader(p))
		return -EINVAL;
	if (p->real_parent->tgid == current->tgid) {
		if (task_session(p) != task_session(current))
			return -EPERM;
		if (!(p->flags & PF_FORKNOEXEC))
			return -EACCES;
	} else if (p->tgid != current->tgid) {
		return -ESRCH;
	}
	if (p->signal->leader)
		return -EPERM;
	if (pgid != p->pid && !pgrp_in_session(pgid, task_session(current)))
		return -EPERM;
	return 0;
}

long sys_setpgid(pid_t pid, pid_t pgid)
{
	struct task_struct *p;
	int err;

	if (!pid)
		pid = current->tgid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	write_lock_irq(&tasklist_lock);
	p = find_task_by_pid(pid);
	err = check_setpgid(p, pgid);
	if (!err)
		change_pgrp(p, pgid, task_session(p));
	write_unlock_irq(&tasklist_lock);
	return err;
}

/* => @what of process @pid (0: the caller), or -ESRCH */
static long of_process(pid_t pid, pid_t (*what)(const struct task_struct *))
{
	struct task_struct *p;
	long ret = -ESRCH;

	if (!pid)
		return what(current);
	read_lock_irq(&tasklist_lock);
	p = find_task_by_pid(pid);
	if (p)
		ret = what(p);
	read_unlock_irq(&tasklist_lock);
	return ret;
}

long sys_getpgid(pid_t pid)
{
	return of_process(pid, process_group);
}

long sys_getpgrp(void)
{
	return process_group(current);
}

long sys_getsid(pid_t pid)
{
	return of_process(pid, task_session);
}

long sys_setsid(void)
{
	struct task_struct *leader = current->group_leader, *p;
	long ret = -EPERM;

	write_lock_irq(&tasklist_lock);
	if (leader->signal->leader)
		goto out;
	for_each_task_pgrp(p, leader->pid)
		goto out;
	leader->signal->leader = 1;
	change_pgrp(leader, leader->pid, leader->pid);
	leader->signal->tty = NULL;
	leader->signal->tty_old_pgrp = 0;
	ret = leader->pid;
out:
	write_unlock_irq(&tasklist_lock);
	return ret;
}

/* ---- odds and ends --------------------------------------------------------------------------- */

/* ~0 asks only. => what it was; anything may be set, and what we do not know changes nothing */
long sys_personality(unsigned int persona)
{
	unsigned int old = current->personality;

	if (persona != ~0u)
		current->personality = persona;
	return old;
}

long sys_set_thread_area(struct user_desc *u_info)
{
	struct user_desc info;
	int err;

	if (copy_from_user(&info, u_info, sizeof(info)))
		return -EFAULT;
	err = do_set_thread_area(&current->thread, &info, true);
	if (err)
		return err;
	return put_user(info.entry_number, &u_info->entry_number);
}

long sys_get_thread_area(struct user_desc *u_info)
{
	struct user_desc info;
	int err;

	memset(&info, 0, sizeof(info));
	if (get_user(info.entry_number, &u_info->entry_number))
		return -EFAULT;
	err = do_get_thread_area(&current->thread, &info);
	if (err)
		return err;
	return copy_to_user(u_info, &info, sizeof(info)) ? -EFAULT : 0;
}

#define ROBUST_LIST_HEAD_SIZE	12	/* struct robust_list_head */

long sys_set_robust_list(void *head, unsigned long len)
{
	if (len != ROBUST_LIST_HEAD_SIZE)
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

long sys_get_robust_list(pid_t pid, void **head_ptr, unsigned long *len_ptr)
{
	struct task_struct *p = pid ? find_get_task_by_pid(pid) : current;
	void *head;
	int err = 0;

	if (!p)
		return -ESRCH;
	if (p->uid != current->uid && !capable_root())
		err = -EPERM;
	head = p->robust_list;
	if (p != current)
		put_task_struct(p);
	if (err)
		return err;
	if (put_user((unsigned long)ROBUST_LIST_HEAD_SIZE, len_ptr))
		return -EFAULT;
	return put_user(head, head_ptr);
}
