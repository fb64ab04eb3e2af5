/*
 * mm_madvise - each advice: what it does, to which memory, and how it is refused.
 *
 * calls: madvise
 */
#include <tests/user/mm.h>

#define RW	(PROT_READ | PROT_WRITE)
#define ADVICE(name, number)	enum { ADV_##name = number }
ADVICE(FREE, 8);
ADVICE(REMOVE, 9);
ADVICE(DONTDUMP, 16);
ADVICE(DODUMP, 17);
ADVICE(WIPEONFORK, 18);
ADVICE(KEEPONFORK, 19);
ADVICE(COLD, 20);
ADVICE(PAGEOUT, 21);
ADVICE(POPULATE_READ, 22);
ADVICE(POPULATE_WRITE, 23);
ADVICE(DONTNEED_LOCKED, 24);

static int in_core(void *p)
{
	unsigned char vec;

	must(mincore(p, PAGE, &vec) == 0);
	return vec & 1;
}

/* The advice that is kept shows in smaps, and is taken back by its opposite. */
static void flags(void)
{
	static const struct {
		int set, clear;
		const char *shown;
	} cases[] = {
		{ MADV_SEQUENTIAL, MADV_NORMAL, "sr" }, { MADV_RANDOM, MADV_NORMAL, "rr" },
		{ MADV_DONTFORK, MADV_DOFORK, "dc" }, { ADV_DONTDUMP, ADV_DODUMP, "dd" },
		{ ADV_WIPEONFORK, ADV_KEEPONFORK, "wf" },
	};
	char *p = map_anon(4 * PAGE, RW);
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(madvise(p + PAGE, PAGE, cases[i].set) == 0);
		if (!has_vm_flag(p + PAGE, cases[i].shown) || has_vm_flag(p, cases[i].shown))
			test_fail("advice %d: not shown as %s there alone", cases[i].set,
				  cases[i].shown);
		expect(madvise(p + PAGE, PAGE, cases[i].clear) == 0);
		expect(!has_vm_flag(p + PAGE, cases[i].shown));
	}
	madvise(p, PAGE, MADV_RANDOM);
	expect(madvise(p, PAGE, MADV_SEQUENTIAL) == 0);
	expect(!has_vm_flag(p, "rr"));
	munmap(p, 4 * PAGE);
}

static void errors(void)
{
	static const int all[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, ADV_FREE, MADV_DONTFORK, MADV_DOFORK, ADV_DONTDUMP, ADV_DODUMP,
		ADV_WIPEONFORK, ADV_KEEPONFORK, ADV_COLD, ADV_PAGEOUT, ADV_POPULATE_READ,
		ADV_POPULATE_WRITE, ADV_DONTNEED_LOCKED };
	char *p = map_anon(8 * PAGE, RW);
	unsigned int i;

	munmap(p + 4 * PAGE, 2 * PAGE);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		expect_errno(madvise(p + 1, PAGE, all[i]), EINVAL);
		if (kernel_is_32bit()) {
			expect_errno(madvise(p, -1ul, all[i]), EINVAL);
			expect_errno(madvise(p, 0xfffff000ul, all[i]), EINVAL);
		}
		expect(madvise(p, 0, all[i]) == 0);
		expect(madvise(p, 4 * PAGE, all[i]) == 0);
		expect_errno(madvise(p + 4 * PAGE, PAGE, all[i]), ENOMEM);
		expect_errno(madvise(p + 3 * PAGE, 2 * PAGE, all[i]), ENOMEM);
		expect_errno(madvise(p, 8 * PAGE, all[i]), ENOMEM);
	}
	expect_errno(madvise(p, PAGE, 5), EINVAL);
	expect_errno(madvise(p, PAGE, 1234), EINVAL);
	expect_errno(madvise(p, 0, 1234), EINVAL);
	/* Around the hole, everything was done. */
	madvise(p, 8 * PAGE, MADV_DOFORK);
	p[0] = p[7 * PAGE] = 1;
	expect_errno(madvise(p, 8 * PAGE, MADV_DONTNEED), ENOMEM);
	expect_eq(p[0] | p[7 * PAGE], 0);
	munmap(p, 8 * PAGE);
}

static void locked(void)
{
	static const int refused[] = { MADV_DONTNEED, ADV_FREE, ADV_COLD, ADV_PAGEOUT };
	char *p = map_anon(4 * PAGE, RW);
	unsigned int i;

	if (mlock(p + PAGE, PAGE))
		return;
	for (i = 0; i < 4; i++)
		expect_errno(madvise(p + PAGE, PAGE, refused[i]), EINVAL);
	/* The first area that refuses ends it: before is done, behind is not. */
	p[0] = p[3 * PAGE] = 1;
	expect_errno(madvise(p, 4 * PAGE, MADV_DONTNEED), EINVAL);
	expect_eq(p[0], 0);
	expect_eq(p[3 * PAGE], 1);
	p[PAGE] = 1;
	expect(madvise(p + PAGE, PAGE, ADV_DONTNEED_LOCKED) == 0);
	expect_eq(p[PAGE], 0);
	munmap(p, 4 * PAGE);
}

