/*
 * kernel/core/bug.h - assertions.
 *
 * BUG_ON: the kernel's own state is broken and to go on would destroy more:
 * report, then panic.  WARN_ON: odd, but survivable: report with a backtrace;
 * _ONCE for what could repeat.  VM_BUG_ON: for checks too costly for release
 * builds; without CONFIG_DEBUG the condition is compiled but never evaluated.
 * User space can cause none of these: what it does wrong ends in -errno or a
 * signal.
 *
 * BUG_VAL(cond, a, b) also prints two values (as hex words), for assertions
 * about numbers.  WARN_ON and WARN_ON_ONCE yield the condition.
 */
#ifndef OCTAVO_KERNEL_CORE_BUG_H
#define OCTAVO_KERNEL_CORE_BUG_H

#include <lib/compiler.h>
#include <lib/types.h>

__noreturn __cold void __bug(const char *file, int line, const char *what);
__noreturn __cold void __bug_val(const char *file, int line, const char *what,
				 unsigned long a, unsigned long b);
__cold void __warn(const char *file, int line, const char *what);
__cold void __warn_printf(const char *file, int line, const char *fmt, ...) __printf(3, 4);

#define BUG()			__bug(__FILE__, __LINE__, "BUG()")
#define BUG_ON(cond) do {						\
	if (unlikely(cond))						\
		__bug(__FILE__, __LINE__, #cond);			\
} while (0)
#define BUG_VAL(cond, a, b) do {					\
	if (unlikely(cond))						\
		__bug_val(__FILE__, __LINE__, #cond " [" #a ", " #b "]",	\
			  (unsigned long)(a), (unsigned long)(b));	\
} while (0)

#define WARN_ON(cond) ({						\
	int __warn_cond = !!(cond);					\
	if (unlikely(__warn_cond))					\
		__warn(__FILE__, __LINE__, #cond);			\
	unlikely(__warn_cond); })
#define WARN_ON_ONCE(cond) ({						\
	static bool __warned;						\
	int __warn_cond = !!(cond);					\
	if (unlikely(__warn_cond && !__warned)) {			\
		__warned = true;					\
		__warn(__FILE__, __LINE__, #cond);			\
	}								\
	unlikely(__warn_cond); })
#define WARN(cond, fmt, ...) ({						\
	int __warn_cond = !!(cond);					\
	if (unlikely(__warn_cond))					\
		__warn_printf(__FILE__, __LINE__, fmt, ##__VA_ARGS__);	\
	unlikely(__warn_cond); })

#ifdef CONFIG_DEBUG
#define VM_BUG_ON(cond)		BUG_ON(cond)
#define VM_WARN_ON(cond)	((void)WARN_ON(cond))
#else
#define VM_BUG_ON(cond)		((void)sizeof((long)(cond)))
#define VM_WARN_ON(cond)	((void)sizeof((long)(cond)))
#endif

/* How many warnings so far: the tests insist on none. */
extern unsigned int warn_count;

#endif
