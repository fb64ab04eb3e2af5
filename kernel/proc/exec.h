/*
 * kernel/proc/exec.h - becoming another program.
 *
 * struct linux_binprm carries what is known of the program on its way: file,
 * first bytes, the new address space with the strings already on its stack.
 */
#ifndef OCTAVO_KERNEL_PROC_EXEC_H
#define OCTAVO_KERNEL_PROC_EXEC_H

#include <lib/types.h>

struct file;
struct mm_struct;

#define BINPRM_BUF_SIZE	256
#define MAX_ARG_STRLEN	(32 * 4096)	/* one string, bytes */
#define MAX_INTERP_DEPTH 5		/* scripts that name scripts */

/* Where argv and envp come from: user memory, or the kernel's own. */
struct user_arg_ptr {
	bool is_kernel;
	const char *const *ptr;
};

/* What a program says of its stack: nothing, not executable, executable. */
enum exstack { EXSTACK_DEFAULT, EXSTACK_DISABLE_X, EXSTACK_ENABLE_X };

struct linux_binprm {
	char buf[BINPRM_BUF_SIZE];	/* the file's first bytes, zero-padded */
	struct file *file;
	struct mm_struct *mm;		/* the new address space */
	unsigned long stack_top;	/* end of its stack */
	unsigned long p;		/* lowest byte used on that stack */
	unsigned long argmin;		/* p may not fall below */
	int argc, envc;
	const char *filename;		/* as given to execve, for AT_EXECFN */
	const char *interp;		/* what is really run */
	char *interp_copy;		/* allocated: the name in a #! line */
	unsigned long exec;		/* address of filename's copy on the stack */
	int depth;			/* scripts gone through */
	bool randomize;			/* its addresses are random */
	bool point_of_no_return;	/* the old address space is gone */
};

/* => may sleep; 0: the caller's user frame starts the new program; or -errno, nothing changed */
long do_execve(const char *filename, struct user_arg_ptr argv, struct user_arg_ptr envp);
/* For a kernel thread: on success do not return to the caller's stack but to ring 3. */
int kernel_execve(const char *filename, const char *const argv[], const char *const envp[]);

/* The point of no return: the old address space, other threads and handlers go. => 0 or -errno */
int flush_old_exec(struct linux_binprm *bprm);
void setup_new_exec(struct linux_binprm *bprm);
/* Fix the stack's rights and size. => 0 or -errno */
int setup_arg_pages(struct linux_binprm *bprm, bool executable);
/* Put @argc strings on the new stack, last first. => 0, -E2BIG, -EFAULT, -ENOMEM */
int copy_strings(int argc, struct user_arg_ptr argv, struct linux_binprm *bprm);
/* Take another file instead. => 0 or -errno: nothing changed */
int bprm_open(struct linux_binprm *bprm, const char *name);

/* elf.c, script.c: load it, or -ENOEXEC: not mine */
int load_elf_binary(struct linux_binprm *bprm);
int load_script(struct linux_binprm *bprm);

#endif
