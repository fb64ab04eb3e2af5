/*
 * tests/user/fs_lock.c - record locks: whose they are, how they merge and split, when they end,
 * who waits and who is told of a deadlock, /proc/locks; and a seeded walk of OFD locks against a
 * model that keeps the owner and the type of each byte.
 * calls: fcntl fcntl64
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#define FILE_LENGTH	100

static int open_file(int flags)
{
	int fd = open("file", flags | O_CREAT, 0644);

	must(fd >= 0);
	return fd;
}

static int lock(int fd, int cmd, int type, int whence, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = whence, .l_start = start, .l_len = len };

	return fcntl(fd, cmd, &l);
}

static int set(int fd, int type, off_t start, off_t len)
{
	return lock(fd, F_SETLK, type, SEEK_SET, start, len);
}

/* What is in the way of an exclusive lock. => its type, F_UNLCK: nothing */
static struct flock get(int fd, int cmd, off_t start, off_t len)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start,
			   .l_len = len };

	must(fcntl(fd, cmd, &l) == 0);
	return l;
}

static void expect_lock(struct flock l, int type, off_t start, off_t len, pid_t pid)
{
	expect_eq(l.l_type, type);
	expect_eq(l.l_whence, SEEK_SET);
	expect_eq(l.l_start, start);
	expect_eq(l.l_len, len);
	expect_eq(l.l_pid, pid);
}

static void finish(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

/* Run @fn in a child. => when it has exited */
static void in_child(void (*fn)(void))
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(test_failures != 0);
	}
	finish(pid);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void errors(void)
{
	int fd = open_file(O_RDWR), ro = open_file(O_RDONLY), wo = open_file(O_WRONLY);
	int path = open("file", O_PATH);

	expect_errno(set(-1, F_RDLCK, 0, 0), EBADF);
	expect_errno(set(path, F_RDLCK, 0, 0), EBADF);
	expect_errno(set(ro, F_WRLCK, 0, 0), EBADF);
	expect_errno(set(wo, F_RDLCK, 0, 0), EBADF);
	expect_eq(lock(ro, F_GETLK, F_WRLCK, SEEK_SET, 0, 0), 0);
	expect_errno(set(fd, 7, 0, 0), EINVAL);
	expect_errno(lock(fd, F_GETLK, F_UNLCK, SEEK_SET, 0, 0), EINVAL);
	expect_errno(lock(fd, F_SETLK, F_RDLCK, 9, 0, 0), EINVAL);
	expect_errno(set(fd, F_RDLCK, -1, 0), EINVAL);
	expect_errno(set(fd, F_RDLCK, 5, -6), EINVAL);
	expect_eq(set(fd, F_RDLCK, 5, -5), 0);
	expect_errno(set(fd, F_RDLCK, 2, 0x7fffffffffffffffLL), EOVERFLOW);
	expect_eq(ftruncate(fd, FILE_LENGTH), 0);
	expect_errno(lock(fd, F_SETLK, F_RDLCK, SEEK_END, 0x7fffffffffffffffLL, 0), EOVERFLOW);
	expect_errno(fcntl(fd, F_SETLK, BAD_PTR), EFAULT);
	expect_errno(fcntl(fd, F_GETLK, BAD_PTR), EFAULT);
	expect_errno(fcntl(fd, F_OFD_SETLK, BAD_PTR), EFAULT);
	expect_errno(syscall(SYS_fcntl, fd, 6, BAD_PTR), EFAULT);
	close(fd);
	close(ro);
	close(wo);
	close(path);
}

/* ---- owners --------------------------------------------------------------------------------- */

static pid_t parent;

static void child_sees_locks(void)
{
	int fd = open_file(O_RDWR);

	expect_lock(get(fd, F_GETLK, 0, 0), F_WRLCK, 10, 10, parent);
	expect_lock(get(fd, F_GETLK, 20, 0), F_RDLCK, 30, 0, parent);
	expect_eq(get(fd, F_GETLK, 20, 10).l_type, F_UNLCK);
	expect_errno(set(fd, F_RDLCK, 19, 1), EAGAIN);
	expect_errno(set(fd, F_WRLCK, 1000000, 1), EAGAIN);
	expect_eq(set(fd, F_RDLCK, 1000000, 1), 0);
	expect_eq(set(fd, F_WRLCK, 20, 10), 0);
	/* An unlock of what another holds is no error, and nothing. */
	expect_eq(set(fd, F_UNLCK, 0, 0), 0);
	expect_lock(get(fd, F_GETLK, 0, 0), F_WRLCK, 10, 10, parent);
}

