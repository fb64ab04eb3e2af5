/*
 * kernel/proc/exec.c - becoming another program.
 *
 * Theory.  exec keeps the task (pid, parent, open files, limits) and replaces what
 * it runs.  Until the new program is known to be loadable nothing of the old one is
 * touched: a new address space is built beside it, with the argument and environment
 * strings already on its stack, and the file is read and checked.  Then comes the
 * point of no return, flush_old_exec(): other threads die, the new address space is
 * put on, handlers are reset, close-on-exec files closed.  If it was not the leader
 * that called, it becomes the leader: the process keeps its number.  After it a failure can
 * only be answered by SIGSEGV, for there is nothing left to return to.
 *
 *	stack of the new program, from the top:
 *		stack_top	4 bytes of 0
 *				file name (AT_EXECFN)
 *				environment strings, last first
 *	bprm->p ------------>	argument strings
 *				... elf.c continues: platform, random bytes,
 *				auxv, envp[], argv[], argc <- esp
 *
 * The strings are copied page by page into pages of the new space, through kmap: it
 * is not loaded yet.  They may fill a quarter of RLIMIT_STACK (-E2BIG).
 *
 * A "#!" script replaces the file by its interpreter and the arguments accordingly
 * (script.c), and the search starts again, up to MAX_INTERP_DEPTH times.
 *
 * The set-user-ID bit is ignored.
 *
 * Locking: the new mm's mmap_sem (nobody else has it); task_mm_lock to exchange.
 */
#include <kernel/proc/exec.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/fpu.h>
#include <kernel/arch/switch.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <kernel/core/signal.h>
#include <kernel/fs/files.h>
#include <kernel/proc/fork.h>
#include <kernel/proc/layout.h>
#include <kernel/proc/posix_timers.h>
#include <kernel/proc/signal.h>
#include <kernel/proc/thread.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/highmem.h>
#include <mm/phys/kmalloc.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>
#include <mm/types/mmu_context.h>

#define ARG_MAX		(128UL << 10)	/* bytes of strings that are always allowed */
#define MAX_ARG_LIMIT	(6UL << 20)	/* and that are never exceeded */
#define STACK_EXPAND	(128UL << 10)	/* room below the strings from the start */

/* ---- strings --------------------------------------------------------------------------------- */

static const char *get_user_arg_ptr(struct user_arg_ptr argv, int nr)
{
	const char *ptr;

	if (argv.is_kernel)
		return argv.ptr[nr];
	if (get_user(ptr, argv.ptr + nr))
		return ERR_PTR(-EFAULT);
	return ptr;
}

/* => how many strings a NULL-terminated array has, or -EFAULT, -E2BIG, -EINTR */
static int count_strings(struct user_arg_ptr argv)
{
	int count = 0;

	if (!argv.ptr)
		return 0;
	for (;;) {
		const char *p = get_user_arg_ptr(argv, count);

		if (!p)
			return count;
		if (IS_ERR(p))
			return -EFAULT;
		if (++count == INT_MAX)
			return -E2BIG;
		if (signal_pending(current) &&
		    (sigismember(&current->pending.signal, SIGKILL) ||
		     sigismember(&current->signal->shared_pending.signal, SIGKILL)))
			return -EINTR;
		cond_resched();
	}
}

/*
 * The page of the new stack that holds @pos, made if it is not there.
 * => a reference, or NULL: no room or no memory
 */
static struct page *get_arg_page(struct linux_binprm *bprm, unsigned long pos)
{
	struct mm_struct *mm = bprm->mm;
	struct page *page = NULL;
	struct vm_area_struct *vma;
	int ret = 0;

	down_write(&mm->mmap_sem);
	vma = find_vma(mm, bprm->stack_top - 1);
	if (pos < vma->vm_start)
		ret = expand_stack(vma, pos);
	if (!ret)
		ret = get_user_pages(mm, pos & PAGE_MASK, 1, true, true, &page);
	up_write(&mm->mmap_sem);
	return ret == 1 ? page : NULL;
}

/* One page of the new stack, mapped while strings go into it. */
struct arg_window {
	struct page *page;
	char *kaddr;
	unsigned long kpos;
};

static void close_window(struct arg_window *w)
{
	if (w->page) {
		kunmap(w->page);
		put_page(w->page);
		w->page = NULL;
	}
}

/* => where @pos is mapped, or NULL */
static char *move_window(struct linux_binprm *bprm, struct arg_window *w, unsigned long pos)
{
	if (!w->page || w->kpos != (pos & PAGE_MASK)) {
		close_window(w);
		w->page = get_arg_page(bprm, pos);
		if (!w->page)
			return NULL;
		w->kpos = pos & PAGE_MASK;
		w->kaddr = kmap(w->page);
	}
	return w->kaddr + (pos & ~PAGE_MASK);
}

