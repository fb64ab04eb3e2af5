/*
 * tests/kernel/core/timer_test.c - timers fire once, in time and in order; clocks agree.
 */
#include <kernel/core/timer.h>

#include <kernel/arch/irqflags.h>
#include <kernel/arch/rtc.h>
#include <kernel/core/irq.h>
#include <kernel/core/ktest.h>
#include <kernel/core/percpu.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <lib/div64.h>
#include <lib/errno.h>

#define NR_TIMERS	24

struct timed {
	struct timer_list timer;
	unsigned long fired_at;
	int fired;
	bool in_interrupt;
	bool irqs_off;
};

static struct timed timed[NR_TIMERS];
static int order[NR_TIMERS], nr_fired;

static void note(unsigned long data)
{
	struct timed *x = &timed[data];

	x->fired++;
	x->fired_at = jiffies;
	x->in_interrupt = in_interrupt();
	x->irqs_off = irqs_disabled();
	if (nr_fired < NR_TIMERS)
		order[nr_fired++] = (int)data;
}

static void prepare(int nr)
{
	nr_fired = 0;
	for (int i = 0; i < nr; i++) {
		timed[i] = (struct timed){ .fired = 0 };
		setup_timer(&timed[i].timer, note, i);
	}
}

/* 24 timers at distances over both rings: each once, none early, in their order. */
KTEST(timer, fire_in_order)
{
	unsigned long start = jiffies;

	prepare(NR_TIMERS);
	for (int i = 0; i < NR_TIMERS; i++)
		mod_timer(&timed[i].timer, start + 2 + ((i * 7) % NR_TIMERS) * 12);
	msleep((2 + NR_TIMERS * 12) * 10);
	KEXPECT_EQ(t, nr_fired, NR_TIMERS);
	for (int i = 0; i < NR_TIMERS; i++) {
		const struct timed *x = &timed[i];

		KEXPECT_EQ(t, x->fired, 1);
		KEXPECT(t, time_after_eq(x->fired_at, x->timer.expires));
		KEXPECT(t, !timer_pending(&x->timer));
		KEXPECT(t, x->in_interrupt);
		KEXPECT(t, !x->irqs_off);
	}
	for (int i = 1; i < nr_fired; i++)
		KEXPECT(t, time_before(timed[order[i - 1]].timer.expires,
				       timed[order[i]].timer.expires));
}

/* A deleted timer never fires; a moved one fires at its new time only; the past means now. */
KTEST(timer, delete_and_move)
{
	prepare(4);
	timed[0].timer.expires = jiffies + 3;
	add_timer(&timed[0].timer);
	KEXPECT_EQ(t, del_timer(&timed[0].timer), 1);
	KEXPECT_EQ(t, del_timer(&timed[0].timer), 0);
	KEXPECT_EQ(t, mod_timer(&timed[1].timer, jiffies + 1000), 0);
	KEXPECT_EQ(t, mod_timer(&timed[1].timer, jiffies + 2), 1);
	KEXPECT_EQ(t, mod_timer(&timed[2].timer, jiffies + 2), 0);
	KEXPECT_EQ(t, mod_timer(&timed[2].timer, jiffies + 100000), 1);
	mod_timer(&timed[3].timer, jiffies - 50);
	msleep(60);
	KEXPECT_EQ(t, timed[0].fired, 0);
	KEXPECT_EQ(t, timed[1].fired, 1);
	KEXPECT_EQ(t, timed[2].fired, 0);
	KEXPECT_EQ(t, timed[3].fired, 1);
	KEXPECT_EQ(t, del_timer_sync(&timed[2].timer), 1);
}

static struct timer_list again;
static int rounds;

static void rearm(unsigned long data)
{
	if (++rounds < 3)
		mod_timer(&again, jiffies + 1);
}

/* A function may start its own timer again. */
KTEST(timer, rearm_from_function)
{
	rounds = 0;
	setup_timer(&again, rearm, 0);
	mod_timer(&again, jiffies + 1);
	msleep(100);
	KEXPECT_EQ(t, rounds, 3);
	KEXPECT(t, !timer_pending(&again));
}

/* jiffies is the clock, cut to ticks. => by how many it is behind */
static u64 ticks_behind(void)
{
	return div_u64(ktime_get_ns(), TICK_NSEC) - get_jiffies_64();
}

/* The clock goes forward, jiffies with it, and udelay takes at least its time. */
KTEST(time, clocks_advance)
{
	u64 before = ktime_get_ns(), after;
	unsigned long start = jiffies;

	udelay(2500);
	after = ktime_get_ns();
	KEXPECT(t, after - before >= 2500000);
	for (int i = 0; i < 1000; i++) {
		before = after;
		after = ktime_get_ns();
		if (after < before)
			ktest_fail(t, __FILE__, __LINE__, "the clock went back");
	}
	msleep(50);
	KEXPECT(t, jiffies - start >= 5);
	/* A tick may be on its way; several, if the host had no time for us just now. */
	for (int tries = 0; tries < 100 && ticks_behind() > 2; tries++)
		msleep(1);
	KEXPECT(t, ticks_behind() <= 2);
}

