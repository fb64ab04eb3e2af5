/*
 * kernel/drivers/pci.c - the PCI bus: which devices there are, and switching them on.
 *
 * Theory.  Each function of each device has 256 bytes of configuration, reached by two ports: an
 * address is written to one, and the other is then a window onto those four bytes.  A place
 * without a device reads as all ones.  A bridge is a device that has a further bus behind it, so
 * the buses are a tree, walked from bus 0; functions other than 0 are tried only where the device
 * says it has some.
 *
 * A base address register (BAR) holds where a run of ports or memory of the device lies.  Its low
 * bits, those below the size, cannot be set: all ones written and read back tell the size.  The
 * device must not answer in between, or it would answer at the top of memory.
 *
 * Interrupts.  The four pins of a slot arrive, by the wiring of the board, at lines that ISA left
 * free; on QEMU's PIIX3 at 10 and 11, and the firmware has written which into the configuration.
 * Several devices share a line, so it is level-triggered: it stays active until each device has
 * been asked.  The chipset has a bit for that for each line (ELCR), which both kinds of
 * interrupt controllers follow; it is set here for every line that a device may raise, before
 * the I/O APIC is programmed by it.
 *
 * Locking: pci_config_lock, interrupts off: the two ports are one register.
 *
 * Reference: PCI Local Bus Specification 3.0, sections 3.2.2.3.2, 6.1, 6.2.5 and 6.7.
 */
#include <kernel/drivers/pci.h>

#include <kernel/arch/i8259.h>
#include <kernel/arch/io.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <mm/phys/slab.h>

#define PCI_CONFIG_ADDRESS	0xcf8
#define PCI_CONFIG_DATA		0xcfc
#define PCI_ENABLE		0x80000000u

#define PCI_SLOTS		32u
#define PCI_FUNCTIONS		8u
#define PCI_MAX_DEPTH		8u		/* of bridges behind bridges */
#define PCI_MULTIFUNCTION	0x00800000u	/* in PCI_HEADER */
#define PCI_HEADER_TYPE(w)	((w) >> 16 & 0x7f)
#define PCI_HEADER_BRIDGE	1
#define PCI_BUS_NUMBERS		0x18		/* a bridge's: its own, the one behind it */

#define BAR_IO			0x1u
#define BAR_64			0x4u
#define BAR_IO_MASK		(~0x3u)
#define BAR_MEMORY_MASK		(~0xfu)

static DEFINE_SPINLOCK(pci_config_lock);
static LIST_HEAD(pci_devices);		/* [c] */

u32 pci_read_config(const struct pci_dev *dev, unsigned int reg)
{
	unsigned long flags;
	u32 value;

	spin_lock_irqsave(&pci_config_lock, flags);
	outl(dev->address | (reg & 0xfc), PCI_CONFIG_ADDRESS);
	value = inl(PCI_CONFIG_DATA);
	spin_unlock_irqrestore(&pci_config_lock, flags);
	return value;
}

void pci_write_config(const struct pci_dev *dev, unsigned int reg, u32 value)
{
	unsigned long flags;

	spin_lock_irqsave(&pci_config_lock, flags);
	outl(dev->address | (reg & 0xfc), PCI_CONFIG_ADDRESS);
	outl(value, PCI_CONFIG_DATA);
	spin_unlock_irqrestore(&pci_config_lock, flags);
}

/* Is there a bus? The address register keeps what is written there. */
static bool __init pci_present(void)
{
	unsigned long flags;
	bool present;
	u32 before;

	spin_lock_irqsave(&pci_config_lock, flags);
	before = inl(PCI_CONFIG_ADDRESS);
	outl(PCI_ENABLE, PCI_CONFIG_ADDRESS);
	present = inl(PCI_CONFIG_ADDRESS) == PCI_ENABLE;
	outl(before, PCI_CONFIG_ADDRESS);
	spin_unlock_irqrestore(&pci_config_lock, flags);
	return present;
}

/* ---- one device ------------------------------------------------------------------------------ */

/* Bits that can be set in the register at @reg. => the device does not answer */
static u32 __init bar_mask(const struct pci_dev *dev, unsigned int reg)
{
	u32 before = pci_read_config(dev, reg), mask;

	pci_write_config(dev, reg, ~0u);
	mask = pci_read_config(dev, reg);
	pci_write_config(dev, reg, before);
	return mask;
}

static void __init read_bars(struct pci_dev *dev)
{
	u32 command = pci_read_config(dev, PCI_COMMAND) & 0xffff;

	pci_write_config(dev, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * i;
		u32 value = pci_read_config(dev, reg);
		struct pci_bar *bar = &dev->bar[i];

		if (!value)
			continue;
		bar->io = value & BAR_IO;
		bar->start = value & (bar->io ? BAR_IO_MASK : BAR_MEMORY_MASK);
		bar->size = bar_mask(dev, reg) & (bar->io ? BAR_IO_MASK : BAR_MEMORY_MASK);
		bar->size &= -bar->size;	/* the lowest bit that can be set */
		if (!bar->io && (value & BAR_64) && ++i < PCI_BARS)
			bar->start |= (u64)pci_read_config(dev, reg + 4) << 32;
	}
	pci_write_config(dev, PCI_COMMAND, command);
}

