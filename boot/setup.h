/*
 * boot/setup.h - from the loader's hands into ours.
 *
 * head.S leaves the loader's magic number and the physical address of its
 * information here and calls start_kernel(), which calls setup_arch() as soon
 * as faults are reported.
 */
#ifndef OCTAVO_BOOT_SETUP_H
#define OCTAVO_BOOT_SETUP_H

#include <lib/types.h>

/* Written by head.S. */
extern u32 boot_magic;
extern u32 boot_info_phys;

/*
 * Command line, options of the processor, memory map and modules; memory goes to
 * memblock.  => interrupts off; everything of the loader's is copied or reserved
 */
void setup_arch(void);

#endif
