/*
 * kernel/core/printk.c - the log ring and the consoles.
 *
 * Theory.  log_buf holds records, each a struct log_header followed by its text,
 * rounded up to 8 bytes.  A record never wraps: if the tail of the buffer is too
 * short, a header with total == 0 says "go on at 0".  first and next are cursors
 * {sequence number, index}; making room moves first over whole records.  Record
 * seq is found by walking from first, or from the place where the last reader
 * stopped if that is nearer, so reading the log through costs one pass.
 *
 * A line that does not end in '\n' waits in `partial` for its end (KERN_CONT, or
 * a text without a level).  A new message with a level, one of another task, or a
 * panic, ends it.
 *
 * Locking: log_lock covers the ring, the partial line and the consoles' list,
 * and is held while consoles write, so that lines never mix.
 */
#include <kernel/core/printk.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/sched.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <kernel/core/wait.h>
#include <lib/ctype.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

struct log_header {
	u64 ts_nsec;
	u16 len;		/* of the text */
	u16 total;		/* header, text, padding; 0: the next record is at 0 */
	u8 level;
	u8 unused[3];
};
static_assert(sizeof(struct log_header) == 16, "records stay 8-byte aligned");

struct log_cursor {
	u64 seq;
	u32 index;
};

static char log_buf[LOG_BUF_LEN] __aligned(8);
static spinlock_t log_lock = __SPIN_LOCK_INIT_KEY(log_lock, CONSOLE_LOG_KEY);
static struct log_cursor first, next, hint;	/* [log_lock] */
static char partial[LOG_LINE_MAX];		/* [log_lock] */
static size_t partial_len;			/* [log_lock] */
static int partial_level;			/* [log_lock] */
static struct task_struct *partial_owner;	/* [log_lock] who began it: others do not go on with it */
static bool locks_busted;
static u32 readers_due;				/* [a] a record was stored since the last tick */

struct console *console_drivers;		/* [log_lock] */
int console_loglevel = 7;
u64 kmsg_clear_seq;
DECLARE_WAIT_QUEUE_HEAD(log_wait);

static unsigned long log_acquire(void)
{
	unsigned long flags;

	local_irq_save(flags);
	if (!locks_busted)
		spin_lock(&log_lock);
	return flags;
}

static void log_release(unsigned long flags)
{
	if (!locks_busted)
		spin_unlock(&log_lock);
	local_irq_restore(flags);
}

void printk_bust_locks(void)
{
	locks_busted = true;
}

static struct log_header *log_at(u32 index)
{
	return (struct log_header *)(log_buf + index);
}

/* Step over one record; skip the marker at the end of the buffer. */
static void cursor_advance(struct log_cursor *c)
{
	c->index += log_at(c->index)->total;
	c->seq++;
	if (c->seq == next.seq) {
		c->index = next.index;
		return;
	}
	if (c->index + sizeof(struct log_header) > LOG_BUF_LEN || !log_at(c->index)->total)
		c->index = 0;
}

/* Free bytes from next on without wrapping. */
static u32 log_room(void)
{
	if (first.seq == next.seq || next.index > first.index)
		return LOG_BUF_LEN - next.index;
	return first.index - next.index;
}

/*
 * Make room for @total bytes at next.index.
 * => the oldest records are gone as far as needed
 */
static void log_make_room(u32 total)
{
	while (log_room() < total) {
		if (first.seq == next.seq) {
			first.index = next.index = 0;
		} else if (next.index > first.index) {
			/* The tail is too short: mark it, go on in front of first. */
			if (first.index == 0)
				cursor_advance(&first);
			if (next.index + sizeof(struct log_header) <= LOG_BUF_LEN)
				log_at(next.index)->total = 0;
			next.index = 0;
			if (first.seq == next.seq)
				first.index = 0;
		} else {
			cursor_advance(&first);
		}
	}
}

static u32 log_store(int level, const char *text, size_t len)
{
	u32 total = ALIGN(sizeof(struct log_header) + len, 8);
	struct log_header *h;
	u32 index;

	log_make_room(total);
	index = next.index;
	h = log_at(index);
	h->ts_nsec = ktime_get_ns();
	h->len = (u16)len;
	h->total = (u16)total;
	h->level = (u8)level;
	memcpy(h + 1, text, len);
	next.index += total;
	next.seq++;
	WRITE_ONCE(readers_due, 1);
	return index;
}

int kmsg_format(const struct kmsg_record *rec, const char *text, char *buf, size_t size,
		bool prefix)
{
	u64 seconds = rec->ts_nsec;
	u32 micros = do_div(seconds, NSEC_PER_SEC) / 1000;
	int len = 0;

	if (prefix)
		len = scnprintf(buf, size, "<%u>", rec->level);
	return len + scnprintf(buf + len, size - len, "[%5lu.%06u] %.*s\n",
			       (unsigned long)seconds, micros, rec->len, text);
}

void console_write(const char *text, size_t len)
{
	unsigned long flags = log_acquire();

	for (struct console *con = console_drivers; con; con = con->next)
		con->write(con, text, len);
	log_release(flags);
}

