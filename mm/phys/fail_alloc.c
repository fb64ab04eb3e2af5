/*
 * mm/phys/fail_alloc.c - which allocation fails, and what was made to fail so far.
 *
 * The sites lie in a hash table that does not grow: it is looked at within allocations, and
 * has room for several times as many as there are.  Theory and interface: fail_alloc.h
 *
 * Locking: fail_alloc_lock, interrupts off, for the table and the counts.
 */
#include <mm/phys/fail_alloc.h>

#ifdef CONFIG_DEBUG

#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <lib/errno.h>
#include <lib/hash.h>
#include <lib/string.h>

#define SITE_DEPTH	4	/* addresses that make a site */
#define SITE_BITS	12
#define NR_SITES	(1u << SITE_BITS)

struct fail_site {
	unsigned long trace[SITE_DEPTH];
	unsigned int reached, failed;	/* reached 0: the entry is free */
	bool nofail;			/* asked with __GFP_NOFAIL */
};

bool fail_alloc_armed;

static DEFINE_SPINLOCK(fail_alloc_lock);
static struct fail_site sites[NR_SITES];	/* [fail_alloc_lock] */
static unsigned int nr_sites, nr_lost;		/* [fail_alloc_lock] nr_lost: found the table full */
static unsigned long nr_injected;		/* [fail_alloc_lock] */
static bool by_site;				/* [fail_alloc_lock] */

/* => the entry of @trace, which is a new one if it was not there; NULL: the table is full */
static struct fail_site *find_site(const unsigned long *trace)
{
	unsigned int i = hash_long(trace[0] ^ trace[1] * 3 ^ trace[2] * 5 ^ trace[3] * 7,
				   SITE_BITS);

	for (unsigned int n = 0; n < NR_SITES; n++, i = (i + 1) % NR_SITES) {
		struct fail_site *site = &sites[i];

		if (!site->reached) {
			memcpy(site->trace, trace, sizeof(site->trace));
			nr_sites++;
			return site;
		}
		if (!memcmp(site->trace, trace, sizeof(site->trace)))
			return site;
	}
	nr_lost++;
	return NULL;
}

/* Is what runs here meant by `sites`? */
static bool wants_failures(void)
{
	return in_interrupt() || current->flags & PF_KTHREAD || current->make_it_fail;
}

/* The task's own wish. => true: this is the Nth */
static bool nth_is_now(void)
{
	return !in_interrupt() && current->fail_nth && !--current->fail_nth;
}

/* One line for each site that failed: a machine that dies of it leaves more than it knew. */
static void tell(const unsigned long *trace, const char *what)
{
	pr_info("fail_alloc: %s %08lx %08lx %08lx %08lx %s: %pB\n", what, trace[0], trace[1],
		trace[2], trace[3], in_interrupt() ? "interrupt" : current->comm, (void *)trace[0]);
}

noinline bool fail_alloc_site(gfp_t gfp)
{
	unsigned long trace[SITE_DEPTH] = { 0 };
	struct fail_site *site;
	unsigned long flags;
	bool fail = false, told = true;

	/* Not us, and not the function that we are called by: its caller is the site. */
	stack_trace_save(trace, SITE_DEPTH, 2);
	spin_lock_irqsave(&fail_alloc_lock, flags);
	site = find_site(trace);
	if (site) {
		told = site->failed || site->nofail;
		site->nofail |= !!(gfp & __GFP_NOFAIL);
		if (!(gfp & __GFP_NOFAIL))
			fail = nth_is_now() || (by_site && !site->failed && wants_failures());
		site->reached++;
		site->failed += fail;
		nr_injected += fail;
	}
	spin_unlock_irqrestore(&fail_alloc_lock, flags);
	if (!told && (fail || gfp & __GFP_NOFAIL))
		tell(trace, fail ? "failed" : "nofail");
	return fail;
}

unsigned int fail_alloc_nth(unsigned int nth)
{
	unsigned int left = current->fail_nth;

	if (nth)
		fail_alloc_armed = true;
	current->fail_nth = nth;
	return left;
}

static int fail_alloc_show(struct seq_file *m, void *v)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < NR_SITES; i++)
		failed += READ_ONCE(sites[i].failed) != 0;
	seq_printf(m, "%s sites %u failed %u injected %lu lost %u\n", by_site ? "armed" : "off",
		   nr_sites, failed, nr_injected, nr_lost);
	for (unsigned int i = 0; i < NR_SITES; i++) {
		const struct fail_site *site = &sites[i];

		if (READ_ONCE(site->reached))
			seq_printf(m, "%08lx %08lx %08lx %08lx reached %u failed %u%s\n",
				   site->trace[0], site->trace[1], site->trace[2],
				   site->trace[3], site->reached, site->failed,
				   site->nofail ? " nofail" : "");
	}
	return 0;
}

static int fail_alloc_write(const char *buf, size_t len)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&fail_alloc_lock, flags);
	if (!strncmp(buf, "sites", 5)) {
		by_site = fail_alloc_armed = true;
	} else if (!strncmp(buf, "off", 3)) {
		by_site = fail_alloc_armed = false;
	} else if (!strncmp(buf, "clear", 5)) {
		memset(sites, 0, sizeof(sites));
		nr_sites = nr_lost = 0;
		nr_injected = 0;
	} else {
		err = -EINVAL;
	}
	spin_unlock_irqrestore(&fail_alloc_lock, flags);
	return err;
}
PROC_SHOW_WRITE("fail_alloc", fail_alloc_show, fail_alloc_write);

#endif
