/*
 * tests/user/attack_pointers_proc.h - the calls about processes, signals, time, memory and the
 * machine, for attack_pointers.c.
 *
 * untouched: set_tid_address set_robust_list signal reboot flistxattr
 * by hand: clone
 * (The former keep an address, or ignore it, or there is no attribute to tell.)
 */
#ifndef OCTAVO_TESTS_USER_ATTACK_POINTERS_PROC_H
#define OCTAVO_TESTS_USER_ATTACK_POINTERS_PROC_H

#include <asm/ldt.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <time.h>

#include <tests/user/attack_pointers.h>

static void pend_signal(void);
static void make_zombie(void);

static char *words_of_sh[2] = { "sh", NULL };
static struct user_desc new_area = { .entry_number = -1u, .base_addr = 0x1000, .limit = 0xfff,
				     .seg_32bit = 1 };
static struct user_desc own_area;
static int waited_signals[2] = { 1 << (SIGUSR1 - 1) };
static int disabled_stack[3] = { 0, SS_DISABLE, 0 };
static int cpu_one[1] = { 1 };
static unsigned int two_groups[2] = { 1, 2 };
static unsigned long node_zero[32] = { 1 };
static void *one_page[1] = { some_bytes };
static int old_mmap_args[6] = { 0, 4096, 1, 0x22, -1, 0 };
static int queued_info[32] = { SIGUSR2, 0, SI_QUEUE };
static int futex_word[2];
static int timer_event[16] = { 0, SIGUSR2, SIGEV_SIGNAL };
static unsigned long long fork_args[8] = { [4] = SIGCHLD };

#define NOBODY		0x3ffffff	/* a pid that nobody has */
#define MASK		zero_words
#define DEFAULT_ACTION	zero_words

