/*
 * kernel/core/printk.h - the kernel's log.
 *
 * Theory.  Every message becomes a record in a ring of LOG_BUF_LEN bytes: time,
 * level, sequence number, text.  The oldest records make room.  Consoles get
 * each line at once (if its level is below console_loglevel), readers of
 * /dev/kmsg and syslog(2) get it by sequence number whenever they come.  printk
 * may be called from everywhere: handlers, the middle of a panic, before any
 * driver exists (the text then waits in the ring for the first console).
 *
 * A record is one line; text without '\n' is continued by the next printk with
 * KERN_CONT.  Besides lib/vsnprintf's conversions, %pS prints an address as
 * symbol+offset/size and %pB the same for a return address.
 *
 * Locking: a lock of its own, interrupts off; never sleeps.  Readers that wait
 * are woken from the timer tick, because printk may hold any other lock.
 */
#ifndef OCTAVO_KERNEL_CORE_PRINTK_H
#define OCTAVO_KERNEL_CORE_PRINTK_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <stdarg.h>

#define KERN_SOH	"\001"
#define KERN_EMERG	KERN_SOH "0"
#define KERN_ALERT	KERN_SOH "1"
#define KERN_CRIT	KERN_SOH "2"
#define KERN_ERR	KERN_SOH "3"
#define KERN_WARNING	KERN_SOH "4"
#define KERN_NOTICE	KERN_SOH "5"
#define KERN_INFO	KERN_SOH "6"
#define KERN_DEBUG	KERN_SOH "7"
#define KERN_CONT	KERN_SOH "c"

#define LOGLEVEL_DEFAULT	4
#define LOG_BUF_LEN		(64 * 1024)
#define LOG_LINE_MAX		512	/* longer lines are cut */

/* A file may define pr_fmt(fmt) before its includes to put a prefix before each message. */
#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

int printk(const char *fmt, ...) __printf(1, 2);
int vprintk(const char *fmt, va_list args) __printf(1, 0);

#define pr_emerg(fmt, ...)	printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)	printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)	printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)	printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)	printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)	printk(KERN_CONT fmt, ##__VA_ARGS__)

#define pr_once(printer, ...) do {		\
	static bool __done;			\
	if (!__done) {				\
		__done = true;			\
		printer(__VA_ARGS__);		\
	}					\
} while (0)
#define pr_info_once(...)	pr_once(pr_info, __VA_ARGS__)
#define pr_warn_once(...)	pr_once(pr_warn, __VA_ARGS__)

/* Messages below this level reach the consoles (loglevel=, quiet, debug). */
extern int console_loglevel;

struct console {
	const char *name;		/* "ttyS", "tty" */
	int index;
	void (*write)(struct console *con, const char *text, unsigned int len);
	struct console *next;		/* [log lock] */
};

/* The new console first gets the whole log if no other console has shown it. */
void register_console(struct console *con);
void unregister_console(struct console *con);
extern struct console *console_drivers;

struct kmsg_record {
	u64 seq;		/* 0, 1, 2...: no gaps but for what the ring lost */
	u64 ts_nsec;		/* since boot */
	u8 level;		/* 0..7 */
	u16 len;		/* of the text, without newline */
};

/*
 * Read record *seq, or the oldest still there if it is gone.
 * => the text's length with *rec and @text (NUL-terminated, cut to @size)
 *    filled and *seq set to the record after it; -ENOENT if there is none yet
 */
int kmsg_read(u64 *seq, struct kmsg_record *rec, char *text, size_t size);
/* "<6>[    0.123456] text\n" of a record; @prefix: with the level. => length */
int kmsg_format(const struct kmsg_record *rec, const char *text, char *buf, size_t size,
		bool prefix);
u64 kmsg_first_seq(void);	/* oldest in the ring */
u64 kmsg_next_seq(void);	/* of the message to come */

/* Readers sleep here (include kernel/core/wait.h). */
extern struct wait_queue_head log_wait;

/* syslog(2)'s clear mark: SYSLOG_ACTION_READ_ALL starts here. */
extern u64 kmsg_clear_seq;

/* Called by the timer tick: wakes the readers of log_wait if there is news. */
void printk_tick(void);

/* Trust only the console that was there first: another one faulted in a panic. */
void console_keep_oldest(void);

/* From now on the lock is ignored: one processor is dying and must be heard. */
void printk_bust_locks(void);

/* Text straight to the consoles: no time, no level, not kept in the log (KTAP). */
void console_write(const char *text, size_t len);

/* Bytes as "0000: 12 34 ..." lines. */
void print_hex_dump(const char *level, const char *prefix, const void *buf, size_t len);

/* Parse loglevel=, quiet, debug. */
void printk_init(void);

#endif
