/*
 * kernel/proc/proc_pid_mem.c - /proc/PID/mem, pagemap and clear_refs: the memory of another.
 *
 * Theory.  These files are not text: their offsets are addresses.  mem is the
 * process's memory itself, read and written whatever the rights of its areas
 * (a debugger's breakpoint goes into read-only text: get_user_pages() makes a
 * private copy for it); pagemap is its page table.
 *
 * Whose memory it is is decided at open: the address space is kept, as a
 * structure, with the file.  If the process executes another program, perhaps
 * with more rights, the file still means the old memory, which is gone.  Who
 * may open it: the superuser, and who could send the process any signal, that
 * is, whose user and group ids are all three of the process's.  Frames' numbers are shown to
 * the superuser only: they tell whose memory lies beside whose.
 *
 * Locking: none of its own; a page is copied by way of a buffer, so that
 * nothing of ours is locked while user memory is touched.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/signal.h>
#include <kernel/fs/proc/proc.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/strtox.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>
#include <mm/space/pagemap.h>

/* private_data of an open file. [c] */
struct mem_file {
	struct mm_struct *mm;		/* a reference, or NULL: the task has none */
	bool show_pfn;			/* pagemap: the superuser opened it */
};

static int mem_open(struct inode *inode, struct file *file)
{
	struct task_struct *task = PROC_I(inode)->task;
	struct mem_file *mf;

	if (!proc_task_alive(task))
		return -ESRCH;
	if (!ptrace_may_access(task))
		return -EACCES;
	mf = kmalloc(sizeof(*mf), GFP_KERNEL);
	if (!mf)
		return -ENOMEM;
	mf->show_pfn = capable_root();
	mf->mm = get_task_mm(task);
	if (mf->mm) {
		mmgrab(mf->mm);
		mmput(mf->mm);
	}
	file->private_data = mf;
	return 0;
}

static int mem_release(struct inode *inode, struct file *file)
{
	struct mem_file *mf = file->private_data;

	if (mf->mm)
		mmdrop(mf->mm);
	kfree(mf);
	return 0;
}

/* => the address space with a user's reference (mmput it), or NULL: it is empty by now */
static struct mm_struct *file_mm(struct file *file)
{
	struct mm_struct *mm = ((struct mem_file *)file->private_data)->mm;

	return mm && refcount_inc_not_zero(&mm->mm_users) ? mm : NULL;
}

/* Any address is a place to be. */
static loff_t mem_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	return file->f_pos = offset;
}

/* ---- mem --------------------------------------------------------------------------------------- */

/* => bytes, or -errno if there was none */
static ssize_t mem_copy(struct mm_struct *mm, char *page, char __user *buf, size_t count,
			loff_t *pos, bool write)
{
	size_t done = 0;

	while (done < count) {
		int n = (int)min(count - done, (size_t)PAGE_SIZE);
		unsigned long left = 0;

		if (write && copy_from_user(page, buf + done, (size_t)n))
			return done ? (ssize_t)done : -EFAULT;
		n = *pos >= 0 && *pos < (loff_t)TASK_SIZE ?
		    access_remote_vm(mm, (unsigned long)*pos, page, n, write) : 0;
		if (n <= 0)
			return done ? (ssize_t)done : -EIO;
		if (!write)
			left = copy_to_user(buf + done, page, (size_t)n);
		if (left)
			return done ? (ssize_t)done : -EFAULT;
		*pos += n;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static ssize_t mem_rw(struct file *file, char __user *buf, size_t count, loff_t *pos, bool write)
{
	struct mm_struct *mm = file_mm(file);
	ssize_t n = -ENOMEM;
	char *page;

	if (!mm)
		return 0;
	page = (char *)__get_free_page(GFP_KERNEL);
	if (page) {
		n = mem_copy(mm, page, buf, count, pos, write);
		free_page((unsigned long)page);
	}
	mmput(mm);
	return n;
}

static ssize_t mem_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return mem_rw(file, buf, count, pos, false);
}

static ssize_t mem_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return mem_rw(file, (char __user *)buf, count, pos, true);
}

static const struct file_operations mem_fops = {
	.open = mem_open, .release = mem_release, .llseek = mem_llseek,
	.read = mem_read, .write = mem_write,
};
PROC_PID_FILE("mem", 0600, &mem_fops);

/* ---- pagemap ----------------------------------------------------------------------------------- */

#define ENTRY	sizeof(u64)

static ssize_t pagemap_copy(struct mm_struct *mm, u64 *entries, char __user *buf, size_t count,
			    loff_t *pos, bool show_pfn)
{
	loff_t end = (loff_t)(TASK_SIZE >> PAGE_SHIFT) * (loff_t)ENTRY;
	size_t done = 0;

	while (done < count && *pos < end) {
		size_t n = min3(count - done, (size_t)PAGE_SIZE, (size_t)(end - *pos));

		pagemap_fill(mm, (unsigned long)*pos / ENTRY << PAGE_SHIFT, (unsigned int)(n / ENTRY),
			     entries, show_pfn);
		if (copy_to_user(buf + done, entries, n))
			return done ? (ssize_t)done : -EFAULT;
		*pos += (loff_t)n;
		done += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return (ssize_t)done;
}

static ssize_t pagemap_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct mm_struct *mm;
	ssize_t n = -ENOMEM;
	u64 *entries;

	if (*pos % (loff_t)ENTRY || count % ENTRY)
		return -EINVAL;
	if (*pos < 0)
		return 0;
	mm = file_mm(file);
	if (!mm)
		return 0;
	entries = (u64 *)__get_free_page(GFP_KERNEL);
	if (entries) {
		n = pagemap_copy(mm, entries, buf, count, pos,
				 ((struct mem_file *)file->private_data)->show_pfn);
		free_page((unsigned long)entries);
	}
	mmput(mm);
	return n;
}

static const struct file_operations pagemap_fops = {
	.open = mem_open, .release = mem_release, .llseek = mem_llseek, .read = pagemap_read,
};
PROC_PID_FILE("pagemap", 0400, &pagemap_fops);

/* ---- clear_refs -------------------------------------------------------------------------------- */

static int clear_refs_write(struct task_struct *task, const char *buf, size_t len,
			    unsigned long *cookie)
{
	struct mm_struct *mm;
	int what, err = kstrtoint(buf, 10, &what);

	if (err)
		return err;
	if (what < CLEAR_REFS_ALL || what >= CLEAR_REFS_LAST)
		return -EINVAL;
	mm = get_task_mm(task);
	if (mm) {
		clear_refs(mm, (enum clear_refs)what);
		mmput(mm);
	}
	return 0;
}
PROC_PID_SHOW_WRITE("clear_refs", 0200, NULL, clear_refs_write);
