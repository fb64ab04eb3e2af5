/*
 * tests/user/proc_cred.c - user and group ids: who may become whom.  Needs to start as root.
 *
 * calls: setuid setgid setreuid setregid setresuid getresuid setresgid getresgid
 * calls: getgroups setgroups setfsuid setfsgid getuid16 getgid16 geteuid16 getegid16
 * calls: setuid16 setgid16 setreuid16 setregid16
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

/* In a child: there is no way back from most of this. */
static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		test_failures = 0;
		fn();
		_exit(test_result());
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

static void uids(uid_t r, uid_t e, uid_t s)
{
	uid_t ruid, euid, suid;

	expect(getresuid(&ruid, &euid, &suid) == 0);
	expect_eq(ruid, r);
	expect_eq(euid, e);
	expect_eq(suid, s);
	expect_eq(getuid(), r);
	expect_eq(geteuid(), e);
}

static void root_drops(void)
{
	expect(setuid(1000) == 0);
	uids(1000, 1000, 1000);
	expect_errno(setuid(0), EPERM);
	expect_errno(setreuid(0, -1), EPERM);
	expect_errno(setresuid(-1, 0, -1), EPERM);
	expect(setuid(1000) == 0);
	expect_errno(setgid(5), EPERM);
	expect_errno(setgroups(0, NULL), EPERM);
}

static void saved_id(void)
{
	expect(setresuid(1000, 2000, 3000) == 0);
	uids(1000, 2000, 3000);
	expect(seteuid(3000) == 0);
	uids(1000, 3000, 3000);
	expect(seteuid(1000) == 0);
	expect_errno(seteuid(2000), EPERM);
	expect(setreuid(3000, 1000) == -1 && errno == EPERM);
	expect(setresuid(3000, -1, 1000) == 0);
	uids(3000, 1000, 1000);
}

static void temporary(void)
{
	expect(seteuid(1000) == 0);
	uids(0, 1000, 0);
	expect_errno(setgroups(0, NULL), EPERM);
	expect(seteuid(0) == 0);
	uids(0, 0, 0);
	/* setreuid changes the saved id with the real one. */
	expect(setreuid(1000, 2000) == 0);
	uids(1000, 2000, 2000);
}

static void group_ids(void)
{
	gid_t list[40], r, e, s;

	expect(setgroups(3, (gid_t[]){ 5, 6, 7 }) == 0);
	expect_eq(getgroups(0, NULL), 3);
	expect_eq(getgroups(40, list), 3);
	expect(list[0] == 5 && list[2] == 7);
	expect_errno(getgroups(2, list), EINVAL);
	expect_errno(syscall(SYS_getgroups32, -1, list), EINVAL);
	expect_errno(syscall(SYS_getgroups32, 40, 1), EFAULT);
	expect_errno(syscall(SYS_setgroups32, 2, 1), EFAULT);
	expect_errno(syscall(SYS_setgroups32, -1, list), EINVAL);
	expect(setresgid(10, 20, 30) == 0);
	expect(getresgid(&r, &e, &s) == 0 && r == 10 && e == 20 && s == 30);
	expect_eq(getgid(), 10);
	expect_eq(getegid(), 20);
	expect(setuid(1000) == 0);
	expect(setegid(30) == 0);
	expect_errno(setegid(40), EPERM);
	expect(setregid(20, 10) == -1 && errno == EPERM);
	expect(setgid(10) == 0);
	expect_eq(getegid(), 10);
}

/* The 16-bit calls. */
static void narrow(void)
{
	expect_eq(syscall(SYS_getuid), 0);
	expect_eq(syscall(SYS_getgid), 0);
	expect_eq(syscall(SYS_setreuid, 0xffff, 0xffff), 0);
	expect_eq(syscall(SYS_setregid, 11, 12), 0);
	expect_eq(getegid(), 12);
	expect_eq(syscall(SYS_setgid, 13), 0);
	expect_eq(syscall(SYS_getgid), 13);
	expect_eq(syscall(SYS_getegid), 13);
	expect(setresuid(100000, 100000, 0) == 0);
	expect_eq(syscall(SYS_getuid), 65534);
	expect_eq(syscall(SYS_geteuid), 65534);
	expect(setresuid(-1, 0, -1) == 0);
	expect_eq(syscall(SYS_setuid, 77), 0);
	expect_eq(syscall(SYS_geteuid), 77);
}

/* Files are checked against the effective id, and the groups count. */
static void files(void)
{
	const char *path = "/tmp/proc-cred-file";
	int fd;

	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0640);
	must(fd >= 0 && fchown(fd, 0, 555) == 0);
	close(fd);
	expect(setgroups(1, (gid_t[]){ 555 }) == 0);
	expect(seteuid(1000) == 0);
	fd = open(path, O_RDONLY);
	expect(fd >= 0);
	close(fd);
	expect_errno(open(path, O_WRONLY), EACCES);
	expect(seteuid(0) == 0);
	expect(setgroups(0, NULL) == 0);
	expect(seteuid(1000) == 0);
	expect_errno(open(path, O_RDONLY), EACCES);
	expect(seteuid(0) == 0);
	/* fsuid alone. */
	expect_eq(setfsuid(1000), 0);
	expect_eq(setfsuid((uid_t)-1), 1000);
	expect_eq(setfsgid(44), 0);
	expect_errno(open(path, O_RDONLY), EACCES);
	expect_eq(setfsuid(0), 1000);
	expect_eq(setfsgid(0), 44);
	unlink(path);
}

int main(void)
{
	if (getuid())
		skip("needs to be root");
	in_child(root_drops);
	in_child(saved_id);
	in_child(temporary);
	in_child(group_ids);
	in_child(narrow);
	in_child(files);
	return test_result();
}
