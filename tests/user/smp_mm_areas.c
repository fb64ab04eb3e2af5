/*
 * tests/user/smp_mm_areas.c - threads that all change and use one address space.
 *
 * Each thread has pages of its own, in blocks between the others', and knows what they hold and
 * what may be done to them; pages that all use; and the right to fork at any time.
 */
#include <tests/user/smp_mm.h>

#define BLOCK_PAGES	8u
#define BLOCKS		12u
#define OWN_PAGES	(BLOCKS * BLOCK_PAGES)
#define OPERATIONS	600u
#define ROUNDS		16u
#define COMMON_PAGES	16u
#define FORKS		10u
#define WRITTEN_PAGES	4u		/* of each writer */

static char *arena;

/* ---- areas ---- */

struct own_page {
	bool mapped;
	int prot;
	uint32_t word;
};
static struct own_page own[THREADS][OWN_PAGES];

static void *own_addr(int nr, unsigned int page)
{
	unsigned int block = page / BLOCK_PAGES * THREADS + (unsigned int)nr;

	return arena + (block * BLOCK_PAGES + page % BLOCK_PAGES) * PAGE;
}

static void touch(int nr, unsigned int i)
{
	struct own_page *page = &own[nr][i];
	volatile uint32_t *p = own_addr(nr, i);
	uint32_t value = draw(0xffff) << 8 | 1;
	bool writable = page->mapped && (page->prot & PROT_WRITE);

	if (peek(p) != (page->mapped && page->prot ? page->word : NOT_THERE))
		WRONG();
	if (poke(p, value) != writable)
		WRONG();
	if (writable)
		page->word = value;
}

static void change(int nr, unsigned int op, unsigned int first, unsigned int count)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	int prot = prots[draw(3)];
	void *addr = own_addr(nr, first);
	bool hole = false;
	unsigned int i;

	for (i = first; i < first + count; i++) {
		struct own_page *page = &own[nr][i];

		hole |= !page->mapped;
		if (op == 0)
			*page = (struct own_page){ .mapped = true, .prot = prot };
		else if (op == 1)
			*page = (struct own_page){ .mapped = false };
		else if (op == 2 && !hole)	/* up to the first hole */
			page->prot = prot;
		else if (op == 3)		/* holes are stepped over */
			page->word = 0;
	}
	if (op == 0 && mmap(addr, count * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			    0) != addr)
		WRONG();
	if (op == 1 && munmap(addr, count * PAGE))
		WRONG();
	if (op == 2 && (mprotect(addr, count * PAGE, prot) != 0) != hole)
		WRONG();
	if (op == 3 && (madvise(addr, count * PAGE, MADV_DONTNEED) != 0) != hole)
		WRONG();
}

/* A page with what is in it goes to the place of another. */
static void move(int nr)
{
	unsigned int from = draw(OWN_PAGES), to = draw(OWN_PAGES);

	if (from == to || !own[nr][from].mapped)
		return;
	if (mremap(own_addr(nr, from), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   own_addr(nr, to)) != own_addr(nr, to))
		WRONG();
	own[nr][to] = own[nr][from];
	own[nr][from] = (struct own_page){ .mapped = false };
}

/* The heap has one end: the first thread moves it. */
static void grow_heap(void)
{
	static char *base;
	char *old = base ? base : (char *)syscall(SYS_brk, 0), *end = old + (1 + draw(32)) * PAGE;

	base = old;
	if ((char *)syscall(SYS_brk, end) != end || !poke((uint32_t *)(end - 64), 7) ||
	    peek((uint32_t *)(end - 64)) != 7 || (char *)syscall(SYS_brk, old) != old)
		WRONG();
}

static void use_areas(int nr)
{
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		unsigned int op = draw(10), first = draw(OWN_PAGES);

		if (op < 4)
			change(nr, op, first, 1 + draw(BLOCK_PAGES - first % BLOCK_PAGES));
		else if (op == 4)
			move(nr);
		else if (op == 5 && nr == 0)
			grow_heap();
		else
			touch(nr, first);
	}
}

static void areas(void)
{
	run_threads(use_areas);
	munmap(arena, THREADS * OWN_PAGES * PAGE);
}

