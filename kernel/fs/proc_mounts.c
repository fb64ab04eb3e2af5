/*
 * kernel/fs/proc_mounts.c - /proc/mounts and /proc/PID/mountinfo: what is mounted where.
 *
 * A line for each mount that is below the reader's root.  mountinfo has what /proc/mounts lacks:
 * numbers of a mount and of the one it is in, the device, and which part of its file system a
 * mount shows (a bind mount shows a directory, not the root).  Spaces and the like in paths are
 * written as \\040, so that a line can be taken apart at its spaces.
 *
 * Locking: namespace_sem for reading.
 *
 * References: proc(5).
 */
#include <kernel/fs/mount.h>

#include <kernel/core/rwsem.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>

static void show_text(struct seq_file *m, const char *s)
{
	for (; *s; s++) {
		if (strchr(" \t\n\\#", *s))
			seq_printf(m, "\\%03o", *s);
		else
			seq_putc(m, *s);
	}
}

struct flag_name {
	unsigned long flag;
	const char *text;
};

static void show_set(struct seq_file *m, unsigned long flags, const struct flag_name *names,
		     unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (flags & names[i].flag)
			seq_puts(m, names[i].text);
}

/* Options of the file system, for all its mounts. */
static void show_sb_flags(struct seq_file *m, const struct super_block *sb)
{
	static const struct flag_name names[] = {
		{ MS_SYNCHRONOUS, ",sync" }, { MS_DIRSYNC, ",dirsync" }, { MS_MANDLOCK, ",mand" },
	};

	show_set(m, sb->s_flags, names, ARRAY_SIZE(names));
}

/* Options of this mount. */
static void show_mnt_flags(struct seq_file *m, const struct vfsmount *mnt)
{
	static const struct flag_name names[] = {
		{ MS_NOSUID, ",nosuid" }, { MS_NODEV, ",nodev" }, { MS_NOEXEC, ",noexec" },
		{ MS_NOATIME, ",noatime" }, { MS_NODIRATIME, ",nodiratime" },
	};

	show_set(m, mnt->mnt_flags, names, ARRAY_SIZE(names));
	if (!(mnt->mnt_flags & (MS_NOATIME | MS_STRICTATIME)) && mnt->mnt_parent != mnt)
		seq_puts(m, ",relatime");
}

static void show_options(struct seq_file *m, struct super_block *sb)
{
	if (sb->s_op && sb->s_op->show_options)
		sb->s_op->show_options(m, sb);
}

static void show_mounts_line(struct seq_file *m, const struct vfsmount *mnt, const char *where,
			     const char *shown)
{
	struct super_block *sb = mnt->mnt_sb;

	(void)shown;
	show_text(m, mnt->mnt_devname);
	seq_putc(m, ' ');
	show_text(m, where);
	seq_printf(m, " %s %s", sb->s_type->name,
		   (mnt->mnt_flags | sb->s_flags) & MS_RDONLY ? "ro" : "rw");
	show_sb_flags(m, sb);
	show_mnt_flags(m, mnt);
	show_options(m, sb);
	seq_puts(m, " 0 0\n");
}

static void show_mountinfo_line(struct seq_file *m, const struct vfsmount *mnt, const char *where,
				const char *shown)
{
	struct super_block *sb = mnt->mnt_sb;

	seq_printf(m, "%d %d %u:%u ", mnt->mnt_id,
		   mnt->mnt_parent == mnt ? mnt->mnt_id : mnt->mnt_parent->mnt_id,
		   MAJOR(sb->s_dev), MINOR(sb->s_dev));
	show_text(m, shown);
	if (d_unhashed(mnt->mnt_root) && mnt->mnt_root->d_parent != mnt->mnt_root)
		seq_puts(m, "//deleted");
	seq_putc(m, ' ');
	show_text(m, where);
	seq_puts(m, mnt->mnt_flags & MS_RDONLY ? " ro" : " rw");
	show_mnt_flags(m, mnt);
	seq_printf(m, " - %s ", sb->s_type->name);
	show_text(m, mnt->mnt_devname);
	seq_puts(m, sb->s_flags & MS_RDONLY ? " ro" : " rw");
	show_sb_flags(m, sb);
	show_options(m, sb);
	seq_putc(m, '\n');
}

typedef void show_line_t(struct seq_file *m, const struct vfsmount *mnt, const char *where,
			 const char *shown);

/* => namespace_sem held; @buf is two pages */
static void show_mount(struct seq_file *m, struct vfsmount *mnt, const struct path *root,
		       char *buf, show_line_t *show)
{
	struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };
	bool reached = false;
	char *where = __d_path(&path, root, buf, PAGE_SIZE, &reached);
	char *shown = dentry_path(mnt->mnt_root, buf + PAGE_SIZE, PAGE_SIZE);

	if (!IS_ERR(where) && !IS_ERR(shown) && reached)
		show(m, mnt, where, shown);
}

/* => may sleep; 0 or -ENOMEM */
static int for_each_mount(struct seq_file *m, show_line_t *show)
{
	char *buf = (char *)__get_free_pages(GFP_KERNEL, 1);
	struct vfsmount *mnt;
	struct path root;

	if (!buf)
		return -ENOMEM;
	get_fs_root(current->fs ? current->fs : &init_fs, &root);
	down_read(&namespace_sem);
	list_for_each_entry(mnt, &mount_list, mnt_list)
		show_mount(m, mnt, &root, buf, show);
	up_read(&namespace_sem);
	path_put(&root);
	free_pages((unsigned long)buf, 1);
	return 0;
}

int mountinfo_show(struct seq_file *m, void *v)
{
	return for_each_mount(m, show_mountinfo_line);
}

int mounts_show(struct seq_file *m, void *v)
{
	return for_each_mount(m, show_mounts_line);
}
PROC_SHOW("mounts", mounts_show);
