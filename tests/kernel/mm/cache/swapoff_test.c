/*
 * tests/kernel/mm/cache/swapoff_test.c - pages of a process to an area and back, when the disk is good and
 * when it is not.
 */
#include <tests/kernel/mm/cache/swap_disk.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/completion.h>
#include <kernel/core/sched.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <mm/space/swap_fault.h>

#define AT	0x48000000UL
#define PAGES	40ul
#define SLOTS	128u

/* Anonymous memory in which each page has its number. */
static struct mm_struct *begin(void)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long i;

	BUG_ON(scratch_map(AT, PAGES, RW) != AT);
	for (i = 0; i < PAGES; i++)
		BUG_ON(poke(AT + i * PAGE_SIZE, (u32)i + 7000));
	return mm;
}

static unsigned long wrong_pages(void)
{
	unsigned long i, wrong = 0;

	for (i = 0; i < PAGES; i++)
		wrong += peek(AT + i * PAGE_SIZE) != (u32)i + 7000;
	return wrong;
}

/* All that can goes to its slot, and out of memory. => entries that are in swap */
static unsigned long page_out(void)
{
	unsigned long i, swapped = 0;
	struct zone *zone;
	int round;

	for (round = 0; round < 10 && (!round || swap_info[0].swapper_space.nrpages); round++) {
		BUG_ON(do_madvise(AT, PAGES * PAGE_SIZE, MADV_PAGEOUT));
		msleep(2);
		lru_add_drain_all();
		for_each_populated_zone(zone) {
			struct scan_control sc = { .gfp_mask = GFP_KERNEL };

			shrink_zone(zone, &sc);
			free_clean_pages(zone, ULONG_MAX);
		}
	}
	for (i = 0; i < PAGES; i++)
		swapped += pte_swap(scratch_pte(AT + i * PAGE_SIZE));
	return swapped;
}

/* The first sector of page @i's slot, and its entry. */
static sector_t sector_of(unsigned long i)
{
	struct block_device *bdev;

	return map_swap_entry(pte_to_swp_entry(scratch_pte(AT + i * PAGE_SIZE)), &bdev);
}

/* swapoff brings all of it back, read from the disk. */
KTEST(swapoff, everything_comes_back)
{
	struct testdisk *td = swap_disk_on(SLOTS);
	unsigned long in = vm_event_sum(PSWPIN);
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin();
	KEXPECT_EQ(t, page_out(), PAGES);
	KEXPECT_EQ(t, mm->rss_stat[MM_SWAPENTS], PAGES);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
	KEXPECT_EQ(t, vm_event_sum(PSWPIN) - in, PAGES);
	KEXPECT_EQ(t, mm->rss_stat[MM_SWAPENTS], 0ul);
	KEXPECT_EQ(t, mm->rss_stat[MM_ANONPAGES], PAGES);
	KEXPECT_EQ(t, wrong_pages(), 0ul);
	scratch_leave(mm);
}

/* A page that cannot be read stays where it is, and the area with it; the others are back. */
KTEST(swapoff, read_error)
{
	struct testdisk *td = swap_disk_on(SLOTS);
	unsigned long total = total_swap_pages, i, back = 0;
	struct mm_struct *mm;
	sector_t bad;

	KASSERT(t, td);
	mm = begin();
	KEXPECT_EQ(t, page_out(), PAGES);
	bad = sector_of(17);
	testdisk_fail(td, TESTDISK_READ, bad + 5, bad + 5);
	KEXPECT_EQ(t, do_swapoff(SWAP_DISK), -EIO);
	KEXPECT_EQ(t, total_swap_pages, total);
	for (i = 0; i < PAGES; i++)
		back += pte_present(scratch_pte(AT + i * PAGE_SIZE));
	KEXPECT_EQ(t, back, PAGES - 1);
	KEXPECT_EQ(t, peek(AT + 17 * PAGE_SIZE), 0xdeadu);
	KEXPECT_EQ(t, peek(AT + 18 * PAGE_SIZE), 7018u);
	/* The disk is well again. Who asks anew, once reclaim has taken the page without content, gets it. */
	testdisk_heal(td);
	page_out();
	KEXPECT_EQ(t, swap_disk_off(td), 0);
	KEXPECT_EQ(t, wrong_pages(), 0ul);
	scratch_leave(mm);
}

