/*
 * kernel/core/random.h - random bytes for processes.
 *
 * Theory: random.c.  For repeatable tests there is lib/random.h.
 */
#ifndef OCTAVO_KERNEL_CORE_RANDOM_H
#define OCTAVO_KERNEL_CORE_RANDOM_H

#include <lib/types.h>

/* Boot: the first seed; after time_init(). */
void random_init(void);
/* Fill @buf. => any context */
void get_random_bytes(void *buf, size_t len);
/* One word out of a batch: for those who need little, and that often. => any context */
u32 get_random_u32(void);
/* Stir bytes in, good or bad: they never make the state easier to guess. => any context */
void add_device_randomness(const void *buf, size_t len);

#endif
