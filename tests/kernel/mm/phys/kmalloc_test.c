/*
 * tests/kernel/mm/phys/kmalloc_test.c - memory by the byte: sizes, edges, content.
 */
#include <kernel/core/kallsyms.h>
#include <kernel/core/ktest.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/slab_debug.h>
#include <mm/phys/slab_def.h>
#include <mm/phys/vmalloc.h>

/* The smallest cache that holds @size, found the slow way. */
static size_t expected_size(size_t size)
{
	unsigned int i;

	for (i = 0; i < KMALLOC_CACHES; i++)
		if (malloc_sizes[i].cs_size >= size)
			return malloc_sizes[i].cs_size;
	return PAGE_SIZE << get_order(size);
}

/* Every size up to the largest cache gets the smallest object that holds it. */
KTEST(kmalloc, all_sizes)
{
	unsigned int size;
	void *p;

	for (size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size++) {
		KASSERT(t, (p = kmalloc(size, GFP_KERNEL)));
		if (ksize(p) != expected_size(size) || (unsigned long)p & 7)
			ktest_fail(t, __FILE__, __LINE__, "kmalloc(%u): %p has %lu bytes", size, p,
				   (unsigned long)ksize(p));
		kfree(p);
	}
}

/* What is written to objects of all sizes at once stays as written. */
KTEST(kmalloc, content)
{
	unsigned int i, j, n = KMALLOC_CACHES;
	unsigned char *p[KMALLOC_CACHES];

	for (i = 0; i < n; i++) {
		KASSERT(t, (p[i] = kmalloc(malloc_sizes[i].cs_size, GFP_KERNEL)));
		memset(p[i], (int)i + 1, malloc_sizes[i].cs_size);
	}
	for (i = 0; i < n; i++) {
		for (j = 0; j < malloc_sizes[i].cs_size; j++)
			KASSERT_EQ(t, p[i][j], (unsigned char)(i + 1));
		kfree(p[i]);
	}
}

