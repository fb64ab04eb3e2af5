/*
 * tests/user/attack_pointers_fs.h - the calls about files, for attack_pointers.c.
 */
#ifndef OCTAVO_TESTS_USER_ATTACK_POINTERS_FS_H
#define OCTAVO_TESTS_USER_ATTACK_POINTERS_FS_H

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <tests/user/attack_pointers.h>

static char scratch[6][65536] __attribute__((aligned(4096)));
static char some_bytes[512] = "some bytes";
static int zero_words[64];
static int fd_bits[2] = { 1 };
static struct pollfd one_poll = { FILE_FD, POLLIN, 0 };
static struct iovec two_parts[2] = { { scratch[0], 8 }, { scratch[1], 8 } };
static int old_select_args[5] = { 32 };
static int now_times[8] = { 1000000, 0, 1000000, 0 };
static long long now_times64[4] = { 1000000, 0, 1000000, 0 };
static unsigned int pselect_mask[2] = { (unsigned int)0, 8 };

#define OLD_GETLK	5
#define OLD_SETLK	6
#define FIRST_FD_BYTES	4	/* of a set of 32 descriptors */
#define HERE		((unsigned long)AT_FDCWD)

static const struct row fs_rows[] = {
	R(3, read, V(FILE_FD), OUTX(200, PART), V(200)),
	R(3, read, V(PIPE_IN), OUT(8), V(8)),
	R(3, read, V(ZERO_FD), OUTX(9000, PART), V(9000)),
	R(3, read, V(PROC_FD), OUTX(100, PART | FIRST), V(100)),
	R(3, read, V(RANDOM_FD), OUTX(64, PART), V(64)),
	R(4, write, V(FILE_FD), INX(some_bytes, 200, PART), V(200)),
	R(4, write, V(PIPE_OUT), IN(some_bytes, 200), V(200)),
	R(5, open, STR("file"), V(O_RDONLY)),
	R(5, open, STR("new"), V(O_CREAT | O_RDWR), V(0600)),
	R(8, creat, STR("new"), V(0600)),
	R(9, link, STR("file"), STR("new")),
	R(10, unlink, STR("file")),
	R(12, chdir, STR("/")),
	R(14, mknod, STR("new"), V(0100600), V(0)),
	R(15, chmod, STR("file"), V(0600)),
	R(16, lchown16, STR("file"), V(0), V(0)),
	R(18, stat, STR("/dev/null"), OUT(32)),
	R(21, mount, STRX("none", OPT), STR("/tmp"), STRX("no-such", OPT), V(0),
	  INX(some_bytes, 100, OPT | WHOLE)),
	R(22, oldumount, STR("/tmp/no-such")),
	R(30, utime, STR("file"), INX(now_times, 8, OPT)),
	R(33, access, STR("file"), V(R_OK)),
	R(38, rename, STR("file"), STR("new")),
	R(39, mkdir, STR("new"), V(0700)),
	R(40, rmdir, STR("dir")),
	R(42, pipe, OUT(8)),
	R(52, umount, STR("/tmp/no-such"), V(0)),
	R(87, swapon, STR("/tmp/no-such"), V(0)),
	R(115, swapoff, STR("/tmp/no-such")),
	R(54, ioctl, V(PIPE_IN), V(FIONREAD), OUT(4)),
	R(54, ioctl, V(PIPE_IN), V(FIONBIO), IN(zero_words, 4)),
	R(54, ioctl, V(TTY_FD), V(TCGETS), OUT(36)),
	R(54, ioctl, V(TTY_FD), V(TCSETS), IN(zero_words, 36)),
	R(54, ioctl, V(TTY_FD), V(TIOCGWINSZ), OUT(8)),
	R(54, ioctl, V(TTY_FD), V(TIOCSWINSZ), IN(zero_words, 8)),
	R(54, ioctl, V(TTY_FD), V(TIOCOUTQ), OUT(4)),
	R(55, fcntl, V(FILE_FD), V(OLD_GETLK), IO(zero_words, 16)),
	R(55, fcntl, V(FILE_FD), V(OLD_SETLK), IN(zero_words, 16)),
	R(61, chroot, STR("/")),
	R(82, old_select, IN(old_select_args, 20)),
	R(83, symlink, STR("target"), STR("new")),
	R(84, lstat, STR("/dev/null"), OUT(32)),
	R(85, readlink, STR("link"), OUT(6), V(6)),
	R(92, truncate, STR("file"), V(0)),
	R(99, statfs, STR("file"), OUT(64)),
	R(100, fstatfs, V(FILE_FD), OUT(64)),
	R(28, fstat, V(NULL_FD), OUT(32)),
	R(106, newstat, STR("file"), OUT(64)),
	R(107, newlstat, STR("file"), OUT(64)),
	R(108, newfstat, V(FILE_FD), OUT(64)),
	R(140, llseek, V(FILE_FD), V(0), V(0), OUT(8), V(SEEK_SET)),
	R(141, getdents, V(DIR_FD), OUTX(512, FIRST | LATE), V(512)),
	R(142, select, V(32), IOX(fd_bits, FIRST_FD_BYTES, OPT), IOX(fd_bits, FIRST_FD_BYTES, OPT),
	  IOX(fd_bits, FIRST_FD_BYTES, OPT), INX(zero_words, 8, OPT | LATE)),
	R(145, readv, V(FILE_FD), IN(two_parts, 16), V(2)),
	R(146, writev, V(FILE_FD), IN(two_parts, 16), V(2)),
	R(168, poll, IO(&one_poll, 8), V(1), V(0)),
	R(180, pread64, V(FILE_FD), OUTX(200, PART), V(200), V(0), V(0)),
	R(181, pwrite64, V(FILE_FD), INX(some_bytes, 200, PART), V(200), V(0), V(0)),
	R(182, chown16, STR("file"), V(0), V(0)),
	R(183, getcwd, OUT(5), V(4096)),
	R(187, sendfile, V(NULL_FD), V(FILE_FD), IOX(zero_words, 4, OPT), V(10)),
	R(193, truncate64, STR("file"), V(0), V(0)),
	R(195, stat64, STR("file"), OUT(96)),
	R(196, lstat64, STR("file"), OUT(96)),
	R(197, fstat64, V(FILE_FD), OUT(96)),
	R(198, lchown, STR("file"), V(0), V(0)),
	R(212, chown, STR("file"), V(0), V(0)),
	R(217, pivot_root, STR("/tmp"), STR("/tmp")),
	R(220, getdents64, V(DIR_FD), OUTX(512, FIRST | LATE), V(512)),
	R(221, fcntl64, V(FILE_FD), V(F_OFD_GETLK), IO(zero_words, 24)),
	R(221, fcntl64, V(FILE_FD), V(F_OFD_SETLKW), IN(zero_words, 24)),
	R(226, setxattr, STR("file"), STR("user.name"), IN(some_bytes, 10), V(10), V(0)),
	R(227, lsetxattr, STR("file"), STR("user.name"), IN(some_bytes, 10), V(10), V(0)),
	R(228, fsetxattr, V(FILE_FD), STR("user.name"), IN(some_bytes, 10), V(10), V(0)),
	R(229, getxattr, STR("file"), STR("user.name"), V(scratch), V(10)),
	R(230, lgetxattr, STR("file"), STR("user.name"), V(scratch), V(10)),
	R(231, fgetxattr, V(FILE_FD), STR("user.name"), V(scratch), V(10)),
	R(232, listxattr, STR("file"), V(scratch), V(10)),
	R(233, llistxattr, STR("file"), V(scratch), V(10)),
	R(235, removexattr, STR("file"), STR("user.name")),
	R(236, lremovexattr, STR("file"), STR("user.name")),
	R(237, fremovexattr, V(FILE_FD), STR("user.name")),
	R(239, sendfile64, V(NULL_FD), V(FILE_FD), IOX(zero_words, 8, OPT), V(10)),
	R(268, statfs64, STR("file"), V(84), OUT(84)),
	R(269, fstatfs64, V(FILE_FD), V(84), OUT(84)),
	R(271, utimes, STR("file"), INX(now_times, 16, OPT)),
	R(295, openat, V(HERE), STR("new"), V(O_CREAT | O_RDWR), V(0600)),
	R(296, mkdirat, V(HERE), STR("new"), V(0700)),
	R(297, mknodat, V(HERE), STR("new"), V(0100600), V(0)),
	R(298, fchownat, V(HERE), STR("file"), V(0), V(0), V(0)),
	R(299, futimesat, V(HERE), STR("file"), INX(now_times, 16, OPT)),
	R(300, fstatat64, V(HERE), STR("file"), OUT(96), V(0)),
	R(301, unlinkat, V(HERE), STR("file"), V(0)),
	R(302, renameat, V(HERE), STR("file"), V(HERE), STR("new")),
	R(303, linkat, V(HERE), STR("file"), V(HERE), STR("new"), V(0)),
	R(304, symlinkat, STR("target"), V(HERE), STR("new")),
	R(305, readlinkat, V(HERE), STR("link"), OUT(6), V(6)),
	R(306, fchmodat, V(HERE), STR("file"), V(0600)),
	R(307, faccessat, V(HERE), STR("file"), V(R_OK)),
	R(308, pselect6, V(32), IOX(fd_bits, FIRST_FD_BYTES, OPT), IOX(fd_bits, FIRST_FD_BYTES, OPT),
	  IOX(fd_bits, FIRST_FD_BYTES, OPT), INX(zero_words, 8, OPT), INX(pselect_mask, 8, OPT)),
	R(309, ppoll, IO(&one_poll, 8), V(1), INX(zero_words, 8, OPT), INX(zero_words, 8, OPT), V(8)),
	R(320, utimensat, V(HERE), STR("file"), INX(now_times, 16, OPT), V(0)),
	R(331, pipe2, OUT(8), V(O_CLOEXEC)),
	R(333, preadv, V(FILE_FD), IN(two_parts, 16), V(2), V(0), V(0)),
	R(334, pwritev, V(FILE_FD), IN(two_parts, 16), V(2), V(0), V(0)),
	R(353, renameat2, V(HERE), STR("file"), V(HERE), STR("new"), V(0)),
	R(356, memfd_create, STR("name"), V(0)),
	R(383, statx, V(HERE), STR("file"), V(0), V(0x7ff), OUT(256)),
	R(412, utimensat_time64, V(HERE), STR("file"), INX(now_times64, 32, OPT), V(0)),
	R(413, pselect6_time64, V(32), IOX(fd_bits, FIRST_FD_BYTES, OPT),
	  IOX(fd_bits, FIRST_FD_BYTES, OPT), IOX(fd_bits, FIRST_FD_BYTES, OPT),
	  INX(zero_words, 16, OPT), INX(pselect_mask, 8, OPT)),
	R(414, ppoll_time64, IO(&one_poll, 8), V(1), INX(zero_words, 16, OPT),
	  INX(zero_words, 8, OPT), V(8)),
	R(439, faccessat2, V(HERE), STR("file"), V(R_OK), V(0)),
};

#endif
