/*
 * mm/phys/vmalloc.c - contiguous addresses for pages that are not.
 *
 * Theory: vmalloc.h.  An area is a struct vm_struct; all of them hang in address
 * order on vmlist, and in a red-black tree for finding the one that contains an
 * address.  A new area goes into the first gap that holds it and its guard page
 * (first fit keeps the used addresses together, and with them the page tables).
 * The walk is linear in the number of areas, of which a kernel has dozens.
 *
 * Page tables.  A table that is missing is made in swapper_pg_dir
 * (pte_alloc_kernel) and stays for ever: no process's copy of the directory
 * entry can become stale.  The worst case is one page for each 4M of addresses.
 *
 *	task A (own directory)			task B
 *						vmalloc(): new table, entry in
 *						swapper_pg_dir only
 *	touches the area: page fault
 *	vmalloc_fault(): no entry in
 *	  our directory, one in
 *	  swapper_pg_dir: copy it
 *	touches again: works
 *
 * An unmapped page is forgotten by the TLB at once (flush_tlb_kernel_range):
 * its address may be given to the next caller before we return.
 *
 * Interface: vmalloc.h.  Locking: vmlist_lock guards list and tree, and the
 * entries of the area that is being taken away.  The entries of an area that
 * is being made belong to its maker.
 */
#include <mm/phys/vmalloc.h>

#include <kernel/arch/processor.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmstat.h>

LIST_HEAD(vmlist);
static struct rb_root vmap_root = RB_ROOT;
static DEFINE_SPINLOCK(vmlist_lock);
static unsigned long vmalloc_areas, vmalloc_pages;	/* [v] */

static inline unsigned long area_start(const struct vm_struct *area)
{
	return (unsigned long)area->addr;
}

/* First byte behind the area, its guard page included. */
static inline unsigned long area_end(const struct vm_struct *area)
{
	return area_start(area) + area->size;
}

/* Bytes that can be mapped: all but the guard page. */
static inline unsigned long area_bytes(const struct vm_struct *area)
{
	return area->size - PAGE_SIZE;
}

/* ---- addresses ---- */

static void insert_area_tree(struct vm_struct *area)
{
	struct rb_node **p = &vmap_root.rb_node, *parent = NULL;

	while (*p) {
		parent = *p;
		if (area->addr < rb_entry(parent, struct vm_struct, rb)->addr)
			p = &parent->rb_left;
		else
			p = &parent->rb_right;
	}
	rb_link_node(&area->rb, parent, p);
	rb_insert_color(&area->rb, &vmap_root);
}

/* First fit. => vmlist_lock held; false: no gap is large enough */
static bool place_area(struct vm_struct *area)
{
	unsigned long addr = VMALLOC_START;
	struct vm_struct *next;

	list_for_each_entry(next, &vmlist, list) {
		if (area_start(next) - addr >= area->size)
			goto found;
		addr = area_end(next);
	}
	if (VMALLOC_END - addr < area->size)
		return false;
found:
	area->addr = (void *)addr;
	/* Before @next: if the walk came to the end, that is the list's head. */
	list_add_tail(&area->list, &next->list);
	insert_area_tree(area);
	vmalloc_areas++;
	return true;
}

static struct vm_struct *__get_vm_area(unsigned long size, unsigned long flags, gfp_t gfp,
				       const void *caller)
{
	struct vm_struct *area;
	bool placed;

	if (!size || size > VMALLOC_TOTAL - PAGE_SIZE)
		return NULL;
	area = kzalloc(sizeof(*area), gfp & ~(GFP_ZONEMASK | __GFP_ZERO));
	if (!area)
		return NULL;
	area->size = PAGE_ALIGN(size) + PAGE_SIZE;
	area->flags = (unsigned int)flags;
	area->caller = caller;
	spin_lock(&vmlist_lock);
	placed = place_area(area);
	spin_unlock(&vmlist_lock);
	if (!placed) {
		pr_warn_once("vmalloc: no gap of %lu bytes is left between %08lx and %08lx\n",
			     area->size, VMALLOC_START, VMALLOC_END);
		kfree(area);
		return NULL;
	}
	return area;
}

struct vm_struct *get_vm_area(unsigned long size, unsigned long flags)
{
	return __get_vm_area(size, flags, GFP_KERNEL, __builtin_return_address(0));
}

/* => vmlist_lock held */
static struct vm_struct *__find_vm_area(unsigned long addr)
{
	struct rb_node *n = vmap_root.rb_node;

	while (n) {
		struct vm_struct *area = rb_entry(n, struct vm_struct, rb);

		if (addr < area_start(area))
			n = n->rb_left;
		else if (addr >= area_end(area))
			n = n->rb_right;
		else
			return area;
	}
	return NULL;
}

