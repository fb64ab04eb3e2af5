/*
 * kernel/fs/ext2/options.c - what mount -o may say, and what /proc/mounts says about it.
 *
 * Theory.  The options are words with commas between them.  What is true of every mount (ro,
 * noatime, sync...) came as flags and never gets here, but for sync in a list given to a kernel
 * command line's rootflags=.  An unknown word refuses the mount: whoever wrote it relies on it.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/mount.h>
#include <lib/string.h>
#include <lib/strtox.h>

/* Is the word of @len bytes at @p @name, or does it begin with @name if that ends in '='? */
static bool word_is(const char *p, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (name[n - 1] == '=' ? len < n : len != n)
		return false;
	return !strncmp(p, name, n);
}

static int number(const char *p, size_t len, u32 *value)
{
	char *end;
	unsigned long n = simple_strtoul(p, &end, 0);

	if (!len || end != p + len)
		return -EINVAL;
	*value = (u32)n;
	return 0;
}

static int errors_word(const char *p, size_t len, unsigned int *errors)
{
	if (word_is(p, len, "continue"))
		*errors = EXT2_ERRORS_CONTINUE;
	else if (word_is(p, len, "remount-ro"))
		*errors = EXT2_ERRORS_RO;
	else if (word_is(p, len, "panic"))
		*errors = EXT2_ERRORS_PANIC;
	else
		return -EINVAL;
	return 0;
}

static int parse_word(const char *p, size_t len, struct ext2_mount_options *opt,
		      unsigned long *flags)
{
	if (word_is(p, len, "errors="))
		return errors_word(p + 7, len - 7, &opt->errors);
	if (word_is(p, len, "resuid="))
		return number(p + 7, len - 7, &opt->resuid);
	if (word_is(p, len, "resgid="))
		return number(p + 7, len - 7, &opt->resgid);
	if (word_is(p, len, "sync")) {
		*flags |= MS_SYNCHRONOUS;
		return 0;
	}
	if (word_is(p, len, "ro")) {
		*flags |= MS_RDONLY;
		return 0;
	}
	return word_is(p, len, "rw") || !len ? 0 : -EINVAL;
}

int ext2_parse_options(const char *data, struct ext2_mount_options *opt, unsigned long *flags)
{
	struct ext2_mount_options parsed = *opt;
	unsigned long new_flags = *flags;

	while (data && *data) {
		size_t len = strcspn(data, ",");

		if (parse_word(data, len, &parsed, &new_flags)) {
			pr_err("EXT2-fs: mount option not known, or its value: \"%.*s\"\n",
			       (int)min_t(size_t, len, 64), data);
			return -EINVAL;
		}
		data += len + (data[len] == ',');
	}
	*opt = parsed;
	*flags = new_flags;
	return 0;
}

int ext2_show_options(struct seq_file *m, struct super_block *sb)
{
	static const char *const names[] = {
		[EXT2_ERRORS_CONTINUE] = "continue", [EXT2_ERRORS_RO] = "remount-ro",
		[EXT2_ERRORS_PANIC] = "panic",
	};
	const struct ext2_mount_options *opt = &EXT2_SB(sb)->s_opt;
	const struct ext2_super_block *es = EXT2_SB(sb)->s_es;

	if (opt->errors != es->s_errors)
		seq_printf(m, ",errors=%s", names[opt->errors]);
	if (opt->resuid != es->s_def_resuid)
		seq_printf(m, ",resuid=%u", opt->resuid);
	if (opt->resgid != es->s_def_resgid)
		seq_printf(m, ",resgid=%u", opt->resgid);
	return 0;
}
