/*
 * mm/space/mmap.c - making and removing areas: mmap, munmap, brk.
 *
 * Theory.  None of these calls touches a page: mmap writes down what a stretch
 * of addresses shall mean, page faults make it true one page at a time.  So they
 * are mostly checks, in Linux's order, because a program may look which of its
 * mistakes is told: length, offset, place (unmapped_area.c), limits, the file.
 * Only when all has been granted is what lies in the way unmapped.
 *
 * munmap cuts areas at the ends of its range (isolate_range), takes those in
 * between off list and tree, and then empties their page tables (zap.c).
 *
 * Locking: mmap_sem for writing.
 * References: Gorman, chapter 4; POSIX and the manual pages of mmap and mremap.
 */
#include <mm/space/vma.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/signal.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/mount.h>
#include <kernel/uapi/resource.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/anon_vma.h>
#include <mm/phys/slab.h>
#include <mm/space/memory.h>

/* --- flags and limits -------------------------------------------------------------------------- */

unsigned long calc_vm_prot_bits(unsigned long prot)
{
	static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC,
		      "PROT_* are VM_*");
	return prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
}

unsigned long calc_vm_flag_bits(unsigned long flags)
{
	static_assert(MAP_GROWSDOWN == VM_GROWSDOWN && MAP_LOCKED == VM_LOCKED,
		      "MAP_* that are VM_*");
	flags &= MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE;
	/* Who never overcommits does not let anybody promise for free. */
	if (!(flags & MAP_NORESERVE))
		return flags;
	flags &= ~(unsigned long)MAP_NORESERVE;
	return sysctl_overcommit_memory == OVERCOMMIT_NEVER ? flags : flags | VM_NORESERVE;
}

/* Which of the three sorts an area is, as /proc/PID/status counts them. */
static bool is_data_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long pages)
{
	mm->total_vm += (unsigned long)pages;
	if (mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
	if (vm_flags & VM_GROWSDOWN)
		mm->stack_vm += (unsigned long)pages;
	else if ((vm_flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		mm->exec_vm += (unsigned long)pages;
	else if (is_data_mapping(vm_flags))
		mm->data_vm += (unsigned long)pages;
}

int may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long npages)
{
	if (mm->total_vm + npages > task_rlimit(current, RLIMIT_AS) >> PAGE_SHIFT)
		return 0;
	if (is_data_mapping(vm_flags) && mm->data_vm + npages > task_rlimit(current, RLIMIT_DATA) >> PAGE_SHIFT)
		/* A soft limit of 0 is what a debugger sets to see brk fail; mmap goes on. */
		return !task_rlimit(current, RLIMIT_DATA) &&
		       mm->data_vm + npages <= rlimit_max(RLIMIT_DATA) >> PAGE_SHIFT;
	return 1;
}

bool capable_ipc_lock(void)
{
	return current->euid == 0;
}

bool can_do_mlock(void)
{
	return task_rlimit(current, RLIMIT_MEMLOCK) || capable_ipc_lock();
}

int check_mlock_limit(struct mm_struct *mm, unsigned long npages)
{
	if (mm->locked_vm + npages <= task_rlimit(current, RLIMIT_MEMLOCK) >> PAGE_SHIFT)
		return 0;
	return capable_ipc_lock() ? 0 : -EAGAIN;
}

/* --- mmap ---------------------------------------------------------------------------------------- */

/* Flags that MAP_SHARED has always let pass; MAP_SHARED_VALIDATE refuses any other. */
#define LEGACY_MAP_MASK	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT |	\
			 MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED |		\
			 MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |		\
			 MAP_HUGETLB | MAP_UNINITIALIZED | MAP_HUGE_MASK << MAP_HUGE_SHIFT)

static bool path_noexec(const struct path *path)
{
	return path->mnt->mnt_flags & MS_NOEXEC;
}

/* A shared mapping reaches the file. => 0 or -errno, *vm_flags adjusted */
static int check_shared_mapping(struct file *file, unsigned long prot, unsigned long *vm_flags)
{
	bool writable = file->f_mode & FMODE_WRITE;

	if (((prot & PROT_WRITE) && !writable) || (writable && IS_APPEND(file->f_inode)))
		return -EACCES;
	if ((prot & PROT_WRITE) && IS_SWAPFILE(file->f_mapping->host))
		return -ETXTBSY;
	*vm_flags |= VM_SHARED | VM_MAYSHARE;
	/* Nobody can ever write through it: it shares no more than a private one does. */
	if (!writable)
		*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
	return 0;
}

/* The rights that a file's open mode and mount allow; clears what they do not. => 0 or -errno */
static int check_file_mapping(struct file *file, unsigned long flags, unsigned long prot,
			      unsigned long *vm_flags)
{
	int err = 0;

	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~LEGACY_MAP_MASK)
			return -EOPNOTSUPP;
		fallthrough;
	case MAP_SHARED:
		err = check_shared_mapping(file, prot, vm_flags);
		if (err)
			return err;
		fallthrough;
	case MAP_PRIVATE:
		if (!(file->f_mode & FMODE_READ))
			return -EACCES;
		if (path_noexec(&file->f_path)) {
			if (*vm_flags & VM_EXEC)
				return -EPERM;
			*vm_flags &= ~VM_MAYEXEC;
		}
		if (!file->f_op->mmap)
			return -ENODEV;
		return *vm_flags & VM_GROWSDOWN ? -EINVAL : 0;
	}
	return -EINVAL;
}

