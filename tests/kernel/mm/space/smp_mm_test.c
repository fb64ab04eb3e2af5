/*
 * tests/kernel/mm/space/smp_mm_test.c - several processors in one address space.
 *
 * Kernel threads put on one mm and do in it what threads of a program do: fault
 * on the same pages at once, change areas while others fault, fork while others
 * write.  mm_check() must find nothing at the end, and every word must be where it
 * was written.
 */
#include <tests/kernel/fs/fs_test.h>
#include <tests/kernel/mm/space/scratch.h>
#include <tests/kernel/mm/torture.h>

#include <lib/string.h>

static struct mm_struct *shared_mm;

/* What all threads do around their work. */
static void with_shared_mm(struct torturer *me, void (*work)(struct torturer *me))
{
	use_mm(shared_mm);
	work(me);
	unuse_mm(shared_mm);
}

static int check_mm(struct mm_struct *mm)
{
	int lies;

	down_read(&mm->mmap_sem);
	lies = mm_check(mm);
	up_read(&mm->mmap_sem);
	return lies;
}

/* ---- everybody faults on the same pages ---- */

#define COMMON_PAGES	32u

/* What thread @nr writes into each page in round @round. */
static u32 common_word(unsigned int round, int nr)
{
	return round << 8 | (unsigned int)(nr + 1);
}

static unsigned long common_addr(unsigned int page, int nr)
{
	return SCRATCH_BASE + page * PAGE_SIZE + (unsigned int)nr * sizeof(u32);
}

static bool child_shows(struct mm_struct *child, unsigned int round, int threads)
{
	unsigned int page;
	u32 word;
	int nr;

	for (page = 0; page < COMMON_PAGES; page++) {
		for (nr = 0; nr < threads; nr++) {
			if (access_remote_vm(child, common_addr(page, nr), &word, sizeof(word),
					     false) != sizeof(word) ||
			    word != common_word(round, nr))
				return false;
		}
	}
	return true;
}

/* Every thread writes its word into every page, each in an order of its own. */
static void write_all_pages(struct torturer *me, unsigned int round)
{
	unsigned int start = prandom_below(&me->rnd, COMMON_PAGES), i;

	for (i = 0; i < COMMON_PAGES; i++)
		if (poke(common_addr((start + i) % COMMON_PAGES, me->nr),
			 common_word(round, me->nr)))
			WRONG(me);
}

/* A word that is not there was written into a page that another fault replaced. */
static void read_all_pages(struct torturer *me, unsigned int round)
{
	unsigned int page;
	int nr;

	for (page = 0; page < COMMON_PAGES; page++)
		for (nr = 0; nr < me->run->threads; nr++)
			if (peek(common_addr(page, nr)) != common_word(round, nr))
				WRONG(me);
}

static struct mm_struct *common_child;
static unsigned int common_child_round;

/* Between two rounds one thread alone decides what the next one will find. */
static void prepare_round(struct torturer *me, unsigned int round)
{
	if (common_child) {
		if (!child_shows(common_child, common_child_round, me->run->threads) ||
		    check_mm(common_child))
			WRONG(me);
		mmput(common_child);
		common_child = NULL;
	}
	switch (round % 4) {
	case 0:		/* empty entries, and page tables */
		scratch_unmap(SCRATCH_BASE, COMMON_PAGES);
		scratch_map(SCRATCH_BASE, COMMON_PAGES, RW);
		break;
	case 1:		/* the page of zeros everywhere */
		do_madvise(SCRATCH_BASE, COMMON_PAGES * PAGE_SIZE, MADV_DONTNEED);
		for (unsigned int page = 0; page < COMMON_PAGES; page++)
			if (peek(common_addr(page, 0)))
				WRONG(me);
		break;
	case 2:		/* pages shared with a child: copy on write */
		common_child = dup_mm(shared_mm);
		common_child_round = round;
		break;
	}
}

