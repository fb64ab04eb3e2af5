/*
 * tests/kernel/fs/ext2_validate_test.c - the rules by which an ext2 disk is believed.
 *
 * Each rule is broken alone, in super blocks and descriptors as mke2fs makes them, and must be
 * noticed.  The rest is arithmetic that must hold for every block size: the path to a block, the
 * largest file, the blocks that the file system takes itself.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/core/ktest.h>
#include <kernel/fs/mount.h>
#include <lib/string.h>

/* What mke2fs -b 1024 makes of 20000K: three groups, the last one short. */
static const struct ext2_super_block good = {
	.s_inodes_count = 3 * 1672, .s_blocks_count = 20000, .s_r_blocks_count = 1000,
	.s_first_data_block = 1, .s_blocks_per_group = 8192, .s_frags_per_group = 8192,
	.s_inodes_per_group = 1672, .s_magic = EXT2_SUPER_MAGIC, .s_state = EXT2_VALID_FS,
	.s_rev_level = EXT2_DYNAMIC_REV, .s_first_ino = 11, .s_inode_size = 256,
	.s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE,
	.s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SUPP,
};
#define DISK_SIZE	(20000ull * 1024)

/* The geometry of a good disk is what mke2fs computes. */
KTEST(ext2_validate, good_disk)
{
	struct ext2_geometry geo;

	KASSERT(t, !ext2_check_super(&good, DISK_SIZE, &geo));
	KEXPECT_EQ(t, geo.groups_count, 3u);
	KEXPECT_EQ(t, geo.gdb_count, 1u);
	KEXPECT_EQ(t, geo.itb_per_group, 418u);
	KEXPECT_EQ(t, geo.inodes_per_block, 4u);
	KEXPECT_EQ(t, ext2_group_blocks(&geo, 0), 8192u);
	KEXPECT_EQ(t, ext2_group_blocks(&geo, 2), 20000u - 1 - 2 * 8192);
	KEXPECT_EQ(t, ext2_overhead(&geo), 1u + 3 * (2 + 418) + 2 * 2);
	KEXPECT_EQ(t, ext2_group_of_block(&geo, 8192), 0u);
	KEXPECT_EQ(t, ext2_group_of_block(&geo, 8193), 1u);
	KEXPECT_EQ(t, ext2_group_of_inode(&geo, 1672), 0u);
	KEXPECT_EQ(t, ext2_group_of_inode(&geo, 1673), 1u);
	KEXPECT(t, ext2_valid_ino(&geo, 2) && !ext2_valid_ino(&geo, 3) && ext2_valid_ino(&geo, 11));
	KEXPECT(t, ext2_valid_ino(&geo, 3 * 1672) && !ext2_valid_ino(&geo, 3 * 1672 + 1));
}

/* One field of the super block is wrong: each is noticed. */
KTEST(ext2_validate, bad_super)
{
	static const struct {
		unsigned int offset, size;
		u32 value;
	} bad[] = {
#define BAD(field, value) \
	{ offsetof(struct ext2_super_block, field), sizeof(good.field), value }
		BAD(s_magic, 0), BAD(s_rev_level, 2), BAD(s_log_block_size, 3),
		BAD(s_log_block_size, 6), BAD(s_log_block_size, 0xffffffff), BAD(s_log_block_size, 1),
		BAD(s_log_frag_size, 1), BAD(s_inode_size, 0), BAD(s_inode_size, 64),
		BAD(s_inode_size, 200), BAD(s_inode_size, 2048), BAD(s_inode_size, 0x8000),
		BAD(s_first_data_block, 0), BAD(s_first_data_block, 20001), BAD(s_blocks_count, 0),
		BAD(s_blocks_count, 2), BAD(s_blocks_count, 20001), BAD(s_blocks_count, 0xffffffff),
		BAD(s_blocks_per_group, 0), BAD(s_blocks_per_group, 1), BAD(s_blocks_per_group, 8193),
		BAD(s_blocks_per_group, 400), BAD(s_blocks_per_group, 0xffffffff),
		BAD(s_inodes_per_group, 0), BAD(s_inodes_per_group, 8193), BAD(s_inodes_count, 0),
		BAD(s_inodes_count, 1672), BAD(s_inodes_count, 0xffffffff),
		BAD(s_first_ino, 0), BAD(s_first_ino, 10), BAD(s_first_ino, 0xffffffff),
		BAD(s_r_blocks_count, 20001),
	};
	struct ext2_super_block es;
	struct ext2_geometry geo;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		es = good;
		memcpy((char *)&es + bad[i].offset, &bad[i].value, bad[i].size);
		if (!ext2_check_super(&es, DISK_SIZE, &geo))
			ktest_fail(t, __FILE__, __LINE__, "field %u = %x was believed",
				   bad[i].offset, bad[i].value);
	}
	KEXPECT(t, ext2_check_super(&good, DISK_SIZE - 1024, &geo));
	KEXPECT(t, ext2_check_super(&good, 0, &geo));
}

