/*
 * tests/user/proc_elf.c - broken programs: an ELF file cut off at any length, and with any of
 * its header fields changed, is refused or dies alone; nothing else is harmed.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

static const char *path = "/tmp/broken-elf";

/* A whole program: exit(42). Header, one segment, code. */
struct tiny {
	Elf32_Ehdr ehdr;
	Elf32_Phdr phdr[2];
	unsigned char code[12];
};

#define BASE 0x08048000

static const struct tiny good = {
	.ehdr = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
		.e_entry = BASE + offsetof(struct tiny, code),
		.e_phoff = offsetof(struct tiny, phdr),
		.e_ehsize = sizeof(Elf32_Ehdr), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
	},
	.phdr = { {
		.p_type = PT_LOAD, .p_offset = 0, .p_vaddr = BASE, .p_paddr = BASE,
		.p_filesz = sizeof(struct tiny), .p_memsz = sizeof(struct tiny),
		.p_flags = PF_R | PF_X, .p_align = 0x1000,
	} },
	/* movl $1, %eax; movl $42, %ebx; int $0x80 */
	.code = { 0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80 },
};

static void write_file(const void *data, size_t size)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

enum { REFUSED = -1, DIED = -2 };

/* => exit status, REFUSED (execve failed), DIED (by a signal) */
static int run_it(void)
{
	char *argv[] = { (char *)path, NULL };
	int status, refused;
	volatile int *err = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				 -1, 0);
	pid_t pid;

	must(err != MAP_FAILED);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		alarm(5);
		execve(path, argv, argv + 1);
		*err = errno;
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	refused = *err;
	munmap((void *)err, 4096);
	if (refused)
		return REFUSED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : DIED;
}

static void expect_bad(const char *what, const struct tiny *t)
{
	int ret;

	write_file(t, sizeof(*t));
	ret = run_it();
	if (ret >= 0)
		test_fail("%s: ran, status %d", what, ret);
}

#define BAD(stmt) do { struct tiny t = good; stmt; expect_bad(#stmt, &t); } while (0)

static void fields(void)
{
	BAD(t.ehdr.e_ident[0] = 0);
	BAD(t.ehdr.e_ident[3] = 'G');
	BAD(t.ehdr.e_machine = EM_SPARC);
	BAD(t.ehdr.e_type = ET_REL);
	BAD(t.ehdr.e_type = ET_CORE);
	BAD(t.ehdr.e_phentsize = 31);
	BAD(t.ehdr.e_phnum = 0);
	BAD(t.ehdr.e_phnum = 0xffff);
	BAD(t.ehdr.e_phoff = 0xfffffff0);
	BAD(t.ehdr.e_phoff = 0x10000);
	BAD(t.ehdr.e_entry = 0);
	BAD(t.ehdr.e_entry = 0xfffffff0);
	BAD(t.ehdr.e_entry = 0xc0100000);
	BAD(t.phdr[0].p_vaddr = 0xc0000000);
	BAD(t.phdr[0].p_vaddr = 0xfffff000);
	BAD(t.phdr[0].p_vaddr = 0);
	BAD(t.phdr[0].p_memsz = 0xf8000000);
	BAD(t.phdr[0].p_memsz = 0xffffffff);
	BAD(t.phdr[0].p_filesz = t.phdr[0].p_memsz + 0x2000);
	BAD(t.phdr[0].p_filesz = 0xffffffff; t.phdr[0].p_memsz = 0xffffffff);
	BAD(t.phdr[0].p_offset = 0xfffff000);
	BAD(t.phdr[0].p_offset = 1);
	BAD(t.phdr[0].p_type = PT_NULL);
}

/* A segment of no size is no segment, whatever its address. */
static void empty_segment(void)
{
	struct tiny t = good;

	t.ehdr.e_phnum = 2;
	t.phdr[1] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_vaddr = 0x08000123, .p_flags = PF_R | PF_W };
	write_file(&t, sizeof(t));
	expect_eq(run_it(), 42);
}

/* No prefix of a program runs, except one that has all that is ever touched. */
static void truncation(void)
{
	for (size_t size = 0; size < offsetof(struct tiny, code); size++) {
		int ret;

		write_file(&good, size);
		ret = run_it();
		if (ret >= 0)
			test_fail("cut to %zu bytes: ran, status %d", size, ret);
	}
}

/* Any byte of the headers changed to anything: the outcome is free, survival is not. */
static void noise(void)
{
	unsigned int seed = 12345;

	for (int i = 0; i < 300; i++) {
		struct tiny t = good;
		int flips;

		seed = seed * 1103515245 + 12345;
		flips = 1 + (seed >> 16) % 3;
		while (flips--) {
			seed = seed * 1103515245 + 12345;
			((unsigned char *)&t)[(seed >> 8) % offsetof(struct tiny, code)] =
				(unsigned char)(seed >> 24);
		}
		write_file(&t, sizeof(t));
		run_it();
	}
	write_file(&good, sizeof(good));
	expect_eq(run_it(), 42);
}

/* bss is zero: within the file's last page, and in whole pages. */
static void bss(void)
{
	struct {
		struct tiny t;
		unsigned char junk[64];
	} f;
	/*
	 * movl $1, %eax; xorl %ebx, %ebx; movl $addr, %ecx; movl $size, %edx
	 * loop: orb (%ecx), %bl; incl %ecx; decl %edx; jnz loop; int $0x80
	 */
	static const unsigned char code[] = {
		0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xb9, 0, 0, 0, 0, 0xba, 0, 0, 0, 0,
		0x0a, 0x19, 0x41, 0x4a, 0x75, 0xfa, 0xcd, 0x80,
	};
	unsigned int start = BASE + sizeof(f), size = 3 * 4096;

	f.t = good;
	memset(f.junk, 0xee, sizeof(f.junk));
	memcpy(f.t.code, code, sizeof(code) < 76 ? sizeof(code) : 76);
	f.t.phdr[0].p_filesz = sizeof(f);
	f.t.phdr[0].p_memsz = sizeof(f) + size;
	f.t.phdr[0].p_flags = PF_R | PF_W | PF_X;
	memcpy((unsigned char *)&f.t.code + 8, &start, 4);
	memcpy((unsigned char *)&f.t.code + 13, &size, 4);
	{
		/* Behind the segment's bytes the file goes on: none of it may show. */
		char file[sizeof(f) + 512];

		memset(file, 0xdd, sizeof(file));
		memcpy(file, &f, sizeof(f));
		write_file(file, sizeof(file));
	}
	expect_eq(run_it(), 0);
}

int main(void)
{
	write_file(&good, sizeof(good));
	must(run_it() == 42);
	fields();
	empty_segment();
	truncation();
	noise();
	bss();
	unlink(path);
	return test_result();
}
