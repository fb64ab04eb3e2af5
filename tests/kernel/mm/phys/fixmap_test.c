/*
 * tests/kernel/mm/phys/fixmap_test.c - compile-time addresses, and the page that is never there.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/ktest.h>
#include <lib/err.h>
#include <mm/phys/fixmap.h>
#include <mm/phys/page_alloc.h>

static bool mapped(unsigned long addr)
{
	char c;

	return probe_kernel_read(&c, (void *)addr, 1) == 0;
}

/* Index and address translate both ways; the range is where the layout says. */
KTEST(fixmap, addresses)
{
	unsigned int i;

	KEXPECT_EQ(t, fix_to_virt(FIX_DEBUG), 0xffffe000ul);
	for (i = 0; i < __end_of_fixed_addresses; i++)
		KEXPECT_EQ(t, virt_to_fix(__fix_to_virt(i)), i);
	KEXPECT_EQ(t, __fix_to_virt(__end_of_fixed_addresses - 1), FIXADDR_START);
	KEXPECT(t, FIXADDR_START > PKMAP_BASE + LAST_PKMAP * PAGE_SIZE);
}

/* No pointer that is an error number can be followed. */
KTEST(fixmap, last_page_is_a_hole)
{
	KEXPECT(t, pte_none(*fixmap_pte(FIX_HOLE)));
	KEXPECT(t, !mapped(0xfffff000ul));
	KEXPECT(t, !mapped((unsigned long)ERR_PTR(-1)));
	KEXPECT(t, !mapped((unsigned long)ERR_PTR(-4095)));
}

/* A slot shows the frame that was set last, and nothing after it was cleared. */
KTEST(fixmap, set_and_clear)
{
	unsigned long a = __get_free_page(GFP_KERNEL), b = __get_free_page(GFP_KERNEL);
	volatile unsigned long *slot = (volatile unsigned long *)fix_to_virt(FIX_DEBUG);

	KASSERT(t, a && b);
	*(unsigned long *)a = 1;
	*(unsigned long *)b = 2;
	KEXPECT(t, !mapped((unsigned long)slot));
	set_fixmap(FIX_DEBUG, __pa(a));
	KEXPECT_EQ(t, *slot, 1ul);
	set_fixmap(FIX_DEBUG, __pa(b));
	KEXPECT_EQ(t, *slot, 2ul);
	*slot = 3;
	KEXPECT_EQ(t, *(unsigned long *)b, 3ul);
	set_fixmap_nocache(FIX_DEBUG, __pa(a));
	KEXPECT(t, pte_val(*fixmap_pte(FIX_DEBUG)) & _PAGE_PCD);
	KEXPECT_EQ(t, *slot, 1ul);
	clear_fixmap(FIX_DEBUG);
	KEXPECT(t, !mapped((unsigned long)slot));
	free_page(a);
	free_page(b);
}
