/* kernel/entry/smpboot.h - the start of the APICs and of the other processors. */
#ifndef OCTAVO_KERNEL_ENTRY_SMPBOOT_H
#define OCTAVO_KERNEL_ENTRY_SMPBOOT_H

/*
 * Options: noapic (the 8259 keeps the lines, one processor), maxcpus=N.
 * => the last boot step, interrupts off, the boot task runs
 */
void smp_init(void);

#endif
