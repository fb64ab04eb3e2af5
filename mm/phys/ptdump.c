/*
 * mm/phys/ptdump.c - page tables as text, and the proof that nothing is writable and executable.
 *
 * Theory.  One walk through all levels tells a listener of each leaf and of each
 * hole, in order of addresses.  Rights are what the processor makes of all levels:
 * writable and open to ring 3 only if each level says so, executable unless one
 * forbids it.
 *
 *	/sys/kernel/debug/kernel_page_tables	neighbours alike are one line: the map
 *		of memlayout.h, as it really is.  `pgd` and `pmd` stand for holes of a
 *		whole entry and for large pages, `pte` for small ones.
 *	wx_check()	every page that is there is judged by wx_violation()
 *
 * Without NX everything can be executed; what is left of W^X, and looked for, is
 * that code and constants can be written nowhere, through no alias either: the
 * frame is asked about, not the address.
 *
 * Locking: none.  Tables of the kernel are not freed but by pageattr.c, which tests and the start
 * call; a line printed in that moment may be old.  For a process the caller holds mmap_sem.
 * Reference: Intel SDM volume 3, section 4.6.
 */
#include <mm/phys/ptdump.h>

#include <kernel/arch/processor.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/fixmap.h>
#include <mm/phys/init.h>
#include <mm/phys/pageattr.h>
#include <mm/phys/vmalloc.h>

#define WX_PRINTED	5	/* lines, then only the number */

enum level { LEVEL_PGD, LEVEL_PMD, LEVEL_PTE };

/* What all upper levels allow. */
#define ALL_RIGHTS	((pteval_t)(_PAGE_RW | _PAGE_USER))

struct walk {
	/* One leaf (@entry has its flags and its frame) or one hole (0). */
	void (*note)(struct walk *w, unsigned long addr, enum level level, pteval_t entry,
		     pteval_t rights);
};

/* Of @entry below tables that allow @upper: RW, USER and NX as they count together. */
static inline pteval_t effective(pteval_t upper, pteval_t entry)
{
	return (upper & entry & ALL_RIGHTS) | ((upper | entry) & _PAGE_NX);
}

/* ---- the walk: [addr, last], both ends included, for 4G does not fit into a word ----------------- */

static void walk_ptes(struct walk *w, pmd_t *pmd, unsigned long addr, unsigned long last,
		      pteval_t upper)
{
	pte_t *pte = pte_offset_kernel(pmd, addr);

	for (;; addr += PAGE_SIZE, pte++) {
		pteval_t entry = pte_val(*pte);

		if (!(entry & _PAGE_PRESENT))
			entry = 0;
		w->note(w, addr, LEVEL_PTE, entry, effective(upper, entry));
		if (last - addr < PAGE_SIZE)
			return;
	}
}

static void walk_pmds(struct walk *w, pgd_t *pgd, unsigned long addr, unsigned long last,
		      pteval_t upper)
{
	for (;;) {
		unsigned long end = min(last, addr | ~PMD_MASK);
		pmd_t *pmd = pmd_offset(pgd, addr), entry = *pmd;
		pteval_t rights = effective(upper, pmd_val(entry));

		if (!pmd_present(entry))
			w->note(w, addr, PTRS_PER_PMD == 1 ? LEVEL_PGD : LEVEL_PMD, 0, 0);
		else if (pmd_large(entry))
			w->note(w, addr, LEVEL_PMD, pmd_val(entry), rights);
		else
			walk_ptes(w, pmd, addr, end, rights);
		if (end == last)
			return;
		addr = end + 1;
	}
}

static void walk_tables(struct walk *w, pgd_t *pgd, unsigned long addr, unsigned long last)
{
	for (;;) {
		unsigned long end = min(last, addr | ~PGDIR_MASK);
		pgd_t *entry = pgd + pgd_index(addr);

		if (pgd_present(*entry))
			walk_pmds(w, entry, addr, end, ALL_RIGHTS);
		else
			w->note(w, addr, LEVEL_PGD, 0, 0);
		if (end == last)
			return;
		addr = end + 1;
	}
}

/* ---- as text -------------------------------------------------------------------------------------- */

struct marker {
	unsigned long start;
	const char *name;
};

struct dump {
	struct walk walk;
	struct seq_file *m;
	const struct marker *marker;	/* the next headline; the last has no name */
	unsigned long start;		/* of the run of pages alike */
	enum level level;
	pteval_t flags;			/* its */
	bool begun;
};

static void print_flags(struct seq_file *m, pteval_t flags, enum level level)
{
	static const char *const names[] = { "pgd", "pmd", "pte" };
	static const struct {
		pteval_t bit;
		const char *set, *clear;
	} columns[] = {
		{ _PAGE_USER, "USR", "   " }, { _PAGE_RW, "RW", "ro" }, { _PAGE_PWT, "PWT", "   " },
		{ _PAGE_PCD, "PCD", "   " }, { _PAGE_PSE, "PSE", "   " },
		{ _PAGE_GLOBAL, "GLB", "   " }, { _PAGE_NX, "NX", "x " },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(columns); i++)
		if (!flags)
			seq_printf(m, "%*s ", (int)strlen(columns[i].set), "");
		else
			seq_printf(m, "%s ", flags & columns[i].bit ? columns[i].set :
				   columns[i].clear);
	seq_printf(m, "%s\n", names[level]);
}

