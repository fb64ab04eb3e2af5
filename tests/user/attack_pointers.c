/*
 * attack_pointers - each pointer of each system call, tried with each hostile address.
 *
 * The tables (attack_pointers_*.h) say what a call reads and writes.  For every pointer in them,
 * and every address at which a pointer may do harm (nothing there, no permission, the kernel, the
 * end of the address space and round it, a page past the end of a file, an area that ends inside
 * of what is read or written), the call is made with everything else good.  It must fail with
 * EFAULT, and the process must be as it was: descriptors, offsets, masks, handlers, timers,
 * limits, names, children, the files in its folder.  Where Linux notices only when the deed is
 * done, the table says so.  Pointers inside of structures are tried at the end.
 */
#define _GNU_SOURCE
#include "test.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <tests/user/attack_pointers_fs.h>
#include <tests/user/attack_pointers_proc.h>

#define PAGE 4096ul
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- hostile addresses ----------------------------------------------------------------------- */

/* Areas of one page whose successor is of the kind that the name says. */
static char *before_hole, *before_none, *before_ro, *before_eof;
static char *hole, *none, *ro, *shared_ro, *eof_page;
static unsigned long vdso;

static char *map(size_t pages, int prot, int flags, int fd)
{
	char *p = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	must(p != MAP_FAILED);
	return p;
}

static void make_areas(void)
{
	const int rw = PROT_READ | PROT_WRITE, private = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd = open("mapped", O_CREAT | O_RDWR, 0600);

	must(fd >= 0 && ftruncate(fd, PAGE) == 0);
	before_eof = map(2, rw, MAP_SHARED, fd);
	eof_page = before_eof + PAGE;
	shared_ro = map(1, PROT_READ, MAP_SHARED, fd);
	close(fd);
	before_none = map(3, rw, private, -1);
	none = before_none + PAGE;
	must(mprotect(none, 2 * PAGE, PROT_NONE) == 0);
	before_ro = map(3, rw, private, -1);
	ro = before_ro + PAGE;
	memset(before_ro, 0, 3 * PAGE);
	must(mprotect(ro, 2 * PAGE, PROT_READ) == 0);
	/* Last, so that nothing comes to lie in it. */
	before_hole = map(20, rw, private, -1);
	hole = before_hole + PAGE;
	must(munmap(hole, 19 * PAGE) == 0);
	vdso = getauxval(AT_SYSINFO_EHDR);
}

/* ---- what must not change -------------------------------------------------------------------- */

struct state {
	int free_fds[4], fds, names, nice, umask, children;
	off_t file_at, dir_at, file_size;
	mode_t file_mode;
	time_t file_mtime;
	sigset_t mask;
	void *handler;
	struct itimerval timer;
	struct rlimit core;
	char comm[16], host[65], cwd[64];
	uid_t uid[3];
	gid_t groups[2];
	size_t stack_size;
};

