/*
 * kernel/arch/pit.c - the interval timer.
 *
 * Control word: channel (bits 7-6), access low then high byte (5-4 = 3), mode
 * (3-1).  Mode 2 reloads itself; mode 0 counts down once and raises its output.
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

#define PORT_B		0x61	/* bit 0: gate of channel 2; 1: speaker; 5: its output */
#define PORT_B_GATE	0x01
#define PORT_B_SPEAKER	0x02
#define PORT_B_OUT2	0x20

#define POLL_LIMIT	1000000

void pit_start_periodic(unsigned int hz)
{
	unsigned int latch = (PIT_TICK_RATE + hz / 2) / hz;

	outb(CH0_RATE, PIT_CONTROL);
	outb(latch & 0xff, PIT_CH0);
	outb(latch >> 8, PIT_CH0);
}

u64 pit_measure_tsc(unsigned int counts)
{
	unsigned long flags;
	u64 start, end;
	u8 port_b;
	int polls = 0;

	local_irq_save(flags);
	port_b = inb(PORT_B);
	outb((port_b & ~PORT_B_SPEAKER) | PORT_B_GATE, PORT_B);
	outb(CH2_ONESHOT, PIT_CONTROL);
	outb(counts & 0xff, PIT_CH2);
	outb(counts >> 8, PIT_CH2);
	start = rdtsc();
	while (!(inb(PORT_B) & PORT_B_OUT2) && polls < POLL_LIMIT)
		polls++;
	end = rdtsc();
	outb(port_b, PORT_B);
	local_irq_restore(flags);
	return polls < POLL_LIMIT ? end - start : ~(u64)0;
}
