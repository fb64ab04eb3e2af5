/*
 * kernel/entry/syscall.c - calls that do not exist.
 *
 * sys_call_table's holes point here, and entry.S comes here with any number
 * behind its end.  The program gets -ENOSYS, which C libraries know how to deal
 * with; the log gets one line per number, so that a missing call is noticed.
 */
#include <kernel/entry/traps.h>

#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <lib/bitmap.h>
#include <lib/errno.h>

#define NR_REMEMBERED	512

static DECLARE_BITMAP(reported, NR_REMEMBERED);

asmlinkage long sys_ni_syscall(void)
{
	unsigned long nr = (unsigned long)current_pt_regs()->orig_eax;
	/* All absurd numbers share the last bit. */
	unsigned long bit = nr < NR_REMEMBERED ? nr : NR_REMEMBERED - 1;

	if (!test_and_set_bit(bit % BITS_PER_LONG, &reported[bit / BITS_PER_LONG]))
		pr_debug("%s[%d]: unknown system call %ld\n", current->comm, current->pid, nr);
	return -ENOSYS;
}
