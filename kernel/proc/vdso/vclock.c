/*
 * kernel/proc/vdso/vclock.c - what time it is, without entering the kernel.
 *
 * These functions run in ring 3, in whatever program called them.  The page that
 * time.c keeps up to date lies below the code; the TSC says how long ago that was.
 * Clocks that are not kept there, and all of them without a TSC, cost a system call.
 *
 * The seconds of both clocks are stored apart from the nanoseconds, so that no
 * division is needed: i386 has none of 64 bits.
 *
 * Locking: none, see kernel/core/vdso_data.h.  x86 keeps loads in order and stores
 * in order; the compiler is held by barriers.
 */
#include <kernel/core/vdso_data.h>

#define CLOCK_REALTIME		0
#define CLOCK_MONOTONIC		1
#define CLOCK_MONOTONIC_RAW	4
#define CLOCK_REALTIME_COARSE	5
#define CLOCK_MONOTONIC_COARSE	6
#define CLOCK_BOOTTIME		7
#define REAL_CLOCKS	(1u << CLOCK_REALTIME | 1u << CLOCK_REALTIME_COARSE)
#define COARSE_CLOCKS	(1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_MONOTONIC_COARSE)
#define KNOWN_CLOCKS	(REAL_CLOCKS | COARSE_CLOCKS | 1u << CLOCK_MONOTONIC | \
			 1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_BOOTTIME)

#define __NR_time		13
#define __NR_gettimeofday	78
#define __NR_clock_gettime	265
#define __NR_clock_getres	266
#define __NR_clock_gettime64	403

#define NSEC_PER_SEC	1000000000u
#define Y2038		0x7fffffff

struct timespec32 { s32 tv_sec, tv_nsec; };
struct timespec64 { s64 tv_sec, tv_nsec; };
struct timeval32 { s32 tv_sec, tv_usec; };
struct timezone { int tz_minuteswest, tz_dsttime; };

int __vdso_clock_gettime(int clock, struct timespec32 *ts);
int __vdso_clock_gettime64(int clock, struct timespec64 *ts);
int __vdso_clock_getres(int clock, struct timespec32 *res);
int __vdso_gettimeofday(struct timeval32 *tv, struct timezone *tz);
s32 __vdso_time(s32 *t);

/* The page below ours: vdso.lds. */
extern const struct vdso_data vdso_vvar __attribute__((visibility("hidden")));

static int ask_kernel(int call, int a, void *b)
{
	int ret;

	asm volatile("int $0x80" : "=a"(ret) : "0"(call), "b"(a), "c"(b) : "memory");
	return ret;
}

static u64 nsec_since(const struct vdso_data *data)
{
	u64 now, cycles;

	if (data->lfence)
		asm volatile("lfence" : : : "memory");
	asm volatile("rdtsc" : "=A"(now));
	cycles = now - *(volatile const u64 *)&data->cycles;
	/* Another processor's counter may lag behind the one that was read at the tick. */
	if ((s64)cycles < 0)
		return 0;
	return cycles * data->mult >> VDSO_CLOCK_SHIFT;
}

/* => 1 and *now, or 0: ask the kernel */
static noinline int read_clock(unsigned int clock, struct vdso_time *now)
{
	const struct vdso_data *data = &vdso_vvar;
	unsigned int bit = clock < 32 ? 1u << clock : 0;
	const struct vdso_time *base = bit & REAL_CLOCKS ? &data->real : &data->monotonic;
	u64 nsec;
	u32 seq;

	if (!(bit & KNOWN_CLOCKS) || !data->mult)
		return 0;
	do {
		do {
			seq = *(volatile const u32 *)&data->seq;
		} while (seq & 1);
		barrier();
		now->sec = base->sec;
		nsec = base->nsec;
		if (!(bit & COARSE_CLOCKS))
			nsec += nsec_since(data);
		barrier();
	} while (seq != *(volatile const u32 *)&data->seq);
	while (nsec >= NSEC_PER_SEC) {
		nsec -= NSEC_PER_SEC;
		now->sec++;
	}
	now->nsec = (u32)nsec;
	return 1;
}

int __vdso_clock_gettime64(int clock, struct timespec64 *ts)
{
	struct vdso_time now;

	if (!read_clock((unsigned int)clock, &now))
		return ask_kernel(__NR_clock_gettime64, clock, ts);
	ts->tv_sec = now.sec;
	ts->tv_nsec = now.nsec;
	return 0;
}

int __vdso_clock_gettime(int clock, struct timespec32 *ts)
{
	struct vdso_time now;

	if (!read_clock((unsigned int)clock, &now) || now.sec > Y2038)
		return ask_kernel(__NR_clock_gettime, clock, ts);
	ts->tv_sec = (s32)now.sec;
	ts->tv_nsec = (s32)now.nsec;
	return 0;
}

int __vdso_clock_getres(int clock, struct timespec32 *res)
{
	unsigned int bit = (unsigned int)clock < 32 ? 1u << clock : 0;

	if (!(bit & KNOWN_CLOCKS) || !vdso_vvar.mult)
		return ask_kernel(__NR_clock_getres, clock, res);
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = bit & COARSE_CLOCKS ? (s32)vdso_vvar.tick_nsec : 1;
	}
	return 0;
}

int __vdso_gettimeofday(struct timeval32 *tv, struct timezone *tz)
{
	struct vdso_time now;

	if (tz || !tv || !read_clock(CLOCK_REALTIME, &now) || now.sec > Y2038)
		return ask_kernel(__NR_gettimeofday, (int)(long)tv, tz);
	tv->tv_sec = (s32)now.sec;
	tv->tv_usec = (s32)(now.nsec / 1000);
	return 0;
}

s32 __vdso_time(s32 *t)
{
	struct vdso_time now;

	if (!read_clock(CLOCK_REALTIME, &now) || now.sec > Y2038)
		return ask_kernel(__NR_time, (int)(long)t, 0);
	if (t)
		*t = (s32)now.sec;
	return (s32)now.sec;
}