static int count_names(void)
{
	static char buf[2048];
	int n, names = 0, fd = open(".", O_RDONLY | O_DIRECTORY);

	while ((n = (int)syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (int at = 0; at < n; at += *(unsigned short *)(buf + at + 16))
			names++;
	close(fd);
	return names;
}

static void look(struct state *s)
{
	struct sigaction sa;
	struct stat st;
	stack_t ss;

	memset(s, 0, sizeof(*s));
	/* A number that is taken, but names nothing, shows only here. */
	for (size_t i = 0; i < COUNT(s->free_fds); i++)
		s->free_fds[i] = dup(0);
	for (size_t i = 0; i < COUNT(s->free_fds); i++)
		close(s->free_fds[i]);
	for (int fd = 0; fd < 128; fd++)
		s->fds += fcntl(fd, F_GETFD) >= 0;
	s->names = count_names();
	s->nice = getpriority(PRIO_PROCESS, 0);
	s->umask = (int)umask(022);
	s->children = waitpid(-1, NULL, WNOHANG);
	s->file_at = lseek(FILE_FD, 0, SEEK_CUR);
	s->dir_at = lseek(DIR_FD, 0, SEEK_CUR);
	fstat(FILE_FD, &st);
	s->file_size = st.st_size;
	s->file_mode = st.st_mode;
	sigprocmask(SIG_BLOCK, NULL, &s->mask);
	sigaction(SIGUSR2, NULL, &sa);
	s->handler = (void *)sa.sa_handler;
	getitimer(ITIMER_REAL, &s->timer);
	getrlimit(RLIMIT_CORE, &s->core);
	prctl(PR_GET_NAME, s->comm);
	gethostname(s->host, sizeof(s->host));
	expect(getcwd(s->cwd, sizeof(s->cwd)) != NULL);
	getresuid(&s->uid[0], &s->uid[1], &s->uid[2]);
	getgroups(2, s->groups);
	sigaltstack(NULL, &ss);
	s->stack_size = ss.ss_size;
}

static struct state before;

static void expect_unchanged(const char *what, int arg, const char *where)
{
	struct state now;

	look(&now);
	if (memcmp(&now, &before, sizeof(now))) {
		test_fail("%s, argument %d %s: something has changed", what, arg, where);
#define changed(field) do {							\
		if (memcmp(&now.field, &before.field, sizeof(now.field)))	\
			printf("\t%s\n", #field);				\
	} while (0)
		changed(free_fds); changed(fds); changed(names); changed(nice); changed(umask);
		changed(children); changed(file_at); changed(dir_at); changed(file_size);
		changed(file_mode); changed(mask); changed(handler); changed(timer); changed(core);
		changed(comm); changed(host); changed(cwd); changed(uid); changed(groups);
		changed(stack_size);
	}
}

/* ---- one call -------------------------------------------------------------------------------- */

static unsigned long calls;
static int on_octavo;

static void pend_signal(void)
{
	raise(SIGUSR1);
}

static void make_zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		_exit(0);
	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
}

static unsigned long good(const struct arg *a, int i)
{
	if (a->kind == WRITES)
		return (unsigned long)scratch[i];
	/* What is also written must be good again for the next call. */
	if (a->kind == (READS | WRITES))
		return (unsigned long)memcpy(scratch[i], (void *)a->value, a->size);
	return a->value;
}

/* Argument @i of @row is @addr, of which @valid bytes may be used before the bad ones. */
static void attack(const struct row *row, int i, unsigned long addr, size_t valid, const char *where)
{
	const struct arg *a = &row->arg[i];
	unsigned long v[6];
	long ret;

	lseek(FILE_FD, 0, SEEK_SET);
	lseek(DIR_FD, 0, SEEK_SET);
	if (row->prepare)
		row->prepare();
	for (int k = 0; k < 6; k++)
		v[k] = k == i ? addr : good(&row->arg[k], k);
	calls++;
	errno = 0;
	ret = syscall(row->nr, v[0], v[1], v[2], v[3], v[4], v[5]);
	if (ret > 0 && (size_t)ret <= valid && (a->flags & PART))
		return;
	/* A Linux was built without it, or there is one node only. */
	if (ret == -1 && errno == ENOSYS && (!on_octavo || row->nr == SYS_move_pages))
		return;
	if (ret != -1 || errno != EFAULT)
		test_fail("%s(%d), argument %d %s: %ld, errno %d (%s)", row->name, row->nr, i + 1,
			  where, ret, ret == -1 ? errno : 0, ret == -1 ? strerror(errno) : "");
	if (!(a->flags & LATE))
		expect_unchanged(row->name, i + 1, where);
	if (row->prepare == make_zombie)
		expect_errno(waitpid(-1, NULL, WNOHANG), ECHILD);
}

/* An area that ends @left bytes into what the call uses, at the page @next. */
static void attack_edge(const struct row *row, int i, char *next, size_t left, const char *where)
{
	const struct arg *a = &row->arg[i];

	if (a->kind == STRING)
		memset(next - left, 'a', left);
	else if (a->kind & READS)
		memcpy(next - left, (void *)a->value, left);
	attack(row, i, (unsigned long)next - left, left, where);
}

static void attack_edges(const struct row *row, int i)
{
	const struct arg *a = &row->arg[i];
	size_t most = a->flags & FIRST ? 1 : a->size - 1u;

	if ((a->flags & (WHOLE | WORD)) || a->size < 2)
		return;
	attack_edge(row, i, hole, 1, "ends in a hole after a byte");
	attack_edge(row, i, hole, most, "ends in a hole a byte too early");
	attack_edge(row, i, none, most, "ends at PROT_NONE");
	attack_edge(row, i, eof_page, most, "ends behind a file's end");
	if (a->kind == WRITES && !(a->flags & LATE))
		attack_edge(row, i, ro, 1, "becomes read-only");
}

static void attack_pointer(const struct row *row, int i)
{
	static const struct { unsigned long addr; const char *where; } fixed[] = {
		{ 16, "near NULL" }, { 0x80100000, "at 2G" }, { 0xc0000000, "at 3G" },
		{ 0xc0100000, "in the kernel" }, { 0xf8000000, "high" },
		{ 0xfffff000, "in the last page" }, { 0xfffffffc, "that wraps" },
	};
	const struct arg *a = &row->arg[i];

	if (!(a->flags & OPT))
		attack(row, i, 0, 0, "NULL");
	for (size_t k = 0; k < COUNT(fixed); k++)
		attack(row, i, fixed[k].addr, 0, fixed[k].where);
	attack(row, i, (unsigned long)hole + 8 * PAGE, 0, "in a hole");
	attack(row, i, (unsigned long)none, 0, "at PROT_NONE");
	attack(row, i, (unsigned long)eof_page, 0, "behind a file's end");
	if (!(a->flags & WORD)) {
		attack(row, i, 0xffffffff, 0, "the last byte");
		if (a->size > 1 && a->kind != STRING && !(a->flags & WHOLE))
			attack(row, i, 0xbfffffff, 1, "the last byte of 3G");
	}
	if (a->kind & WRITES) {
		must(mprotect(ro, PAGE, PROT_READ | PROT_WRITE) == 0);
		if (a->kind & READS)
			memcpy(ro, (void *)a->value, a->size);
		must(mprotect(ro, PAGE, PROT_READ) == 0);
		attack(row, i, (unsigned long)ro, 0, "read-only");
	}
	if (a->kind == WRITES) {
		attack(row, i, (unsigned long)shared_ro, 0, "a file read-only");
		attack(row, i, (unsigned long)attack_pointer & -PAGE, 0, "the program");
		if (vdso) {
			attack(row, i, vdso, 0, "the vDSO");
			attack(row, i, vdso - PAGE, 0, "the vDSO's data");
		}
	}
	attack_edges(row, i);
}

static void attack_rows(const struct row *rows, size_t count)
{
	for (const struct row *row = rows; row < rows + count; row++)
		for (int i = 0; i < 6; i++)
			if (row->arg[i].kind != VALUE &&
			    !(row->arg[0].value == TTY_FD && fcntl(TTY_FD, F_GETFD) < 0))
				attack_pointer(row, i);
}

/* ---- pointers inside of structures, and in registers ------------------------------------------ */

static const unsigned long worst[] = { 16, 0xc0100000, 0xfffff000, 0xfffffffc };

/* The first part may be done before the second turns out to be bad. */
static void vectors(unsigned long addr)
{
	struct iovec bad_first[2] = { { (void *)addr, 8 }, { scratch[0], 8 } };
	struct iovec bad_second[2] = { { scratch[0], 8 }, { (void *)addr, 8 } };
	static const int calls_of_vectors[] = { SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev };

	for (size_t i = 0; i < COUNT(calls_of_vectors); i++) {
		long ret;

		lseek(FILE_FD, 0, SEEK_SET);
		expect_errno(syscall(calls_of_vectors[i], FILE_FD, bad_first, 2, 0, 0), EFAULT);
		expect_eq(lseek(FILE_FD, 0, SEEK_SET), 0);
		errno = 0;
		ret = syscall(calls_of_vectors[i], FILE_FD, bad_second, 2, 0, 0);
		expect(ret == 8 || (ret == -1 && errno == EFAULT));
	}
	expect_errno(syscall(SYS_move_pages, 0, 1, (void *[]){ scratch }, NULL, addr, 0), EFAULT);
}

static void programs(unsigned long addr)
{
	char *bad_words[3] = { (char *)"sh", (char *)addr, NULL };

	expect_errno(syscall(SYS_execve, "/bin/sh", bad_words, words_of_sh), EFAULT);
	expect_errno(syscall(SYS_execve, "/bin/sh", words_of_sh, bad_words), EFAULT);
}

static void sets(unsigned long addr)
{
	unsigned long mask[2] = { addr, 8 }, args[5] = { 32, addr, 0, 0, 0 };
	struct timespec now = { 0, 0 };

	expect_errno(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &now, mask), EFAULT);
	expect_errno(syscall(SYS_select, args), EFAULT);
}

