/*
 * tests/kernel/mm/phys/torture_test.c - mm/phys on all processors at once.
 *
 * Each test has a table of slots.  A thread makes something, marks it, and
 * exchanges it for what a random slot holds; that, made by whichever processor,
 * it examines and frees.  So most things are freed on another processor than
 * they were made on, and what is given out twice carries the wrong marks.
 */
#include <tests/kernel/mm/torture.h>

#include <kernel/arch/irqflags.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/highmem.h>
#include <mm/phys/kstack.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

#define SLOTS		48u
#define WORDS		(PAGE_SIZE / sizeof(u32))

/* Something that was made: what a slot holds. */
struct made {
	void *what;
	unsigned int size;		/* order, bytes, pages: the test knows */
	unsigned int kind;
	u32 stamp;
};

static struct made *slots[SLOTS];

/* Put @new (or NULL) into a random slot. => what was there, the caller's now */
static struct made *exchange(struct torturer *me, struct made *new)
{
	return xchg(&slots[prandom_below(&me->rnd, SLOTS)], new);
}

static struct made *new_made(struct torturer *me, void *what, unsigned int size, unsigned int kind)
{
	struct made *m = what ? kmalloc(sizeof(*m), GFP_KERNEL | __GFP_NOFAIL) : NULL;

	if (m)
		*m = (struct made){ what, size, kind, prandom_u32(&me->rnd) };
	return m;
}

/* @make and @unmake in turns, at random; what is left at the end is unmade too. */
static void make_and_unmake(struct torturer *me, struct made *(*make)(struct torturer *me),
			    void (*unmake)(struct torturer *me, struct made *m))
{
	unsigned int i;
	struct made *m;

	for (i = 0; i < me->run->rounds; i++) {
		m = exchange(me, prandom_below(&me->rnd, 2) ? make(me) : NULL);
		if (m)
			unmake(me, m);
		cond_resched();
	}
	torture_meet(me);
	for (i = 0; i < SLOTS; i++) {
		m = xchg(&slots[i], NULL);
		if (m)
			unmake(me, m);
	}
}

static bool words_are(const u32 *word, unsigned int nr, u32 value)
{
	while (nr--)
		if (*word++ != value)
			return false;
	return true;
}

/* ---- pages ---- */

#define MAX_TORTURE_ORDER	6u

static void mark_pages(struct page *page, unsigned int order, u32 stamp)
{
	unsigned int i;

	for (i = 0; i < 1u << order; i++) {
		u32 *word = kmap_atomic(page + i, KM_USER0);

		word[0] = stamp + i;
		word[WORDS - 1] = ~stamp - i;
		kunmap_atomic(word, KM_USER0);
	}
}

static bool pages_are_marked(struct page *page, unsigned int order, u32 stamp)
{
	bool right = true;
	unsigned int i;

	for (i = 0; i < 1u << order; i++) {
		u32 *word = kmap_atomic(page + i, KM_USER0);

		right &= word[0] == stamp + i && word[WORDS - 1] == ~stamp - i;
		kunmap_atomic(word, KM_USER0);
	}
	return right;
}

static struct made *make_pages(struct torturer *me)
{
	static const gfp_t ways[] = { GFP_KERNEL, GFP_HIGHUSER, GFP_HIGHUSER, GFP_ATOMIC, GFP_NOIO };
	unsigned int most = 1 + prandom_below(&me->rnd, MAX_TORTURE_ORDER + 1);
	unsigned int order = prandom_below(&me->rnd, most);
	gfp_t gfp = ways[prandom_below(&me->rnd, ARRAY_SIZE(ways))] | __GFP_NOWARN | __GFP_NORETRY;
	struct page *page = alloc_pages(gfp, order);
	struct made *m = new_made(me, page, order, 0);

	if (m)
		mark_pages(page, order, m->stamp);
	return m;
}

static void unmake_pages(struct torturer *me, struct made *m)
{
	struct page *page = m->what;

	if (page_count(page) != 1 || !pages_are_marked(page, m->size, m->stamp))
		WRONG(me);
	__free_pages(page, m->size);
	kfree(m);
}

