/*
 * kernel/sys/misc_sys.c - calls about the machine as a whole.
 *
 * Names (uname and its two older layouts, sethostname, setdomainname), figures
 * (sysinfo, getcpu), random bytes, hang-up of the terminal, and the end
 * (reboot).  What changes the system wants user 0.
 */
#include <kernel/arch/reboot.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <kernel/core/random.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/core/utsname.h>
#include <kernel/fs/tty/tty.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/reboot.h>
#include <kernel/uapi/sysinfo.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/vmstat.h>

/* ---- names ---- */

static long copy_names(void __user *name, size_t size)
{
	struct new_utsname copy;

	down_read(&uts_sem);
	copy = system_utsname;
	up_read(&uts_sem);
	return copy_to_user(name, &copy, size) ? -EFAULT : 0;
}

long sys_newuname(struct new_utsname __user *name)
{
	return copy_names(name, sizeof(*name));
}

/* The second layout is the third without its last field. */
long sys_olduname(struct new_utsname __user *name)
{
	return copy_names(name, offsetof(struct new_utsname, domainname));
}

long sys_oldolduname(struct oldold_utsname __user *name)
{
	struct oldold_utsname old;

	memset(&old, 0, sizeof(old));
	down_read(&uts_sem);
	strlcpy(old.sysname, system_utsname.sysname, sizeof(old.sysname));
	strlcpy(old.nodename, system_utsname.nodename, sizeof(old.nodename));
	strlcpy(old.release, system_utsname.release, sizeof(old.release));
	strlcpy(old.version, system_utsname.version, sizeof(old.version));
	strlcpy(old.machine, system_utsname.machine, sizeof(old.machine));
	up_read(&uts_sem);
	return copy_to_user(name, &old, sizeof(old)) ? -EFAULT : 0;
}

static long set_name(char *field, const char __user *name, long len)
{
	char text[__NEW_UTS_LEN + 1];

	if (!capable_root())
		return -EPERM;
	if (len < 0 || len > __NEW_UTS_LEN)
		return -EINVAL;
	memset(text, 0, sizeof(text));
	if (copy_from_user(text, name, (unsigned long)len))
		return -EFAULT;
	down_write(&uts_sem);
	memcpy(field, text, sizeof(text));
	up_write(&uts_sem);
	return 0;
}

long sys_sethostname(const char __user *name, long len)
{
	return set_name(system_utsname.nodename, name, len);
}

long sys_setdomainname(const char __user *name, long len)
{
	return set_name(system_utsname.domainname, name, len);
}

/* ---- figures ---- */

long sys_sysinfo(struct sysinfo __user *user)
{
	struct sysinfo_pages pages;
	struct sysinfo info;
	int i;

	memset(&info, 0, sizeof(info));
	si_meminfo(&pages);
	info.uptime = (long)div_u64(ktime_get_ns(), NSEC_PER_SEC);
	for (i = 0; i < 3; i++)
		info.loads[i] = READ_ONCE(avenrun[i]) << (SI_LOAD_SHIFT - FSHIFT);
	info.procs = (unsigned short)READ_ONCE(nr_threads);
	info.totalram = pages.totalram;
	info.freeram = pages.freeram;
	info.sharedram = pages.sharedram;
	info.bufferram = pages.bufferram;
	info.totalswap = pages.totalswap;
	info.freeswap = pages.freeswap;
	info.totalhigh = pages.totalhigh;
	info.freehigh = pages.freehigh;
	info.mem_unit = PAGE_SIZE;
	/* Old programs know no unit: give them bytes as long as the sum fits into a long. */
	if (info.totalram + info.totalswap < (ULONG_MAX >> PAGE_SHIFT)) {
		unsigned long *p;

		for (p = &info.totalram; p <= &info.freeswap; p++)
			*p <<= PAGE_SHIFT;
		info.totalhigh <<= PAGE_SHIFT;
		info.freehigh <<= PAGE_SHIFT;
		info.mem_unit = 1;
	}
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

long sys_getcpu(unsigned int __user *cpu, unsigned int __user *node, void __user *unused)
{
	if (cpu && put_user((unsigned int)smp_processor_id(), cpu))
		return -EFAULT;
	if (node && put_user((unsigned int)numa_node_id(), node))
		return -EFAULT;
	return 0;
}

/* ---- random bytes ---- */

#define GRND_NONBLOCK	1u
#define GRND_RANDOM	2u
#define GRND_INSECURE	4u

/* Never waits: the generator has its seed since boot, for what it is worth. */
long sys_getrandom(char __user *buf, size_t count, unsigned int flags)
{
	size_t done = 0, n;
	u8 chunk[64];

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	count = min_t(size_t, count, INT_MAX);
	while (done < count) {
		n = min(count - done, sizeof(chunk));
		get_random_bytes(chunk, n);
		if (copy_to_user(buf + done, chunk, n))
			return done ? (long)done : -EFAULT;
		done += n;
		cond_resched();
		if (signal_pending(current))
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	barrier();
	return (long)done;
}

/* ---- the terminal, the end ---- */

long sys_vhangup(void)
{
	if (!capable_root())
		return -EPERM;
	tty_vhangup();
	return 0;
}

static bool reboot_magic(u32 magic1, u32 magic2)
{
	return magic1 == LINUX_REBOOT_MAGIC1 &&
	       (magic2 == LINUX_REBOOT_MAGIC2 || magic2 == LINUX_REBOOT_MAGIC2A ||
		magic2 == LINUX_REBOOT_MAGIC2B || magic2 == LINUX_REBOOT_MAGIC2C);
}

/* No disk holds anything back, so there is nothing to write out first. */
long sys_reboot(u32 magic1, u32 magic2, u32 cmd, const char __user *arg)
{
	char text[64];

	if (!capable_root())
		return -EPERM;
	if (!reboot_magic(magic1, magic2))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;	/* Ctrl-Alt-Del never did anything here */
	case LINUX_REBOOT_CMD_RESTART:
		pr_emerg("reboot: Restarting system\n");
		machine_restart();
	case LINUX_REBOOT_CMD_RESTART2:
		if (strncpy_from_user(text, arg, sizeof(text)) < 0)
			return -EFAULT;
		text[sizeof(text) - 1] = '\0';
		pr_emerg("reboot: Restarting system with command '%s'\n", text);
		machine_restart();
	case LINUX_REBOOT_CMD_HALT:
		pr_emerg("reboot: System halted\n");
		machine_halt();
	case LINUX_REBOOT_CMD_POWER_OFF:
		pr_emerg("reboot: Power down\n");
		machine_power_off();
	}
	return -EINVAL;
}
