/*
 * kernel/arch/uaccess.c - copies that survive a bad pointer.
 *
 * Theory.  See uaccess.h.  Each access instruction that may fault has a line in
 * __ex_table; the place where it goes on lies in .fixup, out of the hot code.
 * A rep instruction leaves ecx at what is left to do, so the fixup of a copy
 * knows how many bytes are missing without any bookkeeping on the good path.
 *
 * The table has some twenty lines and is searched from end to end: a lookup
 * happens only when a program passed a bad pointer.
 */
#include <kernel/arch/uaccess.h>

#include <lib/kernel.h>
#include <lib/string.h>

int fixup_exception(struct pt_regs *regs)
{
	const struct exception_table_entry *e;

	for (e = __start___ex_table; e < __stop___ex_table; e++)
		if (e->insn == regs->eip) {
			regs->eip = e->fixup;
			return 1;
		}
	return 0;
}

/*
 * Words first, then the odd bytes; either side may be the user's.
 * => bytes not copied
 */
static inline unsigned long copy_user(void *to, const void *from, unsigned long n)
{
	unsigned long left = n / 4;

	asm volatile("1:	rep movsl\n"
		     "	movl	%3, %0\n"
		     "2:	rep movsb\n"
		     "3:\n"
		     ".pushsection .fixup, \"ax\"\n"
		     "4:	leal	(%3, %0, 4), %0\n"
		     "	jmp	3b\n"
		     ".popsection\n"
		     _ASM_EXTABLE(1b, 4b)
		     _ASM_EXTABLE(2b, 3b)
		     : "+&c"(left), "+&D"(to), "+&S"(from)
		     : "r"(n & 3)
		     : "memory");
	return left;
}

unsigned long __copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return copy_user(to, from, n);
}

unsigned long __copy_from_user_inatomic(void *to, const void __user *from, unsigned long n)
{
	return copy_user(to, from, n);
}

unsigned long __copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long left = copy_user(to, from, n);

	if (unlikely(left))
		memset((char *)to + (n - left), 0, left);
	return left;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return access_ok(to, n) ? copy_user(to, from, n) : n;
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	if (access_ok(from, n))
		return __copy_from_user(to, from, n);
	memset(to, 0, n);
	return n;
}

unsigned long __clear_user(void __user *to, unsigned long n)
{
	unsigned long left = n / 4;

	asm volatile("1:	rep stosl\n"
		     "	movl	%2, %0\n"
		     "2:	rep stosb\n"
		     "3:\n"
		     ".pushsection .fixup, \"ax\"\n"
		     "4:	leal	(%2, %0, 4), %0\n"
		     "	jmp	3b\n"
		     ".popsection\n"
		     _ASM_EXTABLE(1b, 4b)
		     _ASM_EXTABLE(2b, 3b)
		     : "+&c"(left), "+&D"(to)
		     : "r"(n & 3), "a"(0)
		     : "memory");
	return left;
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	return access_ok(to, n) ? __clear_user(to, n) : n;
}

long strncpy_from_user(char *dst, const char __user *src, long count)
{
	unsigned long at = (unsigned long)src;
	long limit = count, left;

	if (count <= 0)
		return 0;
	if (at >= TASK_SIZE)
		return -EFAULT;
	if ((unsigned long)limit > TASK_SIZE - at)
		limit = (long)(TASK_SIZE - at);
	left = limit;
	asm volatile("1:	lodsb\n"
		     "	stosb\n"
		     "	testb	%%al, %%al\n"
		     "	jz	2f\n"
		     "	decl	%0\n"
		     "	jnz	1b\n"
		     "2:\n"
		     ".pushsection .fixup, \"ax\"\n"
		     "3:	movl	%3, %0\n"
		     "	jmp	2b\n"
		     ".popsection\n"
		     _ASM_EXTABLE(1b, 3b)
		     : "+&r"(left), "+&S"(src), "+&D"(dst)
		     : "i"(-EFAULT)
		     : "eax", "cc", "memory");
	if (left == -EFAULT)
		return -EFAULT;
	/* The string ran into the end of user space rather than of the buffer. */
	if (left == 0 && limit < count)
		return -EFAULT;
	return limit - left;
}

