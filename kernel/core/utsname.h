/*
 * kernel/core/utsname.h - the names of this system.
 *
 * sysname is "Linux" because programs ask for it and mean the interface, which
 * is Linux's; release says whose numbers the system calls follow, and who this
 * really is.
 *
 * Locking: uts_sem for the two names that can be set.
 */
#ifndef OCTAVO_KERNEL_CORE_UTSNAME_H
#define OCTAVO_KERNEL_CORE_UTSNAME_H

#include <kernel/core/rwsem.h>
#include <kernel/uapi/utsname.h>

#define UTS_SYSNAME	"Linux"
#define UTS_RELEASE	"6.1.0-octavo"
#define UTS_MACHINE	"i686"

extern struct new_utsname system_utsname;	/* [uts_sem] nodename, domainname; [c] the rest */
extern struct rw_semaphore uts_sem;

#endif