static void child_sees_none(void)
{
	int fd = open_file(O_RDWR);

	expect_eq(get(fd, F_GETLK, 0, 0).l_type, F_UNLCK);
	expect_eq(set(fd, F_WRLCK, 0, 0), 0);
	/* ... and leaves without unlocking. */
}

static void owners(void)
{
	int a = open_file(O_RDWR), b = open_file(O_RDWR);

	parent = getpid();
	/* One process does not hinder itself, by whatever descriptor. */
	expect_eq(set(a, F_WRLCK, 10, 5), 0);
	expect_eq(set(b, F_WRLCK, 10, 10), 0);
	expect_eq(set(b, F_RDLCK, 30, 0), 0);
	expect_eq(get(a, F_GETLK, 0, 0).l_type, F_UNLCK);
	in_child(child_sees_locks);
	/* Any close ends all. */
	close(b);
	in_child(child_sees_none);
	in_child(child_sees_none);
	expect_eq(set(a, F_WRLCK, 0, 0), 0);
	expect_eq(dup2(1, a), a);
	in_child(child_sees_none);
	close(a);
}

static void child_sees_halves(void)
{
	int fd = open_file(O_RDWR);

	expect_lock(get(fd, F_GETLK, 0, 0), F_WRLCK, 0, 40, parent);
	expect_eq(get(fd, F_GETLK, 40, 20).l_type, F_UNLCK);
	expect_lock(get(fd, F_GETLK, 50, 0), F_WRLCK, 60, 0, parent);
}

static void child_sees_one(void)
{
	expect_lock(get(open_file(O_RDWR), F_GETLK, 55, 1), F_WRLCK, 0, 0, parent);
}

static void merging(void)
{
	int fd = open_file(O_RDWR);

	expect_eq(set(fd, F_WRLCK, 0, 0), 0);
	expect_eq(set(fd, F_UNLCK, 40, 20), 0);
	in_child(child_sees_halves);
	expect_eq(set(fd, F_WRLCK, 40, 10), 0);
	expect_eq(set(fd, F_WRLCK, 50, 10), 0);
	in_child(child_sees_one);
	expect_eq(set(fd, F_RDLCK, 40, 20), 0);
	expect_eq(set(fd, F_UNLCK, 40, 20), 0);
	in_child(child_sees_halves);
	/* From the end, and from where we are, backwards. */
	expect_eq(ftruncate(fd, FILE_LENGTH), 0);
	expect_eq(lseek(fd, 60, SEEK_SET), 60);
	expect_eq(lock(fd, F_SETLK, F_WRLCK, SEEK_CUR, 0, -20), 0);
	in_child(child_sees_one);
	expect_eq(lock(fd, F_SETLK, F_UNLCK, SEEK_END, -FILE_LENGTH, 0), 0);
	in_child(child_sees_none);
	close(fd);
}

/* ---- 32 bits -------------------------------------------------------------------------------- */

struct flock32 {
	short type, whence;
	int start, len, pid;
};

static void child_gets_overflow(void)
{
	struct flock32 l = { .type = F_WRLCK };
	int fd = open_file(O_RDWR);

	expect_errno(syscall(SYS_fcntl, fd, 5, &l), EOVERFLOW);
	l = (struct flock32){ .type = F_WRLCK, .whence = SEEK_SET, .start = 0, .len = 100 };
	expect_eq(syscall(SYS_fcntl, fd, 5, &l), 0);
	expect_eq(l.type, F_UNLCK);
	expect_eq(l.len, 100);
}

static void old_struct(void)
{
	int fd = open_file(O_RDWR);

	if (sizeof(long) != 4)
		return;
	expect_eq(set(fd, F_WRLCK, 0x180000000LL, 10), 0);
	in_child(child_gets_overflow);
	close(fd);
}

/* ---- open file descriptions ----------------------------------------------------------------- */

