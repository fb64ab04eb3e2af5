/*
 * kernel/sys/proc_prctl.c - prctl(): what a task says about itself.
 *
 * What is not listed here (PR_SET_DUMPABLE, PR_SET_MM, capabilities) is -EINVAL.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/space/mmap.h>

#define PR_SET_PDEATHSIG		1
#define PR_GET_PDEATHSIG		2
#define PR_SET_NAME			15
#define PR_GET_NAME			16
#define PR_SET_CHILD_SUBREAPER		36
#define PR_GET_CHILD_SUBREAPER		37
#define PR_SET_NO_NEW_PRIVS		38
#define PR_GET_NO_NEW_PRIVS		39
#define PR_GET_TID_ADDRESS		40
#define PR_SET_THP_DISABLE		41
#define PR_GET_THP_DISABLE		42

static long set_name(const char *uname)
{
	char comm[TASK_COMM_LEN];

	memset(comm, 0, sizeof(comm));
	if (strncpy_from_user(comm, uname, TASK_COMM_LEN - 1) < 0)
		return -EFAULT;
	memcpy(current->comm, comm, sizeof(comm));
	return 0;
}

static long get_name(char *uname)
{
	char comm[TASK_COMM_LEN];

	memset(comm, 0, sizeof(comm));
	strlcpy(comm, current->comm, sizeof(comm));
	return copy_to_user(uname, comm, sizeof(comm)) ? -EFAULT : 0;
}

static long set_subreaper(bool on)
{
	write_lock_irq(&tasklist_lock);
	current->signal->is_child_subreaper = on;
	write_unlock_irq(&tasklist_lock);
	return 0;
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
	       unsigned long arg5)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (!valid_signal(arg2))
			return -EINVAL;
		current->pdeath_signal = (int)arg2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(current->pdeath_signal, (int *)arg2);
	case PR_SET_NAME:
		return set_name((const char *)arg2);
	case PR_GET_NAME:
		return get_name((char *)arg2);
	case PR_SET_CHILD_SUBREAPER:
		return set_subreaper(arg2 != 0);
	case PR_GET_CHILD_SUBREAPER:
		return put_user(current->signal->is_child_subreaper, (int *)arg2);
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		current->no_new_privs = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : current->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return put_user(current->clear_child_tid, (int **)arg2);
	case PR_SET_THP_DISABLE:
		if (arg3 || arg4 || arg5)
			return -EINVAL;
		set_thp_disabled(current->mm, arg2);
		return 0;
	case PR_GET_THP_DISABLE:
		if (arg2 || arg3 || arg4 || arg5)
			return -EINVAL;
		return test_bit(MMF_DISABLE_THP, &current->mm->flags);
	}
	return -EINVAL;
}
