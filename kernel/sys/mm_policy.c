/*
 * kernel/sys/mm_policy.c - the system calls of memory policies.
 *
 * A mask of nodes comes as an array of words and a count that is one more than
 * the number of bits.  Bits beyond the nodes there may be must be clear, as far
 * as the count goes; of the rest those count that have memory.
 *
 * move_pages() only tells where pages are; to move them waits for page migration.
 */
#include <kernel/sys/mm_calls.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/numa.h>
#include <mm/space/mempolicy.h>
#include <mm/space/mmap.h>

#define BITS		32UL			/* of a word, and of our masks */
#define LONGEST_MASK	(PAGE_SIZE * 8)		/* bits */

/* One word of a mask, of which @bits count. => 0 or -EFAULT */
static int get_word(unsigned long *word, const unsigned long __user *user, unsigned long bits)
{
	if (get_user(*word, user))
		return -EFAULT;
	if (bits < BITS)
		*word &= (1UL << bits) - 1;
	return 0;
}

/* => 0 with the mask in *nodes; -EINVAL, -EFAULT */
static int get_nodes(unsigned long *nodes, const unsigned long __user *nmask, unsigned long maxnode)
{
	unsigned long word, i;

	maxnode--;
	*nodes = 0;
	if (!maxnode || !nmask)
		return 0;
	if (maxnode > LONGEST_MASK)
		return -EINVAL;
	for (i = (maxnode - 1) / BITS; i > 0; i--) {
		if (get_word(&word, nmask + i, maxnode - i * BITS))
			return -EFAULT;
		if (word)
			return -EINVAL;
	}
	return get_word(nodes, nmask, maxnode);
}

/* => 0; the rest of the user's @maxnode - 1 bits is cleared; -EINVAL, -EFAULT */
static int put_nodes(unsigned long __user *mask, unsigned long maxnode, unsigned long nodes)
{
	unsigned long copy = ALIGN(maxnode - 1, 64UL) / 8;

	if (copy > sizeof(nodes)) {
		if (copy > PAGE_SIZE)
			return -EINVAL;
		if (clear_user(mask + 1, copy - sizeof(nodes)))
			return -EFAULT;
		copy = sizeof(nodes);
	}
	return copy_to_user(mask, &nodes, copy) ? -EFAULT : 0;
}

/* Take the flags off the mode. => 0 or -EINVAL */
static int split_mode(int *mode, unsigned int *flags)
{
	*flags = (unsigned int)*mode & MPOL_MODE_FLAGS;
	*mode &= ~MPOL_MODE_FLAGS;
	if ((unsigned int)*mode >= MPOL_MAX)
		return -EINVAL;
	if (*flags & MPOL_F_STATIC_NODES && *flags & MPOL_F_RELATIVE_NODES)
		return -EINVAL;
	return *flags & MPOL_F_NUMA_BALANCING && *mode != MPOL_BIND ? -EINVAL : 0;
}

long sys_set_mempolicy(int mode, const unsigned long __user *nmask, unsigned long maxnode)
{
	struct mempolicy *pol;
	unsigned long nodes;
	unsigned int flags;
	int err = split_mode(&mode, &flags);

	if (!err)
		err = get_nodes(&nodes, nmask, maxnode);
	if (err)
		return err;
	pol = mpol_new(mode, flags, nodes);
	if (IS_ERR(pol))
		return PTR_ERR(pol);
	set_task_policy(pol);
	return 0;
}

long sys_mbind(unsigned long start, unsigned long len, int mode, const unsigned long __user *nmask,
	       unsigned long maxnode, unsigned int mbind_flags)
{
	struct mempolicy *pol;
	unsigned long nodes;
	unsigned int flags;
	int err = split_mode(&mode, &flags);

	if (!err)
		err = get_nodes(&nodes, nmask, maxnode);
	if (err)
		return err;
	if (mbind_flags & ~(unsigned int)MPOL_MF_VALID)
		return -EINVAL;
	if (mbind_flags & MPOL_MF_MOVE_ALL && !capable_root())
		return -EPERM;
	if (mode == MPOL_DEFAULT)
		mbind_flags &= ~(unsigned int)MPOL_MF_STRICT;
	len = PAGE_ALIGN(len);
	if (start & ~PAGE_MASK || start + len < start)
		return -EINVAL;
	if (!len)
		return 0;
	pol = mpol_new(mode, flags, nodes);
	if (IS_ERR(pol))
		return PTR_ERR(pol);
	return mbind_area(start, len, pol, nodes, mbind_flags);
}