static void descriptions(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_pid = 1 };
	int a = open_file(O_RDWR), b = open_file(O_RDWR), c;

	expect_errno(fcntl(a, F_OFD_SETLK, &l), EINVAL);
	expect_errno(fcntl(a, F_OFD_GETLK, &l), EINVAL);
	expect_eq(lock(a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 10), 0);
	expect_errno(lock(b, F_OFD_SETLK, F_RDLCK, SEEK_SET, 9, 1), EAGAIN);
	expect_lock(get(b, F_OFD_GETLK, 0, 0), F_WRLCK, 0, 10, -1);
	/* The process is another owner than its descriptions. */
	expect_errno(set(a, F_RDLCK, 0, 1), EAGAIN);
	expect_lock(get(a, F_GETLK, 0, 0), F_WRLCK, 0, 10, -1);
	/* The last descriptor counts, in whatever process. */
	c = dup(a);
	close(a);
	close(open_file(O_RDWR));
	expect_errno(lock(b, F_OFD_SETLK, F_RDLCK, SEEK_SET, 9, 1), EAGAIN);
	close(c);
	expect_eq(lock(b, F_OFD_SETLKW, F_RDLCK, SEEK_SET, 9, 1), 0);
	close(b);
}

#define OWNERS	3
#define BYTES	48
static unsigned int rng;

static unsigned int any(unsigned int n)
{
	rng = rng * 1103515245u + 12345;
	return (rng >> 16) % n;
}

static char held[OWNERS][BYTES];	/* F_* of each byte */

static int in_the_way(int owner, int type, int from, int to)
{
	for (int o = 0; o < OWNERS; o++)
		for (int i = from; o != owner && i < to; i++)
			if (held[o][i] != F_UNLCK && (held[o][i] == F_WRLCK || type == F_WRLCK))
				return 1;
	return 0;
}

/* Is @l exactly one run of bytes that some owner other than @owner holds? */
static int is_a_run(struct flock l, int owner)
{
	for (int o = 0; o < OWNERS; o++) {
		int from = (int)l.l_start, to = from + (int)l.l_len, good = o != owner;

		for (int i = from; i < to; i++)
			good &= held[o][i] == l.l_type;
		good &= from == 0 || held[o][from - 1] != l.l_type;
		good &= to == BYTES || held[o][to] != l.l_type;
		if (good)
			return 1;
	}
	return 0;
}

static void walk(void)
{
	unsigned int steps = 20000;
	int fd[OWNERS];

	memset(held, F_UNLCK, sizeof(held));
	for (int o = 0; o < OWNERS; o++)
		fd[o] = open_file(O_RDWR);
	rng = test_seed(7);
	while (steps-- && !test_failures) {
		static const int types[] = { F_RDLCK, F_WRLCK, F_UNLCK, F_UNLCK };
		int o = (int)any(OWNERS), type = types[any(4)];
		int from = (int)any(BYTES), to = from + 1 + (int)any(BYTES - (unsigned int)from);
		int busy = type != F_UNLCK && in_the_way(o, type, from, to);
		struct flock l;

		if (busy)
			expect_errno(lock(fd[o], F_OFD_SETLK, type, SEEK_SET, from, to - from), EAGAIN);
		else
			expect_eq(lock(fd[o], F_OFD_SETLK, type, SEEK_SET, from, to - from), 0);
		if (!busy)
			memset(held[o] + from, type, (size_t)(to - from));
		l = get(fd[o], F_OFD_GETLK, from, to - from);
		expect_eq(l.l_type != F_UNLCK, in_the_way(o, F_WRLCK, from, to));
		if (l.l_type != F_UNLCK) {
			expect(l.l_start < to && l.l_start + l.l_len > from);
			expect(is_a_run(l, o));
		}
	}
	for (int o = 0; o < OWNERS; o++)
		close(fd[o]);
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* Does /proc/locks have a line with all of these? */
static int listed(const char *kind, const char *type, pid_t pid, const char *range, int waiting)
{
	char line[256], words[200];
	struct stat st;
	FILE *f = fopen("/proc/locks", "r");
	int found = 0;

	must(f && stat("file", &st) == 0);
	snprintf(words, sizeof(words), "%s ADVISORY  %s %d %02x:%02x:%lu %s\n", kind, type, pid,
		 major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino, range);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, words) && !!strstr(line, "-> ") == waiting;
	fclose(f);
	return found;
}