static void fault_at_once(struct torturer *me)
{
	unsigned int round;

	for (round = 0; round < me->run->rounds; round++) {
		write_all_pages(me, round);
		torture_meet(me);
		read_all_pages(me, round);
		torture_meet(me);
		if (me->nr == 0)
			prepare_round(me, round);
		torture_meet(me);
	}
}

static void fault_at_once_work(struct torturer *me)
{
	with_shared_mm(me, fault_at_once);
}

/* One page for all: no word is lost, and a child keeps what it was given. */
KTEST(smp_mm, faults_at_once)
{
	shared_mm = scratch_enter();
	KEXPECT_EQ(t, scratch_map(SCRATCH_BASE, COMMON_PAGES, RW), SCRATCH_BASE);
	torture_run(t, fault_at_once_work, 32);
	if (common_child)
		mmput(common_child);
	common_child = NULL;
	KEXPECT_EQ(t, check_mm(shared_mm), 0);
	scratch_leave(shared_mm);
}

/* ---- everybody changes areas ---- */

/*
 * Blocks of pages belong to the threads in turns, so that areas of different threads touch and
 * join.  A thread knows what its own pages hold; nobody else changes them.
 */
#define BLOCK_PAGES	8u
#define BLOCKS		16u			/* of each thread */
#define OWN_PAGES	(BLOCKS * BLOCK_PAGES)

struct own_page {
	bool mapped;
	u8 prot;
	u32 word;
};
static struct own_page own_pages[NR_CPUS][OWN_PAGES];

static unsigned long own_addr(struct torturer *me, unsigned int page)
{
	unsigned int block = page / BLOCK_PAGES * (unsigned int)me->run->threads + (unsigned int)me->nr;

	return SCRATCH_BASE + (block * BLOCK_PAGES + page % BLOCK_PAGES) * PAGE_SIZE;
}

/* A range inside one block. */
static unsigned int random_range(struct torturer *me, unsigned int *count)
{
	unsigned int first = prandom_below(&me->rnd, OWN_PAGES);

	*count = 1 + prandom_below(&me->rnd, BLOCK_PAGES - first % BLOCK_PAGES);
	return first;
}

static bool own_mmap(struct torturer *me, struct own_page *own)
{
	static const u8 prots[] = { PROT_NONE, PROT_READ, RW, RW, RW };
	u8 prot = prots[prandom_below(&me->rnd, ARRAY_SIZE(prots))];
	unsigned int count, first = random_range(me, &count), i;

	if (scratch_map(own_addr(me, first), count, prot) != own_addr(me, first))
		return false;
	for (i = first; i < first + count; i++)
		own[i] = (struct own_page){ .mapped = true, .prot = prot };
	return true;
}

static bool own_munmap(struct torturer *me, struct own_page *own)
{
	unsigned int count, first = random_range(me, &count), i;

	for (i = first; i < first + count; i++)
		own[i] = (struct own_page){ .mapped = false };
	return scratch_unmap(own_addr(me, first), count) == 0;
}

static bool own_mprotect(struct torturer *me, struct own_page *own)
{
	u8 prot = prandom_below(&me->rnd, 2) ? RW : PROT_READ;
	unsigned int count, first = random_range(me, &count), i;
	long expected = 0;

	for (i = first; i < first + count && !expected; i++) {
		if (own[i].mapped)
			own[i].prot = prot;
		else
			expected = -ENOMEM;
	}
	return do_mprotect(own_addr(me, first), count * PAGE_SIZE, prot) == expected;
}

static bool own_dontneed(struct torturer *me, struct own_page *own)
{
	unsigned int count, first = random_range(me, &count), i;
	long expected = 0;

	for (i = first; i < first + count; i++) {
		own[i].word = 0;
		if (!own[i].mapped)
			expected = -ENOMEM;
	}
	return do_madvise(own_addr(me, first), count * PAGE_SIZE, MADV_DONTNEED) == expected;
}

