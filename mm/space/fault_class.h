/*
 * mm/space/fault_class.h - what kind of page fault is it?
 *
 * The heart of demand paging as a pure function: no memory, no locks, host-
 * tested over all its inputs.  By the time it is asked, the access is known to
 * be allowed; the entry and the area then decide:
 *
 *	entry			area		access	class
 *	empty			anonymous	read	ZERO	map the shared page of zeros
 *	empty			anonymous	write	ANON	a fresh page of zeros
 *	empty			file, private	write	COWF	a copy of the file's page
 *	empty			file		else	FILE	the file's page itself
 *	not present, not empty	any		any	SWAP	bring it back
 *	present, read-only	any		write	WP	copy on write, or first write
 *	present, allows it	any		any	SPURIOUS  a stale TLB entry; retry
 *
 * A *shared* anonymous area has a file behind it (kernel/fs/ramfs/shmem.c), so "anonymous"
 * here always means private.
 */
#ifndef OCTAVO_MM_SPACE_FAULT_CLASS_H
#define OCTAVO_MM_SPACE_FAULT_CLASS_H

#include <lib/types.h>

enum fault_class {
	FAULT_ZERO,
	FAULT_ANON,
	FAULT_FILE,
	FAULT_COWF,
	FAULT_SWAP,
	FAULT_WP,
	FAULT_SPURIOUS,
};

/* The bits of an entry that matter; memory.c asserts that they are arch's. */
#define FAULT_PTE_PRESENT	0x001u
#define FAULT_PTE_WRITE		0x002u
#define FAULT_PTE_PROTNONE	0x100u

/*
 * @pte: the entry; @file: the area has vm_ops->fault; @shared: it is VM_SHARED;
 * @write: the access.
 */
static inline enum fault_class classify_fault(u32 pte, bool file, bool shared, bool write)
{
	if (!pte) {
		if (!file)
			return write ? FAULT_ANON : FAULT_ZERO;
		return write && !shared ? FAULT_COWF : FAULT_FILE;
	}
	if (!(pte & (FAULT_PTE_PRESENT | FAULT_PTE_PROTNONE)))
		return FAULT_SWAP;
	if (write && !(pte & FAULT_PTE_WRITE))
		return FAULT_WP;
	return FAULT_SPURIOUS;
}

#endif
