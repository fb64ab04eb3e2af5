/*
 * fuzz_syscalls - 100,000 calls with hostile arguments; the kernel must not care.
 *
 * Each round a child makes a batch of random calls: random number (but for those that end or
 * stop the machine, the tty or other processes), arguments from a list of nasty values and of
 * pointers into every kind of memory.  What the calls return does not matter.  Whatever becomes
 * of the child (it may unmap itself), the parent must go on, and at the end plain things must
 * still work.  Files that come into being do so in a folder of the test's own, which goes.
 * usage: fuzz_syscalls [SEED [CALLS]]
 */
#include <tests/user/mm.h>

#include <ftw.h>
#include <sys/stat.h>

#define BATCH	200

static uint32_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Calls that would stop the test and not the kernel, or reach outside of it. */
static const short forbidden[] = {
	SYS_exit, SYS_exit_group, SYS_reboot, SYS_kill, SYS_tkill, SYS_tgkill, SYS_fork, SYS_vfork,
	SYS_clone, 435 /* clone3 */, SYS_pause, SYS_rt_sigsuspend, SYS_sigsuspend, SYS_wait4,
	SYS_waitpid, SYS_waitid, SYS_ptrace, SYS_mount, SYS_umount, SYS_umount2, SYS_pivot_root,
	SYS_chroot, SYS_vhangup, SYS_setsid, SYS_nanosleep, SYS_clock_nanosleep, 407, SYS_poll,
	SYS_ppoll, SYS_select, SYS__newselect, SYS_pselect6, 413, 414, SYS_futex, 422,
	SYS_rt_sigtimedwait, 421, SYS_unlink, SYS_unlinkat, SYS_rmdir, SYS_rename, SYS_renameat,
	353 /* renameat2 */, SYS_truncate, SYS_truncate64, SYS_settimeofday, SYS_stime,
	SYS_clock_settime, 404, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_swapon,
	SYS_swapoff, SYS_init_module, SYS_delete_module, 350, SYS_kexec_load, SYS_iopl, SYS_ioperm,
	SYS_vm86, SYS_vm86old, SYS_rt_sigqueueinfo, 335 /* rt_tgsigqueueinfo */, SYS_alarm,
	SYS_setpriority, SYS_nice, SYS_mlockall, SYS_sched_setscheduler, SYS_sched_setparam,
	SYS_ioprio_set, SYS_prlimit64, SYS_setrlimit, SYS_sync, 344 /* syncfs */, SYS_syslog,
	SYS_chmod, SYS_fchmodat, SYS_chown, SYS_chown32, SYS_lchown, SYS_lchown32, SYS_fchownat,
	SYS_bdflush, SYS_quotactl, SYS_acct, SYS_process_vm_writev, SYS_unshare, SYS_setns,
	SYS_execve, 358 /* execveat */, SYS_kcmp, 424 /* pidfd_send_signal */, 440, 448,
	SYS_keyctl, SYS_add_key, SYS_request_key, SYS_open_by_handle_at, SYS_sigreturn,
	SYS_rt_sigreturn, SYS_prctl, SYS_personality, 357 /* bpf */, 336 /* perf_event_open */,
	SYS_setuid, SYS_setuid32, SYS_setgid, SYS_setgid32, SYS_setreuid32, SYS_setregid32,
	SYS_seccomp, SYS_fanotify_init, SYS_epoll_wait, SYS_epoll_pwait, 441, SYS_io_getevents,
	SYS_msgrcv, SYS_ipc, SYS_socketcall, SYS_mq_timedreceive, 425, 426, 427,
	428, 429, 430, 431, 432, 433, 442, SYS_mknod, SYS_mknodat, SYS_symlink, SYS_symlinkat,
	SYS_link, SYS_linkat,
	SYS_sched_setaffinity, 351 /* sched_setattr */, SYS_migrate_pages, SYS_move_pages,
	SYS_setpgid,
};

