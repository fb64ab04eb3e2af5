/* kernel/sys/syscall_table.h - the size of the table that entry.S indexes. */
#ifndef OCTAVO_KERNEL_SYS_SYSCALL_TABLE_H
#define OCTAVO_KERNEL_SYS_SYSCALL_TABLE_H

/* One more than the last number of Linux 6.1; entry.S compares with it. */
#define NR_syscalls	452

#endif