/* Nothing that cannot be written is lost; slots that fail are not used twice; in the end there are none. */
KTEST(swapoff, write_errors)
{
	struct testdisk *td = swap_disk_on(SLOTS);
	unsigned long total = total_swap_pages, i;
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin();
	testdisk_fail(td, TESTDISK_WRITE, SLOT_SECTORS, 60 * SLOT_SECTORS - 1);
	for (i = 0; i < 30 && total - total_swap_pages < 59; i++) {
		page_out();
		KEXPECT_EQ(t, wrong_pages(), 0ul);
	}
	KEXPECT_EQ(t, total - total_swap_pages, 59ul);
	/* What is left of the area is good. */
	KEXPECT_EQ(t, page_out(), PAGES);
	for (i = 0; i < PAGES; i++)
		KEXPECT(t, sector_of(i) >= 60 * SLOT_SECTORS);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
	KEXPECT_EQ(t, wrong_pages(), 0ul);
	scratch_leave(mm);
}

/* An area that is going gives nothing out, and what comes back from it loses its slot; then it is on again. */
KTEST(swapoff, going_and_back)
{
	struct testdisk *td = swap_disk_on(SLOTS);
	struct swap_info_struct *si = &swap_info[0];
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin();
	KEXPECT_EQ(t, page_out(), PAGES);
	KEXPECT_EQ(t, si->inuse_pages, PAGES);
	swap_area_off(si);
	/* No new slots: what comes back loses its old one, and stays. */
	KEXPECT_EQ(t, wrong_pages(), 0ul);
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	KEXPECT_EQ(t, page_out(), 0ul);
	swap_area_resume(si);
	KEXPECT_EQ(t, page_out(), PAGES);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

struct swapoff_job {
	int err;
	struct completion done;
};

static int switch_off(void *data)
{
	struct swapoff_job *job = data;

	job->err = do_swapoff(SWAP_DISK);
	complete(&job->done);
	return 0;
}

/* While one is emptied others need not wait: it is neither on nor free, and what it holds can still be had. */
KTEST(swapoff, others_go_on)
{
	struct testdisk *td = swap_disk_on(SLOTS);
	struct swapoff_job job;
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin();
	KEXPECT_EQ(t, page_out(), PAGES);
	init_completion(&job.done);
	testdisk_hold(td);
	KASSERT(t, !IS_ERR(kthread_run(switch_off, &job, "swapoff")));
	while (READ_ONCE(swap_info[0].flags) & SWP_WRITEOK)
		msleep(1);
	KEXPECT_EQ(t, do_swapoff(SWAP_DISK), -EINVAL);
	KEXPECT_EQ(t, do_swapon(SWAP_DISK, 0), -EBUSY);
	KEXPECT(t, swap_info[0].inuse_pages > 0);
	testdisk_release(td);
	KEXPECT_EQ(t, wrong_pages(), 0ul);
	wait_for_completion(&job.done);
	KEXPECT_EQ(t, job.err, 0);
	KEXPECT_EQ(t, do_swapoff(SWAP_DISK), -EINVAL);
	testdisk_destroy(td);
	scratch_leave(mm);
}

/* A signal ends it: the area is on as before, with the priority it had; what is back is back. */
KTEST(swapoff, interrupted)
{
	struct testdisk *td = swap_disk_on(SLOTS);
	unsigned long total = total_swap_pages;
	struct mm_struct *mm;
	int prio;

	KASSERT(t, td);
	prio = swap_info[0].prio;
	mm = begin();
	KEXPECT_EQ(t, page_out(), PAGES);
	set_tsk_work(current, TIF_SIGPENDING);
	KEXPECT_EQ(t, do_swapoff(SWAP_DISK), -EINTR);
	clear_tsk_work(current, TIF_SIGPENDING);
	KEXPECT_EQ(t, total_swap_pages, total);
	KEXPECT_EQ(t, swap_info[0].prio, prio);
	KEXPECT(t, swap_info[0].inuse_pages > 0);
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, page_out(), PAGES);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
	KEXPECT_EQ(t, wrong_pages(), 0ul);
	scratch_leave(mm);
}
