/*
 * kernel/proc/fork.c - a new task is a copy of the one that asks.
 *
 * Theory.  do_fork() copies the struct, gives it a stack, and then for each thing
 * that hangs from a task either shares it (one more on its count, if a CLONE_ flag
 * says so) or copies it.  fork() shares nothing, a thread nearly everything.  The
 * copy of the address space is cheap because pages are copied only when written
 * (mm/space).  The child's kernel stack holds a copy of the parent's frame with
 * eax = 0, and under it nothing: it starts in ret_from_fork and returns to ring 3
 * from the same system call.
 *
 * Until the child is on the lists nobody can see it, so each step may fail and be
 * undone: the labels at the end of copy_process() name what they undo.
 *
 * vfork(): the child runs in the parent's address space; the parent waits on a
 * completion until the child's mm_release(), at exec or exit.
 *
 * Limits: max_threads for the machine (pid_init),
 * RLIMIT_NPROC for a user other than root; both -EAGAIN.
 *
 * Locking: tasklist_lock, written when the child enters the lists.  A signal that
 * arrives before that is acted on first: fork starts again (-ERESTARTNOINTR), so a
 * signal to a process group reaches parent and child or comes before both.
 */
#include <kernel/proc/fork.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/fpu.h>
#include <kernel/arch/switch.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bug.h>
#include <kernel/core/completion.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/fs/files.h>
#include <kernel/proc/futex.h>
#include <kernel/proc/pidfd.h>
#include <kernel/proc/signal.h>
#include <kernel/proc/thread.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <kernel/sched/user.h>
#include <kernel/uapi/fcntl.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/fail_alloc.h>
#include <mm/phys/kstack.h>
#include <mm/phys/slab.h>
#include <mm/types/mempolicy.h>
#include <mm/space/mmap.h>

static struct kmem_cache *task_struct_cachep, *signal_cachep, *sighand_cachep;	/* [c] */

/* Namespaces and the like: not here. */
#define CLONE_UNSUPPORTED	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
				 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* ---- the struct and its end ------------------------------------------------------------------ */

/* => may sleep; a bitwise copy of current with a stack of its own; NULL: no memory */
static struct task_struct *dup_task_struct(void)
{
	struct task_struct *orig = current;
	struct task_struct *tsk = kmem_cache_alloc(task_struct_cachep, GFP_KERNEL);

	if (!tsk)
		return NULL;
	/* The function, not the builtin: rep movsl, where gcc would make a loop. */
	(memcpy)(tsk, orig, offsetof(struct task_struct, thread.fpu));
	tsk->stack = alloc_thread_stack();
	if (!tsk->stack) {
		kmem_cache_free(task_struct_cachep, tsk);
		return NULL;
	}
	lockdep_init_task(tsk);
	fpu_copy(&tsk->thread, &orig->thread);
	task_stack_top(tsk)->task = tsk;
	task_stack_top(tsk)->percpu_offset = current_stack_top()->percpu_offset;
	/* One reference for whoever waits for it, one for the processor it runs on. */
	refcount_set(&tsk->usage, 2);
	get_uid(tsk->user);
	mpol_get(tsk->mempolicy);
	return tsk;
}

struct task_struct *__init fork_idle(int cpu)
{
	struct task_struct *tsk = dup_task_struct();

	if (!tsk)
		return NULL;
	set_task_cpu(tsk, cpu);
	tsk->cpus_allowed = 1ul << cpu;
	tsk->oncpu = 1;
	tsk->array = NULL;
	tsk->lock_depth = 0;
	tsk->thread.esp0 = (unsigned long)task_stack_top(tsk);
	INIT_LIST_HEAD(&tsk->run_list);
	INIT_LIST_HEAD(&tsk->tasks);
	INIT_HLIST_NODE(&tsk->pid_chain);
	INIT_LIST_HEAD(&tsk->thread_group);
	INIT_LIST_HEAD(&tsk->children);
	INIT_LIST_HEAD(&tsk->sibling);
	INIT_LIST_HEAD(&tsk->pending.list);
	tsk->group_leader = tsk;
	atomic_inc(&tsk->sighand->count);
	atomic_inc(&tsk->signal->count);
	snprintf(tsk->comm, sizeof(tsk->comm), "swapper/%d", cpu);
	return tsk;
}

static void free_task_struct(struct rcu_head *head)
{
	kmem_cache_free(task_struct_cachep, container_of(head, struct task_struct, rcu));
}

