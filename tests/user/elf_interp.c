/*
 * tests/user/elf_interp.c - programs that name an interpreter in PT_INTERP: it is mapped and
 * started in the program's place, and told by the auxiliary vector where everything is. One that
 * is missing or is no program is an error, never more than that.
 *
 * The interpreter is made here, byte by byte: code that finds one entry of the auxiliary vector
 * and ends with a status that says what it was.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PROGRAM	"program"
#define INTERP	"./interpreter"
#define BASE	0x08048000u

/* A file of one segment, writable because Linux 6.1 clears the rest of its last page. */
struct image {
	Elf32_Ehdr ehdr;
	Elf32_Phdr phdr[4];
	char name[32];
	unsigned char code[96];
};

static void init_image(struct image *im, int type, unsigned int base)
{
	memset(im, 0, sizeof(*im));
	memcpy(im->ehdr.e_ident, ELFMAG, SELFMAG);
	im->ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	im->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	im->ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	im->ehdr.e_type = (Elf32_Half)type;
	im->ehdr.e_machine = EM_386;
	im->ehdr.e_version = EV_CURRENT;
	im->ehdr.e_entry = base + offsetof(struct image, code);
	im->ehdr.e_phoff = offsetof(struct image, phdr);
	im->ehdr.e_ehsize = sizeof(Elf32_Ehdr);
	im->ehdr.e_phentsize = sizeof(Elf32_Phdr);
	im->ehdr.e_phnum = 2;
	im->phdr[0] = (Elf32_Phdr){
		.p_type = PT_LOAD, .p_vaddr = base, .p_filesz = sizeof(*im),
		.p_memsz = sizeof(*im), .p_flags = PF_R | PF_W | PF_X, .p_align = 0x1000,
	};
	im->phdr[1] = (Elf32_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };
}

static void set_interp(struct image *im, const char *name)
{
	strcpy(im->name, name);
	im->phdr[im->ehdr.e_phnum++] = (Elf32_Phdr){
		.p_type = PT_INTERP, .p_offset = offsetof(struct image, name),
		.p_filesz = strlen(name) + 1, .p_memsz = strlen(name) + 1, .p_flags = PF_R,
	};
}

/* exit(status) */
static void code_exit(struct image *im, unsigned char status)
{
	static const unsigned char code[] = { 0xb8, 1, 0, 0, 0, 0xbb, 0, 0, 0, 0, 0xcd, 0x80 };

	memcpy(im->code, code, sizeof(code));
	im->code[6] = status;
}

/* exit(~) with the low byte of (auxv[type] >> shift) - subtract */
static void code_auxv(struct image *im, unsigned int type, unsigned char shift,
		      unsigned int subtract)
{
	static const unsigned char code[] = {
		0x89, 0xe6,			/*  0 movl %esp, %esi */
		0xad,				/*  2 lodsl: argc */
		0x8d, 0x74, 0x86, 0x04,		/*  3 leal 4(%esi,%eax,4), %esi: envp */
		0xad,				/*  7 lodsl */
		0x85, 0xc0,			/*  8 testl %eax, %eax */
		0x75, 0xfb,			/* 10 jnz 7 */
		0xad,				/* 12 lodsl: type */
		0x89, 0xc1,			/* 13 movl %eax, %ecx */
		0xad,				/* 15 lodsl: value */
		0x81, 0xf9, 0, 0, 0, 0,		/* 16 cmpl $type, %ecx */
		0x74, 0x0b,			/* 22 je 35 */
		0x85, 0xc9,			/* 24 testl %ecx, %ecx */
		0x75, 0xf0,			/* 26 jnz 12 */
		0xb8, 0xee, 0, 0, 0,		/* 28 movl $0xee, %eax: not there */
		0xeb, 0x08,			/* 33 jmp 43 */
		0x2d, 0, 0, 0, 0,		/* 35 subl $subtract, %eax */
		0xc1, 0xe8, 0,			/* 40 shrl $shift, %eax */
		0x0f, 0xb6, 0xd8,		/* 43 movzbl %al, %ebx */
		0xb8, 1, 0, 0, 0,		/* 46 movl $1, %eax */
		0xcd, 0x80,			/* 51 int $0x80 */
	};

	memcpy(im->code, code, sizeof(code));
	memcpy(im->code + 18, &type, 4);
	memcpy(im->code + 36, &subtract, 4);
	im->code[42] = shift;
}

static void write_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

/* => exit status, -errno of execve, or -1000 - signal */
static int run(const char *path)
{
	char *argv[] = { (char *)path, "one", NULL };
	int status, fds[2], err = 0;
	pid_t pid;

	must(pipe2(fds, O_CLOEXEC) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		alarm(5);
		execve(path, argv, argv + 2);
		err = errno;
		if (write(fds[1], &err, sizeof(err)) != sizeof(err))
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &err, sizeof(err)) < 0)
		err = 0;
	close(fds[0]);
	must(waitpid(pid, &status, 0) == pid);
	if (err)
		return -err;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1000 - WTERMSIG(status);
}