/* ---- faults on the same pages ---- */

static uint32_t common_word(unsigned int round, int nr)
{
	return round << 8 | (uint32_t)(nr + 1);
}

static void fault_at_once(int nr)
{
	volatile uint32_t *p = (volatile uint32_t *)arena;
	unsigned int round, page;
	int other;

	for (round = 1; round <= ROUNDS; round++) {
		for (page = 0; page < COMMON_PAGES; page++)
			p[(page + (unsigned int)nr * 4) % COMMON_PAGES * WORDS + (unsigned int)nr] =
				common_word(round, nr);
		threads_meet();
		for (page = 0; page < COMMON_PAGES; page++)
			for (other = 0; other < THREADS; other++)
				if (p[page * WORDS + (unsigned int)other] != common_word(round, other))
					WRONG();
		threads_meet();
		if (nr == 0 && madvise(arena, COMMON_PAGES * PAGE, MADV_DONTNEED))
			WRONG();
		/* Every other time there is the page of zeros before there is one's own. */
		if (nr == 0 && round % 2)
			for (page = 0; page < COMMON_PAGES; page++)
				if (p[page * WORDS])
					WRONG();
		threads_meet();
	}
}

/* No word is lost: all threads that fault on a page get the same one. */
static void faults(void)
{
	must(mmap(arena, COMMON_PAGES * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == arena);
	run_threads(fault_at_once);
}

/* ---- fork while others write ---- */

static volatile int forking;

static volatile uint32_t *written_page(int nr, unsigned int page)
{
	return (volatile uint32_t *)(arena + ((unsigned int)nr * WRITTEN_PAGES + page) * PAGE);
}

/* From the first word to the last, again and again, one more each time. */
static void write_pages(int nr)
{
	uint32_t generation;
	unsigned int page, i;

	for (generation = 1; forking; generation++) {
		for (page = 0; page < WRITTEN_PAGES; page++) {
			volatile uint32_t *p = written_page(nr, page);

			for (i = 0; i < WORDS; i++) {
				if (p[i] != generation - 1)
					WRONG();
				p[i] = generation;
			}
		}
	}
}

/*
 * In the child: a page is as it was at one moment, so the words that had been written come first,
 * and it does not change any more.  => exit status
 */
static int look_at_pages(void)
{
	uint32_t sum = 0, again = 0;
	unsigned int i;
	int nr;

	for (nr = 1; nr < THREADS; nr++) {
		volatile uint32_t *p = written_page(nr, 0);

		for (i = 0; i < WRITTEN_PAGES * WORDS; i++)
			sum += p[i] * (i + 1);
		for (i = 1; i < WRITTEN_PAGES * WORDS; i++)
			if (p[i] != p[i - 1] && p[i] != p[0] - 1)
				return 1;
		if (p[0] - p[WRITTEN_PAGES * WORDS - 1] > 1)
			return 2;
	}
	sched_yield();
	for (nr = 1; nr < THREADS; nr++)
		for (i = 0; i < WRITTEN_PAGES * WORDS; i++)
			again += written_page(nr, 0)[i] * (i + 1);
	return sum == again ? 0 : 3;
}

static void fork_and_write(int nr)
{
	unsigned int i;
	int status;
	long pid;

	if (nr) {
		write_pages(nr);
		return;
	}
	for (i = 0; i < FORKS; i++) {
		pid = syscall(SYS_fork);
		if (!pid)
			syscall(SYS_exit_group, look_at_pages());
		if (pid < 0 || syscall(SYS_waitpid, pid, &status, 0) != pid || status)
			WRONG();
	}
	forking = 0;
}

/* What a child sees is one moment's memory, and no writer loses a word to its copy on write. */
static void forks(void)
{
	must(mmap(arena, THREADS * WRITTEN_PAGES * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == arena);
	forking = 1;
	run_threads(fork_and_write);
}

int main(void)
{
	arena = mmap(NULL, THREADS * OWN_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(arena != MAP_FAILED);
	munmap(arena, THREADS * OWN_PAGES * PAGE);
	threads_catch();
	areas();
	faults();
	forks();
	return test_result();
}
