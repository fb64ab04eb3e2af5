/* kernel/entry/init.h - the way in from boot/head.S. */
#ifndef OCTAVO_KERNEL_ENTRY_INIT_H
#define OCTAVO_KERNEL_ENTRY_INIT_H

#include <lib/compiler.h>

void start_kernel(void) __noreturn;

#endif
