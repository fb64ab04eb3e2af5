/*
 * kernel/uapi/mman.h - the numbers of mmap and its kin, as Linux/i386 has them.
 *
 * Shared with ring 3: nothing but constants, which a test compares with the
 * C library's own.
 */
#ifndef OCTAVO_KERNEL_UAPI_MMAN_H
#define OCTAVO_KERNEL_UAPI_MMAN_H

#define PROT_NONE	0x0
#define PROT_READ	0x1
#define PROT_WRITE	0x2
#define PROT_EXEC	0x4
#define PROT_SEM	0x8		/* says something about atomics; nothing on i386 */
#define PROT_GROWSDOWN	0x01000000	/* mprotect: on to the start of a stack */
#define PROT_GROWSUP	0x02000000	/* i386 has none: -EINVAL */

#define MAP_SHARED		0x01
#define MAP_PRIVATE		0x02
#define MAP_SHARED_VALIDATE	0x03	/* as MAP_SHARED, unknown flags refused */
#define MAP_TYPE		0x0f
#define MAP_FIXED		0x10
#define MAP_ANONYMOUS		0x20
#define MAP_32BIT		0x40	/* everything is, here */
#define MAP_GROWSDOWN		0x0100
#define MAP_DENYWRITE		0x0800	/* ignored */
#define MAP_EXECUTABLE		0x1000	/* ignored */
#define MAP_LOCKED		0x2000
#define MAP_NORESERVE		0x4000
#define MAP_POPULATE		0x8000
#define MAP_NONBLOCK		0x10000
#define MAP_STACK		0x20000	/* a hint, ignored */
#define MAP_HUGETLB		0x40000
#define MAP_SYNC		0x80000
#define MAP_FIXED_NOREPLACE	0x100000
#define MAP_UNINITIALIZED	0x4000000	/* ignored: only machines without an MMU do it */
#define MAP_HUGE_SHIFT		26		/* log2 of the huge page wanted, in six bits */
#define MAP_HUGE_MASK		0x1ful		/* those of them that MAP_SHARED lets pass */

#define MS_ASYNC	1
#define MS_INVALIDATE	2
#define MS_SYNC		4

#define MCL_CURRENT	1
#define MCL_FUTURE	2
#define MCL_ONFAULT	4
#define MLOCK_ONFAULT	1

#define MADV_NORMAL	0
#define MADV_RANDOM	1
#define MADV_SEQUENTIAL	2
#define MADV_WILLNEED	3
#define MADV_DONTNEED	4
#define MADV_FREE	8
#define MADV_REMOVE	9
#define MADV_DONTFORK	10
#define MADV_DOFORK	11
#define MADV_HUGEPAGE	14
#define MADV_NOHUGEPAGE	15
#define MADV_DONTDUMP	16
#define MADV_DODUMP	17
#define MADV_WIPEONFORK	18
#define MADV_KEEPONFORK	19
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#define MADV_DONTNEED_LOCKED	24

#define MREMAP_MAYMOVE		1ul
#define MREMAP_FIXED		2ul
#define MREMAP_DONTUNMAP	4ul	/* the old area stays, empty */

#endif
