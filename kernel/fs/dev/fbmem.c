/*
 * kernel/fs/dev/fbmem.c - /dev/fb0: the screen as memory.
 *
 * Theory.  A picture is an array of pixels, line after line.  A program opens
 * /dev/fb0, asks by ioctl how large the picture is and which bits of a pixel are
 * red, and then draws: by write() at the pixel's offset, or by a shared mapping
 * of the video memory itself, after which not one system call is needed.
 *
 * The screen shows pixels from the first open to the last close (a mapping keeps
 * its file open), and the console's text before and after; what the console
 * prints meanwhile is kept (kernel/drivers/vga.c).  The mode is the one of
 * video=WIDTHxHEIGHTxBITS on the kernel's command line, else 800x600x32, or what
 * FBIOPUT_VSCREENINFO asks for.  Whatever the mode, the picture begins at the
 * same place, and all memory behind it can be mapped.
 *
 * Without an adapter that bochs.c knows there is no /dev/fb0.
 *
 * Locking: fb_mutex [f].
 */
#include <kernel/fs/dev/dev.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/hooks.h>
#include <kernel/core/mutex.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/drivers/bochs.h>
#include <kernel/drivers/vga.h>
#include <kernel/uapi/fb.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmalloc.h>
#include <mm/types/mm_types.h>

static_assert(sizeof(struct fb_fix_screeninfo) == 68, "Linux/i386");
static_assert(sizeof(struct fb_var_screeninfo) == 160, "Linux/i386");

static DEFINE_MUTEX(fb_mutex);
static unsigned int fb_users;					/* [f] open files */
static struct video_mode fb_boot_mode = { 800, 600, 32 };	/* [c] */
static struct video_mode fb_mode;				/* [f] while there are users */
static char *fb_screen;						/* [f] the picture, mapped for read and write */

static size_t picture_bytes(void)
{
	return (size_t)mode_pitch(&fb_mode) * fb_mode.yres;
}

/* ---- modes ----------------------------------------------------------------------------------- */

/* => fb_mutex held; 0, or -ENOMEM with everything as it was */
static int fb_set_mode(const struct video_mode *mode)
{
	unsigned long size;
	char *screen = ioremap(bochs_picture(&size), (unsigned long)mode_pitch(mode) * mode->yres);

	if (!screen)
		return -ENOMEM;
	if (fb_screen)
		iounmap(fb_screen);
	fb_screen = screen;
	fb_mode = *mode;
	bochs_set_mode(mode);
	return 0;
}

static int fb_open(struct inode *inode, struct file *file)
{
	int err = 0;

	if (iminor(inode))
		return -ENODEV;
	mutex_lock(&fb_mutex);
	if (!fb_users) {
		vga_hold(true);
		err = fb_set_mode(&fb_boot_mode);
		if (err)
			vga_hold(false);
		else
			memset(fb_screen, 0, picture_bytes());
	}
	if (!err)
		fb_users++;
	mutex_unlock(&fb_mutex);
	return err;
}

static int fb_release(struct inode *inode, struct file *file)
{
	mutex_lock(&fb_mutex);
	if (!--fb_users) {
		bochs_text_mode();
		vga_hold(false);
		iounmap(fb_screen);
		fb_screen = NULL;
	}
	mutex_unlock(&fb_mutex);
	return 0;
}

/* ---- ioctl ----------------------------------------------------------------------------------- */

static void fill_fix(struct fb_fix_screeninfo *fix)
{
	unsigned long size;

	memset(fix, 0, sizeof(*fix));
	strlcpy(fix->id, "bochs", sizeof(fix->id));
	fix->smem_start = (unsigned long)bochs_picture(&size);
	fix->smem_len = (unsigned int)size;
	fix->type = FB_TYPE_PACKED_PIXELS;
	fix->visual = FB_VISUAL_TRUECOLOR;
	fix->line_length = mode_pitch(&fb_mode);
}

static void fill_var(struct fb_var_screeninfo *var, const struct video_mode *mode)
{
	bool deep = mode->bpp == 32;

	memset(var, 0, sizeof(*var));
	var->xres = var->xres_virtual = mode->xres;
	var->yres = var->yres_virtual = mode->yres;
	var->bits_per_pixel = mode->bpp;
	var->red = deep ? (struct fb_bitfield){ 16, 8, 0 } : (struct fb_bitfield){ 11, 5, 0 };
	var->green = deep ? (struct fb_bitfield){ 8, 8, 0 } : (struct fb_bitfield){ 5, 6, 0 };
	var->blue = deep ? (struct fb_bitfield){ 0, 8, 0 } : (struct fb_bitfield){ 0, 5, 0 };
}

static long fb_put_var(struct fb_var_screeninfo __user *uvar)
{
	struct fb_var_screeninfo var;
	struct video_mode mode;
	unsigned int activate;
	int err = 0;

	if (copy_from_user(&var, uvar, sizeof(var)))
		return -EFAULT;
	mode = (struct video_mode){ var.xres, var.yres, var.bits_per_pixel };
	activate = var.activate & FB_ACTIVATE_MASK;
	if (var.xoffset || var.yoffset || !bochs_mode_valid(&mode) ||
	    (activate != FB_ACTIVATE_NOW && activate != FB_ACTIVATE_TEST))
		return -EINVAL;
	mutex_lock(&fb_mutex);
	if (activate == FB_ACTIVATE_NOW)
		err = fb_set_mode(&mode);
	mutex_unlock(&fb_mutex);
	if (err)
		return err;
	fill_var(&var, &mode);
	return copy_to_user(uvar, &var, sizeof(var)) ? -EFAULT : 0;
}

