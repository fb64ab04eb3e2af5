/*
 * lib/compiler.h - the words that tell the compiler what C cannot say.
 *
 * Theory.  A kernel needs a handful of facts that are outside the language: where a function
 * lives, which branch is rare, that an access must happen exactly once.  They are collected
 * here under Linux's names, so that no other file spells out an __attribute__.
 *
 * Sections.  __init code and __initdata are freed once the first process runs; they are kept
 * apart from the rest by the linker script.  __init is also cold and never inlined: inlined
 * into a caller that stays, it would stay too.  On the host there is nothing to free and the
 * words mean nothing.
 *
 * Once-only access.  READ_ONCE and WRITE_ONCE forbid the compiler to repeat, split, merge or
 * drop an access to a word that another context may change.  They say nothing to the
 * processor: ordering between processors is the business of the locks and of kernel/arch.
 *
 * References: GCC manual, "Function Attributes" and "Variable Attributes".
 */
#ifndef OCTAVO_LIB_COMPILER_H
#define OCTAVO_LIB_COMPILER_H

#undef __always_inline
#undef static_assert
#undef offsetof

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define __section(s)		__attribute__((__section__(s)))
#define __packed		__attribute__((__packed__))
#define __aligned(n)		__attribute__((__aligned__(n)))
#define __noreturn		__attribute__((__noreturn__))
#define __printf(fmt, args)	__attribute__((__format__(__printf__, fmt, args)))
#define __always_inline		inline __attribute__((__always_inline__))
#define noinline		__attribute__((__noinline__))
#define __must_check		__attribute__((__warn_unused_result__))
#define __used			__attribute__((__used__))
#define __maybe_unused		__attribute__((__unused__))
#define __cold			__attribute__((__cold__))
#define __weak			__attribute__((__weak__))
#define __pure			__attribute__((__pure__))
#define fallthrough		__attribute__((__fallthrough__))

#ifdef __OCTAVO__
/* The machinery of waiting: /proc/PID/wchan looks past it, at who waits. */
#define __sched			__section(".sched.text")
#define __init			__section(".init.text") __cold noinline
#define __initdata		__section(".init.data")
#define __initconst		__section(".init.rodata")
#define __ro_after_init		__section(".data..ro_after_init")
#else
#define __init
#define __initdata
#define __initconst
#define __ro_after_init
#endif

/* asmlinkage: called from assembly with its arguments on the stack, the default of i386. */
#define asmlinkage

#define __stringify_1(...)	#__VA_ARGS__
#define __stringify(...)	__stringify_1(__VA_ARGS__)

#define __PASTE_1(a, b)		a##b
#define __PASTE(a, b)		__PASTE_1(a, b)
#define __UNIQUE_ID(prefix)	__PASTE(prefix, __COUNTER__)

#ifndef __ASSEMBLER__

/* static_assert(condition) or static_assert(condition, "message"). */
#define static_assert(expr, ...)	__static_assert(expr, ##__VA_ARGS__, #expr)
#define __static_assert(expr, msg, ...)	_Static_assert(expr, msg)

#define offsetof(type, member)	__builtin_offsetof(type, member)

/* The object of @type whose @member is at @ptr; a wrong pointer type does not compile. */
#define container_of(ptr, type, member) ({						\
	_Static_assert(__builtin_types_compatible_p(__typeof__(*(ptr)),			\
						    __typeof__(((type *)0)->member)) ||	\
		       __builtin_types_compatible_p(__typeof__(*(ptr)), void),		\
		       "container_of: pointer is not to that member");			\
	(type *)((char *)(ptr) - offsetof(type, member)); })

/* A zero that does not compile unless @a is a real array. */
#define __must_be_array(a)								\
	(sizeof(struct { int:(-!!__builtin_types_compatible_p(__typeof__(a),		\
							      __typeof__(&(a)[0]))); }))

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]) + __must_be_array(a))
#define sizeof_field(t, f)	sizeof(((t *)0)->f)

#define barrier()		__asm__ __volatile__("" : : : "memory")

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)								\
	do { *(volatile __typeof__(x) *)&(x) = (val); } while (0)

#endif /* __ASSEMBLER__ */
#endif /* OCTAVO_LIB_COMPILER_H */