static struct image program, interp;

static int run_both(void)
{
	write_file(PROGRAM, &program, sizeof(program));
	write_file(INTERP, &interp, sizeof(interp));
	return run(PROGRAM);
}

static void fresh(int program_type, unsigned int program_base, int interp_type)
{
	init_image(&program, program_type, program_base);
	set_interp(&program, INTERP);
	code_exit(&program, 1);
	init_image(&interp, interp_type, interp_type == ET_DYN ? 0 : 0x20000000);
	code_exit(&interp, 42);
}

/* Of each type each: it is the interpreter that runs. */
static void it_runs(void)
{
	fresh(ET_EXEC, BASE, ET_DYN);
	expect_eq(run_both(), 42);
	fresh(ET_DYN, 0, ET_DYN);
	expect_eq(run_both(), 42);
	fresh(ET_EXEC, BASE, ET_EXEC);
	expect_eq(run_both(), 42);
	fresh(ET_DYN, 0, ET_EXEC);
	expect_eq(run_both(), 42);
	/* Without an interpreter a position-independent program runs by itself. */
	init_image(&program, ET_DYN, 0);
	code_exit(&program, 43);
	expect_eq(run_both(), 43);
	/* And one that was linked for some other place. */
	init_image(&program, ET_DYN, 0x41000000);
	code_exit(&program, 44);
	expect_eq(run_both(), 44);
}

/* The interpreter's own interpreter is nobody's. */
static void nested(void)
{
	fresh(ET_EXEC, BASE, ET_DYN);
	set_interp(&interp, "/nowhere");
	expect_eq(run_both(), 42);
	/* Run by hand it is a program, and wants it. */
	expect_eq(run(INTERP), -ENOENT);
}

/* What the interpreter reads of the program. */
static void auxv(void)
{
	fresh(ET_EXEC, BASE, ET_DYN);
	code_auxv(&interp, AT_ENTRY, 0, program.ehdr.e_entry);
	expect_eq(run_both(), 0);
	code_auxv(&interp, AT_PHDR, 0, BASE + offsetof(struct image, phdr));
	expect_eq(run_both(), 0);
	code_auxv(&interp, AT_PHNUM, 0, 0);
	expect_eq(run_both(), 3);
	code_auxv(&interp, AT_PHENT, 0, 0);
	expect_eq(run_both(), 32);
	code_auxv(&interp, AT_PAGESZ, 12, 0);
	expect_eq(run_both(), 1);
	code_auxv(&interp, AT_SECURE, 0, 0);
	expect_eq(run_both(), 0);
	code_auxv(&interp, AT_CLKTCK, 0, 0);
	expect_eq(run_both(), 100);
	code_auxv(&interp, AT_FLAGS, 0, 0);
	expect_eq(run_both(), 0);
	/* An address in the mmap area, far from the program, at a page's start. */
	code_auxv(&interp, AT_BASE, 0, 0);
	expect_eq(run_both(), 0);
	code_auxv(&interp, AT_BASE, 24, 0);
	expect(run_both() >= 0x40);
	code_auxv(&interp, AT_BASE, 0, 0x20000000);
	interp.ehdr.e_type = ET_EXEC;
	interp.ehdr.e_entry += 0x20000000;
	interp.phdr[0].p_vaddr = 0x20000000;
	expect_eq(run_both(), 0);
	/* These only have to be there. */
	fresh(ET_DYN, 0, ET_DYN);
	code_auxv(&interp, AT_RANDOM, 24, 0);
	expect(run_both() != 0);
	code_auxv(&interp, AT_EXECFN, 24, 0);
	expect(run_both() != 0);
	code_auxv(&interp, AT_HWCAP, 0, 0);
	expect(run_both() & 1);
	/* A program without one is told so. */
	init_image(&program, ET_EXEC, BASE);
	code_auxv(&program, AT_BASE, 24, 0);
	expect_eq(run_both(), 0);
	expect(getauxval(AT_MINSIGSTKSZ) == 0 || getauxval(AT_MINSIGSTKSZ) >= 700);
}

