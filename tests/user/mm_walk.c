/*
 * mm_walk - a random walk of mapping calls; at every step the kernel is where a simple model is.
 *
 * usage: mm_walk [--seed N] [--steps N] [--look N]
 *
 * 50,000 steps (walk_steps=N on the kernel's command line: a million in make soak), each one call
 * (mmap in all its forms, munmap, mprotect, mremap, madvise, mlock, brk, fork, truncation of
 * mapped files) or use of a page, by the program and by the kernel for it.  The result of each
 * call is what the model says (mm_walk_model.h), each access brings what the model has there or
 * the right signal; regularly every page, /proc/self/maps, and the children are compared.  At
 * the end everything is unmapped and the process is as large as before.
 *
 * A step that went wrong unseen is found by looking more often: --look 1.  The same seed makes the
 * same steps on every kernel: Linux must agree with the model first.
 */
#include <tests/user/mm_walk_fork.h>

#define STEPS		50000

static unsigned long look_every = 512;	/* steps between looks at everything */

static void step_touch(void)
{
	struct range r = draw_any_range();
	unsigned int slot = draw(SLOTS);

	for (unsigned int i = r.first; i < end_of(r) && i < r.first + 4; i++) {
		uint32_t value = draw(~0u);

		if (chance(50)) {
			note("write %08x at %p", value, slot_addr(i, slot));
			write_slot(i, slot, value);
		} else {
			note("read at %p", slot_addr(i, slot));
			read_slot(i, slot);
		}
	}
}

static void step_kernel_touch(void)
{
	struct range r = draw_any_range();

	if (chance(50))
		kernel_reads(r.first, draw(SLOTS));
	else
		kernel_writes(r.first, draw(SLOTS), draw(~0u));
}

/* What a step is, and how often of 1000. */
static const struct {
	void (*step)(void);
	unsigned int often;
} kinds_of_step[] = {
	{ step_mmap, 130 }, { step_bad_mmap, 10 }, { step_munmap, 60 }, { step_mprotect, 100 },
	{ step_mremap, 60 }, { step_mremap_fixed, 60 }, { step_mremap_dontunmap, 30 },
	{ step_mremap_again, 15 }, { step_bad_mremap, 15 }, { step_madvise, 100 },
	{ step_mlock, 40 }, { step_munlockall, 5 }, { step_locked_file, 20 }, { step_msync, 10 },
	{ step_mincore, 15 }, { step_brk, 25 }, { step_truncate, 15 }, { step_pwrite, 25 },
	{ step_fork, 15 }, { step_kernel_touch, 70 }, { step_touch, 180 },
};

static void random_step(void)
{
	unsigned int at = draw(1000), kind = 0;

	while (at >= kinds_of_step[kind].often)
		at -= kinds_of_step[kind++].often;
	kinds_of_step[kind].step();
}

/* ---- beginning and end ---- */

static void read_options(int argc, char **argv)
{
	walk.seed = test_seed(1);
	walk.steps = test_option("walk_steps", STEPS);
	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long value = strtoul(argv[i + 1], NULL, 0);

		if (!strcmp(argv[i], "--seed"))
			walk.seed = (uint32_t)value;
		else if (!strcmp(argv[i], "--steps"))
			walk.steps = value;
		else if (!strcmp(argv[i], "--look"))
			look_every = value ? value : 1;
	}
	walk.random = walk.seed * 2654435761u + 1;
	if (!walk.random)
		walk.random = 1;
}

static void open_files(void)
{
	for (unsigned int nr = 0; nr < FILES; nr++) {
		char path[32];

		file_fd[nr] = temp_file(0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file_fd[nr]);
		file_read_fd[nr] = open(path, O_RDONLY);
		must(file_read_fd[nr] >= 0);
		must(ftruncate(file_fd[nr], (off_t)(FILE_PAGES / 2 * PAGE)) == 0);
		common->file[nr].pages = FILE_PAGES / 2;
	}
	must(pipe(pipe_fd) == 0);
}

/* The stack takes its page tables before they are counted. */
static void use_stack(void)
{
	volatile char room[32 * PAGE];

	for (size_t at = 0; at < sizeof(room); at += PAGE)
		room[at] = 0;
}

static void begin(void)
{
	struct rlimit locked = { PAGES * 2 * PAGE, PAGES * 2 * PAGE };

	if (geteuid())
		must(setrlimit(RLIMIT_MEMLOCK, &locked) == 0);
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, 
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(common != MAP_FAILED);
	open_files();
	catch_faults();
	heap_start = (unsigned long)syscall(SYS_brk, 0);
	heap_start = (heap_start + PAGE - 1) & -PAGE;
	must((unsigned long)syscall(SYS_brk, heap_start) == heap_start);
	use_stack();
	check_all();
}

static void end(void)
{
	if (child.pid)
		ask_child('q');
	check_all();
	munmap(addr_of(0), WINDOW_PAGES * PAGE);
	must((unsigned long)syscall(SYS_brk, heap_start) == heap_start);
	unmap_pages(0, PAGES);
	check_all();
	for (unsigned int i = 0; i < OBJECTS; i++)
		if (common->object[i].used)
			wrong("the model itself is wrong: object %u is used", i);
}

int main(int argc, char **argv)
{
	static char buf[4096];
	unsigned long size, tables;

	setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	read_options(argc, argv);
	begin();
	size = status_kb("VmSize:");
	tables = status_kb("VmPTE:");
	for (walk.step = 0; walk.step < walk.steps; walk.step++) {
		random_step();
		check_page(draw(PAGES));
		if (walk.step % look_every == look_every - 1)
			check_all();
	}
	end();
	expect_eq(status_kb("VmSize:"), size);
	expect_eq(status_kb("VmPTE:"), tables);
	return test_result();
}
