/*
 * tests/user/fs_walk.c - a seeded walk of file operations against a model, byte by byte.
 *
 * usage: fs_walk [-d] [-k LIST] [DIRECTORY [STEPS]]
 *
 * Each step is one call, of reading, writing, truncating, mapping and naming files; its result
 * is compared with what fs_walk_model.h says, errno included, and every 500 steps so is the whole
 * tree: names, attributes, every page. In DIRECTORY (or walk_dir= of the kernel's command line), else
 * in a tmpfs of its own. STEPS: 10,000, or fs_walk_steps= of the command line.
 * -d drops the kernel's caches now and then, so that what is read comes from the disk. -k leaves the
 * tree in DIRECTORY/walk and writes its LIST (see list_tree()), for the host to compare.
 * calls: open close read write pread64 pwrite64 readv mmap2 msync ftruncate64 truncate64 fsync rename link
 * calls: unlink mkdir rmdir symlink readlink getdents64 lstat64 utimensat chmod fallocate syncfs
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <sys/mount.h>

#include <tests/user/fs_walk_names.h>

#define STEPS		10000u
#define CHECK_EVERY	500u
#define LISTED_SIZE	(1024 * 1024)

static const struct {
	unsigned int weight;
	void (*fn)(void);
} ops[] = {
	{ 14, op_open },	{ 6, op_close },	{ 14, op_read },
	{ 22, op_write },	{ 4, op_seek },		{ 5, op_truncate },
	{ 2, op_truncate_path }, { 3, op_sync },	{ 3, op_fallocate },
	{ 6, op_mmap },		{ 8, op_load },		{ 12, op_store },
	{ 2, op_msync },	{ 3, op_write_mapped },	{ 5, op_mkdir },
	{ 3, op_rmdir },	{ 5, op_unlink },	{ 4, op_link },
	{ 4, op_symlink },	{ 8, op_rename },	{ 6, op_stat },
	{ 2, op_readlink },	{ 3, op_readdir },	{ 2, op_chmod },
	{ 2, op_utimes },	{ 1, op_many },
};

static void step(void)
{
	unsigned int total = 0, pick, i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		total += ops[i].weight;
	pick = draw(total);
	for (i = 0; pick >= ops[i].weight; i++)
		pick -= ops[i].weight;
	ops[i].fn();
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	note("drop_caches");
	sync();
	if (fd < 0)
		return;
	if (write(fd, "3", 1) != 1)
		wrong("drop_caches: errno %d", errno);
	close(fd);
}

static void walk_along(void)
{
	root->type = DIRECTORY;
	root->nlink = 2;
	root->mode = 0755;
	for (walk.step = 0; walk.step < walk.steps; walk.step++) {
		step();
		if (walk.drop_caches && draw(400) == 0)
			drop_caches();
		if (walk.step % CHECK_EVERY == CHECK_EVERY - 1) {
			check_tree(root);
			check_inodes();
		}
	}
	let_go_of_all();
	check_tree(root);
}

/* What stands behind @name on the kernel's command line. => or NULL */
static char *command_line_word(const char *name)
{
	static char line[1024];
	FILE *f = fopen("/proc/cmdline", "r");
	char *at;

	if (!f)
		return NULL;
	line[0] = ' ';
	line[1 + fread(line + 1, 1, sizeof(line) - 2, f)] = '\0';
	fclose(f);
	at = strstr(line, name);
	if (!at)
		return NULL;
	at += strlen(name);
	at[strcspn(at, " \n")] = '\0';
	return at;
}

static void leave_list(const char *name)
{
	FILE *out = fopen(name, "w");

	must(out);
	list_tree(out, root, LISTED_SIZE);
	must(fclose(out) == 0);
}

static void in_directory(const char *dir, const char *list)
{
	must(chdir(dir) == 0 && mkdir("walk", 0755) == 0 && chdir("walk") == 0);
	walk_along();
	if (list) {
		leave_list(list);
		return;
	}
	test_empty_dir();
	must(chdir("..") == 0);
	expect_eq(rmdir("walk"), 0);
}

static void in_tmpfs(void)
{
	int mounted;

	test_tmpdir();
	must(mkdir("m", 0755) == 0);
	mounted = !mount("none", "m", "tmpfs", 0, "size=32m");
	in_directory("m", NULL);
	must(chdir(test_dir_name) == 0);
	if (mounted)
		expect_eq(umount("m"), 0);
}

int main(int argc, char **argv)
{
	const char *dir = command_line_word(" walk_dir="), *list = NULL;
	int option;

	walk.steps = test_option("fs_walk_steps", STEPS);
	while ((option = getopt(argc, argv, "dk:")) != -1) {
		walk.drop_caches |= option == 'd';
		if (option == 'k')
			list = optarg;
	}
	if (optind < argc)
		dir = argv[optind];
	if (optind + 1 < argc)
		walk.steps = (unsigned int)strtoul(argv[optind + 1], NULL, 0);
	walk.seed = getenv("SEED") ? (unsigned int)strtoul(getenv("SEED"), NULL, 0) : test_seed(5);
	walk.random = walk.seed * 2654435761u | 1;
	umask(0);
	if (dir)
		in_directory(dir, list);
	else
		in_tmpfs();
	return test_result();
}