/* Copy @len bytes to bprm->p - @len, from the end backwards. => 0 or -errno */
static int copy_one_string(struct linux_binprm *bprm, struct arg_window *w, const char *str,
			   unsigned long len, bool is_kernel)
{
	unsigned long pos = bprm->p;

	if (len > pos - bprm->argmin || pos < bprm->argmin)
		return -E2BIG;
	bprm->p -= len;
	str += len;
	while (len) {
		unsigned long bytes = min_t(unsigned long, len, ((pos - 1) & ~PAGE_MASK) + 1);
		char *to;

		pos -= bytes;
		str -= bytes;
		len -= bytes;
		to = move_window(bprm, w, pos);
		if (!to)
			return -E2BIG;
		if (is_kernel)
			memcpy(to, str, bytes);
		else if (copy_from_user(to, str, bytes))
			return -EFAULT;
	}
	return 0;
}

int copy_strings(int argc, struct user_arg_ptr argv, struct linux_binprm *bprm)
{
	struct arg_window window = { .page = NULL };
	int err = 0;

	while (!err && argc-- > 0) {
		const char *str = get_user_arg_ptr(argv, argc);
		long len;

		if (IS_ERR_OR_NULL(str)) {
			err = -EFAULT;	/* it changed under us */
			break;
		}
		len = argv.is_kernel ? (long)strlen(str) + 1 : strnlen_user(str, MAX_ARG_STRLEN);
		if (!len)
			err = -EFAULT;
		else if (len > MAX_ARG_STRLEN)
			err = -E2BIG;
		else
			err = copy_one_string(bprm, &window, str, (unsigned long)len,
					      argv.is_kernel);
		cond_resched();
	}
	close_window(&window);
	return err;
}

static int copy_string_kernel(const char *str, struct linux_binprm *bprm)
{
	struct user_arg_ptr one = { .is_kernel = true, .ptr = &str };

	return copy_strings(1, one, bprm);
}

/* Pointers count too: they lie on the same stack. => 0 or -E2BIG */
static int set_arg_limit(struct linux_binprm *bprm)
{
	unsigned long limit = rlimit(RLIMIT_STACK) / 4, pointers;

	limit = clamp(limit, ARG_MAX, MAX_ARG_LIMIT);
	if ((unsigned long)bprm->argc + (unsigned long)bprm->envc > limit / sizeof(void *))
		return -E2BIG;
	pointers = (unsigned long)(bprm->argc + bprm->envc) * sizeof(void *);
	if (limit <= pointers)
		return -E2BIG;
	bprm->argmin = bprm->p - (limit - pointers);
	return 0;
}

/* ---- the point of no return ------------------------------------------------------------------ */

/* Is nobody left but @tsk, and the leader as a zombie? */
static bool others_are_gone(struct task_struct *tsk)
{
	struct task_struct *leader = tsk->group_leader;
	bool gone;

	read_lock_irq(&tasklist_lock);
	if (leader == tsk)
		gone = thread_group_empty(tsk);
	else
		gone = leader->exit_state == TASK_ZOMBIE && next_thread(tsk) == leader &&
		       next_thread(leader) == tsk;
	read_unlock_irq(&tasklist_lock);
	return gone;
}

/*
 * @tsk becomes the process: it takes the dead leader's number and its place among the
 * relatives, and the leader goes as any thread does.
 * => others_are_gone(); may sleep
 */
static void take_over_leadership(struct task_struct *tsk)
{
	struct task_struct *leader = tsk->group_leader;
	struct signal_struct *sig = tsk->signal;
	pid_t pid = tsk->pid;

	write_lock_irq(&tasklist_lock);
	unhash_task(leader);
	unhash_task(tsk);
	tsk->pid = leader->pid;
	leader->pid = pid;
	hash_task(leader);
	hash_task(tsk);
	list_replace_init(&leader->tasks, &tsk->tasks);
	list_replace_init(&leader->sibling, &tsk->sibling);
	tsk->group_leader = leader->group_leader = tsk;
	tsk->real_parent = leader->real_parent;
	tsk->parent = leader->parent;
	tsk->exit_signal = SIGCHLD;
	tsk->start_time = leader->start_time;
	leader->exit_signal = -1;
	leader->exit_state = TASK_DEAD;
	sig->real_timer_task = tsk;
	write_unlock_irq(&tasklist_lock);
	/* It may be running for the old leader at this moment. */
	if (del_timer_sync(&sig->real_timer))
		add_timer(&sig->real_timer);
	release_task(leader);
}