struct vm_struct *find_vm_area(const void *addr)
{
	struct vm_struct *area;

	spin_lock(&vmlist_lock);
	area = __find_vm_area((unsigned long)addr);
	spin_unlock(&vmlist_lock);
	return area;
}

/* ---- page-table entries ---- */

/* The entry for @addr in swapper_pg_dir, or NULL: no table there. */
static pte_t *kernel_pte(unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pgd_offset_k(addr), addr);

	if (!pmd_present(*pmd) || pmd_large(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

/* Map one frame. => may sleep; 0 or -ENOMEM */
static int map_kernel_page(unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	pte_t *pte = pte_alloc_kernel(pmd_offset(pgd_offset_k(addr), addr), addr);

	if (!pte)
		return -ENOMEM;
	WARN_ON(!pte_none(*pte));
	set_pte(pte, pfn_pte(pfn, prot));
	return 0;
}

int map_vm_area(struct vm_struct *area, pgprot_t prot, struct page **pages)
{
	unsigned long addr = area_start(area);
	unsigned int i;
	int err;

	for (i = 0; i < area->nr_pages; i++, addr += PAGE_SIZE) {
		err = map_kernel_page(addr, page_to_pfn(pages[i]), prot);
		if (err) {
			unmap_vm_area(area);
			return err;
		}
	}
	return 0;
}

void unmap_vm_area(struct vm_struct *area)
{
	unsigned long addr, end = area_start(area) + area_bytes(area);
	pte_t *pte;

	for (addr = area_start(area); addr < end; addr += PAGE_SIZE) {
		pte = kernel_pte(addr);
		if (pte)
			pte_clear(pte);
	}
	flush_tlb_kernel_range(area_start(area), end);
}

/* Take the area away whose first address is @addr. => it, or NULL: there is none */
struct vm_struct *remove_vm_area(const void *addr)
{
	struct vm_struct *area;

	spin_lock(&vmlist_lock);
	area = __find_vm_area((unsigned long)addr);
	if (area && area->addr == addr) {
		/* Entries go first: as soon as the area is off the list, the addresses are free. */
		unmap_vm_area(area);
		list_del(&area->list);
		rb_erase(&area->rb, &vmap_root);
		vmalloc_areas--;
	} else {
		area = NULL;
	}
	spin_unlock(&vmlist_lock);
	return area;
}

struct page *vmalloc_to_page(const void *addr)
{
	pte_t *pte = kernel_pte((unsigned long)addr);

	return pte && pte_present(*pte) ? pte_page(*pte) : NULL;
}

unsigned long vmalloc_to_pfn(const void *addr)
{
	return page_to_pfn(vmalloc_to_page(addr));
}

/* No locks: it only reads swapper_pg_dir, whose entries are made once and stay. */
int vmalloc_fault(unsigned long address)
{
	pmd_t *pmd = pmd_offset(current_pgd() + pgd_index(address), address);
	pmd_t *pmd_k = pmd_offset(pgd_offset_k(address), address);
	pte_t *pte_k;

	if (address < VMALLOC_START || address >= VMALLOC_END)
		return -1;
	if (!pmd_present(*pmd_k))
		return -1;
	pte_k = pte_offset_kernel(pmd_k, address);
	if (!pte_present(*pte_k))
		return -1;
	/* Present here too: a thread on another processor fell over the same entry, and was faster. */
	if (!pmd_present(*pmd))
		set_pmd(pmd, *pmd_k);
	return 0;
}

/* ---- pages ---- */

/* Give back the first @nr pages of an area that owns them, and the array. */
static void free_area_pages(struct vm_struct *area, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct page *page = area->pages[i];

		BUG_ON(!PageVmalloc(page));
		__ClearPageVmalloc(page);
		dec_zone_page_state(page, NR_VMALLOC);
		__free_page(page);
	}
	spin_lock(&vmlist_lock);
	vmalloc_pages -= nr;
	spin_unlock(&vmlist_lock);
	if (area->flags & VM_VPAGES)
		vfree(area->pages);
	else
		kfree(area->pages);
}

/* => area->pages filled, high pages first; or false, nothing allocated */
static bool alloc_area_pages(struct vm_struct *area, gfp_t gfp)
{
	unsigned int i, nr = (unsigned int)(area_bytes(area) >> PAGE_SHIFT);
	gfp_t array_gfp = (gfp & ~GFP_ZONEMASK) | __GFP_ZERO;
	struct page *page;

	if (nr * sizeof(*area->pages) > PAGE_SIZE) {
		area->pages = __vmalloc(nr * sizeof(*area->pages), array_gfp | __GFP_HIGHMEM,
					PAGE_KERNEL);
		area->flags |= VM_VPAGES;
	} else {
		area->pages = kmalloc(nr * sizeof(*area->pages), array_gfp);
	}
	if (!area->pages)
		return false;
	for (i = 0; i < nr; i++) {
		page = alloc_page(gfp);
		if (!page)
			break;
		__SetPageVmalloc(page);
		inc_zone_page_state(page, NR_VMALLOC);
		area->pages[i] = page;
	}
	spin_lock(&vmlist_lock);
	vmalloc_pages += i;
	spin_unlock(&vmlist_lock);
	area->nr_pages = i;
	if (i < nr) {
		free_area_pages(area, i);
		return false;
	}
	return true;
}

static void *do_vmalloc(unsigned long size, gfp_t gfp, pgprot_t prot, unsigned long flags,
			const void *caller)
{
	struct vm_struct *area;

	/* More than all memory: no amount of reclaim would help. */
	if (!size || PFN_UP(size) > totalram_pages)
		return NULL;
	area = __get_vm_area(size, VM_ALLOC | flags, gfp, caller);
	if (!area)
		return NULL;
	if (!alloc_area_pages(area, gfp))
		goto no_pages;
	if (map_vm_area(area, prot, area->pages))
		goto no_tables;
	return area->addr;

no_tables:
	free_area_pages(area, area->nr_pages);
no_pages:
	remove_vm_area(area->addr);
	kfree(area);
	return NULL;
}

void *__vmalloc(unsigned long size, gfp_t gfp_mask, pgprot_t prot)
{
	return do_vmalloc(size, gfp_mask, prot, 0, __builtin_return_address(0));
}

void *vmalloc(unsigned long size)
{
	return do_vmalloc(size, GFP_KERNEL | __GFP_HIGHMEM, PAGE_KERNEL, 0,
			  __builtin_return_address(0));
}

void *vzalloc(unsigned long size)
{
	return do_vmalloc(size, GFP_KERNEL | __GFP_HIGHMEM | __GFP_ZERO, PAGE_KERNEL, 0,
			  __builtin_return_address(0));
}

void *vmalloc_user(unsigned long size)
{
	return do_vmalloc(size, GFP_KERNEL | __GFP_HIGHMEM | __GFP_ZERO, PAGE_KERNEL, VM_USERMAP,
			  __builtin_return_address(0));
}

void vfree(const void *addr)
{
	struct vm_struct *area;

	if (!addr)
		return;
	area = remove_vm_area(addr);
	if (WARN(!area, "vfree: no area starts at %p", addr))
		return;
	if (area->flags & VM_ALLOC)
		free_area_pages(area, area->nr_pages);
	kfree(area);
}

/* ---- other people's frames ---- */

void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot)
{
	struct vm_struct *area;

	if (!count || count > VMALLOC_TOTAL >> PAGE_SHIFT)
		return NULL;
	area = __get_vm_area((unsigned long)count << PAGE_SHIFT, VM_MAP | flags, GFP_KERNEL,
			     __builtin_return_address(0));
	if (!area)
		return NULL;
	area->nr_pages = count;
	if (map_vm_area(area, prot, pages)) {
		remove_vm_area(area->addr);
		kfree(area);
		return NULL;
	}
	return area->addr;
}

