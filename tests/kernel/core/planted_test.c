/*
 * tests/kernel/core/planted_test.c - leaks on purpose: the accounting must turn red.
 *
 * They run only by their full name (ktest=planted.NAME); tests/system/planted
 * boots each and wants a failure that names the counter.
 */
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/sched/kthread.h>
#include <mm/phys/kmalloc.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmalloc.h>

/* One page. */
KTEST(planted, page)
{
	KASSERT(t, alloc_page(GFP_KERNEL) != NULL);
}

/* One object of 32 bytes. */
KTEST(planted, object)
{
	KASSERT(t, kmalloc(32, GFP_KERNEL) != NULL);
}

/* One vmalloc area. */
KTEST(planted, area)
{
	KASSERT(t, vmalloc(PAGE_SIZE) != NULL);
}

static int sleeper(void *unused)
{
	while (!kthread_should_stop())
		msleep(1000);
	return 0;
}

/* One task that nobody stops. */
KTEST(planted, task)
{
	KASSERT(t, !IS_ERR(kthread_run(sleeper, NULL, "planted")));
}

/* A warning is a failure too. */
KTEST(planted, warning)
{
	WARN_ON(t != NULL);
}

/* Nothing at all: this one passes, so the others fail for their reason alone. */
KTEST(planted, nothing)
{
	void *p = kmalloc(32, GFP_KERNEL);

	KASSERT(t, p != NULL);
	kfree(p);
}
