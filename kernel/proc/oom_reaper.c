/*
 * kernel/proc/oom_reaper.c - taking the memory of those who are to die.
 *
 * Theory.  SIGKILL is a request: the victim has to run to obey, and it may be asleep for a lock
 * whose holder waits for memory.  But what it held privately nobody will miss.  So a kernel thread
 * takes that at once, without waiting for the victim to come by: it empties the page tables of all
 * private areas, under mmap_sem for reading, as madvise(MADV_DONTNEED) would.
 *
 * From then on the address space lies: what was written to it reads as zeros.  No instruction of
 * ring 3 sees that, as the signal comes first; but the kernel itself may just be writing such a page
 * into a file.  Therefore MMF_UNSTABLE is set before, and a fault that finds an empty entry in an
 * unstable address space ends in SIGBUS or EFAULT (mm/space/memory.c).  Both sides look under
 * page_table_lock: a page that a fault has entered before is taken away after.
 *
 * What cannot be had: shared memory, which others may want; page tables; and everything, if
 * somebody holds mmap_sem for writing.  Then the reaper tries again, OOM_REAP_TRIES times a tenth of
 * a second, and after that gives up.  Either way MMF_OOM_SKIP says that no more is to be expected,
 * and the next victim may be chosen: of that there is always an end.
 *
 * Victims are address spaces here.  Each is in a small table from the kill until MMF_OOM_SKIP is
 * set, by the reaper or by the exit (mmput), and as long as there is one nobody else is killed.
 *
 * The last mmput() of a victim waits for a reaper that is at work, by taking mmap_sem once; later
 * ones find mm_users 0 and leave it alone.
 *
 * Locking: victims_lock, innermost but for the run queue's.
 */
#include <kernel/proc/oom.h>

#include <kernel/core/ktest.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/time.h>
#include <kernel/proc/oom_kill.h>
#include <kernel/sched/kthread.h>
#include <lib/string.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>

#define OOM_VICTIMS	8	/* usually one; more if such as die already run out of memory too */
#define OOM_REAP_TRIES	10

#define K(pages)	((pages) << (PAGE_SHIFT - 10))

struct oom_victim {
	struct mm_struct *mm;		/* [v] a reference (mm_count), or NULL */
	pid_t pid;			/* [v] */
	char comm[TASK_COMM_LEN];	/* [v] */
	unsigned int tries;		/* the reaper's */
};

static struct oom_victim victims[OOM_VICTIMS];	/* [v] only the reaper empties an entry */
static DEFINE_SPINLOCK(victims_lock);
static DECLARE_WAIT_QUEUE_HEAD(oom_reaper_wait);

static bool mm_skipped(const struct mm_struct *mm)
{
	return test_bit(MMF_OOM_SKIP, &mm->flags);
}

bool oom_victim_pending(void)
{
	bool pending = false;
	unsigned long flags;

	spin_lock_irqsave(&victims_lock, flags);
	for (struct oom_victim *v = victims; v < victims + OOM_VICTIMS; v++)
		pending |= v->mm && !mm_skipped(v->mm);
	spin_unlock_irqrestore(&victims_lock, flags);
	return pending;
}

bool oom_queue_victim(struct mm_struct *mm, const struct task_struct *victim)
{
	struct oom_victim *v, *free = NULL;
	unsigned long flags;
	bool known = false;

	spin_lock_irqsave(&victims_lock, flags);
	for (v = victims; v < victims + OOM_VICTIMS; v++) {
		known |= v->mm == mm;
		if (!v->mm)
			free = v;
	}
	if (!known && free) {
		free->mm = mm;
		free->pid = victim->pid;
		free->tries = 0;
		strlcpy(free->comm, victim->comm, sizeof(free->comm));
	}
	spin_unlock_irqrestore(&victims_lock, flags);
	if (known || !free)
		mmdrop(mm);
	else
		wake_up(&oom_reaper_wait);
	return known || free;
}

bool oom_reap_mm(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	if (!down_read_trylock(&mm->mmap_sem))
		return false;
	set_bit(MMF_UNSTABLE, &mm->flags);	/* a full barrier: before the first look at a table */
	for (vma = mm->mmap; vma && refcount_read(&mm->mm_users); vma = vma->vm_next) {
		if (!(vma->vm_flags & (VM_SHARED | VM_PFNMAP | VM_IO)))
			zap_page_range(vma, vma->vm_start, vma->vm_end - vma->vm_start);
		cond_resched();
	}
	up_read(&mm->mmap_sem);
	return true;
}

/* => true: it needs to be looked at no more */
static bool reap_victim(struct oom_victim *v)
{
	struct mm_struct *mm = v->mm;

	if (mm_skipped(mm))
		return true;
	if (refcount_read(&mm->mm_users) && oom_reap_mm(mm)) {
		pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB\n",
			v->pid, v->comm, K(get_mm_counter(mm, MM_ANONPAGES)),
			K(get_mm_counter(mm, MM_FILEPAGES)), K(get_mm_counter(mm, MM_SHMEMPAGES)));
	} else {
		if (++v->tries < OOM_REAP_TRIES)
			return false;
		pr_info("oom_reaper: unable to reap pid:%d (%s)\n", v->pid, v->comm);
	}
	set_bit(MMF_OOM_SKIP, &mm->flags);
	return true;
}

/* => entries that are to be tried again */
static int reap_victims(void)
{
	int left = 0;

	for (struct oom_victim *v = victims; v < victims + OOM_VICTIMS; v++) {
		struct mm_struct *mm = READ_ONCE(v->mm);

		if (!mm)
			continue;
		if (!reap_victim(v)) {
			left++;
			continue;
		}
		spin_lock_irq(&victims_lock);
		v->mm = NULL;
		spin_unlock_irq(&victims_lock);
		mmdrop(mm);
	}
	return left;
}

static bool any_victim(void)
{
	for (struct oom_victim *v = victims; v < victims + OOM_VICTIMS; v++)
		if (READ_ONCE(v->mm))
			return true;
	return false;
}

static int oom_reaper(void *unused)
{
	for (;;) {
		wait_event_interruptible(oom_reaper_wait, any_victim());
		while (reap_victims()) {
			__set_current_state(TASK_INTERRUPTIBLE);
			schedule_timeout(HZ / 10);
		}
	}
	return 0;
}

/* Tests count memory exactly: an address space in the table has not gone yet. */
static void oom_quiesce(void)
{
	while (any_victim())
		msleep(10);
}

void __init oom_init(void)
{
	if (IS_ERR(kthread_run(oom_reaper, NULL, "oom_reaper")))
		panic("no memory for the oom reaper");
	ktest_register_quiesce(oom_quiesce);
}
