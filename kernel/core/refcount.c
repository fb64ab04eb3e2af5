/*
 * kernel/core/refcount.c - the report of a count that went wrong.  Theory: refcount.h.
 */
#include <kernel/core/refcount.h>

#include <kernel/core/bug.h>

static bool told[3];

static void warn(const refcount_t *r, const char *what, bool *once)
{
	if (!*once) {
		*once = true;
		WARN(true, "refcount_t %p: %s", r, what);
	}
}

void refcount_saturate(refcount_t *r, int before)
{
	refcount_set(r, REFCOUNT_SATURATED);
	if (before == 0)
		warn(r, "taken after it was 0", &told[0]);
	else if (before == 0x7fffffff)
		warn(r, "overflow, it leaks now", &told[1]);
	else if (before == -1)
		warn(r, "given back more often than taken", &told[2]);
}
