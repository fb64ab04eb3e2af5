/*
 * tests/user/fs_walk_model.h - what the walk believes: a tree of files, without a file system.
 *
 * A node is a file, a directory or a symbolic link.  Names are few, so that they collide, and
 * come from a table, so that a directory is an array of nodes.  A file's content is the
 * pages that were ever written, in order; what is between is a hole and reads as zeros.
 * A node lives as long as a name, a descriptor or a mapping refers to it.
 */
#ifndef OCTAVO_TESTS_USER_FS_WALK_MODEL_H
#define OCTAVO_TESTS_USER_FS_WALK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <tests/user/test.h>

#define PAGE		4096u
#define NR_NAMES	40
#define NR_LONG		24		/* of these: a directory with all needs more than a block */
#define NR_NODES	120
#define MAX_DEPTH	10		/* so that every path is shorter than PATH_MAX */
#define MAX_LINKS	40

enum type { FREE, REG, DIRECTORY, SYMLINK };

struct page {
	uint32_t index;
	unsigned char bytes[PAGE];
};

struct node {
	enum type type;
	unsigned int nlink, mode;
	unsigned int users;		/* descriptors and mappings */
	ino_t ino;			/* as the file system told */
	time_t mtime;			/* ... or 0: not known */
	int64_t size;			/* of a file */
	struct page **pages;		/* of a file, by index */
	unsigned int nr_pages;
	struct node *parent;		/* of a directory; the root's is NULL */
	struct node *child[NR_NAMES];	/* of a directory */
	char *target;			/* of a link */
};

static struct node nodes[NR_NODES];
static struct node *const root = nodes;
static unsigned int pages_in_use;	/* of all files */

/* "a", "b"... and NR_LONG long ones, of all lengths up to the longest that there are. */
static const char *name_of(int i)
{
	static char names[NR_NAMES][256];

	if (!names[i][0]) {
		int len = i < NR_LONG ? 255 - 5 * i : i - NR_LONG + 1;

		memset(names[i], 'a' + i % 26, (size_t)len);
	}
	return names[i];
}

/* => -1: none of ours */
static int find_name(const char *text, size_t len)
{
	for (int i = 0; i < NR_NAMES; i++)
		if (strlen(name_of(i)) == len && !memcmp(name_of(i), text, len))
			return i;
	return -1;
}

/* => NULL: there are enough */
static struct node *new_node(enum type type, unsigned int mode)
{
	for (struct node *n = root + 1; n < nodes + NR_NODES; n++) {
		if (n->type == FREE) {
			*n = (struct node){ .type = type, .mode = mode, .nlink = 1 };
			return n;
		}
	}
	return NULL;
}

/* ---- content -------------------------------------------------------------------------------- */

