/*
 * kernel/core/cmdline.h - the words behind the kernel's name.
 *
 * boot_command_line is what the loader passed.  Whoever has an option asks for
 * it: cmdline_has("nopse"), cmdline_find_option("loglevel", ...).  Words are
 * parted by spaces; "quotes" keep spaces inside a value.  What follows a bare
 * `--` belongs to init.
 */
#ifndef OCTAVO_KERNEL_CORE_CMDLINE_H
#define OCTAVO_KERNEL_CORE_CMDLINE_H

#include <lib/types.h>

#define COMMAND_LINE_SIZE	2048

extern char boot_command_line[COMMAND_LINE_SIZE];

/* True if @name stands there, bare or as name=value. */
bool cmdline_has(const char *name);
/*
 * The value of the last name=value; quotes are taken off.
 * => its length (cut to size - 1, NUL-terminated), or -ENOENT
 */
int cmdline_find_option(const char *name, char *buf, size_t size);
/* The same as a number with k, m, g suffixes, or @otherwise. */
u64 cmdline_get_mem(const char *name, u64 otherwise);
long cmdline_get_int(const char *name, long otherwise);

#endif
