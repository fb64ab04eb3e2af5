/*
 * kernel/fs/ramfs/memfd.c - memory as a file descriptor, and promises about it.
 *
 * Theory.  Two processes that do not trust each other share memory by passing a descriptor.
 * Who receives it must know that the other will not cut the file while he reads it through
 * a mapping (SIGBUS), nor change it behind his checks.  A seal is such a promise, for ever: the
 * file will not shrink, not grow, not be written.  F_SEAL_SEAL ends adding seals; every file
 * that did not ask for sealing has it from the start, those of a mounted tmpfs too.
 *
 * F_SEAL_WRITE is refused while a shared mapping could still write.  A mapping that is just
 * being made is not on i_mmap yet, but holds i_mmap_writable above 0:
 *
 *	mmap					F_ADD_SEALS
 *	i_mmap_writable++, or -EPERM
 *	->mmap: looks at the seals
 *						i_mmap_writable above 0, or anybody on
 *						i_mmap who may write? -EBUSY; else = -1
 *						pages with other users? wait, -EBUSY
						seals |= F_SEAL_WRITE
 *	the area joins i_mmap			i_mmap_writable = 0
 *	i_mmap_writable--
 *
 * A page may be written without a mapping, too: a disk that reads into it by O_DIRECT holds a
 * reference from before the munmap.  So no page may have more than the cache's and its mappings'.
 *
 * Locking: i_sem guards the seals against each other, and against writers; i_mmap_lock as drawn.
 */
#include <kernel/fs/ramfs/ramfs.h>

#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/types/mm_types.h>

#define MFD_CLOEXEC		1u
#define MFD_ALLOW_SEALING	2u
#define MEMFD_PREFIX		"memfd:"
#define PINS_WAIT_MS		80u	/* the last wait for who uses a page; each is twice the one before */
#define MEMFD_NAME_MAX		(NAME_MAX - (sizeof(MEMFD_PREFIX) - 1))	/* bytes, without NUL */

/* => 0 or -EFAULT, -EINVAL; @name: room for NAME_MAX + 1 */
static int copy_name(char *name, const char __user *uname)
{
	char *to = name + sizeof(MEMFD_PREFIX) - 1;
	long len;

	strcpy(name, MEMFD_PREFIX);
	len = strncpy_from_user(to, uname, MEMFD_NAME_MAX + 1);
	if (len < 0)
		return (int)len;
	return (unsigned long)len > MEMFD_NAME_MAX ? -EINVAL : 0;
}

/* => an open file or ERR_PTR */
static struct file *new_memfd(const char __user *uname, unsigned int flags)
{
	char *name = kmalloc(NAME_MAX + 1, GFP_KERNEL);
	struct file *file;
	int err;

	if (!name)
		return ERR_PTR(-ENOMEM);
	err = copy_name(name, uname);
	file = err ? ERR_PTR(err) : shmem_file_setup(name, 0, VM_NORESERVE);
	kfree(name);
	if (!IS_ERR(file) && (flags & MFD_ALLOW_SEALING))
		tmpfs_set_seals(file_inode(file), 0);
	return file;
}

long do_memfd_create(const char __user *uname, unsigned int flags)
{
	struct file *file;
	int fd;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	file = new_memfd(uname, flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		fput(file);
	else
		fd_install((unsigned int)fd, file);
	return fd;
}

/* Nobody maps it to write, and nobody starts to until allow_writable(). => 0 or -EBUSY */
static int deny_writable(struct address_space *mapping)
{
	struct vm_area_struct *vma;
	int err;

	spin_lock(&mapping->i_mmap_lock);
	err = mapping->i_mmap_writable ? -EBUSY : 0;
	vma_interval_tree_foreach(vma, &mapping->i_mmap, 0, ULONG_MAX)
		if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE))
			err = -EBUSY;
	if (!err)
		mapping->i_mmap_writable = -1;
	spin_unlock(&mapping->i_mmap_lock);
	return err;
}

static void allow_writable(struct address_space *mapping)
{
	spin_lock(&mapping->i_mmap_lock);
	mapping->i_mmap_writable = 0;
	spin_unlock(&mapping->i_mmap_lock);
}

/* Is there a user besides us, the cache and those who map it? => a reference held */
static bool page_pinned(const struct page *page)
{
	int mapped = page_mapcount(page);

	/* A user comes before his mapping and goes after it: none can hide, unless mapped has changed. */
	smp_rmb();
	if (page_count(page) != mapped + 2)
		return true;
	smp_rmb();
	return page_mapcount(page) != mapped;
}

/* => i_sem held, nobody maps it to write */
static bool any_page_pinned(struct address_space *mapping)
{
	unsigned long next = 0;
	struct page *pages[16];
	bool pinned = false;
	unsigned int n;

	while (!pinned && (n = find_get_pages(mapping, next, ARRAY_SIZE(pages), pages))) {
		next = pages[n - 1]->index + 1;
		for (unsigned int i = 0; i < n; i++) {
			pinned |= page_pinned(pages[i]);
			put_page(pages[i]);
		}
		cond_resched();
	}
	return pinned;
}

/* Readers and disks are done soon. => as any_page_pinned(); 0 or -EBUSY */
static int wait_for_pins(struct address_space *mapping)
{
	/* New pages are held by a batch on their way to the LRU. */
	lru_add_drain_all();
	for (unsigned int ms = 10; any_page_pinned(mapping); ms *= 2) {
		if (ms > PINS_WAIT_MS)
			return -EBUSY;
		msleep(ms);
	}
	return 0;
}

/* => i_sem held; 0, -EPERM or -EBUSY */
static int add_seals(struct inode *inode, unsigned long seals)
{
	unsigned long old = tmpfs_seals(inode);
	int err;

	if (old & F_SEAL_SEAL)
		return -EPERM;
	if (!(seals & ~old & F_SEAL_WRITE)) {
		tmpfs_set_seals(inode, old | seals);
		return 0;
	}
	err = deny_writable(inode->i_mapping);
	if (err)
		return err;
	err = wait_for_pins(inode->i_mapping);
	if (!err)
		tmpfs_set_seals(inode, old | seals);
	allow_writable(inode->i_mapping);
	return err;
}

long memfd_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct inode *inode = file_inode(file);
	long ret;

	if (file->f_op != &tmpfs_file_operations)
		return -EINVAL;
	if (cmd == F_GET_SEALS)
		return (long)tmpfs_seals(inode);
	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	if (arg & ~(unsigned long)F_ALL_SEALS)
		return -EINVAL;
	mutex_lock(&inode->i_sem);
	ret = add_seals(inode, arg);
	mutex_unlock(&inode->i_sem);
	return ret;
}
