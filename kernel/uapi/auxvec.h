/*
 * kernel/uapi/auxvec.h - what the kernel tells a new program behind its environment.
 *
 * Pairs {type, value} of words, ended by AT_NULL.
 */
#ifndef OCTAVO_KERNEL_UAPI_AUXVEC_H
#define OCTAVO_KERNEL_UAPI_AUXVEC_H

#define AT_NULL		0
#define AT_IGNORE	1
#define AT_EXECFD	2
#define AT_PHDR		3	/* program headers in memory */
#define AT_PHENT	4
#define AT_PHNUM	5
#define AT_PAGESZ	6
#define AT_BASE		7	/* load address of the interpreter, 0: none */
#define AT_FLAGS	8
#define AT_ENTRY	9
#define AT_UID		11
#define AT_EUID		12
#define AT_GID		13
#define AT_EGID		14
#define AT_PLATFORM	15	/* "i686" */
#define AT_HWCAP	16	/* CPUID leaf 1, EDX */
#define AT_CLKTCK	17
#define AT_SECURE	23
#define AT_RANDOM	25	/* 16 random bytes */
#define AT_HWCAP2	26
#define AT_EXECFN	31	/* the file name given to execve */
#define AT_SYSINFO	32	/* __kernel_vsyscall, the door of the vDSO */
#define AT_SYSINFO_EHDR	33	/* the vDSO itself */
#define AT_MINSIGSTKSZ	51	/* bytes of stack that a signal may take */

#endif
