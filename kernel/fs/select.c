/*
 * kernel/fs/select.c - sleeping until one of several files is ready.
 *
 * Theory: poll.h.  A round asks every file.  The first round also puts an entry on each
 * file's wait queue; the entries' wake function notes that something happened and wakes the
 * sleeper, so that an event between the round and the sleep is not lost:
 *
 *	sleeper				driver
 *	round: file not ready, queued
 *					data arrives; wake_up(): triggered = 1
 *	state = INTERRUPTIBLE
 *	triggered: does not sleep
 *	next round
 *
 * Entries are kept in pages, a small number of them on the stack, so that the usual poll of a
 * few files allocates nothing.  Each entry holds a reference to its file, since the queue
 * lives in it and another thread may close it.
 *
 * Locking: the queues' own locks.
 */
#include <kernel/fs/select.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/fs/files.h>
#include <kernel/fs/poll.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>

struct poll_entry {
	struct file *file;
	wait_queue_head_t *q;
	wait_queue_t wait;
	struct poll_wqueues *pwq;
};

struct poll_page {
	struct poll_page *next;
	unsigned int used;
	struct poll_entry entries[];
};
#define ENTRIES_PER_PAGE ((PAGE_SIZE - sizeof(struct poll_page)) / sizeof(struct poll_entry))
#define INLINE_ENTRIES	4

struct poll_wqueues {
	poll_table pt;			/* first: poll_wait() gives it back */
	struct task_struct *task;
	int triggered;
	int error;
	unsigned int nr_inline;
	struct poll_page *pages;
	struct poll_entry inline_entries[INLINE_ENTRIES];
};

static int pollwake(wait_queue_t *wait, unsigned int mode, void *key)
{
	struct poll_entry *entry = container_of(wait, struct poll_entry, wait);

	WRITE_ONCE(entry->pwq->triggered, 1);
	return try_to_wake_up(entry->pwq->task, mode);
}

static struct poll_entry *new_entry(struct poll_wqueues *pwq)
{
	struct poll_page *page = pwq->pages;

	if (pwq->nr_inline < INLINE_ENTRIES)
		return &pwq->inline_entries[pwq->nr_inline++];
	if (!page || page->used == ENTRIES_PER_PAGE) {
		page = (struct poll_page *)__get_free_page(GFP_KERNEL);
		if (!page) {
			pwq->error = -ENOMEM;
			return NULL;
		}
		page->next = pwq->pages;
		page->used = 0;
		pwq->pages = page;
	}
	return &page->entries[page->used++];
}

static void pollwait(struct file *file, wait_queue_head_t *q, poll_table *pt)
{
	struct poll_wqueues *pwq = container_of(pt, struct poll_wqueues, pt);
	struct poll_entry *entry = new_entry(pwq);

	if (!entry)
		return;
	entry->file = get_file(file);
	entry->q = q;
	entry->pwq = pwq;
	entry->wait = (wait_queue_t){ .task = pwq->task, .func = pollwake };
	add_wait_queue(q, &entry->wait);
}

static void poll_initwait(struct poll_wqueues *pwq)
{
	pwq->pt.qproc = pollwait;
	pwq->task = current;
	pwq->triggered = 0;
	pwq->error = 0;
	pwq->nr_inline = 0;
	pwq->pages = NULL;
}

static void free_entry(struct poll_entry *entry)
{
	remove_wait_queue(entry->q, &entry->wait);
	fput(entry->file);
}

static void poll_freewait(struct poll_wqueues *pwq)
{
	struct poll_page *page, *next;
	unsigned int i;

	for (i = 0; i < pwq->nr_inline; i++)
		free_entry(&pwq->inline_entries[i]);
	for (page = pwq->pages; page; page = next) {
		for (i = 0; i < page->used; i++)
			free_entry(&page->entries[i]);
		next = page->next;
		free_page((unsigned long)page);
	}
}

