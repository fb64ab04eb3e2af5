/*
 * kernel/fs/dev/devmem.c - /dev/mem: physical addresses as offsets of a file.
 *
 * Theory.  A program of the superuser may drive a device by its registers and
 * its memory, which have physical addresses and nothing else.  So may it read
 * what the firmware left.  RAM is another matter: who writes there writes into
 * other processes and into the kernel.  As Linux with STRICT_DEVMEM:
 *
 *	RAM from 1M on		-EPERM, to read, to write and to map
 *	RAM below 1M		read: zeros; write: swallowed; mapped: as it is, for
 *				what the firmware keeps there
 *	all else		the device's, uncached; all ones if there is none
 *
 * RAM is what the firmware calls so, a page at a time, and what the kernel manages.
 *
 * Locking: none.
 */
#include <kernel/fs/dev/dev.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <lib/kernel.h>
#include <mm/phys/memblock.h>
#include <mm/phys/vmalloc.h>
#include <mm/types/mm_types.h>

#define LOW_PFNS	256UL		/* the first MiB */
#define PHYS_BITS	(sizeof(phys_addr_t) > sizeof(long) ? 36 : 32)
#define NR_PFNS		(1UL << (PHYS_BITS - PAGE_SHIFT))

enum devmem_access { DEVMEM_DENIED, DEVMEM_DEVICE, DEVMEM_LOW_RAM };

static enum devmem_access devmem_access(unsigned long pfn)
{
	if (!page_is_ram(pfn) && !(pfn_valid(pfn) && !PageReserved(pfn_to_page(pfn))))
		return DEVMEM_DEVICE;
	return pfn < LOW_PFNS ? DEVMEM_LOW_RAM : DEVMEM_DENIED;
}

static int devmem_open(struct inode *inode, struct file *file)
{
	return capable_root() ? 0 : -EPERM;
}

/* Bytes of one page of a device. => 0 or -errno */
static int copy_device(phys_addr_t phys, char __user *buf, size_t n, bool write)
{
	char *at = ioremap(phys, n);
	unsigned long left;

	if (!at)
		return -ENOMEM;
	left = write ? copy_from_user(at, buf, n) : copy_to_user(buf, at, n);
	iounmap(at);
	return left ? -EFAULT : 0;
}

/* => bytes, or -errno if there was none */
static ssize_t devmem_copy(char __user *buf, size_t count, loff_t *pos, bool write)
{
	size_t done = 0;
	int err = 0;

	while (done < count && *pos < (loff_t)NR_PFNS << PAGE_SHIFT) {
		phys_addr_t phys = (phys_addr_t)*pos;
		size_t n = min(count - done, (size_t)(PAGE_SIZE - ((unsigned long)phys & ~PAGE_MASK)));

		switch (devmem_access(PFN_DOWN(phys))) {
		case DEVMEM_DENIED:
			err = -EPERM;
			break;
		case DEVMEM_LOW_RAM:
			err = !write && clear_user(buf + done, n) ? -EFAULT : 0;
			break;
		case DEVMEM_DEVICE:
			err = copy_device(phys, buf + done, n, write);
			break;
		}
		if (!err && signal_pending(current))
			err = -EINTR;
		if (err)
			break;
		*pos += (loff_t)n;
		done += n;
		cond_resched();
	}
	return done ? (ssize_t)done : err;
}

static ssize_t devmem_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return devmem_copy(buf, count, pos, false);
}

static ssize_t devmem_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return devmem_copy((char __user *)buf, count, pos, true);
}

/* There is no end to seek from. */
static loff_t devmem_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	return file->f_pos = offset;
}

static int devmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start, pfn = vma->vm_pgoff, i;
	pgprot_t prot = vma->vm_page_prot;

	if (pfn >= NR_PFNS || size >> PAGE_SHIFT > NR_PFNS - pfn)
		return -EINVAL;
	for (i = 0; i < size >> PAGE_SHIFT; i++) {
		enum devmem_access access = devmem_access(pfn + i);

		if (access == DEVMEM_DENIED)
			return -EPERM;
		if (access == DEVMEM_DEVICE)
			prot = pgprot_noncached(prot);
	}
	vma->vm_page_prot = prot;
	return remap_pfn_range(vma, vma->vm_start, pfn, size, prot);
}

const struct file_operations devmem_fops = {
	.open = devmem_open, .llseek = devmem_llseek, .read = devmem_read, .write = devmem_write,
	.mmap = devmem_mmap,
};
