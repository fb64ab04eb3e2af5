/*
 * kernel/core/time.c - the clocks.
 *
 * Theory.  ns = cycles * mult >> shift, with mult chosen at calibration so that
 * the product of one second's cycles stays below 2^64: cycles are counted from
 * a base that the tick moves on, so they never grow beyond a few seconds.
 *
 * Calibration reads the PIT and the TSC together, twice (kernel/arch/pit.c).
 *
 * Several processors.  The tick of the boot processor moves the base; counters
 * that are not quite equal would let a task that moves see an earlier time than
 * before.  So no answer is earlier than the latest one given, by any of them.
 * Ring 3 cannot be held to that: each processor that comes up compares its counter
 * with the boot processor's in turns, and if one is seen to go back the vDSO is
 * told that there is none.  What lies below the time of a turn cannot be seen by a
 * task that moves either.
 *
 * The vDSO computes the same from a copy of base and offset, see vdso_data.h.
 *
 * Locking: clock_lock, a seqlock written with interrupts off, covers the base, the wall
 * offset and jiffies_64; who asks for the time takes no lock.
 *
 * Reference: Intel SDM volume 3, section 17.17 (time stamp counter).
 */
#include <kernel/core/time.h>

#include <kernel/arch/io.h>
#include <kernel/arch/pit.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/arch/rtc.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <kernel/core/percpu.h>
#include <kernel/core/seqlock.h>
#include <kernel/core/vdso_data.h>
#include <kernel/core/watchdog.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define CALIBRATE_COUNTS	2386	/* PIT ticks: 2 ms */
#define TSC_TURNS		4	/* of a comparison, two each; a power of 2 */
#define CLOCK_SHIFT		VDSO_CLOCK_SHIFT

volatile unsigned long jiffies;
static u64 jiffies_64;			/* [clock_lock] */
u32 tsc_khz;
void (*tick_hook)(int user_mode);

static DEFINE_SEQLOCK(clock_lock);
static u32 clock_mult;			/* [c] ns per cycle << CLOCK_SHIFT; 0: no TSC */
static u64 base_cycles;			/* [clock_lock] */
static u64 base_ns;			/* [clock_lock] ns at base_cycles */
static u64 latest_ns;			/* [a] the latest answer, of several processors */
static s64 wall_offset_ns;		/* [clock_lock] real = monotonic + this */
static bool tsc_skewed;			/* [c when all run] the processors' counters differ */

/* What ring 3 sees of the above: [clock_lock] to write, seq to read. */
union vvar_page vvar_page __section(".data..page_aligned") __aligned(4096);

static struct vdso_time vdso_time(u64 ns)
{
	struct timespec64 ts = ns_to_timespec64(ns);

	return (struct vdso_time){ .sec = ts.tv_sec, .nsec = (u32)ts.tv_nsec };
}

/* Tell ring 3. => clock_lock held, or nobody else runs yet */
static void update_vdso_data(void)
{
	struct vdso_data *data = &vvar_page.data;

	data->seq++;
	smp_wmb();
	data->mult = tsc_skewed ? 0 : clock_mult;
	data->lfence = boot_cpu_has(X86_FEATURE_XMM2) && nr_cpus > 1;
	data->cycles = base_cycles;
	data->monotonic = vdso_time(base_ns);
	data->real = vdso_time(base_ns + wall_offset_ns);
	data->tick_nsec = TICK_NSEC;
	smp_wmb();
	data->seq++;
}

/* => clock_lock held or its sequence checked, or nobody else runs yet */
static u64 __ktime_get_ns(void)
{
	u64 cycles;

	if (!clock_mult)
		return jiffies_64 * TICK_NSEC;
	cycles = rdtsc() - base_cycles;
	/* Another processor's counter may lag behind the one that set the base. */
	if (unlikely((s64)cycles < 0))
		cycles = 0;
	return base_ns + (cycles * clock_mult >> CLOCK_SHIFT);
}

/* => @ns, or the latest answer that any processor has given */
static u64 never_back(u64 ns)
{
	u64 seen = latest_ns;		/* may be torn: then the exchange fails and says what it is */

	for (;;) {
		u64 latest = max(seen, ns), was = cmpxchg64(&latest_ns, seen, latest);

		if (was == seen)
			return latest;
		seen = was;
	}
}

u64 ktime_get_ns(void)
{
	unsigned int seq;
	u64 ns;

	do {
		seq = read_seqbegin(&clock_lock);
		ns = __ktime_get_ns();
	} while (read_seqretry(&clock_lock, seq));
	return likely(nr_cpus == 1) ? ns : never_back(ns);
}

u64 ktime_get_real_ns(void)
{
	unsigned int seq;
	s64 offset;
	u64 ns;

	do {
		seq = read_seqbegin(&clock_lock);
		ns = __ktime_get_ns();
		offset = wall_offset_ns;
	} while (read_seqretry(&clock_lock, seq));
	return (likely(nr_cpus == 1) ? ns : never_back(ns)) + offset;
}

u64 get_jiffies_64(void)
{
	unsigned int seq;
	u64 j;

	do {
		seq = read_seqbegin(&clock_lock);
		j = jiffies_64;
	} while (read_seqretry(&clock_lock, seq));
	return j;
}

