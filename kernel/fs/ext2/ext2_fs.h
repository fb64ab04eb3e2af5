/*
 * kernel/fs/ext2/ext2_fs.h - what lies on the disk.
 *
 * Theory.  The disk is an array of blocks of 1, 2 or 4K, cut into groups of equal size, each with
 * its own bitmaps, its own piece of the inode table and its own data, so that what belongs together
 * can lie together.  The super block stands at byte 1024 whatever the block size; copies of it and
 * of the table of group descriptors begin some of the groups (all; or with sparse_super groups 0, 1
 * and the powers of 3, 5 and 7).  README.md draws it.
 *
 * All numbers are little-endian, as the machine's own, and all fields lie at multiples of their
 * size: the structures below are the disk's bytes.  Nothing in them may be believed before it has
 * been checked: the disk may have been written by anybody (validate.c, and at each use).
 *
 * Blocks are counted from the beginning of the disk; group 0 begins at s_first_data_block, which is
 * 1 where block 0 holds nothing but the boot sector.  Inodes are counted from 1.
 *
 * Reference: Card, Ts'o, Tweedie, "Design and Implementation of the Second Extended Filesystem",
 * 1994.
 */
#ifndef OCTAVO_KERNEL_FS_EXT2_EXT2_FS_H
#define OCTAVO_KERNEL_FS_EXT2_EXT2_FS_H

#include <lib/types.h>

#define EXT2_SUPER_MAGIC	0xEF53
#define EXT2_SUPER_OFFSET	1024	/* bytes from the beginning of the disk */

#define EXT2_ROOT_INO		2	/* the root directory */
#define EXT2_GOOD_OLD_FIRST_INO	11	/* below it: reserved */
#define EXT2_GOOD_OLD_REV	0	/* no features, inodes of 128 bytes */
#define EXT2_DYNAMIC_REV	1
#define EXT2_GOOD_OLD_INODE_SIZE 128
#define EXT2_MIN_LOG_BLOCK	10
#define EXT2_MAX_LOG_BLOCK	12	/* as large as a page, no larger */

struct ext2_super_block {
	u32 s_inodes_count;
	u32 s_blocks_count;
	u32 s_r_blocks_count;		/* the last ones, for root alone */
	u32 s_free_blocks_count;
	u32 s_free_inodes_count;
	u32 s_first_data_block;
	u32 s_log_block_size;		/* block size = 1024 << this */
	u32 s_log_frag_size;		/* the same; fragments were never made */
	u32 s_blocks_per_group;
	u32 s_frags_per_group;
	u32 s_inodes_per_group;
	u32 s_mtime;			/* last mount */
	u32 s_wtime;			/* last write */
	u16 s_mnt_count;		/* mounts since the last check */
	s16 s_max_mnt_count;
	u16 s_magic;
	u16 s_state;			/* EXT2_VALID_FS, EXT2_ERROR_FS */
	u16 s_errors;			/* EXT2_ERRORS_* */
	u16 s_minor_rev_level;
	u32 s_lastcheck;
	u32 s_checkinterval;
	u32 s_creator_os;
	u32 s_rev_level;
	u16 s_def_resuid;		/* who else may use the reserved blocks */
	u16 s_def_resgid;
	/* From here on: EXT2_DYNAMIC_REV only. */
	u32 s_first_ino;
	u16 s_inode_size;
	u16 s_block_group_nr;		/* of this copy */
	u32 s_feature_compat;		/* unknown ones do not matter */
	u32 s_feature_incompat;		/* ... forbid the mount */
	u32 s_feature_ro_compat;	/* ... forbid writing */
	u8 s_uuid[16];
	char s_volume_name[16];
	char s_last_mounted[64];
	u32 s_algorithm_usage_bitmap;
	u8 s_prealloc_blocks;
	u8 s_prealloc_dir_blocks;
	u16 s_reserved_gdt_blocks;	/* behind the descriptors, for growing */
	u8 s_journal_uuid[16];		/* ext3's and ext4's from here on */
	u32 s_journal_inum;
	u32 s_journal_dev;
	u32 s_last_orphan;
	u32 s_hash_seed[4];
	u8 s_def_hash_version;
	u8 s_jnl_backup_type;
	u16 s_desc_size;
	u32 s_default_mount_opts;
	u32 s_first_meta_bg;
	u32 s_mkfs_time;
	u32 s_jnl_blocks[17];
	u32 s_blocks_count_hi;
	u32 s_r_blocks_count_hi;
	u32 s_free_blocks_hi;
	u16 s_min_extra_isize;
	u16 s_want_extra_isize;		/* new inodes use so much behind the first 128 bytes */
	u32 s_reserved[168];
};
static_assert(sizeof(struct ext2_super_block) == 1024, "on disk");
static_assert(offsetof(struct ext2_super_block, s_magic) == 56, "on disk");
static_assert(offsetof(struct ext2_super_block, s_uuid) == 104, "on disk");
static_assert(offsetof(struct ext2_super_block, s_want_extra_isize) == 350, "on disk");

/* s_state */
#define EXT2_VALID_FS		1	/* unmounted in order */
#define EXT2_ERROR_FS		2	/* something is wrong with it */

