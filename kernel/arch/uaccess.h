/*
 * kernel/arch/uaccess.h - the only way from the kernel to user memory.
 *
 * Theory.  A user pointer may be anything.  Whether it lies below TASK_SIZE is
 * one comparison (access_ok); whether a page is there only the access itself
 * can tell.  So we access, and let it fault: a fault that no VMA explains looks
 * the faulting instruction up in the exception table (__ex_table: pairs of
 * instruction address, place to go on) and goes on in .fixup, which reports
 * failure.  The good path costs nothing for it.
 *
 * CR0.WP is on, so a kernel write to a copy-on-write page faults like a user's.
 *
 * Interface, as in Linux: copy functions return the number of bytes *not*
 * copied; get_user and put_user return 0 or -EFAULT; copy_from_user zeroes the
 * part of the destination that it could not fill.  The __ forms skip access_ok;
 * the caller has done it.
 *
 * Sleeping: all may fault and sleep, except inside pagefault_disable(): there a
 * fault is not handled, and the copy comes back short (the _inatomic forms).
 *
 * References: Intel SDM volume 3, section 4.6 (access rights).
 */
#ifndef OCTAVO_KERNEL_ARCH_UACCESS_H
#define OCTAVO_KERNEL_ARCH_UACCESS_H

#include <kernel/arch/memlayout.h>
#include <kernel/arch/ptrace.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/types.h>

/* The compiler ignores it; it tells readers whose pointer this is. */
#ifndef __user
#define __user
#endif

#define VERIFY_READ	0
#define VERIFY_WRITE	1

struct exception_table_entry {
	unsigned long insn, fixup;
};
extern struct exception_table_entry __start___ex_table[], __stop___ex_table[];

/* One more line of __ex_table: if the instruction at @from faults, go on at @to. */
#define _ASM_EXTABLE(from, to)			\
	".pushsection __ex_table, \"a\"\n"	\
	".balign 4\n"				\
	".long " #from ", " #to "\n"		\
	".popsection\n"

/*
 * Find the way out of a fault at regs->eip, and take it.
 * => 1 regs changed, resume; 0 no entry: the kernel is broken
 */
int fixup_exception(struct pt_regs *regs);

/* True if all of [addr, addr + size) is user space; no wrap-around. */
static inline int __access_ok(unsigned long addr, unsigned long size)
{
	return size <= TASK_SIZE && addr <= TASK_SIZE - size;
}
#define access_ok(addr, size)	__access_ok((unsigned long)(addr), (size))

/* => bytes not copied */
unsigned long __must_check __copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check __copy_from_user(void *to, const void __user *from, unsigned long n);
/* As above, but the rest of *to is left as it was. */
unsigned long __must_check __copy_from_user_inatomic(void *to, const void __user *from,
						     unsigned long n);
#define __copy_to_user_inatomic(to, from, n)	__copy_to_user((to), (from), (n))
unsigned long __must_check copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check copy_from_user(void *to, const void __user *from, unsigned long n);
/*
 * A struct that grows with the years: the caller's has @usize bytes, ours @ksize.  What he does not
 * have is 0 in ours; what we do not have must be 0 in his.
 * => may sleep; 0, -E2BIG or -EFAULT
 */
int __must_check copy_struct_from_user(void *dst, size_t ksize, const void __user *src,
				       size_t usize);
unsigned long __must_check __clear_user(void __user *to, unsigned long n);
unsigned long __must_check clear_user(void __user *to, unsigned long n);

/*
 * Copy a string of at most @count bytes, the NUL included if it fits.
 * => its length without NUL, @count if there was no NUL, or -EFAULT
 */
long __must_check strncpy_from_user(char *dst, const char __user *src, long count);
/* => its length *with* NUL; more than @n if there is none in @n bytes; 0 on a fault */
long strnlen_user(const char __user *str, long n);

/*
 * Copy kernel memory that may not be mapped (panic, backtraces, debuggers).
 * => 0 or -EFAULT; never sleeps
 */
