/*
 * kernel/fs/dev/mem.c - the devices that are no hardware.
 *
 *	mem		physical memory, which is hardware: devmem.c
 *	null		swallows everything, has nothing
 *	zero		has as many zeros as you like; mapped, it is anonymous memory that
 *			has its zero pages from the start
 *	full		is always full: writing fails with -ENOSPC
 *	random urandom	random bytes (one generator: kernel/core/random.c)
 *	kmsg		the kernel's log: a read takes one record, a write adds one
 *	debugcon	QEMU's debug console, port 0xe9: what scripts/exec reads the status from
 *
 * kmsg's records look like Linux's: "priority,sequence,microseconds,-;text".  A reader that
 * was too slow gets -EPIPE once and goes on with the oldest record there is.
 *
 * Locking: a kmsg reader's position has its file's f_pos_lock.
 */
#include <kernel/fs/dev/dev.h>

#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <kernel/core/random.h>
#include <kernel/core/sched.h>
#include <kernel/core/wait.h>
#include <kernel/drivers/debugcon.h>
#include <kernel/fs/poll.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <lib/div64.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/types/mm_types.h>

/* ---- null, zero, full ----------------------------------------------------------------------- */

static ssize_t read_null(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return 0;
}

static ssize_t write_null(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return (ssize_t)count;
}

static ssize_t sendpage_null(struct file *file, struct page *page, unsigned int offset, size_t size,
			     loff_t *pos)
{
	return (ssize_t)size;
}

static ssize_t write_full(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return -ENOSPC;
}

static ssize_t read_zero(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	size_t done = 0;

	while (done < count) {
		size_t n = min(count - done, (size_t)PAGE_SIZE);
		size_t left = clear_user(buf + done, n);

		done += n - left;
		if (left)
			return done ? (ssize_t)done : -EFAULT;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done ? (ssize_t)done : -ERESTARTSYS;
}

static int mmap_zero(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SHARED)
		return shmem_zero_setup(vma);
	vma->vm_ops = NULL;
	return zeromap_page_range(vma, vma->vm_start, vma->vm_end - vma->vm_start,
				  vma->vm_page_prot);
}

static loff_t null_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos = 0;
}

static const struct file_operations null_fops = {
	.llseek = null_llseek, .read = read_null, .write = write_null, .sendpage = sendpage_null,
};
static const struct file_operations zero_fops = {
	.llseek = null_llseek, .read = read_zero, .write = write_null, .mmap = mmap_zero,
	.sendpage = sendpage_null,
};
static const struct file_operations full_fops = {
	.llseek = null_llseek, .read = read_zero, .write = write_full,
};

/* ---- random --------------------------------------------------------------------------------- */

#define RANDOM_CHUNK	256