/* s_errors: what to do when something is */
#define EXT2_ERRORS_CONTINUE	1
#define EXT2_ERRORS_RO		2
#define EXT2_ERRORS_PANIC	3

#define EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER	0x0001
#define EXT2_FEATURE_RO_COMPAT_LARGE_FILE	0x0002
#define EXT2_FEATURE_INCOMPAT_FILETYPE		0x0002
#define EXT2_FEATURE_RO_COMPAT_SUPP \
	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE)
#define EXT2_FEATURE_INCOMPAT_SUPP	EXT2_FEATURE_INCOMPAT_FILETYPE

struct ext2_group_desc {
	u32 bg_block_bitmap;		/* which block */
	u32 bg_inode_bitmap;
	u32 bg_inode_table;		/* its first block */
	u16 bg_free_blocks_count;
	u16 bg_free_inodes_count;
	u16 bg_used_dirs_count;
	u16 bg_pad;
	u32 bg_reserved[3];
};
static_assert(sizeof(struct ext2_group_desc) == 32, "on disk");

/* Where the blocks of a file are: 12 pointers to them, then trees of pointers 1, 2, 3 deep. */
#define EXT2_NDIR_BLOCKS	12
#define EXT2_IND_BLOCK		EXT2_NDIR_BLOCKS
#define EXT2_DIND_BLOCK		(EXT2_IND_BLOCK + 1)
#define EXT2_TIND_BLOCK		(EXT2_DIND_BLOCK + 1)
#define EXT2_N_BLOCKS		(EXT2_TIND_BLOCK + 1)

struct ext2_inode {
	u16 i_mode;
	u16 i_uid;			/* low halves */
	u32 i_size;
	u32 i_atime;
	u32 i_ctime;
	u32 i_mtime;
	u32 i_dtime;			/* when it was deleted */
	u16 i_gid;
	u16 i_links_count;
	u32 i_blocks;			/* of 512 bytes, pointer blocks included */
	u32 i_flags;			/* EXT2_*_FL */
	u32 i_osd1;
	u32 i_block[EXT2_N_BLOCKS];	/* or the text of a short symbolic link; or a device number */
	u32 i_generation;
	u32 i_file_acl;			/* block of extended attributes, or 0 */
	u32 i_size_high;		/* of regular files */
	u32 i_faddr;
	u8 i_frag;
	u8 i_fsize;
	u16 i_pad1;
	u16 i_uid_high;
	u16 i_gid_high;
	u32 i_reserved2;
	/* From here on: in inodes of 256 bytes and more, as far as i_extra_isize says. */
	u16 i_extra_isize;
	u16 i_checksum_hi;
	u32 i_ctime_extra;		/* nanoseconds << 2 | bits 32 and 33 of the seconds */
	u32 i_mtime_extra;
	u32 i_atime_extra;
	u32 i_crtime;
	u32 i_crtime_extra;
	u32 i_version_hi;
	u32 i_projid;
};
static_assert(offsetof(struct ext2_inode, i_extra_isize) == EXT2_GOOD_OLD_INODE_SIZE, "on disk");
static_assert(sizeof(struct ext2_inode) == 160, "on disk");

#define EXT2_FAST_SYMLINK_MAX	(EXT2_N_BLOCKS * 4)	/* with its NUL */
#define EXT2_LINK_MAX		32000

#define EXT2_SYNC_FL		0x00000008
#define EXT2_IMMUTABLE_FL	0x00000010
#define EXT2_APPEND_FL		0x00000020
#define EXT2_NODUMP_FL		0x00000040
#define EXT2_NOATIME_FL		0x00000080
#define EXT2_INDEX_FL		0x00001000	/* a directory with a hash tree: still a list, too */
#define EXT2_TOPDIR_FL		0x00020000
/* What a new file gets from its directory. */
#define EXT2_FL_INHERITED	(EXT2_SYNC_FL | EXT2_NODUMP_FL | EXT2_NOATIME_FL)

/*
 * A directory is a file of blocks, a block a list of these that fills it.  An unused one has
 * inode 0; more often its room belongs to the one before it in the block.
 */
struct ext2_dir_entry {
	u32 inode;
	u16 rec_len;			/* to the next one */
	u8 name_len;
	u8 file_type;			/* EXT2_FT_*, with the feature filetype; else 0 */
	char name[];			/* without a NUL */
};
static_assert(sizeof(struct ext2_dir_entry) == 8, "on disk");

#define EXT2_NAME_LEN		255
/* The room that an entry takes. */
#define EXT2_DIR_REC_LEN(len)	(((unsigned int)(len) + 8 + 3) & ~3u)

enum {
	EXT2_FT_UNKNOWN, EXT2_FT_REG_FILE, EXT2_FT_DIR, EXT2_FT_CHRDEV, EXT2_FT_BLKDEV,
	EXT2_FT_FIFO, EXT2_FT_SOCK, EXT2_FT_SYMLINK, EXT2_FT_MAX
};

/* The beginning of a block of extended attributes, which several inodes may share. */
struct ext2_xattr_header {
	u32 h_magic;
	u32 h_refcount;
	u32 h_blocks;
	u32 h_hash;
	u32 h_reserved[4];
};
#define EXT2_XATTR_MAGIC	0xEA020000u

#endif
