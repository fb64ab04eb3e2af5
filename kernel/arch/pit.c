/*
 * kernel/arch/pit.c - the interval timer.
 *
 * Control word: channel (bits 7-6), access low then high byte (5-4 = 3), mode
 * (3-1).  Mode 2 reloads itself; mode 0 counts down once and raises its output.
 *
 * Measuring.  A loop that waits for the output would measure how long the host of
 * an emulator did not run us, too.  Instead counter and TSC are read together, at
 * two moments; how far apart the TSC was before and after a reading bounds its
 * error, so a bad one is known, and taken again.
 *
 * Reference: Intel 8254 data sheet.
 */
#include <kernel/arch/pit.h>

#include <kernel/arch/io.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>

#define PIT_CH0		0x40
#define PIT_CH2		0x42
#define PIT_CONTROL	0x43
#define CH0_RATE	0x34
#define CH2_ONESHOT	0xb0
#define CH2_LATCH	0x80

#define PORT_B		0x61	/* bit 0: gate of channel 2; 1: speaker; 5: its output */
#define PORT_B_GATE	0x01
#define PORT_B_SPEAKER	0x02
#define PORT_B_OUT2	0x20

#define POLL_LIMIT	100000
#define SAMPLE_TRIES	4
#define MEASURE_TRIES	10
#define PRECISION	1000	/* an uncertainty of less than a thousandth is good enough */

void pit_start_periodic(unsigned int hz)
{
	unsigned int latch = (PIT_TICK_RATE + hz / 2) / hz;

	outb(CH0_RATE, PIT_CONTROL);
	outb(latch & 0xff, PIT_CH0);
	outb(latch >> 8, PIT_CH0);
}

/* The counter of channel 2, and the TSC at that moment, give or take @width cycles. */
struct sample {
	u64 tsc;
	u32 width;
	u16 count;
};

/* The best of a few: whatever comes in between (another program of the host) makes it wider. */
static struct sample take_sample(void)
{
	struct sample best = { .width = ~0u };

	for (int i = 0; i < SAMPLE_TRIES; i++) {
		u64 before = rdtsc();
		u64 after;
		u16 count;

		outb(CH2_LATCH, PIT_CONTROL);
		after = rdtsc();
		count = inb(PIT_CH2);
		count |= (u16)(inb(PIT_CH2) << 8);
		if (after - before < best.width)
			best = (struct sample){ before, (u32)(after - before), count };
	}
	return best;
}

/* One measurement, from a fresh start of the counter. => its uncertainty in cycles, or ~0 */
static u32 measure(unsigned int counts, struct pit_span *span)
{
	struct sample start, end;
	unsigned int polls = 0;

	outb(CH2_ONESHOT, PIT_CONTROL);
	outb(0xff, PIT_CH2);
	outb(0xff, PIT_CH2);
	start = take_sample();
	do
		end = take_sample();
	while ((u16)(start.count - end.count) < counts && ++polls < POLL_LIMIT);
	/* At its end the counter begins anew, and its output says so. */
	if (polls == POLL_LIMIT || (inb(PORT_B) & PORT_B_OUT2))
		return ~0u;
	span->counts = (u16)(start.count - end.count);
	span->cycles = end.tsc - start.tsc;
	return start.width + end.width;
}

bool pit_measure_tsc(unsigned int counts, struct pit_span *span)
{
	unsigned long flags;
	u32 best = ~0u;
	u8 port_b;

	local_irq_save(flags);
	port_b = inb(PORT_B);
	outb((port_b & ~PORT_B_SPEAKER) | PORT_B_GATE, PORT_B);
	for (int i = 0; i < MEASURE_TRIES; i++) {
		struct pit_span this;
		u32 width = measure(counts, &this);

		if (width < best) {
			best = width;
			*span = this;
		}
		if (best != ~0u && (u64)best * PRECISION < span->cycles)
			break;
	}
	outb(port_b, PORT_B);
	local_irq_restore(flags);
	return best != ~0u;
}