long strnlen_user(const char __user *str, long n)
{
	unsigned long at = (unsigned long)str;
	unsigned long limit = n, left;
	u8 found = 0;

	if (n <= 0 || at >= TASK_SIZE)
		return 0;
	limit = min(limit, TASK_SIZE - at);
	left = limit;
	asm volatile("1:	repne scasb\n"
		     "	sete	%1\n"
		     "2:\n"
		     ".pushsection .fixup, \"ax\"\n"
		     "3:	movb	$2, %1\n"
		     "	jmp	2b\n"
		     ".popsection\n"
		     _ASM_EXTABLE(1b, 3b)
		     : "+&c"(left), "+&b"(found), "+&D"(str)
		     : "a"(0)
		     : "cc", "memory");
	if (found == 2 || (!found && limit < (unsigned long)n))
		return 0;
	return found ? (long)(limit - left) : n + 1;
}

static bool in_kernel_half(const void *addr, size_t size)
{
	return (unsigned long)addr >= PAGE_OFFSET &&
	       (unsigned long)addr + size >= (unsigned long)addr;
}

long probe_kernel_read(void *dst, const void *src, size_t size)
{
	return in_kernel_half(src, size) && !copy_user(dst, src, size) ? 0 : -EFAULT;
}

long probe_kernel_write(void *dst, const void *src, size_t size)
{
	return in_kernel_half(dst, size) && !copy_user(dst, src, size) ? 0 : -EFAULT;
}

#define GET_USER(name, type, insn, reg)					\
int name(const void __user *p, type *val)				\
{									\
	int err = 0;							\
	type v;								\
									\
	asm volatile("1:	" insn "	%2, %1\n"			\
		     "2:\n"						\
		     ".pushsection .fixup, \"ax\"\n"			\
		     "3:	movl	%3, %0\n"			\
		     "	xorl	%k1, %k1\n"				\
		     "	jmp	2b\n"					\
		     ".popsection\n"					\
		     _ASM_EXTABLE(1b, 3b)				\
		     : "+r"(err), "=&" reg(v)				\
		     : "m"(*(const type *)p), "i"(-EFAULT));		\
	*val = v;							\
	return err;							\
}
GET_USER(__get_user_1, u8, "movb", "q")
GET_USER(__get_user_2, u16, "movw", "r")
GET_USER(__get_user_4, u32, "movl", "r")

int __get_user_8(const void __user *p, u64 *val)
{
	return __copy_from_user(val, p, sizeof(*val)) ? -EFAULT : 0;
}

#define PUT_USER(name, type, insn, reg)					\
int name(void __user *p, type val)					\
{									\
	int err = 0;							\
									\
	asm volatile("1:	" insn "	%1, %2\n"			\
		     "2:\n"						\
		     ".pushsection .fixup, \"ax\"\n"			\
		     "3:	movl	%3, %0\n"			\
		     "	jmp	2b\n"					\
		     ".popsection\n"					\
		     _ASM_EXTABLE(1b, 3b)				\
		     : "+r"(err)					\
		     : reg(val), "m"(*(type *)p), "i"(-EFAULT)		\
		     : "memory");					\
	return err;							\
}
PUT_USER(__put_user_1, u8, "movb", "q")
PUT_USER(__put_user_2, u16, "movw", "r")
PUT_USER(__put_user_4, u32, "movl", "r")

int __put_user_8(void __user *p, u64 val)
{
	return copy_user(p, &val, sizeof(val)) ? -EFAULT : 0;
}

int user_cmpxchg_4(void __user *p, u32 *old, u32 new)
{
	int err = 0;

	if (!access_ok(p, 4))
		return -EFAULT;
	asm volatile("1:	lock; cmpxchgl %3, %2\n"
		     "2:\n"
		     ".pushsection .fixup, \"ax\"\n"
		     "3:	movl %4, %0\n"
		     "	jmp 2b\n"
		     ".popsection\n"
		     _ASM_EXTABLE(1b, 3b)
		     : "+r"(err), "+a"(*old), "+m"(*(u32 __user *)p)
		     : "r"(new), "i"(-EFAULT) : "memory", "cc");
	return err;
}

int copy_struct_from_user(void *dst, size_t ksize, const void __user *src, size_t usize)
{
	u8 byte;

	memset(dst, 0, ksize);
	if (!access_ok(src, usize) || __copy_from_user(dst, src, min(ksize, usize)))
		return -EFAULT;
	for (size_t i = ksize; i < usize; i++) {
		if (get_user(byte, (const u8 *)src + i))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}
