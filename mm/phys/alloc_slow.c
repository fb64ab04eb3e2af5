/*
 * mm/phys/alloc_slow.c - the path of an allocation when memory is short.
 *
 * Theory.  No zone is above its low mark (page_alloc.c has looked).  What can be done about it costs
 * ever more, for the request and for all others, and each step is taken only if the one before gave
 * nothing:
 *
 *	kswapd is woken, to bring them above their high marks; kreclaimd, to use what is clean
 *	one page, of an inactive clean list: not free, but nearly (reclaim_page)
 *	... to its min mark, deeper for GFP_ATOMIC (zonelists.c)
 *	... to the last page, for reclaim itself; half as deep, for tasks that die
 *	without __GFP_WAIT: NULL
 *	try_to_free_pages(), and the zones again
 *	repeat, as long as there are enough pages that could go, and there has been progress
 *	  within MAX_RECLAIM_RETRIES times
 *	out_of_memory() kills somebody; repeat.  Not for orders above 3, which no one
 *	  dies for, nor without __GFP_FS, when files may have what could not be asked for:
 *	  NULL.  But who cannot do without (__GFP_NOFAIL) would wait for ever
 *
 * How deep one may go says who one is, not how much one wants: what is below the marks is for
 * those who bring pages back.  Nobody waits for memory while he is the one who frees it
 * (PF_MEMALLOC), and nobody goes round for ever: either pages come, or the request ends, or a
 * process does.
 *
 * Locking: none here; may be called wherever @gfp may be used.
 */
#include <mm/phys/alloc_slow.h>

#include <kernel/core/hooks.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>
#include <mm/phys/vmstat.h>

/* ---- how deep, and who is told --------------------------------------------------------- */

/*
 * May this request go deeper than others?  Who frees memory for all, to the last page.  A victim of the OOM
 * killer, which has no such task, only so far that those can go on, and other victims too.
 * => alloc_flags, or 0
 */
