/*
 * tests/kernel/block/sys_block_test.c - disks as files of /sys and /proc.
 */
#include <tests/kernel/block/block_test.h>
#include <tests/kernel/fs/fs_test.h>

#include <kernel/fs/proc/proc.h>
#include <lib/vsnprintf.h>

/* Which names a directory has, in its order, parted by blanks. */
struct names {
	struct dir_context ctx;
	char text[256];
};

static int add_name(struct dir_context *ctx, const char *name, int len, loff_t pos, u64 ino,
		    unsigned int type)
{
	struct names *names = container_of(ctx, struct names, ctx);
	size_t at = strlen(names->text);

	snprintf(names->text + at, sizeof(names->text) - at, "%.*s ", len, name);
	return 0;
}

/* The directory's names end in @text; the machine's own disks come first. */
static void expect_names(struct ktest *t, const char *dir, const char *text)
{
	struct file *file = filp_open(dir, O_RDONLY | O_DIRECTORY, 0);
	static struct names names;
	size_t len, all;

	KASSERT(t, !IS_ERR(file));
	names = (struct names){ .ctx = { .actor = add_name } };
	mutex_lock(&file_inode(file)->i_sem);
	KEXPECT_EQ(t, file->f_op->iterate(file, &names.ctx), 0);
	mutex_unlock(&file_inode(file)->i_sem);
	len = strlen(text);
	all = strlen(names.text);
	KASSERT(t, all >= len);
	KEXPECT_STREQ(t, names.text + all - len, text);
	KEXPECT(t, len || !strstr(names.text, "td"));
	fput(file);
}

/* What reading the file would give. => its length or -errno */
static long shown_text(const char *name, char *buf, size_t size)
{
	struct seq_file m = { .buf = buf, .size = size - 1 };
	struct file *file = filp_open(name, O_RDONLY, 0);
	struct proc_inode *pi;
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	pi = PROC_I(file_inode(file));
	err = pi->pde->show->show(&m, (void *)pi->number);
	fput(file);
	buf[m.count] = '\0';
	return err ? err : (long)m.count;
}

static void expect_text(struct ktest *t, const char *name, const char *text)
{
	char buf[256];

	KASSERT(t, shown_text(name, buf, sizeof(buf)) > 0);
	KEXPECT_STREQ(t, buf, text);
}

static void look_into_sys(struct ktest *t, struct testdisk *td)
{
	char buf[128];

	expect_names(t, "/block", " tda tdb ");
	expect_text(t, "/block/tda/size", "1024\n");
	expect_text(t, "/block/tda/dev", "240:0\n");
	expect_text(t, "/block/tda/queue/logical_block_size", "512\n");
	expect_text(t, "/block/tda/queue/scheduler", "[deadline]\n");
	expect_text(t, "/block/tda/tda2/start", "100\n");
	expect_text(t, "/block/tda/tda2/size", "200\n");
	expect_text(t, "/block/tdb/ro", "1\n");
	KEXPECT_EQ(t, shown_text("/block/tdc/size", buf, sizeof(buf)), -ENOENT);
	KEXPECT_EQ(t, shown_text("/block/tdb/tda2/size", buf, sizeof(buf)), -ENOENT);
	td->disk->part0.stats = (struct disk_stats){ .ios = { 1, 2 }, .merges = { 3, 4 },
		.sectors = { 5, 6 }, .ticks = { 7, 8 }, .io_ticks = 9, .time_in_queue = 10,
		.flushes = 11, .flush_ticks = 12, .stamp = jiffies };
	expect_text(t, "/block/tda/stat", " 1 3 5 7 2 4 6 8 0 9 10 0 0 0 0 11 12\n");
}

static void look_into_proc(struct ktest *t)
{
	static char buf[2048];

	KEXPECT(t, shown_text("/diskstats", buf, sizeof(buf)) > 0);
	KEXPECT(t, strstr(buf, " 240       0 tda 1 3 5 7 2 4 6 8 0 9 10 0 0 0 0 11 12\n"));
	KEXPECT(t, strstr(buf, " 240       2 tda2 "));
	KEXPECT(t, shown_text("/partitions", buf, sizeof(buf)) > 0);
	KEXPECT(t, !memcmp(buf, "major minor  #blocks  name\n\n", 28));
	KEXPECT(t, strstr(buf, "\n 240        0        512 tda\n 240        2        100 tda2\n"
			  " 240       16        128 tdb\n"));
}

/* Disks and partitions come and go in /sys/block and in the tables of /proc, with their figures. */
KTEST(block, files)
{
	u8 mbr[SECTOR_SIZE] = { [446 + 20] = 0x83, [446 + 24] = 100, [446 + 28] = 200,
				[510] = 0x55, [511] = 0xaa };
	struct testdisk *a = testdisk_create(1024), *b = testdisk_create(256);
	char buf[64];
	struct jail j;

	KASSERT(t, a && b);
	testdisk_poke(a, 0, mbr);
	testdisk_add(a);
	b->disk->read_only = true;
	testdisk_add(b);
	KASSERT(t, begin_jail_of(&j, get_fs_type("sysfs")));
	look_into_sys(t, a);
	end_jail(&j);
	KASSERT(t, begin_jail_of(&j, get_fs_type("proc")));
	look_into_proc(t);
	end_jail(&j);
	KASSERT(t, begin_jail_of(&j, get_fs_type("sysfs")));
	testdisk_destroy(b);
	expect_names(t, "/block", " tda ");
	testdisk_destroy(a);
	expect_names(t, "/block", "");
	KEXPECT(t, shown_text("/block/tda/size", buf, sizeof(buf)) < 0);
	end_jail(&j);
}
