/*
 * malloc - the two ways in which the C library gets memory.
 *
 * Small blocks come from the heap, which grows by brk and is kept after free; blocks from
 * M_MMAP_THRESHOLD (128 kB at first) on are mappings of their own, given back by free.  Either
 * way no page exists before it is touched.
 */
#include <user/memstat.h>

#include <malloc.h>
#include <sys/syscall.h>

#define SMALL	1000
#define BLOCKS	200

static void *heap_end(void)
{
	return (void *)syscall(SYS_brk, NULL);
}

int main(void)
{
	static char *blocks[BLOCKS];
	char *large, *end;
	int i;

	/* The threshold would grow with what is freed (to spare mmap calls): fix it, and look for it. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	for (i = 120; i <= 136; i += 4) {
		char *p = malloc((size_t)i * 1024);

		printf("malloc(%d kB) comes by %s\n", i,
		       p > (char *)heap_end() ? "mmap" : "brk");
		free(p);
	}
	malloc_trim(0);
	head();
	end = heap_end();
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(SMALL);
	step("200 x malloc(1000): from the heap");
	printf("  the heap grew by %ld bytes; block 0 at %p\n", (long)((char *)heap_end() - end),
	       (void *)blocks[0]);
	before = memstat();
	for (i = 0; i < BLOCKS; i++)
		memset(blocks[i], 1, SMALL);
	step("write them all");
	for (i = 0; i < BLOCKS - 1; i++)
		free(blocks[i]);
	step("free all but the last: kept by the library");

	large = malloc(1 << 20);
	step("malloc(1 MB): a mapping of its own");
	printf("  block at %p, %s\n", (void *)large,
	       (char *)large > (char *)heap_end() ? "above the heap" : "in the heap");
	before = memstat();
	memset(large, 1, 1 << 19);
	step("write the first half");
	free(large);
	step("free: given back to the kernel at once");
	return 0;
}