/*
 * May pages from @pgoff on be mapped? A regular file's pages are counted in one word, a device
 * has no more than its driver was written for: one word of bytes.
 */
static bool file_mmap_ok(struct file *file, unsigned long pgoff, unsigned long len)
{
	umode_t mode = file_inode(file)->i_mode;

	if (S_ISREG(mode) || S_ISBLK(mode) || S_ISSOCK(mode))
		return true;
	return pgoff <= (ULONG_MAX - len) >> PAGE_SHIFT;
}

static bool offset_wraps(unsigned long pgoff, unsigned long len)
{
	return pgoff + (len >> PAGE_SHIFT) < pgoff;
}

static bool may_write_shared(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

/*
 * A shared mapping that may write is being made, or is (or has failed): who seals a file against
 * writing must know of it before it is on i_mmap. => 0 or -EPERM
 */
static int begin_writable(struct file *file, unsigned long vm_flags)
{
	struct address_space *mapping;
	int err;

	if (!file || !may_write_shared(vm_flags))
		return 0;
	mapping = file->f_mapping;
	spin_lock(&mapping->i_mmap_lock);
	err = mapping->i_mmap_writable < 0 ? -EPERM : 0;
	mapping->i_mmap_writable += !err;
	spin_unlock(&mapping->i_mmap_lock);
	return err;
}

static void end_writable(struct file *file, unsigned long vm_flags)
{
	if (!file || !may_write_shared(vm_flags))
		return;
	spin_lock(&file->f_mapping->i_mmap_lock);
	file->f_mapping->i_mmap_writable--;
	spin_unlock(&file->f_mapping->i_mmap_lock);
}

/*
 * Let the file set up a new area, which will lie behind @prev.
 * => 0 or -errno; then the area holds no reference, nor do page tables hold a page for it
 */
static int mmap_file(struct file *file, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	int err;

	vma->vm_file = get_file(file);
	err = file->f_op->mmap(file, vma);
	if (!err)
		return 0;
	vma->vm_file = NULL;
	/* It may have mapped some frames before it failed. */
	unmap_region(mm, vma, prev ? prev->vm_end : 0, next ? next->vm_start : 0, false);
	fput(file);
	return err;
}

/*
 * The range is free and everything has been checked: make the area. What a driver maps is not
 * locked: it does not go anyway, and is not counted.
 * => @addr or -errno; *flags: what the file has made of them
 */
static unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
				 unsigned long *flags, unsigned long pgoff)
{
	unsigned long vm_flags = *flags;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *joined;
	struct vma_place place;
	int err;

	if (find_vma_place(mm, addr, addr + len, &place))
		return (unsigned long)-ENOMEM;
	if (!file && vma_merge(mm, place.prev, addr, addr + len, vm_flags, NULL, pgoff, NULL,
			       NULL))
		return addr;

	vma = vm_area_alloc(mm);
	if (!vma)
		return (unsigned long)-ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
	vma->vm_pgoff = pgoff;
	if (file) {
		err = mmap_file(file, vma, place.prev);
		if (err) {
			vm_area_free(vma);
			return (unsigned long)err;
		}
		if (vma->vm_flags & VM_SPECIAL)
			vma->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
		*flags = vma->vm_flags;
		joined = vma_merge(mm, place.prev, addr, addr + len, vma->vm_flags, file,
				   vma->vm_pgoff, NULL, NULL);
		if (joined) {
			fput(file);
			vm_area_free(vma);
			return addr;
		}
	}
	vma_link(mm, vma, &place);
	mm->mmap_cache = vma;	/* the next fault is likely here */
	return addr;
}

