/*
 * mm/cache/page_writeback.c - how much may be dirty, for how long, and who writes it.
 *
 * Theory.  A write() that ends in the page cache is fast because nobody waits for the disk.  It is
 * a loan: the page cannot be reclaimed until it is written, and a loss of power takes it.  So both
 * are limited, by settings in /proc/sys/vm:
 *
 *	dirty_background_ratio, _bytes	more than this is dirty: bdflush wakes up and writes
 *	dirty_ratio, _bytes		more is dirty or being written: who dirties pages has to
 *					write and wait himself
 *	dirty_expire_centisecs		what has been dirty for longer is written by kupdate,
 *	dirty_writeback_centisecs	which looks this often (0: never)
 *
 * Ratios are percent of the memory that could be used so: free pages above the reserves and the
 * pages of files.  Not high memory (highmem_is_dirtyable): buffer heads and bios for all that
 * dirt would have to be in low memory.
 *
 * Throttling.  A writer is asked every few pages (ratelimit_pages, per processor: the question
 * costs a walk over the zones).  Beyond dirty_ratio he writes pages of the very file that he
 * dirties, half as many again as he has dirtied since he was asked last; that blocks in the queue
 * of *his* disk when it is full, so a slow disk slows down its own writers.  Then he waits for the
 * sum to fall; but if his share is written and it does not fall, for a disk that others use is
 * slow, he may go: the sum cannot grow by him.
 *
 * Two threads instead of one for each disk: bdflush can get stuck behind a slow disk, and then
 * what is left is kupdate and that writers help.
 *
 * Locking: none of its own; the settings are single words.  Counters are those of the zones.
 */
#include <mm/cache/writeback.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/panic.h>
#include <kernel/core/percpu.h>
#include <kernel/core/sysctl.h>
#include <kernel/core/time.h>
#include <kernel/core/wait.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/kthread.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

/* Pages that a thread asks for at a time: then it looks again whether it is still wanted. */
#define WRITEOUT_CHUNK	1024L

/* ---- limits ------------------------------------------------------------------------------------- */

int dirty_background_ratio = 10, vm_dirty_ratio = 20;	/* percent; 0: the bytes count */
unsigned long dirty_background_bytes, vm_dirty_bytes;	/* 0: the ratio counts */
static int highmem_is_dirtyable;

/* Pages of a zone that may become dirty. */
static unsigned long zone_dirtyable(struct zone *zone)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES);
	unsigned long reserve = zone->watermark[WMARK_HIGH] + zone->lowmem_reserve[ZONE_HIGHMEM];

	return free - min(free, reserve) + zone_page_state(zone, NR_INACTIVE_FILE) +
	       zone_page_state(zone, NR_ACTIVE_FILE);
}

static unsigned long dirtyable_memory(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (populated_zone(zone) && (zone_idx(zone) != ZONE_HIGHMEM || highmem_is_dirtyable))
			pages += zone_dirtyable(zone);
	return pages;
}

static unsigned long one_limit(unsigned long bytes, int ratio, unsigned long available)
{
	return bytes ? DIV_ROUND_UP(bytes, PAGE_SIZE) : available / 100 * (unsigned long)ratio +
							 available % 100 * (unsigned long)ratio / 100;
}

void global_dirty_limits(unsigned long *background, unsigned long *dirty)
{
	unsigned long available = dirtyable_memory();

	*dirty = one_limit(vm_dirty_bytes, vm_dirty_ratio, available);
	*background = one_limit(dirty_background_bytes, dirty_background_ratio, available);
	if (*background >= *dirty)
		*background = *dirty / 2;
}

/* ---- throttling --------------------------------------------------------------------------------- */

static DECLARE_WAIT_QUEUE_HEAD(progress_wait);	/* who waits for pages to become clean */
static DECLARE_WAIT_QUEUE_HEAD(bdflush_wait);
static bool bdflush_wanted;			/* racy: asked again by the next writer */
static bool reclaim_wants;			/* racy: ... by the next look at old pages */

#define RATELIMIT_MIN	8ul
#define RATELIMIT_MAX	1024ul
static unsigned long ratelimit_pages = RATELIMIT_MIN;	/* pages between two questions */
static DEFINE_PER_CPU(unsigned long, pages_dirtied);	/* [cpu] since the last one */

/* All processors together dirty a 32nd of the limit unasked. */
static void set_ratelimit(unsigned long limit)
{
	ratelimit_pages = clamp(limit / (32 * num_online_cpus()), RATELIMIT_MIN, RATELIMIT_MAX);
}

void writeback_progress(void)
{
	if (unlikely(waitqueue_active(&progress_wait)))
		wake_up_all(&progress_wait);
}

void congestion_wait(long timeout)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&progress_wait, &wait, TASK_UNINTERRUPTIBLE);
	io_schedule_timeout(timeout);
	finish_wait(&progress_wait, &wait);
}

void wakeup_bdflush(void)
{
	bdflush_wanted = true;
	wake_up(&bdflush_wait);
}

void reclaim_wakes_bdflush(void)
{
	reclaim_wants = true;
	wakeup_bdflush();
}

/* => dirty and being written; *@background: ... are too many for bdflush to sleep */
static bool over_limit(bool *background)
{
	unsigned long background_limit, limit, dirty = global_page_state(NR_FILE_DIRTY);

	global_dirty_limits(&background_limit, &limit);
	set_ratelimit(limit);
	*background = dirty > background_limit;
	return dirty + global_page_state(NR_WRITEBACK) > limit;
}

