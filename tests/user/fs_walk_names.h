/*
 * tests/user/fs_walk_names.h - the walk's operations on names and attributes.
 */
#ifndef OCTAVO_TESTS_USER_FS_WALK_NAMES_H
#define OCTAVO_TESTS_USER_FS_WALK_NAMES_H

#include <tests/user/fs_walk_data.h>

static void op_mkdir(void)
{
	int name;
	struct node *dir = any_place(&name), *n;
	unsigned int mode = 0700 | draw(0100);
	char path[PATH_MAX];

	if (depth_of(dir) + 1 >= MAX_DEPTH || !room_for_a_node())
		return;
	note("mkdir %s mode %o", path_to(dir, name, path), mode);
	expect_result(mkdir(path, mode), dir->child[name] ? EEXIST : 0);
	if (dir->child[name])
		return;
	n = new_node(DIRECTORY, mode);
	n->nlink = 2;
	enter(dir, name, n);
}

static void op_rmdir(void)
{
	int name;
	struct node *dir = any_place(&name), *n = dir->child[name];
	char path[PATH_MAX];
	int err = !n ? ENOENT : n->type != DIRECTORY ? ENOTDIR : is_empty(n) ? 0 : ENOTEMPTY;

	note("rmdir %s", path_to(dir, name, path));
	expect_result(rmdir(path), err);
	if (!err)
		remove_entry(dir, name);
}

static void op_unlink(void)
{
	int name;
	struct node *dir = any_place(&name), *n = dir->child[name];
	char path[PATH_MAX];
	int err = !n ? ENOENT : n->type == DIRECTORY ? EISDIR : 0;

	note("unlink %s", path_to(dir, name, path));
	expect_result(unlink(path), err);
	if (!err)
		remove_entry(dir, name);
}

static void op_link(void)
{
	int from_name, to_name;
	struct node *from = any_place(&from_name), *to = any_place(&to_name);
	struct node *n = from->child[from_name];
	char old[PATH_MAX], new[PATH_MAX];
	int err = !n ? ENOENT : to->child[to_name] ? EEXIST : n->type == DIRECTORY ? EPERM : 0;

	note("link %s %s", path_to(from, from_name, old), path_to(to, to_name, new));
	expect_result(link(old, new), err);
	if (err)
		return;
	n->nlink++;
	enter(to, to_name, n);
}

/* A text that leads somewhere, or nowhere. */
static char *any_target(void)
{
	char text[1200] = "";
	unsigned int parts = 1 + draw(3);

	for (unsigned int i = 0; i < parts; i++) {
		if (i)
			strcat(text, "/");
		strcat(text, draw(4) == 0 ? ".." : draw(8) == 0 ? "." :
		       name_of((int)(chance(20) ? draw(NR_LONG) : NR_LONG + draw(NR_NAMES - NR_LONG))));
	}
	/* As long as fits beside other things in an inode, and one more. */
	if (chance(10)) {
		memset(text, 'z', 61);
		text[59 + draw(3)] = '\0';
	}
	return strdup(text);
}

static void op_symlink(void)
{
	int name;
	struct node *dir = any_place(&name), *n;
	char path[PATH_MAX], *target;
	int err = dir->child[name] ? EEXIST : 0;

	if (!room_for_a_node())
		return;
	target = any_target();
	note("symlink %s at %s", target, path_to(dir, name, path));
	expect_result(symlink(target, path), err);
	if (err) {
		free(target);
		return;
	}
	n = new_node(SYMLINK, 0777);
	n->target = target;
	enter(dir, name, n);
}

/* What renaming should say; -1: it is done by doing nothing. */
static int rename_errno(struct node *from, int from_name, struct node *to, int to_name)
{
	struct node *old = from->child[from_name], *new = to->child[to_name];

	if (!old)
		return ENOENT;
	if (from != to && old->type == DIRECTORY && is_below(to, old))
		return EINVAL;
	if (from != to && new && new->type == DIRECTORY && is_below(from, new))
		return ENOTEMPTY;
	if (old == new)
		return -1;
	if (!new)
		return 0;
	if (old->type == DIRECTORY && new->type != DIRECTORY)
		return ENOTDIR;
	if (old->type != DIRECTORY && new->type == DIRECTORY)
		return EISDIR;
	return new->type == DIRECTORY && !is_empty(new) ? ENOTEMPTY : 0;
}