/* Sleep until triggered or @deadline (ns since boot; 0: for ever). => false: time is up */
static bool poll_sleep(struct poll_wqueues *pwq, u64 deadline)
{
	long timeout = MAX_SCHEDULE_TIMEOUT;
	u64 now;

	if (deadline) {
		now = ktime_get_ns();
		if (now >= deadline)
			return false;
		timeout = (long)nsecs_to_jiffies_up(deadline - now);
	}
	set_current_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(pwq->triggered))
		schedule_timeout(timeout);
	__set_current_state(TASK_RUNNING);
	/* Before the next round looks: a full barrier, or our 0 overwrites a later 1. */
	(void)xchg(&pwq->triggered, 0);
	return true;
}

static unsigned int poll_file(struct file *file, poll_table *pt)
{
	return file->f_op->poll ? file->f_op->poll(file, pt) : DEFAULT_POLLMASK;
}

/* ---- poll ----------------------------------------------------------------------------------- */

static unsigned int poll_one(struct pollfd *pfd, poll_table *pt)
{
	unsigned int mask;
	struct file *file;

	if (pfd->fd < 0) {
		pfd->revents = 0;
		return 0;
	}
	file = fget((unsigned int)pfd->fd);
	mask = file && !(file->f_mode & FMODE_PATH) ? poll_file(file, pt) : POLLNVAL;
	if (file)
		fput(file);
	mask &= (u16)pfd->events | POLLERR | POLLHUP | POLLNVAL;
	pfd->revents = (s16)mask;
	return mask;
}

int do_poll(struct pollfd *fds, unsigned int nfds, u64 deadline, bool wait)
{
	struct poll_wqueues pwq;
	poll_table *pt = wait ? &pwq.pt : NULL;
	int count = 0;
	unsigned int i;

	poll_initwait(&pwq);
	for (;;) {
		for (i = 0; i < nfds; i++) {
			if (poll_one(&fds[i], pt)) {
				count++;
				pt = NULL;	/* no sleep will follow */
			}
		}
		pt = NULL;
		if (!count)
			count = pwq.error;
		if (!count && wait && signal_pending(current))
			count = -EINTR;
		if (count || !wait || !poll_sleep(&pwq, deadline))
			break;
	}
	poll_freewait(&pwq);
	return count;
}

/* ---- select --------------------------------------------------------------------------------- */

#define SELECT_IN	(POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define SELECT_OUT	(POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define SELECT_EX	POLLPRI

/* One round over one word of the sets. => ready bits counted, or -EBADF */
static int select_word(struct select_sets *sets, unsigned int word, unsigned int n, poll_table **pt)
{
	unsigned long all = sets->in[word] | sets->out[word] | sets->ex[word];
	unsigned int bit;
	int count = 0;

	for (bit = 0; all >> bit && word * 32 + bit < n; bit++) {
		unsigned long m = 1ul << bit;
		struct file *file;
		unsigned int mask;

		if (!(all & m))
			continue;
		file = fget(word * 32 + bit);
		if (!file)
			return -EBADF;
		mask = poll_file(file, *pt);
		fput(file);
		if ((sets->in[word] & m) && (mask & SELECT_IN)) {
			sets->res_in[word] |= m;
			count++;
		}
		if ((sets->out[word] & m) && (mask & SELECT_OUT)) {
			sets->res_out[word] |= m;
			count++;
		}
		if ((sets->ex[word] & m) && (mask & SELECT_EX)) {
			sets->res_ex[word] |= m;
			count++;
		}
		if (count)
			*pt = NULL;
		if (bit == 31)
			break;
	}
	return count;
}

int do_select(struct select_sets *sets, unsigned int n, u64 deadline, bool wait)
{
	struct poll_wqueues pwq;
	poll_table *pt = wait ? &pwq.pt : NULL;
	unsigned int word;
	int count = 0;

	poll_initwait(&pwq);
	for (;;) {
		for (word = 0; word * 32 < n && count >= 0; word++) {
			int ready = select_word(sets, word, n, &pt);

			count = ready < 0 ? ready : count + ready;
		}
		pt = NULL;
		if (!count)
			count = pwq.error;
		if (!count && wait && signal_pending(current))
			count = -EINTR;
		if (count || !wait || !poll_sleep(&pwq, deadline))
			break;
	}
	poll_freewait(&pwq);
	return count;
}