/* One page with its content goes to the place of another. */
static bool own_mremap(struct torturer *me, struct own_page *own)
{
	unsigned int from = prandom_below(&me->rnd, OWN_PAGES);
	unsigned int to = prandom_below(&me->rnd, OWN_PAGES);
	unsigned long to_addr = own_addr(me, to);

	if (from == to || !own[from].mapped)
		return true;
	own[to] = own[from];
	own[from] = (struct own_page){ .mapped = false };
	return do_mremap(own_addr(me, from), PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			 to_addr) == (long)to_addr;
}

static bool own_touch(struct torturer *me, struct own_page *own)
{
	unsigned int page = prandom_below(&me->rnd, OWN_PAGES);
	bool readable = own[page].mapped && own[page].prot != PROT_NONE;
	unsigned long addr = own_addr(me, page);
	u32 value = prandom_u32(&me->rnd) | 1;

	if (peek(addr) != (readable ? own[page].word : 0xdead))
		return false;
	if (!own[page].mapped || !(own[page].prot & PROT_WRITE))
		return poke(addr, value) == -EFAULT;
	own[page].word = value;
	return poke(addr, value) == 0;
}

/* As another process does it: by get_user_pages(). */
static bool own_remote(struct torturer *me, struct own_page *own)
{
	unsigned int page = prandom_below(&me->rnd, OWN_PAGES);
	int expected = own[page].mapped ? sizeof(u32) : 0;
	unsigned long addr = own_addr(me, page);
	u32 word = 0;

	if (access_remote_vm(shared_mm, addr, &word, sizeof(word), false) != expected ||
	    word != own[page].word)
		return false;
	word = prandom_u32(&me->rnd) | 1;
	if (own[page].mapped)
		own[page].word = word;
	return access_remote_vm(shared_mm, addr, &word, sizeof(word), true) == expected;
}

static bool child_has_own(struct torturer *me, struct mm_struct *child, const struct own_page *own)
{
	unsigned int page;

	for (page = 0; page < OWN_PAGES; page++) {
		u32 word = 0;

		if (access_remote_vm(child, own_addr(me, page), &word, sizeof(word), false) !=
		    (own[page].mapped ? (int)sizeof(word) : 0) || word != own[page].word)
			return false;
	}
	return true;
}

/* A copy while the others go on: our pages are in it as they are, and stay so when we write. */
static bool own_fork(struct torturer *me, struct own_page *own)
{
	static struct own_page before[NR_CPUS][OWN_PAGES];
	struct mm_struct *child;
	bool right;
	int i;

	if (prandom_below(&me->rnd, 20))
		return true;
	child = dup_mm(shared_mm);
	if (!child)
		return false;
	memcpy(before[me->nr], own, sizeof(before[0]));
	right = child_has_own(me, child, own);
	for (i = 0; i < 30; i++)
		right &= own_touch(me, own);
	right &= child_has_own(me, child, before[me->nr]) && check_mm(child) == 0;
	mmput(child);
	return right;
}

static void change_areas(struct torturer *me)
{
	static bool (*const ops[])(struct torturer *me, struct own_page *own) = {
		own_mmap, own_munmap, own_mprotect, own_mprotect, own_dontneed, own_mremap,
		own_touch, own_touch, own_touch, own_touch, own_remote, own_fork,
	};
	struct own_page *own = own_pages[me->nr];
	unsigned int i;

	memset(own, 0, sizeof(own_pages[0]));
	for (i = 0; i < me->run->rounds; i++) {
		if (!ops[prandom_below(&me->rnd, ARRAY_SIZE(ops))](me, own))
			WRONG(me);
		cond_resched();
	}
}

static void change_areas_work(struct torturer *me)
{
	with_shared_mm(me, change_areas);
}