static long fb_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct fb_var_screeninfo var;
	struct fb_fix_screeninfo fix;

	switch (cmd) {
	case FBIOGET_VSCREENINFO:
		mutex_lock(&fb_mutex);
		fill_var(&var, &fb_mode);
		mutex_unlock(&fb_mutex);
		return copy_to_user((void __user *)arg, &var, sizeof(var)) ? -EFAULT : 0;
	case FBIOGET_FSCREENINFO:
		mutex_lock(&fb_mutex);
		fill_fix(&fix);
		mutex_unlock(&fb_mutex);
		return copy_to_user((void __user *)arg, &fix, sizeof(fix)) ? -EFAULT : 0;
	case FBIOPUT_VSCREENINFO:
		return fb_put_var((void __user *)arg);
	case FBIOPAN_DISPLAY:
		if (copy_from_user(&var, (const void __user *)arg, sizeof(var)))
			return -EFAULT;
		return var.xoffset || var.yoffset ? -EINVAL : 0;
	}
	return -ENOTTY;
}

/* ---- read, write, mmap ----------------------------------------------------------------------- */

/* Bytes of the picture from *@pos on, at most @n. => fb_mutex held; 0: behind its end */
static size_t picture_room(loff_t pos, size_t n)
{
	return pos < (loff_t)picture_bytes() ? min(n, picture_bytes() - (size_t)pos) : 0;
}

/*
 * By way of @page: user memory is not touched under fb_mutex, because the last munmap of a
 * picture takes the mutex under mmap_sem.
 * => bytes, or -errno if there was none
 */
static ssize_t fb_copy(char *page, char __user *buf, size_t count, loff_t *pos, bool write)
{
	size_t done = 0, n, left;

	while (done < count) {
		n = min(count - done, (size_t)PAGE_SIZE);
		left = write ? copy_from_user(page, buf + done, n) : 0;
		mutex_lock(&fb_mutex);
		n = picture_room(*pos, n - left);
		if (write)
			memcpy(fb_screen + *pos, page, n);
		else
			memcpy(page, fb_screen + *pos, n);
		mutex_unlock(&fb_mutex);
		if (!write) {
			left = copy_to_user(buf + done, page, n);
			n -= left;
		}
		done += n;
		*pos += (loff_t)n;
		if (!n && !done && left)
			return -EFAULT;
		if (!n || left)
			break;
		cond_resched();
	}
	return (ssize_t)done;
}

static ssize_t fb_rw(char __user *buf, size_t count, loff_t *pos, bool write)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	ssize_t n;

	if (!page)
		return -ENOMEM;
	n = fb_copy(page, buf, count, pos, write);
	free_page((unsigned long)page);
	return n;
}

static ssize_t fb_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return fb_rw(buf, count, pos, false);
}

static ssize_t fb_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	ssize_t n = fb_rw((char __user *)buf, count, pos, true);

	return n || !count ? n : -ENOSPC;
}

static loff_t picture_end(void)
{
	loff_t end;

	mutex_lock(&fb_mutex);
	end = (loff_t)picture_bytes();
	mutex_unlock(&fb_mutex);
	return end;
}

static loff_t fb_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence == SEEK_END)
		offset += picture_end();
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	return file->f_pos = offset;
}

static int fb_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size, len = vma->vm_end - vma->vm_start;
	unsigned long first = PFN_DOWN(bochs_picture(&size));

	size >>= PAGE_SHIFT;
	if (vma->vm_pgoff > size || len >> PAGE_SHIFT > size - vma->vm_pgoff)
		return -EINVAL;
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, first + vma->vm_pgoff, len, vma->vm_page_prot);
}

static const struct file_operations fb_fops = {
	.open = fb_open, .release = fb_release, .llseek = fb_llseek, .read = fb_read,
	.write = fb_write, .ioctl = fb_ioctl, .mmap = fb_mmap,
};

/* ---- boot ------------------------------------------------------------------------------------ */

/* "800x600x32", or without the last number, for 32. */
static bool __init parse_mode(const char *text, struct video_mode *mode)
{
	unsigned int *fields[] = { &mode->xres, &mode->yres, &mode->bpp };
	unsigned int i;
	char *end;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		*fields[i] = (unsigned int)simple_strtoul(text, &end, 10);
		if (end == text)
			return false;
		if (*end != 'x')
			break;
		text = end + 1;
	}
	if (i == 1)
		mode->bpp = 32;
	return i >= 1 && !*end && bochs_mode_valid(mode);
}

void __init fb_dev_init(void)
{
	struct video_mode mode;
	char text[32];

	bochs_init();
	if (!bochs_present())
		return;
	if (cmdline_find_option("video", text, sizeof(text)) > 0) {
		if (parse_mode(text, &mode))
			fb_boot_mode = mode;
		else
			pr_warn("fb0: video=%s: not a mode of this adapter\n", text);
	}
	register_chrdev(FB_MAJOR, "fb", &fb_fops);
	device_create("fb0", MKDEV(FB_MAJOR, 0), S_IFCHR | 0660);
}
