/*
 * kernel/proc/script.c - "#!": a file that names its interpreter.
 *
 *	#! /bin/sh -e		at most one argument, blanks around it dropped
 *
 * execve("x", {"x", "a"}) becomes execve("/bin/sh", {"/bin/sh", "-e", "x", "a"}).
 * The line must end within the bytes that were read (BINPRM_BUF_SIZE); a name that
 * is cut off is an error and not a shorter name.
 */
#include <kernel/proc/exec.h>

#include <kernel/fs/fs.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/kmalloc.h>
#include <mm/space/memory.h>
#include <mm/types/mm_types.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Cut the line in two, in place.
 * => 0; -ENOEXEC: no interpreter there, or it is cut off
 */
static int parse_line(char *line, char *limit, char **name, char **arg)
{
	char *end = line, *p;
	bool whole;

	while (end < limit && *end && *end != '\n')
		end++;
	whole = end < limit;
	if (!whole)
		end--;
	*end = 0;
	while (end > line && is_blank(end[-1]))
		*--end = 0;
	for (p = line; is_blank(*p); p++)
		;
	if (!*p)
		return -ENOEXEC;
	*name = p;
	while (*p && !is_blank(*p))
		p++;
	if (!*p) {
		*arg = NULL;
		return whole ? 0 : -ENOEXEC;
	}
	*p++ = 0;
	while (is_blank(*p))
		p++;
	*arg = p;
	return 0;
}

/* argv[0] goes: move p behind its NUL. => 0 or -EFAULT */
static int remove_arg_zero(struct linux_binprm *bprm)
{
	char buf[64];

	if (!bprm->argc)
		return 0;
	for (;;) {
		int got = access_remote_vm(bprm->mm, bprm->p, buf,
					   (int)min_t(unsigned long, sizeof(buf),
						      bprm->exec - bprm->p), false);
		char *nul;

		if (got <= 0)
			return -EFAULT;
		nul = memchr(buf, 0, (size_t)got);
		if (nul) {
			bprm->p += (unsigned long)(nul - buf) + 1;
			bprm->argc--;
			return 0;
		}
		bprm->p += (unsigned long)got;
	}
}

static int push_arg(struct linux_binprm *bprm, const char *str)
{
	struct user_arg_ptr one = { .is_kernel = true, .ptr = &str };
	int err = copy_strings(1, one, bprm);

	if (!err)
		bprm->argc++;
	return err;
}

/* => 0: *bprm is the interpreter now, look again; -ENOEXEC: no script */
int load_script(struct linux_binprm *bprm)
{
	char *name, *arg, *copy;
	int err;

	if (bprm->buf[0] != '#' || bprm->buf[1] != '!')
		return -ENOEXEC;
	err = parse_line(bprm->buf + 2, bprm->buf + BINPRM_BUF_SIZE, &name, &arg);
	if (err)
		return err;
	err = remove_arg_zero(bprm);
	if (!err)
		err = push_arg(bprm, bprm->interp);
	if (!err && arg)
		err = push_arg(bprm, arg);
	if (!err)
		err = push_arg(bprm, name);
	if (err)
		return err;
	copy = kmalloc(strlen(name) + 1, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	strcpy(copy, name);
	kfree(bprm->interp_copy);
	bprm->interp = bprm->interp_copy = copy;
	return bprm_open(bprm, copy);
}
