/*
 * kernel/uapi/fb.h - what ioctl says about a framebuffer, as on Linux/i386.
 *
 * Shared with ring 3.
 */
#ifndef OCTAVO_KERNEL_UAPI_FB_H
#define OCTAVO_KERNEL_UAPI_FB_H

#define FBIOGET_VSCREENINFO	0x4600
#define FBIOPUT_VSCREENINFO	0x4601
#define FBIOGET_FSCREENINFO	0x4602
#define FBIOPAN_DISPLAY		0x4606
#define FBIOBLANK		0x4611

#define FB_TYPE_PACKED_PIXELS	0
#define FB_VISUAL_TRUECOLOR	2
#define FB_ACTIVATE_NOW		0	/* var.activate */
#define FB_ACTIVATE_TEST	2	/* only say what would be */
#define FB_ACTIVATE_MASK	15

/* What the hardware and the mode make of it. */
struct fb_fix_screeninfo {
	char id[16];
	unsigned long smem_start;	/* physical address of the picture */
	unsigned int smem_len;		/* bytes that can be mapped */
	unsigned int type;		/* FB_TYPE_* */
	unsigned int type_aux;
	unsigned int visual;		/* FB_VISUAL_* */
	unsigned short xpanstep, ypanstep, ywrapstep;
	unsigned int line_length;	/* bytes from one line to the next */
	unsigned long mmio_start;
	unsigned int mmio_len;
	unsigned int accel;
	unsigned short capabilities;
	unsigned short reserved[2];
};

/* Bits of a pixel that are one colour. */
struct fb_bitfield {
	unsigned int offset, length, msb_right;
};

/* What a program may choose. */
struct fb_var_screeninfo {
	unsigned int xres, yres;
	unsigned int xres_virtual, yres_virtual;
	unsigned int xoffset, yoffset;
	unsigned int bits_per_pixel;
	unsigned int grayscale;
	struct fb_bitfield red, green, blue, transp;
	unsigned int nonstd;
	unsigned int activate;		/* FB_ACTIVATE_* */
	unsigned int height, width;	/* millimetres */
	unsigned int accel_flags;
	unsigned int pixclock, left_margin, right_margin, upper_margin, lower_margin;
	unsigned int hsync_len, vsync_len, sync, vmode, rotate, colorspace;
	unsigned int reserved[4];
};

#endif
