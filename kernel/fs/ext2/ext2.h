/*
 * kernel/fs/ext2/ext2.h - between the files of this folder.
 *
 * Locking, outermost first; i_sem, PG_locked and what else is not ours as in kernel/README.md:
 *	s_reuse_inodes_sem	one task at a time makes freed inode numbers usable again
 *	PG_locked
 *	i_map_sem [m]		which blocks a file has: read to look, write to change
 *	s_reuse_blocks_sem	as above, for freed blocks
 *	s_alloc_sem [A]		bitmaps, group descriptors, free counts
 *	BH_Lock
 *	i_raw_lock		an inode's bytes while they are copied to its block
 *	s_freed_lock [F]	lists of what was freed (freed.c)
 */
#ifndef OCTAVO_KERNEL_FS_EXT2_EXT2_H
#define OCTAVO_KERNEL_FS_EXT2_EXT2_H

#include <kernel/core/mutex.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/spinlock.h>
#include <kernel/fs/ext2/ext2_fs.h>
#include <kernel/fs/fs.h>
#include <lib/kernel.h>
#include <mm/cache/buffer_head.h>

/* Where the parts of a file system are: worked out from its super block once. */
struct ext2_geometry {
	u32 blocks_count;
	u32 first_data_block;
	u32 blocks_per_group;
	u32 inodes_count;
	u32 inodes_per_group;
	u32 groups_count;
	u32 gdb_count;			/* blocks of group descriptors */
	u32 itb_per_group;		/* blocks of the inode table of a group */
	u32 first_ino;			/* the first that is not reserved */
	unsigned int block_bits;
	unsigned int block_size;
	unsigned int inode_size;
	unsigned int inodes_per_block;
	bool sparse_super;
};

/* What a mount was asked for. */
struct ext2_mount_options {
	unsigned int errors;		/* EXT2_ERRORS_* */
	u32 resuid, resgid;
};

struct ext2_sb_info {
	struct ext2_geometry s_geo;	/* [c] */
	struct ext2_mount_options s_opt;	/* [s_umount] */
	struct buffer_head *s_sbh;	/* [c] the block with the super block, held */
	struct ext2_super_block *s_es;	/* [A] in it */
	struct buffer_head **s_group_desc;	/* [c] blocks of descriptors, held; content [A] */
	u32 s_overhead;			/* [c] blocks that can never hold data */
	bool s_writing;			/* [s_umount] EXT2_VALID_FS is cleared on the disk */
	u16 s_mount_state;		/* [A] s_state as it will be when unmounted */
	struct mutex s_alloc_sem;
	u32 s_free_blocks;		/* [A] in the bitmaps */
	u32 s_free_inodes;		/* [A] */
	u32 s_dirs_count;		/* [A] */
	unsigned long *s_checked;	/* [A] a bit per group: its block bitmap was checked */
	u32 s_next_generation;		/* [A] */

	spinlock_t s_freed_lock;
	struct list_head s_freed_blocks;	/* [F] struct ext2_freed: not to be used yet */
	struct list_head s_freed_inodes;	/* [F] */
	u32 s_nr_freed_blocks;		/* [F] blocks in them, also while they are being released */
	u32 s_nr_freed_inodes;		/* [F] */
	u32 s_nr_freed_records;		/* [F] of blocks */
	struct mutex s_reuse_blocks_sem;
	struct mutex s_reuse_inodes_sem;
};

struct ext2_inode_info {
	u32 i_data[EXT2_N_BLOCKS];	/* [m] as in struct ext2_inode */
	u32 i_flags;			/* [i_sem] EXT2_*_FL */
	u32 i_dtime;
	u32 i_file_acl;			/* [c] */
	u32 i_block_group;		/* [c] where it lives; its blocks are near */
	u32 i_last_block;		/* [m] allocated last, and */
	u32 i_next_iblock;		/* [m] the block of the file that should come behind it */
	unsigned long i_dir_start;	/* racy: the page of a directory where a name was found */
	u16 i_extra_isize;		/* [c] */
	bool i_fresh;			/* never written: what is on the disk is somebody else's */
	struct rw_semaphore i_map_sem;
	spinlock_t i_raw_lock;
	struct inode vfs_inode;
};

static inline struct ext2_sb_info *EXT2_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}
static inline struct ext2_inode_info *EXT2_I(struct inode *inode)
{
	return container_of(inode, struct ext2_inode_info, vfs_inode);
}
static inline const struct ext2_geometry *ext2_geo(const struct super_block *sb)
{
	return &EXT2_SB(sb)->s_geo;
}

