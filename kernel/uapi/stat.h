/*
 * kernel/uapi/stat.h - what stat(2) and its kin tell, in Linux/i386's layouts.
 *
 * Four generations: __old_kernel_stat (16-bit everything), stat (32-bit), stat64 (64-bit sizes
 * and inode numbers; what the C library uses), statx (everything, times beyond 2038).
 */
#ifndef OCTAVO_KERNEL_UAPI_STAT_H
#define OCTAVO_KERNEL_UAPI_STAT_H

#include <lib/types.h>

#define S_IFMT		0170000
#define S_IFSOCK	0140000
#define S_IFLNK		0120000
#define S_IFREG		0100000
#define S_IFBLK		0060000
#define S_IFDIR		0040000
#define S_IFCHR		0020000
#define S_IFIFO		0010000
#define S_ISUID		0004000
#define S_ISGID		0002000
#define S_ISVTX		0001000
#define S_IRWXU		0700
#define S_IRUSR		0400
#define S_IWUSR		0200
#define S_IXUSR		0100
#define S_IRWXG		0070
#define S_IRGRP		0040
#define S_IWGRP		0020
#define S_IXGRP		0010
#define S_IRWXO		0007
#define S_IROTH		0004
#define S_IWOTH		0002
#define S_IXOTH		0001
#define S_IRWXUGO	0777
#define S_IALLUGO	07777
#define S_IRUGO		0444
#define S_IWUGO		0222
#define S_IXUGO		0111

#define S_ISLNK(m)	(((m) & S_IFMT) == S_IFLNK)
#define S_ISREG(m)	(((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m)	(((m) & S_IFMT) == S_IFDIR)
#define S_ISCHR(m)	(((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m)	(((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m)	(((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m)	(((m) & S_IFMT) == S_IFSOCK)

/* Entry types of a directory (dirent.d_type). */
#define DT_UNKNOWN	0
#define DT_FIFO		1
#define DT_CHR		2
#define DT_DIR		4
#define DT_BLK		6
#define DT_REG		8
#define DT_LNK		10
#define DT_SOCK		12
#define S_DT(mode)	(((mode) & S_IFMT) >> 12)

struct __old_kernel_stat {
	u16 st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev;
	u32 st_size, st_atime, st_mtime, st_ctime;
};
static_assert(sizeof(struct __old_kernel_stat) == 32, "user ABI");

struct stat32 {
	u32 st_dev, st_ino;
	u16 st_mode, st_nlink, st_uid, st_gid;
	u32 st_rdev, st_size, st_blksize, st_blocks;
	u32 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	u32 __unused4, __unused5;
};
static_assert(sizeof(struct stat32) == 64, "user ABI");

struct stat64 {
	u64 st_dev;
	u8 __pad0[4];
	u32 __st_ino;
	u32 st_mode, st_nlink;
	u32 st_uid, st_gid;
	u64 st_rdev;
	u8 __pad3[4];
	s64 st_size __packed;
	u32 st_blksize;
	u64 st_blocks __packed;
	u32 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	u64 st_ino __packed;
};
static_assert(sizeof(struct stat64) == 96 && offsetof(struct stat64, st_size) == 44 &&
	      offsetof(struct stat64, st_ino) == 88, "user ABI");

struct statx_timestamp {
	s64 tv_sec;
	u32 tv_nsec;
	s32 __reserved;
};

struct statx {
	u32 stx_mask;
	u32 stx_blksize;
	u64 stx_attributes;
	u32 stx_nlink, stx_uid, stx_gid;
	u16 stx_mode;
	u16 __spare0;
	u64 stx_ino, stx_size, stx_blocks;
	u64 stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	u64 stx_mnt_id;
	u64 __spare2[13];
};
static_assert(sizeof(struct statx) == 256 && offsetof(struct statx, stx_atime) == 64 &&
	      offsetof(struct statx, stx_rdev_major) == 128, "user ABI");

#define STATX_BASIC_STATS	0x000007ffu	/* all that stat64 has */
#define STATX__RESERVED		0x80000000u
#define AT_STATX_SYNC_TYPE	0x6000
#define AT_STATX_FORCE_SYNC	0x2000
#define AT_STATX_DONT_SYNC	0x4000

struct statfs {
	u32 f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	s32 f_fsid[2];
	u32 f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(struct statfs) == 64, "user ABI");

struct statfs64 {
	u32 f_type, f_bsize;
	u64 f_blocks __packed;
	u64 f_bfree __packed;
	u64 f_bavail __packed;
	u64 f_files __packed;
	u64 f_ffree __packed;
	s32 f_fsid[2];
	u32 f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(struct statfs64) == 84, "user ABI");
#define ST_VALID	0x20	/* f_flags are meant */
#define ST_RELATIME	0x1000

#endif