/* The place of page @index, or where it would be. */
static unsigned int page_slot(const struct node *n, uint32_t index)
{
	unsigned int low = 0, high = n->nr_pages;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (n->pages[mid]->index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct page *find_page(const struct node *n, uint32_t index)
{
	unsigned int slot = page_slot(n, index);

	return slot < n->nr_pages && n->pages[slot]->index == index ? n->pages[slot] : NULL;
}

static struct page *get_page(struct node *n, uint32_t index)
{
	unsigned int slot = page_slot(n, index);
	struct page *page;

	if (slot < n->nr_pages && n->pages[slot]->index == index)
		return n->pages[slot];
	page = calloc(1, sizeof(*page));
	must(page);
	page->index = index;
	n->pages = realloc(n->pages, (n->nr_pages + 1) * sizeof(*n->pages));
	must(n->pages);
	memmove(n->pages + slot + 1, n->pages + slot, (n->nr_pages - slot) * sizeof(*n->pages));
	n->pages[slot] = page;
	n->nr_pages++;
	pages_in_use++;
	return page;
}

static void drop_pages(struct node *n, uint32_t from, uint32_t to)
{
	unsigned int first = page_slot(n, from), last = page_slot(n, to);

	for (unsigned int i = first; i < last; i++)
		free(n->pages[i]);
	memmove(n->pages + first, n->pages + last, (n->nr_pages - last) * sizeof(*n->pages));
	n->nr_pages -= last - first;
	pages_in_use -= last - first;
}

static unsigned int in_page(int64_t offset, size_t count)
{
	unsigned int rest = PAGE - (unsigned int)(offset % PAGE);

	return count < rest ? (unsigned int)count : rest;
}

/* => how many bytes there are, at most @count */
static size_t content_read(const struct node *n, int64_t offset, unsigned char *buf, size_t count)
{
	size_t done = 0;

	if (offset >= n->size)
		return 0;
	if ((int64_t)count > n->size - offset)
		count = (size_t)(n->size - offset);
	while (done < count) {
		unsigned int part = in_page(offset, count - done);
		const struct page *page = find_page(n, (uint32_t)(offset / PAGE));

		if (page)
			memcpy(buf + done, page->bytes + offset % PAGE, part);
		else
			memset(buf + done, 0, part);
		done += part;
		offset += part;
	}
	return count;
}

static void content_write(struct node *n, int64_t offset, const unsigned char *buf, size_t count)
{
	size_t done = 0;

	if (count && offset + (int64_t)count > n->size)
		n->size = offset + (int64_t)count;
	while (done < count) {
		unsigned int part = in_page(offset, count - done);

		memcpy(get_page(n, (uint32_t)(offset / PAGE))->bytes + offset % PAGE, buf + done, part);
		done += part;
		offset += part;
	}
	n->mtime = 0;
}

/* Zeros in [from, to), within the pages that there are. */
static void content_zero(struct node *n, int64_t from, int64_t to)
{
	while (from < to) {
		unsigned int part = in_page(from, (size_t)(to - from > PAGE ? PAGE : to - from));
		struct page *page = find_page(n, (uint32_t)(from / PAGE));

		if (page)
			memset(page->bytes + from % PAGE, 0, part);
		from += part;
	}
}

static void content_truncate(struct node *n, int64_t size)
{
	if (size < n->size) {
		drop_pages(n, (uint32_t)((size + PAGE - 1) / PAGE), UINT32_MAX);
		if (size % PAGE)
			content_zero(n, size, (size / PAGE + 1) * PAGE);
	}
	n->size = size;
	n->mtime = 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

static void node_free_if_unused(struct node *n)
{
	if (n->nlink || n->users || n == root)
		return;
	drop_pages(n, 0, UINT32_MAX);
	free(n->pages);
	free(n->target);
	*n = (struct node){ .type = FREE };
}

static bool is_empty(const struct node *dir)
{
	for (int i = 0; i < NR_NAMES; i++)
		if (dir->child[i])
			return false;
	return true;
}

static int depth_of(const struct node *dir)
{
	int depth = 0;

	for (; dir->parent; dir = dir->parent)
		depth++;
	return depth;
}

static int height_of(const struct node *n)
{
	int height = 0;

	if (n->type != DIRECTORY)
		return 0;
	for (int i = 0; i < NR_NAMES; i++)
		if (n->child[i] && height_of(n->child[i]) + 1 > height)
			height = height_of(n->child[i]) + 1;
	return height;
}

static bool is_below(const struct node *n, const struct node *dir)
{
	for (; n; n = n->parent)
		if (n == dir)
			return true;
	return false;
}

static void enter(struct node *dir, int name, struct node *n)
{
	dir->child[name] = n;
	dir->mtime = 0;
	if (n->type == DIRECTORY) {
		n->parent = dir;
		dir->nlink++;
	}
}

static void leave(struct node *dir, int name)
{
	struct node *n = dir->child[name];

	dir->child[name] = NULL;
	dir->mtime = 0;
	if (n->type == DIRECTORY)
		dir->nlink--;
}

/* Its name goes, and perhaps all of it. */
static void remove_entry(struct node *dir, int name)
{
	struct node *n = dir->child[name];

	leave(dir, name);
	n->nlink = n->type == DIRECTORY ? 0 : n->nlink - 1;
	node_free_if_unused(n);
}

/* Where a name leads. */
struct place {
	struct node *dir;		/* in which the last component is looked up */
	int name;			/* that; -1: it was "." or "..": node is the directory */
	struct node *node;		/* NULL: there is none */
	int err;			/* why there is no such place; -1: outside of our tree */
};

static void walk_text(struct place *at, const char *text, int *links, bool follow);

/* One component, the last one or not. => at->err */
static void walk_component(struct place *at, const char *text, size_t len, bool last, int *links,
			   bool follow)
{
	if ((len == 1 && text[0] == '.') || (len == 2 && !memcmp(text, "..", 2))) {
		at->node = len == 1 ? at->dir : at->dir->parent;
		at->err = at->node ? 0 : -1;
		at->name = -1;
	} else {
		at->name = find_name(text, len);
		at->node = at->name < 0 ? NULL : at->dir->child[at->name];
		if (at->name < 0)
			at->err = last ? -1 : ENOENT;
	}
	if (!at->err && at->node && at->node->type == SYMLINK && (!last || follow)) {
		if ((*links)++ >= MAX_LINKS)
			at->err = ELOOP;
		else
			walk_text(at, at->node->target, links, true);
	}
	if (at->err || last)
		return;
	at->err = !at->node ? ENOENT : at->node->type != DIRECTORY ? ENOTDIR : 0;
	at->dir = at->node;
}

static void walk_text(struct place *at, const char *text, int *links, bool follow)
{
	while (!at->err) {
		size_t len = strcspn(text, "/");
		bool last = !text[len];

		walk_component(at, text, len, last, links, follow);
		if (last)
			return;
		text += len + 1;
	}
}

/* The place of @name in @dir, which is a directory of ours. */
static struct place find_place(struct node *dir, int name, bool follow)
{
	struct place at = { .dir = dir };
	int links = 0;

	walk_text(&at, name_of(name), &links, follow);
	return at;
}

/* "a/b/": a directory's path from the root, with room for a name. */
static char *dir_path(const struct node *dir, char *buf)
{
	int i = 0;

	if (!dir->parent) {
		buf[0] = '\0';
		return buf;
	}
	dir_path(dir->parent, buf);
	while (dir->parent->child[i] != dir)
		i++;
	strcat(buf, name_of(i));
	return strcat(buf, "/");
}

static char *path_to(const struct node *dir, int name, char *buf)
{
	return strcat(dir_path(dir, buf), name_of(name));
}

#endif
