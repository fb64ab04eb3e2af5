/*
 * kernel/core/utsname.c - the names of this system, and /proc's view of them.
 *
 * The version has no date of building in it: the same source makes the same
 * image, byte for byte.
 */
#include <kernel/core/utsname.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/seq_file.h>

#ifdef CONFIG_DEBUG
#define UTS_VERSION	"#1 Octavo DEBUG"
#else
#define UTS_VERSION	"#1 Octavo"
#endif

struct new_utsname system_utsname = {
	.sysname = UTS_SYSNAME,
	.nodename = "octavo",
	.release = UTS_RELEASE,
	.version = UTS_VERSION,
	.machine = UTS_MACHINE,
	.domainname = "(none)",
};
DECLARE_RWSEM(uts_sem);

static int version_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%s version %s (" __VERSION__ ") %s\n", system_utsname.sysname,
			  system_utsname.release, system_utsname.version);
}
PROC_SHOW("version", version_show);

static int cmdline_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%s\n", boot_command_line);
}
PROC_SHOW("cmdline", cmdline_show);

static int ostype_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%s\n", system_utsname.sysname);
}
PROC_SHOW("sys/kernel/ostype", ostype_show);

static int osrelease_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%s\n", system_utsname.release);
}
PROC_SHOW("sys/kernel/osrelease", osrelease_show);

static int osversion_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%s\n", system_utsname.version);
}
PROC_SHOW("sys/kernel/version", osversion_show);

static int show_name(struct seq_file *m, const char *name)
{
	int err;

	down_read(&uts_sem);
	err = seq_printf(m, "%s\n", name);
	up_read(&uts_sem);
	return err;
}

static int hostname_show(struct seq_file *m, void *v)
{
	return show_name(m, system_utsname.nodename);
}
PROC_SHOW("sys/kernel/hostname", hostname_show);

static int domainname_show(struct seq_file *m, void *v)
{
	return show_name(m, system_utsname.domainname);
}
PROC_SHOW("sys/kernel/domainname", domainname_show);