static inline u32 ext2_group_first_block(const struct ext2_geometry *geo, u32 group)
{
	return group * geo->blocks_per_group + geo->first_data_block;
}
/* All have blocks_per_group but the last. */
static inline u32 ext2_group_blocks(const struct ext2_geometry *geo, u32 group)
{
	return min(geo->blocks_per_group,
		   geo->blocks_count - ext2_group_first_block(geo, group));
}
static inline u32 ext2_group_of_block(const struct ext2_geometry *geo, u32 block)
{
	return (block - geo->first_data_block) / geo->blocks_per_group;
}
static inline u32 ext2_group_of_inode(const struct ext2_geometry *geo, u32 ino)
{
	return (ino - 1) / geo->inodes_per_group;
}
/* An inode number that a directory may name. */
static inline bool ext2_valid_ino(const struct ext2_geometry *geo, u32 ino)
{
	return ino == EXT2_ROOT_INO || (ino >= geo->first_ino && ino <= geo->inodes_count);
}

/* ---- validate.c: what may be believed (no I/O) ----------------------------------------------- */

/*
 * Work out *geo from a super block that anybody may have written, for a disk of @disk_size bytes.
 * => NULL, or why it cannot be mounted
 */
const char *ext2_check_super(const struct ext2_super_block *es, u64 disk_size,
			     struct ext2_geometry *geo);
/* The name of the first feature of @mask that is set and not known, or NULL. */
const char *ext2_unknown_incompat(const struct ext2_super_block *es);
const char *ext2_unknown_ro_compat(const struct ext2_super_block *es);
/* => NULL, or what is wrong with the descriptor of @group */
const char *ext2_check_group(const struct ext2_geometry *geo, u32 group,
			     const struct ext2_group_desc *desc);
/* Does a copy of the super block (and of the descriptors) begin @group? */
bool ext2_bg_has_super(const struct ext2_geometry *geo, u32 group);
/* Blocks of copies at the beginning of @group. */
u32 ext2_bg_num_copies(const struct ext2_geometry *geo, u32 group);
/* Blocks that the file system itself takes, as statfs() leaves them out. */
u32 ext2_overhead(const struct ext2_geometry *geo);
/* Is any of the @count blocks from @block, all of @group, one of its tables? */
bool ext2_is_metadata(const struct ext2_geometry *geo, u32 group,
		      const struct ext2_group_desc *desc, u32 block, u32 count);
/* The largest file: what the trees of pointers reach, and i_blocks can count. */
loff_t ext2_max_size(unsigned int block_bits);

/* ---- super.c, options.c ----------------------------------------------------------------------- */

/* Something on the disk is wrong: say so, note it, and do what errors= asks for. */
void ext2_error(struct super_block *sb, const char *function, const char *fmt, ...) __printf(3, 4);
/* ... with what says where there is room: not to be written to any more in any case. */
void ext2_corrupt(struct super_block *sb, const char *function, const char *fmt, ...)
	__printf(3, 4);
/* A file beyond 2G is about to be: the super block says that there is one. => may sleep */
void ext2_note_large_file(struct super_block *sb);
/* => 0 with *opt and *flags set, or -EINVAL; may be called with what was there before in *opt */
int ext2_parse_options(const char *data, struct ext2_mount_options *opt, unsigned long *flags);
int ext2_show_options(struct seq_file *m, struct super_block *sb);

/* ---- balloc.c, ialloc.c, freed.c --------------------------------------------------------------- */

/* => *bh, if wanted, is the buffer it lies in (no reference: held by the mount) */
struct ext2_group_desc *ext2_get_group_desc(struct super_block *sb, u32 group,
					    struct buffer_head **bh);
/* May @block hold data of a file: within the file system, and not one of its tables? */
bool ext2_data_block_valid(struct super_block *sb, u32 block);
/*
 * A block for @inode, as near behind @goal as can be; what is in it is garbage.
 * => may sleep; 0 with *block, -ENOSPC, -EROFS or -EIO
 */
int ext2_new_block(struct inode *inode, u32 goal, u32 *block);
/* Blocks of no file any more can be allocated again. => s_alloc_sem held */
void __ext2_clear_blocks(struct super_block *sb, u32 block, u32 count);
/* The same with an inode. => s_alloc_sem held */
void __ext2_clear_inode(struct super_block *sb, u32 ino, bool isdir);
u32 ext2_count_free_blocks(struct super_block *sb);	/* freed ones included */
u32 ext2_count_free_inodes(struct super_block *sb);

