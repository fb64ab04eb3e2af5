/*
 * kernel/drivers/vga.c - 80 x 25 text.
 *
 * Theory.  The screen is an array of cells, character and attribute, that the
 * adapter shows all the time; the cursor is a hardware blink at an offset.  A
 * write goes through a small automaton: ordinary characters, ESC, and ESC [
 * with up to MAX_PARAMS numbers (ECMA-48 CSI).  Line wrap is delayed as on a
 * VT100: after the 80th character the cursor waits at the edge for the next.
 *
 * While the adapter shows pixels its text memory cannot be written as such.
 * vga_hold() lets all go to a copy in RAM, and back.  A panic does not wait.
 *
 * Locking: vga_lock, interrupts off; bust by a panic.
 *
 * References: ECMA-48, sections 8.3; IBM VGA: CRTC registers 0x0e, 0x0f.
 */
#include <kernel/drivers/vga.h>

#include <kernel/arch/io.h>
#include <kernel/arch/page.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/spinlock.h>
#include <kernel/drivers/bochs.h>
#include <lib/kernel.h>
#include <lib/string.h>

#define VGA_PHYS	0xb8000
#define COLS		80
#define ROWS		25
#define ATTR_DEFAULT	0x07
#define MAX_PARAMS	8

#define CRTC_INDEX	0x3d4
#define CRTC_DATA	0x3d5
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW	0x0f

enum { PLAIN, ESCAPE, CSI };

static spinlock_t vga_lock = __SPIN_LOCK_INIT_KEY(vga_lock, CONSOLE_PORT_KEY);
static u16 *screen;		/* [vga_lock] NULL before vga_init(); held[] while there are pixels */
static u16 held[ROWS * COLS];	/* [vga_lock] */
static unsigned int row, col;	/* [vga_lock] col == COLS: wrap is due */
static u8 attr = ATTR_DEFAULT;	/* [vga_lock] */
static int state = PLAIN;	/* [vga_lock] */
static unsigned int params[MAX_PARAMS], nr_params;
static bool private_mode;	/* [vga_lock] ESC [ ? : modes, swallowed */

static u16 cell(u8 c)
{
	return (u16)attr << 8 | c;
}

/* Blank cells [from, to). */
static void blank(unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		screen[i] = cell(' ');
}

static void move_cursor(void)
{
	unsigned int at = row * COLS + min(col, (unsigned int)COLS - 1);

	outb(CRTC_CURSOR_HIGH, CRTC_INDEX);
	outb((u8)(at >> 8), CRTC_DATA);
	outb(CRTC_CURSOR_LOW, CRTC_INDEX);
	outb((u8)at, CRTC_DATA);
}

static void line_feed(void)
{
	if (++row < ROWS)
		return;
	row = ROWS - 1;
	memmove(screen, screen + COLS, (ROWS - 1) * COLS * sizeof(*screen));
	blank((ROWS - 1) * COLS, ROWS * COLS);
}

static void put_plain(u8 c)
{
	switch (c) {
	case '\033':
		state = ESCAPE;
		break;
	case '\n':
		line_feed();
		break;
	case '\r':
		col = 0;
		break;
	case '\b':
		if (col)
			col = min(col, (unsigned int)COLS - 1) - (col < COLS);
		break;
	case '\t':
		col = min((col | 7) + 1, (unsigned int)COLS - 1);
		break;
	default:
		if (c < ' ' || c == 0x7f)
			break;
		if (col == COLS) {
			col = 0;
			line_feed();
		}
		screen[row * COLS + col++] = cell(c);
	}
}

/* Parameter @i, or @otherwise if it is missing or 0. */
static unsigned int param(unsigned int i, unsigned int otherwise)
{
	return i < nr_params && params[i] ? params[i] : otherwise;
}