/* Help until the sum is below the limit, or our share of @pages is written. => may sleep */
static void balance_dirty_pages(struct address_space *mapping, unsigned long pages)
{
	long share = (long)(pages + pages / 2), written = 0;
	bool background;

	while (over_limit(&background)) {
		struct writeback_control wbc = {
			.sync_mode = WB_SYNC_NONE, .nr_to_write = share, .range_end = LLONG_MAX,
			.range_cyclic = 1,
		};

		do_writepages(mapping, &wbc);
		written += share - wbc.nr_to_write;
		if (!over_limit(&background))
			break;
		wakeup_bdflush();
		/* Half as long, if there is nothing that we could have written. */
		wait_event_timeout(progress_wait, !over_limit(&background),
				   wbc.nr_to_write == share ? HZ / 20 : HZ / 10);
		if (written >= share || !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY))
			break;
	}
	if (background)
		wakeup_bdflush();
}

void __balance_dirty_pages(struct address_space *mapping)
{
	unsigned long pages;

	this_cpu_inc(pages_dirtied);
	pages = this_cpu_read(pages_dirtied);
	if (likely(pages < ratelimit_pages))
		return;
	this_cpu_write(pages_dirtied, 0);
	balance_dirty_pages(mapping, pages);
}

/* ---- the threads -------------------------------------------------------------------------------- */

int dirty_writeback_interval = 500;	/* centiseconds */
int dirty_expire_interval = 3000;
static DECLARE_WAIT_QUEUE_HEAD(kupdate_wait);
static bool kupdate_settings_changed;

static unsigned long centisecs_to_jiffies(int centisecs)
{
	unsigned long n = (unsigned long)centisecs;

	return min(n / 100 * HZ + n % 100 * HZ / 100, (unsigned long)LONG_MAX / 2);
}

/* => pages written; *@skipped: that could not be, now */
static long write_chunk(const unsigned long *older_than_this, long *skipped)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = WRITEOUT_CHUNK, .range_end = LLONG_MAX,
		.range_cyclic = 1, .older_than_this = older_than_this,
		.for_kupdate = older_than_this != NULL,
	};

	writeback_inodes(&wbc);
	*skipped = wbc.pages_skipped;
	return WRITEOUT_CHUNK - wbc.nr_to_write;
}

/*
 * By amount: until what is dirty is below the background limit.  Reclaim, which has found dirty pages
 * at the old end of its lists, has some written however few there are.
 */
static int bdflush(void *unused)
{
	bool background;
	long skipped;

	for (;;) {
		wait_event_interruptible(bdflush_wait, bdflush_wanted);
		bdflush_wanted = false;
		while (over_limit(&background), background || reclaim_wants) {
			reclaim_wants = false;
			if (write_chunk(NULL, &skipped) >= WRITEOUT_CHUNK)
				continue;
			/* That was all of them; those under I/O come back to be written again. */
			if (!skipped)
				break;
			wait_event_interruptible_timeout(progress_wait, false, HZ / 10);
		}
	}
	return 0;
}

/* By age. */
static int kupdate(void *unused)
{
	unsigned long oldest;
	long skipped;

	for (;;) {
		int interval = READ_ONCE(dirty_writeback_interval);

		kupdate_settings_changed = false;
		wait_event_interruptible_timeout(kupdate_wait, kupdate_settings_changed,
						 interval > 0 ? (long)centisecs_to_jiffies(interval)
							      : MAX_SCHEDULE_TIMEOUT);
		if (kupdate_settings_changed)
			continue;
		oldest = jiffies - centisecs_to_jiffies(dirty_expire_interval);
		while (write_chunk(&oldest, &skipped) >= WRITEOUT_CHUNK)
			cond_resched();
	}
	return 0;
}

void __init page_writeback_init(void)
{
	unsigned long background, limit;

	global_dirty_limits(&background, &limit);
	set_ratelimit(limit);
	if (IS_ERR(kthread_run(bdflush, NULL, "bdflush")) ||
	    IS_ERR(kthread_run(kupdate, NULL, "kupdate")))
		panic("no memory for the flusher threads");
}

/* ---- /proc/sys/vm ------------------------------------------------------------------------------- */

/* Of a ratio and a number of bytes the one that was written last counts. */
static int background_ratio_changed(void)
{
	dirty_background_bytes = 0;
	return 0;
}

static int background_bytes_changed(void)
{
	dirty_background_ratio = 0;
	return 0;
}

static int ratio_changed(void)
{
	vm_dirty_bytes = 0;
	return 0;
}

static int bytes_changed(void)
{
	vm_dirty_ratio = 0;
	return 0;
}

void wakeup_kupdate(void)
{
	kupdate_settings_changed = true;
	wake_up(&kupdate_wait);
}

static int interval_changed(void)
{
	wakeup_kupdate();
	return 0;
}

SYSCTL_INT("sys/vm/dirty_background_ratio", dirty_background_ratio, 0, 100,
	   background_ratio_changed);
SYSCTL_INT("sys/vm/dirty_ratio", vm_dirty_ratio, 0, 100, ratio_changed);
SYSCTL("sys/vm/dirty_background_bytes", .data = &dirty_background_bytes, .nr = 1, .is_long = true,
       .mode = 0644, .min = 1, .max = ULONG_MAX, .changed = background_bytes_changed);
SYSCTL("sys/vm/dirty_bytes", .data = &vm_dirty_bytes, .nr = 1, .is_long = true, .mode = 0644,
       .min = 2 * PAGE_SIZE, .max = ULONG_MAX, .changed = bytes_changed);
SYSCTL_INT("sys/vm/dirty_writeback_centisecs", dirty_writeback_interval, INT_MIN, INT_MAX,
	   interval_changed);
SYSCTL_INT("sys/vm/dirty_expire_centisecs", dirty_expire_interval, 0, INT_MAX, NULL);
SYSCTL_INT("sys/vm/highmem_is_dirtyable", highmem_is_dirtyable, 0, 1, NULL);