/* The tables of a group lie in it and apart. */
KTEST(ext2_validate, bad_group)
{
	static const struct ext2_group_desc ok = {
		.bg_block_bitmap = 8193 + 2, .bg_inode_bitmap = 8193 + 3,
		.bg_inode_table = 8193 + 4, .bg_free_blocks_count = 7768,
		.bg_free_inodes_count = 1672,
	};
	struct ext2_group_desc desc;
	struct ext2_geometry geo;

	KASSERT(t, !ext2_check_super(&good, DISK_SIZE, &geo));
	KEXPECT(t, !ext2_check_group(&geo, 1, &ok));
	KEXPECT(t, ext2_check_group(&geo, 0, &ok));
	KEXPECT(t, ext2_check_group(&geo, 2, &ok));
#define WRONG(field, value) do {						\
	desc = ok;								\
	desc.field = value;							\
	KEXPECT(t, ext2_check_group(&geo, 1, &desc));				\
} while (0)
	WRONG(bg_block_bitmap, 0);
	WRONG(bg_block_bitmap, 8192);
	WRONG(bg_block_bitmap, 2 * 8192 + 1);
	WRONG(bg_block_bitmap, 0xffffffff);
	WRONG(bg_block_bitmap, 8193);			/* the copy of the super block */
	WRONG(bg_block_bitmap, ok.bg_inode_bitmap);
	WRONG(bg_block_bitmap, ok.bg_inode_table + 417);
	WRONG(bg_inode_bitmap, ok.bg_inode_table);
	WRONG(bg_inode_bitmap, 8194);			/* the copy of the descriptors */
	WRONG(bg_inode_table, 2 * 8192 + 1 - 417);
	WRONG(bg_inode_table, 8193 + 3);
	WRONG(bg_inode_table, 0xfffffff0);
	WRONG(bg_free_blocks_count, 8193);
	WRONG(bg_free_inodes_count, 1673);
	WRONG(bg_used_dirs_count, 1673);
	KEXPECT(t, ext2_is_metadata(&geo, 1, &ok, 8193, 1));
	KEXPECT(t, ext2_is_metadata(&geo, 1, &ok, 8193 + 4 + 417, 1));
	KEXPECT(t, !ext2_is_metadata(&geo, 1, &ok, 8193 + 4 + 418, 100));
	KEXPECT(t, ext2_is_metadata(&geo, 1, &ok, 8193 + 1, 1));
}

/* Features: known, unknown, and what they are called. */
KTEST(ext2_validate, features)
{
	struct ext2_super_block es = good;

	KEXPECT(t, !ext2_unknown_incompat(&es) && !ext2_unknown_ro_compat(&es));
	es.s_feature_incompat |= 0x40;
	KEXPECT_STREQ(t, ext2_unknown_incompat(&es), "extent");
	es.s_feature_incompat = 0x80000000u;
	KEXPECT(t, ext2_unknown_incompat(&es));
	es.s_feature_ro_compat |= 0x400;
	KEXPECT_STREQ(t, ext2_unknown_ro_compat(&es), "metadata_csum");
	es.s_rev_level = EXT2_GOOD_OLD_REV;
	KEXPECT(t, !ext2_unknown_incompat(&es) && !ext2_unknown_ro_compat(&es));
}

