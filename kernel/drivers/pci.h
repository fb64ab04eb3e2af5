/*
 * kernel/drivers/pci.h - the devices on the PCI bus.
 *
 * pci_init() looks at every device once; drivers then look for theirs in the list, by what it
 * says it is, and switch it on.  The firmware has given every device its addresses and lines.
 *
 * Locking: the list and all fields are constant after pci_init().
 */
#ifndef OCTAVO_KERNEL_DRIVERS_PCI_H
#define OCTAVO_KERNEL_DRIVERS_PCI_H

#include <lib/list.h>
#include <lib/types.h>

/* Registers of the configuration, all read as words of 4 bytes. */
#define PCI_VENDOR_ID		0x00	/* and the device's, above */
#define PCI_COMMAND		0x04	/* and the status, above */
#define PCI_COMMAND_IO		0x1u
#define PCI_COMMAND_MEMORY	0x2u
#define PCI_COMMAND_MASTER	0x4u	/* it may read and write memory by itself */
#define PCI_COMMAND_INTX_DISABLE 0x400u
#define PCI_STATUS_CAP_LIST	(0x10u << 16)
#define PCI_CLASS_REVISION	0x08
#define PCI_HEADER		0x0c
#define PCI_BASE_ADDRESS_0	0x10
#define PCI_SUBSYSTEM_ID	0x2c
#define PCI_CAPABILITY_LIST	0x34
#define PCI_INTERRUPT		0x3c	/* line, pin */

#define PCI_CAP_ID_VENDOR	0x09

#define PCI_CLASS_STORAGE_IDE	0x0101

#define PCI_BARS	6
#define PCI_ANY_ID	0xffffu

/* One run of ports or memory that the device answers to. */
struct pci_bar {
	u64 start;
	u32 size;		/* 0: there is none */
	bool io;
};

struct pci_dev {
	struct list_head list;
	u32 address;		/* bus, slot and function, as the address register wants them */
	u16 vendor, device;
	u16 subsystem;
	u8 prog_if, revision;
	u16 class;		/* PCI_CLASS_* */
	u8 irq;			/* its line; 0: none */
	u8 pin;			/* 1 to 4: A to D */
	struct pci_bar bar[PCI_BARS];
	const char *driver;	/* the name of who drives it, for who looks */
};

static inline unsigned int pci_bus(const struct pci_dev *dev)
{
	return dev->address >> 16 & 0xff;
}
static inline unsigned int pci_devfn(const struct pci_dev *dev)
{
	return dev->address >> 8 & 0xff;
}

/* Find all devices. => kmalloc works; interrupts may be off */
void pci_init(void);
/* The next behind @from (NULL: the first) of this kind, PCI_ANY_ID for any. => NULL: none */
struct pci_dev *pci_get_device(u16 vendor, u16 device, const struct pci_dev *from);
/* The next of a class. => NULL: none */
struct pci_dev *pci_get_class(u16 class, const struct pci_dev *from);
/* Switch it on: @command is PCI_COMMAND_*; @driver's name is kept. */
void pci_enable_device(struct pci_dev *dev, u32 command, const char *driver);
/* The next capability @id behind the one at @pos (0: the first). => its register; 0: none */
unsigned int pci_find_capability(const struct pci_dev *dev, unsigned int id, unsigned int pos);
/* The word at @reg, a multiple of 4. => any context */
u32 pci_read_config(const struct pci_dev *dev, unsigned int reg);
void pci_write_config(const struct pci_dev *dev, unsigned int reg, u32 value);

#endif
