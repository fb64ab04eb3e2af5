/*
 * kernel/drivers/pci.c - looking for devices on the PCI bus.
 *
 * Theory.  Each function of each device has 256 bytes of configuration, reached
 * by two ports: an address is written to one, and the other is then a window
 * onto those four bytes.  A place without a device reads as all ones.  All buses
 * are tried, and functions other than 0 only where the device says it has some.
 *
 * Locking: pci_config_lock, interrupts off: the two ports are one register.
 *
 * Reference: PCI Local Bus Specification 3.0, sections 3.2.2.3.2 and 6.1.
 */
#include <kernel/drivers/pci.h>

#include <kernel/arch/io.h>
#include <kernel/core/spinlock.h>

#define PCI_CONFIG_ADDRESS	0xcf8
#define PCI_CONFIG_DATA		0xcfc
#define PCI_ENABLE		0x80000000u

#define PCI_BUSES		256u
#define PCI_SLOTS		32u
#define PCI_FUNCTIONS		8u
#define PCI_HEADER		0x0c	/* the word with the header type in its third byte */
#define PCI_MULTIFUNCTION	0x00800000u

static DEFINE_SPINLOCK(pci_config_lock);

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

/* Is there a bus? The address register keeps what is written there. */
static bool pci_present(void)
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

/* Functions of the device at @slot of @bus; 0: there is none. */
static unsigned int nr_functions(unsigned int bus, unsigned int slot)
{
	struct pci_dev dev = { PCI_ENABLE | bus << 16 | slot << 11 };

	if (pci_read_config(&dev, 0) == ~0u)
		return 0;
	return pci_read_config(&dev, PCI_HEADER) & PCI_MULTIFUNCTION ? PCI_FUNCTIONS : 1;
}

bool pci_find_device(u16 vendor, u16 device, struct pci_dev *dev)
{
	u32 wanted = (u32)device << 16 | vendor;
	unsigned int bus, slot, fn, functions;

	if (!pci_present())
		return false;
	for (bus = 0; bus < PCI_BUSES; bus++) {
		for (slot = 0; slot < PCI_SLOTS; slot++) {
			functions = nr_functions(bus, slot);
			for (fn = 0; fn < functions; fn++) {
				dev->address = PCI_ENABLE | bus << 16 | slot << 11 | fn << 8;
				if (pci_read_config(dev, 0) == wanted)
					return true;
			}
		}
	}
	return false;
}
