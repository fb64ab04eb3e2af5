/*
 * kernel/fs/ext2/validate.c - which of the disk's numbers may be believed.
 *
 * Theory.  A super block and the group descriptors are numbers on which everything else is
 * built: divisors, sizes of tables, places of bitmaps.  An image can be damaged, or made by
 * somebody who wishes us ill, so before the mount does anything with a number it is checked here,
 * against the others and against the size of the disk.  What passes makes a struct ext2_geometry,
 * and the rest of this folder computes with that, never with the super block: the page with the
 * super block can be written by way of /dev while we are mounted.
 *
 * The rules are those of e2fsck: an image without errors passes, and with what passes
 *	- every block number below blocks_count lies on the disk and in one of groups_count groups;
 *	- every inode number from 1 to inodes_count has a place in the table of its group;
 *	- the two bitmaps and the table of a group lie in the group, apart from each other and from
 *	  the copies at its beginning, so that a write to one never changes another.
 *
 * Nothing here does I/O or takes locks; tests/kernel/fs/ext2_validate_test.c tries every rule.
 */
#include <kernel/fs/ext2/ext2.h>

#include <lib/bitops.h>
#include <lib/div64.h>

struct feature {
	u32 bit;
	const char *name;
};

static const struct feature incompat_features[] = {
	{ 0x0001, "compression" }, { 0x0002, "filetype" }, { 0x0004, "needs_recovery" },
	{ 0x0008, "journal_dev" }, { 0x0010, "meta_bg" }, { 0x0040, "extent" },
	{ 0x0080, "64bit" }, { 0x0100, "mmp" }, { 0x0200, "flex_bg" }, { 0x0400, "ea_inode" },
	{ 0x1000, "dirdata" }, { 0x2000, "metadata_csum_seed" }, { 0x4000, "large_dir" },
	{ 0x8000, "inline_data" }, { 0x10000, "encrypt" }, { 0x20000, "casefold" }, { }
};

static const struct feature ro_compat_features[] = {
	{ 0x0001, "sparse_super" }, { 0x0002, "large_file" }, { 0x0004, "btree_dir" },
	{ 0x0008, "huge_file" }, { 0x0010, "uninit_bg" }, { 0x0020, "dir_nlink" },
	{ 0x0040, "extra_isize" }, { 0x0100, "quota" }, { 0x0200, "bigalloc" },
	{ 0x0400, "metadata_csum" }, { 0x1000, "read-only" }, { 0x2000, "project" },
	{ 0x8000, "verity" }, { }
};

static const char *unknown_feature(u32 set, u32 supported, const struct feature *names)
{
	u32 unknown = set & ~supported;

	if (!unknown)
		return NULL;
	for (; names->bit; names++)
		if (unknown & names->bit)
			return names->name;
	return "one that has no name here";
}

const char *ext2_unknown_incompat(const struct ext2_super_block *es)
{
	if (es->s_rev_level == EXT2_GOOD_OLD_REV)
		return NULL;
	return unknown_feature(es->s_feature_incompat, EXT2_FEATURE_INCOMPAT_SUPP,
			       incompat_features);
}

const char *ext2_unknown_ro_compat(const struct ext2_super_block *es)
{
	if (es->s_rev_level == EXT2_GOOD_OLD_REV)
		return NULL;
	return unknown_feature(es->s_feature_ro_compat, EXT2_FEATURE_RO_COMPAT_SUPP,
			       ro_compat_features);
}

/* => NULL, or what is wrong; sizes of blocks and inodes into *geo */
static const char *check_sizes(const struct ext2_super_block *es, struct ext2_geometry *geo)
{
	if (es->s_magic != EXT2_SUPER_MAGIC)
		return "no ext2 file system";
	if (es->s_rev_level > EXT2_DYNAMIC_REV)
		return "revision not known";
	if (es->s_log_block_size > EXT2_MAX_LOG_BLOCK - EXT2_MIN_LOG_BLOCK)
		return "block size larger than a page";
	if (es->s_log_frag_size != es->s_log_block_size)
		return "fragments";
	geo->block_bits = EXT2_MIN_LOG_BLOCK + es->s_log_block_size;
	geo->block_size = 1u << geo->block_bits;
	geo->inode_size = EXT2_GOOD_OLD_INODE_SIZE;
	geo->first_ino = EXT2_GOOD_OLD_FIRST_INO;
	geo->sparse_super = false;
	if (es->s_rev_level == EXT2_DYNAMIC_REV) {
		geo->inode_size = es->s_inode_size;
		geo->first_ino = es->s_first_ino;
		geo->sparse_super = es->s_feature_ro_compat &
				    EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER;
	}
	if (!is_power_of_2(geo->inode_size) || geo->inode_size < EXT2_GOOD_OLD_INODE_SIZE ||
	    geo->inode_size > geo->block_size)
		return "inode size";
	geo->inodes_per_block = geo->block_size / geo->inode_size;
	return NULL;
}

const char *ext2_check_super(const struct ext2_super_block *es, u64 disk_size,
			     struct ext2_geometry *geo)
{
	const char *wrong = check_sizes(es, geo);
	u32 bits = geo->block_size * 8;

