/*
 * kernel/arch/reboot.h - the ways to stop the machine.
 *
 * machine_restart: PCI reset port, keyboard controller, triple fault, in turn.
 * machine_power_off: the sleep register of the PC's ACPI power management, where QEMU's
 * `pc` machine and most emulators have it; a machine that stays on is halted.
 * qemu_debug_exit(code): QEMU's isa-debug-exit device ends QEMU with status
 * (code << 1) | 1; without the device the write goes nowhere.
 */
#ifndef OCTAVO_KERNEL_ARCH_REBOOT_H
#define OCTAVO_KERNEL_ARCH_REBOOT_H

#include <lib/compiler.h>
#include <lib/types.h>

__noreturn void machine_restart(void);
__noreturn void machine_power_off(void);
__noreturn void machine_halt(void);
void qemu_debug_exit(u8 code);

#endif