/* Shared anonymous memory is a file that nobody can name. => 0 or -errno */
static int prepare_anonymous(unsigned long len, unsigned long flags, unsigned long *vm_flags,
			     struct file **file)
{
	switch (flags & MAP_TYPE) {
	case MAP_PRIVATE:
		return 0;
	case MAP_SHARED:
		if (*vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		*file = shmem_zero_setup_file(len, *vm_flags);
		return PTR_ERR_OR_ZERO(*file);
	}
	return -EINVAL;
}

/* A hint is a hint: down to its page, and up to where mapping is allowed. */
static unsigned long round_hint_to_min(unsigned long hint)
{
	hint &= PAGE_MASK;
	return hint && hint < mmap_min_addr ? PAGE_ALIGN(mmap_min_addr) : hint;
}

static unsigned long mapped_pages(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long pages = 0;

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		pages += (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;
	return pages;
}

/* Everything after the checks: charge, make room, make the area, count it. */
static unsigned long mmap_commit(struct file *file, unsigned long addr, unsigned long len,
				 unsigned long vm_flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	long pages = (long)(len >> PAGE_SHIFT);
	unsigned long asked = vm_flags;
	int err;

	/* What is replaced leaves its room; but it goes only if the rest fits. */
	if (!may_expand_vm(mm, vm_flags, (unsigned long)pages) &&
	    !may_expand_vm(mm, vm_flags, (unsigned long)pages - mapped_pages(mm, addr, addr + len)))
		return (unsigned long)-ENOMEM;
	if (find_vma_intersection(mm, addr, addr + len) && do_munmap(mm, addr, len))
		return (unsigned long)-ENOMEM;
	if (vm_flags & VM_ACCOUNT) {
		err = __vm_enough_memory(mm, pages);
		if (err)
			return (unsigned long)err;
	}
	err = begin_writable(file, asked);
	if (err) {
		addr = (unsigned long)err;
	} else {
		addr = mmap_region(file, addr, len, &vm_flags, pgoff);
		end_writable(file, asked);
	}
	if (IS_ERR_VALUE(addr)) {
		if (vm_flags & VM_ACCOUNT)
			vm_unacct_memory(pages);
		return addr;
	}
	vm_stat_account(mm, vm_flags, pages);
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
	return addr;
}

unsigned long do_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	struct file *shm = NULL;
	unsigned long vm_flags;
	int err;

	if (!len)
		return (unsigned long)-EINVAL;
	if (flags & MAP_HUGETLB)
		return (unsigned long)-EINVAL;
	len = PAGE_ALIGN(len);
	if (!len)
		return (unsigned long)-ENOMEM;
	if (read_implies_exec(prot) && !(file && path_noexec(&file->f_path)))
		prot |= PROT_EXEC;
	if (offset_wraps(pgoff, len))
		return (unsigned long)-EOVERFLOW;
	/* One more than the limit is let pass here, but not cut (split_vma). */
	if (mm->map_count > sysctl_max_map_count)
		return (unsigned long)-ENOMEM;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!(flags & MAP_FIXED))
		addr = round_hint_to_min(addr);

	addr = get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return (unsigned long)-EEXIST;

	vm_flags = calc_vm_prot_bits(prot) | calc_vm_flag_bits(flags) | mm->def_flags | VM_SOFTDIRTY |
		   VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if ((flags & MAP_LOCKED) && !can_do_mlock())
		return (unsigned long)-EPERM;
	if ((vm_flags & VM_LOCKED) && check_mlock_limit(mm, len >> PAGE_SHIFT))
		return (unsigned long)-EAGAIN;
	if (file && !file_mmap_ok(file, pgoff, len))
		return (unsigned long)-EOVERFLOW;
	if (file)
		err = check_file_mapping(file, flags, prot, &vm_flags);
	else
		err = prepare_anonymous(len, flags, &vm_flags, &shm);
	if (err)
		return (unsigned long)err;
	if (!file)
		pgoff = shm ? 0 : addr >> PAGE_SHIFT;
	/* What nothing but RAM and swap backs is a promise; shared objects carry theirs themselves. */
	if (accountable_mapping(vm_flags))
		vm_flags |= VM_ACCOUNT;