/* The run ends before @next (0: at the end of memory). */
static void print_run(struct dump *d, unsigned long next)
{
	unsigned long size = (next - d->start) >> 10;
	const char *unit = "KMG";

	while (!(size & 1023) && unit[1]) {
		size >>= 10;
		unit++;
	}
	seq_printf(d->m, "0x%08lx-0x%08lx %9lu%c ", d->start, next, size, *unit);
	print_flags(d->m, d->flags, d->level);
}

static void note_dump(struct walk *w, unsigned long addr, enum level level, pteval_t entry,
		      pteval_t rights)
{
	struct dump *d = container_of(w, struct dump, walk);
	pteval_t flags = entry & PTE_FLAGS_MASK & ~(pteval_t)(_PAGE_ACCESSED | _PAGE_DIRTY);
	bool headline = d->marker->name && addr >= d->marker->start;

	flags = entry ? (flags & ~(ALL_RIGHTS | _PAGE_NX)) | rights : 0;
	if (d->begun && !headline && flags == d->flags && level == d->level)
		return;
	if (d->begun)
		print_run(d, addr);
	for (; headline; headline = d->marker->name && addr >= d->marker->start) {
		seq_printf(d->m, "---[ %s ]---\n", d->marker->name);
		d->marker++;
	}
	d->start = addr;
	d->flags = flags;
	d->level = level;
	d->begun = true;
}

static void dump_tables(struct seq_file *m, pgd_t *pgd, unsigned long addr, unsigned long last,
			const struct marker *markers)
{
	struct dump d = { .walk.note = note_dump, .m = m, .marker = markers };

	walk_tables(&d.walk, pgd, addr, last);
	print_run(&d, last + 1);
}

int ptdump_show_user(struct seq_file *m, pgd_t *pgd)
{
	static const struct marker markers[] = { { 0, "User Space" }, { 0, NULL } };

	dump_tables(m, pgd, 0, TASK_SIZE - 1, markers);
	return 0;
}

int ptdump_show_kernel(struct seq_file *m)
{
	const struct marker markers[] = {
		{ PAGE_OFFSET, "Kernel Mapping" },
		{ (unsigned long)high_memory, "Hole" },
		{ VMALLOC_START, "vmalloc() Area" },
		{ VMALLOC_END, "Vmalloc End" },
		{ kstack_area_start(), "Kernel Stacks" },
		{ PKMAP_BASE, "Persistent kmap() Area" },
		{ FIXADDR_START, "Fixmap Area" },
		{ 0, NULL },
	};

	dump_tables(m, swapper_pg_dir, PAGE_OFFSET, ~0ul, markers);
	return 0;
}

static int kernel_page_tables_show(struct seq_file *m, void *v)
{
	return ptdump_show_kernel(m);
}
SYS_SHOW("kernel/debug/kernel_page_tables", kernel_page_tables_show);

/* ---- W^X ------------------------------------------------------------------------------------------- */

struct wx_walk {
	struct walk walk;
	unsigned int found;
};

bool wx_violation(pteval_t rights, unsigned long pfn, unsigned long nr)
{
	if (!(rights & _PAGE_RW))
		return false;
	if (pfn < PFN_DOWN(__pa(__rodata_end)) && pfn + nr > PFN_DOWN(__pa(_stext)))
		return true;
	return __supported_pte_mask & _PAGE_NX && !(rights & _PAGE_NX);
}

static void note_wx(struct walk *w, unsigned long addr, enum level level, pteval_t entry,
		    pteval_t rights)
{
	struct wx_walk *wx = container_of(w, struct wx_walk, walk);
	unsigned long pfn = pte_pfn(__pte(entry));

	if (!entry || !wx_violation(rights, pfn, level == LEVEL_PTE ? 1 : PTRS_PER_PTE))
		return;
	if (wx->found++ < WX_PRINTED)
		pr_err("Found insecure W+X mapping at address %08lx (frame %05lx)\n", addr, pfn);
}

int wx_check(void)
{
	struct wx_walk wx = { .walk.note = note_wx };

	if (rodata_enabled)
		walk_tables(&wx.walk, swapper_pg_dir, PAGE_OFFSET, ~0ul);
	return (int)wx.found;
}

void debug_checkwx(void)
{
	int found;

	if (!rodata_enabled)
		return;
	found = wx_check();
	if (found)
		pr_warn("Checked W+X mappings: FAILED, %d W+X pages found.\n", found);
	else if (__supported_pte_mask & _PAGE_NX)
		pr_info("Checked W+X mappings: passed, no W+X pages found.\n");
	else
		pr_info("Checked W+X mappings: passed, code and constants are read-only (no NX).\n");
}
