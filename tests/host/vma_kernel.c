/*
 * tests/host/vma_kernel.c - an address space of the kernel's, without the kernel.
 *
 * Theory.  The code of areas (vma.c, mmap.c, mprotect.c, mremap.c, madvise.c) runs as it is.
 * Below it is this: areas come from a small pool with poisoned gaps, so that the address
 * sanitizer sees who uses one that is freed; page tables are an array that says which page has
 * been touched, and unmap_region() and its kin do to it what the real ones would; commitment
 * is a sum.  mm_check_areas() of the kernel judges the result, and
 * vma_check() adds what it cannot know: references, i_mmap, anon_vmas, commitment.
 *
 * Everything that changes is in `world`, so a state can be saved and had again.
 */
#include "vma_kernel.h"

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/random.h>
#include <kernel/core/signal.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/mount.h>
#include <kernel/uapi/mman.h>
#include <kernel/uapi/resource.h>
#include <lib/string.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/shmem_swap.h>
#include <mm/cache/swapfile.h>
#include <mm/phys/slab.h>
#include <mm/phys/commit.h>
#include <mm/phys/ptdump.h>
#include <mm/space/lazyfree.h>
#include <mm/space/memory.h>
#include <mm/space/mlock.h>
#include <mm/space/swap_fault.h>
#include <mm/space/pagetable.h>
#include <mm/space/vma.h>

#define WINDOW		0x20000000UL
#define POOL		16

/* Of the C library and the sanitizer. */
int puts(const char *s);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
void abort(void) __noreturn;
void __asan_poison_memory_region(const volatile void *addr, size_t size);
void __asan_unpoison_memory_region(const volatile void *addr, size_t size);

struct area_slot {
	struct vm_area_struct vma;
	char gap[32];			/* always poisoned */
};

struct anon_slot {
	struct anon_vma anon_vma;
	char gap[32];
};

struct way_slot {
	struct anon_way way;
	char gap[32];
};

static struct world {
	struct mm_struct mm;
	struct area_slot pool[POOL];
	struct anon_slot anon_pool[POOL];
	struct way_slot way_pool[POOL];
	unsigned int used, anon_used, way_used;	/* bits: slots of the pools */
	struct file file;
	struct address_space mapping;
	bool touched[VMA_PAGES];
	long committed;			/* pages; vm_committed_as of the one that is put away */
} world, saved;

static unsigned int fail_alloc;		/* the so-many-th from now */
static struct signal_struct host_signal;
static struct task_struct host_task = { .signal = &host_signal };
static struct vfsmount host_mount;
static struct inode host_inode = { .i_mode = S_IFREG | 0600 };
static pgd_t host_pgd[PTRS_PER_PGD] __aligned(PAGE_SIZE);
static char host_stack[THREAD_SIZE] __aligned(THREAD_SIZE);

/* ---- what the kernel calls below ---- */

int nr_cpus = 1;
unsigned long __per_cpu_offset[NR_CPUS];
atomic_t nr_mempolicies;
struct page *mem_map;
DEFINE_PER_CPU(struct vm_event_state, vm_event_states);

static unsigned int page_of(unsigned long addr)
{
	unsigned int page = (unsigned int)((addr - WINDOW) >> PAGE_SHIFT);

	if (addr < WINDOW || page > VMA_PAGES)
		abort();
	return page;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *))
{
	/* The size names it. */
	return (struct kmem_cache *)size;
}

static unsigned int take_slot(unsigned int *used)
{
	unsigned int i = 0;

	while (*used & 1u << i)
		if (++i == POOL)
			abort();
	*used |= 1u << i;
	return i;
}

void *kmem_cache_alloc(struct kmem_cache *cachep, gfp_t flags)
{
	unsigned int i;

	if (fail_alloc && !--fail_alloc)
		return NULL;
	if (cachep == (struct kmem_cache *)sizeof(struct anon_vma)) {
		i = take_slot(&world.anon_used);
		__asan_unpoison_memory_region(&world.anon_pool[i].anon_vma, sizeof(struct anon_vma));
		return &world.anon_pool[i].anon_vma;
	}
	if (cachep == (struct kmem_cache *)sizeof(struct anon_way)) {
		i = take_slot(&world.way_used);
		__asan_unpoison_memory_region(&world.way_pool[i].way, sizeof(struct anon_way));
		return &world.way_pool[i].way;
	}
	/* One process: no way has a second step. */
	if (cachep != (struct kmem_cache *)sizeof(struct vm_area_struct))
		abort();
	i = take_slot(&world.used);
	__asan_unpoison_memory_region(&world.pool[i].vma, sizeof(struct vm_area_struct));
	return &world.pool[i].vma;
}