/* A bad address for the child's number is no reason to have no child; a bad TLS area is. */
static void children(unsigned long addr)
{
	const unsigned long flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	int status;
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, addr, 0, addr);

	if (!pid)
		_exit(7);
	expect(pid > 0);
	expect(waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	expect_errno(syscall(SYS_clone, CLONE_SETTLS | SIGCHLD, 0, 0, addr, 0), EFAULT);
}

/* A child whose stack is at @addr calls @nr, or gets a signal for which it has a handler. */
static void bad_stacks(unsigned long addr)
{
	static const int numbers[] = { SYS_sigreturn, SYS_rt_sigreturn, SYS_getpid };
	struct sigaction sa = { .sa_handler = (void (*)(int))abort };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		int status;
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid) {
			sigaction(SIGALRM, &sa, NULL);
			if (numbers[i] == SYS_getpid)
				setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 1000 } },
					  NULL);
			asm volatile("movl %1, %%esp; int $0x80; 1: jmp 1b"
				     : : "a"(numbers[i]), "r"(addr) : "memory");
		}
		must(waitpid(pid, &status, 0) == pid);
		expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	}
}

static void inside(void)
{
	for (size_t i = 0; i < COUNT(worst); i++) {
		vectors(worst[i]);
		programs(worst[i]);
		sets(worst[i]);
		children(worst[i]);
		bad_stacks(worst[i]);
		lseek(FILE_FD, 0, SEEK_SET);
		expect_unchanged("pointers inside", 0, "");
	}
}

