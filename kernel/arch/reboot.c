/*
 * kernel/arch/reboot.c - restart, power off, halt.
 *
 * Reset: port 0xCF9 (PCI chip sets) bit 1 = hard, bit 2 = do it.  Where that
 * does nothing, the keyboard controller's command 0xFE pulses the reset line,
 * and where there is none either, an exception with an empty IDT shuts the
 * processor down, which boards turn into a reset.
 *
 * Power off: SLP_EN and the sleep type of S5 to PM1a (and PM1b) control, after
 * ACPI mode has been switched on.  Where no table says how, the ports of
 * the PIIX4's block: SeaBIOS puts it at 0x600 on QEMU's `pc` machine, and the
 * ICH9's, on `q35`, at the same address; sleep type 0 is soft-off there.
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
#define SLP_TYPE(n)	((n) << 10)
#define SLP_TYPE_MASK	0x1c00
#define SCI_EN		0x0001
#define DEBUG_EXIT_PORT	0xf4

struct acpi_soft_off acpi_soft_off;

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

static void sleep_control(u16 port, u8 type)
{
	outw((inw(port) & ~SLP_TYPE_MASK) | SLP_TYPE(type) | SLP_EN, port);
}

static void soft_off(const struct acpi_soft_off *off)
{
	if (off->smi_command && !(inw(off->pm1a_control) & SCI_EN)) {
		outb(off->acpi_enable, off->smi_command);
		for (int i = 0; i < 100000 && !(inw(off->pm1a_control) & SCI_EN); i++)
			io_wait();
	}
	sleep_control(off->pm1a_control, off->sleep_type_a);
	if (off->pm1b_control)
		sleep_control(off->pm1b_control, off->sleep_type_b);
	for (int i = 0; i < 100000; i++)
		io_wait();
}

void machine_power_off(void)
{
	local_irq_disable();
	if (acpi_soft_off.pm1a_control)
		soft_off(&acpi_soft_off);
	outw(SLP_EN, PM1A_CONTROL);
	for (int i = 0; i < 1000; i++)
		io_wait();
	machine_halt();
}
