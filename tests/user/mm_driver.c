/*
 * mm_driver - the memory of devices in a program's address space: /dev/mem and /dev/fb0.
 *
 * Proves: what one mapping writes the device has, and read() and other mappings see it; RAM is
 * refused; such an area keeps its pages over fork, mprotect and mremap, and its flags say what it
 * is; a private mapping copies what is written, the whole page.
 *
 * calls: mmap munmap mprotect mremap madvise mlock ioctl pread64 pwrite64
 */
#include <tests/user/mm.h>

#include <linux/fb.h>
#include <sys/ioctl.h>

#define RW		(PROT_READ | PROT_WRITE)
#define VGA_TEXT	0xb8000
#define TEXT_BYTES	0x8000		/* eight pages of characters, of which one is shown */
#define BIOS		0xf0000
#define HIDDEN		0x4000		/* a page of characters that is not shown */

static int mem_fd;
static volatile unsigned char *text;

static unsigned char device_byte(unsigned long offset)
{
	unsigned char c;

	must(pread(mem_fd, &c, 1, VGA_TEXT + (off_t)offset) == 1);
	return c;
}

static void text_child(void)
{
	expect_eq(text[HIDDEN], 'A');
	text[HIDDEN] = 'B';
}

/* The text screen: shared by all who map it. */
static void test_text(void)
{
	unsigned char *second, c = 'w', before[2] = { device_byte(HIDDEN), device_byte(HIDDEN + 2) };
	int i;

	text = mmap(NULL, TEXT_BYTES, RW, MAP_SHARED, mem_fd, VGA_TEXT);
	must(text != MAP_FAILED);
	second = mmap((void *)(text + TEXT_BYTES), PAGE, PROT_READ, MAP_SHARED, mem_fd, VGA_TEXT + HIDDEN);
	must(second != MAP_FAILED);
	text[HIDDEN] = 'A';
	expect_eq(second[0], 'A');
	expect_eq(device_byte(HIDDEN), 'A');
	expect_eq(in_child(text_child), 0);
	expect_eq(text[HIDDEN], 'B');
	expect_eq(pwrite(mem_fd, &c, 1, VGA_TEXT + HIDDEN + 2), 1);
	expect_eq(text[HIDDEN + 2], 'w');
	expect(has_vm_flag((void *)text, " io") && has_vm_flag((void *)text, " pf"));
	expect(has_vm_flag((void *)text, " de"));

	/* Rights change, the device stays. */
	expect(mprotect((void *)text, TEXT_BYTES, PROT_READ) == 0);
	expect_fault(try_write(text + HIDDEN, 'C'), SIGSEGV, SEGV_ACCERR, text + HIDDEN);
	expect(mprotect((void *)text, TEXT_BYTES, RW) == 0);
	expect(mprotect(second, PAGE, PROT_NONE) == 0);
	expect_eq(try_read(second), SIGSEGV);
	expect(mprotect(second, PAGE, PROT_READ) == 0);
	expect_eq(try_write(text + HIDDEN, 'C'), 0);
	expect_eq(second[0], 'C');

	/* What makes no sense for it. */
	expect_errno(madvise((void *)text, PAGE, MADV_DONTNEED), EINVAL);
	expect_eq(mremap((void *)text, TEXT_BYTES, TEXT_BYTES * 2, MREMAP_MAYMOVE) == MAP_FAILED, 1);
	expect_eq(errno, EFAULT);
	expect_eq(mlock((void *)text, PAGE), 0);
	expect(!has_vm_flag((void *)text, " lo"));

	/* Moved and cut. */
	munmap(second, PAGE);
	second = mmap(NULL, TEXT_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(second != MAP_FAILED);
	text = mremap((void *)text, TEXT_BYTES, TEXT_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, second);
	must(text != MAP_FAILED);
	expect_eq(text[HIDDEN], 'C');
	munmap((void *)text, HIDDEN);
	expect_eq(try_read(text), SIGSEGV);
	text[HIDDEN] = before[0];
	text[HIDDEN + 2] = before[1];
	for (i = 0; i < 2; i++)
		expect_eq(device_byte(HIDDEN + 2 * (unsigned long)i), before[i]);
	munmap((void *)(text + HIDDEN), TEXT_BYTES - HIDDEN);
}

static char rom[PAGE];

static void cow_child(void)
{
	char *map = (char *)text, was = rom[8];

	map[8] = rom[8] = (char)~was;
	expect(!memcmp(map, rom, PAGE));
}

/* The firmware's ROM, privately: the first write copies the page, and the ROM stays as it is. */
static void test_private(void)
{
	char again[PAGE], *map;

	must(pread(mem_fd, rom, PAGE, BIOS) == (ssize_t)PAGE);
	map = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, mem_fd, BIOS);
	must(map != MAP_FAILED);
	expect(!memcmp(map, rom, PAGE));
	/* Before the parent has a copy: Linux 6.1 cannot fork with one. */
	text = (volatile unsigned char *)map;
	expect_eq(in_child(cow_child), 0);
	expect(!memcmp(map, rom, PAGE));
	map[7] = rom[7] = (char)~rom[7];
	expect(!memcmp(map, rom, PAGE));
	must(pread(mem_fd, again, PAGE, BIOS) == (ssize_t)PAGE);
	rom[7] = again[7];
	expect(!memcmp(again, rom, PAGE));
	munmap(map, 2 * PAGE);
}

