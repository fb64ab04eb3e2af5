/*
 * tests/user/fs_access.c - who may what: each mode bit for owner, group, supplementary group and
 * others; directories, the sticky bit, owners and set-id bits, times, access() by the real user.
 * calls: access faccessat2 chmod chown unlink rename rmdir utimensat truncate
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#define OWNER	1001
#define OTHER	1002
#define GROUP	2001
#define EXTRA	2002

/* Run @fn as somebody else, in a child. */
static void as(uid_t uid, gid_t gid, gid_t extra, void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	must(pid >= 0);
	if (!pid) {
		must(setgroups(extra ? 1 : 0, &extra) == 0);
		must(setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0);
		fn();
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

static void make(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0);
	close(fd);
	must(chown(name, uid, gid) == 0 && chmod(name, mode) == 0);
}

static void make_dir(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	must(mkdir(name, 0700) == 0 && chown(name, uid, gid) == 0 && chmod(name, mode) == 0);
}

static mode_t mode_now(const char *name)
{
	struct stat st;

	must(stat(name, &st) == 0);
	return st.st_mode & 07777;
}

/* ---- the nine bits -------------------------------------------------------------------------- */

static unsigned int granted;	/* the three bits that count for who asks */

static void try_file(void)
{
	int r = open("file", O_RDONLY), w = open("file", O_WRONLY), rw = open("file", O_RDWR);

	expect_eq(r >= 0, !!(granted & 4));
	expect_eq(w >= 0, !!(granted & 2));
	expect_eq(rw >= 0, (granted & 6) == 6);
	expect_eq(access("file", R_OK) == 0, !!(granted & 4));
	expect_eq(access("file", W_OK) == 0, !!(granted & 2));
	expect_eq(access("file", X_OK) == 0, !!(granted & 1));
	if (!(granted & 2))
		expect_errno(truncate("file", 0), EACCES);
}

static void nine_bits(void)
{
	make("file", 0, OWNER, GROUP);
	for (unsigned int bits = 0; bits < 8; bits++) {
		granted = bits;
		/* The first class that fits decides, even if others would have more. */
		must(chmod("file", 0077 | bits << 6) == 0);
		as(OWNER, GROUP, 0, try_file);
		must(chmod("file", 0707 | bits << 3) == 0);
		as(OTHER, GROUP, 0, try_file);
		as(OTHER, 3000, GROUP, try_file);
		must(chmod("file", 0770 | bits) == 0);
		as(OTHER, 3000, EXTRA, try_file);
	}
	/* Root may all but run what nobody may run. */
	must(chmod("file", 0) == 0);
	granted = 6;
	try_file();
	unlink("file");
}

/* ---- directories ---------------------------------------------------------------------------- */

static void search_only(void)
{
	expect_errno(open("dir", O_RDONLY), EACCES);
	expect_eq(access("dir/f", F_OK), 0);
	expect_errno(access("dir/missing", F_OK), ENOENT);
	expect_errno(unlink("dir/f"), EACCES);
	expect_errno(rename("dir/f", "dir/g"), EACCES);
	expect_errno(mkdir("dir/d", 0700), EACCES);
	expect_errno(symlink("x", "dir/d"), EACCES);
	expect_errno(open("dir/d", O_CREAT | O_RDWR, 0600), EACCES);
	/* What is there already may be opened to create. */
	expect(open("dir/f", O_CREAT | O_RDONLY, 0600) >= 0);
}

static void list_only(void)
{
	expect(open("dir", O_RDONLY) >= 0);
	expect_errno(access("dir/f", F_OK), EACCES);
	expect_errno(access("dir/missing", F_OK), EACCES);
	expect_errno(chdir("dir"), EACCES);
}

static void in_sticky(void)
{
	expect_errno(unlink("dir/f"), EPERM);
	expect_errno(rename("dir/f", "dir/g"), EPERM);
	expect_errno(rmdir("dir/d"), EPERM);
	make("dir/mine", 0600, OTHER, 3000);
	expect_errno(rename("dir/mine", "dir/f"), EPERM);
	expect_eq(rename("dir/mine", "dir/mine2"), 0);
	expect_eq(unlink("dir/mine2"), 0);
}

static void owner_of_sticky(void)
{
	expect_eq(rmdir("dir/d"), 0);
	expect_eq(unlink("dir/f"), 0);
}

static void directories(void)
{
	make_dir("dir", 0711, 0, 0);
	make("dir/f", 0644, 0, 0);
	as(OTHER, 3000, 0, search_only);
	must(chmod("dir", 0744) == 0);
	as(OTHER, 3000, 0, list_only);
	must(chmod("dir", 01777) == 0);
	make_dir("dir/d", 0777, 0, 0);
	must(chmod("dir/f", 0666) == 0);
	as(OTHER, 3000, 0, in_sticky);
	must(chown("dir", OWNER, 0) == 0);
	as(OWNER, GROUP, 0, owner_of_sticky);
	expect_eq(rmdir("dir"), 0);
}

/* ---- owners and set-id bits ----------------------------------------------------------------- */

static void not_the_owner(void)
{
	struct timespec given[2] = { { 1, 0 }, { 1, 0 } };

	expect_errno(chmod("file", 0600), EPERM);
	expect_errno(chown("file", OTHER, -1), EPERM);
	expect_errno(chown("file", -1, 3000), EPERM);
	expect_errno(utimensat(AT_FDCWD, "file", given, 0), EPERM);
	/* Now is for who may write. */
	expect_eq(utimensat(AT_FDCWD, "file", NULL, 0), 0);
	expect_errno(utimensat(AT_FDCWD, "closed", NULL, 0), EACCES);
	expect_errno(open("file", O_RDONLY | O_NOATIME), EPERM);
}

static void the_owner(void)
{
	expect_errno(chown("file", OTHER, -1), EPERM);
	expect_errno(chown("file", -1, 3000), EPERM);
	expect_eq(chown("file", OWNER, -1), 0);
	expect_eq(chown("file", -1, EXTRA), 0);
	/* Set-group-id only for a group that one is in. */
	expect_eq(chmod("file", 06777), 0);
	expect_eq(mode_now("file"), 06777);
	expect_eq(chown("file", -1, GROUP), 0);
	expect_eq(mode_now("file"), 0777);
	expect_eq(chmod("foreign", 02755), 0);
	expect_eq(mode_now("foreign"), 0755);
}

static void writes(void)
{
	int fd = open("file", O_WRONLY);

	must(fd >= 0);
	expect_eq(write(fd, "x", 1), 1);
	close(fd);
}

static void cuts(void)
{
	expect_eq(truncate("file", 0), 0);
}

static void owners(void)
{
	make("file", 0666, OWNER, GROUP);
	make("closed", 0600, OWNER, GROUP);
	make("foreign", 0600, OWNER, 3000);
	as(OTHER, 3000, 0, not_the_owner);
	as(OWNER, GROUP, EXTRA, the_owner);
	/* Writing and cutting take the set-id bits away; set-group-id without x is not one. */
	must(chmod("file", 06777) == 0);
	as(OTHER, 3000, 0, writes);
	expect_eq(mode_now("file"), 0777);
	must(chmod("file", 06777) == 0);
	as(OTHER, 3000, 0, cuts);
	expect_eq(mode_now("file"), 0777);
	must(chmod("file", 06777) == 0);
	writes();
	expect_eq(mode_now("file"), 06777);
	/* Root's chown takes them away, too. */
	expect_eq(chown("file", OTHER, EXTRA), 0);
	expect_eq(mode_now("file"), 0777);
	unlink("file");
	unlink("closed");
	unlink("foreign");
}

/* ---- what is new, and who really asks ------------------------------------------------------- */

static void in_group_dir(void)
{
	struct stat st;

	umask(0);
	must(mkdir("dir/d", 0755) == 0 && close(open("dir/f", O_CREAT | O_WRONLY, 0644)) == 0);
	must(stat("dir/d", &st) == 0);
	expect_eq(st.st_gid, EXTRA);
	expect_eq(st.st_mode & 07777, 02755);
	must(stat("dir/f", &st) == 0);
	expect_eq(st.st_uid, OWNER);
	expect_eq(st.st_gid, EXTRA);
}

static void inherited(void)
{
	make_dir("dir", 02777, 0, EXTRA);
	as(OWNER, GROUP, 0, in_group_dir);
	expect_eq(unlink("dir/f"), 0);
	expect_eq(rmdir("dir/d"), 0);
	expect_eq(rmdir("dir"), 0);
}

static void real_user(void)
{
	pid_t pid;
	int status;

	make("file", 0600, OWNER, GROUP);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		/* Effectively root, really somebody. */
		must(setresuid(OTHER, 0, 0) == 0);
		expect_errno(access("file", R_OK), EACCES);
		expect_eq(faccessat(AT_FDCWD, "file", R_OK, AT_EACCESS), 0);
		expect(open("file", O_RDONLY) >= 0);
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	unlink("file");
}

int main(void)
{
	if (getuid())
		skip("only root can be everybody");
	test_tmpdir();
	must(chmod(".", 0777) == 0);
	umask(0);
	nine_bits();
	directories();
	owners();
	inherited();
	real_user();
	return test_result();
}
