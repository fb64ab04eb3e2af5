/*
 * kernel/drivers/bochs.h - a linear framebuffer: QEMU's standard VGA, Bochs' VBE.
 *
 * The adapter shows 80 x 25 characters until somebody asks for pixels, and again
 * when he is done.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_BOCHS_H
#define OCTAVO_KERNEL_DRIVERS_BOCHS_H

#include <kernel/arch/page.h>
#include <lib/types.h>

struct video_mode {
	unsigned int xres, yres;	/* pixels */
	unsigned int bpp;		/* 16 or 32 */
};

static inline unsigned int mode_pitch(const struct video_mode *mode)
{
	return mode->xres * (mode->bpp / 8);
}

/* Boot: look for it. */
void bochs_init(void);
/* => is there one? */
bool bochs_present(void);
/* Where a picture lies, and how many bytes it may have. => bochs_present() */
phys_addr_t bochs_picture(unsigned long *size);
/* Could it show @mode? */
bool bochs_mode_valid(const struct video_mode *mode);
/* Show the picture. => bochs_mode_valid(); callers take turns */
void bochs_set_mode(const struct video_mode *mode);
/* Show the text again, as it was. => any context; does nothing in text mode */
void bochs_text_mode(void);

#endif
