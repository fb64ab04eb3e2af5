/*
 * tests/kernel/drivers/floppy_test.c - floppy disks, on machines that have two: an empty one, and one
 * that is write-protected.
 */
#include <tests/kernel/drivers/disk_test.h>

#include <kernel/drivers/isadma.h>

DISK_TESTS(floppy, "fd")

static void find_protected(struct gendisk *disk, void *arg)
{
	if (disk->read_only && !memcmp(disk->disk_name, "fd", 2))
		*(struct gendisk **)arg = disk;
}

/*
 * What the controller refuses fails after all tries, for each bio of a request; then the drive, which
 * was reset meanwhile, goes on.  And nobody gets so far who does not lie about the protection.
 */
KTEST(floppy, protected)
{
	static struct transfers tr;
	struct gendisk *disk = NULL;
	u8 buf[SECTOR_SIZE] = { 1 };

	for_each_disk(find_protected, &disk);
	if (!disk) {
		ktest_skip(t, "no write-protected floppy disk is attached (DRIVES=)");
		return;
	}
	KEXPECT_EQ(t, one_sector(&disk->part0, WRITE, 40, buf), -EROFS);
	disk->read_only = false;
	transfers_init(&tr, &disk->part0);
	blk_start_plug();
	for (unsigned int i = 0; i < 3; i++)
		transfer(&tr, WRITE, 35 + i, 1, 0x77);
	blk_finish_plug();
	KEXPECT(t, transfers_wait(&tr));
	for (unsigned int i = 0; i < 3; i++)
		KEXPECT_EQ(t, tr.error[i], -EIO);
	transfers_free(&tr);
	disk->read_only = true;
	transfers_init(&tr, &disk->part0);
	transfer(&tr, READ, 32, 8, 0x77);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT(t, transfer_holds(&tr, 0, 8, 0));
	transfers_free(&tr);
}

/* The bus's DMA has one owner for a channel, and channels that it does not have nobody gets. */
KTEST(isadma, channels)
{
	KEXPECT_EQ(t, request_dma(4, "test"), -EINVAL);
	KASSERT_EQ(t, request_dma(1, "test"), 0);
	KEXPECT_EQ(t, request_dma(1, "other"), -EBUSY);
	free_dma(1);
	KEXPECT_EQ(t, request_dma(1, "test"), 0);
	free_dma(1);
}
