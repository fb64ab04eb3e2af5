/*
 * kernel/fs/proc/file.c - reading and writing what a show function prints.
 *
 * Each open file has a seq_file.  A read at offset 0 fills it anew: the show
 * function prints into a buffer of a page, and if that was too small into one
 * of twice the size, until it fits.  Larger buffers come from vmalloc, since
 * 64K side by side may not be there when memory is what somebody wants to look
 * at.  Later reads hand out the rest.
 *
 * A write is one whole text: it is copied in, terminated, and given to the
 * entry's write function.
 *
 * Locking: pf->lock, so that two readers of one open file do not share a
 * half-made buffer.
 */
#include <kernel/fs/proc/proc.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/sysctl.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>

#define FIRST_SIZE	PAGE_SIZE
#define LARGEST_SIZE	(8UL << 20)
#define LONGEST_WRITE	(PAGE_SIZE - 1)

struct proc_file {
	struct mutex lock;
	struct seq_file seq;
};

/* Root may write where the mode does not let him; not where there is nobody to take it. */
static bool is_writable(const struct proc_inode *pi)
{
	if (!pi->pde)
		return pi->entry->write;
	if (pi->pde->show->table)
		return pi->pde->show->table->mode & S_IWUGO;
	return pi->pde->show->write;
}

static int proc_open(struct inode *inode, struct file *file)
{
	struct proc_inode *pi = PROC_I(inode);
	struct proc_file *pf;

	if (pi->task && !proc_task_alive(pi->task))
		return -ESRCH;
	if (pi->entry && pi->entry->secret && !ptrace_may_access(pi->task))
		return -EACCES;
	if ((file->f_mode & FMODE_WRITE) && !is_writable(pi))
		return -EACCES;
	if ((file->f_mode & FMODE_READ) && !(inode->i_mode & S_IRUSR))
		return -EACCES;
	pf = kzalloc(sizeof(*pf), GFP_KERNEL);
	if (!pf)
		return -ENOMEM;
	mutex_init(&pf->lock);
	file->private_data = pf;
	return 0;
}

static int proc_release(struct inode *inode, struct file *file)
{
	struct proc_file *pf = file->private_data;

	vfree(pf->seq.buf);
	kfree(pf);
	return 0;
}

static int show(struct proc_inode *pi, struct seq_file *m)
{
	m->count = 0;
	if (pi->pde) {
		m->private = NULL;
		if (pi->pde->show->table)
			return sysctl_show(m, pi->pde->show->table);
		return pi->pde->show->show(m, (void *)pi->number);
	}
	m->private = pi->one_thread ? NULL : pi->task;
	if (!proc_task_alive(pi->task))
		return -ESRCH;
	return pi->entry->show(m, pi->task);
}

/* Print it all. => 0, or -errno with no text kept */
static int fill(struct proc_inode *pi, struct seq_file *m)
{
	int err;

	for (;;) {
		if (!m->buf) {
			m->size = m->size ? m->size : FIRST_SIZE;
			m->buf = vmalloc(m->size);
			if (!m->buf)
				return -ENOMEM;
		}
		err = show(pi, m);
		if (err || !seq_has_overflowed(m))
			break;
		vfree(m->buf);
		m->buf = NULL;
		m->size *= 2;
		if (m->size > LARGEST_SIZE) {
			m->size = 0;
			err = -EFBIG;
			break;
		}
	}
	if (err)
		m->count = 0;
	return err;
}

static ssize_t proc_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct proc_file *pf = file->private_data;
	ssize_t n;

	mutex_lock(&pf->lock);
	if (*pos == 0 || !pf->seq.buf) {
		n = fill(PROC_I(file_inode(file)), &pf->seq);
		if (n)
			goto out;
	}
	n = simple_read_from_buffer(buf, count, pos, pf->seq.buf, pf->seq.count);
out:
	mutex_unlock(&pf->lock);
	return n;
}

static ssize_t proc_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct proc_inode *pi = PROC_I(file_inode(file));
	struct proc_file *pf = file->private_data;
	char *text;
	long err;

	if (count > LONGEST_WRITE)
		return -EINVAL;
	text = kmalloc(count + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_user(text, buf, count))
		goto out;
	text[count] = '\0';
	mutex_lock(&pf->lock);
	if (pi->pde && pi->pde->show->table) {
		err = sysctl_write(pi->pde->show->table, text, count, *pos);
		*pos += max(err, 0L);
		mutex_unlock(&pf->lock);
		goto out;
	}
	if (pi->pde)
		err = pi->pde->show->write(text, count);
	else if (!proc_task_alive(pi->task))
		err = -ESRCH;
	else
		err = pi->entry->write(pi->task, text, count, &pf->seq.cookie);
	mutex_unlock(&pf->lock);
	/* What is read next is the answer to what was written. */
	*pos = 0;
	if (!err)
		err = (long)count;
out:
	kfree(text);
	return err;
}

const struct file_operations proc_file_operations = {
	.open = proc_open,
	.release = proc_release,
	.read = proc_read,
	.write = proc_write,
	.llseek = generic_file_llseek,
};
