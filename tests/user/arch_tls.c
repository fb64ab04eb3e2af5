/* arch_tls - set_thread_area: a segment of one's own, inherited by fork, kept over switches. */
#define _GNU_SOURCE
#include "test.h"

#include <asm/ldt.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int word;

static int set(struct user_desc *d)
{
	return syscall(SYS_set_thread_area, d);
}

static int read_fs(void)
{
	int value;

	asm volatile("movl %%fs:0, %0" : "=r"(value));
	return value;
}

int main(void)
{
	struct user_desc d = {
		.entry_number = -1, .base_addr = (unsigned long)&word, .limit = 0xfffff,
		.seg_32bit = 1, .limit_in_pages = 1, .useable = 1,
	};
	struct user_desc back = { 0 };
	int status, i;
	pid_t pid;

	must(set(&d) == 0);
	asm volatile("movl %0, %%fs" : : "r"(d.entry_number * 8 + 3));
	word = 4711;
	expect_eq(read_fs(), 4711);
	back.entry_number = d.entry_number;
	expect_eq(syscall(SYS_get_thread_area, &back), 0);
	expect_eq(back.base_addr, (unsigned long)&word);
	expect_eq(back.limit, 0xfffff);

	/* The child inherits the segment, then makes it its own; both run in turn. */
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		static int other = 815;

		word = 42;
		if (read_fs() != 42)
			_exit(2);
		d.base_addr = (unsigned long)&other;
		if (set(&d))
			_exit(3);
		asm volatile("movl %0, %%fs" : : "r"(d.entry_number * 8 + 3));
		for (i = 0; i < 100; i++) {
			sched_yield();
			if (read_fs() != 815)
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 100; i++) {
		sched_yield();
		if (read_fs() != 4711)
			test_fail("round %d: %d", i, read_fs());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);

	d.entry_number = 2;
	expect_errno(set(&d), EINVAL);
	d.entry_number = 100;
	expect_errno(set(&d), EINVAL);
	expect_errno(syscall(SYS_set_thread_area, 16), EFAULT);
	back.entry_number = 3;
	expect_errno(syscall(SYS_get_thread_area, &back), EINVAL);
	return test_result();
}
