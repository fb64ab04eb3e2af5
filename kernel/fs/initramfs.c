/*
 * kernel/fs/initramfs.c - unpack cpio archives into the root.
 *
 * Theory.  The loader leaves files in memory; the first thing in the root comes from them.
 * The format is cpio "newc": a header of 110 ASCII characters (a magic and thirteen numbers
 * of eight hex digits), the name, padding to four bytes, the content, padding; an entry
 * named TRAILER!!! ends an archive.  Another may follow, after any number of zeros, itself
 * plain or gzip: that is how scripts/exec adds a file to a root without repacking it.
 *
 * The unpacker is a state machine that is fed pieces of any size, because gunzip() hands the
 * text on in pieces.  Nothing in the archive is trusted; what is wrong with it is said, and
 * what came before stays.  Content is written through the page cache like any write(), so
 * the unpacked pages are ordinary file pages; the archive's own pages are given back after.
 *
 * A later entry replaces an earlier one of the same name.  It never writes through it: the
 * old name is removed first, since it may be one of several of a file.  Hard links are
 * entries with equal inode numbers and more than one link, of which any may have the content.
 *
 * References: cpio(5); "initramfs buffer format" in Linux's documentation.
 */
#include <kernel/fs/initramfs.h>

#include <kernel/arch/page.h>
#include <kernel/core/bootinfo.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/fs/dev/dev.h>
#include <kernel/fs/files.h>
#include <kernel/fs/namei.h>
#include <lib/inflate.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/slab.h>

#define HEADER_LEN	110
#define HARDLINK_HASH	64
#define MAX_TARGET	(PATH_MAX - 1)
#define SLICE		(1UL << 16)	/* of an archive, between two reports: unpacked, it is there twice */

enum unpack_state { IN_HEADER, IN_NAME, IN_NAME_PAD, IN_BODY, IN_BODY_PAD };

/* The numbers of a header, in its order. */
struct cpio_header {
	u32 ino, mode, uid, gid, nlink, mtime, filesize;
	u32 major, minor, rmajor, rminor, namesize, check;
};
#define HEADER_FIELDS	(sizeof(struct cpio_header) / sizeof(u32))
static_assert(6 + HEADER_FIELDS * 8 == HEADER_LEN);

/* A name under which a file with several was met first. */
struct hardlink {
	struct hardlink *next;
	u32 ino, major, minor, mode;
	char name[];
};

struct unpacker {
	enum unpack_state state;
	u32 got;			/* bytes of the current part so far */
	u32 pad;			/* bytes of padding to skip */
	struct cpio_header h;
	struct file *file;		/* the regular file whose content comes, or NULL */
	bool ended;			/* saw TRAILER!!! */
	const char *error;		/* the first thing that was wrong, or NULL */
	unsigned int entries;
	struct hardlink *links[HARDLINK_HASH];
	char header[HEADER_LEN];
	char name[PATH_MAX];
	char target[PATH_MAX];
};

/* ---- entries -------------------------------------------------------------------------------- */

static struct hardlink **link_bucket(struct unpacker *u)
{
	return &u->links[(u->h.ino + u->h.minor + (u->h.major << 3)) % HARDLINK_HASH];
}

static void forget_links(struct unpacker *u)
{
	unsigned int i;

	for (i = 0; i < HARDLINK_HASH; i++) {
		while (u->links[i]) {
			struct hardlink *next = u->links[i]->next;

			kfree(u->links[i]);
			u->links[i] = next;
		}
	}
}

/* The first name of the file of this entry, or NULL after noting this one as the first. */
static const char *find_link(struct unpacker *u)
{
	struct hardlink **p, *l;
	size_t len = strlen(u->name) + 1;

	if (u->h.nlink < 2)
		return NULL;
	for (p = link_bucket(u); *p; p = &(*p)->next) {
		l = *p;
		if (l->ino == u->h.ino && l->major == u->h.major && l->minor == u->h.minor &&
		    (l->mode & S_IFMT) == (u->h.mode & S_IFMT))
			return l->name;
	}
	l = kmalloc(sizeof(*l) + len, GFP_KERNEL);
	if (!l) {
		u->error = "no memory";
		return NULL;
	}
	*l = (struct hardlink){ .ino = u->h.ino, .major = u->h.major, .minor = u->h.minor,
				.mode = u->h.mode };
	memcpy(l->name, u->name, len);
	*p = l;
	return NULL;
}