/* The struct itself stays for those who are just looking it up (find_get_task_by_pid). */
static void free_task(struct task_struct *tsk)
{
	free_uid(tsk->user);
	mpol_put(tsk->mempolicy);
	free_thread_stack(tsk->stack);
	call_rcu(&tsk->rcu, free_task_struct);
}

void __cleanup_sighand(struct sighand_struct *sighand)
{
	if (atomic_dec_and_test(&sighand->count))
		kmem_cache_free(sighand_cachep, sighand);
}

void free_signal_struct(struct signal_struct *sig)
{
	if (atomic_dec_and_test(&sig->count))
		kmem_cache_free(signal_cachep, sig);
}

/* => any context, not on @tsk's stack */
void __put_task_struct(struct task_struct *tsk)
{
	BUG_VAL(tsk == current, tsk, tsk->pid);
	__cleanup_sighand(tsk->sighand);
	free_signal_struct(tsk->signal);
	free_task(tsk);
}

/* ---- the parts ------------------------------------------------------------------------------- */

static int copy_sighand(const struct kernel_clone_args *args, struct task_struct *tsk)
{
	struct sighand_struct *sighand;

	if (args->flags & CLONE_SIGHAND) {
		atomic_inc(&tsk->sighand->count);
		return 0;
	}
	sighand = kmem_cache_alloc(sighand_cachep, GFP_KERNEL);
	if (!sighand)
		return -ENOMEM;
	atomic_set(&sighand->count, 1);
	spin_lock_init(&sighand->siglock);
	init_waitqueue_head(&sighand->signalfd_wqh);
	spin_lock_irq(&current->sighand->siglock);
	(memcpy)(sighand->action, current->sighand->action, sizeof(sighand->action));
	spin_unlock_irq(&current->sighand->siglock);
	tsk->sighand = sighand;
	if (args->clear_sighand)
		flush_signal_handlers(tsk, false);
	return 0;
}

int unshare_sighand(struct task_struct *tsk)
{
	struct sighand_struct *old = tsk->sighand, *sighand;

	if (atomic_read(&old->count) == 1)
		return 0;
	sighand = kmem_cache_alloc(sighand_cachep, GFP_KERNEL);
	if (!sighand)
		return -ENOMEM;
	atomic_set(&sighand->count, 1);
	spin_lock_init(&sighand->siglock);
	init_waitqueue_head(&sighand->signalfd_wqh);
	write_lock_irq(&tasklist_lock);
	spin_lock(&old->siglock);
	(memcpy)(sighand->action, old->action, sizeof(sighand->action));
	tsk->sighand = sighand;
	spin_unlock(&old->siglock);
	write_unlock_irq(&tasklist_lock);
	__cleanup_sighand(old);
	return 0;
}

static int copy_signal(unsigned long clone_flags, struct task_struct *tsk)
{
	struct signal_struct *old = current->signal, *sig;

	if (clone_flags & CLONE_THREAD) {
		atomic_inc(&old->count);
		atomic_inc(&old->live);
		return 0;
	}
	sig = kmem_cache_zalloc(signal_cachep, GFP_KERNEL);
	if (!sig)
		return -ENOMEM;
	atomic_set(&sig->count, 1);
	atomic_set(&sig->live, 1);
	init_waitqueue_head(&sig->wait_chldexit);
	init_waitqueue_head(&sig->wait_pidfd);
	INIT_LIST_HEAD(&sig->shared_pending.list);
	INIT_LIST_HEAD(&sig->posix_timers);
	spin_lock_irq(&current->sighand->siglock);
	memcpy(sig->rlim, old->rlim, sizeof(sig->rlim));
	sig->oom_score_adj = old->oom_score_adj;
	sig->oom_score_adj_min = old->oom_score_adj_min;
	spin_unlock_irq(&current->sighand->siglock);
	init_itimers(sig, tsk);
	tsk->signal = sig;
	return 0;
}

static int copy_mm(unsigned long clone_flags, struct task_struct *tsk)
{
	struct mm_struct *mm = current->mm;

	tsk->min_flt = tsk->maj_flt = 0;
	tsk->mm = tsk->active_mm = NULL;
	if (!mm)
		return 0;
	if (clone_flags & CLONE_VM) {
		mmget(mm);
	} else {
		mm = dup_mm(mm);
		if (!mm)
			return -ENOMEM;
	}
	tsk->mm = tsk->active_mm = mm;
	return 0;
}

/* The machine's part: the frame it returns to ring 3 with, and where it starts. */
static int copy_thread(const struct kernel_clone_args *args, struct pt_regs *regs,
		       struct task_struct *tsk)
{
	struct pt_regs *childregs = task_pt_regs(tsk);
	struct user_desc info;