struct timespec64 ns_to_timespec64(u64 ns)
{
	struct timespec64 ts;

	ts.tv_nsec = (long)do_div(ns, NSEC_PER_SEC);
	ts.tv_sec = (s64)ns;
	return ts;
}

u64 timespec64_to_ns(const struct timespec64 *ts)
{
	return (u64)ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

void ktime_get_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(ktime_get_ns());
}

void ktime_get_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(ktime_get_real_ns());
}

s64 ktime_get_real_seconds(void)
{
	return (s64)div_u64(ktime_get_real_ns(), NSEC_PER_SEC);
}

/* Beyond these, 64 bits of nanoseconds would overflow (year 2262). */
#define MAX_SECONDS	9223372035LL

int do_settimeofday64(const struct timespec64 *ts)
{
	unsigned long flags;

	if (ts->tv_sec < 0 || ts->tv_sec > MAX_SECONDS || ts->tv_nsec < 0 ||
	    ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	write_seqlock_irqsave(&clock_lock, flags);
	wall_offset_ns = (s64)(timespec64_to_ns(ts) - __ktime_get_ns());
	update_vdso_data();
	write_sequnlock_irqrestore(&clock_lock, flags);
	return 0;
}

unsigned long nsecs_to_jiffies_up(u64 ns)
{
	const unsigned long longest = (~0UL >> 1) - 1;
	u64 ticks = div_u64(ns, TICK_NSEC);

	if (ticks >= longest)
		return longest;
	return (unsigned long)ticks + (ticks * TICK_NSEC != ns);
}

void ndelay(unsigned long ns)
{
	u64 start;
	u64 cycles;

	if (!tsc_khz) {
		/* A port access takes about a microsecond everywhere. */
		for (unsigned long us = 0; us <= ns / 1000; us++)
			io_wait();
		return;
	}
	start = rdtsc();
	cycles = div_u64((u64)ns * tsc_khz, 1000000) + 1;
	while (rdtsc() - start < cycles)
		cpu_relax();
}

void udelay(unsigned long us)
{
	while (us > 1000) {
		ndelay(1000000);
		us -= 1000;
	}
	ndelay(us * 1000);
}

/*
 * The ticks that have passed since the last one: one, as a rule; more when an
 * interrupt was late, none when the PIT runs ahead of the TSC.
 */
static void advance_jiffies(void)
{
	write_seqlock(&clock_lock);
	if (clock_mult) {
		u64 cycles = rdtsc();

		base_ns += (cycles - base_cycles) * clock_mult >> CLOCK_SHIFT;
		base_cycles = cycles;
		jiffies_64 = max(jiffies_64, div_u64(base_ns, TICK_NSEC));
		update_vdso_data();
	} else {
		jiffies_64++;
	}
	jiffies = (unsigned long)jiffies_64;
	write_sequnlock(&clock_lock);
}

/* Each reads its counter when the other has: @turn is even on the boot processor, odd on the new. */
static void compare_tsc(u32 turn)
{
	static volatile u32 next_turn;	/* counts on from processor to processor */
	static u64 last;		/* [whose turn it is] */
	static bool back;		/* [whose turn it is] */
	u64 now;

	while (next_turn % TSC_TURNS != turn)
		cpu_relax();
	now = rdtsc();
	back |= now < last;
	last = now;
	if (turn == TSC_TURNS - 1 && back)
		tsc_skewed = true;
	smp_mb();
	next_turn++;
}

void tsc_compare(bool boot)
{
	for (u32 turn = boot ? 0 : 1; turn < TSC_TURNS; turn += 2)
		compare_tsc(turn);
}

static irqreturn_t timer_interrupt(int irq, void *dev)
{
	advance_jiffies();
	printk_tick();
	watchdog_tick();
	if (tick_hook)
		tick_hook(user_mode(get_irq_regs()));
	return IRQ_HANDLED;
}

static void __init calibrate_tsc(void)
{
	struct pit_span span;

	if (!boot_cpu_has(X86_FEATURE_TSC) || !pit_measure_tsc(CALIBRATE_COUNTS, &span))
		return;
	tsc_khz = (u32)div_u64(span.cycles * PIT_TICK_RATE, span.counts * 1000);
	if (tsc_khz < 1000) {
		tsc_khz = 0;
		return;
	}
	clock_mult = (u32)div_u64((u64)1000000 << CLOCK_SHIFT, tsc_khz);
	base_cycles = rdtsc();
	base_ns = 0;
	pr_info("tsc: Detected %u.%03u MHz processor\n", tsc_khz / 1000, tsc_khz % 1000);
}

void __init time_init(void)
{
	calibrate_tsc();
	if (!tsc_khz)
		pr_info("tsc: none, the clock counts ticks\n");
	wall_offset_ns = (s64)((u64)rtc_read_time() * NSEC_PER_SEC - __ktime_get_ns());
	update_vdso_data();
}

void __init time_start_tick(void)
{
	if (request_irq(PIT_IRQ, timer_interrupt, 0, "timer", NULL))
		pr_err("timer: IRQ 0 is taken\n");
	pit_start_periodic(HZ);
}
