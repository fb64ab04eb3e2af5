/*
 * fbdraw [WIDTHxHEIGHTxBITS] - a picture, drawn without a system call.
 *
 * /dev/fb0 says how large the screen is and how a pixel is made of red, green and blue; mapped, the
 * video memory is an array.  The picture: an 8 of two rings before a sky, above the eight colours
 * that one bit for each of red, green and blue makes.  Enter brings the text back.
 */
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RGB(r, g, b)	((unsigned int)(r) << 16 | (unsigned int)(g) << 8 | (unsigned int)(b))
#define SKY_TOP		0x10
#define SKY_BOTTOM	0xa0
#define GOLD		RGB(0xff, 0xc0, 0x20)

/* Is (x, y) on a ring around (cx, cy), from 2/3 @r to @r? */
static int on_ring(int x, int y, int cx, int cy, int r)
{
	int d2 = (x - cx) * (x - cx) + (y - cy) * (y - cy), inner = r * 2 / 3;

	return d2 <= r * r && d2 >= inner * inner;
}

/* 0xRRGGBB at (x, y) of a screen of w by h. */
static unsigned int picture(int x, int y, int w, int h)
{
	int bars = h * 7 / 8, r = h / 5, c;

	if (y >= bars) {
		c = 7 - x * 8 / w;
		return RGB(c & 4 ? 255 : 0, c & 2 ? 255 : 0, c & 1 ? 255 : 0);
	}
	if (on_ring(x, y, w / 2, h / 4, r) || on_ring(x, y, w / 2, h / 4 + r * 5 / 3, r))
		return GOLD;
	c = SKY_TOP + (SKY_BOTTOM - SKY_TOP) * y / bars;
	return RGB(c / 4, c / 2, c);
}

static unsigned int field(unsigned int colour, int shift, const struct fb_bitfield *f)
{
	return (colour >> shift & 0xff) >> (8 - f->length) << f->offset;
}

static unsigned int pixel(unsigned int colour, const struct fb_var_screeninfo *var)
{
	return field(colour, 16, &var->red) | field(colour, 8, &var->green) | field(colour, 0, &var->blue);
}

static void draw(char *screen, const struct fb_var_screeninfo *var, unsigned int pitch)
{
	int w = (int)var->xres, h = (int)var->yres, x, y;

	for (y = 0; y < h; y++) {
		char *line = screen + (size_t)y * pitch;

		for (x = 0; x < w; x++) {
			unsigned int p = pixel(picture(x, y, w, h), var);

			if (var->bits_per_pixel == 32)
				((uint32_t *)line)[x] = p;
			else
				((uint16_t *)line)[x] = (uint16_t)p;
		}
	}
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct fb_fix_screeninfo fix;
	struct fb_var_screeninfo var;
	int fd = open("/dev/fb0", O_RDWR);
	char *screen;

	if (fd < 0)
		return fail("/dev/fb0");
	if (ioctl(fd, FBIOGET_VSCREENINFO, &var))
		return fail("FBIOGET_VSCREENINFO");
	if (argc > 1) {
		if (sscanf(argv[1], "%ux%ux%u", &var.xres, &var.yres, &var.bits_per_pixel) != 3) {
			fprintf(stderr, "usage: fbdraw [WIDTHxHEIGHTxBITS]\n");
			return 2;
		}
		var.xres_virtual = var.xres;
		var.yres_virtual = var.yres;
		if (ioctl(fd, FBIOPUT_VSCREENINFO, &var))
			return fail(argv[1]);
	}
	if (ioctl(fd, FBIOGET_FSCREENINFO, &fix))
		return fail("FBIOGET_FSCREENINFO");
	screen = mmap(NULL, (size_t)fix.line_length * var.yres, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (screen == MAP_FAILED)
		return fail("mmap");
	close(fd);			/* the mapping keeps it */
	draw(screen, &var, fix.line_length);
	printf("%ux%u pixels of %u bits at %#lx. Enter brings the text back.\n", var.xres, var.yres,
	       var.bits_per_pixel, fix.smem_start);
	fflush(stdout);
	getchar();
	return 0;
}
