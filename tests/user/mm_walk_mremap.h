/*
 * tests/user/mm_walk_mremap.h - the steps of mremap.
 *
 * The range that is moved lies in one area (the model's `area`), else the answer would depend on
 * what the kernel joins; calls whose range certainly is not one are made too, to be refused.
 * Where the kernel chooses the place, that is outside of the window, and a second call brings the
 * mapping back.
 */
#ifndef OCTAVO_TESTS_USER_MM_WALK_MREMAP_H
#define OCTAVO_TESTS_USER_MM_WALK_MREMAP_H

#include <tests/user/mm_walk_calls.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

/* Some pages of one area in the window. => nr 0: none was found */
static struct range draw_area(void)
{
	struct range r = { .first = draw(WINDOW_PAGES) };
	unsigned int area = model[r.first].area, end = r.first + 1;

	if (!area)
		return r;
	while (end < WINDOW_PAGES && model[end].area == area)
		end++;
	if (chance(60))
		while (r.first && model[r.first - 1].area == area)
			r.first--;
	r.nr = chance(60) ? end - r.first : 1 + draw(end - r.first);
	if (r.nr > MOST)
		r.nr = MOST;
	return r;
}

/* @nr new pages like @like, @skip pages behind it; if they are locked, they are asked for. */
static void extend(unsigned int first, unsigned int nr, const struct page *like, unsigned int skip)
{
	struct page more = *like;

	more.index = (unsigned short)(more.index + skip);
	map_pages(first, nr, &more);
	for (unsigned int i = first; i < first + nr; i++)
		if (model[i].locked)
			populate(&model[i]);
}

/* The pages of @from become those of @to, which is free or will be. */
static void move_pages(struct range from, struct range to, bool keep_old)
{
	static struct page moving[MOST];
	unsigned int nr = from.nr < to.nr ? from.nr : to.nr;
	unsigned int i;

	cut_range(from.first, from.nr);
	memcpy(moving, &model[from.first], nr * sizeof(moving[0]));
	for (i = 0; i < from.nr; i++) {
		if (keep_old) {
			page_get(&model[from.first + i]);
			forget_content(&model[from.first + i]);
		} else if (i < nr) {
			memset(&model[from.first + i], 0, sizeof(struct page));
		} else {
			page_drop(&model[from.first + i]);
		}
	}
	unmap_pages(to.first, to.nr);
	last_area++;
	for (i = 0; i < nr; i++) {
		model[to.first + i] = moving[i];
		model[to.first + i].area = last_area;
	}
	if (to.nr > nr) {
		moving[0].area = last_area;
		extend(to.first + nr, to.nr - nr, &moving[0], nr);
	}
}

static bool overlap(struct range a, struct range b)
{
	return a.first < end_of(b) && b.first < end_of(a);
}

/* A place for @nr pages that does not touch @r; one is always there. */
static struct range draw_target(struct range r, unsigned int nr)
{
	struct range to = { .nr = nr };

	do {
		to.first = draw(WINDOW_PAGES - nr + 1);
	} while (overlap(to, r));
	return to;
}

static long call_mremap(struct range r, unsigned int new_nr, int flags, char *to)
{
	note("mremap(%p, %u pages, %u pages, %d, %p)", addr_of(r.first), r.nr, new_nr, flags, to);
	return result_of(mremap(addr_of(r.first), r.nr * PAGE, draw_length(new_nr), flags, to));
}

static struct range move_fixed(struct range r)
{
	struct range to = draw_target(r, chance(50) ? r.nr : 1 + draw(MOST));

	expect_result(call_mremap(r, to.nr, MREMAP_MAYMOVE | MREMAP_FIXED, addr_of(to.first)),
		      (long)addr_of(to.first));
	move_pages(r, to, false);
	return to;
}

static void step_mremap_fixed(void)
{
	struct range r = draw_area();

	if (r.nr)
		move_fixed(r);
}

/*
 * What is locked does not fault: a private page of a file has its copy before the first write.
 * That shows when the file changes, which must come soon after it.
 */
static void step_locked_file(void)
{
	struct range r = draw_area();

	if (!r.nr || model[r.first].kind != FILE_PRIVATE)
		return;
	protect(r, PROT_READ);
	lock(r, LOCKED);
	protect(r, PROT_READ | PROT_WRITE);
	if (chance(50))
		r = move_fixed(r);
	for (unsigned int i = r.first; i < end_of(r); i++)
		if (is_backed(&model[i])) {
			change_file(model[i].object, model[i].index, 0);
			check_page(i);
		}
}

