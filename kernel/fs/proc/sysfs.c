/*
 * kernel/fs/proc/sysfs.c - /sys: what tools ask about processors and nodes.
 *
 * Linux shows its whole device model there.  Here it is a second tree of files
 * made by show functions, built and read by the code of /proc: of the paths that
 * nproc, lscpu and numactl read, those whose subject exists.  It is built when
 * the last processor has come up, as many have a directory for each.
 */
#include <kernel/fs/proc/proc.h>

static struct proc_dir_entry sys_root = { .name = "", .ino = 1, .parent = &sys_root };

static int sysfs_fill_super(struct super_block *sb, const char *data)
{
	return proc_fill_tree(sb, &sys_root, SYSFS_MAGIC);
}

static struct file_system_type sysfs_fs_type = {
	.name = "sysfs",
	.fs_flags = FS_SINGLE,
	.fill_super = sysfs_fill_super,
};

void __init sysfs_init(void)
{
	proc_build_tree(&sys_root, __start_sys_shows, __stop_sys_shows);
	register_filesystem(&sysfs_fs_type);
}
