/*
 * kernel/sys/calls_mm.h - the system calls of memory: X(number, name).
 *
 * syscall_table.c includes it several times, with X defined as it needs.
 * Absent, and so -ENOSYS: migrate_pages (294), pkey_*,
 * userfaultfd, memfd_create, set_mempolicy_home_node (450).
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
X(257, remap_file_pages)
X(274, mbind)
X(275, get_mempolicy)
X(276, set_mempolicy)
X(317, move_pages)
X(376, mlock2)
