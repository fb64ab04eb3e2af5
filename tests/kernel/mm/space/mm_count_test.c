/*
 * tests/kernel/mm/space/mm_count_test.c - who uses an address space, and who has it on loan.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/smp.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/sched.h>
#include <tests/kernel/mm/space/scratch.h>

struct loan {
	struct mm_struct *mm;
	unsigned int users;		/* while it was borrowed */
	int count;
	volatile bool seen;
};

/* A kernel thread keeps the page tables of whoever ran before it. */
static int borrow(void *data)
{
	struct loan *loan = data;

	while (!kthread_should_stop()) {
		if (!loan->seen && current->active_mm == loan->mm) {
			loan->users = refcount_read(&loan->mm->mm_users);
			loan->count = atomic_read(&loan->mm->mm_count);
			loan->seen = true;
		}
		msleep(1);
	}
	return 0;
}

/* A loan counts in mm_count and not in mm_users, and is given back when the borrower sleeps. */
KTEST(mm_count, loans)
{
	unsigned long allowed = current->cpus_allowed;
	struct loan loan = { .seen = false };
	struct task_struct *k;
	int count;

	/* On one processor, so that nobody else's idle task has it too. */
	KASSERT(t, !set_cpus_allowed(current, 1ul << smp_processor_id()));
	loan.mm = scratch_enter();
	KEXPECT_EQ(t, refcount_read(&loan.mm->mm_users), 1);
	count = atomic_read(&loan.mm->mm_count);
	k = kthread_create(borrow, &loan, "borrower");
	KASSERT(t, !IS_ERR(k));
	kthread_bind(k, smp_processor_id());
	wake_up_process(k);
	for (int i = 0; i < 10000 && !loan.seen; i++)
		msleep(1);
	KEXPECT(t, loan.seen);
	KEXPECT_EQ(t, loan.users, 1);
	KEXPECT_EQ(t, loan.count, count + 1);
	KEXPECT_EQ(t, atomic_read(&loan.mm->mm_count), count);
	kthread_stop(k);
	/* A thread of the same program, on the other hand, is a user. */
	mmget(loan.mm);
	KEXPECT_EQ(t, refcount_read(&loan.mm->mm_users), 2);
	KEXPECT_EQ(t, atomic_read(&loan.mm->mm_count), count);
	mmput(loan.mm);
	scratch_leave(loan.mm);
	KEXPECT(t, !set_cpus_allowed(current, allowed));
}