/* Setting the wall clock moves it and nothing else; nonsense is refused. */
KTEST(time, settimeofday)
{
	struct timespec64 old, ts = { .tv_sec = 1000000000, .tv_nsec = 5 }, now;
	u64 mono;

	ktime_get_real_ts64(&old);
	mono = ktime_get_ns();
	KEXPECT_EQ(t, do_settimeofday64(&ts), 0);
	ktime_get_real_ts64(&now);
	KEXPECT(t, now.tv_sec >= 1000000000 && now.tv_sec < 1000000010);
	KEXPECT(t, ktime_get_ns() - mono < 1000000000ull);
	ts.tv_nsec = 1000000000;
	KEXPECT_EQ(t, do_settimeofday64(&ts), -EINVAL);
	ts.tv_nsec = 0;
	ts.tv_sec = -1;
	KEXPECT_EQ(t, do_settimeofday64(&ts), -EINVAL);
	KEXPECT_EQ(t, do_settimeofday64(&old), 0);
}

/* Dates around leap years, the epoch, and beyond 32 bits. */
KTEST(time, mktime)
{
	KEXPECT_EQ(t, mktime(1970, 1, 1, 0, 0, 0), 0ll);
	KEXPECT_EQ(t, mktime(2000, 2, 29, 12, 0, 0), 951825600ll);
	KEXPECT_EQ(t, mktime(2000, 3, 1, 0, 0, 0), 951868800ll);
	KEXPECT_EQ(t, mktime(2001, 9, 9, 1, 46, 40), 1000000000ll);
	KEXPECT_EQ(t, mktime(2038, 1, 19, 3, 14, 8), 2147483648ll);
	KEXPECT(t, ktime_get_real_seconds() > mktime(2020, 1, 1, 0, 0, 0));
}

KTEST(time, conversions)
{
	struct timespec64 ts = ns_to_timespec64(3000000007ull);

	KEXPECT_EQ(t, ts.tv_sec, 3ll);
	KEXPECT_EQ(t, ts.tv_nsec, 7l);
	KEXPECT_EQ(t, timespec64_to_ns(&ts), 3000000007ull);
	KEXPECT_EQ(t, msecs_to_jiffies(0), 0ul);
	KEXPECT_EQ(t, msecs_to_jiffies(1), 1ul);
	KEXPECT_EQ(t, msecs_to_jiffies(11), 2ul);
	KEXPECT_EQ(t, nsecs_to_jiffies_up(1), 1ul);
	KEXPECT_EQ(t, nsecs_to_jiffies_up(20000000), 2ul);
	KEXPECT_EQ(t, nsecs_to_jiffies_up(20000001), 3ul);
	KEXPECT_EQ(t, nsecs_to_jiffies_up(~0ull), 0x7ffffffeul);
}

static DEFINE_PER_CPU(int, percpu_counter) = 40;

/* The accessors reach this processor's copy, and its first value is the section's. */
KTEST(percpu, accessors)
{
	int cpu, sum = 0;

	KEXPECT_EQ(t, this_cpu_read(percpu_counter), 40);
	this_cpu_inc(percpu_counter);
	this_cpu_add(percpu_counter, 2);
	this_cpu_dec(percpu_counter);
	for_each_possible_cpu(cpu)
		sum += per_cpu(percpu_counter, cpu);
	KEXPECT_EQ(t, sum, 40 * (int)num_online_cpus() + 2);
	KEXPECT(t, this_cpu_ptr(&percpu_counter) ==
		   per_cpu_ptr(&percpu_counter, smp_processor_id()));
	this_cpu_write(percpu_counter, 40);
}

static irqreturn_t never(int irq, void *dev)
{
	return IRQ_NONE;
}

/* Lines are exclusive unless both sides share; the tick is counted. */
KTEST(irq, request_and_free)
{
	int a, b;
	char names[32];
	unsigned long ticks = kstat_irqs(0);

	KEXPECT_EQ(t, request_irq(16, never, 0, "x", NULL), -EINVAL);
	KEXPECT_EQ(t, request_irq(0, never, 0, "x", NULL), -EBUSY);
	KASSERT_EQ(t, request_irq(9, never, IRQF_SHARED, "one", &a), 0);
	KEXPECT_EQ(t, request_irq(9, never, 0, "alone", &b), -EBUSY);
	KASSERT_EQ(t, request_irq(9, never, IRQF_SHARED, "two", &b), 0);
	irq_action_names(9, names, sizeof(names));
	KEXPECT_STREQ(t, names, "one, two");
	free_irq(9, &a);
	irq_action_names(9, names, sizeof(names));
	KEXPECT_STREQ(t, names, "two");
	free_irq(9, &b);
	msleep(50);
	KEXPECT(t, kstat_irqs(0) > ticks);
	KEXPECT(t, kstat_irqs_total() >= kstat_irqs(0));
	KEXPECT(t, !in_interrupt());
}
