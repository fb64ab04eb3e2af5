/*
 * kernel/drivers/vga.h - the text screen: a mirror of the console.
 *
 * 80 x 25 characters at physical 0xb8000.  Understands CR, LF, BS, TAB, BEL and
 * the part of ANSI that shells and editors use most: cursor movement, erasing,
 * colours.  Other sequences are swallowed.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_VGA_H
#define OCTAVO_KERNEL_DRIVERS_VGA_H

#include <lib/types.h>

/* Clear the screen and register the console that shows the log. */
void vga_init(void);
/* Characters of a terminal (with its own "\r\n"). => any context; nothing before vga_init() */
void vga_write(const void *buf, size_t len);
/*
 * The screen is about to show somebody's pixels (characters are kept from now on), or has just
 * stopped to.  => text mode; after vga_init(), in turns; a panic takes the screen back by itself
 */
void vga_hold(bool hold);

#endif