/* A node instead of a policy: of the page at @addr, or of the page that comes next. */
static int node_for(const struct mempolicy *pol, unsigned long addr, unsigned long flags)
{
	if (flags & MPOL_F_ADDR)
		return fault_in_node(addr);
	return pol && pol->mode == MPOL_INTERLEAVE ? next_interleave_node() : -EINVAL;
}

/* => 0 or -errno; the answers in *value and *nodes */
static int ask_policy(int *value, unsigned long *nodes, unsigned long addr, unsigned long flags)
{
	struct mempolicy *pol = NULL;
	int err = 0;

	*value = MPOL_DEFAULT;
	*nodes = 0;
	if (flags & ~(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*nodes = node_mask(N_MEMORY);
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	}
	if (flags & MPOL_F_ADDR)
		err = area_policy(addr, &pol);
	else if (addr)
		err = -EINVAL;
	else
		pol = get_task_policy(current);
	if (!err && flags & MPOL_F_NODE) {
		*value = node_for(pol, addr, flags);
		err = min(*value, 0);
	} else if (pol) {
		*value = pol->mode | pol->flags;
	}
	if (pol)
		*nodes = pol->flags ? pol->user_nodes : pol->nodes;
	mpol_put(pol);
	return err;
}

long sys_get_mempolicy(int __user *policy, unsigned long __user *nmask, unsigned long maxnode,
		       unsigned long addr, unsigned long flags)
{
	unsigned long nodes;
	int value, err;

	if (nmask && maxnode < (unsigned long)nr_online_nodes)
		return -EINVAL;
	err = ask_policy(&value, &nodes, addr, flags);
	if (err)
		return err;
	if (policy && put_user(value, policy))
		return -EFAULT;
	return nmask ? put_nodes(nmask, maxnode, nodes) : 0;
}

/* ---- move_pages ------------------------------------------------------------------------ */

/* May current look at where @tsk's memory is? */
static bool may_look_at(const struct task_struct *tsk)
{
	if (tsk == current || capable_root())
		return true;
	return current->uid == tsk->uid && current->uid == tsk->euid && current->uid == tsk->suid &&
	       current->gid == tsk->gid && current->gid == tsk->egid && current->gid == tsk->sgid;
}

/* => a reference, or ERR_PTR */
static struct mm_struct *mm_of(pid_t pid)
{
	struct task_struct *tsk = pid ? find_get_task_by_pid(pid) : current;
	struct mm_struct *mm = ERR_PTR(-EPERM);

	if (!tsk)
		return ERR_PTR(-ESRCH);
	if (may_look_at(tsk)) {
		mm = get_task_mm(tsk);
		if (!mm)
			mm = ERR_PTR(-EINVAL);
	}
	if (pid)
		put_task_struct(tsk);
	return mm;
}

long sys_move_pages(pid_t pid, unsigned long count, void __user *__user *pages,
		    const int __user *nodes, int __user *status, int flags)
{
	struct mm_struct *mm;
	void __user *addr;
	int node, err = 0;

	if (flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if (flags & MPOL_MF_MOVE_ALL && !capable_root())
		return -EPERM;
	if (nodes)
		return -ENOSYS;
	mm = mm_of(pid);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	for (unsigned long i = 0; i < count && !err; i++) {
		err = get_user(addr, pages + i) ? -EFAULT : 0;
		if (err)
			break;
		down_read(&mm->mmap_sem);
		node = page_node_at(mm, (unsigned long)addr);
		up_read(&mm->mmap_sem);
		err = put_user(node, status + i) ? -EFAULT : 0;
		cond_resched();
	}
	mmput(mm);
	return err;
}