/* With sparse_super copies stand at 0, 1 and the powers of 3, 5 and 7. */
KTEST(ext2_validate, sparse_super)
{
	static const u32 with[] = { 0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343 };
	struct ext2_geometry geo;
	unsigned int i, n = 0;

	KASSERT(t, !ext2_check_super(&good, DISK_SIZE, &geo));
	for (i = 0; i < 344; i++)
		if (ext2_bg_has_super(&geo, i) != (n < ARRAY_SIZE(with) && with[n] == i))
			ktest_fail(t, __FILE__, __LINE__, "group %u", i);
		else if (ext2_bg_has_super(&geo, i))
			n++;
	KEXPECT_EQ(t, n, (unsigned int)ARRAY_SIZE(with));
	geo.sparse_super = false;
	KEXPECT(t, ext2_bg_has_super(&geo, 2) && ext2_bg_has_super(&geo, 344));
}

/* The paths of all blocks follow each other like the digits of a counter, to the last one. */
KTEST(ext2_validate, paths)
{
	unsigned int bits;

	for (bits = EXT2_MIN_LOG_BLOCK; bits <= EXT2_MAX_LOG_BLOCK; bits++) {
		u64 n = 1ull << (bits - 2), edge[] = { 0, 11, 12, 12 + n - 1, 12 + n,
			12 + n + n * n - 1, 12 + n + n * n, 12 + n + n * n + n * n * n - 1 };
		static const int depth[] = { 1, 1, 2, 2, 3, 3, 4, 4 };
		u32 path[4], i, level;

		for (i = 0; i < ARRAY_SIZE(edge); i++) {
			KASSERT_EQ(t, ext2_block_to_path(bits, edge[i], path), depth[i]);
			KEXPECT_EQ(t, path[0], i < 2 ? (u32)edge[i] : 10u + (u32)depth[i]);
			for (level = 1; level < (u32)depth[i]; level++)
				KEXPECT_EQ(t, path[level], i & 1 ? (u32)n - 1 : 0u);
		}
		KEXPECT_EQ(t, ext2_block_to_path(bits, edge[7] + 1, path), 0);
		KEXPECT_EQ(t, ext2_block_to_path(bits, ~0ull, path), 0);
		KEXPECT(t, ext2_block_to_path(bits, (u64)(ext2_max_size(bits) - 1) >> bits, path));
	}
	/* As Linux has it. */
	KEXPECT_EQ(t, ext2_max_size(10), 17247252480ll);
	KEXPECT_EQ(t, ext2_max_size(11), 275415851008ll);
	KEXPECT_EQ(t, ext2_max_size(12), 2196873666560ll);
}

/* What mount -o may say; a wrong word changes nothing. */
KTEST(ext2_validate, options)
{
	struct ext2_mount_options opt = { .errors = EXT2_ERRORS_CONTINUE };
	static const char *const bad[] = {
		"nonsense", "errors=", "errors=never", "resuid=", "resuid=x", "resuid=1x",
		"errors=panic,what", "sync=1", "resuid",
	};
	unsigned long flags = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KEXPECT_EQ(t, ext2_parse_options(bad[i], &opt, &flags), -EINVAL);
	KEXPECT(t, opt.errors == EXT2_ERRORS_CONTINUE && !opt.resuid && !flags);
	KEXPECT_EQ(t, ext2_parse_options(NULL, &opt, &flags), 0);
	KEXPECT_EQ(t, ext2_parse_options("", &opt, &flags), 0);
	KEXPECT_EQ(t, ext2_parse_options("errors=remount-ro,resuid=7,resgid=0x10,sync", &opt,
					 &flags), 0);
	KEXPECT_EQ(t, opt.errors, (unsigned int)EXT2_ERRORS_RO);
	KEXPECT(t, opt.resuid == 7 && opt.resgid == 16 && flags == MS_SYNCHRONOUS);
}
