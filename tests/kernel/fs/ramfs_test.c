/*
 * tests/kernel/fs/ramfs_test.c - names and content, without system calls between.
 *
 * Ring 3 sees the same through tests/user/fs_*.c; here we look at reference counts, pins and
 * pages, and at what is left when a file system goes.
 */
#include <kernel/fs/ramfs/ramfs.h>

#include <kernel/core/time.h>
#include <kernel/uapi/fcntl.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/vsnprintf.h>
#include <mm/cache/filemap.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmstat.h>
#include <mm/types/mm_types.h>
#include <tests/kernel/fs/fs_test.h>

/* An unlinked file's pages stay while it is open, and come back at the last close. */
KTEST(ramfs, unlink_while_open)
{
	unsigned long before = global_page_state(NR_FILE_PAGES);
	struct file *file;
	struct jail jail;
	char buf[8];

	KASSERT(t, begin_jail(&jail));
	KEXPECT_EQ(t, make_file("f", "content"), 0l);
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), before + 1);
	file = filp_open("f", O_RDONLY, 0);
	KASSERT(t, !IS_ERR(file));
	KEXPECT_EQ(t, do_unlinkat(AT_FDCWD, "f"), 0l);
	KEXPECT_EQ(t, file->f_inode->i_nlink, 0u);
	KEXPECT(t, d_unhashed(file->f_dentry));
	KEXPECT_EQ(t, kernel_read(file, 0, buf, 7), 7);
	KEXPECT(t, !memcmp(buf, "content", 7));
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), before + 1);
	fput(file);
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), before);
	end_jail(&jail);
}

/* A file system that is unmounted full gives everything back. */
KTEST(ramfs, umount_full)
{
	unsigned long before = global_page_state(NR_FILE_PAGES);
	struct jail jail;
	char name[64];
	int i, j;

	KASSERT(t, begin_jail(&jail));
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, name, 0755), 0l);
		for (j = 0; j < 10; j++) {
			snprintf(name, sizeof(name), "d%d/a-name-too-long-for-the-dentry-%d", i, j);
			KEXPECT_EQ(t, make_file(name, "x"), 0l);
		}
		snprintf(name, sizeof(name), "d%d/link", i);
		KEXPECT_EQ(t, do_symlinkat("somewhere/else", AT_FDCWD, name), 0l);
	}
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), before + 100);
	end_jail(&jail);
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), before);
}

/* It stops before it takes what others need to live, and gives it all back. */
KTEST(ramfs, full)
{
	struct file *file;
	struct jail jail;
	struct page *page;
	char *buf;
	loff_t pos = 0;
	int n;

	if (nr_free_pages() > (512ul << (20 - PAGE_SHIFT))) {
		ktest_skip(t, "takes long in more than 512M");
		return;
	}
	buf = kzalloc(65536, GFP_KERNEL);
	KASSERT(t, buf && begin_jail(&jail));
	file = filp_open("f", O_WRONLY | O_CREAT, 0600);
	KASSERT(t, !IS_ERR(file));
	while ((n = kernel_write(file, pos, buf, 65536)) > 0)
		pos += n;
	KEXPECT_EQ(t, n, -ENOSPC);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0700), (long)-ENOSPC);
	KEXPECT_EQ(t, do_symlinkat("x", AT_FDCWD, "l"), (long)-ENOSPC);
	page = alloc_page(GFP_KERNEL | __GFP_NORETRY);
	KEXPECT(t, page);
	if (page)
		put_page(page);
	fput(file);
	KEXPECT_EQ(t, do_unlinkat(AT_FDCWD, "f"), 0l);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0700), 0l);
	end_jail(&jail);
	kfree(buf);
}

/* Deep trees are freed by a loop: a recursion would overflow the stack. */
KTEST(ramfs, deep_tree)
{
	struct path here;
	struct jail jail;
	int i;

	KASSERT(t, begin_jail(&jail));
	for (i = 0; i < 2000; i++) {
		KASSERT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0755), 0l);
		KASSERT_EQ(t, kern_path("d", 0, &here), 0);
		set_fs_pwd(current->fs, &here);
		path_put(&here);
	}
	end_jail(&jail);
}

