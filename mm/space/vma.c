/*
 * mm/space/vma.c - areas on list and tree: found, linked, cut, joined.
 *
 * Theory.  A process has ten to some ten thousand areas.  A fault must find the
 * one around an address (mmap_cache, then the tree: log n), mmap must find the
 * neighbours of a hole (the tree leads to them, the list walks on), and
 * /proc/PID/maps lists all (the list).  So each area is on both, and an area
 * with a file on a third, the file's i_mmap, by which truncate finds who maps a
 * page.
 *
 * Two areas that touch and agree in everything are one area too many: mmap,
 * brk and mprotect try to join before they make a new one (vma_merge), and cut
 * where a call begins or ends inside one (split_vma).  The cases, with the
 * changed range as ####:
 *
 *	before		prev####	####next	prev####next	 ##in one##
 *	joins prev	[prev....]			[prev.........]
 *	joins next			[....next]
 *	mprotect: the range is a part of an area; the neighbour that agrees grows
 *	over it and the area shrinks or vanishes.
 *
 * Joining needs: equal vm_flags (but for VM_SOFTDIRTY, which the whole then has), the same file, offsets that run on, equal memory
 * policies, no vm_ops->close (somebody counts those areas), and anonymous pages of one family
 * (anon_vma_compatible()).
 *
 * Locking: mmap_sem for writing for all that changes, for reading to find;
 * i_mmap_lock around changes that truncate could see.  Truncate does not take
 * mmap_sem: at every moment each mapped page of a file lies in some area on i_mmap.
 * References: Gorman, chapter 4; Linux's cases are drawn in its mm/mmap.c.
 */
#include <mm/space/vma.h>

#include <kernel/core/bug.h>
#include <kernel/fs/fs.h>
#include <lib/err.h>
#include <lib/string.h>
#include <mm/cache/anon_vma.h>
#include <mm/phys/slab.h>
#include <mm/types/mempolicy.h>

static struct kmem_cache *vm_area_cachep;	/* [c] */

int sysctl_max_map_count = DEFAULT_MAX_MAP_COUNT;

void __init vma_cache_init(void)
{
	vm_area_cachep = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0,
					   SLAB_PANIC, NULL);
	anon_vma_init();
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(vm_area_cachep, GFP_KERNEL);

	if (vma)
		vma->vm_mm = mm;
	return vma;
}

struct vm_area_struct *vm_area_dup(const struct vm_area_struct *old)
{
	struct vm_area_struct *vma = kmem_cache_alloc(vm_area_cachep, GFP_KERNEL);

	if (vma) {
		/* The function, not the builtin: rep movsl, where gcc would make a loop. */
		(memcpy)(vma, old, offsetof(struct vm_area_struct, shared));
		vma->anon_way = NULL;
		mpol_get(vma->vm_policy);
	}
	return vma;
}

void vm_area_free(struct vm_area_struct *vma)
{
	mpol_put(vma->vm_policy);
	kmem_cache_free(vm_area_cachep, vma);
}

/* What the CPU may do to a private or a shared page.  Where there is no NX, exec is read. */
pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	pgprotval_t nx = vm_flags & VM_EXEC ? 0 : __page_nx;

	if (!(vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return PAGE_NONE;
	if ((vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		return __pgprot(pgprot_val(PAGE_SHARED) | nx);
	return __pgprot(pgprot_val(PAGE_READONLY) | nx);
}

/* --- finding ---------------------------------------------------------------------------------- */

struct vm_area_struct *__find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct rb_node *node = mm->mm_rb.rb_node;
	struct vm_area_struct *found = NULL;

	count_vm_event(VMACACHE_FIND_CALLS);
	while (node) {
		struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, vm_rb);

		if (vma->vm_end <= addr) {
			node = node->rb_right;
			continue;
		}
		found = vma;
		if (vma->vm_start <= addr)
			break;
		node = node->rb_left;
	}
	if (found)
		mm->mmap_cache = found;
	return found;
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma) {
		*pprev = vma->vm_prev;
	} else {
		struct rb_node *last = rb_last(&mm->mm_rb);

		*pprev = rb_entry_safe(last, struct vm_area_struct, vm_rb);
	}
	return vma;
}

int find_vma_place(struct mm_struct *mm, unsigned long start, unsigned long end,
		   struct vma_place *place)
{
	struct rb_node **link = &mm->mm_rb.rb_node, *parent = NULL, *prev = NULL;

	while (*link) {
		struct vm_area_struct *vma = rb_entry(*link, struct vm_area_struct, vm_rb);

		parent = *link;
		if (vma->vm_end > start) {
			if (vma->vm_start < end)
				return -ENOMEM;
			link = &parent->rb_left;
		} else {
			prev = parent;
			link = &parent->rb_right;
		}
	}
	place->prev = rb_entry_safe(prev, struct vm_area_struct, vm_rb);
	place->rb_parent = parent;
	place->rb_link = link;
	return 0;
}