/* The old place stays mapped, and empty. */
static void step_mremap_dontunmap(void)
{
	struct range r = draw_area(), to;

	if (!r.nr)
		return;
	/* The kernel takes the lock from the whole area, which may be larger. */
	for (unsigned int i = r.first; i < end_of(r); i++)
		if (model[i].locked)
			return;
	to = draw_target(r, r.nr);
	note("mremap(%p, %u pages, DONTUNMAP, %p)", addr_of(r.first), r.nr, addr_of(to.first));
	expect_result(result_of(mremap(addr_of(r.first), r.nr * PAGE, r.nr * PAGE,
				       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
				       addr_of(to.first))), (long)addr_of(to.first));
	move_pages(r, to, true);
}

/* Without a place: smaller, or larger where it is, or larger elsewhere. */
static void step_mremap(void)
{
	struct range r = draw_area(), to;
	unsigned int nr = 1 + draw(MOST);
	bool may_move = chance(60), fits;
	long got;

	if (!r.nr)
		return;
	fits = r.first + nr <= WINDOW_PAGES && (nr <= r.nr || is_free(end_of(r), nr - r.nr));
	/* Behind the window nothing is mapped: it could grow out of it. */
	if (!fits && nr > r.nr && is_free(end_of(r), WINDOW_PAGES - end_of(r)))
		return;
	got = call_mremap(r, nr, may_move ? MREMAP_MAYMOVE : 0, NULL);
	if (nr <= r.nr) {
		expect_result(got, (long)addr_of(r.first));
		unmap_pages(r.first + nr, r.nr - nr);
	} else if (fits) {
		expect_result(got, (long)addr_of(r.first));
		extend(end_of(r), nr - r.nr, &model[r.first], r.nr);
	} else if (!may_move) {
		expect_result(got, -ENOMEM);
	} else {
		to = (struct range){ .first = draw(WINDOW_PAGES - nr + 1), .nr = nr };
		bring(to, got);
		move_pages(r, to, false);
	}
}

/* Shared memory seen at a second place: an old length of 0. */
static void step_mremap_again(void)
{
	struct range r = draw_area(), to;
	struct page like;

	if (!r.nr)
		return;
	r.nr = 0;
	like = model[r.first];
	to = draw_target((struct range){ r.first, 1 }, 1 + draw(MOST));
	if (is_private(&like)) {
		expect_result(call_mremap(r, to.nr, MREMAP_MAYMOVE, NULL), -EINVAL);
		return;
	}
	expect_result(call_mremap(r, to.nr, MREMAP_MAYMOVE | MREMAP_FIXED, addr_of(to.first)),
		      (long)addr_of(to.first));
	unmap_pages(to.first, to.nr);
	like.area = ++last_area;
	extend(to.first, to.nr, &like, 0);
}

/* Refused: nothing there, or not one area. Nothing changes, at the target neither. */
static void step_bad_mremap(void)
{
	struct range r = draw_range(), to = draw_target(r, r.nr);
	unsigned int i;

	if (model[r.first].kind == NOTHING) {
		bool fixed = chance(50);

		expect_result(call_mremap(r, r.nr, MREMAP_MAYMOVE | (fixed ? MREMAP_FIXED : 0),
					  addr_of(to.first)), -EFAULT);
		return;
	}
	for (i = r.first + 1; i < end_of(r); i++)
		if (!may_be_joined(&model[i - 1], &model[i])) {
			expect_result(call_mremap(r, r.nr + 1, MREMAP_MAYMOVE, NULL), -EFAULT);
			return;
		}
	expect_result(call_mremap(r, 0, MREMAP_MAYMOVE, NULL), -EINVAL);
	expect_result(call_mremap(r, r.nr, MREMAP_FIXED, addr_of(to.first)), -EINVAL);
	expect_result(call_mremap(r, r.nr, MREMAP_MAYMOVE | MREMAP_FIXED, addr_of(to.first) + 1),
		      -EINVAL);
	expect_result(call_mremap(r, r.nr, MREMAP_MAYMOVE | MREMAP_FIXED,
				  addr_of(r.first + draw(r.nr))), -EINVAL);
}

#endif