/* Owner, mode and time, as the archive has them. */
static void set_attributes(struct unpacker *u, struct dentry *dentry)
{
	struct iattr attr = {
		.ia_valid = ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_MTIME | ATTR_MTIME_SET |
			    ATTR_ATIME | ATTR_ATIME_SET | ATTR_FORCE,
		.ia_mode = (umode_t)(u->h.mode & S_IALLUGO), .ia_uid = u->h.uid, .ia_gid = u->h.gid,
		.ia_mtime = { .tv_sec = u->h.mtime }, .ia_atime = { .tv_sec = u->h.mtime },
	};

	/* A link's mode means nothing, and it has none of its own. */
	if (S_ISLNK(u->h.mode))
		attr.ia_valid &= ~ATTR_MODE;
	mutex_lock(&dentry->d_inode->i_sem);
	notify_change(dentry, &attr);
	mutex_unlock(&dentry->d_inode->i_sem);
}

static void set_attributes_by_name(struct unpacker *u)
{
	struct path path;

	if (kern_path(u->name, 0, &path))
		return;
	set_attributes(u, path.dentry);
	path_put(&path);
}

/* Make way: an older entry of this name goes, except a directory for a directory. */
static void clean_path(const char *name, u32 mode)
{
	struct path path;
	bool isdir;

	if (kern_path(name, 0, &path))
		return;
	isdir = S_ISDIR(path.dentry->d_inode->i_mode);
	path_put(&path);
	if (isdir && !S_ISDIR(mode))
		do_rmdirat(AT_FDCWD, name);
	else if (!isdir)
		do_unlinkat(AT_FDCWD, name);
}

static const char *say(long err)
{
	switch (err) {
	case 0:			return NULL;
	case -ENOSPC:
	case -ENOMEM:		return "no memory left for it";
	case -ENOENT:		return "an entry comes before its directory";
	case -ENAMETOOLONG:	return "a name is too long";
	default:		return "an entry cannot be made";
	}
}

