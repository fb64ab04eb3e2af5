/*
 * attack_kthreads - signals to kernel threads: nobody takes them off the queue, so a pending one
 * would keep the thread from ever sleeping.
 */
#define _GNU_SOURCE
#include "test.h"

#include <signal.h>
#include <time.h>

/* Ticks that process 2 has used. */
static long ticks(char *comm)
{
	long user, system;
	FILE *f = fopen("/proc/2/stat", "r");

	if (!f)
		skip("no /proc/2");
	must(fscanf(f, "2 (%31[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", comm, &user,
		    &system) == 3);
	fclose(f);
	return user + system;
}

int main(void)
{
	struct timespec tenths = { .tv_nsec = 300000000 };
	char comm[32];
	long before = ticks(comm);

	if (strcmp(comm, "kthreadd"))
		skip("process 2 is not a kernel thread here");
	if (geteuid())
		skip("only root may");
	for (int sig = 1; sig <= 64; sig++)
		if (sig < 32 || sig > 33)
			expect_eq(kill(2, sig), 0);
	nanosleep(&tenths, NULL);
	expect(ticks(comm) - before < 5);
	return test_result();
}
