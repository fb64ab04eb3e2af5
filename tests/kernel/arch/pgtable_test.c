/*
 * tests/kernel/arch/pgtable_test.c - entries of page tables, read while they change.
 *
 * One processor makes an entry and takes it away, again and again; the others look at it as the
 * hardware does, in one step, and as code without the lock does.  Nobody may ever see half of one.
 */
#include <kernel/arch/pgtable.h>
#include <tests/kernel/mm/torture.h>

#define ROUNDS		1000000u
#define LOW_FRAME_MASK	((1ul << (32 - PAGE_SHIFT)) - 1)

static pte_t watched __aligned(8);
static volatile bool over;

/* An entry whose two halves can be told to belong together, different for each @n. */
static pte_t entry_of(unsigned long n)
{
	unsigned long pfn = n & LOW_FRAME_MASK;
	pteval_t flags = _PAGE_PRESENT | (n & 1 ? _PAGE_NX : 0);

	if (PTRS_PER_PMD > 1)
		pfn |= (pfn * 37 + 1) << (32 - PAGE_SHIFT);
	return pfn_pte(pfn, __pgprot(flags));
}

static bool belongs_together(pte_t entry)
{
	unsigned long low = (u32)pte_val(entry) >> PAGE_SHIFT;

	return pte_none(entry) || pte_val(entry) == pte_val(entry_of(low));
}

#ifdef CONFIG_X86_PAE
/* All eight bytes at once. */
static pte_t as_the_processor_sees_it(pte_t *ptep)
{
	u64 value = 0;

	asm volatile("lock; cmpxchg8b %1"
		     : "+A"(value), "+m"(ptep->pte) : "b"(0), "c"(0) : "memory", "cc");
	return __pte(value);
}
#else
static pte_t as_the_processor_sees_it(pte_t *ptep)
{
	return READ_ONCE(*ptep);
}
#endif

static void make_and_take(struct torturer *me)
{
	for (unsigned long n = 1; n <= me->run->rounds; n++) {
		pte_t entry = entry_of(n), old;

		set_pte(&watched, entry);
		if (n % 4 == 0) {
			pte_clear(&watched);
			continue;
		}
		old = ptep_get_and_clear(&watched);
		if (pte_val(old) != pte_val(entry) || pte_val(watched))
			WRONG(me);
		if (n % 1024 == 0)
			cond_resched();
	}
	over = true;
}

static void watch(struct torturer *me)
{
	while (!over) {
		for (int i = 0; i < 256; i++)
			if (!belongs_together(as_the_processor_sees_it(&watched)) ||
			    !belongs_together(ptep_get_lockless(&watched)))
				WRONG(me);
		cond_resched();
	}
}

static void change_or_watch(struct torturer *me)
{
	if (me->nr == 0)
		make_and_take(me);
	else
		watch(me);
}

/* Present or not, an entry is whole. */
KTEST(pgtable, never_half_an_entry)
{
	over = false;
	torture_run(t, change_or_watch, ROUNDS);
	KEXPECT(t, !pte_val(watched));
}

/* What is put into an entry comes out of it, up to the last frame and the last bit. */
KTEST(pgtable, values)
{
	unsigned long last = (unsigned long)((MAX_PHYS_ADDR - 1) >> PAGE_SHIFT);
	pgprot_t prot = __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_NX);
	pte_t pte = pfn_pte(last, prot);

	KEXPECT_EQ(t, pte_pfn(pte), last);
	KEXPECT_EQ(t, pte_exec(pte), _PAGE_NX == 0);
	pte = pte_modify(pte_mkdirty(pte), __pgprot(_PAGE_PRESENT | _PAGE_RW));
	KEXPECT_EQ(t, pte_pfn(pte), last);
	KEXPECT(t, pte_dirty(pte) && pte_write(pte) && !pte_user(pte) && pte_exec(pte));
	KEXPECT_EQ(t, PFN_DOWN(PFN_PHYS(last)), last);
	pte = swp_entry_to_pte(swp_entry(MAX_SWAPFILES - 1, 0x7ffffful));
	KEXPECT(t, !pte_present(pte) && !pte_none(pte));
	KEXPECT_EQ(t, swp_type(pte_to_swp_entry(pte)), MAX_SWAPFILES - 1ul);
	KEXPECT_EQ(t, swp_offset(pte_to_swp_entry(pte)), 0x7ffffful);
}
