/*
 * kernel/sys/fs_swap.c - the system calls swapon and swapoff.
 */
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/swapon.h>
#include <mm/cache/swapfile.h>

long sys_swapon(const char __user *specialfile, int flags)
{
	char *name;
	long ret;

	if ((unsigned int)flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	if (!capable_root())
		return -EPERM;
	name = getname(specialfile);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = do_swapon(name, (unsigned int)flags);
	putname(name);
	return ret;
}

long sys_swapoff(const char __user *specialfile)
{
	char *name;
	long ret;

	if (!capable_root())
		return -EPERM;
	name = getname(specialfile);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = do_swapoff(name);
	putname(name);
	return ret;
}