static unsigned int reserve_flags(gfp_t gfp)
{
	if (gfp & __GFP_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (in_interrupt())
		return 0;
	if (current->flags & PF_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (!test_tsk_work(current, TIF_MEMDIE))
		return 0;
	/* Who cannot do without may hold what all wait for: no more of them are to be killed for a page. */
	return gfp & __GFP_NOFAIL ? ALLOC_NO_WATERMARKS : ALLOC_OOM;
}

/* Memory is below the low mark everywhere: have it reclaimed in the background. => any context */
static void wakeup_kswapd(struct zonelist *zonelist, unsigned int order)
{
	struct zone **z;

	for (z = zonelist->zones; *z; z++) {
		pg_data_t *pgdat = (*z)->zone_pgdat;

		if (zone_page_state(*z, NR_INACTIVE_CLEAN)) {
			pgdat->kreclaimd_wanted = true;
			if (waitqueue_active(&pgdat->kreclaimd_wait))
				wake_up(&pgdat->kreclaimd_wait);
		}
		if (pgdat->kswapd_failures >= KSWAPD_MAX_FAILURES)
			continue;
		pgdat->kswapd_order = max(pgdat->kswapd_order, order);
		pgdat->kswapd_wanted = true;
		if (waitqueue_active(&pgdat->kswapd_wait))
			wake_up(&pgdat->kswapd_wait);
	}
}

/* ---- pages that are nearly free -------------------------------------------------------- */

/* Clean pages taken at a time: what is not needed at once comes to the per-CPU list. */
#define CLEAN_RUN	16u

/* => a page out of @zone's caches, as from the free lists; NULL: there is none, or it is in quarantine */
static struct page *take_clean_page(struct zone *zone, gfp_t gfp)
{
	struct page *pages[CLEAN_RUN];
	unsigned int nr = reclaim_page(zone, pages, CLEAN_RUN);

	if (!nr)
		return NULL;
	if (nr > 1)
		release_pages(pages + 1, nr - 1);
	return renew_page(zone, pages[0], gfp) ? pages[0] : NULL;
}

/*
 * One page of an inactive clean list.  It was not free, so no mark is in the way but what a better
 * zone's request has to leave here.  The next few of the list come with it (CLEAN_RUN).
 */
static struct page *get_clean_page(gfp_t gfp, struct zonelist *zonelist)
{
	int classzone_idx = gfp_zone(gfp);
	struct zone **z, *zone;

	for (z = zonelist->zones; (zone = *z) != NULL; z++) {
		unsigned long clean = zone_page_state(zone, NR_INACTIVE_CLEAN);
		struct page *page;

		if (!clean || zone->free_pages + clean <= zone->watermark[WMARK_MIN] +
							  zone->lowmem_reserve[classzone_idx])
			continue;
		page = take_clean_page(zone, gfp);
		if (page) {
			if (unlikely(nr_online_nodes > 1))
				zone_statistics(zonelist->zones[0], zone);
			return page;
		}
	}
	return NULL;
}

/* ---- reclaim, and when to give up ------------------------------------------------------- */

static unsigned long direct_reclaim(gfp_t gfp, unsigned int order, struct zonelist *zonelist)
{
	unsigned long progress;

	count_vm_event((enum vm_event_item)(ALLOCSTALL_DMA + gfp_zone(gfp)));
	progress = try_to_free_pages(zonelist, order, gfp);
	cond_resched();
	return progress;
}

/* Attempts in vain before somebody is killed, as long as there are pages that could go. */
#define MAX_RECLAIM_RETRIES	16
#define FEW_SLOTS		32ul	/* with fewer, reclaim cannot show what it could do */

/* An attempt to reclaim, and those before it. */
struct attempt {
	unsigned long progress;		/* pages it has freed */
	unsigned long slots;		/* free ones of swap when it began */
	unsigned int in_vain;		/* attempts without progress, this one included */
};

/* Would @gfp find a zone above its min mark, if all pages that can be given up were? */
static bool pages_could_go(gfp_t gfp, const struct zonelist *zonelist)
{
	int classzone_idx = gfp_zone(gfp), i;
	struct zone *zone;

	for (i = 0; (zone = zonelist->zones[i]) != NULL; i++) {
		unsigned long pages = zone->free_pages + zone_page_state(zone, NR_INACTIVE_FILE) +
				      zone_page_state(zone, NR_ACTIVE_FILE) +
				      zone_page_state(zone, NR_SLAB_RECLAIMABLE);

		if (nr_swap_pages)
			pages += zone_page_state(zone, NR_INACTIVE_ANON) +
				 zone_page_state(zone, NR_ACTIVE_ANON);
		else
			pages += zone_page_state(zone, NR_SWAPCACHE);	/* these have slots */
		if (pages > zone->watermark[WMARK_MIN] + zone->lowmem_reserve[classzone_idx])
			return true;
	}
	return false;
}

static bool enough_is_free(gfp_t gfp, unsigned int order, const struct zonelist *zonelist)
{
	struct zone *zone;
	int i;

	for (i = 0; (zone = zonelist->zones[i]) != NULL; i++)
		if (zone_watermark_ok(zone, order, zone->watermark[WMARK_MIN], gfp_zone(gfp), 0))
			return true;
	return false;
}

/* Slots have become free too late for @this attempt (a victim had them): what it has shown is out of date. */
static bool slots_came(const struct attempt *this)
{
	return this->slots < FEW_SLOTS && READ_ONCE(nr_swap_pages) >= FEW_SLOTS;
}

static void let_others_run(void)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(1);
}

/* Reclaim has run and the request still fails: is there a point in trying again? => may have somebody killed */
static bool should_retry(gfp_t gfp, unsigned int order, const struct zonelist *zonelist,
			 struct attempt *this)
{
	bool hope;

	if (gfp & __GFP_NORETRY)
		return false;
	if (order > PAGE_ALLOC_COSTLY_ORDER && !(gfp & __GFP_NOFAIL))
		return this->progress && gfp & __GFP_REPEAT;
	/*
	 * If all that could go is not enough, neither is what went: it will only come back.  But others may
	 * be at work on some, out of sight: that is worth a few attempts.
	 */
	hope = pages_could_go(gfp, zonelist);
	this->in_vain = (this->progress && hope) || slots_came(this) ? 0 : this->in_vain + 1;
	if (this->in_vain < MAX_RECLAIM_RETRIES && (this->progress || hope)) {
		/* kswapd may have some of them in hand, the disk others, and they need the processor too. */
		if (!this->progress)
			let_others_run();
		return true;
	}
	if (!(gfp & (__GFP_FS | __GFP_NOFAIL)))
		return this->progress;
	/* What has been freed may lie on other processors' lists. */
	drain_all_pages();
	if (enough_is_free(gfp, order, zonelist) || slots_came(this))
		return true;
	this->in_vain = 0;
	out_of_memory(gfp, order, zonelist->nodes);
	if (!test_tsk_work(current, TIF_MEMDIE))	/* the victim */
		let_others_run();
	return true;
}

static __cold void warn_alloc_failed(gfp_t gfp, unsigned int order)
{
	static unsigned long window;
	static unsigned int reports;

	if (gfp & __GFP_NOWARN)
		return;
	if (!reports || time_after(jiffies, window + 5 * HZ)) {
		window = jiffies;
		reports = 0;
	}
	if (++reports > 10)
		return;
	pr_warn("%s: page allocation failure: order:%u, mode:0x%x\n", current->comm, order, gfp);
	dump_stack();
	show_mem(0);
}

struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned int order, struct zonelist *zonelist)
{
	unsigned int alloc_flags = WMARK_MIN;
	struct attempt attempt = { 0 };
	struct page *page;

	wakeup_kswapd(zonelist, order);
	if (gfp & __GFP_HIGH)
		alloc_flags |= ALLOC_HIGH;
	if (!(gfp & __GFP_WAIT))
		alloc_flags |= ALLOC_HARDER;
	for (;;) {
		unsigned int reserve;

		if (!order && gfp & __GFP_WAIT && !(current->flags & PF_MEMALLOC)) {
			page = get_clean_page(gfp, zonelist);
			if (page)
				return page;
		}
		page = get_page_from_freelist(gfp, order, zonelist, alloc_flags);
		if (page)
			return page;
		reserve = reserve_flags(gfp);
		if (reserve) {
			page = get_page_from_freelist(gfp, order, zonelist, alloc_flags | reserve);
			if (page || !(gfp & __GFP_NOFAIL))
				break;
		}
		if (!(gfp & __GFP_WAIT) || current->flags & PF_MEMALLOC)
			break;
		attempt.slots = READ_ONCE(nr_swap_pages);
		attempt.progress = direct_reclaim(gfp, order, zonelist);
		page = get_page_from_freelist(gfp, order, zonelist, alloc_flags);
		if (page)
			return page;
		if (!should_retry(gfp, order, zonelist, &attempt))
			break;
	}
	if (!page)
		warn_alloc_failed(gfp, order);
	return page;
}
