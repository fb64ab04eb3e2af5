/*
 * tests/kernel/block/partition_test.c - partition tables, good ones and bad ones.
 */
#include <tests/kernel/block/block_test.h>

#include <kernel/core/kdev_t.h>
#include <lib/random.h>

#define SECTORS	2048u

static u8 sector_buf[SECTOR_SIZE];

static void put32(u8 *p, u32 value)
{
	memcpy(p, &value, 4);
}

static void clear_table(void)
{
	memset(sector_buf, 0, sizeof(sector_buf));
	sector_buf[510] = 0x55;
	sector_buf[511] = 0xaa;
}

static void set_entry(unsigned int i, u8 type, u32 start, u32 sectors)
{
	u8 *p = sector_buf + 446 + 16 * i;

	p[4] = type;
	put32(p + 8, start);
	put32(p + 12, sectors);
}

static void expect_part(struct ktest *t, struct testdisk *td, unsigned int nr, sector_t start,
			sector_t sectors)
{
	struct hd_struct *part = get_part(MKDEV(TESTDISK_MAJOR, td->disk->first_minor + nr));

	KASSERT(t, part);
	KEXPECT(t, part == td->disk->part[nr]);
	KEXPECT_EQ(t, part->partno, (int)nr);
	KEXPECT_EQ(t, part->start_sect, start);
	KEXPECT_EQ(t, part->nr_sects, sectors);
}

static unsigned int nr_parts(const struct testdisk *td)
{
	unsigned int nr = 0;

	for (unsigned int i = 1; i < DISK_MAX_PARTS; i++)
		nr += td->disk->part[i] != NULL;
	return nr;
}

/* Primary and logical partitions are found by number and by name, and lead to their own sectors. */
KTEST(partition, mbr)
{
	struct testdisk *td = testdisk_create(SECTORS);
	char name[DISK_NAME_LEN];
	u32 buf[SECTOR_SIZE / 4];

	KASSERT(t, td);
	clear_table();
	set_entry(0, 0x83, 63, 100);
	set_entry(1, 0x05, 200, 1000);
	set_entry(3, 0x82, 1500, 548);
	testdisk_poke(td, 0, sector_buf);
	clear_table();
	set_entry(0, 0x83, 1, 50);
	set_entry(1, 0x05, 100, 200);
	testdisk_poke(td, 200, sector_buf);
	clear_table();
	set_entry(0, 0x83, 2, 60);
	testdisk_poke(td, 300, sector_buf);
	testdisk_add(td);
	KEXPECT_EQ(t, nr_parts(td), 5u);
	expect_part(t, td, 0, 0, SECTORS);
	expect_part(t, td, 1, 63, 100);
	expect_part(t, td, 2, 200, 2);
	expect_part(t, td, 4, 1500, 548);
	expect_part(t, td, 5, 201, 50);
	expect_part(t, td, 6, 302, 60);
	KEXPECT_STREQ(t, part_name(td->disk->part[6], name), "tda6");
	KEXPECT_EQ(t, name_to_part("tda6"), MKDEV(TESTDISK_MAJOR, td->disk->first_minor + 6));
	KEXPECT_EQ(t, name_to_part("tda3"), 0u);
	KEXPECT(t, !get_part(MKDEV(TESTDISK_MAJOR, td->disk->first_minor + 3)));
	memset(buf, 0x66, sizeof(buf));
	KEXPECT_EQ(t, one_sector(td->disk->part[6], WRITE, 59, buf), 0);
	KEXPECT_EQ(t, one_sector(td->disk->part[6], WRITE, 60, buf), -EIO);
	memset(buf, 0, sizeof(buf));
	testdisk_peek(td, 361, buf);
	KEXPECT_EQ(t, buf[1], 0x66666666u);
	testdisk_destroy(td);
}