void vunmap(const void *addr)
{
	struct vm_struct *area;

	if (!addr)
		return;
	area = remove_vm_area(addr);
	if (!WARN(!area, "vunmap: no area starts at %p", addr))
		kfree(area);
}

/* RAM that the kernel uses must not be mapped a second time, uncached. */
static bool range_is_used_ram(unsigned long first, unsigned long last)
{
	unsigned long pfn;

	for (pfn = first; pfn <= last && pfn_valid(pfn); pfn++)
		if (!PageReserved(pfn_to_page(pfn)))
			return true;
	return false;
}

void *ioremap(phys_addr_t phys, unsigned long size)
{
	phys_addr_t last = phys + size - 1;
	unsigned long offset = (unsigned long)phys & ~PAGE_MASK, addr, pfn;
	struct vm_struct *area;

	if (!size || last < phys || range_is_used_ram(PFN_DOWN(phys), PFN_DOWN(last)))
		return NULL;
	area = __get_vm_area(size + offset, VM_IOREMAP, GFP_KERNEL, __builtin_return_address(0));
	if (!area)
		return NULL;
	area->phys_addr = phys - offset;
	addr = area_start(area);
	for (pfn = PFN_DOWN(phys); pfn <= PFN_DOWN(last); pfn++, addr += PAGE_SIZE) {
		if (map_kernel_page(addr, pfn, PAGE_KERNEL_NOCACHE)) {
			vunmap(area->addr);
			return NULL;
		}
	}
	return (char *)area->addr + offset;
}

void iounmap(volatile void *addr)
{
	vunmap((void *)((unsigned long)addr & PAGE_MASK));
}