/* --- linking ---------------------------------------------------------------------------------- */

static inline struct address_space *vma_mapping(const struct vm_area_struct *vma)
{
	return vma->vm_file ? vma->vm_file->f_mapping : NULL;
}

/* => i_mmap_lock held */
static void vma_insert_i_mmap(struct vm_area_struct *vma, struct address_space *mapping)
{
	vma->shared.start = vma->vm_pgoff;
	vma->shared.last = vma->vm_pgoff + vma_pages(vma) - 1;
	interval_tree_insert(&vma->shared, &mapping->i_mmap);
}

void __vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	spin_lock(&mapping->i_mmap_lock);
	vma_insert_i_mmap(vma, mapping);
	spin_unlock(&mapping->i_mmap_lock);
}

void __vma_unlink_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	spin_lock(&mapping->i_mmap_lock);
	interval_tree_remove(&vma->shared, &mapping->i_mmap);
	spin_unlock(&mapping->i_mmap_lock);
}

static void vma_link_list(struct mm_struct *mm, struct vm_area_struct *vma,
			  struct vm_area_struct *prev)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;

	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (next)
		next->vm_prev = vma;
	mm->map_count++;
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma, const struct vma_place *place)
{
	vma_link_list(mm, vma, place->prev);
	rb_link_node(&vma->vm_rb, place->rb_parent, place->rb_link);
	rb_insert_color(&vma->vm_rb, &mm->mm_rb);
	vma_link_file(vma);
}

/* Link @vma directly behind @prev, without a search: the free place is next to one of the two. */
static void vma_link_behind(struct mm_struct *mm, struct vm_area_struct *vma,
			    struct vm_area_struct *prev)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	struct vma_place place = { .prev = prev };

	if (!prev && !next) {
		place.rb_link = &mm->mm_rb.rb_node;
	} else if (prev && !prev->vm_rb.rb_right) {
		place.rb_parent = &prev->vm_rb;
		place.rb_link = &prev->vm_rb.rb_right;
	} else {
		/* prev has a right subtree: next is its leftmost node */
		place.rb_parent = &next->vm_rb;
		place.rb_link = &next->vm_rb.rb_left;
	}
	vma_link(mm, vma, &place);
}

/* @vma maps what @old maps: its place is known. */
static void vma_link_file_after(struct vm_area_struct *vma, struct vm_area_struct *old)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	spin_lock(&mapping->i_mmap_lock);
	interval_tree_insert_after(&vma->shared, &old->shared);
	spin_unlock(&mapping->i_mmap_lock);
}

void vma_append(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev,
		struct vm_area_struct *old)
{
	vma->vm_prev = prev;
	vma->vm_next = NULL;
	if (prev) {
		prev->vm_next = vma;
		prev->vm_rb.rb_right = &vma->vm_rb;
	} else {
		mm->mmap = vma;
		mm->mm_rb.rb_node = &vma->vm_rb;
	}
	mm->map_count++;
	if (vma->vm_file)
		vma_link_file_after(vma, old);
}

void vma_build_tree(struct mm_struct *mm)
{
	rb_build(&mm->mm_rb, (unsigned long)mm->map_count);
}

int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_place place;

	if (find_vma_place(mm, vma->vm_start, vma->vm_end, &place))
		return -ENOMEM;
	if (!vma->vm_file && !vma->vm_ops)
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma_link(mm, vma, &place);
	return 0;
}

void detach_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma->vm_prev)
		vma->vm_prev->vm_next = vma->vm_next;
	else
		mm->mmap = vma->vm_next;
	if (vma->vm_next)
		vma->vm_next->vm_prev = vma->vm_prev;
	rb_erase(&vma->vm_rb, &mm->mm_rb);
	if (mm->mmap_cache == vma)
		mm->mmap_cache = NULL;
	mm->map_count--;
}

void remove_vma(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->vm_file)
		fput(vma->vm_file);
	vm_area_free(vma);
}

/* --- cutting and joining ----------------------------------------------------------------------- */

static inline void set_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			     unsigned long pgoff)
{
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
}

static noinline void set_range_of_file(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, unsigned long pgoff)
{
	struct address_space *mapping = vma_mapping(vma);

	spin_lock(&mapping->i_mmap_lock);
	set_range(vma, start, end, pgoff);
	interval_tree_change(&vma->shared, &mapping->i_mmap, pgoff, pgoff + vma_pages(vma) - 1);
	spin_unlock(&mapping->i_mmap_lock);
}

/* @vma becomes smaller: a part of what it is. */
static inline void vma_shrink(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			      unsigned long pgoff)
{
	if (unlikely(vma->vm_file))
		set_range_of_file(vma, start, end, pgoff);
	else
		set_range(vma, start, end, pgoff);
}