/* Kill the other threads and see them go. => as de_thread() */
static int kill_others(struct task_struct *tsk)
{
	struct sighand_struct *sighand = tsk->sighand;
	struct signal_struct *sig = tsk->signal;
	int err = 0;

	spin_lock_irq(&sighand->siglock);
	if ((sig->flags & SIGNAL_GROUP_EXIT) || sig->group_exec_task) {
		err = -EAGAIN;
	} else {
		sig->group_exec_task = tsk;
		zap_other_threads(tsk);
	}
	spin_unlock_irq(&sighand->siglock);
	if (err)
		return err;
	while (!others_are_gone(tsk)) {
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
	}
	return 0;
}

/*
 * Be alone: the other threads of the process go, and its timers.
 * => may sleep; 0, or -EAGAIN: the process is exiting, or another thread was first
 */
static int de_thread(struct task_struct *tsk)
{
	struct sighand_struct *sighand = tsk->sighand;
	struct signal_struct *sig = tsk->signal;
	int err = 0;

	if (!thread_group_empty(tsk)) {
		err = kill_others(tsk);
		if (err)
			return err;
	}
	/* They signal the leader, or threads that are no more. */
	exit_posix_timers(sig);
	flush_itimer_signals();
	if (!thread_group_leader(tsk))
		take_over_leadership(tsk);
	spin_lock_irq(&sighand->siglock);
	sig->group_exec_task = NULL;
	spin_unlock_irq(&sighand->siglock);
	return unshare_sighand(tsk);
}

/* Put on the new address space. */
static void exec_mmap(struct mm_struct *mm)
{
	struct task_struct *tsk = current;
	struct mm_struct *old_mm = tsk->mm, *active_mm;
	unsigned long rss;

	mm_release(tsk);
	if (old_mm) {
		rss = max(old_mm->hiwater_rss, get_mm_rss(old_mm));
		if (tsk->signal->maxrss < rss)
			tsk->signal->maxrss = rss;
	}
	local_irq_disable();
	spin_lock(&task_mm_lock);
	active_mm = tsk->active_mm;
	tsk->mm = mm;
	tsk->active_mm = mm;
	tsk->exec_mm = NULL;
	switch_mm(active_mm, mm);
	spin_unlock(&task_mm_lock);
	local_irq_enable();
	if (old_mm)
		mmput(old_mm);
	else
		mmdrop(active_mm);	/* a kernel thread's loan */
}

int flush_old_exec(struct linux_binprm *bprm)
{
	struct task_struct *tsk = current;
	int err;

	bprm->point_of_no_return = true;	/* the other threads do not come back */
	err = de_thread(tsk);
	if (!err)
		err = unshare_files();
	if (err)
		return err;
	bprm->mm->exe_file = get_file(bprm->file);
	exec_mmap(bprm->mm);
	bprm->mm = NULL;	/* it is the task's now */
	tsk->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD);

	/* Registers that are not in the frame. */
	local_irq_disable();
	fpu_drop(&tsk->thread);
	memset(tsk->thread.tls_array, 0, sizeof(tsk->thread.tls_array));
	set_user_fs(0);
	set_user_gs(0);
	load_TLS(&tsk->thread);
	local_irq_enable();
	return 0;
}

static void set_task_comm(struct task_struct *tsk, const char *filename)
{
	const char *slash = strrchr(filename, '/');

	strlcpy(tsk->comm, slash ? slash + 1 : filename, sizeof(tsk->comm));
}

void setup_new_exec(struct linux_binprm *bprm)
{
	struct task_struct *tsk = current;

	tsk->flags &= ~PF_RANDOMIZE;
	if (bprm->randomize)
		tsk->flags |= PF_RANDOMIZE;
	arch_pick_mmap_layout(tsk->mm);
	set_task_comm(tsk, bprm->filename);
	spin_lock_irq(&tsk->sighand->siglock);
	flush_signal_handlers(tsk, false);
	spin_unlock_irq(&tsk->sighand->siglock);
	sas_ss_reset(tsk);
	tsk->restart_fn = NULL;
	tsk->robust_list = NULL;
	if (tsk->exit_signal != -1 || tsk->pid == 1)
		tsk->exit_signal = SIGCHLD;
	tsk->suid = tsk->fsuid = tsk->euid;
	tsk->sgid = tsk->fsgid = tsk->egid;
	flush_old_files(tsk->files);
}

int setup_arg_pages(struct linux_binprm *bprm, bool executable)
{
	struct mm_struct *mm = current->mm;
	unsigned long top = bprm->stack_top;
	unsigned long room = min(STACK_EXPAND, rlimit(RLIMIT_STACK));
	struct vm_area_struct *vma;
	unsigned long bottom;

	down_write(&mm->mmap_sem);
	vma = find_vma(mm, top - 1);
	if (executable) {
		vma->vm_flags |= VM_EXEC;
		vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	}
	bottom = PAGE_ALIGN(top - room);
	if (bottom > vma->vm_start - STACK_EXPAND)
		bottom = vma->vm_start - STACK_EXPAND;
	/* Only an offer: the stack grows by itself, up to its limit. */
	if (top - bottom <= rlimit(RLIMIT_STACK) && expand_stack(vma, bottom))
		pr_debug("exec: no room below the strings\n");
	mm->start_stack = bprm->p;
	up_write(&mm->mmap_sem);
	return 0;
}