	addr = mmap_commit(file ? file : shm, addr, len, vm_flags, pgoff);
	if (shm)
		fput(shm);
	if (!IS_ERR_VALUE(addr) && ((vm_flags & VM_LOCKED) ||
				    (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE))
		make_pages_present(mm, addr, addr + len);
	return addr;
}

unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len,
		      unsigned long prot, unsigned long flags, unsigned long offset)
{
	if (offset & ~PAGE_MASK)
		return (unsigned long)-EINVAL;
	return do_mmap_pgoff(file, addr, len, prot, flags, offset >> PAGE_SHIFT);
}

/* --- remap_file_pages ---------------------------------------------------------------------------- */

/* Is all of [start, end), from @vma on, one mapping of one file, with one set of flags? */
static bool same_mapping(const struct vm_area_struct *vma, unsigned long end)
{
	const struct vm_area_struct *next = vma;

	while (next->vm_end < end) {
		unsigned long at = next->vm_end;

		next = next->vm_next;
		if (!next || next->vm_start != at || next->vm_file != vma->vm_file ||
		    next->vm_flags != vma->vm_flags)
			return false;
	}
	return true;
}

/*
 * Pages of a shared mapping in another order.  There was a time when one area could hold them in
 * any; now each run of them is an area of its own, made by mmap over what was there.
 */
long do_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot,
			 unsigned long pgoff, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file;
	unsigned long ret;

	start &= PAGE_MASK;
	size &= PAGE_MASK;
	if (prot || start + size <= start || offset_wraps(pgoff, size))
		return -EINVAL;
	down_write(&mm->mmap_sem);
	vma = find_vma_intersection(mm, start, start + 1);
	if (!vma || !(vma->vm_flags & VM_SHARED) || !same_mapping(vma, start + size)) {
		up_write(&mm->mmap_sem);
		return -EINVAL;
	}
	prot = vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC);
	flags = (flags & MAP_NONBLOCK) | MAP_SHARED | MAP_FIXED | MAP_POPULATE |
		(vma->vm_flags & VM_LOCKED ? MAP_LOCKED : 0);
	file = get_file(vma->vm_file);
	ret = do_mmap_pgoff(file, start, size, prot, flags, pgoff);
	up_write(&mm->mmap_sem);
	fput(file);
	return IS_ERR_VALUE(ret) ? (long)ret : 0;
}

/* --- munmap -------------------------------------------------------------------------------------- */

/* The detached areas from @vma on: undo their accounts and free them. */
static void remove_vma_list(struct mm_struct *mm, struct vm_area_struct *vma)
{
	long accounted = 0;

	while (vma) {
		struct vm_area_struct *next = vma->vm_next;
		long pages = (long)vma_pages(vma);

		vm_stat_account(mm, vma->vm_flags, -pages);
		if (vma->vm_flags & VM_LOCKED)
			mm->locked_vm -= (unsigned long)pages;
		if (vma->vm_flags & VM_ACCOUNT)
			accounted += pages;
		remove_vma(vma);
		vma = next;
	}
	vm_unacct_memory(accounted);
}

/* Cut at the borders of [start, end). => the first area inside, ERR_PTR, or NULL: none */
static struct vm_area_struct *isolate_range(struct mm_struct *mm, unsigned long start,
					    unsigned long end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end), *last;
	int err;

	if (!vma)
		return NULL;
	if (start > vma->vm_start) {
		/* A hole in the middle makes one area more, for which there must be room. */
		if (end < vma->vm_end && mm->map_count >= sysctl_max_map_count)
			return ERR_PTR(-ENOMEM);
		err = __split_vma(mm, vma, start, 0);
		if (err)
			return ERR_PTR(err);
		vma = vma->vm_next;
	}
	last = find_vma(mm, end);
	if (last && end > last->vm_start) {
		err = __split_vma(mm, last, end, 1);
		if (err)
			return ERR_PTR(err);
		if (last == vma)
			vma = last->vm_prev;
	}
	return vma;
}

/* Is [start, end) the end of @vma, and nothing else? Of memory that no file needs to hear of. */
static bool is_tail(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return vma && start > vma->vm_start && start < vma->vm_end && end >= vma->vm_end &&
	       !vma->vm_file && !vma->vm_ops && (!vma->vm_next || vma->vm_next->vm_start >= end);
}

