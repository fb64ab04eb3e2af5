/*
 * mm/phys/ptdump.h - page tables as text, and the proof that nothing is writable and executable.
 */
#ifndef OCTAVO_MM_PHYS_PTDUMP_H
#define OCTAVO_MM_PHYS_PTDUMP_H

#include <kernel/arch/pgtable.h>
#include <kernel/core/seq_file.h>

/* The tables of the user half, or of the kernel's, as text: ranges alike in one line. => 0 */
int ptdump_show_user(struct seq_file *m, pgd_t *pgd);
int ptdump_show_kernel(struct seq_file *m);

/*
 * May an entry with these rights (those of all levels together) for @nr frames exist?  Not
 * writable and executable at once, where there is NX; never writable if a frame holds code
 * or constants of the kernel.
 * => true: it must not
 */
bool wx_violation(pteval_t rights, unsigned long pfn, unsigned long nr);
/* All tables of the kernel. => 0, or the number of pages that violate that; the first are printed */
int wx_check(void);
/* The same at the end of the start, with a line in the log. */
void debug_checkwx(void);

#endif