static void op_rename(void)
{
	int from_name, to_name;
	struct node *from = any_place(&from_name), *to = any_place(&to_name);
	struct node *old = from->child[from_name];
	char a[PATH_MAX], b[PATH_MAX];
	int err = rename_errno(from, from_name, to, to_name);

	if (old && depth_of(to) + 1 + height_of(old) >= MAX_DEPTH)
		return;
	note("rename %s %s", path_to(from, from_name, a), path_to(to, to_name, b));
	expect_result(rename(a, b), err < 0 ? 0 : err);
	if (err)
		return;
	if (to->child[to_name])
		remove_entry(to, to_name);
	leave(from, from_name);
	enter(to, to_name, old);
}

static void op_stat(void)
{
	int name;
	struct node *dir = any_place(&name);
	bool follow = chance(50);
	struct place at = find_place(dir, name, follow);
	char path[PATH_MAX];
	struct stat st;

	if (at.err < 0)
		return;
	note("stat %s%s", path_to(dir, name, path), follow ? ", following" : "");
	expect_result(follow ? stat(path, &st) : lstat(path, &st),
		      at.err ? at.err : at.node ? 0 : ENOENT);
	if (!at.err && at.node)
		check_stat(at.node, &st);
}

static void op_readlink(void)
{
	int name;
	struct node *dir = any_place(&name), *n = dir->child[name];
	char path[PATH_MAX], text[2000];
	ssize_t len;

	note("readlink %s", path_to(dir, name, path));
	len = readlink(path, text, sizeof(text));
	expect_result(len, !n ? ENOENT : n->type != SYMLINK ? EINVAL : 0);
	if (len >= 0 && ((size_t)len != strlen(n->target) || memcmp(text, n->target, (size_t)len)))
		wrong("readlink: %.*s, not %s", (int)len, text, n->target);
}

static void op_readdir(void)
{
	struct node *dir = any_dir();
	char path[PATH_MAX];

	note("readdir %s", dir_path(dir, path));
	check_dir(dir, path);
}

static void op_chmod(void)
{
	int name;
	struct node *dir = any_place(&name), *n = dir->child[name];
	char path[PATH_MAX];
	unsigned int mode;

	if (!n || n->type == SYMLINK)
		return;
	mode = n->type == DIRECTORY ? 0700 | draw(0100) : 0600 | draw(0200);
	note("chmod %s %o", path_to(dir, name, path), mode);
	expect_result(chmod(path, mode), 0);
	n->mode = mode;
}

static void op_utimes(void)
{
	int name;
	struct node *dir = any_place(&name), *n = dir->child[name];
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
	char path[PATH_MAX];

	if (!n)
		return;
	times[1].tv_sec = 100000000 + (time_t)draw(2000000000);
	note("utimensat %s %ld", path_to(dir, name, path), (long)times[1].tv_sec);
	expect_result(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
	n->mtime = times[1].tv_sec;
}

/* Fill a directory, or empty it: so that its blocks come and go. */
static void op_many(void)
{
	struct node *dir = any_dir();
	char path[PATH_MAX];
	bool make = chance(50);
	struct node *n;

	note("%s many in %s", make ? "make" : "remove", dir_path(dir, path));
	for (int i = 0; i < NR_LONG; i++) {
		path_to(dir, i, path);
		n = dir->child[i];
		if (make && !n && room_for_a_node()) {
			expect_result(mknod(path, S_IFREG | 0600, 0), 0);
			enter(dir, i, new_node(REG, 0600));
		} else if (!make && n && n->type != DIRECTORY) {
			expect_result(unlink(path), 0);
			remove_entry(dir, i);
		}
	}
}

#endif
