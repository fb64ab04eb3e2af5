/*
 * kernel/uapi/utsname.h - uname(2): what system this is.
 *
 * Three layouts: the first had 9 bytes a name and no domain, the second 65
 * bytes, the third added the domain.
 */
#ifndef OCTAVO_KERNEL_UAPI_UTSNAME_H
#define OCTAVO_KERNEL_UAPI_UTSNAME_H

#include <lib/compiler.h>

#define __OLD_UTS_LEN	8
#define __NEW_UTS_LEN	64

struct oldold_utsname {
	char sysname[__OLD_UTS_LEN + 1];
	char nodename[__OLD_UTS_LEN + 1];
	char release[__OLD_UTS_LEN + 1];
	char version[__OLD_UTS_LEN + 1];
	char machine[__OLD_UTS_LEN + 1];
};

struct new_utsname {
	char sysname[__NEW_UTS_LEN + 1];
	char nodename[__NEW_UTS_LEN + 1];
	char release[__NEW_UTS_LEN + 1];
	char version[__NEW_UTS_LEN + 1];
	char machine[__NEW_UTS_LEN + 1];
	char domainname[__NEW_UTS_LEN + 1];	/* not in the second layout */
};
static_assert(sizeof(struct oldold_utsname) == 45 && sizeof(struct new_utsname) == 390, "user ABI");

#endif
