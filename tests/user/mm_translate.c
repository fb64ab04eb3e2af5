/*
 * mm_translate - which frame is behind an address: shared text, the page of zeros, copies.
 *
 * Only where /proc/PID/translate exists: frames are nobody's business on Linux.
 */
#include <tests/user/mm.h>

#include <sys/stat.h>

static char answer[4096];

static const char *walk(pid_t pid, const volatile void *addr)
{
	char path[64], text[16];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/translate", (int)pid);
	fd = open(path, O_RDWR);
	if (fd < 0 && errno == ENOENT)
		skip("no /proc/PID/translate");
	must(fd >= 0);
	n = snprintf(text, sizeof(text), "%lx\n", (unsigned long)(uintptr_t)addr);
	must(write(fd, text, (size_t)n) == n);
	must(lseek(fd, 0, SEEK_SET) == 0);
	n = read(fd, answer, sizeof(answer) - 1);
	must(n > 0);
	answer[n] = '\0';
	close(fd);
	return answer;
}

/* => the number behind a word of the answer, or -1 */
static long field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? (long)strtoul(at + strlen(name), NULL, 16) : -1;
}

static long frame(pid_t pid, const volatile void *addr)
{
	return field(walk(pid, addr), "\nframe       ");
}

/* Two levels of 10 and 10 bits, or three of 2, 9 and 9: the answer has a line for each. */
static void indices(void)
{
	const char *text = walk(getpid(), (void *)0xC1234567);
	unsigned long main_at = (unsigned long)(uintptr_t)indices;
	int pae = strstr(text, "\ntop ") != NULL;

	if (pae)
		expect_eq(field(text, "\ntop         "), 3);
	expect_eq(field(text, "\ndirectory   "), pae ? 0x9 : 0x304);
	expect_eq(field(text, "\nlinear      "), (long)0xC1234567);
	if (strstr(text, "large page"))
		expect_eq(field(text, "\noffset      "), pae ? 0x34567 : 0x234567);
	else if (strstr(text, "\noffset"))
		expect_eq(field(text, "\noffset      "), 0x567);
	text = walk(getpid(), indices);
	expect_eq(field(text, "\ndirectory   "), pae ? main_at >> 21 & 0x1ff : main_at >> 22);
	expect_eq(field(text, "\ntable       "), main_at >> 12 & (pae ? 0x1ff : 0x3ff));
	expect_eq(field(text, "\noffset      "), main_at & 0xfff);
	expect_eq(field(text, "\nphysical    ") & 0xfff, main_at & 0xfff);
	expect(strstr(text, "page cache"));
	expect(strstr(walk(getpid(), (void *)16), "not mapped"));
}

/* The entry of data forbids to execute, that of code does not, where the processor can tell. */
static void execution(void)
{
	static int data = 1;
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[1024];
	int nx = 0;

	must(f);
	while (fgets(line, sizeof(line), f))
		nx |= !strncmp(line, "flags", 5) && strstr(line, " nx");
	fclose(f);
	expect_eq(strstr(strstr(walk(getpid(), &data), "\ntable"), " NX") != NULL, nx);
	expect(!strstr(strstr(walk(getpid(), execution), "\ntable"), " NX"));
}

/* mmap of a file, twice, and the same program in two processes: one frame. */
static void file_frames(void)
{
	int fd = open("/proc/self/exe", O_RDONLY), status;
	struct stat st;
	char *all;
	pid_t pid;

	must(fd >= 0 && fstat(fd, &st) == 0);
	all = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	must(all != MAP_FAILED);
	/* Where in the file this function's page lies: by its content. */
	for (long off = 0; off < st.st_size; off += (long)PAGE) {
		const char *page = (const char *)((uintptr_t)file_frames & ~(PAGE - 1));

		if (off + (long)PAGE <= st.st_size && !memcmp(all + off, page, PAGE))
			expect_eq(frame(getpid(), all + off), frame(getpid(), page));
	}
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	usleep(50000);		/* let it run, and touch its text */
	expect_eq(frame(pid, file_frames) == -1 ||
		  frame(pid, file_frames) == frame(getpid(), file_frames), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void anonymous_frames(void)
{
	volatile char *p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE), sum;
	long zero, mine;
	pid_t pid;
	int status;

	expect(strstr(walk(getpid(), p), "not mapped"));
	sum = (char)(p[0] + p[PAGE]);
	zero = frame(getpid(), p);
	expect(strstr(answer, "zero page"));
	expect_eq(frame(getpid(), p + PAGE), zero);
	p[0] = sum;
	mine = frame(getpid(), p);
	expect(mine != zero);
	expect(strstr(answer, "mapcount 1 anonymous"));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		expect_eq(frame(getpid(), p), mine);
		expect(strstr(answer, "mapcount 2"));
		expect(!strstr(strstr(answer, "\ntable"), "P RW"));
		p[0] = 1;
		expect(frame(getpid(), p) != mine);
		_exit(test_result());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(frame(getpid(), p), mine);
	expect(strstr(answer, "mapcount 1"));
	mprotect((void *)p, PAGE, PROT_NONE);
	expect(strstr(walk(getpid(), p), "PROT_NONE"));
}

static void bad_input(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/translate", (int)getpid());
	fd = open(path, O_RDWR);
	must(fd >= 0);
	expect_errno(write(fd, "xyz", 3), EINVAL);
	expect_errno(write(fd, "123456789", 9), ERANGE);
	expect_errno(syscall(SYS_write, fd, 16, 3), EFAULT);
	close(fd);
}

int main(void)
{
	indices();
	execution();
	file_frames();
	anonymous_frames();
	bad_input();
	return test_result();
}
