/* host-test: */
/*
 * tests/host/fault_class_test.c - classify_fault() over all its inputs.
 *
 * The function is compared with the table in its header, written down here a
 * second time as a list of rules, for every kind of entry, area and access.
 */
#include "host.h"

#include <mm/space/fault_class.h>

static const u32 entries[] = {
	0,					/* empty */
	0x1000 | FAULT_PTE_PRESENT,		/* read-only */
	0x1000 | FAULT_PTE_PRESENT | FAULT_PTE_WRITE,
	0x1000 | FAULT_PTE_PROTNONE,
	0x1000 | FAULT_PTE_PROTNONE | FAULT_PTE_WRITE,
	0x0200,					/* a swap entry: offset 1, type 0 */
	0x7c,					/* a swap entry: offset 0, type 31 */
};

static int present(u32 entry)
{
	return entry & (FAULT_PTE_PRESENT | FAULT_PTE_PROTNONE);
}

static enum fault_class by_the_table(u32 entry, int file, int shared, int write)
{
	if (entry && !present(entry))
		return FAULT_SWAP;
	if (entry)
		return write && !(entry & FAULT_PTE_WRITE) ? FAULT_WP : FAULT_SPURIOUS;
	if (file)
		return write && !shared ? FAULT_COWF : FAULT_FILE;
	return write ? FAULT_ANON : FAULT_ZERO;
}

/* Every entry, area and access. */
HOST_TEST(all_inputs)
{
	for (unsigned int i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		for (int bits = 0; bits < 8; bits++)
			CHECK(classify_fault(entries[i], bits & 1, bits & 2, bits & 4) ==
			      by_the_table(entries[i], bits & 1, bits & 2, bits & 4));
}

/* The seven classes by example, so that a change of both tables does not go unseen. */
HOST_TEST(examples)
{
	CHECK(classify_fault(0, false, false, false) == FAULT_ZERO);
	CHECK(classify_fault(0, false, false, true) == FAULT_ANON);
	CHECK(classify_fault(0, true, false, false) == FAULT_FILE);
	CHECK(classify_fault(0, true, true, true) == FAULT_FILE);
	CHECK(classify_fault(0, true, false, true) == FAULT_COWF);
	CHECK(classify_fault(0x0200, false, false, true) == FAULT_SWAP);
	CHECK(classify_fault(0x1001, false, false, true) == FAULT_WP);
	CHECK(classify_fault(0x1003, false, false, true) == FAULT_SPURIOUS);
	CHECK(classify_fault(0x1001, false, false, false) == FAULT_SPURIOUS);
}

HOST_MAIN(all_inputs, examples)
