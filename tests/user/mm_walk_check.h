/*
 * tests/user/mm_walk_check.h - is the address space what the model says?
 *
 * Page by page by using it: reads and writes with the signals they bring, content through all
 * known words, and the kernel's own accesses (read and write).  And all at once by
 * /proc/self/maps and status: for each page whether it is mapped, its rights, sharing and
 * offset, the sum of locked ones.  How the pages are put together to lines is the kernel's affair,
 * but it has to find that in order itself.
 */
#ifndef OCTAVO_TESTS_USER_MM_WALK_CHECK_H
#define OCTAVO_TESTS_USER_MM_WALK_CHECK_H

#include <tests/user/mm_walk_report.h>

static sigjmp_buf fault_env;
static volatile int fault_code;
static void *volatile fault_addr;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault_code = info->si_code;
	fault_addr = info->si_addr;
	siglongjmp(fault_env, sig);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	must(sigaction(SIGSEGV, &sa, NULL) == 0);
	must(sigaction(SIGBUS, &sa, NULL) == 0);
}

static int peek(const volatile uint32_t *p, uint32_t *value)
{
	int sig = sigsetjmp(fault_env, 0);

	if (!sig)
		*value = *p;
	return sig;
}

static int poke(volatile uint32_t *p, uint32_t value)
{
	int sig = sigsetjmp(fault_env, 0);

	if (!sig)
		*p = value;
	return sig;
}

/* ---- one page ---- */

static void check_signal(unsigned int page, unsigned int slot, bool write, int got)
{
	int code, sig = fault_of(&model[page], write, &code);

	if (got == sig && (!sig || (fault_code == code && fault_addr == slot_addr(page, slot))))
		return;
	print_page(page);
	wrong("a %s at %p brought signal %d (code %d, address %p), not %d (code %d)",
	      write ? "write" : "read", slot_addr(page, slot), got, fault_code, fault_addr, sig,
	      sig ? code : 0);
}

static void check_word(unsigned int page, unsigned int slot, uint32_t found)
{
	uint32_t known = content_of(&model[page])[slot];

	if (found == known)
		return;
	print_page(page);
	wrong("at %p stands %08x, not %08x", slot_addr(page, slot), found, known);
}

static void read_slot(unsigned int page, unsigned int slot)
{
	uint32_t found = 0;
	int sig = peek(slot_addr(page, slot), &found);

	check_signal(page, slot, false, sig);
	if (!sig)
		check_word(page, slot, found);
}

static void write_slot(unsigned int page, unsigned int slot, uint32_t value)
{
	int sig = poke(slot_addr(page, slot), value);

	check_signal(page, slot, true, sig);
	if (!sig)
		own_content(&model[page])[slot] = value;
}

/* All known words of a page that can be read. */
static void check_page(unsigned int page)
{
	struct page *p = &model[page];

	if (p->kind != NOTHING && p->prot && is_backed(p))
		for (unsigned int slot = 0; slot < SLOTS; slot++)
			read_slot(page, slot);
}

static int pipe_fd[2];

/* The kernel reads the word for us: write(). */
static void kernel_reads(unsigned int page, unsigned int slot)
{
	int code, sig = fault_of(&model[page], false, &code);
	uint32_t found;

	note("write(pipe, %p, 4)", slot_addr(page, slot));
	expect_result(result_of(write(pipe_fd[1], slot_addr(page, slot), 4)), sig ? -EFAULT : 4);
	if (sig)
		return;
	must(read(pipe_fd[0], &found, 4) == 4);
	check_word(page, slot, found);
}

/* The kernel writes the word for us: read(). */
static void kernel_writes(unsigned int page, unsigned int slot, uint32_t value)
{
	int code, sig = fault_of(&model[page], true, &code);

	must(write(pipe_fd[1], &value, 4) == 4);
	note("read(pipe, %p, 4) of %08x", slot_addr(page, slot), value);
	expect_result(result_of(read(pipe_fd[0], slot_addr(page, slot), 4)), sig ? -EFAULT : 4);
	if (!sig)
		own_content(&model[page])[slot] = value;
	else
		must(read(pipe_fd[0], &value, 4) == 4);
}

/* ---- all pages ---- */

static void check_content(void)
{
	uint32_t found;

	for (unsigned int i = 0; i < PAGES; i++)
		check_page(i);
	for (unsigned int nr = 0; nr < FILES; nr++)
		for (unsigned int i = 0; i < common->file[nr].pages; i++) {
			off_t at = (off_t)(i * PAGE + PAGE - 4);

			if (pread(file_fd[nr], &found, 4, at) != 4 ||
			    found != common->file[nr].content[i][SLOTS - 1])
				wrong("page %u of file %u ends with %08x, not %08x", i, nr, found,
				      common->file[nr].content[i][SLOTS - 1]);
		}
}

static char *slurp(const char *path)
{
	static char buf[65536];
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	must(fd >= 0);
	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	must(n == 0 && len < sizeof(buf) - 1);
	close(fd);
	buf[len] = '\0';
	return buf;
}

/* One page of a line of maps. */
static void check_mapped(unsigned int i, const char *rights, unsigned long offset,
			 unsigned long ino)
{
	struct page *p = &model[i];
	char known[5] = "---p";

	if (p->prot & PROT_READ)
		known[0] = 'r';
	if (p->prot & PROT_WRITE)
		known[1] = 'w';
	if (p->prot & PROT_EXEC)
		known[2] = 'x';
	if (!is_private(p))
		known[3] = 's';
	if (p->kind != NOTHING && !memcmp(rights, known, 4) && !ino == (p->kind == ANON) &&
	    (p->kind == ANON || offset == p->index * PAGE))
		return;
	print_page(i);
	wrong("maps has %p as %.4s, offset %lx, inode %lu", addr_of(i), rights, offset, ino);
}

static void check_maps(void)
{
	bool seen[PAGES] = { false };
	char *line;

	for (line = strtok(slurp("/proc/self/maps"), "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long start, end, offset, ino;
		char rights[5];

		must(sscanf(line, "%lx-%lx %4s %lx %*s %lu", &start, &end, rights, &offset, &ino) == 5);
		for (unsigned int i = 0; i < PAGES; i++) {
			unsigned long addr = (unsigned long)addr_of(i);

			if (addr < start || addr >= end)
				continue;
			seen[i] = true;
			check_mapped(i, rights, offset + (addr - start), ino);
		}
	}
	for (unsigned int i = 0; i < PAGES; i++)
		if (!seen[i] && model[i].kind != NOTHING) {
			print_page(i);
			wrong("maps does not have %p", addr_of(i));
		}
}

/* A line of /proc/self/status. */
static unsigned long status_kb(const char *name)
{
	char *at = strstr(slurp("/proc/self/status"), name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static void check_locked(void)
{
	unsigned int locked = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		locked += model[i].locked != NOT_LOCKED;
	if (status_kb("VmLck:") != locked * (PAGE / 1024))
		wrong("VmLck is %lu kB, but %u pages are locked", status_kb("VmLck:"), locked);
}

/* As root one may ask the kernel to prove what it counts; ours looks at all address spaces, too. */
static void check_kernel(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		wrong("the kernel finds something wrong itself (errno %d), see its log", errno);
	close(fd);
}

static void check_all(void)
{
	check_kernel();
	check_maps();
	check_locked();
	check_content();
}

#endif
