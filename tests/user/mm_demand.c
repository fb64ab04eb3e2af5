/* mm_demand - memory comes at first touch: zeros, one fault for a page, none before. */
#include <tests/user/mm.h>

int main(void)
{
	enum { PAGES = 64 };
	unsigned char vec[PAGES];
	char *p = map_anon(PAGES * PAGE, PROT_READ | PROT_WRITE);
	long before, i, j;

	must(mincore(p, PAGES * PAGE, vec) == 0);
	for (i = 0; i < PAGES; i++)
		expect_eq(vec[i] & 1, 0);
	before = minor_faults();
	for (i = 0; i < PAGES; i++)
		p[i * PAGE + 17] = 1;
	expect(minor_faults() - before >= 1);
	expect(minor_faults() - before <= PAGES + 8);
	for (i = 0; i < PAGES; i++)
		for (j = 0; j < (long)PAGE; j++)
			must(p[i * PAGE + j] == (j == 17));
	before = minor_faults();
	for (i = 0; i < PAGES; i++)
		p[i * PAGE + 18] = 2;
	expect(minor_faults() - before <= 2);
	must(mincore(p, PAGES * PAGE, vec) == 0);
	for (i = 0; i < PAGES; i++)
		expect_eq(vec[i] & 1, 1);

	/* Reading gives zeros, writing afterwards gives memory. */
	p = map_anon(PAGES * PAGE, PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		expect_eq(p[i * PAGE], 0);
	for (i = 0; i < PAGES; i++)
		p[i * PAGE] = (char)i;
	for (i = 0; i < PAGES; i++)
		expect(p[i * PAGE] == (char)i && p[i * PAGE + 1] == 0);
	expect(munmap(p, PAGES * PAGE) == 0);
	mm_catch();
	expect_fault(try_read(p + 5), SIGSEGV, SEGV_MAPERR, p + 5);
	return test_result();
}