/* mmap, munmap, mprotect, madvise, mremap, fork and faults, all in one address space. */
KTEST(smp_mm, everybody_changes_areas)
{
	shared_mm = scratch_enter();
	torture_run(t, change_areas_work, 1200);
	KEXPECT_EQ(t, check_mm(shared_mm), 0);
	scratch_leave(shared_mm);
}

/* ---- forced writes ---- */

#define TEXT_PAGES	4u
#define FORCED_FILE	(SCRATCH_BASE + 0x1000000)

static u32 forced_word(unsigned long addr)
{
	return (u32)addr ^ 0xf0f0f0f0u;
}

/* The last thread throws away what the others write by force, and has the original mapped. */
static void force_writes(struct torturer *me)
{
	unsigned int i;

	for (i = 0; i < me->run->rounds; i++) {
		unsigned long addr = (i % 2 ? FORCED_FILE : SCRATCH_BASE) + i / 2 % TEXT_PAGES * PAGE_SIZE;
		u32 word = forced_word(addr);

		if (me->nr == me->run->threads - 1) {
			do_madvise(addr & ~(TEXT_PAGES * PAGE_SIZE - 1), TEXT_PAGES * PAGE_SIZE,
				   MADV_DONTNEED);
			peek(addr);
		} else if (access_remote_vm(shared_mm, addr, &word, sizeof(word), true) !=
			   sizeof(word)) {
			WRONG(me);
		}
		if (i % 16 == 0)
			cond_resched();
	}
}

static void force_writes_work(struct torturer *me)
{
	with_shared_mm(me, force_writes);
}

static unsigned long map_file(struct file *file, unsigned long addr, unsigned long pages,
			      unsigned long prot, unsigned long flags)
{
	unsigned long ret;

	down_write(&current->mm->mmap_sem);
	ret = do_mmap_pgoff(file, addr, pages << PAGE_SHIFT, prot, flags | MAP_FIXED, 0);
	up_write(&current->mm->mmap_sem);
	return ret;
}

/* A file of @pages pages, each beginning with its number. => ERR_PTR */
static struct file *numbered_file(const char *name, unsigned int pages)
{
	struct file *file = filp_open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	u32 i;

	for (i = 0; !IS_ERR(file) && i < pages; i++)
		kernel_write(file, (loff_t)i << PAGE_SHIFT, (char *)&i, sizeof(i));
	return file;
}

/*
 * What a debugger writes into a private mapping of a file never reaches the file, nor the page
 * of zeros, though another thread takes the private copy away at every moment.
 */
KTEST(smp_mm, forced_writes_stay_private)
{
	struct jail jail;
	struct file *file;
	unsigned int i;
	u32 word;

	KASSERT(t, begin_jail(&jail));
	file = numbered_file("text", TEXT_PAGES);
	if (!IS_ERR(file)) {
		shared_mm = scratch_enter();
		scratch_map(SCRATCH_BASE, TEXT_PAGES, PROT_READ);
		KEXPECT_EQ(t, map_file(file, FORCED_FILE, TEXT_PAGES, PROT_READ, MAP_PRIVATE),
			   FORCED_FILE);
		torture_run(t, force_writes_work, 500);
		for (i = 0; i < TEXT_PAGES; i++) {
			KEXPECT_EQ(t, kernel_read(file, (loff_t)i << PAGE_SHIFT, (char *)&word,
						  sizeof(word)), (long)sizeof(word));
			KEXPECT_EQ(t, word, i);
		}
		for (i = 0; i < PAGE_SIZE; i++)
			KEXPECT(t, !empty_zero_page[i]);
		KEXPECT_EQ(t, check_mm(shared_mm), 0);
		scratch_leave(shared_mm);
		fput(file);
	}
	KEXPECT(t, !IS_ERR(file));
	end_jail(&jail);
}

/* ---- truncate under those who map ---- */

