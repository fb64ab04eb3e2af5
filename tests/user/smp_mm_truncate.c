/*
 * tests/user/smp_mm_truncate.c - a file is cut and grows while threads and processes map it.
 *
 * One thread cuts: when ftruncate() has returned, no page beyond the end is to be had, from
 * whichever mapping.  The others read and write where they like, SIGBUS being an answer, punch
 * holes, and map and unmap the file; so do children, which share nothing but the file.  One of
 * the mappings is locked: what counts a page's locks must never meet one that has left the file.
 */
#include <tests/user/smp_mm.h>

#define FILE_PAGES	32u
#define CUTS		30u
#define CHILDREN	2

static int fd;
static volatile uint32_t *shared, *private, *locked;
static volatile int cutting;

static void *map_file(int flags)
{
	return mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

/* A page holds its number, or zeros since it was cut and came back. */
static bool is_content(uint32_t word, unsigned int page)
{
	return word == page + 1 || word == 0 || word == NOT_THERE;
}

static void cut(void)
{
	unsigned int pages = draw(FILE_PAGES + 1), i;

	if (ftruncate(fd, (off_t)(pages * PAGE)))
		WRONG();
	for (i = 0; i < FILE_PAGES; i++)
		if ((peek(shared + i * WORDS) == NOT_THERE) != (i >= pages) ||
		    (peek(private + i * WORDS) == NOT_THERE) != (i >= pages))
			WRONG();
}

static void use(void)
{
	unsigned int page = draw(FILE_PAGES);
	volatile uint32_t *p;

	switch (draw(7)) {
	case 0:
		poke(shared + page * WORDS, page + 1);
		break;
	case 1:
		poke(private + page * WORDS, page + 1);
		break;
	case 2:
		p = map_file(draw(2) ? MAP_SHARED : MAP_PRIVATE);
		if ((void *)p == MAP_FAILED) {
			WRONG();
			break;
		}
		if (!is_content(peek(p + page * WORDS), page))
			WRONG();
		poke(p + page * WORDS, page + 1);
		/* Cut the area in two, and let it grow together again. */
		if (mprotect((char *)p + FILE_PAGES / 2 * PAGE, PAGE, PROT_READ) ||
		    mprotect((char *)p + FILE_PAGES / 2 * PAGE, PAGE, PROT_READ | PROT_WRITE) ||
		    munmap((void *)p, FILE_PAGES * PAGE))
			WRONG();
		break;
	case 3:
		/* Beyond the end, too; what is on a disk may refuse. */
		madvise((char *)shared + page * PAGE, PAGE, MADV_REMOVE);
		break;
	default:
		if (!is_content(peek(locked + page * WORDS), page))
			WRONG();
		if (!is_content(peek(shared + page * WORDS), page) ||
		    !is_content(peek(private + page * WORDS), page))
			WRONG();
	}
}

static void cut_and_use(int nr)
{
	unsigned int i;

	if (nr) {
		while (cutting)
			use();
		return;
	}
	for (i = 0; i < CUTS; i++)
		cut();
	cutting = 0;
}

/* In a child, alone in its address space, on the first thread's stack: until it is killed. */
static void use_for_ever(int nr)
{
	if (!nr)
		while (!wrong_line)
			use();
}

static pid_t start_child(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		run_threads(use_for_ever);
		_exit(1);
	}
	return pid;
}

int main(void)
{
	char name[] = "/tmp/octavo-cut-XXXXXX";
	pid_t children[CHILDREN];
	int i, status;

	fd = mkstemp(name);
	must(fd >= 0);
	unlink(name);
	must(ftruncate(fd, FILE_PAGES * PAGE) == 0);
	shared = map_file(MAP_SHARED);
	private = map_file(MAP_PRIVATE);
	locked = map_file(MAP_SHARED);
	must((void *)shared != MAP_FAILED && (void *)private != MAP_FAILED);
	must((void *)locked != MAP_FAILED && !mlock((void *)locked, FILE_PAGES * PAGE));
	threads_catch();
	for (i = 0; i < CHILDREN; i++)
		children[i] = start_child();
	cutting = 1;
	run_threads(cut_and_use);
	for (i = 0; i < CHILDREN; i++) {
		kill(children[i], SIGKILL);
		must(waitpid(children[i], &status, 0) == children[i]);
		/* One that ended by itself had found something wrong. */
		expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	return test_result();
}