static void bad_names(void)
{
	fresh(ET_EXEC, BASE, ET_DYN);
	set_interp(&program, INTERP);
	program.ehdr.e_phnum--;
	must(run_both() == 42);

	unlink(INTERP);
	expect_eq(run(PROGRAM), -ENOENT);
	must(mkdir(INTERP, 0755) == 0);
	expect_eq(run(PROGRAM), -EACCES);
	must(rmdir(INTERP) == 0);
	write_file(INTERP, &interp, sizeof(interp));
	must(chmod(INTERP, 0644) == 0);
	expect_eq(run(PROGRAM), -EACCES);
	must(chmod(INTERP, 0755) == 0);
	expect_eq(run(PROGRAM), 42);

	/* The name must end in its NUL, and must not be empty or endless. */
	program.phdr[2].p_filesz--;
	expect_eq(run_both(), -ENOEXEC);
	program.phdr[2].p_filesz = 1;
	expect_eq(run_both(), -ENOEXEC);
	program.phdr[2].p_filesz = 4097;
	expect_eq(run_both(), -ENOEXEC);
	program.phdr[2].p_filesz = 0xffffffff;
	expect_eq(run_both(), -ENOEXEC);
	program.phdr[2].p_filesz = strlen(INTERP) + 1;
	program.phdr[2].p_offset = 0x100000;
	expect_eq(run_both(), -EIO);
	fresh(ET_EXEC, BASE, ET_DYN);
	strcpy(program.name, "/no/such/file");
	program.phdr[2].p_filesz = sizeof("/no/such/file");
	expect_eq(run_both(), -ENOENT);
}

#define BAD(how, want) do {					\
	fresh(ET_EXEC, BASE, ET_DYN);				\
	how;							\
	expect_eq(run_both(), want);				\
} while (0)

static void bad_interpreters(void)
{
	BAD(interp.ehdr.e_ident[0] = 0, -ELIBBAD);
	BAD(interp.ehdr.e_machine = EM_SPARC, -ELIBBAD);
	BAD(interp.ehdr.e_phentsize = 31, -ELIBBAD);
	BAD(interp.ehdr.e_phnum = 0, -ELIBBAD);
	BAD(interp.ehdr.e_phoff = 0x100000, -ELIBBAD);

	/* Too short to have a header. */
	fresh(ET_EXEC, BASE, ET_DYN);
	must(run_both() == 42);
	write_file(INTERP, "#!/bin/sh\n", 10);
	expect_eq(run(PROGRAM), -EIO);
	write_file(INTERP, "", 0);
	expect_eq(run(PROGRAM), -EIO);

	/* One that lies where the program lies takes its place, which is its own affair. */
	fresh(ET_EXEC, BASE, ET_EXEC);
	interp.phdr[0].p_vaddr = BASE;
	interp.ehdr.e_entry = BASE + offsetof(struct image, code);
	expect_eq(run_both(), 42);
	/* A segment with more in the file than in memory: by an error or by a signal. */
	fresh(ET_EXEC, BASE, ET_DYN);
	interp.phdr[0].p_memsz = 16;
	expect(run_both() < 0);
}

/* Any bits of either file's headers changed: the outcome is free, survival is not. */
static void noise(void)
{
	unsigned int seed = 4711;

	for (int i = 0; i < 200; i++) {
		fresh(i & 1 ? ET_EXEC : ET_DYN, i & 1 ? BASE : 0, ET_DYN);
		for (int flips = 0; flips < 2; flips++) {
			unsigned char *where = (unsigned char *)(i & 2 ? &program : &interp);

			seed = seed * 1103515245 + 12345;
			where[(seed >> 8) % offsetof(struct image, name)] ^= 1u << (seed >> 24 & 7);
		}
		run_both();
	}
	fresh(ET_DYN, 0, ET_DYN);
	expect_eq(run_both(), 42);
}

/* What /proc/self/maps says of the stack of a program with this PT_GNU_STACK. => "rwxp" or so */
static void stack_rights(unsigned int flags, const char *want)
{
	fresh(ET_EXEC, BASE, ET_DYN);
	program.phdr[1].p_flags = flags;
	/* jmp . : it runs until it is killed */
	interp.code[0] = 0xeb;
	interp.code[1] = 0xfe;
	write_file(PROGRAM, &program, sizeof(program));
	write_file(INTERP, &interp, sizeof(interp));

	char *argv[] = { PROGRAM, NULL }, path[64], line[256], rights[8] = "";
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		alarm(20);
		execv(PROGRAM, argv);
		_exit(1);
	}
	sprintf(path, "/proc/%d/maps", pid);
	for (int i = 0; i < 1000 && !rights[0]; i++) {
		FILE *f = fopen(path, "r");
		int is_it = 0;

		must(f);
		while (fgets(line, sizeof(line), f)) {
			is_it |= strstr(line, "/" PROGRAM "\n") != NULL;
			if (is_it && strstr(line, "[stack]"))
				sscanf(line, "%*s %4s", rights);
		}
		fclose(f);
		usleep(1000);
	}
	if (strcmp(rights, want))
		test_fail("PT_GNU_STACK flags %u: the stack is \"%s\", not %s", flags, rights, want);
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
}

int main(void)
{
	test_tmpdir();
	it_runs();
	nested();
	auxv();
	bad_names();
	bad_interpreters();
	noise();
	stack_rights(PF_R | PF_W, "rw-p");
	stack_rights(PF_R | PF_W | PF_X, "rwxp");
	return test_result();
}