long probe_kernel_read(void *dst, const void *src, size_t size);
/* Write kernel memory that may not be mapped, or be read-only. => as above; some may be written */
long probe_kernel_write(void *dst, const void *src, size_t size);

int __get_user_1(const void __user *p, u8 *val);
int __get_user_2(const void __user *p, u16 *val);
int __get_user_4(const void __user *p, u32 *val);
int __get_user_8(const void __user *p, u64 *val);
int __put_user_1(void __user *p, u8 val);
int __put_user_2(void __user *p, u16 val);
int __put_user_4(void __user *p, u32 val);
int __put_user_8(void __user *p, u64 val);

/*
 * If *p is *old store @new there, atomically; *old becomes what was there.
 * => may sleep; 0 or -EFAULT
 */
int user_cmpxchg_4(void __user *p, u32 *old, u32 new);

/* Load *ptr into x. => 0, or -EFAULT with x = 0 */
#define __get_user(x, ptr) ({						\
	int __gu_err;							\
	union { u8 b; u16 w; u32 l; u64 q; } __gu = { .q = 0 };		\
	static_assert(sizeof(*(ptr)) == 1 || sizeof(*(ptr)) == 2 ||	\
		      sizeof(*(ptr)) == 4 || sizeof(*(ptr)) == 8,	\
		      "get_user: 1, 2, 4 or 8 bytes");			\
	if (sizeof(*(ptr)) == 1)					\
		__gu_err = __get_user_1((ptr), &__gu.b);		\
	else if (sizeof(*(ptr)) == 2)					\
		__gu_err = __get_user_2((ptr), &__gu.w);		\
	else if (sizeof(*(ptr)) == 4)					\
		__gu_err = __get_user_4((ptr), &__gu.l);		\
	else								\
		__gu_err = __get_user_8((ptr), &__gu.q);		\
	(x) = __builtin_choose_expr(sizeof(*(ptr)) == 8,		\
		(__typeof__(__builtin_choose_expr(sizeof(*(ptr)) == 8,	\
			*(ptr), (u64)0)))__gu.q,			\
		(__typeof__(__builtin_choose_expr(sizeof(*(ptr)) == 8,	\
			(u32)0, *(ptr))))__gu.l);			\
	__gu_err; })

#define get_user(x, ptr) ({						\
	const __typeof__(*(ptr)) *__gp = (ptr);				\
	int __ret = -EFAULT;						\
	if (access_ok(__gp, sizeof(*__gp)))				\
		__ret = __get_user(x, __gp);				\
	else								\
		(x) = (__typeof__(*__gp))0;				\
	__ret; })

/* Store x at *ptr. => 0 or -EFAULT */
#define __put_user(x, ptr) ({						\
	int __pu_err;							\
	__typeof__(*(ptr)) __pu = (x);					\
	static_assert(sizeof(*(ptr)) == 1 || sizeof(*(ptr)) == 2 ||	\
		      sizeof(*(ptr)) == 4 || sizeof(*(ptr)) == 8,	\
		      "put_user: 1, 2, 4 or 8 bytes");			\
	if (sizeof(*(ptr)) == 1)					\
		__pu_err = __put_user_1((ptr), *(u8 *)&__pu);		\
	else if (sizeof(*(ptr)) == 2)					\
		__pu_err = __put_user_2((ptr), *(u16 *)(void *)&__pu);	\
	else if (sizeof(*(ptr)) == 4)					\
		__pu_err = __put_user_4((ptr), *(u32 *)(void *)&__pu);	\
	else								\
		__pu_err = __put_user_8((ptr), *(u64 *)(void *)&__pu);	\
	__pu_err; })

#define put_user(x, ptr) ({						\
	__typeof__(*(ptr)) *__pp = (ptr);				\
	access_ok(__pp, sizeof(*__pp)) ? __put_user((x), __pp) : -EFAULT; })

#endif