	if (wrong)
		return wrong;
	geo->blocks_count = es->s_blocks_count;
	geo->first_data_block = es->s_first_data_block;
	geo->blocks_per_group = es->s_blocks_per_group;
	geo->inodes_count = es->s_inodes_count;
	geo->inodes_per_group = es->s_inodes_per_group;
	if (geo->first_data_block != (geo->block_bits == EXT2_MIN_LOG_BLOCK ? 1u : 0u))
		return "first data block";
	if (geo->blocks_count <= geo->first_data_block + 1)
		return "no blocks";
	if ((u64)geo->blocks_count << geo->block_bits > disk_size)
		return "more blocks than the disk has";
	if (!geo->blocks_per_group || geo->blocks_per_group > bits)
		return "blocks per group";
	if (!geo->inodes_per_group || geo->inodes_per_group > bits)
		return "inodes per group";
	if (es->s_r_blocks_count > geo->blocks_count)
		return "reserved blocks";
	geo->itb_per_group = DIV_ROUND_UP(geo->inodes_per_group, geo->inodes_per_block);
	geo->groups_count = (geo->blocks_count - geo->first_data_block - 1) /
			    geo->blocks_per_group + 1;
	if ((u64)geo->groups_count * geo->inodes_per_group != geo->inodes_count)
		return "number of inodes";
	if (geo->first_ino < EXT2_GOOD_OLD_FIRST_INO || geo->first_ino > geo->inodes_per_group)
		return "first inode";
	geo->gdb_count = DIV_ROUND_UP(geo->groups_count,
				      geo->block_size / (u32)sizeof(struct ext2_group_desc));
	if ((u64)geo->gdb_count + geo->itb_per_group + 3 > geo->blocks_per_group)
		return "a group is too small for its tables";
	return NULL;
}

/* Is @n a power of @base? */
static bool is_power_of(u32 n, u32 base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

bool ext2_bg_has_super(const struct ext2_geometry *geo, u32 group)
{
	return !geo->sparse_super || group <= 1 || is_power_of(group, 3) ||
	       is_power_of(group, 5) || is_power_of(group, 7);
}

u32 ext2_bg_num_copies(const struct ext2_geometry *geo, u32 group)
{
	return ext2_bg_has_super(geo, group) ? 1 + geo->gdb_count : 0;
}

u32 ext2_overhead(const struct ext2_geometry *geo)
{
	u32 blocks = geo->first_data_block + geo->groups_count * (2 + geo->itb_per_group);
	u32 group;

	for (group = 0; group < geo->groups_count; group++)
		blocks += ext2_bg_num_copies(geo, group);
	return min(blocks, geo->blocks_count);
}

/* Do @n1 blocks from @b1 and @n2 from @b2 have one in common? */
static bool overlap(u32 b1, u32 n1, u32 b2, u32 n2)
{
	return b1 < b2 + n2 && b2 < b1 + n1;
}

const char *ext2_check_group(const struct ext2_geometry *geo, u32 group,
			     const struct ext2_group_desc *desc)
{
	u32 first = ext2_group_first_block(geo, group), nr = ext2_group_blocks(geo, group);
	u32 copies = ext2_bg_num_copies(geo, group);
	u32 bmap = desc->bg_block_bitmap, imap = desc->bg_inode_bitmap;
	u32 table = desc->bg_inode_table;

	if (bmap < first || bmap - first >= nr)
		return "block bitmap outside of its group";
	if (imap < first || imap - first >= nr)
		return "inode bitmap outside of its group";
	if (table < first || table - first >= nr || geo->itb_per_group > nr - (table - first))
		return "inode table outside of its group";
	if (bmap == imap || overlap(bmap, 1, table, geo->itb_per_group) ||
	    overlap(imap, 1, table, geo->itb_per_group))
		return "bitmaps and inode table overlap";
	if (overlap(bmap, 1, first, copies) || overlap(imap, 1, first, copies) ||
	    overlap(table, geo->itb_per_group, first, copies))
		return "tables where the super block's copy is";
	if (desc->bg_free_blocks_count > nr)
		return "more free blocks than there are";
	if (desc->bg_free_inodes_count > geo->inodes_per_group ||
	    desc->bg_used_dirs_count > geo->inodes_per_group)
		return "more free inodes or directories than inodes";
	return NULL;
}

bool ext2_is_metadata(const struct ext2_geometry *geo, u32 group,
		      const struct ext2_group_desc *desc, u32 block, u32 count)
{
	return overlap(block, count, ext2_group_first_block(geo, group),
		       ext2_bg_num_copies(geo, group)) ||
	       overlap(block, count, desc->bg_block_bitmap, 1) ||
	       overlap(block, count, desc->bg_inode_bitmap, 1) ||
	       overlap(block, count, desc->bg_inode_table, geo->itb_per_group);
}

/* Pointer blocks that a file of @data blocks without holes has. */
static u64 pointer_blocks(u64 data, unsigned int ptr_bits)
{
	u64 ptrs = 1ull << ptr_bits, blocks;

	if (data <= EXT2_NDIR_BLOCKS)
		return 0;
	data -= EXT2_NDIR_BLOCKS;
	if (data <= ptrs)
		return 1;
	data -= ptrs;
	blocks = 1;
	if (data <= ptrs << ptr_bits)
		return blocks + 1 + ((data + ptrs - 1) >> ptr_bits);
	data -= ptrs << ptr_bits;
	blocks += 1 + ptrs;
	return blocks + 1 + ((data + ptrs - 1) >> ptr_bits) +
	       ((data + (ptrs << ptr_bits) - 1) >> (2 * ptr_bits));
}

loff_t ext2_max_size(unsigned int block_bits)
{
	unsigned int ptr_bits = block_bits - 2;
	u64 reach = EXT2_NDIR_BLOCKS + (1ull << ptr_bits) + (1ull << 2 * ptr_bits) +
		    (1ull << 3 * ptr_bits);
	u64 count = ((1ull << 32) - 1) >> (block_bits - 9);	/* what i_blocks can say */

	if (reach + pointer_blocks(reach, ptr_bits) > count)
		reach = count - pointer_blocks(count, ptr_bits);
	return (loff_t)(reach << block_bits);
}