/* A table is read again when it has changed, unless a partition is open. */
KTEST(partition, rescan)
{
	struct testdisk *td = testdisk_create(SECTORS);
	struct hd_struct *part;

	KASSERT(t, td);
	testdisk_add(td);
	KEXPECT_EQ(t, nr_parts(td), 0u);
	clear_table();
	set_entry(0, 0x83, 100, 100);
	testdisk_poke(td, 0, sector_buf);
	KEXPECT_EQ(t, rescan_partitions(td->disk), 0);
	KEXPECT_EQ(t, nr_parts(td), 1u);
	part = open_part(MKDEV(TESTDISK_MAJOR, td->disk->first_minor + 1));
	KASSERT(t, part);
	set_entry(0, 0x83, 200, 100);
	testdisk_poke(td, 0, sector_buf);
	KEXPECT_EQ(t, rescan_partitions(td->disk), -EBUSY);
	expect_part(t, td, 1, 100, 100);
	close_part(part);
	KEXPECT_EQ(t, rescan_partitions(td->disk), 0);
	expect_part(t, td, 1, 200, 100);
	testdisk_fail(td, TESTDISK_READ, 0, 0);
	KEXPECT_EQ(t, rescan_partitions(td->disk), 0);
	KEXPECT_EQ(t, nr_parts(td), 0u);
	testdisk_destroy(td);
}

/* What lies behind the end is cut or left out; a chain that goes round ends; others are no tables. */
KTEST(partition, bad_tables)
{
	struct testdisk *td = testdisk_create(SECTORS);

	KASSERT(t, td);
	testdisk_add(td);
	clear_table();
	set_entry(0, 0x83, SECTORS, 1);
	set_entry(1, 0x83, 2000, 0xffffffff);
	set_entry(2, 0x05, 100, 1000);
	set_entry(3, 0x83, 0xffffffff, 0xffffffff);
	testdisk_poke(td, 0, sector_buf);
	clear_table();
	set_entry(0, 0x83, 1, 10);
	set_entry(1, 0x05, 50, 10);
	testdisk_poke(td, 100, sector_buf);
	testdisk_poke(td, 150, sector_buf);
	KEXPECT_EQ(t, rescan_partitions(td->disk), 0);
	KEXPECT(t, !td->disk->part[1] && !td->disk->part[4]);
	expect_part(t, td, 2, 2000, 48);
	expect_part(t, td, 3, 100, 2);
	KEXPECT_EQ(t, nr_parts(td), 2u + 11);
	clear_table();
	set_entry(0, 0x83, 1, 10);
	sector_buf[446] = 0x31;
	testdisk_poke(td, 0, sector_buf);
	KEXPECT_EQ(t, rescan_partitions(td->disk), 0);
	KEXPECT_EQ(t, nr_parts(td), 0u);
	testdisk_destroy(td);
}

/* Whatever stands in the table and in the chain: every partition lies within the disk. */
KTEST(partition, random_tables)
{
	struct testdisk *td = testdisk_create(SECTORS);
	struct rnd_state rnd;

	KASSERT(t, td);
	testdisk_add(td);
	prandom_seed(&rnd, ktest_seed(11));
	for (unsigned int round = 0; round < 40; round++) {
		for (unsigned int s = 0; s < 20; s++) {
			clear_table();
			for (unsigned int i = 0; i < 4; i++)
				set_entry(i, prandom_below(&rnd, 2) ? 0x83 : 0x05,
					  prandom_below(&rnd, prandom_below(&rnd, 4) ? 20 : SECTORS),
					  prandom_u32(&rnd) >> prandom_below(&rnd, 32));
			testdisk_poke(td, s, sector_buf);
		}
		KEXPECT_EQ(t, rescan_partitions(td->disk), 0);
		for (unsigned int i = 1; i < DISK_MAX_PARTS; i++) {
			const struct hd_struct *part = td->disk->part[i];

			if (part)
				KEXPECT(t, part->nr_sects && part->start_sect < SECTORS &&
					part->nr_sects <= SECTORS - part->start_sect);
		}
	}
	testdisk_destroy(td);
}
