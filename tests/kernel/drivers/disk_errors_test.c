/*
 * tests/kernel/drivers/disk_errors_test.c - a disk that fails, or does not answer.
 *
 * tests/system/ioerror attaches one and says on the command line what is wrong with it:
 *
 *	bad_disk=hda bad_sector=100	that sector cannot be read, nor written
 *	flush_disk=hda			the first flush fails
 *	late_disk=hda other_disk=hdb	it takes longer for each request than it may; the other, on the
 *					same channel, does not
 */
#include <tests/kernel/drivers/disk_test.h>

#include <kernel/core/cmdline.h>
#include <kernel/drivers/ide.h>

#define NR	48u		/* transfers of 8 sectors, from the start */

/* The disk that option @name names. => NULL: none, @t is skipped */
static struct hd_struct *named_disk(struct ktest *t, const char *name)
{
	char disk[DISK_NAME_LEN];

	if (cmdline_find_option(name, disk, sizeof(disk)) <= 0) {
		ktest_skip(t, "no such disk is attached: tests/system/ioerror does it");
		return NULL;
	}
	return get_part(name_to_part(disk));
}

/* Many neighbours at once, which become one request: only the bad one's transfer fails. */
static void all_but_one(struct ktest *t, struct hd_struct *part, unsigned int rw, unsigned int bad)
{
	static struct transfers tr;

	transfers_init(&tr, part);
	blk_start_plug();
	for (unsigned int i = 0; i < NR; i++)
		transfer(&tr, rw, i * 8, 8, rw == WRITE ? (unsigned char)(i + 1) : 0xff);
	blk_finish_plug();
	KASSERT(t, transfers_wait(&tr));
	for (unsigned int i = 0; i < NR; i++) {
		KEXPECT_EQ(t, tr.ends[i], 1u);
		KEXPECT_EQ(t, tr.error[i], i == bad / 8 ? -EIO : 0);
		if (rw == READ && i != bad / 8)
			KEXPECT(t, transfer_holds(&tr, i, 8, (unsigned char)(i + 1)));
	}
	transfers_free(&tr);
}

/* Its transfer says -EIO, those of its neighbours do what they should, again and again. */
KTEST(disk_errors, bad_sector)
{
	struct hd_struct *part = named_disk(t, "bad_disk");
	unsigned int bad = (unsigned int)cmdline_get_int("bad_sector", 0);
	u32 buf[SECTOR_SIZE / 4];

	if (!part)
		return;
	all_but_one(t, part, WRITE, bad);
	all_but_one(t, part, READ, bad);
	for (unsigned int i = 0; i < 3; i++) {
		KEXPECT_EQ(t, one_sector(part, READ, bad, buf), -EIO);
		KEXPECT_EQ(t, one_sector(part, WRITE, bad, buf), -EIO);
		KEXPECT_EQ(t, one_sector(part, READ, bad - 1, buf), 0);
		KEXPECT_EQ(t, one_sector(part, READ, bad + 1, buf), 0);
	}
	KEXPECT_EQ(t, blkdev_issue_flush(part), 0);
	KEXPECT_EQ(t, part->stats.in_flight, 0ul);
}

KTEST(disk_errors, flush)
{
	struct hd_struct *part = named_disk(t, "flush_disk");
	u32 buf[SECTOR_SIZE / 4] = { 1 };

	if (!part)
		return;
	KEXPECT_EQ(t, one_sector(part, WRITE, 1, buf), 0);
	KEXPECT_EQ(t, blkdev_issue_flush(part), -EIO);
	KEXPECT_EQ(t, blkdev_issue_flush(part), 0);
	KEXPECT_EQ(t, one_sector(part, READ, 1, buf), 0);
	KEXPECT_EQ(t, buf[0], 1u);
}

/*
 * The channel's timer before its time, as when one drive gives back what the other has taken since:
 * again and again until the three transfers are over, but never when a command is about to be late.
 */
static void timer_early(struct hd_struct *part, const struct transfers *tr)
{
	struct ide_drive *drive = part->disk->queue->queuedata;

	while (!READ_ONCE(tr->ends[0]) || !READ_ONCE(tr->ends[1]) || !READ_ONCE(tr->ends[2])) {
		if (time_before(jiffies + HZ / 4, READ_ONCE(drive->channel->deadline)))
			mod_timer(&drive->channel->timer, jiffies);
		msleep(50);
	}
}

/* All its transfers come to an end, good or not, and once; those of the other are good. */
KTEST(disk_errors, late)
{
	struct hd_struct *part = named_disk(t, "late_disk"), *other;
	static struct transfers tr, good;
	unsigned int bad = 0;

	if (!part)
		return;
	other = named_disk(t, "other_disk");
	KASSERT(t, other);
	transfers_init(&tr, part);
	transfers_init(&good, other);
	for (unsigned int i = 0; i < 3; i++) {
		transfer(&tr, READ, i * 100, 8, 0xff);
		transfer(&good, WRITE, i * 100, 8, 0);
	}
	timer_early(part, &tr);
	KEXPECT_TRANSFERS(t, &good);
	transfers_free(&good);
	KASSERT(t, transfers_wait(&tr));
	for (unsigned int i = 0; i < 3; i++) {
		KEXPECT_EQ(t, tr.ends[i], 1u);
		KEXPECT(t, tr.error[i] == -EIO || (!tr.error[i] && transfer_holds(&tr, i, 8, 0)));
		bad += tr.error[i] != 0;
	}
	ktest_log("%u of 3 failed\n", bad);
	KEXPECT_EQ(t, part->stats.in_flight, 0ul);
	transfers_free(&tr);
}