static ssize_t read_random(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	u8 chunk[RANDOM_CHUNK];
	size_t done = 0;

	while (done < count) {
		size_t n = min(count - done, sizeof(chunk));

		get_random_bytes(chunk, n);
		if (copy_to_user(buf + done, chunk, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	memset(chunk, 0, sizeof(chunk));
	return (ssize_t)done;
}

static ssize_t write_random(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	u8 chunk[RANDOM_CHUNK];
	size_t done = 0;

	while (done < count) {
		size_t n = min(count - done, sizeof(chunk));

		if (copy_from_user(chunk, buf + done, n))
			return done ? (ssize_t)done : -EFAULT;
		add_device_randomness(chunk, n);
		done += n;
		cond_resched();
	}
	return (ssize_t)done;
}

static const struct file_operations random_fops = {
	.llseek = noop_llseek, .read = read_random, .write = write_random,
};

/* ---- kmsg ----------------------------------------------------------------------------------- */

struct kmsg_reader {
	struct mutex lock;
	u64 seq;			/* [lock] of the next record */
	struct kmsg_record rec;		/* [lock] */
	char text[LOG_LINE_MAX + 1];	/* [lock] */
	char line[LOG_LINE_MAX + 64];	/* [lock] */
};

static int open_kmsg(struct inode *inode, struct file *file)
{
	struct kmsg_reader *r;

	if (!(file->f_mode & FMODE_READ))
		return 0;
	r = kmalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	r->seq = kmsg_first_seq();
	file->private_data = r;
	return 0;
}

static int release_kmsg(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

/* One record into r->line. => reader locked; its length, or -errno */
static int next_record(struct kmsg_reader *r)
{
	u64 wanted = r->seq, us;
	int len = kmsg_read(&r->seq, &r->rec, r->text, sizeof(r->text));

	if (len < 0)
		return -EAGAIN;
	if (r->rec.seq != wanted) {
		r->seq = r->rec.seq;
		return -EPIPE;
	}
	us = r->rec.ts_nsec;
	do_div(us, 1000);
	return scnprintf(r->line, sizeof(r->line), "%u,%llu,%llu,-;%s\n", r->rec.level,
			 (unsigned long long)r->rec.seq, (unsigned long long)us, r->text);
}

static ssize_t read_kmsg(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct kmsg_reader *r = file->private_data;
	u64 before;
	ssize_t n;

	if (!r)
		return -EBADF;
	mutex_lock(&r->lock);
	for (;;) {
		before = r->seq;
		n = next_record(r);
		if (n != -EAGAIN || (file->f_flags & O_NONBLOCK))
			break;
		mutex_unlock(&r->lock);
		n = wait_event_interruptible(log_wait, kmsg_next_seq() != before);
		if (n)
			return n;
		mutex_lock(&r->lock);
	}
	if (n > 0 && (size_t)n > count) {
		r->seq = before;
		n = -EINVAL;
	} else if (n > 0 && copy_to_user(buf, r->line, (size_t)n)) {
		r->seq = before;
		n = -EFAULT;
	}
	mutex_unlock(&r->lock);
	return n;
}

/* "<N>" in front of a line is its level. */
static const char *const kern_levels[8] = {
	KERN_EMERG, KERN_ALERT, KERN_CRIT, KERN_ERR,
	KERN_WARNING, KERN_NOTICE, KERN_INFO, KERN_DEBUG,
};

static ssize_t write_kmsg(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char *line, *text;
	unsigned int level = LOGLEVEL_DEFAULT, value = 0;

	if (count > LOG_LINE_MAX)
		return -EINVAL;
	line = kmalloc(count + 1, GFP_KERNEL);
	if (!line)
		return -ENOMEM;
	if (copy_from_user(line, buf, count)) {
		kfree(line);
		return -EFAULT;
	}
	line[count] = '\0';
	text = line;
	if (*text == '<') {
		for (text++; *text >= '0' && *text <= '9' && value < 1024; text++)
			value = value * 10 + (unsigned int)(*text - '0');
		if (*text == '>' && text != line + 1) {
			text++;
			level = value & 7;	/* the rest would be a facility */
		} else {
			text = line;
		}
	}
	if (count && line[count - 1] == '\n')
		line[count - 1] = '\0';
	printk("%s%s\n", kern_levels[level], text);
	kfree(line);
	return (ssize_t)count;
}

static loff_t llseek_kmsg(struct file *file, loff_t offset, int whence)
{
	struct kmsg_reader *r = file->private_data;

	if (!r)
		return -EBADF;
	if (offset)
		return -ESPIPE;
	mutex_lock(&r->lock);
	if (whence == SEEK_SET)
		r->seq = kmsg_first_seq();
	else if (whence == SEEK_DATA)
		r->seq = kmsg_clear_seq;
	else if (whence == SEEK_END)
		r->seq = kmsg_next_seq();
	else
		offset = -EINVAL;
	mutex_unlock(&r->lock);
	return offset;
}

static unsigned int poll_kmsg(struct file *file, poll_table *wait)
{
	struct kmsg_reader *r = file->private_data;

	if (!r)
		return POLLOUT | POLLWRNORM;
	poll_wait(file, &log_wait, wait);
	return POLLOUT | POLLWRNORM | (r->seq != kmsg_next_seq() ? POLLIN | POLLRDNORM : 0);
}

static const struct file_operations kmsg_fops = {
	.open = open_kmsg, .release = release_kmsg, .llseek = llseek_kmsg,
	.read = read_kmsg, .write = write_kmsg, .poll = poll_kmsg,
};

/* ---- debugcon ------------------------------------------------------------------------------- */

static ssize_t write_debugcon(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	u8 chunk[128];
	size_t done = 0;

	while (done < count) {
		size_t n = min(count - done, sizeof(chunk));

		if (copy_from_user(chunk, buf + done, n))
			return done ? (ssize_t)done : -EFAULT;
		debugcon_write(chunk, n);
		done += n;
		cond_resched();
	}
	return (ssize_t)done;
}

static const struct file_operations debugcon_fops = {
	.llseek = noop_llseek, .write = write_debugcon,
};

/* ---- the table ------------------------------------------------------------------------------ */

static const struct mem_dev {
	const char *name;
	unsigned int major, minor;
	umode_t mode;
	const struct file_operations *fops;
} mem_devs[] = {
	{ "mem",	MEM_MAJOR,  1,			0640, &devmem_fops },
	{ "null",	MEM_MAJOR,  3,			0666, &null_fops },
	{ "zero",	MEM_MAJOR,  5,			0666, &zero_fops },
	{ "full",	MEM_MAJOR,  7,			0666, &full_fops },
	{ "random",	MEM_MAJOR,  8,			0666, &random_fops },
	{ "urandom",	MEM_MAJOR,  9,			0666, &random_fops },
	{ "kmsg",	MEM_MAJOR,  11,			0644, &kmsg_fops },
	{ "debugcon",	MISC_MAJOR, DEBUGCON_MINOR,	0200, &debugcon_fops },
};

static int mem_open(struct inode *inode, struct file *file)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mem_devs); i++) {
		if (mem_devs[i].major != imajor(inode) || mem_devs[i].minor != iminor(inode))
			continue;
		file->f_op = mem_devs[i].fops;
		return file->f_op->open ? file->f_op->open(inode, file) : 0;
	}
	return -ENXIO;
}

static const struct file_operations mem_fops = { .open = mem_open };

void __init mem_dev_init(void)
{
	unsigned int i;

	register_chrdev(MEM_MAJOR, "mem", &mem_fops);
	register_chrdev(MISC_MAJOR, "misc", &mem_fops);
	for (i = 0; i < ARRAY_SIZE(mem_devs); i++)
		device_create(mem_devs[i].name, MKDEV(mem_devs[i].major, mem_devs[i].minor),
			      S_IFCHR | mem_devs[i].mode);
}