/* A new inode in @dir, hashed, dirty, not named yet. => may sleep; ERR_PTR(-ENOSPC...) */
struct inode *ext2_new_inode(struct inode *dir, umode_t mode);

/* Blocks from @block on belong to no file; until @dep is on the disk they are not used again. */
void ext2_free_blocks(struct super_block *sb, u32 block, u32 count, u32 dep);
/* The inode has been cleared in its block @dep. */
void ext2_free_inode(struct super_block *sb, u32 ino, bool isdir, u32 dep);
/*
 * Bring to the disk what freed blocks (inodes) wait for, and make them usable again.
 * => may sleep; no page locked for the inodes; 0, or -EIO: some stay unused
 */
int ext2_reuse_blocks(struct super_block *sb);
int ext2_reuse_inodes(struct super_block *sb);
/* If there is much to be written down, do it now. */
void ext2_reuse_if_many(struct super_block *sb);
/* The mount ends; what could not be written is lost until e2fsck finds it. */
void ext2_forget_freed(struct super_block *sb);
void ext2_freed_init(void);

/* ---- inode.c, map.c, truncate.c ---------------------------------------------------------------- */

/* The inode with number @ino, a reference. => may sleep; ERR_PTR(-EIO, -ESTALE, -ENOMEM) */
struct inode *ext2_iget(struct super_block *sb, u32 ino);
int ext2_write_inode(struct inode *inode, int sync);
/* The inode's bytes into its block now. => may sleep; 0 or -EIO; *dep is the block */
int ext2_update_raw(struct inode *inode, int sync, u32 *dep);
/* The block of the inode table where @ino stands. => 0: not with this geometry */
u32 ext2_inode_block(struct super_block *sb, u32 ino, unsigned int *offset);
void ext2_evict_inode(struct inode *inode);
int ext2_getattr(struct vfsmount *mnt, struct dentry *dentry, struct kstat *stat);
void ext2_set_inode_flags(struct inode *inode);
/* i_op, i_fop and a_ops by type; @rdev for nodes of devices. */
void ext2_set_inode_ops(struct inode *inode, dev_t rdev);

get_block_t ext2_get_block;
/*
 * The path to block @iblock of a file through the trees of pointers: indices into i_data, then
 * into each block of pointers.  => their number, 0: beyond what can be reached
 */
int ext2_block_to_path(unsigned int block_bits, u64 iblock, u32 path[4]);
/* Blocks of the file from @first up to, not including, @end are free. => i_sem held */
void ext2_cut_blocks(struct inode *inode, u64 first, u64 end);
void ext2_truncate(struct inode *inode);
/* A shared block of attributes loses a user. */
void ext2_xattr_delete_inode(struct inode *inode, u32 dep);

extern const struct address_space_operations ext2_aops;

/* ---- dir.c, dir_change.c, namei.c, file.c, symlink.c --------------------------------------------------------- */

/* Where an entry was found. */
struct ext2_entry {
	unsigned long index;		/* page */
	unsigned int offset;		/* in it */
	u32 ino;
};

/* All of these: => may sleep; the directory's i_sem held (or nobody else knows it); -errno */
/* => 0 with *entry, -ENOENT or -EIO */
int ext2_find_entry(struct inode *dir, const struct qstr *name, struct ext2_entry *entry);
int ext2_find_dotdot(struct inode *dir, struct ext2_entry *entry);
/* => 1: only "." and ".." are in it; 0; or -EIO */
int ext2_empty_dir(struct inode *dir);
int ext2_add_link(struct inode *dir, const struct qstr *name, struct inode *inode);
int ext2_delete_entry(struct inode *dir, const struct ext2_entry *entry);
/* The entry names another inode from now on. => times as they were: a directory that is moved gets
 * another "..", but nothing in it has changed */
int ext2_set_link(struct inode *dir, const struct ext2_entry *entry, struct inode *inode);
/* What the entry is now is on the disk, whose cache has been flushed. */
int ext2_sync_entry(struct inode *dir, const struct ext2_entry *entry);
/* "." and "..": a new directory */
int ext2_make_empty(struct inode *inode, struct inode *parent);

int ext2_sync_file(struct file *file, int datasync);

extern const struct inode_operations ext2_dir_inode_operations;
extern const struct inode_operations ext2_file_inode_operations;
extern const struct inode_operations ext2_special_inode_operations;
extern const struct inode_operations ext2_symlink_inode_operations;
extern const struct inode_operations ext2_fast_symlink_inode_operations;
extern const struct file_operations ext2_dir_operations;
extern const struct file_operations ext2_file_operations;

#endif
