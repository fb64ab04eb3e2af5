/*
 * kernel/arch/rtc.h - the battery-backed clock (MC146818), and dates.
 *
 * Reference: Motorola MC146818 data sheet; registers at ports 0x70/0x71.
 */
#ifndef OCTAVO_KERNEL_ARCH_RTC_H
#define OCTAVO_KERNEL_ARCH_RTC_H

#include <lib/types.h>

/* Seconds since 1970-01-01 00:00 UTC of a Gregorian date; month and day from 1. */
s64 mktime(unsigned int year, unsigned int mon, unsigned int day,
	   unsigned int hour, unsigned int min, unsigned int sec);
/* The clock's present time, taken as UTC. */
s64 rtc_read_time(void);

/* A byte of the memory beside the clock, where the firmware notes what the board has. => boot */
u8 cmos_read(u8 reg);
#define CMOS_FLOPPIES	0x10	/* kind of the first floppy drive in the high half, the second below */

#endif
