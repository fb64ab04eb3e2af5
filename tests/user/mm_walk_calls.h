/*
 * tests/user/mm_walk_calls.h - the steps that map, unmap and change: each call with its prediction.
 *
 * A step chooses its arguments at random, works out by the model what the call must return, makes
 * it, compares, and changes the model.  Arguments are mostly such that the call can succeed; a
 * part of them is wrong in one way, because what an error leaves behind is to be known too.
 */
#ifndef OCTAVO_TESTS_USER_MM_WALK_CALLS_H
#define OCTAVO_TESTS_USER_MM_WALK_CALLS_H

#include <tests/user/mm_walk_check.h>

struct range {
	unsigned int first, nr;
};

/* Pages of the window, few more often than many. */
static struct range draw_range(void)
{
	struct range r = { .nr = 1 + draw(chance(60) ? 4 : MOST) };

	r.first = draw(WINDOW_PAGES - r.nr + 1);
	return r;
}

/* The same, or now and then pages of the heap. */
static struct range draw_any_range(void)
{
	struct range r = draw_range();

	if (!chance(8))
		return r;
	r.nr = 1 + draw(HEAP_PAGES);
	r.first = WINDOW_PAGES + draw(HEAP_PAGES - r.nr + 1);
	return r;
}

static unsigned int end_of(struct range r)
{
	return r.first + r.nr;
}

/* A length that makes so many pages. */
static size_t draw_length(unsigned int pages)
{
	return pages * PAGE - (chance(20) ? draw(PAGE) : 0);
}

