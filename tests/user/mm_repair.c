/*
 * mm_repair - a program that handles its own faults: it is told all about each, repairs the
 * mapping, returns, and the instruction is executed again.
 */
#include <tests/user/mm.h>

#include <ucontext.h>

#define RW	(PROT_READ | PROT_WRITE)
#define PAGES	64

/* Bits of the error code, as the processor pushes them. */
#define PF_PROT		1
#define PF_WRITE	2
#define PF_USER		4
#define TRAP_PF		14

static char *area;
static volatile int faults;
static volatile siginfo_t info;
static volatile unsigned long cr2, err, trapno, eip;

static void note(const siginfo_t *si, const ucontext_t *uc)
{
	info = *si;
	cr2 = uc->uc_mcontext.cr2;
	err = (unsigned long)uc->uc_mcontext.gregs[REG_ERR];
	trapno = (unsigned long)uc->uc_mcontext.gregs[REG_TRAPNO];
	eip = (unsigned long)uc->uc_mcontext.gregs[REG_EIP];
	faults++;
}

/* Whatever is missing at the address is made: rights, or the memory itself. */
static void repair(int sig, siginfo_t *si, void *context)
{
	char *page = (char *)((uintptr_t)si->si_addr & -PAGE);

	note(si, context);
	if (si->si_code == SEGV_ACCERR)
		must(mprotect(page, PAGE, RW) == 0);
	else
		must(mmap(page, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
}

/* A file that is too short is made longer. */
static int file;

static void lengthen(int sig, siginfo_t *si, void *context)
{
	note(si, context);
	must(sig == SIGBUS && ftruncate(file, 4 * PAGE) == 0);
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	must(sigaction(sig, &sa, NULL) == 0);
}

static void expect_told(int code, const void *addr, unsigned long error)
{
	expect_eq(info.si_code, code);
	expect_eq((uintptr_t)info.si_addr, (uintptr_t)addr);
	expect_eq(cr2, (uintptr_t)addr);
	expect_eq(err, error);
	expect_eq(trapno, TRAP_PF);
	expect_eq(info.si_errno, 0);
}

/* Each page is made writable when it is first written to: so a collector finds what changed. */
static void write_barrier(void)
{
	int i;

	area = map_anon(PAGES * PAGE, RW);
	memset(area, 1, PAGES * PAGE);
	must(mprotect(area, PAGES * PAGE, PROT_READ) == 0);
	faults = 0;
	for (i = 0; i < PAGES; i += 3) {
		((volatile char *)area)[i * PAGE + 17] = (char)i;
		expect_told(SEGV_ACCERR, area + i * PAGE + 17, PF_USER | PF_WRITE | PF_PROT);
		area[i * PAGE + 18] = 2;
	}
	expect_eq(faults, (PAGES + 2) / 3);
	for (i = 0; i < PAGES; i++)
		expect_eq(area[i * PAGE + 17], i % 3 ? 1 : i);
	expect_eq(faults, (PAGES + 2) / 3);
	munmap(area, PAGES * PAGE);
}

/* Memory made on demand, by the program: read and write, present and not. */
static void made_on_demand(void)
{
	char *p = map_anon(4 * PAGE, PROT_NONE);

	munmap(p, 4 * PAGE);
	faults = 0;
	expect_eq(((volatile char *)p)[5], 0);
	expect_told(SEGV_MAPERR, p + 5, PF_USER);
	((volatile char *)p)[PAGE + 6] = 7;
	expect_told(SEGV_MAPERR, p + PAGE + 6, PF_USER | PF_WRITE);
	expect_eq(p[PAGE + 6], 7);
	expect_eq(faults, 2);
	/* Not allowed, and not there: no page was protected. */
	must(mprotect(p + PAGE, PAGE, PROT_NONE) == 0);
	expect_eq(((volatile char *)p)[PAGE + 6], 7);
	expect_told(SEGV_ACCERR, p + PAGE + 6, PF_USER | (err & PF_PROT));
	/* One instruction, two pages. */
	munmap(p, 2 * PAGE);
	faults = 0;
	*(volatile int *)(p + PAGE - 2) = 0x01020304;
	expect_eq(faults, 2);
	expect_eq(p[PAGE - 1], 3);
	expect_eq(p[PAGE + 1], 1);
	/* A string instruction goes on where it was. */
	munmap(p, 2 * PAGE);
	faults = 0;
	memset(p, 9, 2 * PAGE);
	expect_eq(faults, 2);
	expect_eq(p[2 * PAGE - 1], 9);
	munmap(p, 2 * PAGE);
}

/* The instruction that failed is the one that is shown, and it is executed again. */
static void instruction_shown(void)
{
	unsigned long before, after, value;
	char *p = map_anon(PAGE, PROT_NONE);

	asm volatile("movl $1f, %0\n\t"
		     "1: movl %3, (%2)\n\t"
		     "movl (%2), %1"
		     : "=&r"(before), "=&r"(value) : "r"(p), "r"(4711) : "memory");
	after = eip;
	expect_eq(before, after);
	expect_eq(value, 4711);
	munmap(p, PAGE);
}

static void bus_error(void)
{
	char *p;

	file = temp_file(1);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0);
	must(p != MAP_FAILED);
	faults = 0;
	((volatile char *)p)[3 * PAGE + 8] = 5;
	expect_eq(info.si_signo, SIGBUS);
	expect_told(BUS_ADRERR, p + 3 * PAGE + 8, PF_USER | PF_WRITE);
	expect_eq(faults, 1);
	expect_eq(p[3 * PAGE + 8], 5);
	/* The kernel is told -EFAULT, and sends no signal. */
	must(ftruncate(file, PAGE) == 0 && lseek(file, 0, SEEK_SET) == 0);
	expect_errno(read(file, p + 2 * PAGE, 1), EFAULT);
	expect_errno(write(1, p + 2 * PAGE, 1), EFAULT);
	expect_eq(faults, 1);
	munmap(p, 4 * PAGE);
	close(file);
}

/* The kernel's addresses: nothing is told about what is there. */
static void kernel_half(void)
{
	expect_eq(try_read((void *)0xfffff000), SIGSEGV);
	expect_eq(mm_info.si_code, SEGV_MAPERR);
	if (kernel_is_32bit()) {
		expect_fault(try_read((void *)0xc0100000), SIGSEGV, SEGV_MAPERR, 0xc0100000);
		expect_fault(try_write((void *)0xc0100000, 1), SIGSEGV, SEGV_MAPERR, 0xc0100000);
	}
}

int main(void)
{
	handle(SIGSEGV, repair);
	handle(SIGBUS, lengthen);
	write_barrier();
	made_on_demand();
	instruction_shown();
	bus_error();
	mm_catch();
	kernel_half();
	return test_result();
}
