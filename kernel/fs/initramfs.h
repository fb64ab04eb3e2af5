/*
 * kernel/fs/initramfs.h - the first files: a cpio archive that the boot loader brought.
 */
#ifndef OCTAVO_KERNEL_FS_INITRAMFS_H
#define OCTAVO_KERNEL_FS_INITRAMFS_H

#include <lib/types.h>

/* How far it got. */
struct unpack_report {
	void (*consumed)(const void *end); /* in: called now and then; what lies below is done with */
	unsigned int entries;
	char name[64];		/* of the last one */
};

/*
 * Unpack the archives at [buf, buf + len) into the root: newc, one after another, each plain
 * or gzip, with any zero padding between them.
 * => NULL, or what is wrong with it; what came before the fault is there; @report may be NULL
 */
const char *unpack_to_rootfs(const void *buf, size_t len, struct unpack_report *report);

/* Boot: unpack every module, then give the modules' pages to the page allocator. */
void populate_rootfs(void);

#endif