static unsigned char draw_prot(void)
{
	static const unsigned char prots[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_EXEC,
		PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	return chance(60) ? PROT_READ | PROT_WRITE : prots[draw(sizeof(prots))];
}

/* ---- mmap ---- */

struct mapping {
	struct page like;
	struct range at;
	int flags, fd;
	off_t offset;
};

static void draw_mapping(struct mapping *m)
{
	struct page *like = &m->like;

	memset(m, 0, sizeof(*m));
	m->fd = -1;
	m->at = draw_range();
	like->prot = draw_prot();
	like->write_allowed = true;
	like->kind = (unsigned char)(chance(40) ? ANON : ANON + draw(4));
	m->flags = is_private(like) ? MAP_PRIVATE : MAP_SHARED;
	if (like->kind == ANON || like->kind == OBJECT) {
		m->flags |= MAP_ANONYMOUS;
	} else {
		bool read_only = chance(20);

		like->object = (unsigned short)draw(FILES);
		like->index = (unsigned short)draw(FILE_PAGES);
		like->write_allowed = is_private(like) || !read_only;
		m->fd = read_only ? file_read_fd[like->object] : file_fd[like->object];
		m->offset = (off_t)(like->index * PAGE);
	}
	if (chance(10))
		m->flags |= MAP_NORESERVE;
	if (chance(5))
		m->flags |= MAP_LOCKED;
	if (chance(10))
		m->flags |= MAP_POPULATE;
	if (chance(2))
		m->flags |= MAP_NONBLOCK;
	like->locked = m->flags & MAP_LOCKED ? LOCKED : NOT_LOCKED;
}

/* The mapping is there: say so to the model. => the range is free */
static void enter_mapping(struct mapping *m)
{
	bool populated = (m->flags & MAP_LOCKED) ||
			 (m->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;

	if (m->like.kind == OBJECT)
		m->like.object = new_object(m->at.nr);
	m->like.area = ++last_area;
	map_pages(m->at.first, m->at.nr, &m->like);
	for (unsigned int i = m->at.first; populated && i < end_of(m->at); i++)
		populate(&model[i]);
}

/* A mapping that the kernel has put elsewhere comes to the window, over what is there. */
static void bring(struct range to, long from)
{
	char *addr = addr_of(to.first);

	if ((from & (long)(PAGE - 1)) || (from < 0 && from > -4096) ||
	    page_at((unsigned long)from) != PAGES)
		wrong("the kernel chose 0x%lx", from);
	note("mremap(%#lx, %u pages, MAYMOVE | FIXED, %p)", from, to.nr, addr);
	expect_result(result_of(mremap((void *)from, to.nr * PAGE, to.nr * PAGE,
				       MREMAP_MAYMOVE | MREMAP_FIXED, addr)), (long)addr);
}

static void step_mmap(void)
{
	struct mapping m;
	bool fixed, noreplace, free;
	char *addr;
	long got;

	draw_mapping(&m);
	fixed = chance(70);
	noreplace = !fixed && chance(50);
	m.flags |= fixed ? MAP_FIXED : noreplace ? MAP_FIXED_NOREPLACE : 0;
	addr = addr_of(m.at.first);
	free = is_free(m.at.first, m.at.nr);
	note("mmap(%p, %u pages, %d, 0x%x, %d, %#lx)", addr, m.at.nr, m.like.prot, m.flags, m.fd,
	     (long)m.offset);
	got = result_of(mmap(addr, draw_length(m.at.nr), m.like.prot, m.flags, m.fd, m.offset));
	if (noreplace && !free) {
		expect_result(got, -EEXIST);
		return;
	}
	if (!m.like.write_allowed && (m.like.prot & PROT_WRITE)) {
		expect_result(got, -EACCES);
		return;
	}
	if (fixed || free)
		expect_result(got, (long)addr);
	else
		bring(m.at, got);
	unmap_pages(m.at.first, m.at.nr);
	enter_mapping(&m);
}

/* One thing is wrong: nothing happens. */
static void step_bad_mmap(void)
{
	struct mapping m;
	unsigned int what = draw(5);
	size_t len;
	char *addr;
	int err = EINVAL;

	draw_mapping(&m);
	addr = addr_of(m.at.first);
	len = m.at.nr * PAGE;
	m.flags |= MAP_FIXED;
	if (what == 0)
		len = 0;
	else if (what == 1)
		addr += 1 + draw(PAGE - 1);
	else if (what == 2)
		m.flags &= ~(MAP_SHARED | MAP_PRIVATE);
	else if (what == 3)
		len = -PAGE + 1 + draw(PAGE - 1), err = ENOMEM;
	else
		m.flags &= ~MAP_ANONYMOUS, m.fd = 1000, err = EBADF;
	note("mmap(%p, %#zx, %d, 0x%x, %d, %#lx)", addr, len, m.like.prot, m.flags, m.fd,
	     (long)m.offset);
	expect_result(result_of(mmap(addr, len, m.like.prot, m.flags, m.fd, m.offset)), -err);
}

static void step_munmap(void)
{
	struct range r = draw_range();

	note("munmap(%p, %u pages)", addr_of(r.first), r.nr);
	expect_result(result_of(munmap(addr_of(r.first), draw_length(r.nr))), 0);
	unmap_pages(r.first, r.nr);
}

/* ---- calls on what is mapped ---- */

static void protect(struct range r, unsigned char prot)
{
	unsigned int i;
	long result = 0;

	note("mprotect(%p, %u pages, %d)", addr_of(r.first), r.nr, prot);
	for (i = r.first; i < end_of(r) && !result; i++) {
		struct page *p = &model[i];
		bool gains = !(p->prot & PROT_WRITE) && (prot & PROT_WRITE);

		if (p->kind == NOTHING)
			result = -ENOMEM;
		else if ((prot & PROT_WRITE) && !p->write_allowed)
			result = -EACCES;
		if (result)
			break;
		if (p->prot != prot)
			cut_range(i, 1);
		p->prot = prot;
		if (gains && is_private(p) && p->locked)
			populate(p);
	}
	expect_result(result_of(mprotect(addr_of(r.first), draw_length(r.nr), prot)), result);
}

static void step_mprotect(void)
{
	protect(draw_any_range(), draw_prot());
}

static void lock_page(unsigned int i, unsigned char locked)
{
	if (model[i].locked != locked)
		cut_range(i, 1);
	model[i].locked = locked;
}

static long lock_call(struct range r, unsigned char locked)
{
	char *addr = addr_of(r.first);

	note("%s(%p, %u pages)", locked == LOCKED ? "mlock" : locked ? "mlock2" : "munlock", addr, r.nr);
	if (locked == NOT_LOCKED)
		return result_of(munlock(addr, draw_length(r.nr)));
	return result_of(syscall(SYS_mlock2, addr, draw_length(r.nr),
				 locked == LOCKED_ONFAULT ? 1 : 0));
}

static void lock(struct range r, unsigned char locked)
{
	long result = 0;
	unsigned int i;

	for (i = r.first; i < end_of(r) && !result; i++) {
		if (model[i].kind == NOTHING)
			result = -ENOMEM;
		else
			lock_page(i, locked);
	}
	for (i = r.first; locked && i < end_of(r) && !result; i++)
		if (!populate(&model[i]))
			result = -ENOMEM;
	expect_result(lock_call(r, locked), result);
}

static void step_mlock(void)
{
	lock(draw_any_range(), chance(60) ? NOT_LOCKED : chance(75) ? LOCKED : LOCKED_ONFAULT);
}

static void step_munlockall(void)
{
	note("munlockall()");
	expect_result(result_of(munlockall()), 0);
	for (unsigned int i = 0; i < PAGES; i++)
		if (model[i].kind != NOTHING)
			lock_page(i, NOT_LOCKED);
}

static void step_msync(void)
{
	struct range r = draw_range();
	int flags = MS_ASYNC | (chance(50) ? MS_INVALIDATE : 0);
	long result = 0;

	for (unsigned int i = r.first; i < end_of(r) && result != -EBUSY; i++) {
		if (model[i].kind == NOTHING)
			result = -ENOMEM;
		else if ((flags & MS_INVALIDATE) && model[i].locked)
			result = -EBUSY;
		if (result && flags == MS_ASYNC)
			break;
	}
	note("msync(%p, %u pages, %d)", addr_of(r.first), r.nr, flags);
	expect_result(result_of(msync(addr_of(r.first), r.nr * PAGE, flags)), result);
}

static void step_mincore(void)
{
	struct range r = draw_any_range();
	unsigned char resident[MOST];

	note("mincore(%p, %u pages)", addr_of(r.first), r.nr);
	memset(resident, 0xee, sizeof(resident));
	for (unsigned int i = r.first; i < end_of(r); i++)
		if (model[i].kind == NOTHING) {
			expect_result(result_of(mincore(addr_of(r.first), r.nr * PAGE, resident)),
				      -ENOMEM);
			return;
		}
	expect_result(result_of(mincore(addr_of(r.first), r.nr * PAGE, resident)), 0);
	for (unsigned int i = 0; i < r.nr; i++)
		if (resident[i] > 1)
			wrong("page %u: mincore says %#x", r.first + i, resident[i]);
}

/* ---- madvise ---- */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

/* What the advice does to one page. => 0, or -errno: nothing, and the call ends here */
static long advise_page(unsigned int i, int advice)
{
	struct page *p = &model[i];

	switch (advice) {
	case MADV_FREE:
		if (p->kind != ANON)
			return -EINVAL;
		/* fallthrough */
	case MADV_DONTNEED:
		if (p->locked)
			return -EINVAL;
		forget_content(p);
		return 0;
	case MADV_WIPEONFORK:
		if (p->kind != ANON)
			return -EINVAL;
		/* fallthrough */
	case MADV_KEEPONFORK:
		if (p->zero_in_child != (advice == MADV_WIPEONFORK))
			cut_range(i, 1);
		p->zero_in_child = advice == MADV_WIPEONFORK;
		return 0;
	case MADV_DONTFORK:
	case MADV_DOFORK:
		if (p->not_in_child != (advice == MADV_DONTFORK))
			cut_range(i, 1);
		p->not_in_child = advice == MADV_DONTFORK;
		return 0;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		if (!(p->prot & (advice == MADV_POPULATE_READ ? PROT_READ : PROT_WRITE)))
			return -EINVAL;
		if (!is_backed(p))
			return -EFAULT;
		if (advice == MADV_POPULATE_WRITE)
			own_content(p);
		return 0;
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
		/* Is not kept in the model; pages may have become different. */
		cut_range(i, 1);
		return 0;
	}
	return 0;
}

static const int advices[] = {
	MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_WILLNEED,
	MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DONTFORK, MADV_DOFORK,
	MADV_DOFORK, MADV_WIPEONFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_POPULATE_READ,
	MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_POPULATE_WRITE,
};
#define NR_ADVICES	(sizeof(advices) / sizeof(advices[0]))

/* Holes: Linux 6.1 populates what is behind them, later ones do not.  => the part before */
static struct range before_hole(struct range r)
{
	for (unsigned int i = r.first; i < end_of(r); i++)
		if (model[i].kind == NOTHING)
			r.nr = i - r.first;
	return r;
}

static void step_madvise(void)
{
	int advice = advices[draw(NR_ADVICES)];
	/* A heap with holes cannot be made smaller: a child shall have all of it. */
	struct range r = advice == MADV_DONTFORK ? draw_range() : draw_any_range();
	long result = 0, err = 0;
	unsigned int i;

	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		r = before_hole(r);
	for (i = r.first; i < end_of(r); i++) {
		if (model[i].kind == NOTHING) {
			result = -ENOMEM;
			continue;
		}
		err = advise_page(i, advice);
		if (err)
			break;
	}
	if (!r.nr)
		return;
	note("madvise(%p, %u pages, %d)", addr_of(r.first), r.nr, advice);
	expect_result(result_of(madvise(addr_of(r.first), draw_length(r.nr), advice)),
		      err ? err : result);
	/* What is freed may still be there, or not. */
	if (advice == MADV_FREE && i > r.first)
		madvise(addr_of(r.first), (i - r.first) * PAGE, MADV_DONTNEED);
}

/* ---- heap ---- */

static unsigned int heap_pages(void)
{
	return (heap_used + (unsigned int)PAGE - 1) / (unsigned int)PAGE;
}

static void step_brk(void)
{
	static const struct page like = {
		.kind = ANON, .prot = PROT_READ | PROT_WRITE, .write_allowed = true,
	};
	unsigned int before = heap_pages(), bytes = draw(HEAP_PAGES * (unsigned int)PAGE + 1), now;

	note("brk(%#lx)", heap_start + bytes);
	expect_result(syscall(SYS_brk, heap_start + bytes), (long)(heap_start + bytes));
	heap_used = bytes;
	now = heap_pages();
	if (now < before) {
		unmap_pages(WINDOW_PAGES + now, before - now);
		return;
	}
	map_pages(WINDOW_PAGES + before, now - before, &like);
	last_area++;
	for (; before < now; before++)
		model[WINDOW_PAGES + before].area = last_area;
}

/* ---- files ---- */

static void step_truncate(void)
{
	unsigned int nr = draw(FILES), pages = draw(FILE_PAGES + 1);

	note("ftruncate(%d, %u pages)", file_fd[nr], pages);
	expect_result(result_of(ftruncate(file_fd[nr], (off_t)(pages * PAGE))), 0);
	resize_file(nr, pages);
}

/* Change a word of a file: who has a copy must not see it, all others must. */
static void change_file(unsigned int nr, unsigned int page, unsigned int slot)
{
	off_t at = (off_t)(page * PAGE + (slot ? PAGE - 4 : 0));
	uint32_t value = draw(~0u);

	note("pwrite(%d, %08x, 4, %#lx)", file_fd[nr], value, (long)at);
	expect_result(result_of(pwrite(file_fd[nr], &value, 4, at)), 4);
	common->file[nr].content[page][slot] = value;
}

static void step_pwrite(void)
{
	unsigned int nr = draw(FILES), pages = common->file[nr].pages;

	if (pages)
		change_file(nr, draw(pages), draw(2) ? SLOTS - 1 : 0);
}

#endif
