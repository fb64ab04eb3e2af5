/* kernel/entry/smpboot.h - the start of the APICs and of the other processors. */
#ifndef OCTAVO_KERNEL_ENTRY_SMPBOOT_H
#define OCTAVO_KERNEL_ENTRY_SMPBOOT_H

/*
 * Options: noapic (the 8259s keep the device lines), nolapic (and there is one processor),
 * maxcpus=N, nosmp (the same as maxcpus=0: one, as if there were no APICs), and for tests
 * smp_mute=ID: the processor with that APIC id halts instead of saying that it has come.
 * => the last boot step, interrupts off, the boot task runs
 */
void smp_init(void);

#endif