/* Holes have no pages; a write in the middle makes one. */
KTEST(ramfs, sparse)
{
	struct file *file;
	struct jail jail;
	char buf[16];

	KASSERT(t, begin_jail(&jail));
	file = filp_open("f", O_RDWR | O_CREAT, 0600);
	KASSERT(t, !IS_ERR(file));
	KEXPECT_EQ(t, kernel_write(file, 1000000, "abc", 3), 3);
	KEXPECT_EQ(t, file->f_mapping->nrpages, 1ul);
	KEXPECT_EQ(t, i_size_read(file->f_inode), 1000003ll);
	KEXPECT_EQ(t, kernel_read(file, 999998, buf, 16), 5);
	KEXPECT(t, !memcmp(buf, "\0\0abc", 5));
	KEXPECT_EQ(t, do_truncate(file->f_dentry, 1000001), 0);
	KEXPECT_EQ(t, do_truncate(file->f_dentry, 1000003), 0);
	KEXPECT_EQ(t, kernel_read(file, 999998, buf, 16), 5);
	KEXPECT(t, !memcmp(buf, "\0\0a\0\0", 5));
	KEXPECT_EQ(t, do_truncate(file->f_dentry, 0), 0);
	KEXPECT_EQ(t, file->f_mapping->nrpages, 0ul);
	KEXPECT_EQ(t, kernel_write(file, -1, "a", 1), -EINVAL);
	fput(file);
	end_jail(&jail);
}

/* High memory first: that is what the mapping asks for. */
KTEST(ramfs, pages_from_highmem)
{
	struct file *file;
	struct page *page;
	struct jail jail;

	if (highend_pfn <= highstart_pfn) {
		ktest_skip(t, "no high memory in this machine");
		return;
	}
	if (nr_online_nodes > 1) {
		ktest_skip(t, "several nodes: near memory may go before high");
		return;
	}
	KASSERT(t, begin_jail(&jail));
	KEXPECT_EQ(t, make_file("f", "high"), 0l);
	file = filp_open("f", O_RDONLY, 0);
	KASSERT(t, !IS_ERR(file));
	page = find_get_page(file->f_mapping, 0);
	KASSERT(t, page);
	KEXPECT(t, PageHighMem(page));
	put_page(page);
	fput(file);
	end_jail(&jail);
}

/* Link counts of directories follow their subdirectories through every operation. */
KTEST(ramfs, link_counts)
{
	struct kstat st;
	struct jail jail;

	KASSERT(t, begin_jail(&jail));
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "a", 0755), 0l);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "b", 0755), 0l);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "a/x", 0755), 0l);
	stat_name("a", 0, &st);
	KEXPECT_EQ(t, st.nlink, 3u);
	KEXPECT_EQ(t, do_renameat(AT_FDCWD, "a/x", AT_FDCWD, "b/y", 0), 0l);
	stat_name("a", 0, &st);
	KEXPECT_EQ(t, st.nlink, 2u);
	stat_name("b", 0, &st);
	KEXPECT_EQ(t, st.nlink, 3u);
	KEXPECT_EQ(t, do_renameat(AT_FDCWD, "b", AT_FDCWD, "a", 0), 0l);
	KEXPECT_EQ(t, stat_name("b", 0, &st), (long)-ENOENT);
	stat_name("a", 0, &st);
	KEXPECT_EQ(t, st.nlink, 3u);
	KEXPECT_EQ(t, do_rmdirat(AT_FDCWD, "a/y"), 0l);
	stat_name("/", 0, &st);
	KEXPECT_EQ(t, st.nlink, 3u);
	KEXPECT_EQ(t, do_rmdirat(AT_FDCWD, "a"), 0l);
	stat_name("/", 0, &st);
	KEXPECT_EQ(t, st.nlink, 2u);
	end_jail(&jail);
}