void *kmem_cache_zalloc(struct kmem_cache *cachep, gfp_t flags)
{
	void *object = kmem_cache_alloc(cachep, flags);

	return object ? memset(object, 0, sizeof(struct vm_area_struct)) : NULL;
}

void kmem_cache_free(struct kmem_cache *cachep, void *object)
{
	unsigned int i, *used = &world.used;

	if (cachep == (struct kmem_cache *)sizeof(struct anon_vma)) {
		i = (unsigned int)((struct anon_slot *)object - world.anon_pool);
		used = &world.anon_used;
	} else if (cachep == (struct kmem_cache *)sizeof(struct anon_way)) {
		i = (unsigned int)((struct way_slot *)object - world.way_pool);
		used = &world.way_used;
	} else {
		i = (unsigned int)((struct area_slot *)object - world.pool);
	}
	if (!(*used & 1u << i))
		abort();
	*used &= ~(1u << i);
	__asan_poison_memory_region(object, (size_t)cachep);
}

void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, unsigned long floor,
		  unsigned long ceiling, bool empty)
{
	struct vm_area_struct *vma;

	for (vma = first; vma; vma = vma->vm_next) {
		if (vma->vm_start < floor || (ceiling && vma->vm_end > ceiling))
			abort();
		for (unsigned int i = page_of(vma->vm_start); i < page_of(vma->vm_end); i++) {
			if (empty && world.touched[i])
				abort();
			world.touched[i] = false;
		}
		vma_unlink_file(vma);
	}
	for (vma = first; vma; vma = vma->vm_next)
		unlink_anon_vmas(vma);
}

unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
			       struct vm_area_struct *new_vma, unsigned long new_addr,
			       unsigned long len)
{
	unsigned int from = page_of(old_addr), to = page_of(new_addr), i;

	if (old_addr < vma->vm_start || old_addr + len > vma->vm_end ||
	    new_addr < new_vma->vm_start || new_addr + len > new_vma->vm_end)
		abort();
	for (i = 0; i < len >> PAGE_SHIFT; i++) {
		if (world.touched[to + i])
			abort();
		world.touched[to + i] = world.touched[from + i];
		world.touched[from + i] = false;
	}
	return len;
}

void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       pgprot_t newprot)
{
	if (start < vma->vm_start || end > vma->vm_end ||
	    pgprot_val(newprot) != pgprot_val(vma->vm_page_prot))
		abort();
}

/* No frames here, so none of the kernel's code. */
bool wx_violation(pteval_t rights, unsigned long pfn, unsigned long nr)
{
	return false;
}

void zap_page_range(struct vm_area_struct *vma, unsigned long address, unsigned long size)
{
}

struct backing_dev_info noop_backing_dev_info;

int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	return 0;
}

struct swap_info_struct swap_info[MAX_SWAPFILES];

void swapin_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
}

void age_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice)
{
}

unsigned int swap_count(swp_entry_t entry)
{
	return 0;
}

void shmem_willneed(struct address_space *mapping, unsigned long start, unsigned long end)
{
}

void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   bool lock)
{
	if (start < vma->vm_start || end > vma->vm_end)
		abort();
}

int __mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool ignore_errors)
{
	return 0;
}

int get_user_pages(struct mm_struct *mm, unsigned long start, int nr, bool write, bool force,
		   struct page **pages)
{
	return nr;
}

int __vm_enough_memory(const struct mm_struct *mm, long pages)
{
	vm_acct_memory(pages);
	return 0;
}

int sysctl_overcommit_memory;
DEFINE_PER_CPU(long, vm_committed_as);

unsigned long rlimit_max(unsigned int limit)
{
	return RLIM_INFINITY;
}

unsigned long rlimit(unsigned int limit)
{
	return RLIM_INFINITY;
}

