/*
 * mm/space/swap_fault.h - a page comes back from swap.  Theory: swap_fault.c.
 *
 * unuse_mms(), for swapoff, is declared in kernel/core/hooks.h.
 */
#ifndef OCTAVO_MM_SPACE_SWAP_FAULT_H
#define OCTAVO_MM_SPACE_SWAP_FAULT_H

#include <kernel/arch/pgtable.h>
#include <mm/types/mm_types.h>

/*
 * The page that @orig, found at *@pte for @address, names.  *@write: it is going to be written to;
 * false afterwards if the entry made is good for that.
 * => [s] read; may sleep
 */
vm_fault_t do_swap_page(struct vm_area_struct *vma, unsigned long address, pte_t *pte, pte_t orig,
			bool *write);

/* Empty *@pte, which is in swap; its slot goes unless that has other users. => page_table_lock held */
void zap_swap_pte(struct mm_struct *mm, pte_t *pte);

/* The next entry of [*@addr, end) that is in swap, at *@at; *@addr is moved there. => .pte 0: none; [s] read */
pte_t next_swap_pte(struct mm_struct *mm, unsigned long *addr, unsigned long end, pte_t **at);

/* Start reading what [start, end) of @vma has in swap. => [s] read; may sleep, not for the disk */
void swapin_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/* swap_users.c: are the slots' counts what page tables and objects hold? => may sleep; 0, or prints and -EINVAL */
int swap_users_check(void);
void swap_users_init(void);

#endif
