/* kernel/uapi/dirent.h - directory entries, as getdents(2) and getdents64(2) write them. */
#ifndef OCTAVO_KERNEL_UAPI_DIRENT_H
#define OCTAVO_KERNEL_UAPI_DIRENT_H

#include <lib/types.h>

/* The type stands in the last byte of the record. */
struct linux_dirent {
	u32 d_ino;
	u32 d_off;
	u16 d_reclen;
	char d_name[];
};

struct linux_dirent64 {
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
};
static_assert(offsetof(struct linux_dirent, d_name) == 10 &&
	      offsetof(struct linux_dirent64, d_name) == 19, "user ABI");

#endif
