/*
 * kernel/drivers/kbd.c - a PS/2 keyboard on the i8042.
 *
 * Theory.  The controller turns key movements into scan codes of set 1: a code
 * for down, the same + 0x80 for up, prefix 0xe0 for the keys that the first PC
 * did not have.  Two tables, plain and shifted, give the US layout; Ctrl makes a
 * control character of a letter; Caps Lock turns shift around for letters.
 * Cursor keys become the sequences that a VT100 sends.
 *
 * Locking: the state belongs to the interrupt handler alone.
 *
 * References: IBM PS/2 hardware interface, keyboard section; ECMA-48.
 */
#include <kernel/drivers/kbd.h>

#include <kernel/arch/io.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <lib/ctype.h>
#include <lib/compiler.h>

#define KBD_IRQ		1
#define KBD_DATA	0x60
#define KBD_STATUS	0x64
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_AUX	0x20	/* the byte is the mouse's */

#define SC_EXTENDED	0xe0
#define SC_RELEASE	0x80
#define SC_CTRL		0x1d
#define SC_LSHIFT	0x2a
#define SC_RSHIFT	0x36
#define SC_ALT		0x38
#define SC_CAPS		0x3a

static const char plain[128] = {
	0, 27, '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '=', 0x7f, '\t',
	'q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p', '[', ']', '\r', 0, 'a', 's',
	'd', 'f', 'g', 'h', 'j', 'k', 'l', ';', '\'', '`', 0, '\\', 'z', 'x', 'c', 'v',
	'b', 'n', 'm', ',', '.', '/', 0, '*', 0, ' ', 0,
	[0x4a] = '-', [0x4e] = '+', [0x56] = '<',
};

static const char shifted[128] = {
	0, 27, '!', '@', '#', '$', '%', '^', '&', '*', '(', ')', '_', '+', 0x7f, '\t',
	'Q', 'W', 'E', 'R', 'T', 'Y', 'U', 'I', 'O', 'P', '{', '}', '\r', 0, 'A', 'S',
	'D', 'F', 'G', 'H', 'J', 'K', 'L', ':', '"', '~', 0, '|', 'Z', 'X', 'C', 'V',
	'B', 'N', 'M', '<', '>', '?', 0, '*', 0, ' ', 0,
	[0x4a] = '-', [0x4e] = '+', [0x56] = '>',
};

static kbd_receiver_t receiver;
static bool extended, shift, ctrl, alt, caps;

static void send(const char *s)
{
	while (receiver && *s)
		receiver((u8)*s++);
}

/* Keys behind the 0xe0 prefix. */
static void extended_key(u8 code)
{
	switch (code) {
	case 0x48:
		send("\033[A");
		break;
	case 0x50:
		send("\033[B");
		break;
	case 0x4d:
		send("\033[C");
		break;
	case 0x4b:
		send("\033[D");
		break;
	case 0x47:
		send("\033[1~");
		break;
	case 0x4f:
		send("\033[4~");
		break;
	case 0x49:
		send("\033[5~");
		break;
	case 0x51:
		send("\033[6~");
		break;
	case 0x53:
		send("\033[3~");
		break;
	case 0x1c:
		send("\r");
		break;
	case 0x35:
		send("/");
		break;
	}
}

static void plain_key(u8 code)
{
	char c = plain[code];

	if (isalpha(c) ? shift != caps : shift)
		c = shifted[code];
	if (!c || !receiver)
		return;
	if (ctrl) {
		if (c == ' ' || c == '@' || c == '2')
			c = 0;
		else if (toupper(c) >= 'A' && toupper(c) <= '_')
			c = (char)(toupper(c) & 0x1f);
		else
			return;
	}
	if (alt)
		receiver('\033');
	receiver((u8)c);
}

/* => true if @code is a key that only changes the state of others */
static bool modifier(u8 code, bool down)
{
	switch (code) {
	case SC_LSHIFT:
	case SC_RSHIFT:
		/* 0xe0 0x2a comes with some grey keys and is not a shift. */
		if (!extended)
			shift = down;
		return true;
	case SC_CTRL:
		ctrl = down;
		return true;
	case SC_ALT:
		alt = down;
		return true;
	case SC_CAPS:
		if (down)
			caps = !caps;
		return true;
	}
	return false;
}

static void scan_code(u8 byte)
{
	u8 code = byte & ~SC_RELEASE;
	bool down = !(byte & SC_RELEASE);

	if (byte == SC_EXTENDED) {
		extended = true;
		return;
	}
	if (!modifier(code, down) && down) {
		if (extended)
			extended_key(code);
		else
			plain_key(code);
	}
	extended = false;
}

static irqreturn_t kbd_interrupt(int irq, void *dev)
{
	irqreturn_t ret = IRQ_NONE;
	u8 status;

	while ((status = inb(KBD_STATUS)) & STATUS_OUTPUT_FULL) {
		u8 byte = inb(KBD_DATA);

		if (!(status & STATUS_AUX))
			scan_code(byte);
		ret = IRQ_HANDLED;
	}
	return ret;
}

kbd_receiver_t kbd_set_receiver(kbd_receiver_t receive)
{
	kbd_receiver_t old = receiver;

	receiver = receive;
	return old;
}

void __init kbd_init(void)
{
	/* No controller: the bus floats, every bit reads 1. */
	if (inb(KBD_STATUS) == 0xff)
		return;
	for (int i = 0; i < 16 && (inb(KBD_STATUS) & STATUS_OUTPUT_FULL); i++)
		inb(KBD_DATA);
	if (request_irq(KBD_IRQ, kbd_interrupt, 0, "i8042", NULL))
		pr_err("keyboard: irq %d is taken\n", KBD_IRQ);
}
