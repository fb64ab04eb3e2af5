/*
 * kernel/drivers/isadma.h - direct memory access on the ISA bus: the 8237.
 *
 * Theory.  The old bus has no masters: a card raises a line, and a controller on the board moves its bytes
 * to or from memory.  Each of its channels has an address of 16 bits, which counts up and does not
 * carry, and a count of 16 bits; the 8 bits above the address stand in a latch beside it.  So memory must
 * lie below 16M, be contiguous, and not cross a multiple of 64K: GFP_DMA, or a bounce buffer.
 *
 *	latch (page register)	address			  count
 *	+--------+		+----------------+	  +----------------+
 *	| 23..16 |		| 15 ......... 0 | ++	  | bytes - 1	   | --  to -1: done
 *	+--------+		+----------------+	  +----------------+
 *
 * Only the channels of bytes, 0 to 3, are here; a second chip has channels of words, which no driver
 * of this kernel uses.
 *
 * Locking: isa_dma_lock, as the two halves of a 16-bit register go by one port, in turns.
 *
 * Reference: Intel 8237A data sheet.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_ISADMA_H
#define OCTAVO_KERNEL_DRIVERS_ISADMA_H

#include <kernel/arch/page.h>
#include <lib/types.h>

#define ISA_DMA_LIMIT	(16UL << 20)	/* addresses end here */
#define ISA_DMA_MASK	0xffffUL	/* nothing crosses a multiple of this + 1 */

/* The channel is @name's from now on. => 0, -EBUSY, or -EINVAL: there is no such channel */
int request_dma(unsigned int channel, const char *name);
void free_dma(unsigned int channel);
/* Let the device transfer @len bytes, to memory or from there. => any context */
void isa_dma_start(unsigned int channel, phys_addr_t addr, unsigned int len, bool to_memory);
/* No more. => any context; the bytes that have not been transferred */
unsigned int isa_dma_stop(unsigned int channel);

#endif