/* Above the caches: whole blocks of pages, up to the largest of the page allocator. */
KTEST(kmalloc, large)
{
	size_t size;
	char *p;

	for (size = KMALLOC_MAX_CACHE_SIZE + 1; size <= KMALLOC_MAX_SIZE; size *= 2) {
		p = kmalloc(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
		if (!p) {
			ktest_log("no block of %lu bytes is free", (unsigned long)size);
			KEXPECT(t, size > 64 * 1024);
			break;
		}
		KEXPECT_EQ(t, ksize(p), (size_t)PAGE_SIZE << get_order(size));
		KEXPECT(t, PageHead(virt_to_page(p)) && !PageSlab(virt_to_page(p)));
		p[0] = p[size - 1] = 'x';
		kfree(p);
	}
	KEXPECT(t, !kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
}

/* Nothing asked for, nothing freed, and what does not fit into a size_t. */
KTEST(kmalloc, edges)
{
	KEXPECT(t, kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	KEXPECT_EQ(t, ksize(ZERO_SIZE_PTR), (size_t)0);
	KEXPECT_EQ(t, ksize(NULL), (size_t)0);
	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
	KEXPECT(t, !kcalloc(0x10001, 0x10000, GFP_KERNEL));
	KEXPECT(t, !kmalloc_array(~(size_t)0, 2, GFP_KERNEL));
}

static noinline void *kmalloc_100(void)
{
	return kmalloc(100, GFP_KERNEL);
}

/* Does the function at @code call @target?  (call rel32 is e8, jmp rel32 e9) */
static bool calls(const void *code, const void *target)
{
	unsigned long offset, size, i;
	const unsigned char *p = code;
	long rel;

	if (!kallsyms_lookup((unsigned long)code, &offset, &size) || offset)
		return false;
	for (i = 0; i + 5 <= size; i++) {
		memcpy(&rel, p + i + 1, sizeof(rel));
		if ((p[i] == 0xe8 || p[i] == 0xe9) && (const void *)(p + i + 5 + rel) == target)
			return true;
	}
	return false;
}

/* A constant size finds its cache when the kernel is compiled: the code shows it. */
KTEST(kmalloc, constant_size)
{
	void *p = kmalloc_100();

	KASSERT(t, p);
	KEXPECT(t, calls(kmalloc_100, kmem_cache_alloc) && !calls(kmalloc_100, __kmalloc));
	KEXPECT_EQ(t, malloc_sizes[kmalloc_index(100)].cs_size, (size_t)128);
	KEXPECT_EQ(t, malloc_sizes[kmalloc_index(8)].cs_size, (size_t)8);
	KEXPECT_EQ(t, malloc_sizes[kmalloc_index(8192)].cs_size, (size_t)8192);
	KEXPECT(t, page_get_cache(virt_to_page(p)) == malloc_sizes[kmalloc_index(100)].cs_cachep);
	KEXPECT_STREQ(t, kmem_cache_name(page_get_cache(virt_to_page(p))), "kmalloc-128");
	kfree(p);
}

/* GFP_DMA: below 16M, from the caches for it. */
KTEST(kmalloc, dma)
{
	static const unsigned int sizes[] = { 8, 100, 1000, 8192, 20000 };
	unsigned int i;
	void *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KASSERT(t, (p = kmalloc(sizes[i], GFP_KERNEL | GFP_DMA)));
		KEXPECT(t, virt_to_phys(p) + sizes[i] <= 16ul << 20);
		kfree(p);
	}
	p = kmalloc(100, GFP_KERNEL | GFP_DMA);
	KASSERT(t, p);
	KEXPECT_STREQ(t, kmem_cache_name(page_get_cache(virt_to_page(p))), "dma-kmalloc-128");
	kfree(p);
}

/* The zeroing forms, on objects that were dirty before. */
KTEST(kmalloc, zeroed)
{
	unsigned int round, i;
	unsigned char *p;

	for (round = 0; round < 2; round++) {
		KASSERT(t, (p = round ? kcalloc(10, 30, GFP_KERNEL) : kzalloc(300, GFP_KERNEL)));
		for (i = 0; i < 300; i++)
			KASSERT_EQ(t, p[i], 0);
		memset(p, 0xee, 300);
		kfree(p);
	}
	KASSERT(t, (p = kzalloc(3 * PAGE_SIZE, GFP_KERNEL)));
	for (i = 0; i < 3 * PAGE_SIZE; i++)
		KASSERT_EQ(t, p[i], 0);
	kfree(p);
}

/* Growing and shrinking keeps what was there. */
KTEST(kmalloc, realloc)
{
	static const unsigned int sizes[] = { 10, 16, 17, 500, 400, 9000, 50, 1 };
	unsigned char *p = NULL;
	unsigned int i, j, old = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KASSERT(t, (p = krealloc(p, sizes[i], GFP_KERNEL)));
		for (j = 0; j < min(old, sizes[i]); j++)
			KASSERT_EQ(t, p[j], (unsigned char)(j * 7));
		for (j = 0; j < sizes[i]; j++)
			p[j] = (unsigned char)(j * 7);
		old = sizes[i];
	}
	KEXPECT(t, krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
}

KTEST(kmalloc, duplicates)
{
	char *s = kstrdup("octavo", GFP_KERNEL), *m = kmemdup("octavo", 3, GFP_KERNEL);

	KASSERT(t, s && m);
	KEXPECT_STREQ(t, s, "octavo");
	KEXPECT(t, !memcmp(m, "oct", 3));
	KEXPECT(t, !kstrdup(NULL, GFP_KERNEL));
	kfree(s);
	kfree(m);
}

static unsigned int bad_frees;

static void count_bad_free(struct kmem_cache *cachep, enum slab_fault fault, void *obj)
{
	bad_frees += fault == SLAB_BAD_FREE;
}

/* kfree() of what kmalloc() never gave is noticed and not carried out. */
KTEST(kmalloc, free_of_foreign_memory)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	KASSERT(t, page);
	bad_frees = 0;
	slab_error_hook = count_bad_free;
	kfree((void *)page);
	slab_error_hook = NULL;
	KEXPECT_EQ(t, bad_frees, 1u);
	KEXPECT_EQ(t, page_count(virt_to_page(page)), 1);
	free_page(page);
}

#define SLOTS	128u

/* 100,000 operations of all sizes against a model that knows each block's content. */
KTEST(kmalloc, random_operations)
{
	struct { unsigned char *p; unsigned int size; u8 stamp; } *s, *slots;
	struct rnd_state rnd;
	unsigned int i, j;

	slots = vzalloc(SLOTS * sizeof(*slots));
	KASSERT(t, slots);
	prandom_seed(&rnd, ktest_seed(20260402));
	for (i = 0; i < 100000; i++) {
		s = &slots[prandom_below(&rnd, SLOTS)];
		if (s->p) {
			/* First, last, a few between: slab's test checks every byte. */
			for (j = 0; j < s->size; j += 1 + s->size / 16)
				KASSERT_EQ(t, s->p[j], s->stamp);
			KASSERT_EQ(t, s->p[s->size - 1], s->stamp);
			kfree(s->p);
			s->p = NULL;
			continue;
		}
		s->size = 1 + prandom_below(&rnd, 1u << (3 + prandom_below(&rnd, 11)));
		s->stamp = (u8)prandom_u32(&rnd);
		KASSERT(t, (s->p = kmalloc(s->size, GFP_KERNEL)));
		memset(s->p, s->stamp, s->size);
	}
	for (i = 0; i < SLOTS; i++)
		kfree(slots[i].p);
	vfree(slots);
}