void fput(struct file *file)
{
	if (refcount_dec_and_test(&file->f_count))
		abort();
}

struct file *shmem_zero_setup_file(unsigned long size, unsigned long vm_flags)
{
	abort();
}

u32 get_random_u32(void)
{
	return 0;
}

bool __mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	abort();
}

void __mpol_put(struct mempolicy *pol)
{
	abort();
}

/* Nobody else takes locks here; one that is not free is one that was forgotten. */
void spin_lock_thunk(void)
{
	abort();
}

void refcount_saturate(refcount_t *r, int before)
{
	abort();
}

void __bug_val(const char *file, int line, const char *what, unsigned long a, unsigned long b)
{
	puts(what);
	abort();
}

struct mm_struct *next_mm(struct mm_struct *mm)
{
	abort();
}

void ktest_register_checker(const char *name, int (*fn)(void))
{
	abort();
}

void fastcall down_read(struct rw_semaphore *sem) { }
void fastcall down_write(struct rw_semaphore *sem) { }
void fastcall downgrade_write(struct rw_semaphore *sem) { }
void fastcall up_read(struct rw_semaphore *sem) { }
void fastcall up_write(struct rw_semaphore *sem) { }

int printk(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	puts(line);
	return 0;
}

/* ---- the address space ---- */

static const struct vm_operations_struct file_vm_ops;

static int map_file(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &file_vm_ops;
	return 0;
}

static const struct file_operations file_ops = { .mmap = map_file };

/* Gaps and unused areas are nobody's. */
static void poison_pools(void)
{
	__asan_poison_memory_region(world.pool, sizeof(world.pool));
	__asan_poison_memory_region(world.anon_pool, sizeof(world.anon_pool));
	__asan_poison_memory_region(world.way_pool, sizeof(world.way_pool));
	for (unsigned int i = 0; i < POOL; i++) {
		if (world.used & 1u << i)
			__asan_unpoison_memory_region(&world.pool[i].vma, sizeof(world.pool[i].vma));
		if (world.way_used & 1u << i)
			__asan_unpoison_memory_region(&world.way_pool[i].way,
						      sizeof(world.way_pool[i].way));
		if (world.anon_used & 1u << i)
			__asan_unpoison_memory_region(&world.anon_pool[i].anon_vma,
						      sizeof(world.anon_pool[i].anon_vma));
	}
}

static void unpoison_pools(void)
{
	__asan_unpoison_memory_region(world.pool, sizeof(world.pool));
	__asan_unpoison_memory_region(world.anon_pool, sizeof(world.anon_pool));
	__asan_unpoison_memory_region(world.way_pool, sizeof(world.way_pool));
}

static void copy_world(struct world *to, const struct world *from)
{
	unpoison_pools();
	memcpy(to, from, sizeof(*to));
	poison_pools();
}

void vma_save(void)
{
	world.committed = vm_committed_as;
	copy_world(&saved, &world);
}

void vma_restore(void)
{
	copy_world(&world, &saved);
	vm_committed_as = saved.committed;
}

void vma_reset(void)
{
	struct stack_top *top = (struct stack_top *)(host_stack + THREAD_SIZE) - 1;

	unpoison_pools();
	memset(&world, 0, sizeof(world));
	poison_pools();
	vma_cache_init();
	vm_committed_as = 0;
	world.mm.pgd = host_pgd;
	world.mm.mmap_base = world.mm.free_area_cache = TASK_SIZE - (128UL << 20);
	world.file.f_op = &file_ops;
	world.file.f_mode = FMODE_READ | FMODE_WRITE;
	world.file.f_inode = &host_inode;
	world.file.f_vfsmnt = &host_mount;
	world.file.f_mapping = &world.mapping;
	world.mapping.backing_dev_info = &noop_backing_dev_info;
	refcount_set(&world.file.f_count, 1);
	host_task.mm = &world.mm;
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		host_signal.rlim[i].rlim_cur = host_signal.rlim[i].rlim_max = RLIM_INFINITY;
	top->task = &host_task;
}

unsigned int vma_fail_alloc(unsigned int nth)
{
	unsigned int left = fail_alloc;

	fail_alloc = nth;
	return left;
}

