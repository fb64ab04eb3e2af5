/*
 * tests/user/disk.h - a scratch disk for a ring-3 test: found, formatted, mounted.
 *
 * scripts/test attaches disks that are empty when the machine starts and gone with it.  A test that
 * uses one makes its own file system on it and unmounts it at the end.
 */
#ifndef OCTAVO_TESTS_USER_DISK_H
#define OCTAVO_TESTS_USER_DISK_H

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "test.h"

/* => the node of a disk that may be overwritten; skips the test if there is none */
static inline const char *test_disk(void)
{
	static const char *const disks[] = { "/dev/vda", "/dev/hda" };
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		fd = open(disks[i], O_RDWR);
		if (fd >= 0) {
			close(fd);
			return disks[i];
		}
	}
	skip("no scratch disk (DRIVES=virtio:32)");
	return NULL;
}

/* busybox mke2fs on @disk: @kib KiB with blocks of @block_size. */
static inline void test_mke2fs(const char *disk, unsigned int block_size, unsigned int kib)
{
	char command[128];
	int status;

	snprintf(command, sizeof(command), "mke2fs -F -b %u %s %u >/dev/null 2>&1", block_size, disk,
		 kib);
	status = system(command);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline void test_mount(const char *disk, const char *dir, const char *options)
{
	must(mount(disk, dir, "ext2", 0, options) == 0);
}

#endif