/* Freed lazily: what is written afterwards stays; what is not may be there or be zero. */
static void free_lazily(void)
{
	char *p = map_anon(64 * PAGE, RW), *f;
	int fd = temp_file(1), i;

	for (i = 0; i < 64; i++)
		memset(p + i * PAGE, i + 1, PAGE);
	expect(madvise(p, 64 * PAGE, ADV_FREE) == 0);
	for (i = 0; i < 64; i += 2)
		p[i * PAGE + 1] = 99;
	for (i = 0; i < 64; i++) {
		if (i % 2 == 0)
			expect_eq(p[i * PAGE + 1], 99);
		else
			expect(p[i * PAGE + 1] == i + 1 || p[i * PAGE + 1] == 0);
		expect(p[i * PAGE] == i + 1 || p[i * PAGE] == 0);
	}
	munmap(p, 64 * PAGE);
	f = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	expect_errno(madvise(f, PAGE, ADV_FREE), EINVAL);
	munmap(f, PAGE);
	f = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect_errno(madvise(f, PAGE, ADV_FREE), EINVAL);
	munmap(f, PAGE);
	close(fd);
}

/* Pages that may be lost now, in smaps; Linux takes them to a list by the dozen, and is late by some. */
static void free_shows(void)
{
	enum { N = 256 };
	char *p = map_anon(N * PAGE, RW);
	long some;

	must(madvise(p, N * PAGE, 15 /* NOHUGEPAGE */) == 0);
	memset(p, 1, N * PAGE);
	expect_eq(smaps_kb(p, "LazyFree"), 0);
	expect(madvise(p, N * PAGE, ADV_FREE) == 0);
	some = smaps_kb(p, "LazyFree") / 4;
	expect(some > N / 2 && some <= N);
	expect_eq(smaps_kb(p, "Rss"), N * 4);
	memset(p, 2, N * PAGE);
	expect_eq(smaps_kb(p, "LazyFree"), 0);
	expect_eq(p[5 * PAGE], 2);
	munmap(p, N * PAGE);
}

static void populate(void)
{
	char *p = map_anon(8 * PAGE, RW), *f;
	int fd = temp_file(1), i;

	expect(madvise(p, 8 * PAGE, ADV_POPULATE_WRITE) == 0);
	for (i = 0; i < 8; i++)
		expect(in_core(p + i * PAGE));
	must(mprotect(p, 4 * PAGE, PROT_READ) == 0);
	expect_errno(madvise(p, 8 * PAGE, ADV_POPULATE_WRITE), EINVAL);
	expect(madvise(p, 8 * PAGE, ADV_POPULATE_READ) == 0);
	must(mprotect(p, 4 * PAGE, PROT_NONE) == 0);
	expect_errno(madvise(p, 8 * PAGE, ADV_POPULATE_READ), EINVAL);
	munmap(p, 8 * PAGE);
	/* Beyond the end of a file there is nothing to bring. */
	f = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	must(f != MAP_FAILED);
	expect(madvise(f, PAGE, ADV_POPULATE_WRITE) == 0);
	expect_errno(madvise(f, 2 * PAGE, ADV_POPULATE_READ), EFAULT);
	munmap(f, 2 * PAGE);
	close(fd);
}

/* A hole in shared memory: everybody sees zeros, but for private copies. */
static void punch(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;
	int fd = temp_file(2), i;

	must(p != MAP_FAILED);
	for (i = 0; i < 4; i++)
		p[i * PAGE] = (char)(i + 1);
	expect(madvise(p + PAGE, 2 * PAGE, ADV_REMOVE) == 0);
	for (i = 0; i < 4; i++)
		expect_eq(p[i * PAGE], i == 0 || i == 3 ? i + 1 : 0);
	p[PAGE] = 7;
	expect_eq(p[PAGE], 7);
	munmap(p + 2 * PAGE, PAGE);
	expect_errno(madvise(p + PAGE, 3 * PAGE, ADV_REMOVE), ENOMEM);
	expect_eq(p[PAGE] | p[3 * PAGE], 0);
	munmap(p, 4 * PAGE);
	q = map_anon(PAGE, RW);
	expect_errno(madvise(q, PAGE, ADV_REMOVE), EINVAL);
	munmap(q, PAGE);
	q = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	expect_errno(madvise(q, PAGE, ADV_REMOVE), EACCES);
	munmap(q, 2 * PAGE);
	close(fd);
}

static char *wiped;

static void wiped_child(void)
{
	expect_eq(wiped[0], 1);
	expect_eq(wiped[PAGE], 0);
	expect_eq(wiped[2 * PAGE], 3);
	wiped[PAGE] = 9;
	expect(has_vm_flag(wiped + PAGE, "wf"));
}

static void wipe(void)
{
	int fd = temp_file(1);
	char *f = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), i;

	wiped = map_anon(3 * PAGE, RW);
	for (i = 0; i < 3; i++)
		wiped[i * PAGE] = i + 1;
	expect(madvise(wiped + PAGE, PAGE, ADV_WIPEONFORK) == 0);
	expect_eq(in_child(wiped_child), 0);
	expect_eq(wiped[PAGE], 2);
	expect_errno(madvise(f, PAGE, ADV_WIPEONFORK), EINVAL);
	expect(madvise(f, PAGE, ADV_KEEPONFORK) == 0);
	munmap(f, PAGE);
	close(fd);
}

/* Cold, and sent away: still there, and only looked at less. */
static void cold(void)
{
	char *p = map_anon(4 * PAGE, RW);

	memset(p, 5, 4 * PAGE);
	expect(madvise(p, 4 * PAGE, ADV_COLD) == 0);
	expect_eq(p[PAGE], 5);
	expect(madvise(p, 4 * PAGE, ADV_PAGEOUT) == 0);
	expect_eq(p[2 * PAGE], 5);
	munmap(p, 4 * PAGE);
}

int main(void)
{
	mm_catch();
	flags();
	errors();
	locked();
	free_lazily();
	free_shows();
	populate();
	punch();
	wipe();
	cold();
	return test_result();
}