	*childregs = *regs;
	tsk->thread.esp = (unsigned long)childregs;
	tsk->thread.esp0 = (unsigned long)task_stack_top(tsk);
	if (tsk->flags & PF_KTHREAD) {
		tsk->thread.eip = (unsigned long)ret_from_kernel_thread;
		tsk->thread.fs = tsk->thread.gs = 0;
		return 0;
	}
	childregs->eax = 0;
	childregs->esp = args->stack;
	tsk->thread.eip = (unsigned long)ret_from_fork;
	tsk->thread.fs = get_user_fs();
	tsk->thread.gs = get_user_gs();
	if (!(args->flags & CLONE_SETTLS))
		return 0;
	if (copy_from_user(&info, (const void *)args->tls, sizeof(info)))
		return -EFAULT;
	if (info.entry_number == ~0u)
		return -EINVAL;
	return do_set_thread_area(&tsk->thread, &info, false);
}

/* What a copy must not have inherited. */
static void init_task_fields(const struct kernel_clone_args *args, struct task_struct *tsk,
			     pid_t pid)
{
	unsigned long clone_flags = args->flags;

	tsk->pid = pid;
	tsk->tgid = clone_flags & CLONE_THREAD ? current->tgid : pid;
	tsk->flags &= ~(PF_EXITING | PF_SIGNALED | PF_MEMALLOC | PF_THREAD_BOUND);
	tsk->flags |= PF_FORKNOEXEC;
	tsk->work = 0;
	tsk->lock_depth = tsk->pagefault_disabled = 0;
	INIT_LIST_HEAD(&tsk->tasks);
	INIT_HLIST_NODE(&tsk->pid_chain);
	INIT_LIST_HEAD(&tsk->thread_group);
	INIT_LIST_HEAD(&tsk->children);
	INIT_LIST_HEAD(&tsk->sibling);
	INIT_LIST_HEAD(&tsk->pending.list);
	sigemptyset(&tsk->pending.signal);
	sigemptyset(&tsk->real_blocked);
	tsk->restore_sigmask = 0;
	tsk->group_leader = clone_flags & CLONE_THREAD ? current->group_leader : tsk;
	tsk->exit_state = 0;
	tsk->exit_code = 0;
	tsk->exit_signal = clone_flags & CLONE_THREAD || tsk->flags & PF_KTHREAD ?
			   -1 : args->exit_signal;
	tsk->pdeath_signal = 0;
	tsk->set_child_tid = clone_flags & CLONE_CHILD_SETTID ? args->child_tid : NULL;
	tsk->clear_child_tid = clone_flags & CLONE_CHILD_CLEARTID ? args->child_tid : NULL;
	tsk->robust_list = NULL;
	tsk->vfork_done = NULL;
	tsk->last_switch_count = 0;
	fail_alloc_fork(tsk);
	tsk->restart_fn = NULL;
	/* A thread on a stack of its own must not take signals on its maker's other one. */
	if ((clone_flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		sas_ss_reset(tsk);
	tsk->utime = tsk->stime = tsk->cutime = tsk->cstime = 0;
	tsk->cmin_flt = tsk->cmaj_flt = 0;
	tsk->start_time = ktime_get_ns();
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int check_clone_flags(const struct kernel_clone_args *args)
{
	unsigned long flags = args->flags;

	if (flags & CLONE_UNSUPPORTED)
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && args->clear_sighand)
		return -EINVAL;
	/* A descriptor stands for a process. */
	if ((flags & CLONE_PIDFD) && (flags & CLONE_THREAD))
		return -EINVAL;
	/* init's siblings would have no one to wait for them */
	if ((flags & CLONE_PARENT) && current->tgid == 1)
		return -EINVAL;
	return 0;
}

/* Room for one more task? It is only counted when it enters the lists: a limit may be passed by
 * as many as fork at the same moment. */
static bool task_limit_reached(void)
{
	struct user_struct *user = current->user;

	if (READ_ONCE(nr_threads) >= max_threads)
		return true;
	return user != &root_user &&
	       (unsigned long)atomic_read(&user->processes) >= rlimit(RLIMIT_NPROC);
}

/*
 * A new process is in its maker's group and session, and on its terminal: as they are at the
 * moment when it can be found, for others change them.  => tasklist_lock held for writing
 */
static void inherit_session(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal, *old = current->signal;

	sig->pgrp = old->pgrp;
	sig->session = old->session;
	sig->tty = old->tty;
	sig->tty_old_pgrp = old->tty_old_pgrp;
	get_pid_nr(sig->pgrp);
	get_pid_nr(sig->session);
	sig->ppid = tsk->real_parent->tgid;
}

/* Enter the lists. => 0 or -ERESTARTNOINTR: a signal came first */
static int link_task(unsigned long clone_flags, struct task_struct *tsk)
{
	struct task_struct *parent = current;

	write_lock_irq(&tasklist_lock);
	spin_lock(&current->sighand->siglock);
	recalc_sigpending();
	if (signal_pending(current)) {
		spin_unlock(&current->sighand->siglock);
		write_unlock_irq(&tasklist_lock);
		return -ERESTARTNOINTR;
	}
	if (clone_flags & (CLONE_PARENT | CLONE_THREAD))
		parent = current->real_parent;
	/* A sibling tells the parent of its end as its maker will, not by a signal of its choice. */
	if ((clone_flags & (CLONE_PARENT | CLONE_THREAD)) == CLONE_PARENT)
		tsk->exit_signal = current->group_leader->exit_signal;
	tsk->real_parent = tsk->parent = parent;
	if (clone_flags & CLONE_THREAD) {
		list_add_tail(&tsk->thread_group, &current->group_leader->thread_group);
	} else {
		list_add_tail(&tsk->sibling, &parent->children);
		list_add_tail(&tsk->tasks, &init_task.tasks);
		inherit_session(tsk);
	}
	hash_task(tsk);
	if (tsk->pid == 1)
		tsk->signal->flags |= SIGNAL_UNKILLABLE;
	nr_threads++;
	total_forks++;
	atomic_inc(&tsk->user->processes);
	spin_unlock(&current->sighand->siglock);
	write_unlock_irq(&tasklist_lock);
	return 0;
}

/*
 * => may sleep; the new task, on the lists but asleep; or ERR_PTR
 */
static struct task_struct *copy_process(const struct kernel_clone_args *args, struct pt_regs *regs,
					unsigned int task_flags)
{
	unsigned long clone_flags = args->flags;
	struct task_struct *tsk;
	pid_t pid;
	int err = check_clone_flags(args);

	if (err)
		return ERR_PTR(err);
	if (task_limit_reached())
		return ERR_PTR(-EAGAIN);
	tsk = dup_task_struct();
	if (!tsk)
		return ERR_PTR(-ENOMEM);
	err = pid = alloc_pid();
	if (pid < 0)
		goto bad_free_task;
	tsk->flags |= task_flags;
	init_task_fields(args, tsk, pid);

	err = copy_files(clone_flags, tsk);
	if (err)
		goto bad_put_pid;
	err = copy_fs(clone_flags, tsk);
	if (err)
		goto bad_exit_files;
	err = copy_sighand(args, tsk);
	if (err)
		goto bad_exit_fs;
	err = copy_signal(clone_flags, tsk);
	if (err)
		goto bad_put_sighand;
	err = copy_mm(clone_flags, tsk);
	if (err)
		goto bad_put_signal;
	err = copy_thread(args, regs, tsk);
	if (err)
		goto bad_put_mm;
	sched_fork(tsk);
	err = link_task(clone_flags, tsk);
	if (err)
		goto bad_put_mm;
	return tsk;

bad_put_mm:
	if (tsk->mm)
		mmput(tsk->mm);
bad_put_signal:
	if (clone_flags & CLONE_THREAD)
		atomic_dec(&tsk->signal->live);
	free_signal_struct(tsk->signal);
bad_put_sighand:
	__cleanup_sighand(tsk->sighand);
bad_exit_fs:
	exit_fs(tsk);
bad_exit_files:
	exit_files(tsk);
bad_put_pid:
	put_pid_nr(pid);
bad_free_task:
	free_task(tsk);
	return ERR_PTR(err);
}

/* A descriptor for the child to be, told to the caller. => its number, *file; or -errno */
static int make_pidfd(const struct kernel_clone_args *args, struct file **file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC), err;

	if (fd < 0)
		return fd;
	*file = pidfd_getfile(0);
	err = IS_ERR(*file) ? (int)PTR_ERR(*file) : 0;
	if (!err && put_user(fd, args->pidfd)) {
		err = -EFAULT;
		fput(*file);
	}
	if (err)
		put_unused_fd((unsigned int)fd);
	return err ? err : fd;
}

long do_fork(const struct kernel_clone_args *args, struct pt_regs *regs)
{
	struct file *pidfd_file = NULL;
	struct completion vfork;
	struct task_struct *tsk;
	int pidfd = -1;
	long pid;

	if (args->flags & CLONE_PIDFD) {
		pidfd = make_pidfd(args, &pidfd_file);
		if (pidfd < 0)
			return pidfd;
	}
	tsk = copy_process(args, regs, 0);
	if (IS_ERR(tsk)) {
		if (pidfd_file) {
			put_unused_fd((unsigned int)pidfd);
			fput(pidfd_file);
		}
		return PTR_ERR(tsk);
	}
	pid = tsk->pid;
	if (pidfd_file) {
		pidfd_name(pidfd_file, tsk);
		fd_install((unsigned int)pidfd, pidfd_file);
	}
	if (args->flags & CLONE_VFORK) {
		init_completion(&vfork);
		tsk->vfork_done = &vfork;
	}
	/* The child exists whatever comes of this; Linux, too, only tries. */
	if ((args->flags & CLONE_PARENT_SETTID) && put_user((int)pid, args->parent_tid))
		pr_debug("clone: bad parent_tid\n");
	wake_up_new_task(tsk);
	if (args->flags & CLONE_VFORK)
		wait_for_completion(&vfork);
	return pid;
}

pid_t kernel_thread(int (*fn)(void *), void *arg, unsigned long flags)
{
	struct pt_regs regs = { .ebx = (long)fn, .ecx = (long)arg, .orig_eax = -1 };
	struct kernel_clone_args args = { .flags = flags };
	struct task_struct *tsk;
	pid_t pid;

	tsk = copy_process(&args, &regs, PF_KTHREAD);
	if (IS_ERR(tsk))
		return (pid_t)PTR_ERR(tsk);
	pid = tsk->pid;
	wake_up_new_task(tsk);
	return pid;
}

void mm_release(struct task_struct *tsk)
{
	struct completion *vfork_done;

	if (tsk->mm && tsk->robust_list)
		exit_robust_list(tsk);
	if (tsk->clear_child_tid) {
		int *tidptr = tsk->clear_child_tid;

		tsk->clear_child_tid = NULL;
		/* Only if somebody is left to see it. */
		if (tsk->mm && refcount_read(&tsk->mm->mm_users) > 1 && !put_user(0, tidptr))
			futex_wake((u32 *)tidptr, true, 1, FUTEX_BITSET_MATCH_ANY);
	}
	if (!tsk->vfork_done)
		return;
	write_lock_irq(&tasklist_lock);
	vfork_done = tsk->vfork_done;
	tsk->vfork_done = NULL;
	write_unlock_irq(&tasklist_lock);
	complete(vfork_done);
}

/* ---- unshare --------------------------------------------------------------------------------- */

/* A process cannot part with itself: what threads share, only one without others may "unshare". */
long do_unshare(unsigned long flags)
{
	int err = 0;

	if (flags & ~(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM))
		return -EINVAL;
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && !thread_group_empty(current))
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) && atomic_read(&current->sighand->count) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && refcount_read(&current->mm->mm_users) > 1)
		return -EINVAL;
	if (flags & CLONE_FS)
		err = unshare_fs();
	if (!err && (flags & CLONE_FILES))
		err = unshare_files();
	return err;
}

/* ---- start ----------------------------------------------------------------------------------- */

static int max_threads_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", max_threads);
	return 0;
}
PROC_SHOW("sys/kernel/threads-max", max_threads_show);

static int pid_max_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", pid_max);
	return 0;
}
PROC_SHOW("sys/kernel/pid_max", pid_max_show);

void __init fork_init(void)
{
	struct rlimit *rlim = init_task.signal->rlim;

	/* FXSAVE wants 16 bytes of alignment inside; a cache line gives it. */
	static_assert(__builtin_offsetof(struct task_struct, thread.fpu) % 16 == 0, "FXSAVE");
	task_struct_cachep = kmem_cache_create("task_struct", sizeof(struct task_struct), 16,
					       SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	signal_cachep = kmem_cache_create("signal_cache", sizeof(struct signal_struct), 0,
					  SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	sighand_cachep = kmem_cache_create("sighand_cache", sizeof(struct sighand_struct), 0,
					   SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	rlim[RLIMIT_NPROC].rlim_cur = rlim[RLIMIT_NPROC].rlim_max = (unsigned long)max_threads / 2;
	rlim[RLIMIT_SIGPENDING] = rlim[RLIMIT_NPROC];
	futex_init();
}
