/*
 * kernel/uapi/personality.h - what a process may ask to be different for it.
 *
 * The low byte names a system whose habits are to be followed; there is only
 * PER_LINUX here.  The flags above are kept over fork and exec; those that are not
 * listed are stored, and change nothing.
 */
#ifndef OCTAVO_KERNEL_UAPI_PERSONALITY_H
#define OCTAVO_KERNEL_UAPI_PERSONALITY_H

#define PER_LINUX		0x0000000u
#define PER_MASK		0x00000ffu
#define ADDR_NO_RANDOMIZE	0x0040000u	/* the next program's addresses are the usual ones */
#define ADDR_COMPAT_LAYOUT	0x0200000u	/* the next program's mmap goes upwards */
#define READ_IMPLIES_EXEC	0x0400000u	/* mmap and mprotect: PROT_READ brings PROT_EXEC */

#endif