/* Until @pid waits for a lock, as /proc/locks tells. */
static void until_waiting(pid_t pid, const char *type, const char *range)
{
	for (int i = 0; i < 2000 && !listed("POSIX ", type, pid, range, 1); i++)
		usleep(5000);
	expect(listed("POSIX ", type, pid, range, 1));
}

static pid_t wait_in_child(int type, off_t start, off_t len, int expected)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		int fd = open_file(O_RDWR);
		int ret = lock(fd, F_SETLKW, type, SEEK_SET, start, len) ? errno : 0;

		expect_eq(ret, expected);
		fflush(stdout);
		_exit(test_failures != 0);
	}
	return pid;
}

static void listing(void)
{
	int a = open_file(O_RDWR), b = open_file(O_RDWR);

	expect_eq(set(a, F_WRLCK, 3, 4), 0);
	expect_eq(lock(a, F_OFD_SETLK, F_RDLCK, SEEK_SET, 10, 0), 0);
	expect(listed("POSIX ", "WRITE", getpid(), "3 6", 0));
	expect(listed("OFDLCK", "READ", -1, "10 EOF", 0));
	close(b);
	expect(!listed("POSIX ", "WRITE", getpid(), "3 6", 0));
	expect(listed("OFDLCK", "READ", -1, "10 EOF", 0));
	close(a);
	expect(!listed("OFDLCK", "READ", -1, "10 EOF", 0));
}

static void on_signal(int sig)
{
}

static void waiting(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int fd = open_file(O_RDWR);
	pid_t reader, writer;

	/* What is unlocked, and what is turned into a reader's, lets others in. */
	expect_eq(set(fd, F_WRLCK, 0, 10), 0);
	reader = wait_in_child(F_RDLCK, 9, 1, 0);
	until_waiting(reader, "READ", "9 9");
	expect_eq(set(fd, F_RDLCK, 0, 10), 0);
	finish(reader);
	writer = wait_in_child(F_WRLCK, 5, 0, 0);
	until_waiting(writer, "WRITE", "5 EOF");
	expect_eq(set(fd, F_UNLCK, 0, 5), 0);
	until_waiting(writer, "WRITE", "5 EOF");	/* it was woken, and waits again */
	expect_eq(set(fd, F_UNLCK, 0, 0), 0);
	finish(writer);

	/* Those who leave let others in; a signal takes away who waits. */
	sigaction(SIGALRM, &sa, NULL);
	expect_eq(set(fd, F_WRLCK, 0, 10), 0);
	writer = wait_in_child(F_WRLCK, 0, 1, EINTR);
	until_waiting(writer, "WRITE", "0 0");
	kill(writer, SIGALRM);
	finish(writer);
	expect(!listed("POSIX ", "WRITE", writer, "0 0", 1));
	writer = wait_in_child(F_WRLCK, 0, 1, 0);
	until_waiting(writer, "WRITE", "0 0");
	close(fd);
	finish(writer);
}

/* ---- deadlock ------------------------------------------------------------------------------- */

/* Member @i of a ring of @n: holds byte i, wants the next. The last to ask is told. */
static int ring_member(int i, int n, int ready, int go)
{
	int fd = open_file(O_RDWR), ret;
	char byte;

	must(set(fd, F_WRLCK, i, 1) == 0);
	must(write(ready, "x", 1) == 1 && read(go, &byte, 1) == 1);
	ret = lock(fd, F_SETLKW, F_WRLCK, SEEK_SET, (i + 1) % n, 1) ? errno : 0;
	return ret == EDEADLK ? 2 : ret ? 3 : 0;
}

static void ring(int n)
{
	int ready[2], go[2], told = 0, status;
	char byte;

	must(pipe(ready) == 0 && pipe(go) == 0);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid)
			_exit(ring_member(i, n, ready[1], go[0]));
	}
	for (int i = 0; i < n; i++)
		must(read(ready[0], &byte, 1) == 1);
	for (int i = 0; i < n; i++)
		must(write(go[1], "x", 1) == 1);
	for (int i = 0; i < n; i++) {
		must(wait(&status) > 0);
		expect(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
		told += WIFEXITED(status) && WEXITSTATUS(status) == 2;
	}
	expect_eq(told, 1);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}

int main(void)
{
	test_tmpdir();
	errors();
	owners();
	merging();
	old_struct();
	descriptions();
	walk();
	listing();
	waiting();
	ring(2);
	ring(3);
	ring(6);
	return test_result();
}
