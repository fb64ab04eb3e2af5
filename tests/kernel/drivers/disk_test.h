/*
 * tests/kernel/drivers/disk_test.h - tests that every kind of disk has to pass.
 *
 * They need an empty disk of that kind (scripts/test attaches some), so that nothing that somebody
 * wants to keep is written over: its first sectors must be zero, and are again afterwards.
 */
#ifndef OCTAVO_TESTS_KERNEL_DRIVERS_DISK_TEST_H
#define OCTAVO_TESTS_KERNEL_DRIVERS_DISK_TEST_H

#include <tests/kernel/block/block_test.h>

/* The first empty disk whose name begins with @prefix. => NULL: there is none, @t is skipped */
struct hd_struct *scratch_disk(struct ktest *t, const char *prefix);
/* What tests wrote at its start is zero again. */
void scratch_leave(struct ktest *t, struct hd_struct *part);

void disk_test_patterns(struct ktest *t, const char *prefix);
void disk_test_in_flight(struct ktest *t, const char *prefix);
void disk_test_merged(struct ktest *t, const char *prefix);
void disk_test_ends(struct ktest *t, const char *prefix);
void disk_test_flush(struct ktest *t, const char *prefix);
void disk_test_smp(struct ktest *t, const char *prefix);

/* All of them as tests of @suite. */
#define DISK_TESTS(suite, prefix)							\
	KTEST(suite, patterns) { disk_test_patterns(t, prefix); }			\
	KTEST(suite, in_flight) { disk_test_in_flight(t, prefix); }			\
	KTEST(suite, merged) { disk_test_merged(t, prefix); }				\
	KTEST(suite, ends) { disk_test_ends(t, prefix); }				\
	KTEST(suite, flush) { disk_test_flush(t, prefix); }				\
	KTEST(suite, smp) { disk_test_smp(t, prefix); }

#endif
