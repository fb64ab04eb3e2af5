/*
 * kernel/core/seq_file.c - printing into a buffer that may be too small.
 *
 * Once something did not fit, count == size for good: everything that follows
 * is dropped, seq_has_overflowed() tells the reader, and the reader starts over
 * with a larger buffer.  So no caller has to check, and no text is ever cut in
 * the middle of a line.
 */
#include <kernel/core/seq_file.h>

#include <lib/errno.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

static int seq_overflow(struct seq_file *m)
{
	m->count = m->size;
	return -EOVERFLOW;
}

/* => 0 or -EOVERFLOW, which may be ignored */
int seq_write(struct seq_file *m, const void *data, size_t len)
{
	if (len >= m->size - m->count)
		return seq_overflow(m);
	memcpy(m->buf + m->count, data, len);
	m->count += len;
	return 0;
}

int seq_puts(struct seq_file *m, const char *s)
{
	return seq_write(m, s, strlen(s));
}

int seq_putc(struct seq_file *m, char c)
{
	return seq_write(m, &c, 1);
}

int seq_printf(struct seq_file *m, const char *fmt, ...)
{
	size_t room = m->size - m->count;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(m->buf + m->count, room, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		return seq_overflow(m);
	m->count += (size_t)len;
	return 0;
}

int seq_mask_list(struct seq_file *m, unsigned long mask, unsigned int nbits)
{
	const char *comma = "";
	unsigned int bit, last;

	for (bit = 0; bit < nbits; bit = last + 1) {
		last = bit;
		if (!(mask & 1UL << bit))
			continue;
		while (last + 1 < nbits && mask & 1UL << (last + 1))
			last++;
		seq_printf(m, last > bit ? "%s%u-%u" : "%s%u", comma, bit, last);
		comma = ",";
	}
	return seq_has_overflowed(m) ? -EOVERFLOW : 0;
}

int seq_mask(struct seq_file *m, unsigned long mask, unsigned int nbits)
{
	return seq_printf(m, "%0*lx", (int)(nbits + 3) / 4, mask);
}
