/*
 * kernel/drivers/pci.h - devices on the PCI bus, by what they say they are.
 *
 * Only finding one and reading its configuration: the firmware has given every
 * device its addresses.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_PCI_H
#define OCTAVO_KERNEL_DRIVERS_PCI_H

#include <lib/types.h>

#define PCI_COMMAND		0x04
#define PCI_COMMAND_MEMORY	0x2
#define PCI_BASE_ADDRESS_0	0x10

/* Where a device is, as the address register wants it: bus, slot and function. */
struct pci_dev {
	u32 address;
};

/* The first device of this kind. => false: none, or no PCI bus */
bool pci_find_device(u16 vendor, u16 device, struct pci_dev *dev);
/* The word at @reg, a multiple of 4. => any context */
u32 pci_read_config(const struct pci_dev *dev, unsigned int reg);

#endif
