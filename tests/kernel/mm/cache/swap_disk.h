/*
 * tests/kernel/mm/cache/swap_disk.h - a swap area on a disk of memory, for tests.
 */
#ifndef OCTAVO_TESTS_KERNEL_MM_CACHE_SWAP_DISK_H
#define OCTAVO_TESTS_KERNEL_MM_CACHE_SWAP_DISK_H

#include <kernel/core/ktest.h>
#include <kernel/fs/swapon.h>
#include <lib/string.h>
#include <tests/kernel/block/testdisk.h>

#define SWAP_DISK	"/dev/tda"
#define SLOT_SECTORS	(PAGE_SIZE / 512)

/* A disk with mkswap's header and @slots slots is swapped to. => NULL: no memory, or refused */
static inline struct testdisk *swap_disk_on(unsigned int slots)
{
	struct testdisk *td = testdisk_create((slots + 1) * SLOT_SECTORS);
	struct { u32 version, last_page, rest[126]; } info = { .version = 1, .last_page = slots };
	char end[512] = "";

	if (!td)
		return NULL;
	memcpy(end + sizeof(end) - 10, "SWAPSPACE2", 10);
	testdisk_add(td);
	testdisk_poke(td, 2, &info);
	testdisk_poke(td, SLOT_SECTORS - 1, end);
	if (!do_swapon(SWAP_DISK, 0))
		return td;
	testdisk_destroy(td);
	return NULL;
}

/* => 0, or what swapoff said: then the disk stays */
static inline int swap_disk_off(struct testdisk *td)
{
	int err = do_swapoff(SWAP_DISK);

	if (!err)
		testdisk_destroy(td);
	return err;
}

#endif
