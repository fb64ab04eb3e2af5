/*
 * tests/kernel/mm/phys/fail_alloc_test.c - allocations that fail on request, and what no program reaches.
 *
 * What a program can make the kernel allocate is failed by scripts/fail-alloc; here is the rest.
 */
#include <tests/kernel/fail_alloc.h>

#include <lib/errno.h>
#include <lib/string.h>
#include <mm/phys/mempool.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <tests/kernel/block/testdisk.h>

/* The Nth allocation of this task fails, once; __GFP_NOFAIL is not counted. */
KTEST(fail_alloc, nth)
{
	void *p[3], *nofail;

	NEED_FAIL_ALLOC(t);
	fail_alloc_nth(2);
	p[0] = kmalloc(32, GFP_KERNEL);
	nofail = kmalloc(32, GFP_KERNEL | __GFP_NOFAIL);
	p[1] = kmalloc(32, GFP_KERNEL);
	p[2] = kmalloc(32, GFP_KERNEL);
	KEXPECT_EQ(t, fail_alloc_nth(0), 0u);
	KEXPECT(t, p[0] && nofail && !p[1] && p[2]);
	kfree(p[0]);
	kfree(p[2]);
	kfree(nofail);
	fail_alloc_nth(5);
	KEXPECT_EQ(t, fail_alloc_nth(0), 5u);
}

static bool use_kmalloc(void)
{
	char *p = kmalloc(20, GFP_KERNEL), *q, *copy = NULL;
	void *large = kmalloc(3 * PAGE_SIZE, GFP_KERNEL);
	bool good;

	if (p) {
		strcpy(p, "still there");
		q = krealloc(p, 300, GFP_KERNEL);
		p = q ?: p;
		copy = kstrdup(p, GFP_KERNEL);
		if (strcmp(p, "still there") || (copy && strcmp(copy, p)))
			return true;	/* reported as a leak */
		good = q && copy && large;
	} else {
		good = false;
	}
	kfree(copy);
	kfree(large);
	kfree(p);
	return good;
}

static bool use_pages(void)
{
	void *exact = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL);
	unsigned long zeroed = get_zeroed_page(GFP_KERNEL);
	bool good = exact && zeroed;

	if (exact)
		free_pages_exact(exact, 3 * PAGE_SIZE);
	free_page(zeroed);
	return good;
}

static bool use_vmalloc(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *area = vzalloc(20 * PAGE_SIZE), *user = vmalloc_user(PAGE_SIZE);
	void *window = page ? vmap(&page, 1, 0, PAGE_KERNEL) : NULL;
	volatile void *regs = ioremap(0xfee00000u, PAGE_SIZE);
	bool good = area && user && window && regs;

	if (window)
		vunmap(window);
	if (page)
		__free_page(page);
	if (regs)
		iounmap(regs);
	vfree(area);
	vfree(user);
	return good;
}

/* Each entry of the allocators gives NULL and loses nothing. */
KTEST(fail_alloc, allocators)
{
	NEED_FAIL_ALLOC(t);
	KEXPECT(t, each_failing(t, use_kmalloc) >= 4);
	KEXPECT(t, each_failing(t, use_pages) >= 2);
	KEXPECT(t, each_failing(t, use_vmalloc) >= 20 + 4);
}

static bool use_cache(void)
{
	struct kmem_cache *cachep = kmem_cache_create("fail_alloc_test", 2000, 0, 0, NULL);
	void *p;

	if (!cachep)
		return false;
	p = kmem_cache_alloc(cachep, GFP_KERNEL);
	if (p)
		kmem_cache_free(cachep, p);
	kmem_cache_destroy(cachep);
	return p;
}

static struct kmem_cache *pool_cachep;

static bool use_pools(void)
{
	mempool_t *pages = mempool_create_page_pool(3, 0);
	mempool_t *objects = mempool_create_slab_pool(3, pool_cachep);
	void *p = objects ? mempool_alloc(objects, GFP_NOWAIT) : NULL;
	bool good = pages && objects && p;

	if (p)
		mempool_free(p, objects);
	if (objects)
		mempool_destroy(objects);
	if (pages)
		mempool_destroy(pages);
	return good;
}

/* A cache or a pool is made wholly or not at all. */
KTEST(fail_alloc, caches_and_pools)
{
	NEED_FAIL_ALLOC(t);
	KEXPECT(t, each_failing(t, use_cache) >= 3);
	pool_cachep = kmem_cache_create("fail_alloc_pool", 64, 0, 0, NULL);
	KASSERT(t, pool_cachep);
	KEXPECT(t, each_failing(t, use_pools) >= 2 * (2 + 3) + 1);
	kmem_cache_destroy(pool_cachep);
}

#define NEAR_PFN	(16UL << (20 - PAGE_SHIFT))	/* ISA's */

static struct testdisk *td;

static bool make_disk(void)
{
	struct testdisk *disk = testdisk_create(64);

	if (!disk)
		return false;
	testdisk_add(disk);
	testdisk_destroy(disk);
	return true;
}

/* Its segments are few and it does not reach all memory: there are pages in reserve. */
static bool make_near_disk(void)
{
	struct testdisk *disk = testdisk_create(64);
	bool good;

	if (!disk)
		return false;
	disk->q->limits.bounce_pfn = NEAR_PFN;
	disk->q->limits.max_segments = 2;
	good = testdisk_add(disk) == 0;
	testdisk_destroy(disk);
	return good;
}

static bool rescan(void)
{
	return rescan_partitions(td->disk) == 0 && td->disk->part[1] != NULL;
}

/* A disk whose structures cannot be had is not there; a table read without memory leaves partitions out. */
KTEST(fail_alloc, disks)
{
	u8 table[SECTOR_SIZE] = { 0 };

	NEED_FAIL_ALLOC(t);
	KEXPECT(t, each_failing(t, make_disk) >= 5);
	KEXPECT(t, each_failing(t, make_near_disk) >= 5);
	td = testdisk_create(2048);
	KASSERT(t, td);
	table[446 + 4] = 0x83;
	table[446 + 8] = 100;
	table[446 + 12] = 100;
	table[510] = 0x55;
	table[511] = 0xaa;
	testdisk_poke(td, 0, table);
	testdisk_add(td);
	KEXPECT(t, each_failing(t, rescan) >= 2);
	testdisk_destroy(td);
}
