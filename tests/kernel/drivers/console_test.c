/*
 * tests/kernel/drivers/console_test.c - what the screen shows, what the keyboard sends.
 */
#include <kernel/drivers/kbd.h>
#include <kernel/drivers/serial.h>
#include <kernel/drivers/vga.h>

#include <kernel/arch/io.h>
#include <kernel/arch/page.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <lib/string.h>

#define COLS	80
#define ROWS	25

static const volatile u16 *cells(void)
{
	return __va(0xb8000);
}

static char shown(unsigned int row, unsigned int col)
{
	return (char)cells()[row * COLS + col];
}

static u8 colour(unsigned int row, unsigned int col)
{
	return (u8)(cells()[row * COLS + col] >> 8);
}

static void put(const char *s)
{
	vga_write(s, strlen(s));
}

/* Positions, erasing, colours; the cursor keys' worth of ANSI. */
KTEST(vga, ansi)
{
	put("\033[2J\033[Hab\033[3;5HX\033[31mR\033[0m\033[1Dr");
	put("\033[10;1Hfull line\033[1K\033[9Cz\033[?25l");
	KEXPECT_EQ(t, shown(0, 0), 'a');
	KEXPECT_EQ(t, shown(0, 1), 'b');
	KEXPECT_EQ(t, shown(2, 4), 'X');
	KEXPECT_EQ(t, shown(2, 5), 'r');
	KEXPECT_EQ(t, colour(2, 5), 0x07);
	KEXPECT_EQ(t, shown(9, 0), ' ');
	KEXPECT_EQ(t, shown(9, 18), 'z');
	put("\033[5;1H\033[31mred\033[0m");
	KEXPECT_EQ(t, colour(4, 0), 0x04);
}

/* The 80th character does not wrap, the 81st does; the last line scrolls. */
KTEST(vga, wrap_and_scroll)
{
	put("\033[2J\033[24;80HY");
	KEXPECT_EQ(t, shown(23, 79), 'Y');
	put("Z\r\nW\r\n");
	KEXPECT_EQ(t, shown(21, 79), 'Y');
	KEXPECT_EQ(t, shown(22, 0), 'Z');
	KEXPECT_EQ(t, shown(23, 0), 'W');
	KEXPECT_EQ(t, shown(24, 0), ' ');
	put("\033[2J\033[H");
}

static char typed[32];
static unsigned int nr_typed;

static void take(u8 c)
{
	if (nr_typed < sizeof(typed) - 1)
		typed[nr_typed++] = (char)c;
}

/* The controller's command 0xd2 makes the next byte look like the keyboard's. */
static void press(u8 code)
{
	for (int i = 0; i < 10000 && (inb(0x64) & 2); i++)
		io_wait();
	outb(0xd2, 0x64);
	for (int i = 0; i < 10000 && (inb(0x64) & 2); i++)
		io_wait();
	outb(code, 0x60);
	/* The processor that takes the interrupt may be another one. */
	for (int i = 0; i < 1000 && (inb(0x64) & 1); i++)
		msleep(1);
}

/* a, Shift+a, Ctrl+c, cursor up, Caps+b, a shifted digit: as a terminal would send them. */
KTEST(kbd, scan_codes)
{
	static const u8 codes[] = {
		0x1e, 0x9e, 0x2a, 0x1e, 0x9e, 0xaa, 0x1d, 0x2e, 0xae, 0x9d, 0xe0, 0x48, 0xe0,
		0xc8, 0x3a, 0xba, 0x30, 0xb0, 0x3a, 0xba, 0x36, 0x02, 0x82, 0xb6,
	};
	kbd_receiver_t old;

	if (inb(0x64) == 0xff) {
		ktest_skip(t, "no keyboard controller");
		return;
	}
	memset(typed, 0, sizeof(typed));
	nr_typed = 0;
	old = kbd_set_receiver(take);
	for (unsigned int i = 0; i < sizeof(codes); i++)
		press(codes[i]);
	msleep(20);
	kbd_set_receiver(old);
	KEXPECT_STREQ(t, typed, "aA\003\033[AB!");
}

/* COM1 answered the probe; a port that is not there is not written to. */
KTEST(serial, presence)
{
	KEXPECT(t, serial_present(0));
	KEXPECT(t, !serial_present(-1));
	KEXPECT(t, !serial_present(NR_UARTS));
	serial_write(NR_UARTS, "x", 1);
}