/* The heap shrinks: the area ends at @start, without being cut in two of which one goes. */
static void trim_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start)
{
	struct vm_area_struct gone, *next = vma->vm_next;
	long pages = (long)((vma->vm_end - start) >> PAGE_SHIFT);

	gone.vm_mm = mm;
	gone.vm_start = start;
	gone.vm_end = vma->vm_end;
	gone.vm_next = NULL;
	gone.vm_file = NULL;
	anon_vma_split(&gone, vma);
	vma->vm_end = start;
	unmap_region(mm, &gone, start, next ? next->vm_start : 0, false);
	vm_stat_account(mm, vma->vm_flags, -pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm -= (unsigned long)pages;
	if (vma->vm_flags & VM_ACCOUNT)
		vm_unacct_memory(pages);
	forget_free_area(mm, gone.vm_end);
}

/* @moved: all that was there is somewhere else already. => as do_munmap() */
static int unmap_range(struct mm_struct *mm, unsigned long start, unsigned long len, bool moved)
{
	struct vm_area_struct *first, *vma, *prev, *next, *tail = NULL;
	unsigned long end;

	if ((start & ~PAGE_MASK) || start > TASK_SIZE || len > TASK_SIZE - start)
		return -EINVAL;
	len = PAGE_ALIGN(len);
	if (!len)
		return -EINVAL;
	end = start + len;
	vma = find_vma(mm, start);
	if (is_tail(vma, start, end)) {
		trim_vma(mm, vma, start);
		return 0;
	}
	first = isolate_range(mm, start, end);
	if (IS_ERR_OR_NULL(first))
		return PTR_ERR_OR_ZERO(first);

	prev = first->vm_prev;
	for (vma = first; vma && vma->vm_start < end; vma = next) {
		next = vma->vm_next;
		detach_vma(mm, vma);
		if (tail) {
			tail->vm_next = vma;
			vma->vm_prev = tail;
		}
		tail = vma;
	}
	next = tail->vm_next;
	tail->vm_next = NULL;
	first->vm_prev = NULL;
	unmap_region(mm, first, prev ? prev->vm_end : 0, next ? next->vm_start : 0, moved);
	forget_free_area(mm, end);
	remove_vma_list(mm, first);
	return 0;
}

int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	return unmap_range(mm, start, len, false);
}

int munmap_moved(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	return unmap_range(mm, start, len, true);
}

/* The same at the end of the address space: nobody asks for its sums any more. */
static void free_vma_list(struct vm_area_struct *vma)
{
	long charged = 0;

	while (vma) {
		struct vm_area_struct *next = vma->vm_next;

		if (vma->vm_flags & VM_ACCOUNT)
			charged += (long)vma_pages(vma);
		remove_vma(vma);
		vma = next;
	}
	vm_unacct_memory(charged);
}

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *first = mm->mmap;

	if (first) {
		unmap_region(mm, first, 0, 0, false);
		mm->mmap = NULL;
		mm->mm_rb = RB_ROOT;
		mm->mmap_cache = NULL;
		mm->map_count = 0;
		free_vma_list(first);
	}
	BUG_VAL(mm->nr_ptes, mm->nr_ptes, mm);
	BUG_VAL(get_mm_rss(mm), get_mm_rss(mm), mm);
}

/* --- the heap ----------------------------------------------------------------------------------------- */

unsigned long do_brk(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	unsigned long vm_flags = VM_READ | VM_WRITE | VM_EXEC | VM_MAYREAD | VM_MAYWRITE |
				 VM_MAYEXEC | VM_ACCOUNT | VM_SOFTDIRTY | mm->def_flags;
	unsigned long ret;

	len = PAGE_ALIGN(len);
	if (!len)
		return addr;
	if ((addr & ~PAGE_MASK) || addr > TASK_SIZE || len > TASK_SIZE - addr)
		return (unsigned long)-EINVAL;
	if (security_mmap_addr(addr))
		return (unsigned long)-EPERM;
	if (mm->map_count > sysctl_max_map_count)
		return (unsigned long)-ENOMEM;
	if (!(current->personality & READ_IMPLIES_EXEC))
		vm_flags &= ~VM_EXEC;
	if ((vm_flags & VM_LOCKED) && check_mlock_limit(mm, len >> PAGE_SHIFT))
		return (unsigned long)-EAGAIN;
	ret = mmap_commit(NULL, addr, len, vm_flags, addr >> PAGE_SHIFT);
	if (!IS_ERR_VALUE(ret) && (vm_flags & VM_LOCKED))
		make_pages_present(mm, addr, addr + len);
	return ret;
}
