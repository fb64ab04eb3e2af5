/*
 * mm/types/gfp.h - what an allocation may do: the contract on the upward edge.
 *
 * Allocating memory may need freeing memory, which may need writing pages to
 * a disk, which needs memory.  The flags cut this circle: each caller says how
 * far the allocator may go on its behalf.
 *
 *	GFP_ATOMIC	never sleeps; may dig deeper into the reserves.
 *			Interrupt handlers, and whoever holds a spinlock.
 *	GFP_NOIO	may sleep, may not start I/O: the block layer.
 *	GFP_NOFS	may start I/O, may not call a file system back.
 *	GFP_KERNEL	may do all of it.
 *	GFP_USER	the same, for a page that a process asked for.
 *	GFP_HIGHUSER	the same, and the page may lie above the direct map.
 *	GFP_DMA		below 16M, for devices with 24 address lines.
 */
#ifndef OCTAVO_MM_TYPES_GFP_H
#define OCTAVO_MM_TYPES_GFP_H

#include <lib/types.h>

typedef unsigned int gfp_t;

/* Where: at most one.  The two lowest bits index the zonelists. */
#define __GFP_DMA	0x01u
#define __GFP_HIGHMEM	0x02u
#define GFP_ZONEMASK	0x03u

/* How far. */
#define __GFP_WAIT	0x10u	/* may sleep and reclaim */
#define __GFP_HIGH	0x20u	/* may go below the min watermark */
#define __GFP_IO	0x40u	/* may start I/O */
#define __GFP_FS	0x80u	/* may call into a file system */
#define __GFP_NOWARN	0x100u	/* failing is fine: print nothing */
#define __GFP_REPEAT	0x200u	/* try hard, may fail */
#define __GFP_NOFAIL	0x400u	/* the caller cannot cope: never NULL */
#define __GFP_NORETRY	0x800u	/* one attempt */
#define __GFP_COMP	0x1000u	/* tie the block together as a compound page */
#define __GFP_ZERO	0x2000u	/* clear it */
#define __GFP_MEMALLOC	0x4000u	/* reclaim itself asks: ignore watermarks */
#define __GFP_THISNODE	0x8000u	/* from the node asked for, or not at all */

#define GFP_ATOMIC	(__GFP_HIGH)
#define GFP_NOWAIT	(GFP_ATOMIC & ~__GFP_HIGH)
#define GFP_NOIO	(__GFP_WAIT)
#define GFP_NOFS	(__GFP_WAIT | __GFP_IO)
#define GFP_KERNEL	(__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_USER	(__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_HIGHUSER	(GFP_USER | __GFP_HIGHMEM)
#define GFP_DMA		__GFP_DMA

#endif