static int is_forbidden(int nr)
{
	for (unsigned int i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (forbidden[i] == nr)
			return 1;
	return 0;
}

static char *readable, *writable, *edge;
static volatile unsigned long *made;		/* calls, in memory shared with the children */
static char path[] = ".";

static unsigned long argument(void)
{
	static const uint32_t nasty[] = {
		0, 1, 2, 3, 4, 7, 8, 0xff, 0x100, 4095, 4096, 4097, 0x7fff, 0x8000, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0x80000001, 0xbffff000, 0xbfffffff, 0xc0000000, 0xc0100000,
		0xf8000000, 0xfffff000, 0xfffffff0, 0xfffffffe, 0xffffffff, 0xffffff9c, 0xdeadbeef,
	};

	switch (rnd() % 10) {
	case 0:
		return (unsigned long)readable + rnd() % PAGE;
	case 1:
	case 2:
		return (unsigned long)writable + (rnd() % PAGE & ~3u);
	case 3:
		return (unsigned long)edge - rnd() % 64;
	case 4:
		return (unsigned long)path;
	case 5:
		return rnd() % 64;
	case 6:
		return rnd();
	default:
		return nasty[rnd() % (sizeof(nasty) / sizeof(nasty[0]))];
	}
}

/* A child with a limited life and memory of all kinds. */
static void batch(void)
{
	struct rlimit as = { 256 << 20, 256 << 20 }, cpu = { 20, 20 };
	unsigned int i;
	int nr;

	/* A superuser's nonsense is for the kernel under test only, not for the oracle's machine. */
	if (access("/proc/self/translate", F_OK) != 0)
		must(syscall(SYS_setresuid32, 65534, 65534, 65534) == 0);
	setrlimit(RLIMIT_AS, &as);
	setrlimit(RLIMIT_CPU, &cpu);
	alarm(20);
	for (i = 0; i < BATCH; i++) {
		do
			nr = (int)(rnd() % 450);
		while (is_forbidden(nr));
		/* Let what the call reads be nonsense too. */
		((uint32_t *)writable)[rnd() % 1024] = (uint32_t)argument();
		++*made;
		syscall(nr, argument(), argument(), argument(), argument(), argument(), argument());
	}
	_exit(0);
}

/* Memory, files and processes still do what they should. */
static void still_alive(void)
{
	char *p = map_anon(16 * PAGE, PROT_READ | PROT_WRITE), buf[8];
	int fd = temp_file(2), i;

	for (i = 0; i < 16; i++)
		expect_eq(p[i * PAGE]++, 0);
	expect_eq(pread(fd, buf, 8, PAGE), 8);
	expect_eq(buf[0], 'b');
	expect(getppid() > 0);
}

/* What the children made goes, whatever its name is. */
static int remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(name);
}

int main(int argc, char **argv)
{
	unsigned long calls = argc > 2 ? strtoul(argv[2], NULL, 0) : 100000;
	uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : test_seed(1);
	int devnull = open("/dev/null", O_RDWR), status;
	char playground[] = "/tmp/octavo-fuzz-XXXXXX";
	uint32_t round;

	must(devnull >= 0);
	must(mkdtemp(playground) && chmod(playground, 0777) == 0 && chdir(playground) == 0);
	/* The children own the shell's group no more, and print nowhere. */
	setpgid(0, 0);
	/* First, and so not in the hole that will be behind edge. */
	made = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(made != MAP_FAILED);
	readable = map_anon(2 * PAGE, PROT_READ);
	writable = map_anon(2 * PAGE, PROT_READ | PROT_WRITE);
	edge = map_anon(2 * PAGE, PROT_READ | PROT_WRITE) + PAGE;
	must(munmap(edge, PAGE) == 0);
	/* A child may end itself early; a round without a single call would be our own mistake. */
	for (round = 0; *made < calls; round++) {
		unsigned long before = *made;
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid) {
			state = (seed * 2654435761u ^ round * 2246822519u) | 1;
			dup2(devnull, 0);
			dup2(devnull, 1);
			dup2(devnull, 2);
			batch();
		}
		must(waitpid(pid, &status, 0) == pid);
		must(*made > before);
	}
	printf("%lu calls by %u children\n", *made, (unsigned int)round);
	expect_eq(in_child(still_alive), 0);
	expect(chdir("/") == 0);
	expect(nftw(playground, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
	return test_result();
}
