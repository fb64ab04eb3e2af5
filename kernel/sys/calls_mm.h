/*
 * kernel/sys/calls_mm.h - the system calls of memory: X(number, name).
 *
 * syscall_table.c includes it several times, with X defined as it needs.
 * Absent, and so -ENOSYS: remap_file_pages (257), set_mempolicy and its kin,
 * pkey_*, userfaultfd, memfd_create.
 */
X(45, brk)
X(90, mmap)
X(91, munmap)
X(125, mprotect)
X(144, msync)
X(150, mlock)
X(151, munlock)
X(152, mlockall)
X(153, munlockall)
X(163, mremap)
X(192, mmap2)
X(218, mincore)
X(219, madvise)
X(376, mlock2)