static void use_pages(struct torturer *me)
{
	make_and_unmake(me, make_pages, unmake_pages);
}

/* Blocks of all sizes from all zones; drains by those who find none. */
KTEST(torture, pages)
{
	torture_run(t, use_pages, 4500);
	KEXPECT_EQ(t, zone_check(), 0);
}

/* ---- objects ---- */

#define NR_CACHES	4u
#define MAGIC		0x600dcafeu
/* Kinds from NR_CACHES on: kmalloc. */
#define NR_KINDS	(NR_CACHES + 3)

static const unsigned int cache_sizes_used[NR_CACHES] = { 24, 200, 1500, 5000 };
static const char *const cache_names[NR_CACHES] = {
	"torture-24", "torture-200", "torture-1500", "torture-5000",
};
static struct kmem_cache *caches[NR_CACHES];

/* The first cache has a constructor: objects go and come with this word in place. */
static void construct(void *obj)
{
	*(u32 *)obj = MAGIC;
}

static unsigned int kept_bytes(unsigned int kind)
{
	return kind == 0 ? sizeof(u32) : 0;
}

static struct made *make_object(struct torturer *me)
{
	unsigned int kind = prandom_below(&me->rnd, NR_KINDS), size, kept = kept_bytes(kind);
	gfp_t gfp = prandom_below(&me->rnd, 4) ? GFP_KERNEL : GFP_ATOMIC | __GFP_NOWARN;
	struct made *m;
	char *obj;

	if (kind < NR_CACHES) {
		size = cache_sizes_used[kind];
		obj = kmem_cache_alloc(caches[kind], gfp);
	} else {
		size = 1 + prandom_below(&me->rnd, kind == NR_CACHES ? 9000 : 300);
		obj = kmalloc(size, gfp);
	}
	m = new_made(me, obj, size, kind);
	if (!m)
		return NULL;
	if (kind == 0 && *(u32 *)obj != MAGIC)
		WRONG(me);
	memset(obj + kept, (int)(m->stamp & 0xff), size - kept);
	return m;
}

static void unmake_object(struct torturer *me, struct made *m)
{
	unsigned char *obj = m->what;
	unsigned int i;

	if (m->kind == 0 && *(u32 *)m->what != MAGIC)
		WRONG(me);
	for (i = kept_bytes(m->kind); i < m->size; i++) {
		if (obj[i] != (m->stamp & 0xff)) {
			WRONG(me);
			break;
		}
	}
	if (m->kind < NR_CACHES)
		kmem_cache_free(caches[m->kind], m->what);
	else
		kfree(m->what);
	kfree(m);
}

static void use_objects(struct torturer *me)
{
	make_and_unmake(me, make_object, unmake_object);
}

static bool make_caches(void)
{
	unsigned int i;

	for (i = 0; i < NR_CACHES; i++) {
		caches[i] = kmem_cache_create(cache_names[i], cache_sizes_used[i], 0, 0,
					      i == 0 ? construct : NULL);
		if (!caches[i])
			return false;
	}
	return true;
}

static void destroy_caches(struct ktest *t)
{
	unsigned int i;

	for (i = 0; i < NR_CACHES; i++) {
		KEXPECT_EQ(t, kmem_cache_live(caches[i]), 0ul);
		KEXPECT_EQ(t, kmem_cache_destroy(caches[i]), 0);
	}
}

/* Objects of one processor freed by another, in caches and by kmalloc. */
KTEST(torture, objects)
{
	KASSERT(t, make_caches());
	torture_run(t, use_objects, 4500);
	KEXPECT_EQ(t, slab_check(), 0);
	destroy_caches(t);
}

#define OWN_OBJECTS	40u

/* A cache of one's own, used a little and destroyed. */
static void own_cache(struct torturer *me)
{
	static char names[NR_CPUS][24];
	unsigned int size = 8 + prandom_below(&me->rnd, 900), i;
	struct kmem_cache *cachep;
	void *objs[OWN_OBJECTS];

	snprintf(names[me->nr], sizeof(names[0]), "torture-own-%d", me->nr);
	cachep = kmem_cache_create(names[me->nr], size, 0, 0, NULL);
	if (!cachep) {
		WRONG(me);
		return;
	}
	for (i = 0; i < OWN_OBJECTS; i++) {
		objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL);
		if (objs[i])
			memset(objs[i], me->nr, size);
	}
	for (i = 0; i < OWN_OBJECTS; i++)
		if (objs[i])
			kmem_cache_free(cachep, objs[i]);
	if (kmem_cache_destroy(cachep))
		WRONG(me);
}