/* ---- looking at it ---- */

unsigned long nr_vmalloc_areas(void)
{
	return vmalloc_areas;
}

unsigned long nr_vmalloc_pages(void)
{
	return vmalloc_pages;
}

static const char *area_kind(const struct vm_struct *area)
{
	return area->flags & VM_IOREMAP ? "ioremap" : area->flags & VM_ALLOC ? "vmalloc" : "vmap";
}

static int vmallocinfo_show(struct seq_file *m, void *v)
{
	struct vm_struct *area;

	spin_lock(&vmlist_lock);
	list_for_each_entry(area, &vmlist, list) {
		seq_printf(m, "0x%08lx-0x%08lx %7lu %pS", area_start(area), area_end(area),
			   area->size, area->caller);
		if (area->nr_pages)
			seq_printf(m, " pages=%u", area->nr_pages);
		if (area->flags & VM_IOREMAP)
			seq_printf(m, " phys=0x%08llx", (u64)area->phys_addr);
		seq_printf(m, " %s%s%s\n", area_kind(area), area->flags & VM_USERMAP ? " user" : "",
			   area->flags & VM_VPAGES ? " vpages" : "");
	}
	spin_unlock(&vmlist_lock);
	return 0;
}
PROC_SHOW("vmallocinfo", vmallocinfo_show);

void dump_vmalloc(void)
{
	struct vm_struct *area;

	list_for_each_entry(area, &vmlist, list)
		pr_info("0x%08lx-0x%08lx %7lu %pS pages=%u %s\n", area_start(area), area_end(area),
			area->size, area->caller, area->nr_pages, area_kind(area));
}

#define expect(area, cond)							\
do {										\
	if (!(cond)) {								\
		pr_err("vmalloc_check: area %p: not so: %s\n", (area)->addr, #cond);	\
		faults++;							\
	}									\
} while (0)

/* The entries of one area, and the hole behind it. => faults */
static int check_area(struct vm_struct *area)
{
	unsigned long addr = area_start(area);
	unsigned int i;
	int faults = 0;
	pte_t *pte;

	expect(area, ((addr | area->size) & ~PAGE_MASK) == 0);
	expect(area, addr >= VMALLOC_START && area_end(area) <= VMALLOC_END);
	expect(area, __find_vm_area(addr) == area);
	pte = kernel_pte(area_end(area) - PAGE_SIZE);
	expect(area, !pte || pte_none(*pte));
	if (!(area->flags & VM_ALLOC))
		return faults;
	expect(area, area->nr_pages == area_bytes(area) >> PAGE_SHIFT);
	for (i = 0; i < area->nr_pages; i++) {
		expect(area, vmalloc_to_page((char *)area->addr + i * PAGE_SIZE) == area->pages[i]);
		expect(area, PageVmalloc(area->pages[i]) && page_count(area->pages[i]) >= 1);
	}
	return faults;
}

/* => an area in the middle of being made by another task would look wrong: tests only */
int vmalloc_check(void)
{
	unsigned long end = VMALLOC_START, areas = 0, pages = 0;
	struct vm_struct *area;
	int faults = 0;

	spin_lock(&vmlist_lock);
	list_for_each_entry(area, &vmlist, list) {
		expect(area, area_start(area) >= end);
		end = area_end(area);
		areas++;
		pages += area->flags & VM_ALLOC ? area->nr_pages : 0;
		faults += check_area(area);
	}
	if (areas != vmalloc_areas || pages != vmalloc_pages || rb_check(&vmap_root) < 0 ||
	    pages != global_page_state(NR_VMALLOC)) {
		pr_err("vmalloc_check: %lu areas (%lu counted), %lu pages (%lu counted, zones %lu)\n",
		       areas, vmalloc_areas, pages, vmalloc_pages, global_page_state(NR_VMALLOC));
		faults++;
	}
	spin_unlock(&vmlist_lock);
	return faults;
}

static long count_areas(void)
{
	return (long)vmalloc_areas;
}

/*
 * The first page table is made now.  Tests get four: page tables stay, and
 * one that a test was the first to need would count as its leak.
 */
void __init vmalloc_init(void)
{
	unsigned long addr = VMALLOC_START;
	unsigned int i, tables = ktest_requested() ? 4 : 1;

	BUG_ON(VMALLOC_END <= VMALLOC_START);
	for (i = 0; i < tables && addr < VMALLOC_END; i++, addr += PMD_SIZE)
		if (!pte_alloc_kernel(pmd_offset(pgd_offset_k(addr), addr), addr))
			pr_err("vmalloc_init: no memory for a page table\n");
	ktest_register_counter("vmalloc_areas", count_areas);
	ktest_register_checker("vmalloc_check", vmalloc_check);
}
