/*
 * kernel/sys/proc_cred.c - system calls about user and group ids.
 *
 * Three ids each: real (who started it), effective (what it may), saved (what it may
 * become again); and fs, which follows the effective one and is what files are
 * checked against.  User 0 may become anybody; others may only trade among their
 * three.  The groups work like the users, but privilege is the user's alone.
 *
 * The old calls have 16-bit ids: one that does not fit reads as 65534.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/sched/user.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define OVERFLOW_ID	65534u
#define NO_ID		(~0u)		/* leave it as it is */

static long high2low(u32 id)
{
	return id & ~0xffffu ? (long)OVERFLOW_ID : (long)id;
}

static u32 low2high(u16 id)
{
	return id == 0xffff ? NO_ID : id;
}

long sys_getuid(void)
{
	return (long)current->uid;
}

long sys_geteuid(void)
{
	return (long)current->euid;
}

long sys_getgid(void)
{
	return (long)current->gid;
}

long sys_getegid(void)
{
	return (long)current->egid;
}

long sys_getuid16(void)
{
	return high2low(current->uid);
}

long sys_geteuid16(void)
{
	return high2low(current->euid);
}

long sys_getgid16(void)
{
	return high2low(current->gid);
}

long sys_getegid16(void)
{
	return high2low(current->egid);
}

/* The counts of processes follow the real id. => 0 or -EAGAIN: no memory */
static int switch_uid(u32 uid)
{
	struct user_struct *old = current->user, *new;

	if (old->uid == uid)
		return 0;
	new = alloc_uid(uid);
	if (!new)
		return -EAGAIN;
	atomic_inc(&new->processes);
	atomic_dec(&old->processes);
	/* Who sends us a signal charges it to our user, under this lock. */
	spin_lock_irq(&current->sighand->siglock);
	current->user = new;
	spin_unlock_irq(&current->sighand->siglock);
	free_uid(old);
	return 0;
}

/* Each NO_ID leaves its id alone. => permissions are checked; 0 or -EAGAIN */
static int commit_uids(u32 ruid, u32 euid, u32 suid)
{
	int err = ruid != NO_ID ? switch_uid(ruid) : 0;

	if (err)
		return err;
	if (ruid != NO_ID)
		current->uid = ruid;
	if (euid != NO_ID)
		current->euid = current->fsuid = euid;
	if (suid != NO_ID)
		current->suid = suid;
	return 0;
}

static bool is_own_uid(u32 id)
{
	return id == NO_ID || id == current->uid || id == current->euid || id == current->suid;
}

static bool is_own_gid(u32 id)
{
	return id == NO_ID || id == current->gid || id == current->egid || id == current->sgid;
}

long sys_setuid(u32 uid)
{
	if (uid == NO_ID)
		return -EINVAL;
	if (capable_root())
		return commit_uids(uid, uid, uid);
	if (uid != current->uid && uid != current->suid)
		return -EPERM;
	return commit_uids(NO_ID, uid, NO_ID);
}

long sys_setreuid(u32 ruid, u32 euid)
{
	u32 suid = NO_ID;

	if (!capable_root()) {
		if (ruid != NO_ID && ruid != current->uid && ruid != current->euid)
			return -EPERM;
		if (!is_own_uid(euid))
			return -EPERM;
	}
	/* The saved id follows when the identity really changes. */
	if (ruid != NO_ID || (euid != NO_ID && euid != current->uid))
		suid = euid != NO_ID ? euid : current->euid;
	return commit_uids(ruid, euid, suid);
}

long sys_setresuid(u32 ruid, u32 euid, u32 suid)
{
	if (!capable_root() && !(is_own_uid(ruid) && is_own_uid(euid) && is_own_uid(suid)))
		return -EPERM;
	return commit_uids(ruid, euid, suid);
}

long sys_getresuid(u32 *ruid, u32 *euid, u32 *suid)
{
	if (put_user(current->uid, ruid) || put_user(current->euid, euid) ||
	    put_user(current->suid, suid))
		return -EFAULT;
	return 0;
}

static long commit_gids(u32 rgid, u32 egid, u32 sgid)
{
	if (rgid != NO_ID)
		current->gid = rgid;
	if (egid != NO_ID)
		current->egid = current->fsgid = egid;
	if (sgid != NO_ID)
		current->sgid = sgid;
	return 0;
}

long sys_setgid(u32 gid)
{
	if (gid == NO_ID)
		return -EINVAL;
	if (capable_root())
		return commit_gids(gid, gid, gid);
	if (gid != current->gid && gid != current->sgid)
		return -EPERM;
	return commit_gids(NO_ID, gid, NO_ID);
}

long sys_setregid(u32 rgid, u32 egid)
{
	u32 sgid = NO_ID;

	if (!capable_root()) {
		if (rgid != NO_ID && rgid != current->gid && rgid != current->egid)
			return -EPERM;
		if (!is_own_gid(egid))
			return -EPERM;
	}
	if (rgid != NO_ID || (egid != NO_ID && egid != current->gid))
		sgid = egid != NO_ID ? egid : current->egid;
	return commit_gids(rgid, egid, sgid);
}

long sys_setresgid(u32 rgid, u32 egid, u32 sgid)
{
	if (!capable_root() && !(is_own_gid(rgid) && is_own_gid(egid) && is_own_gid(sgid)))
		return -EPERM;
	return commit_gids(rgid, egid, sgid);
}

long sys_getresgid(u32 *rgid, u32 *egid, u32 *sgid)
{
	if (put_user(current->gid, rgid) || put_user(current->egid, egid) ||
	    put_user(current->sgid, sgid))
		return -EFAULT;
	return 0;
}

long sys_setuid16(u16 uid)
{
	return sys_setuid(low2high(uid));
}

long sys_setgid16(u16 gid)
{
	return sys_setgid(low2high(gid));
}

long sys_setreuid16(u16 ruid, u16 euid)
{
	return sys_setreuid(low2high(ruid), low2high(euid));
}

long sys_setregid16(u16 rgid, u16 egid)
{
	return sys_setregid(low2high(rgid), low2high(egid));
}

/* Both return the old id, whether they changed it or not. */
long sys_setfsuid(u32 uid)
{
	u32 old = current->fsuid;

	if (uid != NO_ID && (capable_root() || is_own_uid(uid) || uid == old))
		current->fsuid = uid;
	return (long)old;
}

long sys_setfsgid(u32 gid)
{
	u32 old = current->fsgid;

	if (gid != NO_ID && (capable_root() || is_own_gid(gid) || gid == old))
		current->fsgid = gid;
	return (long)old;
}

long sys_getgroups(int size, u32 *list)
{
	int n = current->ngroups;

	if (size < 0 || (size && size < n))
		return -EINVAL;
	if (size && copy_to_user(list, current->groups, (unsigned long)n * sizeof(u32)))
		return -EFAULT;
	return n;
}

long sys_setgroups(int size, const u32 *list)
{
	u32 groups[NGROUPS];

	if (!capable_root())
		return -EPERM;
	if (size < 0 || size > NGROUPS)
		return -EINVAL;
	if (copy_from_user(groups, list, (unsigned long)size * sizeof(u32)))
		return -EFAULT;
	for (int i = 0; i < size; i++)
		current->groups[i] = groups[i];
	current->ngroups = size;
	return 0;
}