/* Select graphic rendition: ANSI's colours are VGA's with red and blue exchanged. */
static void set_rendition(unsigned int p)
{
	static const u8 colours[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

	if (p == 0)
		attr = ATTR_DEFAULT;
	else if (p == 1)
		attr |= 0x08;
	else if (p == 7)
		attr = (u8)(attr << 4 | attr >> 4) & 0x7f;
	else if (p >= 30 && p <= 37)
		attr = (attr & 0xf8) | colours[p - 30];
	else if (p == 39)
		attr = (attr & 0xf0) | ATTR_DEFAULT;
	else if (p >= 40 && p <= 47)
		attr = (attr & 0x0f) | (u8)(colours[p - 40] << 4);
	else if (p == 49)
		attr &= 0x0f;
}

static void erase(u8 final)
{
	unsigned int here = row * COLS + min(col, (unsigned int)COLS - 1);
	unsigned int start = final == 'J' ? 0 : row * COLS;
	unsigned int end = final == 'J' ? ROWS * COLS : (row + 1) * COLS;

	switch (param(0, 0)) {
	case 0:
		blank(here, end);
		break;
	case 1:
		blank(start, here + 1);
		break;
	default:
		blank(start, end);
	}
}

static void run_csi(u8 final)
{
	unsigned int n = param(0, 1);

	col = min(col, (unsigned int)COLS - 1);
	switch (final) {
	case 'A':
		row -= min(n, row);
		break;
	case 'B':
		row = min(row + n, (unsigned int)ROWS - 1);
		break;
	case 'C':
		col = min(col + n, (unsigned int)COLS - 1);
		break;
	case 'D':
		col -= min(n, col);
		break;
	case 'G':
		col = min(n, (unsigned int)COLS) - 1;
		break;
	case 'H':
	case 'f':
		row = min(n, (unsigned int)ROWS) - 1;
		col = min(param(1, 1), (unsigned int)COLS) - 1;
		break;
	case 'J':
	case 'K':
		erase(final);
		break;
	case 'm':
		for (unsigned int i = 0; i < max(nr_params, 1u); i++)
			set_rendition(param(i, 0));
		break;
	}
}

static void put_csi(u8 c)
{
	if (c >= '0' && c <= '9') {
		unsigned int *p;

		if (!nr_params)
			nr_params = 1;
		p = &params[nr_params - 1];
		*p = min(*p * 10 + (c - '0'), 9999u);
	} else if (c == ';') {
		nr_params = min(max(nr_params, 1u) + 1, (unsigned int)MAX_PARAMS);
	} else if (c == '?') {
		private_mode = true;
	} else if (c >= 0x40 && c <= 0x7e) {
		if (!private_mode)
			run_csi(c);
		state = PLAIN;
	}
}

static void put(u8 c)
{
	switch (state) {
	case PLAIN:
		put_plain(c);
		break;
	case ESCAPE:
		state = c == '[' ? CSI : PLAIN;
		nr_params = 0;
		private_mode = false;
		memset(params, 0, sizeof(params));
		break;
	case CSI:
		put_csi(c);
		break;
	}
}

static void show_held(void)
{
	screen = __va(VGA_PHYS);
	memcpy(screen, held, sizeof(held));
	move_cursor();
}

void vga_hold(bool hold)
{
	unsigned long flags;

	spin_lock_irqsave(&vga_lock, flags);
	if (hold) {
		memcpy(held, screen, sizeof(held));
		screen = held;
	} else {
		show_held();
	}
	spin_unlock_irqrestore(&vga_lock, flags);
}

static void write_locked(const char *text, size_t len, bool cooked)
{
	unsigned long flags;

	if (!screen)
		return;
	local_irq_save(flags);
	if (!oops_in_progress)
		spin_lock(&vga_lock);
	if (unlikely(oops_in_progress && screen == held)) {
		bochs_text_mode();
		show_held();
	}
	for (size_t i = 0; i < len; i++) {
		if (cooked && text[i] == '\n')
			put('\r');
		put((u8)text[i]);
	}
	move_cursor();
	if (!oops_in_progress)
		spin_unlock(&vga_lock);
	local_irq_restore(flags);
}

void vga_write(const void *buf, size_t len)
{
	write_locked(buf, len, false);
}

static void vga_console_write(struct console *con, const char *text, unsigned int len)
{
	write_locked(text, len, true);
}

static struct console vga_console = { .name = "tty", .write = vga_console_write };

void __init vga_init(void)
{
	screen = __va(VGA_PHYS);
	blank(0, ROWS * COLS);
	move_cursor();
	register_console(&vga_console);
}
