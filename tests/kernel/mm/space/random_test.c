/*
 * tests/kernel/mm/space/random_test.c - 100,000 random operations against an array.
 *
 * The model of an address space is an array: for each page whether it is
 * mapped, with which rights, and which word it holds.  Every operation is done
 * to both; results, rights and contents must agree, and mm_check() must find
 * nothing, now and then on the way and at the end.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/sys/mm_calls.h>
#include <lib/random.h>
#include <lib/string.h>

#define MODEL_PAGES	256u
#define HEAP_PAGES	64u
#define OPERATIONS	100000u
#define MAX_RANGE	16u

struct model_page {
	bool mapped;
	u8 prot;
	u32 word;
};

struct model {
	struct rnd_state rnd;
	struct model_page pages[MODEL_PAGES];
	struct model_page heap[HEAP_PAGES];
	unsigned long heap_base, brk;
};

static struct model model;

static unsigned long page_addr(unsigned int page)
{
	return SCRATCH_BASE + page * PAGE_SIZE;
}

static const unsigned long some_prots[] = { PROT_NONE, PROT_READ, RW, RW, RW | PROT_EXEC };

static unsigned long random_prot(void)
{
	return some_prots[prandom_below(&model.rnd, ARRAY_SIZE(some_prots))];
}

/* [*first, *first + *count) inside the model. */
static void random_range(unsigned int *first, unsigned int *count)
{
	*first = prandom_below(&model.rnd, MODEL_PAGES - MAX_RANGE);
	*count = 1 + prandom_below(&model.rnd, MAX_RANGE);
}

static bool op_mmap(void)
{
	unsigned long prot = random_prot();
	unsigned int first, count, i;

	random_range(&first, &count);
	if (scratch_map(page_addr(first), count, prot) != page_addr(first))
		return false;
	for (i = first; i < first + count; i++)
		model.pages[i] = (struct model_page){ .mapped = true, .prot = (u8)prot };
	return true;
}

static bool op_munmap(void)
{
	unsigned int first, count, i;

	random_range(&first, &count);
	for (i = first; i < first + count; i++)
		model.pages[i].mapped = false;
	return scratch_unmap(page_addr(first), count) == 0;
}

/* Linux changes what comes before the first hole, then says -ENOMEM. */
static bool op_mprotect(void)
{
	unsigned long prot = random_prot();
	unsigned int first, count, i;
	long expected = 0;

	random_range(&first, &count);
	for (i = first; i < first + count; i++) {
		if (!model.pages[i].mapped) {
			expected = -ENOMEM;
			break;
		}
		model.pages[i].prot = (u8)prot;
	}
	return do_mprotect(page_addr(first), count * PAGE_SIZE, prot) == expected;
}

static bool op_dontneed(void)
{
	unsigned int first, count, i;
	long expected = 0;

	random_range(&first, &count);
	for (i = first; i < first + count; i++) {
		if (!model.pages[i].mapped)
			expected = -ENOMEM;
		model.pages[i].word = 0;
	}
	return do_madvise(page_addr(first), count * PAGE_SIZE, MADV_DONTNEED) == expected;
}

/* One word read, or written, through page faults. */
static bool touch(struct model_page *page, unsigned long addr)
{
	bool readable = page->mapped && page->prot != PROT_NONE;
	u32 value = prandom_u32(&model.rnd) | 1;

	if (peek(addr) != (readable ? page->word : 0xdead))
		return false;
	if (!page->mapped || !(page->prot & PROT_WRITE))
		return poke(addr, value) == -EFAULT;
	page->word = value;
	return poke(addr, value) == 0;
}

static bool op_touch(void)
{
	unsigned int page = prandom_below(&model.rnd, MODEL_PAGES);

	return touch(&model.pages[page], page_addr(page));
}

static bool op_brk(void)
{
	unsigned long brk = model.heap_base + prandom_below(&model.rnd, HEAP_PAGES * PAGE_SIZE);
	unsigned int i, pages = (unsigned int)(PAGE_ALIGN(brk - model.heap_base) >> PAGE_SHIFT);

	for (i = 0; i < HEAP_PAGES; i++) {
		if (i < pages && !model.heap[i].mapped)
			model.heap[i] = (struct model_page){ .mapped = true, .prot = RW };
		else if (i >= pages)
			model.heap[i].mapped = false;
	}
	i = prandom_below(&model.rnd, HEAP_PAGES);
	return sys_brk(brk) == (long)brk && touch(&model.heap[i], model.heap_base + i * PAGE_SIZE);
}

/* Flags of every page against the model's. */
static bool areas_agree(struct mm_struct *mm)
{
	unsigned int i;

	for (i = 0; i < MODEL_PAGES; i++) {
		struct vm_area_struct *vma = find_vma(mm, page_addr(i));
		bool mapped = vma && vma->vm_start <= page_addr(i);

		if (mapped != model.pages[i].mapped)
			return false;
		if (mapped && (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) !=
			      model.pages[i].prot)
			return false;
	}
	return true;
}

KTEST(vma, random_operations)
{
	static bool (*const ops[])(void) = {
		op_mmap, op_munmap, op_mprotect, op_mprotect, op_dontneed, op_touch, op_touch,
		op_touch, op_brk,
	};
	static const char *const names[] = {
		"mmap", "munmap", "mprotect", "mprotect", "dontneed", "touch", "touch", "touch", "brk",
	};
	struct mm_struct *mm = scratch_enter();
	unsigned int i;

	memset(&model, 0, sizeof(model));
	prandom_seed(&model.rnd, ktest_seed(2));
	model.heap_base = SCRATCH_BASE - 0x10000000;
	mm->start_brk = mm->brk = model.heap_base;
	for (i = 0; i < OPERATIONS; i++) {
		unsigned int op = prandom_below(&model.rnd, ARRAY_SIZE(ops));

		if (!ops[op]()) {
			ktest_fail(t, __FILE__, __LINE__, "operation %u, %s", i, names[op]);
			break;
		}
		if (i % 1000 == 0 && (mm_check(mm) || !areas_agree(mm))) {
			ktest_fail(t, __FILE__, __LINE__, "after operation %u, %s", i, names[op]);
			break;
		}
	}
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}
