/*
 * tests/user/mm_walk_model.h - what an address space should be: an array of pages.
 *
 * The model of mm_walk knows nothing of areas that are split and joined, of page tables or of
 * copy on write.  It has one struct for each page of a window of addresses and of a piece of
 * heap: what is there, what may be done to it, and four words of its content, which stand at
 * both ends of the page and between.  Whatever a call does, it does page by page.
 *
 * Private content is in the page's struct, and a fork copies it as it copies everything.
 * Content that processes share (files, shared anonymous memory) stands in `common`, which is
 * shared between the processes of the walk as well; only one of them runs at a time.
 *
 * One thing cannot be told from pages alone: whether two alike neighbours are one area to the
 * kernel.  mremap wants one.  Pages with equal `area` came into being by one call and were never
 * changed apart, so they must be one; pages that differ in anything cannot be; others may be.
 */
#ifndef OCTAVO_TESTS_USER_MM_WALK_MODEL_H
#define OCTAVO_TESTS_USER_MM_WALK_MODEL_H

#include <tests/user/mm.h>

#include <stdbool.h>

#define WINDOW_PAGES	96u
#define HEAP_PAGES	16u
#define PAGES		(WINDOW_PAGES + HEAP_PAGES)	/* the window's first, then the heap's */
#define MOST		24u				/* pages of one call */
/* Across a border of page tables, of two and of three levels. */
#define WINDOW_START	(0x20000000ul - WINDOW_PAGES / 2 * PAGE)
#define SLOTS		4u				/* words that are known of each page */
#define FILES		2u
#define FILE_PAGES	24u
#define OBJECTS		512u
#define NOT_LOCKED	0
#define LOCKED		1
#define LOCKED_ONFAULT	2				/* mlock2: no page is asked for */

enum kind { NOTHING, ANON, FILE_PRIVATE, FILE_SHARED, OBJECT };

struct page {
	unsigned char kind, prot, locked;
	bool write_allowed;		/* mprotect may turn it on */
	bool not_in_child, zero_in_child;
	bool copied;			/* FILE_PRIVATE: it has content of its own */
	unsigned short object;		/* number of the file or object */
	unsigned short index;		/* page in it */
	unsigned int cut;		/* see struct backing, when it was copied */
	unsigned int area;
	uint32_t own[SLOTS];
};

/* A file, or shared memory that nobody can name. */
struct backing {
	unsigned int pages;		/* up to here there is something */
	unsigned int used;		/* OBJECT: by so many pages of all processes */
	uint32_t content[FILE_PAGES][SLOTS];
	unsigned int cut[FILE_PAGES];	/* how often truncation took the page away */
};

static struct page model[PAGES];
static struct common {
	struct backing file[FILES], object[OBJECTS];
} *common;
static unsigned int last_area, heap_used;	/* heap_used: bytes */
static unsigned long heap_start;
static int file_fd[FILES], file_read_fd[FILES];	/* the second may only read */

static char *addr_of(unsigned int page)
{
	return (char *)(page < WINDOW_PAGES ? WINDOW_START + page * PAGE :
			heap_start + (page - WINDOW_PAGES) * PAGE);
}

/* The number of the page at @addr, or PAGES: none of ours. */
static unsigned int page_at(unsigned long addr)
{
	if (addr >= WINDOW_START && addr < WINDOW_START + WINDOW_PAGES * PAGE)
		return (unsigned int)((addr - WINDOW_START) / PAGE);
	if (addr >= heap_start && addr < heap_start + HEAP_PAGES * PAGE)
		return WINDOW_PAGES + (unsigned int)((addr - heap_start) / PAGE);
	return PAGES;
}

static uint32_t *slot_addr(unsigned int page, unsigned int slot)
{
	static const unsigned int offset[SLOTS] = { 0, 1364, 2728, PAGE - 4 };

	return (uint32_t *)(addr_of(page) + offset[slot]);
}

/* ---- content ---- */

static struct backing *backing_of(const struct page *p)
{
	switch (p->kind) {
	case FILE_PRIVATE:
	case FILE_SHARED:
		return &common->file[p->object];
	case OBJECT:
		return &common->object[p->object];
	}
	return NULL;
}

/* Is there anything behind the page? If not, its use is SIGBUS. */
static bool is_backed(const struct page *p)
{
	struct backing *b = backing_of(p);

	return !b || p->index < b->pages;
}

static bool is_private(const struct page *p)
{
	return p->kind == ANON || p->kind == FILE_PRIVATE;
}

