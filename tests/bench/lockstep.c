/*
 * tests/bench/lockstep.c - a plugin for QEMU: several processors at the same speed, counted.
 *
 * Theory.  QEMU runs each processor of the guest in a thread of the host, as fast as
 * the host lets it: on a host with fewer processors one that holds a lock stands
 * still for milliseconds while others spin, and no count means anything.  With
 * -icount all processors take turns in one thread, long ones, and locks are hardly
 * ever contended.  Here a processor that is QUANTUM instructions ahead of the
 * slowest one that runs waits for it.  So each executes one instruction while any
 * other does, up to QUANTUM, whatever the host has; a halted processor is not
 * waited for, and gets the time of the others when it wakes.
 *
 * What is counted is every instruction that was executed, spinning included, `rep`
 * instructions once per element.  The guest marks what it wants counted by two
 * instructions that do nothing and that compilers do not make:
 *
 *	xchg %ebx, %ebx		count from here on
 *	xchg %edx, %edx		... on this processor to here
 *	xchg %ecx, %ecx		... to here: one line goes to the file
 *
 * Each line has the sum, the time that passed (in instructions of a processor that
 * never halts) and the count of each processor.  A wait is cut off after PATIENCE,
 * as QEMU sometimes wants all its threads to leave the guest: the last column counts
 * such waits, which should be few.
 *
 * The declarations stand for QEMU's qemu-plugin.h (interface version 1), which
 * distributions do not install.
 *
 * usage: qemu-system-i386 -smp 4 -plugin lockstep.so,out=FILE
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUANTUM		32
#define PATIENCE	20000000	/* ns */
#define MAX_CPUS	32

/* ---- the interface of QEMU 4.2 and later ----------------------------------------------------- */

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info {
	const char *target_name;
	struct { int min, cur; } version;
	bool system_emulation;
	struct { int smp_vcpus, max_vcpus; } system;
};

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_idle_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, unsigned int));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int, void *), int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

/* ---- the processors -------------------------------------------------------------------------- */

/* Written by its own thread alone, but for the marks. */
static struct cpu {
	_Alignas(64) volatile uint64_t clock;	/* its time */
	volatile uint64_t count;		/* instructions it has executed */
	volatile bool runs;
	uint64_t limit;				/* the slowest one's clock, when last looked at, + QUANTUM */
	uint64_t marked;			/* count at the first mark */
	uint64_t done;				/* ... at the second, or 0 */
} cpus[MAX_CPUS];
static uint64_t clock_marked;
static volatile uint64_t cut_off;		/* waits that were */
static int nr_cpus;
static FILE *out;

static uint64_t slowest(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < nr_cpus; i++)
		if (cpus[i].runs && cpus[i].clock < least)
			least = cpus[i].clock;
	return least;
}

static uint64_t fastest(void)
{
	uint64_t most = 0;

	for (int i = 0; i < nr_cpus; i++)
		if (cpus[i].clock > most)
			most = cpus[i].clock;
	return most;
}

static uint64_t nanoseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void wait_for_others(struct cpu *cpu)
{
	uint64_t start = 0;

	while (cpu->clock >= (cpu->limit = slowest() + QUANTUM)) {
		sched_yield();
		if (!start) {
			start = nanoseconds();
		} else if (nanoseconds() - start > PATIENCE) {
			__atomic_add_fetch(&cut_off, 1, __ATOMIC_RELAXED);
			cpu->limit = cpu->clock + QUANTUM;
			return;
		}
	}
}

static void executed(unsigned int index, void *data)
{
	struct cpu *cpu = &cpus[index];

	if (!cpu->runs) {
		cpu->clock = fastest();
		cpu->limit = cpu->clock + QUANTUM;
		cpu->runs = true;
	}
	cpu->count++;
	if (++cpu->clock >= cpu->limit)
		wait_for_others(cpu);
}

static void halted(qemu_plugin_id_t id, unsigned int index)
{
	cpus[index].runs = false;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void begin(unsigned int index, void *data)
{
	for (int i = 0; i < nr_cpus; i++) {
		cpus[i].marked = cpus[i].count;
		cpus[i].done = 0;
	}
	clock_marked = cpus[index].clock;
	cut_off = 0;
}

static void done(unsigned int index, void *data)
{
	cpus[index].done = cpus[index].count;
}

/* What a processor has executed between the marks. */
static uint64_t between(const struct cpu *cpu)
{
	return (cpu->done ? cpu->done : cpu->count) - cpu->marked;
}

static void end(unsigned int index, void *data)
{
	uint64_t sum = 0;

	for (int i = 0; i < nr_cpus; i++)
		sum += between(&cpus[i]);
	fprintf(out, "%llu %llu", (unsigned long long)sum,
		(unsigned long long)(cpus[index].clock - clock_marked));
	for (int i = 0; i < nr_cpus; i++)
		fprintf(out, " %llu", (unsigned long long)between(&cpus[i]));
	fprintf(out, " %llu\n", (unsigned long long)cut_off);
	fflush(out);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const unsigned char *bytes = qemu_plugin_insn_data(insn);

		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0, NULL);
		if (qemu_plugin_insn_size(insn) != 2 || bytes[0] != 0x87)
			continue;
		if (bytes[1] == 0xdb)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, 0, NULL);
		else if (bytes[1] == 0xd2)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, done, 0, NULL);
		else if (bytes[1] == 0xc9)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, 0, NULL);
	}
}

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
							       const struct qemu_info *info, int argc,
							       char **argv)
{
	nr_cpus = info->system.smp_vcpus;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!info->system_emulation || !out || nr_cpus > MAX_CPUS) {
		fprintf(stderr, "lockstep: -plugin lockstep.so,out=FILE, with up to %d processors\n", MAX_CPUS);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_vcpu_idle_cb(id, halted);
	return 0;
}