/* ---- the ground ------------------------------------------------------------------------------- */

static void open_as(int fd, const char *name, int flags)
{
	int now = open(name, flags, 0600);

	if (now >= 0) {
		must(dup2(now, fd) == fd);
		close(now);
	}
}

static void prepare(void)
{
	const struct rlimit no_core = { 0, 0 };
	int pipes[2], pidfd, timer = -1;
	unsigned int gs;

	signal(SIGTTOU, SIG_IGN);
	must(setrlimit(RLIMIT_CORE, &no_core) == 0);
	if (setgroups(2, (gid_t[]){ 1, 2 }))
		skip("needs root");
	umask(022);
	sigaddset((sigset_t *)memset(&before.mask, 0, sizeof(before.mask)), SIGUSR1);
	sigprocmask(SIG_BLOCK, &before.mask, NULL);
	must(symlink("target-of-the-link", "link") == 0 && mkdir("dir", 0700) == 0);
	open_as(FILE_FD, "file", O_CREAT | O_RDWR);
	must(write(FILE_FD, scratch, FILE_SIZE) == FILE_SIZE);
	open_as(DIR_FD, ".", O_RDONLY | O_DIRECTORY);
	open_as(NULL_FD, "/dev/null", O_RDWR);
	open_as(ZERO_FD, "/dev/zero", O_RDONLY);
	open_as(PROC_FD, "/proc/self/maps", O_RDONLY);
	open_as(RANDOM_FD, "/dev/urandom", O_RDONLY);
	open_as(TTY_FD, on_octavo ? "/dev/console" : "/dev/ptmx", O_RDWR | O_NOCTTY);
	pidfd = (int)syscall(434 /* pidfd_open */, getpid(), 0);
	must(pidfd >= 0 && dup2(pidfd, SELF_FD) == SELF_FD);
	close(pidfd);
	must(pipe2(pipes, O_NONBLOCK) == 0);
	must(dup2(pipes[0], PIPE_IN) == PIPE_IN && dup2(pipes[1], PIPE_OUT) == PIPE_OUT);
	close(pipes[0]);
	close(pipes[1]);
	must(write(PIPE_OUT, some_bytes, 8) == 8);
	/* Number 0, on which the rows count. */
	must(syscall(SYS_timer_create, CLOCK_MONOTONIC, timer_event, &timer) == 0 && timer == 0);
	pselect_mask[0] = (unsigned int)(unsigned long)zero_words;
	asm("movl %%gs, %0" : "=r"(gs));
	own_area.entry_number = (gs & 0xffff) >> 3;
}

int main(void)
{
	on_octavo = access("/proc/self/translate", F_OK) == 0;
	test_tmpdir();
	prepare();
	make_areas();
	lseek(FILE_FD, 0, SEEK_SET);
	look(&before);
	attack_rows(fs_rows, COUNT(fs_rows));
	attack_rows(proc_rows, COUNT(proc_rows));
	inside();
	printf("%lu calls\n", calls);
	return test_result();
}