/* What a read would find. => is_backed() */
static uint32_t *content_of(struct page *p)
{
	struct backing *b = backing_of(p);

	if (!b || (p->kind == FILE_PRIVATE && p->copied && p->cut == b->cut[p->index]))
		return p->own;
	return b->content[p->index];
}

/* Where a write would go: a private page of a file becomes one's own. => is_backed() */
static uint32_t *own_content(struct page *p)
{
	uint32_t *seen = content_of(p);

	if (p->kind != FILE_PRIVATE || seen == p->own)
		return seen;
	memcpy(p->own, seen, sizeof(p->own));
	p->copied = true;
	p->cut = backing_of(p)->cut[p->index];
	return p->own;
}

/* The page's own content is gone. */
static void forget_content(struct page *p)
{
	p->copied = false;
	memset(p->own, 0, sizeof(p->own));
}

/* The signal of a read or write, and its si_code. */
static int fault_of(const struct page *p, bool write, int *code)
{
	*code = p->kind == NOTHING ? SEGV_MAPERR : SEGV_ACCERR;
	if (p->kind == NOTHING || !p->prot || (write && !(p->prot & PROT_WRITE)))
		return SIGSEGV;
	*code = BUS_ADRERR;
	return is_backed(p) ? 0 : SIGBUS;
}

/* ---- pages that come and go ---- */

static void page_get(struct page *p)
{
	if (p->kind == OBJECT)
		common->object[p->object].used++;
}

static void page_drop(struct page *p)
{
	if (p->kind == OBJECT)
		common->object[p->object].used--;
	memset(p, 0, sizeof(*p));
}

static unsigned short new_object(unsigned int pages)
{
	unsigned short nr = 0;

	while (common->object[nr].used)
		if (++nr == OBJECTS)
			abort();
	common->object[nr] = (struct backing){ .pages = pages };
	return nr;
}

/* Something differs on the two sides of the beginning of page @at from now on. */
static void cut_area(unsigned int at)
{
	unsigned int old;

	if (!at || at >= PAGES || !model[at].area || model[at - 1].area != model[at].area)
		return;
	old = model[at].area;
	last_area++;
	for (; at < PAGES && model[at].area == old; at++)
		model[at].area = last_area;
}

static void cut_range(unsigned int first, unsigned int nr)
{
	cut_area(first);
	cut_area(first + nr);
}

static void unmap_pages(unsigned int first, unsigned int nr)
{
	cut_range(first, nr);
	for (unsigned int i = first; i < first + nr; i++)
		page_drop(&model[i]);
}

static bool is_free(unsigned int first, unsigned int nr)
{
	for (unsigned int i = first; i < first + nr; i++)
		if (model[i].kind != NOTHING)
			return false;
	return true;
}

/* [first, first + nr), which is free, like @like; the first has its index. */
static void map_pages(unsigned int first, unsigned int nr, const struct page *like)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct page *p = &model[first + i];

		*p = *like;
		p->index = (unsigned short)(like->index + i);
		forget_content(p);
		page_get(p);
	}
}

/* Ask for the page, as mlock and MAP_POPULATE do. => false: it cannot be had */
static bool populate(struct page *p)
{
	if (p->locked == LOCKED_ONFAULT)
		return true;
	if (!p->prot || !is_backed(p))
		return false;
	if (is_private(p) && (p->prot & PROT_WRITE))
		own_content(p);
	return true;
}

/* Could these two neighbours be one area? */
static bool may_be_joined(const struct page *a, const struct page *b)
{
	return a->kind != NOTHING && a->kind == b->kind && a->prot == b->prot &&
	       a->locked == b->locked && a->write_allowed == b->write_allowed &&
	       a->not_in_child == b->not_in_child && a->zero_in_child == b->zero_in_child &&
	       (a->kind == ANON || (a->object == b->object && a->index + 1 == b->index));
}

/* What a fork leaves of the model in the child. */
static void become_child(void)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		struct page *p = &model[i];

		if (p->not_in_child) {
			memset(p, 0, sizeof(*p));
			continue;
		}
		page_get(p);
		p->locked = NOT_LOCKED;
		if (p->zero_in_child)
			forget_content(p);
	}
}

/* What truncation does to all who map the file. */
static void resize_file(unsigned int nr, unsigned int pages)
{
	struct backing *file = &common->file[nr];

	for (unsigned int i = pages; i < FILE_PAGES; i++) {
		file->cut[i]++;
		memset(file->content[i], 0, sizeof(file->content[i]));
	}
	file->pages = pages;
}

#endif