/* The walk: what each kind of path leads to. */
KTEST(namei, table)
{
	static const struct {
		const char *path;
		unsigned int flags;
		int err;
		const char *is;		/* d_path of where it leads */
	} table[] = {
		{ "/", 0, 0, "/" },
		{ "..", 0, 0, "/" },
		{ "/../..", 0, 0, "/" },
		{ "dir", 0, 0, "/dir" },
		{ "//dir///sub/.//", 0, 0, "/dir/sub" },
		{ "dir/sub/../../dir/file", 0, 0, "/dir/file" },
		{ "dir/file/", 0, -ENOTDIR, NULL },
		{ "dir/file/.", 0, -ENOTDIR, NULL },
		{ "dir/file/..", 0, -ENOTDIR, NULL },
		{ "dir/none", 0, -ENOENT, NULL },
		{ "none/dir", 0, -ENOENT, NULL },
		{ "rel", LOOKUP_FOLLOW, 0, "/dir/file" },
		{ "rel", 0, 0, "/rel" },
		{ "abs", LOOKUP_FOLLOW, 0, "/dir/sub" },
		{ "abs/", 0, 0, "/dir/sub" },
		{ "abs/..", 0, 0, "/dir" },
		{ "abs", LOOKUP_DIRECTORY, -ENOTDIR, NULL },
		{ "two", LOOKUP_FOLLOW, 0, "/dir/file" },
		{ "loop", LOOKUP_FOLLOW, -ELOOP, NULL },
		{ "loop", 0, 0, "/loop" },
		{ "loop/x", 0, -ELOOP, NULL },
		{ "dangling", LOOKUP_FOLLOW, -ENOENT, NULL },
		{ "up", LOOKUP_FOLLOW, 0, "/" },
		{ "dir/file", LOOKUP_DIRECTORY, -ENOTDIR, NULL },
	};
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	struct jail jail;
	struct path path;
	unsigned int i;

	KASSERT(t, buf);
	KASSERT(t, begin_jail(&jail));
	do_mkdirat(AT_FDCWD, "dir", 0755);
	do_mkdirat(AT_FDCWD, "dir/sub", 0755);
	make_file("dir/file", "x");
	do_symlinkat("dir/file", AT_FDCWD, "rel");
	do_symlinkat("/dir/sub", AT_FDCWD, "abs");
	do_symlinkat("rel", AT_FDCWD, "two");
	do_symlinkat("loop", AT_FDCWD, "loop");
	do_symlinkat("not/there", AT_FDCWD, "dangling");
	do_symlinkat("../../../..", AT_FDCWD, "up");
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		int err = kern_path(table[i].path, table[i].flags, &path);

		if (err != table[i].err)
			ktest_fail(t, __FILE__, __LINE__, "\"%s\": %d, not %d", table[i].path, err,
				   table[i].err);
		if (err)
			continue;
		if (table[i].is)
			KEXPECT_STREQ(t, d_path(&path, buf, PAGE_SIZE), table[i].is);
		path_put(&path);
	}
	end_jail(&jail);
	free_page((unsigned long)buf);
}

/* Links in links: eight deep are followed, nine are not, and the stack survives. */
KTEST(namei, nested_links)
{
	char name[16], text[32];
	struct jail jail;
	struct path path;
	int i;

	KASSERT(t, begin_jail(&jail));
	do_mkdirat(AT_FDCWD, "d0", 0755);
	for (i = 1; i <= 12; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		snprintf(text, sizeof(text), "d%d/.", i - 1);
		KEXPECT_EQ(t, do_symlinkat(text, AT_FDCWD, name), 0l);
	}
	KEXPECT_EQ(t, kern_path("d8", LOOKUP_FOLLOW, &path), 0);
	path_put(&path);
	KEXPECT_EQ(t, kern_path("d9", LOOKUP_FOLLOW, &path), -ELOOP);
	KEXPECT_EQ(t, kern_path("d12", LOOKUP_FOLLOW, &path), -ELOOP);
	end_jail(&jail);
}

/* ".." of a mount leads out of it, and its root is covered by what is mounted there. */
KTEST(namei, mounts)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	struct jail jail;
	struct path path;
	struct kstat st;

	KASSERT(t, buf);
	KASSERT(t, begin_jail(&jail));
	do_mkdirat(AT_FDCWD, "m", 0755);
	make_file("m/under", "u");
	KEXPECT_EQ(t, kern_mount_at("ramfs", "test", "/m", 0, NULL), 0);
	KEXPECT_EQ(t, stat_name("m/under", 0, &st), (long)-ENOENT);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "m/d", 0755), 0l);
	KASSERT_EQ(t, kern_path("m/d/../../m/d", 0, &path), 0);
	KEXPECT_STREQ(t, d_path(&path, buf, PAGE_SIZE), "/m/d");
	KEXPECT_EQ(t, do_umount("/m", 0), (long)-EBUSY);
	path_put(&path);
	KEXPECT_EQ(t, do_rmdirat(AT_FDCWD, "m"), (long)-EBUSY);
	KEXPECT_EQ(t, do_umount("/m", 0), 0l);
	KEXPECT_EQ(t, stat_name("m/under", 0, &st), 0l);
	KEXPECT_EQ(t, do_umount("/m", 0), (long)-EINVAL);
	end_jail(&jail);
	free_page((unsigned long)buf);
}

