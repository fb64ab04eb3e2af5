/*
 * tests/kernel/mm/phys/memblock_test.c - range arithmetic of the boot allocator.
 *
 * All on an array of the test's own, so the machine's ranges are left alone; the
 * random test compares with a bitmap of one bit for each unit of 4K.
 */
#include <kernel/core/ktest.h>
#include <lib/bitmap.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/memblock.h>
#include <mm/types/page.h>

static struct memblock_type type;

static void expect_regions(struct ktest *t, unsigned int cnt, const phys_addr_t *want)
{
	unsigned int i;

	KASSERT_EQ(t, memblock_check(&type), 0);
	KASSERT_EQ(t, type.cnt, cnt);
	for (i = 0; i < cnt; i++) {
		KEXPECT_EQ(t, type.regions[i].base, want[2 * i]);
		KEXPECT_EQ(t, type.regions[i].size, want[2 * i + 1]);
	}
}

/* Ranges in any order become sorted; touching and overlapping ones become one. */
KTEST(memblock, add_merges)
{
	static const phys_addr_t apart[] = { 0x1000, 0x1000, 0x4000, 0x1000, 0x8000, 0x2000 };
	static const phys_addr_t touching[] = { 0x1000, 0x4000, 0x8000, 0x2000 };
	static const phys_addr_t all[] = { 0x0, 0xb000 };

	memset(&type, 0, sizeof(type));
	memblock_add_range(&type, 0x8000, 0x2000);
	memblock_add_range(&type, 0x1000, 0x1000);
	memblock_add_range(&type, 0x4000, 0x1000);
	expect_regions(t, 3, apart);
	memblock_add_range(&type, 0x8000, 0x1000);	/* inside another: nothing new */
	expect_regions(t, 3, apart);
	memblock_add_range(&type, 0x2000, 0x2000);	/* touches both sides */
	expect_regions(t, 2, touching);
	memblock_add_range(&type, 0x0, 0xb000);		/* swallows all */
	expect_regions(t, 1, all);
	memblock_add_range(&type, 0x2000, 0);		/* empty: nothing */
	expect_regions(t, 1, all);
}

/* Cutting out shortens, drops, and makes two of one. */
KTEST(memblock, remove_cuts)
{
	static const phys_addr_t two[] = { 0x1000, 0x2000, 0x6000, 0x4000 };
	static const phys_addr_t ends[] = { 0x1000, 0x1000, 0x7000, 0x3000 };

	memset(&type, 0, sizeof(type));
	memblock_add_range(&type, 0x1000, 0x9000);
	memblock_remove_range(&type, 0x3000, 0x3000);
	expect_regions(t, 2, two);
	memblock_remove_range(&type, 0x2000, 0x5000);
	expect_regions(t, 2, ends);
	memblock_remove_range(&type, 0x0, 0x1000000);
	KEXPECT_EQ(t, type.cnt, 0u);
}

/* A full array refuses another range and stays sound. */
KTEST(memblock, full)
{
	unsigned int i;

	memset(&type, 0, sizeof(type));
	for (i = 0; i < MEMBLOCK_REGIONS; i++)
		KASSERT_EQ(t, memblock_add_range(&type, 0x10000 * i, 0x1000), 0);
	KEXPECT(t, memblock_add_range(&type, 0x10000 * i, 0x1000) != 0);
	KEXPECT_EQ(t, memblock_check(&type), 0);
	KEXPECT_EQ(t, memblock_add_range(&type, 0x1000, 0x1000), 0);
	KEXPECT_EQ(t, type.cnt, (unsigned int)MEMBLOCK_REGIONS);
}

#define UNITS	512
static DECLARE_BITMAP(model, UNITS);

static bool model_agrees(void)
{
	unsigned int unit, i = 0;

	for (unit = 0; unit < UNITS; unit++) {
		phys_addr_t addr = unit * 0x1000;
		bool inside;

		while (i < type.cnt && type.regions[i].base + type.regions[i].size <= addr)
			i++;
		inside = i < type.cnt && type.regions[i].base <= addr;
		if (inside != !!test_bit(unit, model))
			return false;
	}
	return true;
}

/* 20,000 random additions and removals against a bitmap. */
KTEST(memblock, random)
{
	struct rnd_state rnd;
	unsigned int step, i;

	memset(&type, 0, sizeof(type));
	memset(model, 0, sizeof(model));
	prandom_seed(&rnd, ktest_seed(20));
	for (step = 0; step < 20000; step++) {
		unsigned int from = prandom_below(&rnd, UNITS);
		unsigned int len = prandom_below(&rnd, step % 16 ? 8 : 96);
		bool add = prandom_below(&rnd, 2);

		if (from + len > UNITS)
			len = UNITS - from;
		if (type.cnt > MEMBLOCK_REGIONS - 2)
			add = false, from = 0, len = UNITS / 2;
		for (i = from; i < from + len; i++)
			add ? __set_bit(i, model) : __clear_bit(i, model);
		if (add)
			KASSERT_EQ(t, memblock_add_range(&type, from * 0x1000, len * 0x1000), 0);
		else
			KASSERT_EQ(t, memblock_remove_range(&type, from * 0x1000, len * 0x1000), 0);
		KASSERT_EQ(t, memblock_check(&type), 0);
		if (step % 16 == 0)
			KASSERT(t, model_agrees());
	}
}

/* The machine's own arrays: sound, the kernel reserved, RAM where we run. */
KTEST(memblock, machine)
{
	KEXPECT_EQ(t, memblock_check(&memblock.memory), 0);
	KEXPECT_EQ(t, memblock_check(&memblock.reserved), 0);
	KEXPECT(t, memblock_is_reserved(__pa(_stext)));
	KEXPECT(t, memblock_is_reserved(__pa(_end) - 1));
	KEXPECT(t, memblock_is_reserved(page_to_phys(mem_map_frame(0))));
	KEXPECT(t, page_is_ram(PFN_DOWN(__pa(_stext))));
	KEXPECT(t, !page_is_ram(PFN_DOWN(0xb8000)));
	KEXPECT(t, !page_is_ram(max_pfn));
}
