/*
 * tests/host/vma_kernel.h - the two halves of vma_test meet here.
 *
 * Six pages of an address space of the kernel's; calls on them; what they look like afterwards.
 */
#ifndef OCTAVO_TESTS_HOST_VMA_KERNEL_H
#define OCTAVO_TESTS_HOST_VMA_KERNEL_H

#define VMA_PAGES	6
#define VMA_KEY_BYTES	96

enum vma_call { CALL_MAP, CALL_UNMAP, CALL_PROTECT, CALL_MOVE, CALL_GROW, CALL_ADVISE, CALL_TOUCH };

struct vma_op {
	unsigned char call;
	unsigned char first, nr;	/* pages */
	unsigned char prot;		/* MAP, PROTECT */
	unsigned char file;		/* MAP: shared, at the offset of its address; else anonymous */
	unsigned char to;		/* MOVE: page; ADVISE: not in a child, or in it again */
	unsigned char keep;		/* MOVE: the old place stays, empty */
};

/* One page as the kernel has it. */
struct vma_page {
	unsigned char mapped, file, prot, account, not_in_child;
	unsigned char touched;		/* there is a page of its own */
	unsigned char index;		/* in the file; anonymous: number of the page at its birth */
	/* not known to a model of pages: */
	unsigned char area;		/* areas are numbered from 1 */
	unsigned char has_anon;		/* of the area: some page of it may have been touched */
};

/* An empty address space. */
void vma_reset(void);
/* => 0 or -errno */
long vma_call(const struct vma_op *op);
/* => the number of things that are wrong with lists, tree, counters and references; each printed */
int vma_check(void);
/* => how many pairs of neighbours are two though they could be one */
int vma_joinable(void);
void vma_look(struct vma_page pages[VMA_PAGES]);
/* All that later calls depend on, in @key. => bytes */
unsigned int vma_key(unsigned char key[VMA_KEY_BYTES]);
/* One state is kept; it can be had again as often as one likes. */
void vma_save(void);
void vma_restore(void);
/* The @nth allocation from now on fails (0: none). => how many were to come before such a one */
unsigned int vma_fail_alloc(unsigned int nth);

#endif