/* Descriptors: the lowest free one, growth over the inline table, and the limit. */
KTEST(files, table_grows)
{
	struct files_struct *old = current->files, *copy;
	struct file *file = filp_open("/", O_RDONLY, 0);
	int fd, i;

	KASSERT(t, !IS_ERR(file));
	/* A table of our own: the one of the test thread stays as it is. */
	KASSERT_EQ(t, copy_files(0, current), 0);
	copy = current->files;
	KEXPECT(t, copy != old);
	for (i = 0; i < 300; i++) {
		fd = get_unused_fd();
		KASSERT(t, fd >= 0);
		fd_install((unsigned int)fd, get_file(file));
	}
	KEXPECT(t, copy->fd != copy->fd_array);
	KEXPECT(t, copy->max_fds >= 300);
	KEXPECT_EQ(t, close_fd(100), 0);
	KEXPECT_EQ(t, close_fd(50), 0);
	KEXPECT_EQ(t, close_fd(50), -EBADF);
	KEXPECT_EQ(t, get_unused_fd(), 50);
	KEXPECT_EQ(t, alloc_fd(60, O_CLOEXEC), 100);
	KEXPECT(t, get_close_on_exec(100));
	put_unused_fd(100);
	put_unused_fd(50);
	KEXPECT_EQ(t, refcount_read(&file->f_count), 299);
	exit_files(current);
	KEXPECT_EQ(t, refcount_read(&file->f_count), 1);
	current->files = old;
	fput(file);
}

/* 20,000 seeded renames, links and unlinks in three directories, against a table. */
KTEST(ramfs, random_names)
{
	enum { DIRS = 3, NAMES = 8, SLOTS = DIRS * NAMES };
	static int content[SLOTS];	/* 0: none; else the file's number */
	char a[32], b[32], buf[16];
	struct rnd_state rnd;
	struct jail jail;
	int i, next = 1;

	KASSERT(t, begin_jail(&jail));
	memset(content, 0, sizeof(content));
	for (i = 0; i < DIRS; i++) {
		snprintf(a, sizeof(a), "d%d", i);
		KASSERT_EQ(t, do_mkdirat(AT_FDCWD, a, 0755), 0l);
	}
	prandom_seed(&rnd, ktest_seed(7));
	for (i = 0; i < 20000; i++) {
		int x = (int)prandom_below(&rnd, SLOTS), y = (int)prandom_below(&rnd, SLOTS);
		long err;

		snprintf(a, sizeof(a), "d%d/n%d", x % DIRS, x / DIRS);
		snprintf(b, sizeof(b), "d%d/n%d", y % DIRS, y / DIRS);
		switch (prandom_below(&rnd, 5)) {
		case 0:
			if (content[x])
				break;
			snprintf(buf, sizeof(buf), "%d", next);
			KASSERT_EQ(t, make_file(a, buf), 0l);
			content[x] = next++;
			break;
		case 1:
			err = do_unlinkat(AT_FDCWD, a);
			KASSERT_EQ(t, err, content[x] ? 0l : (long)-ENOENT);
			content[x] = 0;
			break;
		case 2:
			err = do_renameat(AT_FDCWD, a, AT_FDCWD, b, 0);
			KASSERT_EQ(t, err, content[x] ? 0l : (long)-ENOENT);
			if (content[x] && content[x] != content[y]) {
				content[y] = content[x];
				content[x] = 0;
			}
			break;
		case 3:
			err = do_linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
			KASSERT_EQ(t, err, !content[x] ? -ENOENT : content[y] ? -EEXIST : 0);
			if (!err)
				content[y] = content[x];
			break;
		default:
			err = file_text(a, buf, sizeof(buf));
			KASSERT_EQ(t, err > 0, content[x] != 0);
			if (err > 0) {
				snprintf(a, sizeof(a), "%d", content[x]);
				KEXPECT_STREQ(t, buf, a);
			}
			break;
		}
	}
	end_jail(&jail);
}

/* A page that a disk may still be reading into is not sealed, and stays writable meanwhile. */
KTEST(ramfs, seal_pinned)
{
	struct file *file = shmem_file_setup("pinned", 0, VM_NORESERVE);
	struct page *page;

	KASSERT(t, !IS_ERR(file));
	tmpfs_set_seals(file_inode(file), 0);
	page = read_cache_page(file->f_mapping, 40, file);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, memfd_fcntl(file, F_ADD_SEALS, F_SEAL_GROW), 0l);
	KEXPECT_EQ(t, memfd_fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), (long)-EBUSY);
	KEXPECT_EQ(t, memfd_fcntl(file, F_GET_SEALS, 0), (long)F_SEAL_GROW);
	KEXPECT_EQ(t, file->f_mapping->i_mmap_writable, 0);
	put_page(page);
	KEXPECT_EQ(t, memfd_fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), 0l);
	KEXPECT_EQ(t, memfd_fcntl(file, F_GET_SEALS, 0), (long)(F_SEAL_GROW | F_SEAL_WRITE));
	fput(file);
}
