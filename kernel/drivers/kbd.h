/*
 * kernel/drivers/kbd.h - the PS/2 keyboard.
 *
 * US layout, scan code set 1 (the controller translates).  Each key becomes the
 * byte or the escape sequence that a serial terminal would send, and goes to
 * the receiver that the terminal layer has registered.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_KBD_H
#define OCTAVO_KERNEL_DRIVERS_KBD_H

#include <lib/types.h>

/* => request_irq works */
void kbd_init(void);
typedef void (*kbd_receiver_t)(u8 c);
/* @receive: interrupt context, interrupts off. => the receiver until now */
kbd_receiver_t kbd_set_receiver(kbd_receiver_t receive);

#endif