/* The first thread makes, shrinks and reaps caches while the others use theirs. */
static void caches_come_and_go(struct torturer *me)
{
	unsigned int i;

	if (me->nr == 0) {
		for (i = 0; i < me->run->rounds / 30; i++) {
			own_cache(me);
			if (i % 4 == 0)
				kmem_cache_shrink(caches[prandom_below(&me->rnd, NR_CACHES)]);
			if (i % 16 == 0)
				kmem_cache_reap(GFP_KERNEL);
			cond_resched();
		}
	}
	make_and_unmake(me, make_object, unmake_object);
}

KTEST(torture, caches_come_and_go)
{
	KASSERT(t, make_caches());
	torture_run(t, caches_come_and_go, 2400);
	KEXPECT_EQ(t, slab_check(), 0);
	destroy_caches(t);
}

/* ---- kernel mappings ---- */

#define MAX_AREA_PAGES	8u
enum { AREA_VMALLOC, AREA_STACK, NR_AREA_KINDS };

static void mark_area(struct made *m)
{
	u32 *word = m->what;
	unsigned int i;

	for (i = 0; i < m->size; i++, word += WORDS)
		word[0] = word[WORDS - 1] = m->stamp + i;
}

static bool area_is_marked(const struct made *m)
{
	const u32 *word = m->what;
	unsigned int i;

	for (i = 0; i < m->size; i++, word += WORDS)
		if (word[0] != m->stamp + i || word[WORDS - 1] != m->stamp + i)
			return false;
	return true;
}

/* One that exists, as often as not: marked by a second processor, examined by a third. */
static struct made *remark_area(struct torturer *me)
{
	struct made *m = exchange(me, NULL);

	if (!m)
		return NULL;
	if (!area_is_marked(m))
		WRONG(me);
	m->stamp = prandom_u32(&me->rnd);
	mark_area(m);
	return m;
}

static struct made *make_area(struct torturer *me)
{
	unsigned int pages = 1 + prandom_below(&me->rnd, MAX_AREA_PAGES);
	struct made *m = prandom_below(&me->rnd, 2) ? remark_area(me) : NULL;

	if (m)
		return m;
	if (prandom_below(&me->rnd, 4))
		m = new_made(me, vmalloc(pages * PAGE_SIZE), pages, AREA_VMALLOC);
	else
		m = new_made(me, alloc_thread_stack(), THREAD_SIZE / PAGE_SIZE, AREA_STACK);
	if (m)
		mark_area(m);
	return m;
}

static void unmake_area(struct torturer *me, struct made *m)
{
	if (!area_is_marked(m))
		WRONG(me);
	if (m->kind == AREA_VMALLOC)
		vfree(m->what);
	else
		free_thread_stack(m->what);
	kfree(m);
}

static void use_areas(struct torturer *me)
{
	make_and_unmake(me, make_area, unmake_area);
}

/* Addresses are used again at once, by other pages: a TLB that was not told shows the old ones. */
KTEST(torture, vmalloc_and_stacks)
{
	torture_run(t, use_areas, 750);
	KEXPECT_EQ(t, vmalloc_check(), 0);
}

/* ---- windows onto high memory ---- */

#define MAX_WINDOW_PAGES	1300u		/* more than there are windows */

static struct page *window_pages[MAX_WINDOW_PAGES];
static unsigned int nr_window_pages;

static u32 window_mark(unsigned int i)
{
	return i * 2654435761u;
}

/* Words of a page that belong to the threads; the others are its mark. */
#define OWN_WORDS	NR_CPUS