static void console_emit(struct console *only, u32 index)
{
	static char line[LOG_LINE_MAX + 32];	/* [log_lock] */
	const struct log_header *h = log_at(index);
	struct kmsg_record rec = { .ts_nsec = h->ts_nsec, .level = h->level, .len = h->len };
	int len;

	if (h->level >= console_loglevel)
		return;
	len = kmsg_format(&rec, (const char *)(h + 1), line, sizeof(line), false);
	for (struct console *con = console_drivers; con; con = con->next)
		if (!only || con == only)
			con->write(con, line, len);
}

static void flush_partial(void)
{
	u32 index = log_store(partial_level, partial, partial_len);

	partial_len = 0;
	console_emit(NULL, index);
}

/* One message, which may hold several lines. => log_lock held */
static void log_text(int level, bool cont, const char *text, size_t len)
{
	if (partial_len && (!cont || partial_owner != current))
		flush_partial();
	partial_owner = current;
	if (!partial_len)
		partial_level = level;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			flush_partial();
			partial_level = level;
		} else if (partial_len < sizeof(partial)) {
			partial[partial_len++] = text[i];
		}
	}
}

int vprintk(const char *fmt, va_list args)
{
	static char text[1024];			/* [log_lock] */
	unsigned long flags = log_acquire();
	int level = LOGLEVEL_DEFAULT;
	bool cont = true;
	const char *start = text;
	int len;

	len = vscnprintf(text, sizeof(text), fmt, args);
	if (text[0] == KERN_SOH[0] && text[1]) {
		cont = text[1] == 'c';
		if (!cont)
			level = text[1] - '0';
		start += 2;
		len -= 2;
	}
	log_text(level, cont, start, len);
	log_release(flags);
	return len;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vprintk(fmt, args);
	va_end(args);
	return len;
}

void register_console(struct console *con)
{
	unsigned long flags = log_acquire();
	bool replay = !console_drivers;
	struct console **p = &console_drivers;
	struct log_cursor c;

	/* The oldest comes first: it has the text before a newer one can go wrong. */
	while (*p)
		p = &(*p)->next;
	con->next = NULL;
	*p = con;
	if (replay)
		for (c = first; c.seq != next.seq; cursor_advance(&c))
			console_emit(con, c.index);
	log_release(flags);
}

void console_keep_oldest(void)
{
	if (console_drivers)
		console_drivers->next = NULL;
}

void unregister_console(struct console *con)
{
	unsigned long flags = log_acquire();
	struct console **p = &console_drivers;

	while (*p && *p != con)
		p = &(*p)->next;
	if (*p)
		*p = con->next;
	log_release(flags);
}

/* => log_lock held, first.seq <= seq < next.seq */
static u32 log_find(u64 seq)
{
	struct log_cursor c = first;

	if (hint.seq >= first.seq && hint.seq <= seq)
		c = hint;
	while (c.seq < seq)
		cursor_advance(&c);
	hint = c;
	return c.index;
}

int kmsg_read(u64 *seq, struct kmsg_record *rec, char *text, size_t size)
{
	unsigned long flags = log_acquire();
	const struct log_header *h;
	int len = -ENOENT;

	if (*seq < first.seq)
		*seq = first.seq;
	if (*seq < next.seq) {
		h = log_at(log_find(*seq));
		len = min((size_t)h->len, size - 1);
		memcpy(text, h + 1, len);
		text[len] = 0;
		rec->seq = *seq;
		rec->ts_nsec = h->ts_nsec;
		rec->level = h->level;
		rec->len = (u16)len;
		++*seq;
	}
	log_release(flags);
	return len;
}

u64 kmsg_first_seq(void)
{
	unsigned long flags = log_acquire();
	u64 seq = first.seq;

	log_release(flags);
	return seq;
}

u64 kmsg_next_seq(void)
{
	unsigned long flags = log_acquire();
	u64 seq = next.seq;

	log_release(flags);
	return seq;
}

void printk_tick(void)
{
	/* xchg, not a store: it must not pass the look at the queue, nor wipe out a later 1. */
	if (!READ_ONCE(readers_due) || !xchg(&readers_due, 0))
		return;
	if (waitqueue_active(&log_wait))
		wake_up_interruptible(&log_wait);
}

void print_hex_dump(const char *level, const char *prefix, const void *buf, size_t len)
{
	const u8 *p = buf;

	for (size_t at = 0; at < len; at += 16) {
		char line[16 * 3 + 1];
		int n = 0;

		for (size_t i = at; i < min(at + 16, len); i++)
			n += scnprintf(line + n, sizeof(line) - n, " %02x", p[i]);
		printk("%s%s%04zx:%s\n", level, prefix, at, line);
	}
}

/* %pS and %pB */
static int format_symbol(char *buf, size_t size, char kind, unsigned long addr)
{
	return kind == 'B' ? sprint_backtrace(buf, size, addr) : sprint_symbol(buf, size, addr);
}

void __init printk_init(void)
{
	vsnprintf_symbol = format_symbol;
	if (cmdline_has("debug"))
		console_loglevel = 8;
	if (cmdline_has("quiet"))
		console_loglevel = 4;
	console_loglevel = (int)cmdline_get_int("loglevel", console_loglevel);
}
