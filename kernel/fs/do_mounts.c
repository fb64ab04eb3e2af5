/*
 * kernel/fs/do_mounts.c - root=: the kernel mounts its root from a disk.
 *
 * Theory.  Everything begins on rootfs, with what the boot modules held.  root= on the command line
 * names a disk whose file system is then mounted, gets devtmpfs on its /dev, and moves over "/":
 * from then on rootfs cannot be reached.  The words are Linux's:
 *
 *	root=/dev/hda1		or root=3:1, or root=301 (hexadecimal)
 *	rootfstype=ext2,minix	only these; else each type that wants a disk is tried
 *	rootflags=noatime	mount options
 *	ro, rw			read-only (unless told otherwise), for init to check and remount
 *
 * If it cannot be mounted, the kernel says what disks there are, and goes on with the /init of the
 * boot modules, if there is one: somebody may look what is wrong.  Unlike Linux, root= is tried even
 * if there is such an /init.
 *
 * References: Linux, Documentation/admin-guide/kernel-parameters.txt.
 */
#include <kernel/fs/do_mounts.h>

#include <kernel/block/blkdev.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <lib/vsnprintf.h>

#define PLACE	"/root"		/* where it is mounted before it moves */

struct root_words {
	char device[64], types[64], flags[256];
	bool readonly;
};

/* "3:1", "301" => 0: not a number */
static dev_t number_to_dev(const char *text)
{
	char *end;
	unsigned long first = simple_strtoul(text, &end, 10);

	if (end != text && *end == ':') {
		unsigned long minor = simple_strtoul(end + 1, &end, 10);

		return *end ? 0 : MKDEV(first, minor);
	}
	first = simple_strtoul(text, &end, 16);
	return *end ? 0 : MKDEV(first >> 8, first & 0xff);
}

/* => false: there is no such disk; else /dev/NAME */
static bool device_path(const char *word, char *path, size_t size)
{
	dev_t dev = strncmp(word, "/dev/", 5) ? number_to_dev(word) : name_to_part(word + 5);
	struct hd_struct *part = dev ? get_part(dev) : NULL;
	char name[DISK_NAME_LEN];

	if (!part)
		return false;
	snprintf(path, size, "/dev/%s", part_name(part, name));
	return true;
}

static void print_disk(struct gendisk *disk, void *arg)
{
	char name[DISK_NAME_LEN];
	unsigned int i;

	for (i = 0; i < DISK_MAX_PARTS; i++)
		if (disk->part[i])
			pr_err("  %u:%u %10llu KiB %s\n", disk->major, disk->first_minor + i,
			       (unsigned long long)disk->part[i]->nr_sects / 2,
			       part_name(disk->part[i], name));
	(*(int *)arg)++;
}

static void print_disks(void)
{
	int n = 0;

	pr_err("VFS: these disks and partitions are there:\n");
	for_each_disk(print_disk, &n);
	if (!n)
		pr_err("  none\n");
}

/* Mount @path as @type, read-only if it can only be read. => 0 or -errno */
static int try_type(const char *type, const char *path, const struct root_words *words)
{
	const char *data = words->flags[0] ? words->flags : NULL;
	unsigned long flags = words->readonly ? MS_RDONLY | MS_SILENT : MS_SILENT;
	int err = kern_mount_at(type, path, PLACE, flags, data);

	if (err == -EACCES && !(flags & MS_RDONLY))
		err = kern_mount_at(type, path, PLACE, flags | MS_RDONLY, data);
	return err;
}

/* Is @type one of those in @list, which commas part? An empty list has all. */
static bool is_listed(const char *type, const char *list)
{
	size_t len = strlen(type);
	const char *p;

	if (!*list)
		return true;
	for (p = list; (p = strstr(p, type)); p += len)
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
	return false;
}

/* => 0 with *type, or the error of the last that was tried */
static int mount_at_place(const char *path, const struct root_words *words, const char **type)
{
	struct file_system_type *t = NULL;
	int err = -ENODEV;

	while ((t = next_fs_type(t))) {
		if (!(t->fs_flags & FS_REQUIRES_DEV) || !is_listed(t->name, words->types))
			continue;
		*type = t->name;
		err = try_type(t->name, path, words);
		if (err != -EINVAL)
			break;
	}
	return err;
}

static int mount_it(const struct root_words *words)
{
	char path[5 + DISK_NAME_LEN];
	const char *type = "";
	struct path there;
	int err;

	if (!device_path(words->device, path, sizeof(path)))
		return -ENXIO;
	do_mkdirat(AT_FDCWD, PLACE, 0700);
	err = mount_at_place(path, words, &type);
	if (err)
		return err;
	if (!kern_path(PLACE "/dev", LOOKUP_DIRECTORY, &there)) {
		path_put(&there);
		err = kern_mount_at("devtmpfs", "devtmpfs", PLACE "/dev", 0, NULL);
	} else {
		pr_warn("VFS: the root has no directory /dev: no devices there\n");
	}
	if (err)
		pr_warn("devtmpfs: cannot be mounted on /dev (error %d)\n", err);
	err = mount_move_to_root(PLACE);
	if (!err && !kern_path("/", 0, &there)) {
		pr_info("VFS: Mounted root (%s filesystem)%s on device %u:%u.\n", type,
			there.mnt->mnt_sb->s_flags & MS_RDONLY ? " readonly" : "",
			MAJOR(there.mnt->mnt_sb->s_dev), MINOR(there.mnt->mnt_sb->s_dev));
		path_put(&there);
	}
	return err;
}

static void read_words(struct root_words *words)
{
	memset(words, 0, sizeof(*words));
	cmdline_find_option("rootfstype", words->types, sizeof(words->types));
	cmdline_find_option("rootflags", words->flags, sizeof(words->flags));
	words->readonly = cmdline_has("ro") || !cmdline_has("rw");
}

void mount_root(void)
{
	struct root_words words;
	struct path init;
	int err;

	read_words(&words);
	if (cmdline_find_option("root", words.device, sizeof(words.device)) <= 0)
		return;
	err = mount_it(&words);
	if (!err)
		return;
	pr_err("VFS: Cannot mount root device \"%s\": error %d\n", words.device, err);
	print_disks();
	if (kern_path("/init", LOOKUP_FOLLOW, &init))
		panic("VFS: Unable to mount root fs on \"%s\"", words.device);
	path_put(&init);
	pr_err("VFS: going on with the boot modules' files\n");
}