/* ---- do_execve ------------------------------------------------------------------------------- */

/* What @mm (NULL: none) holds counts as the caller's, until it is his. */
static void set_exec_mm(struct mm_struct *mm)
{
	local_irq_disable();
	spin_lock(&task_mm_lock);
	current->exec_mm = mm;
	spin_unlock(&task_mm_lock);
	local_irq_enable();
}

static int bprm_mm_init(struct linux_binprm *bprm)
{
	int err;

	bprm->mm = mm_alloc();
	if (!bprm->mm)
		return -ENOMEM;
	set_exec_mm(bprm->mm);
	arch_pick_mmap_layout(bprm->mm);
	bprm->randomize = randomize_wanted();
	bprm->stack_top = random_stack_top(bprm->randomize);
	err = setup_stack_vma(bprm->mm, bprm->stack_top, PAGE_SIZE);
	bprm->p = bprm->stack_top - sizeof(void *);
	return err;
}

/* The file's beginning, zero-padded. => 0 or -errno */
static int prepare_binprm(struct linux_binprm *bprm)
{
	int err;

	memset(bprm->buf, 0, sizeof(bprm->buf));
	err = kernel_read(bprm->file, 0, bprm->buf, sizeof(bprm->buf));
	return min(err, 0);
}

static int search_binary_handler(struct linux_binprm *bprm)
{
	for (;;) {
		int err = prepare_binprm(bprm);

		if (!err)
			err = load_script(bprm);
		if (err == -ENOEXEC)
			return load_elf_binary(bprm);
		if (err)
			return err;
		if (++bprm->depth > MAX_INTERP_DEPTH)
			return -ELOOP;
	}
}

static void free_bprm(struct linux_binprm *bprm)
{
	if (bprm->mm) {
		set_exec_mm(NULL);
		mmput(bprm->mm);
	}
	if (!IS_ERR_OR_NULL(bprm->file)) {
		allow_write_access(bprm->file);
		fput(bprm->file);
	}
	kfree(bprm->interp_copy);
	kfree(bprm);
}

int bprm_open(struct linux_binprm *bprm, const char *name)
{
	struct file *file = open_exec(name);
	int err;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	err = deny_write_access(file);
	if (err) {
		fput(file);
		return err;
	}
	if (bprm->file) {
		allow_write_access(bprm->file);
		fput(bprm->file);
	}
	bprm->file = file;
	return 0;
}

static int exec_binprm(struct linux_binprm *bprm, struct user_arg_ptr argv,
		       struct user_arg_ptr envp)
{
	int err = bprm_open(bprm, bprm->filename);

	if (err)
		return err;
	err = bprm_mm_init(bprm);
	if (err)
		return err;
	err = bprm->argc = count_strings(argv);
	if (err < 0)
		return err;
	err = bprm->envc = count_strings(envp);
	if (err < 0)
		return err;
	err = set_arg_limit(bprm);
	if (err)
		return err;
	err = copy_string_kernel(bprm->filename, bprm);
	if (err)
		return err;
	bprm->exec = bprm->p;
	err = copy_strings(bprm->envc, envp, bprm);
	if (err)
		return err;
	err = copy_strings(bprm->argc, argv, bprm);
	if (err)
		return err;
	if (!bprm->argc) {
		/* A program may rely on argv[0]: an empty one, as Linux since 5.18. */
		err = copy_string_kernel("", bprm);
		if (err)
			return err;
		bprm->argc = 1;
	}
	return search_binary_handler(bprm);
}

long do_execve(const char *filename, struct user_arg_ptr argv, struct user_arg_ptr envp)
{
	struct linux_binprm *bprm = kzalloc(sizeof(*bprm), GFP_KERNEL);
	int err;

	if (!bprm)
		return -ENOMEM;
	bprm->filename = bprm->interp = filename;
	err = exec_binprm(bprm, argv, envp);
	/* Who is being killed, by another thread's exec perhaps, must not end the process by this. */
	if (err && bprm->point_of_no_return && !fatal_signal_pending(current))
		force_sig(SIGSEGV, current);
	free_bprm(bprm);
	return err;
}

int kernel_execve(const char *filename, const char *const argv[], const char *const envp[])
{
	struct user_arg_ptr args = { .is_kernel = true, .ptr = argv };
	struct user_arg_ptr env = { .is_kernel = true, .ptr = envp };
	long err;

	BUG_ON(!(current->flags & PF_KTHREAD));
	err = do_execve(filename, args, env);
	if (err)
		return (int)err;
	ret_to_user(current_pt_regs());
}
