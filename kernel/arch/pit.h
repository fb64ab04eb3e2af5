/*
 * kernel/arch/pit.h - the i8253/8254 interval timer.
 *
 * Channel 0 raises IRQ 0 every 1/HZ s.  Channel 2 (the speaker's) serves as a
 * stop-watch to calibrate the TSC: its output can be polled in port 0x61.
 *
 * Reference: Intel 8254 data sheet.
 */
#ifndef OCTAVO_KERNEL_ARCH_PIT_H
#define OCTAVO_KERNEL_ARCH_PIT_H

#include <lib/types.h>

#define PIT_TICK_RATE	1193182		/* Hz: 14.31818 MHz / 12 */
#define PIT_IRQ		0

/* Channel 0, mode 2 (rate generator): an interrupt every PIT_TICK_RATE / hz counts. */
void pit_start_periodic(unsigned int hz);
/* The same time by two clocks. */
struct pit_span {
	unsigned int counts;	/* PIT ticks */
	u64 cycles;		/* of the TSC */
};
/* Measure for about @counts ticks, less than 30000. => false: the timer stands still */
bool pit_measure_tsc(unsigned int counts, struct pit_span *span);

#endif