/* Call @fn on the kernel's stack. */
static long call_on_stack(long (*fn)(const struct vma_op *op), const struct vma_op *op)
{
	struct stack_top *top = (struct stack_top *)(host_stack + THREAD_SIZE) - 1;
	long ret;

	asm volatile("movl %%esp, %%ebx; leal -64(%2), %%esp; andl $-16, %%esp; subl $12, %%esp;"
		     "pushl %3; call *%1; movl %%ebx, %%esp"
		     : "=a"(ret) : "r"(fn), "r"(top), "r"(op) : "ebx", "ecx", "edx", "memory", "cc");
	return ret;
}

static unsigned long addr_of(unsigned int page)
{
	return WINDOW + page * PAGE_SIZE;
}

/* A page of one's own comes into being, as by a fault. */
static long touch(unsigned int page)
{
	struct vm_area_struct *vma = find_vma(&world.mm, addr_of(page));

	if (!vma || vma->vm_start > addr_of(page) || vma->vm_file || !(vma->vm_flags & VM_WRITE))
		return -EFAULT;
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	world.touched[page] = true;
	return 0;
}

static long do_call(const struct vma_op *op)
{
	unsigned long addr = addr_of(op->first), len = op->nr * PAGE_SIZE, ret;

	switch (op->call) {
	case CALL_MAP:
		ret = do_mmap(op->file ? &world.file : NULL, addr, len, op->prot,
			      MAP_FIXED | (op->file ? MAP_SHARED : MAP_PRIVATE),
			      op->file ? op->first * PAGE_SIZE : 0);
		return ret == addr ? 0 : (long)ret;
	case CALL_UNMAP:
		return do_munmap(&world.mm, addr, len);
	case CALL_PROTECT:
		return do_mprotect(addr, len, op->prot);
	case CALL_MOVE:
		ret = (unsigned long)do_mremap(addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED |
					       (op->keep ? MREMAP_DONTUNMAP : 0), addr_of(op->to));
		return ret == addr_of(op->to) ? 0 : (long)ret;
	case CALL_GROW:
		ret = (unsigned long)do_mremap(addr, len, len + PAGE_SIZE, 0, 0);
		return ret == addr ? 0 : (long)ret;
	case CALL_ADVISE:
		return do_madvise(addr, len, op->to ? MADV_DONTFORK : MADV_DOFORK);
	case CALL_TOUCH:
		return touch(op->first);
	}
	abort();
}

long vma_call(const struct vma_op *op)
{
	return call_on_stack(do_call, op);
}

/* ---- what it looks like ---- */

int vma_joinable(void)
{
	int pairs = 0;

	for (struct vm_area_struct *a = world.mm.mmap, *b; a && (b = a->vm_next); a = b)
		pairs += a->vm_end == b->vm_start && a->vm_flags == b->vm_flags &&
			 a->vm_file == b->vm_file && anon_vma_compatible(a, b) &&
			 a->vm_pgoff + vma_pages(a) == b->vm_pgoff;
	return pairs;
}

/* Which of the ways it has, counted as they come: which areas share one is what counts. */
static unsigned char note_way(const struct vm_area_struct *vma, const struct anon_way **seen)
{
	unsigned char i = 0;

	if (!vma_has_anon(vma))
		return 0xff;
	while (seen[i] && seen[i] != vma->anon_way)
		i++;
	seen[i] = vma->anon_way;
	return i;
}

static int check_areas_of(const struct anon_way *way)
{
	unsigned int areas = 0;

	for (struct vm_area_struct *vma = world.mm.mmap; vma; vma = vma->vm_next)
		areas += vma->anon_way == way;
	return areas == way->nr_areas ? 0 : (puts("a way counts its areas wrong"), 1);
}

