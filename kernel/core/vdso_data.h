/*
 * kernel/core/vdso_data.h - what the clock functions of the vDSO need to know.
 *
 * One page, written by time.c at each tick, mapped read-only into every process
 * ([vvar]).  Readers take no lock: seq is odd while a writer is at work, and a
 * reader that finds it odd or changed reads again.
 *
 *	ns since the last update = (TSC - cycles) * mult >> VDSO_CLOCK_SHIFT
 */
#ifndef OCTAVO_KERNEL_CORE_VDSO_DATA_H
#define OCTAVO_KERNEL_CORE_VDSO_DATA_H

#include <lib/types.h>

#define VDSO_CLOCK_SHIFT	22

struct vdso_time {
	s64 sec;
	u32 nsec;
	u32 pad;
};

struct vdso_data {
	u32 seq;
	u32 mult;			/* ns per cycle << VDSO_CLOCK_SHIFT; 0: no TSC, ask the kernel */
	u64 cycles;			/* the TSC at the last update */
	struct vdso_time monotonic;	/* the clocks then */
	struct vdso_time real;
	u32 tick_nsec;			/* resolution of the coarse clocks */
	u32 lfence;			/* read the TSC only after what came before */
};

/* The rest of the page is zero: ring 3 sees all of it. */
union vvar_page {
	struct vdso_data data;
	char page[4096];
};
extern union vvar_page vvar_page;

#endif
