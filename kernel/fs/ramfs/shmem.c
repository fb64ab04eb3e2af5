/*
 * kernel/fs/ramfs/shmem.c - shared anonymous memory: files without a name.
 *
 * Theory.  Memory that parent and child share after fork must be somewhere that both can find
 * by an offset, and that is what a file is.  So mmap(MAP_SHARED | MAP_ANONYMOUS), and a shared
 * mapping of /dev/zero, make an unlinked file in an instance of tmpfs that is mounted nowhere;
 * its pages count as Shmem, and it ends with its last mapping.
 *
 * What it takes is promised when it is made, by its size: whoever maps it has no area to charge
 * it to, for it may be mapped twice, or cut in two, and remains one object.  With VM_NORESERVE
 * (and in every tmpfs file) each page is charged as it comes, in add_to_page_cache(), until it is
 * thrown away, in memory or in swap.  How pages go to swap: mm/cache/shmem_swap.c; here is what swapoff needs.
 *
 * Locking: none of its own.
 */
#include <kernel/fs/ramfs/ramfs.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/cache/shmem_swap.h>
#include <mm/phys/commit.h>
#include <mm/types/mm_types.h>

static struct vfsmount *shm_mnt;	/* [c] an instance that is mounted nowhere */

/* /proc/PID/maps: "/dev/zero (deleted)" */
static int shmem_dname(struct dentry *dentry, char *buf, int size)
{
	return snprintf(buf, (size_t)size, "/%s (deleted)", dentry->d_name.name) + 1;
}

static const struct dentry_operations shmem_dentry_operations = { .d_dname = shmem_dname };

static long size_in_pages(loff_t size)
{
	return (long)((size + (loff_t)PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* Promise all of @inode, a fresh object, or each page when it comes. => 0 or -ENOMEM */
static int shmem_acct_size(struct inode *inode, unsigned long vm_flags)
{
	if (vm_flags & VM_NORESERVE)
		return 0;
	if (__vm_enough_memory(current->mm, size_in_pages(inode->i_size)))
		return -ENOMEM;
	clear_bit(AS_ACCOUNT, &inode->i_data.flags);
	set_bit(AS_ACCOUNT_SIZE, &inode->i_data.flags);
	return 0;
}

void shmem_unacct_size(struct inode *inode)
{
	if (test_bit(AS_ACCOUNT_SIZE, &inode->i_data.flags))
		vm_unacct_memory(size_in_pages(inode->i_size));
}

static void add_accounted(struct inode *inode, void *sum)
{
	if (test_bit(AS_ACCOUNT, &inode->i_data.flags))
		*(long *)sum += (long)(READ_ONCE(inode->i_data.nrpages) +
				       READ_ONCE(inode->i_data.nrswapped));
	else if (test_bit(AS_ACCOUNT_SIZE, &inode->i_data.flags))
		*(long *)sum += size_in_pages(inode->i_size);
}

long shmem_accounted_pages(void)
{
	long sum = 0;

	for_each_inode(add_accounted, &sum);
	return sum;
}

/* ---- what is in swap ---------------------------------------------------------------------------- */

/* Something to do with each object that has pages in swap. */
struct swapped_walk {
	int (*fn)(struct address_space *mapping, void *arg);	/* => may sleep; 0 or -errno */
	void *arg;
	int err;		/* the last one; -EINTR and -ENOMEM end the walk */
};

static bool has_swapped_pages(const struct inode *inode)
{
	return READ_ONCE(inode->i_data.nrswapped) != 0;
}

static int walk_inode(struct inode *inode, void *arg)
{
	struct swapped_walk *walk = arg;
	int err = walk->fn(&inode->i_data, walk->arg);

	walk->err = err ? err : walk->err;
	return err == -EINTR || err == -ENOMEM ? err : 0;
}

/* => s_umount held for reading */
static void walk_sb(struct super_block *sb, void *arg)
{
	struct swapped_walk *walk = arg;

	if (sb->s_magic == TMPFS_MAGIC && walk->err != -EINTR && walk->err != -ENOMEM)
		visit_inodes(sb, has_swapped_pages, walk_inode, walk);
}

static int unuse_mapping(struct address_space *mapping, void *type)
{
	return shmem_unuse_mapping(mapping, *(unsigned int *)type);
}

int shmem_unuse(unsigned int type)
{
	struct swapped_walk walk = { .fn = unuse_mapping, .arg = &type };

	iterate_supers(walk_sb, &walk);
	return walk.err;
}

struct entry_visitor {
	void (*fn)(swp_entry_t entry, void *arg);
	void *arg;
};

static int visit_entries(struct address_space *mapping, void *arg)
{
	struct entry_visitor *visitor = arg;

	shmem_for_each_entry(mapping, visitor->fn, visitor->arg);
	return 0;
}

void shmem_for_each_swapped(void (*fn)(swp_entry_t entry, void *arg), void *arg)
{
	struct entry_visitor visitor = { fn, arg };
	struct swapped_walk walk = { .fn = visit_entries, .arg = &visitor };

	iterate_supers(walk_sb, &walk);
}

struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags)
{
	struct qstr this = { .name = name, .len = (unsigned int)strlen(name) };
	struct dentry *dentry;
	struct inode *inode;
	struct file *file;

	if (size < 0 || size > shm_mnt->mnt_sb->s_maxbytes)
		return ERR_PTR(-EINVAL);
	dentry = d_alloc_anon(shm_mnt->mnt_sb, &this);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	inode = ramfs_get_inode(shm_mnt->mnt_sb, NULL, S_IFREG | S_IRWXUGO, 0);
	if (!inode) {
		dput(dentry);
		return ERR_PTR(-ENOMEM);
	}
	clear_bit(AS_RESERVE, &inode->i_data.flags);
	inode->i_size = size;
	inode->i_nlink = 0;
	if (shmem_acct_size(inode, vm_flags)) {
		iput(inode);
		dput(dentry);
		return ERR_PTR(-ENOMEM);
	}
	dentry->d_op = &shmem_dentry_operations;
	d_instantiate(dentry, inode);
	file = alloc_file(shm_mnt, dentry, FMODE_READ | FMODE_LSEEK, &tmpfs_file_operations);
	if (IS_ERR(file)) {
		dput(dentry);
		return file;
	}
	/* Alone among writers: counted as __fput() will uncount it. */
	atomic_inc(&inode->i_writecount);
	file->f_mode |= FMODE_WRITE;
	file->f_flags = O_RDWR | O_LARGEFILE;
	return file;
}

struct file *shmem_zero_setup_file(unsigned long size, unsigned long vm_flags)
{
	return shmem_file_setup("dev/zero", (loff_t)size, vm_flags);
}

int shmem_zero_setup(struct vm_area_struct *vma)
{
	struct file *file = shmem_zero_setup_file(vma->vm_end - vma->vm_start,
						  vma->vm_flags);

	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(vma->vm_file);
	vma->vm_file = file;
	vma->vm_pgoff = 0;
	vma->vm_ops = &generic_file_vm_ops;
	return 0;
}

void __init shmem_init(struct file_system_type *type)
{
	shm_mnt = kern_mount(type, "size=0,nr_inodes=0");
	BUG_ON(IS_ERR(shm_mnt));
}
