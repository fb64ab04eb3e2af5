/*
 * kernel/core/seq_file.h - text for /proc and /sys, from any layer.
 *
 * A layer that has something to show writes one function that prints it all,
 * and one line that gives it a name:
 *
 *	static int buddyinfo_show(struct seq_file *m, void *v) { ... seq_printf(m, ...); return 0; }
 *	PROC_SHOW("buddyinfo", buddyinfo_show);
 *
 * The line puts a struct proc_show into a section of its own, in which procfs
 * (far above) finds it: nothing down here has to know that there is a procfs.
 *
 * SYS_SHOW does the same for /sys, where a file often is there once for each
 * processor or node: SYS_SHOW_EACH("devices/system/node/node%d/distance", &nr_online_nodes, fn)
 * calls fn with the number as v.
 *
 * What comes and goes after boot is named by functions: in SYS_SHOW_NAMES("block/%s/size", &disks,
 * fn) any disk's name stands for %s.  Its number is v of fn, which must look whether it is still there.
 *
 * Printing goes into a buffer that the reader owns.  When it is full, printing
 * turns into counting, the reader takes a larger buffer and calls the function
 * again; so a show function must not have effects.  It may sleep.
 */
#ifndef OCTAVO_KERNEL_CORE_SEQ_FILE_H
#define OCTAVO_KERNEL_CORE_SEQ_FILE_H

#include <lib/compiler.h>
#include <lib/types.h>

struct seq_file {
	char *buf;
	size_t size;		/* bytes in buf */
	size_t count;		/* bytes written; == size after an overflow */
	void *private;		/* for the show function: a task, an inode... */
	unsigned long cookie;	/* what was last written to this open file, if it takes words */
};

int seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);
int seq_puts(struct seq_file *m, const char *s);
int seq_putc(struct seq_file *m, char c);
int seq_write(struct seq_file *m, const void *data, size_t len);
/* Bits 0 .. nbits - 1 of @mask (at most 32) as "0,2-3", and as hexadecimal digits "d". */
int seq_mask_list(struct seq_file *m, unsigned long mask, unsigned int nbits);
int seq_mask(struct seq_file *m, unsigned long mask, unsigned int nbits);
static inline int seq_has_overflowed(const struct seq_file *m)
{
	return m->count == m->size;
}

struct ctl_table;

/* Directories that are there while something is. All may sleep; a number is never 0. */
struct proc_names {
	/* => the number of the thing @name, of the directory with number @parent; 0: there is none */
	long (*find)(const char *name, long parent);
	/* The thing after number @number (0: the first), by name. => its number; 0: that was all */
	long (*next)(long number, long parent, char *name);
};
#define PROC_NAME_LEN	32	/* bytes of such a name, the NUL included */

struct proc_show {
	const char *name;			/* path below /proc or /sys */
	int (*show)(struct seq_file *m, void *v); /* v = number for `each`; => 0 or -errno */
	int (*write)(const char *buf, size_t len); /* kernel copy, NUL-terminated; => 0 or -errno */
	const int *each;			/* a file for each number below *each; or NULL */
	const struct proc_names *names[2];	/* who names what stands for each %s; NULL: there is none */
	const struct ctl_table *table;		/* instead of show and write: numbers, see sysctl.h */
	const struct file_operations *fops;	/* instead of all these: no text, with @mode */
	unsigned int mode;
};

#define __PROC_SHOW(id, path, showfn, writefn)					\
	static const struct proc_show __proc_show_##id __used			\
	__section(".proc_shows") __aligned(4) = { .name = (path), .show = (showfn), .write = (writefn) }
#define _PROC_SHOW(id, path, showfn, writefn) __PROC_SHOW(id, path, showfn, writefn)
#define PROC_SHOW(path, showfn)		_PROC_SHOW(__LINE__, path, showfn, NULL)
#define PROC_SHOW_WRITE(path, showfn, writefn) _PROC_SHOW(__LINE__, path, showfn, writefn)

#define __PROC_FILE(id, path, perms, ops)					\
	static const struct proc_show __proc_show_##id __used			\
	__section(".proc_shows") __aligned(4) = { .name = (path), .mode = (perms), .fops = (ops) }
#define _PROC_FILE(id, path, perms, ops) __PROC_FILE(id, path, perms, ops)
#define PROC_FILE(path, perms, ops)	_PROC_FILE(__LINE__, path, perms, ops)

extern const struct proc_show __start_proc_shows[], __stop_proc_shows[];

#define __SYS_SHOW(id, path, showfn, number)					\
	static const struct proc_show __sys_show_##id __used			\
	__section(".sys_shows") __aligned(4) = { .name = (path), .show = (showfn), .each = (number) }
#define _SYS_SHOW(id, path, showfn, number) __SYS_SHOW(id, path, showfn, number)
#define SYS_SHOW(path, showfn)		_SYS_SHOW(__LINE__, path, showfn, NULL)
/* @path has one %d, for which numbers from 0 to *@number - 1 stand when all processors run. */
#define SYS_SHOW_EACH(path, number, showfn) _SYS_SHOW(__LINE__, path, showfn, number)

#define __SYS_SHOW_NAMES(id, path, showfn, ...)					\
	static const struct proc_show __sys_show_##id __used			\
	__section(".sys_shows") __aligned(4) = { .name = (path), .show = (showfn), .names = { __VA_ARGS__ } }
#define _SYS_SHOW_NAMES(id, path, showfn, ...) __SYS_SHOW_NAMES(id, path, showfn, __VA_ARGS__)
/* @path has a component %s for each proc_names; v is the number of the last. */
#define SYS_SHOW_NAMES(path, showfn, ...) _SYS_SHOW_NAMES(__LINE__, path, showfn, __VA_ARGS__)

extern const struct proc_show __start_sys_shows[], __stop_sys_shows[];

#endif