static void child_of_nobody(void)
{
	must(setgid(65534) == 0 && setuid(65534) == 0);
	expect_eq(open("/dev/mem", O_RDONLY), -1);
	expect(errno == EACCES || errno == EPERM);
}

/* RAM belongs to others. */
static void test_refused(void)
{
	char buf[16];
	void *low;

	expect_eq(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem_fd, 4 << 20) == MAP_FAILED, 1);
	expect_eq(errno, EPERM);
	expect_errno(pread(mem_fd, buf, 16, 4 << 20), EPERM);
	expect_errno(pwrite(mem_fd, buf, 16, 4 << 20), EPERM);
	/* From a device on into RAM. */
	expect_eq(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, mem_fd, 0xff000) == MAP_FAILED, 1);
	expect_eq(errno, EPERM);
	memset(buf, 1, sizeof(buf));
	expect_eq(pread(mem_fd, buf, 16, 0x2000), 16);	/* of the first MiB: zeros */
	expect_eq(buf[0] | buf[15], 0);
	low = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem_fd, 0x2000);
	expect(low != MAP_FAILED);
	expect_eq(try_read(low), 0);
	munmap(low, PAGE);
	expect_eq(in_child(child_of_nobody), 0);
}

static void test_geometry(int fd, const struct fb_var_screeninfo *var, unsigned int pitch)
{
	struct fb_var_screeninfo want = *var;

	expect(pitch >= var->xres * (var->bits_per_pixel / 8));
	expect_eq(var->red.length + var->green.length + var->blue.length > 14, 1);
	want.xres = want.xres_virtual = 12345;
	expect_errno(ioctl(fd, FBIOPUT_VSCREENINFO, &want), EINVAL);
	want = *var;
	want.xres = want.xres_virtual = 640;
	want.yres = want.yres_virtual = 480;
	want.bits_per_pixel = 16;
	want.activate = FB_ACTIVATE_TEST;
	expect_eq(ioctl(fd, FBIOPUT_VSCREENINFO, &want), 0);
	expect_eq(want.green.length, 6);
	want = *var;
	expect_eq(ioctl(fd, FBIOGET_VSCREENINFO, &want), 0);
	expect_eq(want.xres, var->xres);
	expect_errno(ioctl(fd, FBIOGET_VSCREENINFO, BAD_PTR), EFAULT);
	expect_errno(ioctl(fd, 0x46ff, 0), ENOTTY);
}

/* A pattern by the mapping, seen by read(); by write(), seen in the mapping; after close too. */
static void test_framebuffer(void)
{
	struct fb_fix_screeninfo fix;
	struct fb_var_screeninfo var;
	int fd = open("/dev/fb0", O_RDWR);
	unsigned int i, *screen, *line;
	size_t bytes;

	if (fd < 0) {
		expect(errno == ENOENT || errno == ENODEV || errno == ENXIO);
		return;
	}
	must(ioctl(fd, FBIOGET_VSCREENINFO, &var) == 0 && ioctl(fd, FBIOGET_FSCREENINFO, &fix) == 0);
	test_geometry(fd, &var, fix.line_length);
	bytes = (size_t)fix.line_length * var.yres;
	line = malloc(fix.line_length);
	screen = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
	must(screen != MAP_FAILED && line);
	expect(has_vm_flag(screen, " io") && has_vm_flag(screen, " pf"));
	for (i = 0; i < bytes / 4; i++)
		screen[i] = i * 2654435761u;
	for (i = 0; i < var.yres; i += 37) {
		unsigned int first = i * fix.line_length / 4;

		must(pread(fd, line, fix.line_length, (off_t)i * fix.line_length) == (ssize_t)fix.line_length);
		expect_eq(line[0], first * 2654435761u);
		expect_eq(line[fix.line_length / 4 - 1], (first + fix.line_length / 4 - 1) * 2654435761u);
	}
	memset(line, 0x5a, fix.line_length);
	expect_eq(pwrite(fd, line, fix.line_length, (off_t)fix.line_length * 3), fix.line_length);
	expect_eq(screen[fix.line_length * 3 / 4], 0x5a5a5a5a);
	expect_eq(screen[fix.line_length * 4 / 4], fix.line_length * 2654435761u);
	expect_eq(pread(fd, line, 4, (off_t)bytes), 0);
	expect_errno(pwrite(fd, line, 4, (off_t)bytes), ENOSPC);
	expect_errno(pread(fd, BAD_PTR, 4, 0), EFAULT);
	expect_eq(mmap(NULL, PAGE, RW, MAP_SHARED, fd, (off_t)(fix.smem_len + PAGE - 1) & ~(off_t)(PAGE - 1)) ==
		  MAP_FAILED, 1);
	expect_eq(errno, EINVAL);
	close(fd);
	screen[0] = 1;
	expect_eq(screen[0], 1);
	free(line);
	munmap(screen, bytes);
}

int main(void)
{
	mm_catch();
	if (geteuid())
		skip("needs root");
	mem_fd = open("/dev/mem", O_RDWR);
	if (mem_fd < 0)
		skip("no /dev/mem here");
	test_text();
	test_private();
	test_refused();
	test_framebuffer();
	return test_result();
}
