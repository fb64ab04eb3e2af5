/*
 * kernel/uapi/termios.h - terminals as ring 3 sees them: Linux/i386's layouts and numbers.
 *
 * Reference: POSIX.1-2017, chapter 11 (General Terminal Interface); ioctl_tty(2).
 */
#ifndef OCTAVO_KERNEL_UAPI_TERMIOS_H
#define OCTAVO_KERNEL_UAPI_TERMIOS_H

#include <lib/compiler.h>
#include <lib/types.h>

#define NCCS	19

struct ktermios {
	u32 c_iflag, c_oflag, c_cflag, c_lflag;
	u8 c_line;
	u8 c_cc[NCCS];
	u32 c_ispeed, c_ospeed;		/* termios2 only */
};
static_assert(sizeof(struct ktermios) == 44, "struct termios2");
/* TCGETS and TCSETS stop before the speeds. */
#define TERMIOS_SIZE	36

struct winsize {
	u16 ws_row, ws_col, ws_xpixel, ws_ypixel;
};

/* c_cc */
#define VINTR		0
#define VQUIT		1
#define VERASE		2
#define VKILL		3
#define VEOF		4
#define VTIME		5
#define VMIN		6
#define VSWTC		7
#define VSTART		8
#define VSTOP		9
#define VSUSP		10
#define VEOL		11
#define VREPRINT	12
#define VDISCARD	13
#define VWERASE		14
#define VLNEXT		15
#define VEOL2		16
#define INIT_C_CC	"\003\034\177\025\004\0\1\0\021\023\032\0\022\017\027\026\0"

/* c_iflag */
#define ISTRIP		0000040u
#define INLCR		0000100u
#define IGNCR		0000200u
#define ICRNL		0000400u
#define IXON		0002000u
#define IXANY		0004000u
#define IMAXBEL		0020000u
#define IUTF8		0040000u
/* c_oflag */
#define OPOST		0000001u
#define ONLCR		0000004u
#define OCRNL		0000010u
#define ONOCR		0000020u
#define ONLRET		0000040u
#define XTABS		0014000u
/* c_cflag */
#define B38400		0000017u
#define CS8		0000060u
#define CREAD		0000200u
#define HUPCL		0002000u
#define CLOCAL		0004000u
/* c_lflag */
#define ISIG		0000001u
#define ICANON		0000002u
#define ECHO		0000010u
#define ECHOE		0000020u
#define ECHOK		0000040u
#define ECHONL		0000100u
#define NOFLSH		0000200u
#define TOSTOP		0000400u
#define ECHOCTL		0001000u
#define ECHOKE		0004000u
#define IEXTEN		0100000u

/* ioctl numbers */
#define TCGETS		0x5401
#define TCSETS		0x5402
#define TCSETSW		0x5403
#define TCSETSF		0x5404
#define TCSBRK		0x5409
#define TCXONC		0x540A
#define TCFLSH		0x540B
#define TIOCSCTTY	0x540E
#define TIOCGPGRP	0x540F
#define TIOCSPGRP	0x5410
#define TIOCOUTQ	0x5411
#define TIOCSTI		0x5412
#define TIOCGWINSZ	0x5413
#define TIOCSWINSZ	0x5414
#define FIONREAD	0x541B
#define TIOCNOTTY	0x5422
#define TCSBRKP		0x5425
#define TIOCGSID	0x5429
#define TCGETS2		0x802C542A
#define TCSETS2		0x402C542B
#define TCSETSW2	0x402C542C
#define TCSETSF2	0x402C542D

/* TCFLSH and TCXONC */
#define TCIFLUSH	0
#define TCOFLUSH	1
#define TCIOFLUSH	2
#define TCOOFF		0
#define TCOON		1
#define TCIOFF		2
#define TCION		3

#endif