static long begin_regular(struct unpacker *u)
{
	const char *first = find_link(u);
	struct file *file;
	long err = 0;

	if (first && strcmp(first, u->name)) {
		clean_path(u->name, u->h.mode);
		err = do_linkat(AT_FDCWD, first, AT_FDCWD, u->name, 0);
		if (err || !u->h.filesize)
			return err;
	} else {
		clean_path(u->name, u->h.mode);
	}
	file = filp_open(u->name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (IS_ERR(file))
		return PTR_ERR(file);
	u->file = file;
	return 0;
}

/* The name is complete: make what it names. */
static void begin_entry(struct unpacker *u)
{
	dev_t rdev = MKDEV(u->h.rmajor & 0xfff, u->h.rminor & MINORMASK);
	umode_t mode = (umode_t)u->h.mode;
	long err = 0;

	u->entries++;
	switch (mode & S_IFMT) {
	case S_IFREG:
		err = begin_regular(u);
		break;
	case S_IFDIR:
		clean_path(u->name, mode);
		err = do_mkdirat(AT_FDCWD, u->name, mode & S_IALLUGO);
		if (err == -EEXIST)
			err = 0;
		break;
	case S_IFLNK:
		if (u->h.filesize > MAX_TARGET)
			err = -ENAMETOOLONG;
		break;
	case S_IFCHR: case S_IFBLK: case S_IFIFO: case S_IFSOCK:
		clean_path(u->name, mode);
		err = do_mknodat(AT_FDCWD, u->name, mode, rdev);
		break;
	default:
		u->error = "an entry is of no known kind";
		return;
	}
	if (err)
		u->error = say(err);
	else if (!S_ISLNK(mode) && !S_ISREG(mode))
		set_attributes_by_name(u);
}

static void body_bytes(struct unpacker *u, const char *p, u32 n)
{
	int done;

	if (S_ISLNK(u->h.mode)) {
		memcpy(u->target + u->got, p, n);
	} else if (u->file) {
		done = kernel_write(u->file, u->got, p, n);
		if (done != (int)n)
			u->error = say(done < 0 ? done : -ENOSPC);
	}
}

static void end_entry(struct unpacker *u)
{
	if (S_ISLNK(u->h.mode)) {
		u->target[u->h.filesize] = '\0';
		clean_path(u->name, u->h.mode);
		u->error = say(do_symlinkat(u->target, AT_FDCWD, u->name));
		if (!u->error)
			set_attributes_by_name(u);
	} else if (u->file) {
		set_attributes(u, u->file->f_dentry);
		fput(u->file);
		u->file = NULL;
	}
}

/* ---- the state machine ---------------------------------------------------------------------- */

static bool parse_header(struct unpacker *u)
{
	u32 *field = &u->h.ino;
	unsigned int i, j;

	if (memcmp(u->header, "070701", 6) && memcmp(u->header, "070702", 6))
		return false;
	for (i = 0; i < HEADER_FIELDS; i++) {
		for (j = 0; j < 8; j++) {
			char c = u->header[6 + i * 8 + j];
			u32 digit;

			if (c >= '0' && c <= '9')
				digit = (u32)(c - '0');
			else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
				digit = (u32)((c | 0x20) - 'a' + 10);
			else
				return false;
			field[i] = field[i] << 4 | digit;
		}
	}
	return true;
}

static void enter(struct unpacker *u, enum unpack_state state)
{
	u->state = state;
	u->got = 0;
}

static void header_done(struct unpacker *u)
{
	if (!parse_header(u))
		u->error = "this is no cpio archive (newc)";
	else if (u->h.namesize < 2 || u->h.namesize > PATH_MAX)
		u->error = "a name is empty or too long";
	else
		enter(u, IN_NAME);
}

static void name_done(struct unpacker *u)
{
	if (u->name[u->h.namesize - 1] || strlen(u->name) != u->h.namesize - 1) {
		u->error = "a name is not terminated";
		return;
	}
	u->pad = -(HEADER_LEN + u->h.namesize) & 3;
	if (!strcmp(u->name, "TRAILER!!!")) {
		u->ended = true;
		forget_links(u);
		u->h.filesize = 0;
		u->h.mode = 0;
	} else {
		begin_entry(u);
	}
	enter(u, IN_NAME_PAD);
}

static void body_done(struct unpacker *u)
{
	end_entry(u);
	u->pad = -u->h.filesize & 3;
	enter(u, IN_BODY_PAD);
}

/* How many bytes the current part has. */
static u32 part_size(const struct unpacker *u)
{
	switch (u->state) {
	case IN_HEADER:	return HEADER_LEN;
	case IN_NAME:	return u->h.namesize;
	case IN_BODY:	return u->h.filesize;
	default:	return u->pad;
	}
}

static void part_done(struct unpacker *u)
{
	switch (u->state) {
	case IN_HEADER:
		header_done(u);
		break;
	case IN_NAME:
		name_done(u);
		break;
	case IN_NAME_PAD:
		enter(u, IN_BODY);
		break;
	case IN_BODY:
		body_done(u);
		break;
	case IN_BODY_PAD:
		enter(u, IN_HEADER);
		break;
	}
}

static bool idle(const struct unpacker *u)
{
	return u->state == IN_HEADER && u->got == 0;
}

/*
 * Take bytes until all are taken, something is wrong, or an archive has ended.
 * => how many were taken
 */
static size_t feed(struct unpacker *u, const char *p, size_t len)
{
	size_t taken = 0;

	u->ended = false;
	while (!u->error && !(u->ended && idle(u))) {
		u32 rest = part_size(u) - u->got;
		u32 n = rest < len - taken ? rest : (u32)(len - taken);

		if (n) {
			if (u->state == IN_HEADER)
				memcpy(u->header + u->got, p + taken, n);
			else if (u->state == IN_NAME)
				memcpy(u->name + u->got, p + taken, n);
			else if (u->state == IN_BODY)
				body_bytes(u, p + taken, n);
			u->got += n;
			taken += n;
		}
		if (n < rest || u->error)
			break;
		part_done(u);
	}
	return taken;
}

/* The text of a gzip member. */
static int feed_text(void *arg, const void *buf, size_t len)
{
	struct unpacker *u = arg;
	const char *p = buf;

	while (len && !u->error) {
		size_t taken;

		if (idle(u) && !*p) {	/* between archives */
			p++;
			len--;
			continue;
		}
		taken = feed(u, p, len);
		p += taken;
		len -= taken;
	}
	return u->error ? -EINVAL : 0;
}

static size_t unpack_gzip(struct unpacker *u, const char *p, size_t len)
{
	struct inflate_state *state = kmalloc(sizeof(*state), GFP_KERNEL);
	size_t consumed = 0;

	if (!state) {
		u->error = "no memory to unpack it";
		return 0;
	}
	if (gunzip(state, p, len, feed_text, u, &consumed) && !u->error)
		u->error = "the gzip stream is corrupt or cut short";
	kfree(state);
	return consumed;
}

const char *unpack_to_rootfs(const void *buf, size_t len, struct unpack_report *report)
{
	struct unpacker *u = kzalloc(sizeof(*u), GFP_KERNEL);
	const char *p = buf, *error;
	size_t taken;

	if (!u)
		return "no memory to unpack it";
	while (len && !u->error) {
		if (idle(u) && !*p) {
			taken = 1;
		} else if (idle(u) && is_gzip(p, len)) {
			taken = unpack_gzip(u, p, len);
		} else {
			taken = feed(u, p, min_t(size_t, len, SLICE));
		}
		p += taken;
		len -= taken;
		if (report && report->consumed)
			report->consumed(p);
	}
	if (!u->error && !idle(u))
		u->error = "it is cut short";
	if (u->file)
		fput(u->file);
	forget_links(u);
	error = u->error;
	if (report) {
		report->entries = u->entries;
		strlcpy(report->name, u->name, sizeof(report->name));
	}
	kfree(u);
	return error;
}

/* ---- boot ----------------------------------------------------------------------------------- */

static char *freed_to __initdata;	/* of a module: what lies below is free */

/* What has been unpacked is there twice: give the archive's part back at once. */
static void __init free_module_to(const void *end)
{
	char *to = (char *)((unsigned long)end & PAGE_MASK);

	if (to < freed_to + SLICE)
		return;
	free_reserved_area(freed_to, to, -1, NULL);
	freed_to = to;
}

void __init populate_rootfs(void)
{
	struct unpack_report report = { .consumed = free_module_to };
	const char *error;
	unsigned int i;
	int err;

	for (i = 0; i < nr_boot_modules; i++) {
		const struct boot_module *m = &boot_modules[i];

		if (m->end <= m->start)
			continue;
		pr_info("Unpacking initramfs, module %u: %lu kB\n", i,
			(unsigned long)(m->end - m->start) >> 10);
		freed_to = __va(PAGE_ALIGN(m->start));
		error = unpack_to_rootfs(__va(m->start), m->end - m->start, &report);
		if (error)
			pr_err("initramfs: module %u: %s; stopped at entry %u, \"%s\"\n", i, error,
			       report.entries, report.name);
		free_reserved_area(freed_to, __va(PAGE_ALIGN(m->end)), -1, NULL);
		pr_info("Freeing initrd memory: %luK\n",
			(unsigned long)(PAGE_ALIGN(m->end) - PAGE_ALIGN(m->start)) >> 10);
	}
	err = devtmpfs_mount();
	if (err)
		pr_err("devtmpfs: cannot be mounted on /dev (error %d)\n", err);
}
