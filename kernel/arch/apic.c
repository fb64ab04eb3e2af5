/*
 * kernel/arch/apic.c - programming the local APIC.
 *
 * The registers are 32 bits wide at steps of 16 bytes.  An IPI is sent by
 * writing the destination to ICR's high word and then the command to its low
 * word; bit 12 of it stays set until the other side has accepted.  A pair of
 * writes must not be torn by a handler that sends too, hence interrupts off.
 *
 * The timer counts down at the bus clock over 16; nobody says how fast that is,
 * so it is measured by the TSC, as pit.c measures that: both read at two moments,
 * again if something came in between.
 *
 * Reference: Intel SDM volume 3, chapter 10; register offsets: table 10-1.
 */
#include <kernel/arch/apic.h>

#include <kernel/arch/processor.h>
#include <lib/div64.h>

#define APIC_ID			0x020
#define APIC_TPR		0x080
#define APIC_EOI		0x0b0
#define APIC_LDR		0x0d0
#define APIC_DFR		0x0e0
#define APIC_SPIV		0x0f0
#define APIC_ESR		0x280
#define APIC_ICR_LOW		0x300
#define APIC_ICR_HIGH		0x310
#define APIC_LVT_TIMER		0x320
#define APIC_LVT_LINT0		0x350
#define APIC_LVT_LINT1		0x360
#define APIC_LVT_ERROR		0x370
#define APIC_TIMER_INITIAL	0x380
#define APIC_TIMER_CURRENT	0x390
#define APIC_TIMER_DIVIDE	0x3e0

#define SPIV_ENABLE		0x100
#define LVT_MASKED		0x10000
#define LVT_PERIODIC		0x20000
#define LVT_EXTINT		0x700
#define LVT_NMI			0x400
#define DIVIDE_BY_16		0x3
#define ICR_NMI			0x400
#define ICR_INIT		0x500
#define ICR_STARTUP		0x600
#define ICR_PENDING		0x1000
#define ICR_ASSERT		0x4000
#define ICR_LEVEL		0x8000
#define ICR_TRIES		1000000

#define CALIBRATE_ROUNDS	10
#define SAMPLE_TRIES		4
#define PRECISION		1000

static volatile u32 *apic_regs;		/* [c] */
static u32 ticks_per_period;		/* [c] after apic_timer_calibrate() */
bool apic_enabled;

static u32 apic_read(unsigned int reg)
{
	return apic_regs[reg / 4];
}

static void apic_write(unsigned int reg, u32 value)
{
	apic_regs[reg / 4] = value;
}

void apic_map(void *regs)
{
	apic_regs = regs;
}

u8 apic_id(void)
{
	return (u8)(apic_read(APIC_ID) >> 24);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_setup_local(bool pic)
{
	apic_write(APIC_DFR, 0xffffffff);	/* flat logical destinations, none used */
	apic_write(APIC_LDR, 0);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SPIV, SPIV_ENABLE | (LOCAL_VECTOR_BASE + LOCAL_SPURIOUS));
	apic_write(APIC_LVT_TIMER, LVT_MASKED | (LOCAL_VECTOR_BASE + LOCAL_TIMER));
	apic_write(APIC_LVT_LINT0, pic ? LVT_EXTINT : LVT_MASKED | LVT_EXTINT);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_ESR, 0);
	apic_write(APIC_LVT_ERROR, LOCAL_VECTOR_BASE + LOCAL_ERROR);
	/* What came before belongs to nobody. */
	for (int i = 0; i < 8; i++)
		apic_eoi();
}

/* The timer's count and the TSC at one moment, give or take @width cycles. */
struct sample {
	u64 tsc;
	u32 width, count;
};

static struct sample take_sample(void)
{
	struct sample best = { .width = ~0u };

	for (int i = 0; i < SAMPLE_TRIES; i++) {
		u64 before = rdtsc();
		u32 count = apic_read(APIC_TIMER_CURRENT);
		u32 width = (u32)(rdtsc() - before);

		if (width < best.width)
			best = (struct sample){ before, width, count };
	}
	return best;
}

bool apic_timer_calibrate(u32 tsc_khz, unsigned int hz)
{
	u64 period = div_u64((u64)tsc_khz * 1000, hz);
	u32 best = ~0u;

	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	for (int i = 0; i < CALIBRATE_ROUNDS && (u64)best * PRECISION > period; i++) {
		struct sample start, end;

		apic_write(APIC_TIMER_INITIAL, ~0u);
		start = take_sample();
		while (rdtsc() - start.tsc < period)
			cpu_relax();
		end = take_sample();
		if (start.width + end.width >= best)
			continue;
		best = start.width + end.width;
		ticks_per_period = (u32)div64_u64((u64)(start.count - end.count) * period,
						  end.tsc - start.tsc);
	}
	apic_write(APIC_TIMER_INITIAL, 0);
	return ticks_per_period > 100;
}

void apic_timer_start(void)
{
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | (LOCAL_VECTOR_BASE + LOCAL_TIMER));
	apic_write(APIC_TIMER_INITIAL, ticks_per_period);
}

/* => false: the one before, or this one, was not taken */
static bool send(u8 id, u32 command)
{
	int tries = ICR_TRIES;

	while ((apic_read(APIC_ICR_LOW) & ICR_PENDING) && --tries)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, (u32)id << 24);
	apic_write(APIC_ICR_LOW, command);
	return tries;
}

static bool send_and_wait(u8 id, u32 command)
{
	int tries = ICR_TRIES;

	if (!send(id, command))
		return false;
	while ((apic_read(APIC_ICR_LOW) & ICR_PENDING) && --tries)
		cpu_relax();
	return tries;
}

void apic_send_ipi(u8 id, enum local_irq irq)
{
	send(id, LOCAL_VECTOR_BASE + (u32)irq);
}

void apic_send_nmi(u8 id)
{
	send(id, ICR_NMI);
}

bool apic_send_init(u8 id)
{
	return send_and_wait(id, ICR_INIT | ICR_ASSERT | ICR_LEVEL) &&
	       send_and_wait(id, ICR_INIT | ICR_LEVEL);
}

bool apic_send_startup(u8 id, u32 start)
{
	return send_and_wait(id, ICR_STARTUP | start >> 12);
}
