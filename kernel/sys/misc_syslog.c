/*
 * kernel/sys/misc_syslog.c - syslog(2): the kernel's log for dmesg and klogd.
 *
 * Two ways to read.  READ takes each message once, for all readers together,
 * and waits for the next; a message that does not fit is handed out in parts.
 * READ_ALL copies the newest messages that fit, as often as one likes, from the
 * clear mark on.  /dev/kmsg is the third way, with a position per open file.
 *
 * Locking: read_mutex for READ's position.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/mutex.h>
#include <kernel/core/printk.h>
#include <kernel/core/signal.h>
#include <kernel/core/wait.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/slab.h>

enum syslog_action {
	SYSLOG_CLOSE, SYSLOG_OPEN, SYSLOG_READ, SYSLOG_READ_ALL, SYSLOG_READ_CLEAR, SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF, SYSLOG_CONSOLE_ON, SYSLOG_CONSOLE_LEVEL, SYSLOG_SIZE_UNREAD,
	SYSLOG_SIZE_BUFFER
};

#define CONSOLE_LOGLEVEL_MIN	1
#define CONSOLE_LOGLEVEL_MAX	8

/* One record as a line, and the space to make it in. */
struct line {
	struct kmsg_record rec;
	char raw[LOG_LINE_MAX + 1];
	char text[LOG_LINE_MAX + 64];
};

static DEFINE_MUTEX(read_mutex);
static u64 read_seq;		/* [read_mutex] the next record for READ */
static int read_done;		/* [read_mutex] bytes of it handed out already */
static int saved_level = -1;	/* [read_mutex] the consoles' level before CONSOLE_OFF */

/* Format record *seq and move on. => its length, or -ENOENT */
static int next_line(u64 *seq, struct line *line)
{
	int len = kmsg_read(seq, &line->rec, line->raw, sizeof(line->raw));

	if (len < 0)
		return len;
	return kmsg_format(&line->rec, line->raw, line->text, sizeof(line->text), true);
}

/* => read_mutex held; what fits of the unread lines, at least one byte if there is a line */
static long read_unread(char __user *buf, int size, struct line *line)
{
	int done = 0, len, n;
	u64 seq, at;

	while (done < size) {
		seq = read_seq;
		len = next_line(&seq, line);
		if (len < 0)
			break;
		at = line->rec.seq;
		if (at != read_seq)
			read_done = 0;	/* the one half read is gone */
		n = min(len - read_done, size - done);
		if (copy_to_user(buf + done, line->text + read_done, (unsigned long)n))
			return done ? done : -EFAULT;
		done += n;
		read_done += n;
		read_seq = at;
		if (read_done == len) {
			read_seq = seq;
			read_done = 0;
		}
	}
	return done;
}

static long syslog_read(char __user *buf, int size)
{
	struct line *line = kmalloc(sizeof(*line), GFP_KERNEL);
	long n;

	if (!line)
		return -ENOMEM;
	do {
		n = wait_event_interruptible(log_wait, READ_ONCE(read_seq) < kmsg_next_seq());
		if (n)
			break;
		mutex_lock(&read_mutex);
		n = read_unread(buf, size, line);
		mutex_unlock(&read_mutex);
	} while (n == 0);
	kfree(line);
	return n;
}

/* Length of all lines from @seq on. */
static int length_from(u64 seq, struct line *line)
{
	int total = 0, len;

	while ((len = next_line(&seq, line)) >= 0)
		total += len;
	return total;
}

/* The newest lines that fit into @size, whole ones. */
static long syslog_read_all(char __user *buf, int size, bool clear)
{
	struct line *line = kmalloc(sizeof(*line), GFP_KERNEL);
	u64 seq = max(kmsg_clear_seq, kmsg_first_seq()), end = kmsg_next_seq();
	int total, len;
	long done = 0;

	if (!line)
		return -ENOMEM;
	for (total = length_from(seq, line); total > size; total -= len) {
		len = next_line(&seq, line);
		if (len < 0)
			break;
	}
	while (seq < end && (len = next_line(&seq, line)) >= 0 && len <= size - done) {
		if (copy_to_user(buf + done, line->text, (unsigned long)len)) {
			done = -EFAULT;
			break;
		}
		done += len;
		cond_resched();
	}
	if (clear && done >= 0)
		kmsg_clear_seq = end;
	kfree(line);
	return done;
}

static long size_unread(void)
{
	struct line *line = kmalloc(sizeof(*line), GFP_KERNEL);
	long n;

	if (!line)
		return -ENOMEM;
	mutex_lock(&read_mutex);
	n = length_from(read_seq, line) - read_done;
	mutex_unlock(&read_mutex);
	kfree(line);
	return max(n, 0L);
}

static long set_console(int action, int level)
{
	mutex_lock(&read_mutex);
	if (action == SYSLOG_CONSOLE_OFF) {
		if (saved_level < 0)
			saved_level = console_loglevel;
		console_loglevel = CONSOLE_LOGLEVEL_MIN;
	} else if (action == SYSLOG_CONSOLE_ON) {
		if (saved_level >= 0)
			console_loglevel = saved_level;
		saved_level = -1;
	} else {
		console_loglevel = level;
		saved_level = -1;
	}
	mutex_unlock(&read_mutex);
	return 0;
}

long sys_syslog(int action, char __user *buf, int len)
{
	if (action != SYSLOG_READ_ALL && action != SYSLOG_SIZE_BUFFER && !capable_root())
		return -EPERM;
	switch (action) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		if (!buf || len < 0)
			return -EINVAL;
		if (!len)
			return 0;
		if (!access_ok(buf, (unsigned long)len))
			return -EFAULT;
		return action == SYSLOG_READ ? syslog_read(buf, len) :
		       syslog_read_all(buf, len, action == SYSLOG_READ_CLEAR);
	case SYSLOG_CLEAR:
		kmsg_clear_seq = kmsg_next_seq();
		return 0;
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
		return set_console(action, 0);
	case SYSLOG_CONSOLE_LEVEL:
		if (len < CONSOLE_LOGLEVEL_MIN || len > CONSOLE_LOGLEVEL_MAX)
			return -EINVAL;
		return set_console(action, len);
	case SYSLOG_SIZE_UNREAD:
		return size_unread();
	case SYSLOG_SIZE_BUFFER:
		return LOG_BUF_LEN;
	}
	return -EINVAL;
}