#define FILE_PAGES	64u
#define SHARED_AT	SCRATCH_BASE
#define PRIVATE_AT	(SCRATCH_BASE + FILE_PAGES * PAGE_SIZE)
/* Each thread's own place, with page tables of its own that come and go. */
#define OWN_MAP_AT(nr)	(SCRATCH_BASE + 0x4000000UL + (unsigned long)(nr) * PMD_SIZE)

static struct file *cut_file;

/* The one that cuts knows how long the file is. */
static void cut(struct torturer *me)
{
	unsigned int pages = prandom_below(&me->rnd, FILE_PAGES + 1), i;

	if (do_truncate(cut_file->f_path.dentry, (loff_t)pages << PAGE_SHIFT))
		WRONG(me);
	for (i = 0; i < FILE_PAGES; i++) {
		unsigned long shared = SHARED_AT + i * PAGE_SIZE, private = PRIVATE_AT + i * PAGE_SIZE;

		if ((peek(shared) == 0xdead) != (i >= pages) ||
		    (peek(private) == 0xdead) != (i >= pages))
			WRONG(me);
	}
}

static bool is_content(u32 word, unsigned int page)
{
	return word == page || word == 0 || word == 0xdead;
}

/* The others read and write wherever they like, and map and unmap. */
static void use_cut_file(struct torturer *me)
{
	unsigned int page = prandom_below(&me->rnd, FILE_PAGES);
	unsigned long offset = page * PAGE_SIZE;

	switch (prandom_below(&me->rnd, 6)) {
	case 0:
		poke(SHARED_AT + offset, page);
		break;
	case 1:
		poke(PRIVATE_AT + offset, page);
		break;
	case 2:
		if (map_file(cut_file, OWN_MAP_AT(me->nr), FILE_PAGES, RW, MAP_SHARED) !=
		    OWN_MAP_AT(me->nr))
			WRONG(me);
		if (!is_content(peek(OWN_MAP_AT(me->nr) + offset), page))
			WRONG(me);
		poke(OWN_MAP_AT(me->nr) + offset, page);
		/* In two halves, then joined again by nobody: i_mmap sees areas cut and shrink. */
		do_mprotect(OWN_MAP_AT(me->nr), FILE_PAGES / 2 * PAGE_SIZE, PROT_READ);
		do_mprotect(OWN_MAP_AT(me->nr), FILE_PAGES / 2 * PAGE_SIZE, RW);
		scratch_unmap(OWN_MAP_AT(me->nr), FILE_PAGES);
		break;
	default:
		if (!is_content(peek(SHARED_AT + offset), page) ||
		    !is_content(peek(PRIVATE_AT + offset), page))
			WRONG(me);
	}
}

static void truncate_and_fault(struct torturer *me)
{
	unsigned int i;

	for (i = 0; i < me->run->rounds; i++) {
		if (me->nr)
			use_cut_file(me);
		else if (i % 8 == 0)
			cut(me);
		cond_resched();
	}
}

static void truncate_and_fault_work(struct torturer *me)
{
	with_shared_mm(me, truncate_and_fault);
}

/* Once do_truncate() has returned no page beyond the end is mapped anywhere, whoever faulted. */
KTEST(smp_mm, truncate_while_others_fault)
{
	struct jail jail;

	KASSERT(t, begin_jail(&jail));
	cut_file = numbered_file("cut", FILE_PAGES);
	if (!IS_ERR(cut_file)) {
		shared_mm = scratch_enter();
		KEXPECT_EQ(t, map_file(cut_file, SHARED_AT, FILE_PAGES, RW, MAP_SHARED), SHARED_AT);
		KEXPECT_EQ(t, map_file(cut_file, PRIVATE_AT, FILE_PAGES, RW, MAP_PRIVATE), PRIVATE_AT);
		torture_run(t, truncate_and_fault_work, 500);
		KEXPECT_EQ(t, check_mm(shared_mm), 0);
		scratch_leave(shared_mm);
		fput(cut_file);
	}
	KEXPECT(t, !IS_ERR(cut_file));
	end_jail(&jail);
}
