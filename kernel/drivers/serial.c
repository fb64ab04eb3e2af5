/*
 * kernel/drivers/serial.c - 16550 UARTs.
 *
 * Theory.  Two ports at their PC addresses, 115200 baud, 8N1.  The console on
 * COM1 is registered before anything else exists.  Received bytes that come
 * before the terminal layer is up stay in the UART (its interrupt is not yet
 * enabled) and are read by the first interrupt after.
 *
 * A port is there if its scratch register keeps a value; a machine without
 * COM2 answers 0xff and is left alone.
 *
 * Locking: one lock per port around the transmitter, interrupts off; bust by a
 * panic, which may come while a line is being written.
 *
 * Reference: National Semiconductor PC16550D data sheet, table II.
 */
#include <kernel/drivers/serial.h>

#include <kernel/arch/io.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/spinlock.h>
#include <lib/compiler.h>
#include <lib/kernel.h>
#include <lib/string.h>

/* Registers, from the base port; DLL and DLM appear while LCR.DLAB is set. */
#define UART_RX		0
#define UART_TX		0
#define UART_DLL	0
#define UART_IER	1
#define UART_DLM	1
#define UART_IIR	2
#define UART_FCR	2
#define UART_LCR	3
#define UART_MCR	4
#define UART_LSR	5
#define UART_SCR	7

#define IER_RX		0x01
#define IIR_NONE	0x01
#define FCR_ENABLE_CLEAR 0x07
#define LCR_8N1		0x03
#define LCR_DLAB	0x80
#define MCR_DTR_RTS_OUT2 0x0b	/* OUT2 gates the interrupt line on a PC */
#define LSR_DR		0x01
#define LSR_THRE	0x20

#define UART_CLOCK	115200	/* baud at divisor 1 */
#define UART_BAUD	115200
#define UART_FIFO	16
/* Polls before a transmitter is called dead: far more than 16 bytes take. */
#define UART_PATIENCE	200000

struct uart {
	u16 base;
	u8 irq;
	bool present;
	spinlock_t lock;	/* the transmitter */
};

static struct uart uarts[NR_UARTS] = {
	{ .base = 0x3f8, .irq = 4, .lock = __SPIN_LOCK_INIT_KEY(uart.lock, CONSOLE_PORT_KEY) },
	{ .base = 0x2f8, .irq = 3, .lock = __SPIN_LOCK_INIT_KEY(uart.lock, CONSOLE_PORT_KEY) },
};
static const struct uart_ops *receiver;

static bool uart_probe(struct uart *u)
{
	outb(0x5a, u->base + UART_SCR);
	if (inb(u->base + UART_SCR) != 0x5a)
		return false;
	outb(0xa5, u->base + UART_SCR);
	return inb(u->base + UART_SCR) == 0xa5;
}

static void uart_setup(struct uart *u)
{
	u->present = uart_probe(u);
	if (!u->present)
		return;
	outb(0, u->base + UART_IER);
	outb(LCR_DLAB | LCR_8N1, u->base + UART_LCR);
	outb((UART_CLOCK / UART_BAUD) & 0xff, u->base + UART_DLL);
	outb((UART_CLOCK / UART_BAUD) >> 8, u->base + UART_DLM);
	outb(LCR_8N1, u->base + UART_LCR);
	outb(FCR_ENABLE_CLEAR, u->base + UART_FCR);
	outb(MCR_DTR_RTS_OUT2, u->base + UART_MCR);
}

/* Wait for an empty FIFO. => false: it does not drain, give up */
static bool uart_wait(const struct uart *u)
{
	for (unsigned int i = 0; i < UART_PATIENCE; i++)
		if (inb(u->base + UART_LSR) & LSR_THRE)
			return true;
	return false;
}

static void uart_send(struct uart *u, const u8 *p, size_t len)
{
	while (len) {
		size_t burst = min(len, (size_t)UART_FIFO);

		if (!uart_wait(u))
			return;
		outsb(u->base + UART_TX, p, burst);
		p += burst;
		len -= burst;
	}
}

static unsigned long uart_lock(struct uart *u)
{
	unsigned long flags;

	local_irq_save(flags);
	if (!oops_in_progress)
		spin_lock(&u->lock);
	return flags;
}

static void uart_unlock(struct uart *u, unsigned long flags)
{
	if (!oops_in_progress)
		spin_unlock(&u->lock);
	local_irq_restore(flags);
}

bool serial_present(int port)
{
	return port >= 0 && port < NR_UARTS && uarts[port].present;
}

void serial_write(int port, const void *buf, size_t len)
{
	unsigned long flags;

	if (!serial_present(port))
		return;
	flags = uart_lock(&uarts[port]);
	uart_send(&uarts[port], buf, len);
	uart_unlock(&uarts[port], flags);
}

/* The log's lines end in '\n'; a terminal wants "\r\n". */
static void serial_console_write(struct console *con, const char *text, unsigned int len)
{
	struct uart *u = &uarts[con->index];
	unsigned long flags;

	if (!u->present)
		return;
	flags = uart_lock(u);
	while (len) {
		const char *nl = memchr(text, '\n', len);
		unsigned int part = nl ? (unsigned int)(nl - text) : len;

		uart_send(u, (const u8 *)text, part);
		if (!nl)
			break;
		uart_send(u, (const u8 *)"\r\n", 2);
		text += part + 1;
		len -= part + 1;
	}
	uart_unlock(u, flags);
}

static struct console serial_console = {
	.name = "ttyS", .index = 0, .write = serial_console_write,
};

void __init serial_early_init(void)
{
	for (int i = 0; i < NR_UARTS; i++)
		uart_setup(&uarts[i]);
	register_console(&serial_console);
}

void serial_set_receiver(const struct uart_ops *ops)
{
	receiver = ops;
}

static irqreturn_t serial_interrupt(int irq, void *dev)
{
	struct uart *u = dev;
	irqreturn_t ret = IRQ_NONE;

	while (!(inb(u->base + UART_IIR) & IIR_NONE)) {
		ret = IRQ_HANDLED;
		while (inb(u->base + UART_LSR) & LSR_DR) {
			u8 c = inb(u->base + UART_RX);

			if (receiver)
				receiver->receive((int)(u - uarts), c);
		}
	}
	return ret;
}

void __init serial_init(void)
{
	for (int i = 0; i < NR_UARTS; i++) {
		struct uart *u = &uarts[i];

		if (!u->present)
			continue;
		if (request_irq(u->irq, serial_interrupt, 0, i ? "ttyS1" : "ttyS0", u)) {
			pr_err("ttyS%d: irq %d is taken\n", i, u->irq);
			continue;
		}
		outb(IER_RX, u->base + UART_IER);
		pr_info("ttyS%d at I/O 0x%x (irq = %d) is a 16550A\n", i, u->base, u->irq);
	}
}
