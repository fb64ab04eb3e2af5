/*
 * kernel/arch/reboot.c - restart, power off, halt.
 *
 * Reset: port 0xCF9 (PCI chip sets) bit 1 = hard, bit 2 = do it.  Where that
 * does nothing, the keyboard controller's command 0xFE pulses the reset line,
 * and where there is none either, an exception with an empty IDT shuts the
 * processor down, which boards turn into a reset.
 *
 * Power off: PM1a control of the PIIX4's ACPI block; SLP_EN with sleep type 0,
 * which is soft-off there.  The port is where SeaBIOS puts the block on QEMU's
 * `pc` machine; the ICH9's, on `q35`, has it at the same address.
 *
 * References: Intel 82371AB (PIIX4) data sheet, 7.2; ACPI 6.4, 4.8.3.2.
 */
#include <kernel/arch/reboot.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/io.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>

#define RESET_PORT	0xcf9
#define KBD_COMMAND	0x64
#define KBD_INPUT_FULL	0x02
#define KBD_RESET	0xfe
#define PM1A_CONTROL	0x604
#define SLP_EN		0x2000
#define DEBUG_EXIT_PORT	0xf4

void qemu_debug_exit(u8 code)
{
	outb(code, DEBUG_EXIT_PORT);
}

void machine_halt(void)
{
	local_irq_disable();
	for (;;)
		halt();
}

void machine_restart(void)
{
	struct desc_ptr no_idt = { 0, 0 };

	local_irq_disable();
	outb(0x02, RESET_PORT);
	io_wait();
	outb(0x06, RESET_PORT);
	for (int i = 0; i < 1000; i++)
		io_wait();
	for (int i = 0; i < 10000 && (inb(KBD_COMMAND) & KBD_INPUT_FULL); i++)
		io_wait();
	outb(KBD_RESET, KBD_COMMAND);
	for (int i = 0; i < 1000; i++)
		io_wait();
	asm volatile("lidt %0; int3" : : "m"(no_idt));
	machine_halt();
}

void machine_power_off(void)
{
	local_irq_disable();
	outw(SLP_EN, PM1A_CONTROL);
	for (int i = 0; i < 1000; i++)
		io_wait();
	machine_halt();
}