static long check(const struct vma_op *unused)
{
	struct vm_area_struct *vma;
	unsigned int files = 0, linked = 0, areas = 0, nr_ways = 0;
	long committed = 0;
	const struct anon_way *ways[POOL] = { NULL };
	int lies = mm_check_areas(&world.mm);

	for (vma = world.mm.mmap; vma; vma = vma->vm_next) {
		areas++;
		files += vma->vm_file != NULL;
		if (vma->vm_flags & VM_ACCOUNT)
			committed += (long)vma_pages(vma);
		for (unsigned int i = page_of(vma->vm_start); i < page_of(vma->vm_end); i++)
			if (world.touched[i] && !vma_has_anon(vma))
				lies += (puts("an anon_vma is lost"), 1);
		if (vma_has_anon(vma) && vma->anon_way->anon_vma != vma->anon_way->steps[0].anon_vma)
			lies += (puts("an anon_vma has another owner"), 1);
		note_way(vma, ways);
	}
	while (ways[nr_ways])
		lies += check_areas_of(ways[nr_ways++]);
	vma_interval_tree_foreach(vma, &world.mapping.i_mmap, 0, ULONG_MAX)
		linked++;
	if (nr_ways != (unsigned int)__builtin_popcount(world.way_used))
		lies += (puts("a way without an area"), 1);
	for (unsigned int i = 0; i < POOL; i++)
		if (world.anon_used & 1u << i && RB_EMPTY_ROOT(&world.anon_pool[i].anon_vma.ways))
			lies += (puts("an anon_vma without a way"), 1);
	if (linked != files ||
	    (unsigned int)refcount_read(&world.file.f_count) != files + 1)
		lies += (puts("i_mmap or the file's references are wrong"), 1);
	if (committed != vm_committed_as)
		lies += (puts("commitment is wrong"), 1);
	if (areas != (unsigned int)__builtin_popcount(world.used))
		lies += (puts("an area is lost"), 1);
	if (world.mapping.i_mmap_lock.slock != 0 && spin_is_locked(&world.mapping.i_mmap_lock))
		lies += (puts("i_mmap_lock is held"), 1);
	return lies;
}

int vma_check(void)
{
	return (int)call_on_stack(check, NULL);
}

void vma_look(struct vma_page pages[VMA_PAGES])
{
	struct vm_area_struct *vma;
	unsigned char area = 0;

	memset(pages, 0, VMA_PAGES * sizeof(pages[0]));
	for (vma = world.mm.mmap; vma; vma = vma->vm_next) {
		unsigned long index = vma->vm_pgoff - (vma->vm_file ? 0 : WINDOW >> PAGE_SHIFT);

		area++;
		for (unsigned int i = page_of(vma->vm_start); i < page_of(vma->vm_end); i++)
			pages[i] = (struct vma_page){
				.mapped = 1, .file = vma->vm_file != NULL, .area = area,
				.has_anon = vma_has_anon(vma),
				.prot = vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC),
				.account = !!(vma->vm_flags & VM_ACCOUNT),
				.not_in_child = !!(vma->vm_flags & VM_DONTCOPY),
				.touched = world.touched[i], .index = (unsigned char)index++,
			};
	}
}

static unsigned char *key_of_tree(unsigned char *key, const struct rb_node *node,
				  const struct anon_way **seen)
{
	const struct vm_area_struct *vma;

	if (!node) {
		*key++ = 0xff;
		return key;
	}
	vma = rb_entry(node, struct vm_area_struct, vm_rb);
	*key++ = (unsigned char)(page_of(vma->vm_start) << 4 | page_of(vma->vm_end));
	*key++ = (unsigned char)((vma->vm_flags & 7) | !!(vma->vm_flags & VM_ACCOUNT) << 3 |
				 !!(vma->vm_flags & VM_DONTCOPY) << 4 |
				 (vma == world.mm.mmap_cache) << 6 | (vma->vm_file != NULL) << 7);
	*key++ = (unsigned char)(vma->vm_pgoff << 1 | rb_color(node));
	*key++ = note_way(vma, seen) | (vma->anon_way && vma->anon_way == world.mm.anon_way) << 6;
	key = key_of_tree(key, node->rb_left, seen);
	return key_of_tree(key, node->rb_right, seen);
}

unsigned int vma_key(unsigned char key[VMA_KEY_BYTES])
{
	const struct anon_way *seen[POOL] = { NULL };
	unsigned char *end = key_of_tree(key, world.mm.mm_rb.rb_node, seen);

	*end = 0;
	for (unsigned int i = 0; i < VMA_PAGES; i++)
		*end = (unsigned char)(*end | world.touched[i] << i);
	return (unsigned int)(end + 1 - key);
}
