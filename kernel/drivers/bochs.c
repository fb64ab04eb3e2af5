/*
 * kernel/drivers/bochs.c - a linear framebuffer: QEMU's standard VGA, Bochs' VBE.
 *
 * Theory.  The adapter is a VGA with some MiB of memory, all of which the PCI
 * bus shows at one address, and with ten more registers behind two ports: an
 * index, and a window of 16 bits.  Width, height and depth written, ENABLE set,
 * and it shows pixels from its memory, at an offset that can be chosen.
 *
 *	offset 0	characters, their attributes, and the font: the four planes
 *			of 64K that a VGA has
 *	PICTURE_OFFSET	the picture
 *
 * So neither disturbs the other, and nothing has to be copied.  What does get
 * lost are the VGA's own registers, which the adapter sets for graphics: they
 * are read before and written back after.  The protection of the first eight
 * CRTC registers (bit 7 of number 0x11) has to be taken off for that.
 *
 * Locking: none; the one user (kernel/fs/dev/fbmem.c) has a mutex.  A panic may
 * call bochs_text_mode() at any moment: it only writes ports.
 *
 * References: QEMU docs/specs/standard-vga; Bochs' VBE DISPI; IBM VGA.
 */
#include <kernel/drivers/bochs.h>

#include <kernel/arch/io.h>
#include <kernel/arch/page.h>
#include <kernel/core/printk.h>
#include <kernel/drivers/pci.h>
#include <lib/kernel.h>

#define BOCHS_VENDOR	0x1234
#define BOCHS_DEVICE	0x1111

#define DISPI_INDEX	0x1ce
#define DISPI_DATA	0x1cf
enum dispi {
	DISPI_ID, DISPI_XRES, DISPI_YRES, DISPI_BPP, DISPI_ENABLE, DISPI_BANK,
	DISPI_VIRT_WIDTH, DISPI_VIRT_HEIGHT, DISPI_X_OFFSET, DISPI_Y_OFFSET, DISPI_MEMORY_64K,
};
#define DISPI_ID_FIRST	0xb0c5u		/* the first that tells the size of its memory */
#define DISPI_ID_LAST	0xb0cfu
#define DISPI_ENABLED	0x01
#define DISPI_LFB	0x40
#define DISPI_NOCLEAR	0x80

#define PICTURE_OFFSET	(256ul << 10)	/* bytes: four planes of a VGA */
#define MAX_XRES	1600u
#define MAX_YRES	1200u

/* The VGA's registers that graphics change, behind pairs of an index and a data port. */
#define SEQ_INDEX	0x3c4
#define GFX_INDEX	0x3ce
#define CRTC_INDEX	0x3d4
#define CRTC_PROTECT	0x11		/* its bit 7 protects 0 to 7 */
#define NR_SEQ		5
#define NR_GFX		9
#define NR_CRTC		25

static phys_addr_t bochs_base;		/* [c] 0: no such adapter */
static unsigned long bochs_size;	/* [c] bytes of its memory */
static bool graphics;			/* racy in a panic only */
static u8 saved_seq[NR_SEQ], saved_gfx[NR_GFX], saved_crtc[NR_CRTC];

static u16 dispi_read(enum dispi index)
{
	outw((u16)index, DISPI_INDEX);
	return inw(DISPI_DATA);
}

static void dispi_write(enum dispi index, unsigned int value)
{
	outw((u16)index, DISPI_INDEX);
	outw((u16)value, DISPI_DATA);
}

static void save_registers(u16 port, u8 *to, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		outb((u8)i, port);
		to[i] = inb(port + 1);
	}
}

static void restore_registers(u16 port, const u8 *from, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		outb((u8)i, port);
		outb(from[i], port + 1);
	}
}

bool bochs_present(void)
{
	return bochs_base != 0;
}

phys_addr_t bochs_picture(unsigned long *size)
{
	*size = bochs_size - PICTURE_OFFSET;
	return bochs_base + PICTURE_OFFSET;
}

bool bochs_mode_valid(const struct video_mode *mode)
{
	if ((mode->bpp != 16 && mode->bpp != 32) || mode->xres % 8 || !mode->xres || !mode->yres)
		return false;
	if (mode->xres > MAX_XRES || mode->yres > MAX_YRES)
		return false;
	return (unsigned long)mode_pitch(mode) * mode->yres <= bochs_size - PICTURE_OFFSET;
}

void bochs_set_mode(const struct video_mode *mode)
{
	unsigned int pitch = mode_pitch(mode);

	if (!graphics) {
		save_registers(SEQ_INDEX, saved_seq, NR_SEQ);
		save_registers(GFX_INDEX, saved_gfx, NR_GFX);
		save_registers(CRTC_INDEX, saved_crtc, NR_CRTC);
	}
	graphics = true;
	dispi_write(DISPI_ENABLE, 0);
	dispi_write(DISPI_XRES, mode->xres);
	dispi_write(DISPI_YRES, mode->yres);
	dispi_write(DISPI_BPP, mode->bpp);
	dispi_write(DISPI_ENABLE, DISPI_ENABLED | DISPI_LFB | DISPI_NOCLEAR);
	dispi_write(DISPI_VIRT_WIDTH, mode->xres);
	dispi_write(DISPI_X_OFFSET, (unsigned int)PICTURE_OFFSET % pitch / (mode->bpp / 8));
	dispi_write(DISPI_Y_OFFSET, (unsigned int)PICTURE_OFFSET / pitch);
}

void bochs_text_mode(void)
{
	if (!graphics)
		return;
	graphics = false;
	dispi_write(DISPI_ENABLE, 0);
	restore_registers(SEQ_INDEX, saved_seq, NR_SEQ);
	restore_registers(GFX_INDEX, saved_gfx, NR_GFX);
	outb(CRTC_PROTECT, CRTC_INDEX);
	outb(saved_crtc[CRTC_PROTECT] & 0x7f, CRTC_INDEX + 1);
	restore_registers(CRTC_INDEX, saved_crtc, NR_CRTC);
}

void __init bochs_init(void)
{
	struct pci_dev *dev = pci_get_device(BOCHS_VENDOR, BOCHS_DEVICE, NULL);

	if (!dev)
		return;
	if (!dev->bar[0].size || !(pci_read_config(dev, PCI_COMMAND) & PCI_COMMAND_MEMORY) ||
	    dispi_read(DISPI_ID) < DISPI_ID_FIRST || dispi_read(DISPI_ID) > DISPI_ID_LAST)
		return;
	bochs_size = (unsigned long)dispi_read(DISPI_MEMORY_64K) << 16;
	if (bochs_size <= PICTURE_OFFSET)
		return;
	bochs_base = (phys_addr_t)dev->bar[0].start;
	dev->driver = "bochs";
	pr_info("bochs: %lu KiB of video memory at %08llx\n", bochs_size >> 10, dev->bar[0].start);
}