/* => false: no memory */
static bool __init add_device(u32 address)
{
	struct pci_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	u32 word;

	if (!dev)
		return false;
	dev->address = address;
	word = pci_read_config(dev, PCI_VENDOR_ID);
	dev->vendor = (u16)word;
	dev->device = (u16)(word >> 16);
	word = pci_read_config(dev, PCI_CLASS_REVISION);
	dev->class = (u16)(word >> 16);
	dev->prog_if = (u8)(word >> 8);
	dev->revision = (u8)word;
	word = pci_read_config(dev, PCI_INTERRUPT);
	dev->pin = (u8)(word >> 8);
	if (dev->pin && (u8)word < NR_IRQS) {
		dev->irq = (u8)word;
		if (dev->irq)
			i8259_set_level(dev->irq);
	}
	if (!PCI_HEADER_TYPE(pci_read_config(dev, PCI_HEADER))) {
		dev->subsystem = (u16)(pci_read_config(dev, PCI_SUBSYSTEM_ID) >> 16);
		read_bars(dev);
	}
	list_add_tail(&dev->list, &pci_devices);
	return true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* @depth: how many bridges are before this bus; they may be broken and name one again. */
static void __init scan_bus(unsigned int bus, unsigned int depth)
{
	for (unsigned int devfn = 0; devfn < PCI_SLOTS * PCI_FUNCTIONS; devfn++) {
		struct pci_dev probe = { .address = PCI_ENABLE | bus << 16 | devfn << 8 };
		u32 header;

		if ((u16)pci_read_config(&probe, PCI_VENDOR_ID) == 0xffff) {
			if (devfn % PCI_FUNCTIONS == 0)
				devfn += PCI_FUNCTIONS - 1;
			continue;
		}
		if (!add_device(probe.address)) {
			pr_err("pci: no memory for the list of devices\n");
			return;
		}
		header = pci_read_config(&probe, PCI_HEADER);
		if (PCI_HEADER_TYPE(header) == PCI_HEADER_BRIDGE && depth < PCI_MAX_DEPTH)
			scan_bus(pci_read_config(&probe, PCI_BUS_NUMBERS) >> 8 & 0xff, depth + 1);
		if (devfn % PCI_FUNCTIONS == 0 && !(header & PCI_MULTIFUNCTION))
			devfn += PCI_FUNCTIONS - 1;
	}
}

void __init pci_init(void)
{
	if (pci_present())
		scan_bus(0, 0);
}

/* The one behind @from in the list. => NULL: there is none */
static struct pci_dev *next_device(const struct pci_dev *from)
{
	struct list_head *next = from ? from->list.next : pci_devices.next;

	return next == &pci_devices ? NULL : list_entry(next, struct pci_dev, list);
}

struct pci_dev *pci_get_device(u16 vendor, u16 device, const struct pci_dev *from)
{
	struct pci_dev *dev;

	for (dev = next_device(from); dev; dev = next_device(dev))
		if ((vendor == PCI_ANY_ID || dev->vendor == vendor) &&
		    (device == PCI_ANY_ID || dev->device == device))
			break;
	return dev;
}

struct pci_dev *pci_get_class(u16 class, const struct pci_dev *from)
{
	struct pci_dev *dev;

	for (dev = next_device(from); dev && dev->class != class; dev = next_device(dev))
		;
	return dev;
}

void pci_enable_device(struct pci_dev *dev, u32 command, const char *driver)
{
	u32 before = pci_read_config(dev, PCI_COMMAND) & 0xffff;

	pci_write_config(dev, PCI_COMMAND, (before | command) & ~PCI_COMMAND_INTX_DISABLE);
	dev->driver = driver;
}

unsigned int pci_find_capability(const struct pci_dev *dev, unsigned int id, unsigned int pos)
{
	unsigned int limit = 48;	/* there is no room for more: the list may be a ring */
	u32 word;

	if (!(pci_read_config(dev, PCI_COMMAND) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = pos ? pci_read_config(dev, pos) >> 8 & 0xfc :
		    pci_read_config(dev, PCI_CAPABILITY_LIST) & 0xfc;
	for (; pos && limit; pos = word >> 8 & 0xfc, limit--) {
		word = pci_read_config(dev, pos);
		if ((u8)word == id)
			return pos;
	}
	return 0;
}

/*
 * /proc/bus/pci/devices, as Linux has it: place, identity, line, six addresses and that of the
 * ROM (which is not looked at), their sizes, the driver.
 */
static int pci_devices_show(struct seq_file *m, void *v)
{
	struct pci_dev *dev;

	for (dev = next_device(NULL); dev; dev = next_device(dev)) {
		seq_printf(m, "%02x%02x\t%04x%04x\t%x", pci_bus(dev), pci_devfn(dev), dev->vendor,
			   dev->device, dev->irq);
		for (unsigned int i = 0; i <= PCI_BARS; i++)
			seq_printf(m, "\t%16llx", i < PCI_BARS ? dev->bar[i].start |
				   (dev->bar[i].io ? BAR_IO : 0u) : 0ull);
		for (unsigned int i = 0; i <= PCI_BARS; i++)
			seq_printf(m, "\t%16llx", i < PCI_BARS ? (u64)dev->bar[i].size : 0ull);
		seq_printf(m, "\t%s\n", dev->driver ? dev->driver : "");
	}
	return 0;
}
PROC_SHOW("bus/pci/devices", pci_devices_show);
