/*
 * kernel/arch/reboot.h - the ways to stop the machine.
 *
 * machine_restart: PCI reset port, keyboard controller, triple fault, in turn.
 * machine_power_off: the sleep register of ACPI's power management, where FADT says it is
 * (acpi_soft_off, filled in by kernel/drivers/acpi.c) or, without one, where QEMU's `pc`
 * machine has it; a machine that stays on is halted.
 * qemu_debug_exit(code): QEMU's isa-debug-exit device ends QEMU with status
 * (code << 1) | 1; without the device the write goes nowhere.
 */
#ifndef OCTAVO_KERNEL_ARCH_REBOOT_H
#define OCTAVO_KERNEL_ARCH_REBOOT_H

#include <lib/compiler.h>
#include <lib/types.h>

/* How to write S5, soft-off: ports from FADT, sleep types from _S5. pm1a_control 0: not known. */
struct acpi_soft_off {
	u16 pm1a_control, pm1b_control;
	u8 sleep_type_a, sleep_type_b;
	u16 smi_command;	/* 0: ACPI mode is always on */
	u8 acpi_enable;		/* what switches it on, written there */
};
extern struct acpi_soft_off acpi_soft_off;

__noreturn void machine_restart(void);
__noreturn void machine_power_off(void);
__noreturn void machine_halt(void);
void qemu_debug_exit(u8 code);

#endif
