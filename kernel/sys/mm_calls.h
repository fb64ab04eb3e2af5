/*
 * kernel/sys/mm_calls.h - the system calls of memory, as the table calls them.
 *
 * Arguments come from registers unchecked; the result is a value or -errno.
 */
#ifndef OCTAVO_KERNEL_SYS_MM_CALLS_H
#define OCTAVO_KERNEL_SYS_MM_CALLS_H

#include <lib/types.h>

struct mmap_arg_struct;

long sys_brk(unsigned long brk);
long sys_mmap(struct mmap_arg_struct *arg);
long sys_mmap2(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	       unsigned long fd, unsigned long pgoff);
long sys_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot,
			  unsigned long pgoff, unsigned long flags);
long sys_munmap(unsigned long addr, unsigned long len);
long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot);
long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
		unsigned long flags, unsigned long new_addr);
long sys_madvise(unsigned long start, unsigned long len, int behavior);
long sys_mincore(unsigned long start, unsigned long len, unsigned char *vec);
long sys_msync(unsigned long start, unsigned long len, int flags);
long sys_mlock(unsigned long start, unsigned long len);
long sys_mlock2(unsigned long start, unsigned long len, int flags);
long sys_munlock(unsigned long start, unsigned long len);
long sys_mlockall(int flags);
long sys_munlockall(void);
long sys_mbind(unsigned long start, unsigned long len, int mode, const unsigned long *nmask,
	       unsigned long maxnode, unsigned int flags);
long sys_get_mempolicy(int *policy, unsigned long *nmask, unsigned long maxnode,
		       unsigned long addr, unsigned long flags);
long sys_set_mempolicy(int mode, const unsigned long *nmask, unsigned long maxnode);
long sys_move_pages(pid_t pid, unsigned long count, void **pages, const int *nodes, int *status,
		    int flags);

#endif