void vma_adjust(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		unsigned long pgoff)
{
	anon_vma_cover(vma, pgoff, pgoff + ((end - start) >> PAGE_SHIFT) - 1);
	vma_shrink(vma, start, end, pgoff);
}

int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		int new_below)
{
	struct vm_area_struct *new = vm_area_dup(vma);
	unsigned long pgoff = linear_page_index(vma, addr);

	if (!new)
		return -ENOMEM;
	if (new_below) {
		new->vm_end = addr;
	} else {
		new->vm_start = addr;
		new->vm_pgoff = pgoff;
	}
	anon_vma_split(new, vma);
	if (new->vm_file)
		get_file(new->vm_file);
	/* First the new one, then the old one shrinks: truncate sees some page twice, but each. */
	if (new_below) {
		vma_link_behind(mm, new, vma->vm_prev);
		vma_shrink(vma, addr, vma->vm_end, pgoff);
	} else {
		vma_link_behind(mm, new, vma);
		vma_shrink(vma, vma->vm_start, addr, vma->vm_pgoff);
	}
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	return 0;
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below)
{
	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return __split_vma(mm, vma, addr, new_below);
}

/* Could @vma grow over memory with these attributes? Offsets are compared by the caller. */
static bool can_merge(const struct vm_area_struct *vma, unsigned long vm_flags,
		      const struct file *file, const struct mempolicy *pol)
{
	return !((vma->vm_flags ^ vm_flags) & ~VM_SOFTDIRTY) && vma->vm_file == file &&
	       mpol_equal(vma->vm_policy, pol) &&
	       !(vma->vm_ops && vma->vm_ops->close) && !(vm_flags & VM_SPECIAL);
}

/* Take @vma, whose range a neighbour covers now, out. */
static void swallow_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	detach_vma(mm, vma);
	vma_unlink_file(vma);
	unlink_anon_vmas(vma);
	remove_vma(vma);
}

struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev,
				 unsigned long addr, unsigned long end, unsigned long vm_flags,
				 struct file *file, unsigned long pgoff, struct mempolicy *pol,
				 struct vm_area_struct *src)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	struct vm_area_struct *in = NULL, *after = next;	/* the area that changes; behind it */
	struct vm_area_struct *into;
	unsigned long pages = (end - addr) >> PAGE_SHIFT;
	bool left, right;

	if (prev && prev->vm_end > addr)
		in = prev;
	else if (next && next->vm_start < end)
		in = next;
	if (in)
		after = in->vm_end == end ? in->vm_next : NULL;

	left = prev && prev->vm_end == addr && can_merge(prev, vm_flags, file, pol) &&
	       prev->vm_pgoff + vma_pages(prev) == pgoff && anon_vma_compatible(prev, src);
	right = after && after->vm_start == end && can_merge(after, vm_flags, file, pol) &&
		after->vm_pgoff == pgoff + pages && anon_vma_compatible(after, src);
	right = right && !(left && !anon_vma_compatible(prev, after));
	if (!left && !right)
		return NULL;
	/* The survivor can hold the pages of all: the one step that may fail. */
	into = left ? prev : after;
	if (src && anon_vma_clone(into, src))
		return NULL;
	if (left && right && anon_vma_clone(into, after))
		return NULL;

	/* First the survivor grows, then the others shrink or go: see split_vma(). */
	into->vm_flags |= (vm_flags | (right ? after->vm_flags : 0)) & VM_SOFTDIRTY;
	if (left)
		vma_adjust(prev, prev->vm_start, right ? after->vm_end : end, prev->vm_pgoff);
	else
		vma_adjust(after, addr, after->vm_end, pgoff);
	if (in && in->vm_start == addr && in->vm_end == end) {
		swallow_vma(mm, in);
	} else if (in) {
		if (in->vm_start == addr)
			vma_shrink(in, end, in->vm_end, in->vm_pgoff + pages);
		else
			vma_shrink(in, in->vm_start, addr, in->vm_pgoff);
	}
	if (left && right)
		swallow_vma(mm, after);
	return into;
}

struct vm_area_struct *vma_modify(struct vm_area_struct *prev, struct vm_area_struct *vma,
				  unsigned long start, unsigned long end, unsigned long newflags,
				  struct mempolicy *pol)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *merged;
	int err;

	merged = vma_merge(mm, prev, start, end, newflags, vma->vm_file,
			   linear_page_index(vma, start), pol, vma);
	if (merged)
		return merged;
	err = start > vma->vm_start ? split_vma(mm, vma, start, 1) : 0;
	if (!err && end < vma->vm_end)
		err = split_vma(mm, vma, end, 0);
	if (err)
		return ERR_PTR(err);
	vma->vm_flags = newflags;
	mpol_get(pol);
	mpol_put(vma->vm_policy);
	vma->vm_policy = pol;
	return vma;
}