/* Take pages for high ones, as far as a quarter of memory goes, and number them. */
static void make_window_pages(void)
{
	unsigned int most = (unsigned int)min(nr_free_pages() / 4, (unsigned long)MAX_WINDOW_PAGES);

	for (nr_window_pages = 0; nr_window_pages < most; nr_window_pages++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		unsigned int i;
		u32 *word;

		if (!page)
			break;
		word = lowmem_page_address(page);
		for (i = 0; i < WORDS; i++)
			word[i] = window_mark(nr_window_pages);
		SetPageHighMem(page);
		window_pages[nr_window_pages] = page;
	}
}

static void free_window_pages(void)
{
	flush_all_zero_pkmaps();
	while (nr_window_pages--) {
		ClearPageHighMem(window_pages[nr_window_pages]);
		__free_page(window_pages[nr_window_pages]);
	}
}

static bool window_shows(const u32 *word, unsigned int i)
{
	return words_are(word + OWN_WORDS, WORDS - OWN_WORDS, window_mark(i));
}

static void use_windows(struct torturer *me)
{
	unsigned int i, a, b;
	u32 *one, *two;

	for (i = 1; i <= me->run->rounds; i++) {
		a = prandom_below(&me->rnd, nr_window_pages);
		b = prandom_below(&me->rnd, nr_window_pages);
		one = kmap(window_pages[a]);
		one[me->nr] = i;
		two = kmap_atomic(window_pages[b], KM_USER0);
		if (!window_shows(two, b))
			WRONG(me);
		kunmap_atomic(two, KM_USER0);
		if (i % 8 == 0)
			cond_resched();
		if (!window_shows(one, a) || one[me->nr] != i)
			WRONG(me);
		kunmap(window_pages[a]);
		if (i % 500 == 0)
			flush_all_zero_pkmaps();
	}
}

/* A window that is used again while another processor's TLB shows the page of before. */
KTEST(torture, kmap)
{
	make_window_pages();
	KEXPECT(t, nr_window_pages > 0);
	if (nr_window_pages)
		torture_run(t, use_windows, 1500);
	free_window_pages();
	KEXPECT_EQ(t, kmap_check(), 0);
}

/* ---- page tables ---- */

enum { TABLE_PTE, TABLE_PGD, NR_TABLE_KINDS };

static unsigned int own_words(const struct made *m)
{
	return m->kind == TABLE_PGD && PTRS_PER_PMD == 1 ? USER_PTRS_PER_PGD : PAGE_SIZE / sizeof(u32);
}

/* The words that come out as zeros: of a directory, what is for user space. */
static void *own_part(const struct made *m)
{
	return m->kind == TABLE_PGD ? (void *)pmd_offset(m->what, 0) : m->what;
}

static struct made *make_table(struct torturer *me)
{
	unsigned int kind = prandom_below(&me->rnd, NR_TABLE_KINDS);
	void *table = kind == TABLE_PGD ? (void *)pgd_alloc(NULL) : pte_alloc_one_kernel(NULL, 0);
	struct made *m = new_made(me, table, 0, kind);

	if (!m)
		return NULL;
	if (!words_are(own_part(m), own_words(m), 0))
		WRONG(me);
	/* No processor walks it: it is a page of words to us. */
	memset(own_part(m), (int)(m->stamp & 0xff), own_words(m) * sizeof(u32));
	return m;
}

static void unmake_table(struct torturer *me, struct made *m)
{
	if (!words_are(own_part(m), own_words(m), (m->stamp & 0xff) * 0x01010101u))
		WRONG(me);
	memset(own_part(m), 0, own_words(m) * sizeof(u32));
	if (m->kind == TABLE_PGD)
		pgd_free(NULL, m->what);
	else
		pte_free_kernel(NULL, m->what);
	kfree(m);
	if (prandom_below(&me->rnd, 100) == 0)
		drain_pgt_cache();
}

static void use_tables(struct torturer *me)
{
	make_and_unmake(me, make_table, unmake_table);
}

/* Page tables come out as zeros, also those that another processor's drain interrupts. */
KTEST(torture, page_tables)
{
	torture_run(t, use_tables, 3000);
	drain_pgt_cache();
	KEXPECT_EQ(t, nr_quicklist_pages(), 0ul);
}
