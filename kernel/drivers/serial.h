/*
 * kernel/drivers/serial.h - the 16550 serial ports COM1 (ttyS0) and COM2 (ttyS1).
 *
 * Output waits for the transmitter and fills its FIFO of 16 bytes at once: it
 * needs no interrupt and works in any context, a panic included.  Input comes
 * by interrupt, byte by byte, to the receiver that the terminal layer has
 * registered; what arrives earlier is kept until then.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_SERIAL_H
#define OCTAVO_KERNEL_DRIVERS_SERIAL_H

#include <lib/types.h>

#define NR_UARTS	2

struct uart_ops {
	/* Interrupt context, interrupts off. */
	void (*receive)(int port, u8 c);
};

/* First thing at boot: COM1 becomes the console, polled. */
void serial_early_init(void);
/* Input by interrupt on all ports present. => request_irq works */
void serial_init(void);

bool serial_present(int port);
/* Raw bytes out: no '\n' to "\r\n". => any context; returns when all are in the FIFO */
void serial_write(int port, const void *buf, size_t len);
/* One receiver for all ports; a port is its index. Call before serial_init(). */
void serial_set_receiver(const struct uart_ops *ops);

#endif
