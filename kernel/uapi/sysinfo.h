/* kernel/uapi/sysinfo.h - sysinfo(2). */
#ifndef OCTAVO_KERNEL_UAPI_SYSINFO_H
#define OCTAVO_KERNEL_UAPI_SYSINFO_H

#include <lib/compiler.h>

#define SI_LOAD_SHIFT	16	/* loads: 1.00 is 1 << 16 */

struct sysinfo {
	long uptime;			/* seconds */
	unsigned long loads[3];		/* 1, 5, 15 minutes */
	unsigned long totalram, freeram, sharedram, bufferram; /* in mem_unit bytes */
	unsigned long totalswap, freeswap;
	unsigned short procs;
	unsigned short pad;
	unsigned long totalhigh, freehigh;
	unsigned int mem_unit;
	char unused[8];
};
static_assert(sizeof(struct sysinfo) == 64, "user ABI");

#endif