static const struct row proc_rows[] = {
	RP(7, waitpid, make_zombie, V(-1), OUTX(4, OPT | LATE), V(0)),
	RP(114, wait4, make_zombie, V(-1), OUTX(4, OPT | LATE), V(0), OUTX(72, OPT | LATE)),
	RP(284, waitid, make_zombie, V(0), V(0), OUTX(24, OPT | LATE), V(4), OUTX(72, OPT | LATE)),
	R(11, execve, STR("/bin/sh"), INX(words_of_sh, 8, OPT), INX(words_of_sh, 8, OPT)),
	R(13, time, OUTX(4, OPT)),
	R(25, stime, IN(zero_words, 4)),
	R(43, times, OUTX(16, OPT)),
	R(67, sigaction, V(SIGUSR2), INX(DEFAULT_ACTION, 16, OPT), OUTX(16, OPT)),
	R(73, sigpending, OUT(4)),
	R(75, setrlimit, V(RLIMIT_CORE), IN(zero_words, 8)),
	R(76, old_getrlimit, V(RLIMIT_CORE), OUT(8)),
	R(77, getrusage, V(0), OUT(72)),
	R(78, gettimeofday, OUTX(8, OPT), OUTX(8, OPT)),
	R(79, settimeofday, INX(now_times, 8, OPT), INX(zero_words, 8, OPT)),
	R(104, setitimer, V(0), INX(zero_words, 16, OPT), OUTX(16, OPT)),
	R(105, getitimer, V(0), OUT(16)),
	R(126, sigprocmask, V(SIG_BLOCK), INX(MASK, 4, OPT), OUTX(4, OPT)),
	R(155, sched_getparam, V(0), OUTX(4, OPT)),
	R(154, sched_setparam, V(0), INX(zero_words, 4, OPT)),
	R(156, sched_setscheduler, V(0), V(0), INX(zero_words, 4, OPT)),
	R(161, sched_rr_get_interval, V(0), OUT(8)),
	R(351, sched_setattr, V(0), INX(zero_words, 48, OPT), V(0)),
	R(352, sched_getattr, V(0), OUTX(48, OPT), V(48), V(0)),
	R(162, nanosleep, IN(zero_words, 8), V(0)),
	R(172, prctl, V(PR_SET_NAME), STR("attack")),
	R(172, prctl, V(PR_GET_NAME), OUT(16)),
	R(174, rt_sigaction, V(SIGUSR2), INX(DEFAULT_ACTION, 20, OPT), OUTX(20, OPT), V(8)),
	R(175, rt_sigprocmask, V(SIG_BLOCK), INX(MASK, 8, OPT), OUTX(8, OPT), V(8)),
	R(176, rt_sigpending, OUT(8), V(8)),
	RP(177, rt_sigtimedwait, pend_signal, IN(waited_signals, 8), OUTX(128, OPT | LATE),
	   INX(zero_words, 8, OPT), V(8)),
	R(178, rt_sigqueueinfo, V(NOBODY), V(SIGUSR2), IN(queued_info, 128)),
	R(179, rt_sigsuspend, IN(MASK, 8), V(8)),
	R(186, sigaltstack, INX(disabled_stack, 12, OPT), OUTX(12, OPT)),
	R(191, getrlimit, V(RLIMIT_CORE), OUT(8)),
	R(205, getgroups, V(2), OUT(8)),
	R(206, setgroups, V(2), IN(two_groups, 8)),
	R(209, getresuid, OUT(4), OUT(4), OUT(4)),
	R(211, getresgid, OUT(4), OUT(4), OUT(4)),
	R(240, futex, INX(futex_word, 4, WORD), V(FUTEX_WAIT), V(0), INX(zero_words, 8, OPT)),
	R(240, futex, INX(futex_word, 4, WORD), V(FUTEX_WAIT_PRIVATE), V(0), INX(zero_words, 8, OPT)),
	R(240, futex, INX(futex_word, 4, WORD), V(FUTEX_WAKE), V(1)),
	R(240, futex, INX(futex_word, 4, WORD), V(FUTEX_CMP_REQUEUE), V(1), V(1),
	  INX(futex_word, 4, WORD), V(0)),
	R(240, futex, INX(futex_word, 4, WORD), V(FUTEX_WAKE_OP), V(1), V(1),
	  IOX(futex_word, 4, WORD), V(0)),
	R(241, sched_setaffinity, V(0), V(4), IN(cpu_one, 4)),
	R(242, sched_getaffinity, V(0), V(128), OUTX(128, FIRST)),
	R(243, set_thread_area, IN(&new_area, 16)),
	R(244, get_thread_area, IO(&own_area, 16)),
	R(259, timer_create, V(1), INX(timer_event, 64, OPT | FIRST), OUT(4)),
	R(260, timer_settime, V(0), V(0), INX(zero_words, 16, OPT), OUTX(16, OPT)),
	R(261, timer_gettime, V(0), OUT(16)),
	R(264, clock_settime, V(0), IN(now_times, 8)),
	R(265, clock_gettime, V(1), OUT(8)),
	R(266, clock_getres, V(1), OUTX(8, OPT)),
	R(267, clock_nanosleep, V(1), V(0), IN(zero_words, 8), V(0)),
	R(312, get_robust_list, V(0), OUT(4), OUT(4)),
	R(321, signalfd, V(-1), IN(MASK, 8), V(8)),
	R(327, signalfd4, V(-1), IN(MASK, 8), V(8), V(0)),
	R(335, rt_tgsigqueueinfo, V(NOBODY), V(NOBODY), V(SIGUSR2), IN(queued_info, 128)),
	R(340, prlimit64, V(0), V(RLIMIT_CORE), INX(zero_words, 16, OPT), OUTX(16, OPT)),
	R(403, clock_gettime64, V(1), OUT(16)),
	R(404, clock_settime64, V(0), IN(now_times64, 16)),
	R(406, clock_getres_time64, V(1), OUTX(16, OPT)),
	R(407, clock_nanosleep_time64, V(1), V(0), IN(zero_words, 16), V(0)),
	R(408, timer_gettime64, V(0), OUT(32)),
	R(409, timer_settime64, V(0), V(0), INX(zero_words, 32, OPT), OUTX(32, OPT)),
	RP(421, rt_sigtimedwait_time64, pend_signal, IN(waited_signals, 8), OUTX(128, OPT | LATE),
	   INX(zero_words, 16, OPT), V(8)),
	R(422, futex_time64, INX(futex_word, 4, WORD), V(FUTEX_WAIT), V(0), INX(zero_words, 16, OPT)),

	R(424, pidfd_send_signal, V(SELF_FD), V(SIGUSR2), INX(queued_info, 128, OPT), V(0)),
	R(435, clone3, IN(fork_args, 64), V(64)),

	/* memory */
	R(90, mmap, IN(old_mmap_args, 24)),
	R(218, mincore, V(scratch), V(8192), OUT(2)),
	R(274, mbind, V(scratch), V(4096), V(2), INX(node_zero, 128, OPT), V(1024), V(0)),
	R(275, get_mempolicy, OUTX(4, OPT), OUTX(128, OPT), V(1024), V(0), V(0)),
	R(276, set_mempolicy, V(2), INX(node_zero, 128, OPT), V(1024)),
	R(317, move_pages, V(0), V(1), IN(one_page, 4), INX(zero_words, 4, OPT), OUT(4), V(2)),

	/* the machine */
	R(59, oldolduname, OUT(45)),
	R(74, sethostname, IN(some_bytes, 8), V(8)),
	R(103, syslog, V(3), OUTX(4096, WHOLE | OPT), V(4096)),
	R(109, olduname, OUT(325)),
	R(116, sysinfo, OUT(64)),
	R(121, setdomainname, IN(some_bytes, 8), V(8)),
	R(122, newuname, OUT(390)),
	R(318, getcpu, OUTX(4, OPT), OUTX(4, OPT), V(0)),
	R(355, getrandom, OUTX(64, PART), V(64), V(0)),
};

#endif
