/*
 * mm/space/memory.h - page tables of user space: filled, copied, emptied.
 *
 * See memory.c for the theory.  Names are Linux's.
 */
#ifndef OCTAVO_MM_SPACE_MEMORY_H
#define OCTAVO_MM_SPACE_MEMORY_H

#include <kernel/core/hooks.h>
#include <mm/types/mm_types.h>

struct address_space;
struct task_struct;

/* One page of zeros, shared by all who have only read; in the kernel image, never counted. */
extern unsigned char empty_zero_page[PAGE_SIZE];
#define ZERO_PAGE(vaddr)	((void)(vaddr), virt_to_page(empty_zero_page))

/*
 * Give @address what @vma says is there.
 * => [s] read; may sleep; @address in @vma, whose rights allow the access
 */
vm_fault_t handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma,
			   unsigned long address, unsigned int flags);

/*
 * Empty the page tables of [address, address + size), which lies in @vma, and drop the pages.
 * => [s] read; may sleep
 */
void zap_page_range(struct vm_area_struct *vma, unsigned long address, unsigned long size);
/*
 * The same for a run of detached areas from @first on, followed by the page tables that no
 * remaining area between @floor and @ceiling (0: the end) needs.  @empty: the caller knows that
 * no entry of them is in use.
 * => [s] write; may sleep; takes the areas off their i_mmap lists
 */
void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, unsigned long floor,
		  unsigned long ceiling, bool empty);

/*
 * fork: let @dst_mm see what @src_mm has in @vma; private pages become copy-on-write in both.
 * => both mmap_sem held for writing; may sleep; 0 or -ENOMEM; the caller flushes @src_mm once
 */
int copy_page_range(struct mm_struct *dst_mm, struct mm_struct *src_mm,
		    struct vm_area_struct *vma);
/* mremap: move the entries of @len bytes. => [s] write; bytes moved (less: no memory) */
unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
			       struct vm_area_struct *new_vma, unsigned long new_addr,
			       unsigned long len);
/* mprotect: give present entries new rights. => [s] write; flushes if rights were taken away */
void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       pgprot_t newprot);

/* Drivers call zeromap_page_range() and remap_pfn_range(), which hooks.h declares. */

/*
 * One entry from a ->fault, unless there is one by now: a page of the kernel's, which is
 * counted and can be copied on write; or a frame that is not.
 * => [s] read or write; 0 or -ENOMEM
 */
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page);
int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

/* The entry for @address, or NULL: no page table there. No reference, no lock. */
pte_t *mm_find_pte(struct mm_struct *mm, unsigned long address);
/* Call @fn for each page that [start, end) of @vma maps. => [s] read; @fn has page_table_lock */
void walk_mapped_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       void (*fn)(struct page *page, pte_t entry, void *arg), void *arg);
/* ... for each of its entries that is a place in swap. */
void walk_swap_entries(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       void (*fn)(swp_entry_t entry, void *arg), void *arg);
/*
 * The page that is mapped at @address, with a reference.
 * => [s] read; NULL: not present, no struct page, or (@write) not writable now
 */
struct page *follow_page(struct vm_area_struct *vma, unsigned long address, bool write);
/*
 * Fault in and pin @nr pages from @start on (in @pages unless NULL); @force: read and write
 * also where only MAYREAD and MAYWRITE are set (ptrace, exec).
 * => [s] read; may sleep; pages pinned, or -errno for none
 */
int get_user_pages(struct mm_struct *mm, unsigned long start, int nr, bool write, bool force,
		   struct page **pages);
/*
 * Fault a range in, holes apart.  An area of which a page cannot be had is given up there; then
 * the next is tried (@ignore_errors: MAP_POPULATE, mlockall) or all is over (mlock).
 * => [s] read; may sleep; 0, or the -errno it ended with
 */
int __mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool ignore_errors);
static inline void make_pages_present(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	__mm_populate(mm, start, end, true);
}
/*
 * Copy between a kernel buffer and another address space (/proc/PID/cmdline, exec's stack).
 * => takes mmap_sem for reading; may sleep; bytes copied
 */
int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len, bool write);
int access_process_vm(struct task_struct *tsk, unsigned long addr, void *buf, int len, bool write);

#endif
