/*
 * brk - the heap, step by step.
 *
 * Moves the end of the heap by the bare system call and shows after each step what it cost:
 * addresses (VmSize) come with brk, pages (RSS) with the first touch of each, one minor fault
 * apiece; shrinking gives back both.
 */
#include <user/memstat.h>

#include <stdint.h>
#include <sys/syscall.h>

#define PAGES	16

static char *raw_brk(char *end)
{
	return (char *)syscall(SYS_brk, end);
}

int main(void)
{
	char *start = raw_brk(NULL);
	char *base = (char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1));
	int i;

	printf("the heap ends at %p\n", (void *)start);
	head();
	if (raw_brk(base + PAGES * PAGE) != base + PAGES * PAGE) {
		printf("brk: no memory\n");
		return 1;
	}
	step("brk(+16 pages): addresses, no pages");
	for (i = 0; i < PAGES; i++)
		(void)*(volatile char *)(base + i * PAGE);
	step("read them: all are the page of zeros");
	for (i = 0; i < PAGES; i++)
		base[i * PAGE] = 1;
	step("write them: a page each");
	for (i = 0; i < PAGES; i++)
		base[i * PAGE] = 2;
	step("write again: nothing left to do");
	raw_brk(base + PAGES / 2 * PAGE);
	step("brk(-8 pages): pages and addresses go");
	raw_brk(base + PAGES * PAGE);
	step("brk(+8 pages): back, but empty");
	printf("byte in a kept page: %d, in a new one: %d\n", base[0], base[PAGES / 2 * PAGE]);
	raw_brk(start);
	printf("the heap ends at %p\n", (void *)raw_brk(NULL));
	return 0;
}
