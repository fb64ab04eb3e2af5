/*
 * tests/user/fs_walk_data.h - the walk's operations on content: open files and mappings.
 *
 * Offsets lie near each other, near the ends of pages and files, and near the places where a file
 * of blocks changes from one kind of indirection to the next, up to 4G and more.
 */
#ifndef OCTAVO_TESTS_USER_FS_WALK_DATA_H
#define OCTAVO_TESTS_USER_FS_WALK_DATA_H

#include <sys/mman.h>
#include <sys/uio.h>

#include <tests/user/fs_walk_check.h>

#define NR_FILES	10
#define NR_MAPS		6
#define MAX_PAGES	3072u		/* of all files: 12 MiB */
#define MAP_PAGES	16u

static struct open_file {
	int fd, flags;
	int64_t pos;
	struct node *n;			/* NULL: closed */
} files[NR_FILES];

static struct mapping {
	unsigned char *at;
	int64_t offset;
	size_t len;
	struct node *n;			/* NULL: none */
} maps[NR_MAPS];

static bool can_read(const struct open_file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool can_write(const struct open_file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

static struct node *any_dir(void)
{
	struct node *n;

	do {
		n = &nodes[draw(NR_NODES)];
	} while (n->type != DIRECTORY);
	return n;
}

/* A directory and a name, rather one that is there. */
static struct node *any_place(int *name)
{
	struct node *dir = any_dir();

	for (int i = 0; i < 30; i++) {
		*name = (int)draw(NR_NAMES);
		if (dir->child[*name] || chance(10))
			break;
		if (is_empty(dir))
			dir = any_dir();
	}
	return dir;
}

/* => NULL: none is open */
static struct open_file *any_file(void)
{
	unsigned int start = draw(NR_FILES);

	for (unsigned int i = 0; i < NR_FILES; i++)
		if (files[(start + i) % NR_FILES].n)
			return &files[(start + i) % NR_FILES];
	return NULL;
}

static int64_t any_offset(const struct node *n)
{
	static const int64_t bends[] = {
		12 << 10, 268 << 10, 65804ll << 10,	/* blocks of 1K */
		48 << 10, 4144 << 10, 4198448ll << 10,	/* blocks of 4K */
		0x7fffffff, 0x100000000ll,
	};
	int64_t base = 0;

	switch (draw(8)) {
	case 0:
		base = n->size;
		break;
	case 1:
		base = bends[draw(sizeof(bends) / sizeof(bends[0]))];
		break;
	case 2:
	case 3:
		base = (int64_t)draw(96) * 1024;
		break;
	default:
		return (int64_t)draw(n->size > 64 * 1024 ? 64 * 1024 : (unsigned int)n->size + 5000);
	}
	base += (int64_t)draw(9) - 4;
	return base < 0 ? 0 : base;
}

static size_t any_count(void)
{
	return draw(10) ? draw(3 * PAGE) : draw(64 * 1024);
}

/* Bytes that are nowhere else. */
static void fill(unsigned char *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (unsigned char)(walk.step * 61 + i * 7 + i / 251 + 1);
}

/* ---- open files ----------------------------------------------------------------------------- */

static void close_file(struct open_file *f)
{
	must(close(f->fd) == 0);
	f->n->users--;
	node_free_if_unused(f->n);
	f->n = NULL;
}

/* What opening @at should say. */
static int open_errno(const struct place *at, int flags)
{
	const struct node *n = at->node;

	if (at->err)
		return at->err;
	if (!n)
		return flags & O_CREAT ? 0 : ENOENT;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return EEXIST;
	if ((flags & O_DIRECTORY) && n->type != DIRECTORY)
		return ENOTDIR;
	return n->type == SYMLINK ? ELOOP : n->type == DIRECTORY ? EISDIR : 0;
}

static int any_flags(void)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR };
	int flags = modes[draw(5)] | O_LARGEFILE;

	if (chance(60))
		flags |= O_CREAT | (chance(20) ? O_EXCL : 0);
	else if (chance(10))
		flags |= O_DIRECTORY;
	if (chance(15))
		flags |= O_NOFOLLOW;
	if (chance(15))
		flags |= O_APPEND;
	if ((flags & O_ACCMODE) != O_RDONLY && chance(15))
		flags |= O_TRUNC;
	return flags;
}

static void opened(struct open_file *f, struct place *at, int flags, unsigned int mode)
{
	struct stat st;

	if (!at->node) {
		at->node = new_node(REG, mode);
		must(at->node);
		enter(at->dir, at->name, at->node);
	} else if (flags & O_TRUNC) {
		content_truncate(at->node, 0);
	}
	f->n = at->node;
	f->n->users++;
	f->flags = flags;
	f->pos = 0;
	must(fstat(f->fd, &st) == 0);
	check_stat(f->n, &st);
}

static bool room_for_a_node(void)
{
	for (struct node *n = nodes; n < nodes + NR_NODES; n++)
		if (n->type == FREE)
			return true;
	return false;
}

static void op_open(void)
{
	struct open_file *f = &files[draw(NR_FILES)];
	unsigned int mode = 0600 | draw(0200);
	int name, flags = any_flags(), err;
	struct node *dir = any_place(&name);
	struct place at;
	char path[PATH_MAX];

	at = find_place(dir, name, !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) !=
			(O_CREAT | O_EXCL));
	err = open_errno(&at, flags);
	if (err < 0 || (!at.node && !room_for_a_node()))
		return;
	/* Directories are read by the checks. */
	if (at.node && at.node->type == DIRECTORY && !(flags & O_CREAT) && !can_write(&(struct
	    open_file){ .flags = flags }))
		return;
	if (f->n)
		close_file(f);
	note("open %s flags %o mode %o", path_to(dir, name, path), flags, mode);
	f->fd = open(path, flags, mode);
	expect_result(f->fd, err);
	if (!err)
		opened(f, &at, flags, mode);
}

static void op_close(void)
{
	struct open_file *f = any_file();

	if (!f)
		return;
	note("close %d", f->fd);
	close_file(f);
}

static void check_read(const struct open_file *f, ssize_t got, int64_t offset, size_t count)
{
	size_t there;

	expect_result(got, can_read(f) ? 0 : EBADF);
	if (got < 0)
		return;
	there = content_read(f->n, offset, want, count);
	if ((size_t)got != there)
		wrong("read: %zd bytes, not %zu", got, there);
	expect_bytes(buf, want, there, offset, "read");
}

static ssize_t read_parts(int fd, size_t count)
{
	size_t first = draw((unsigned int)count + 1);
	struct iovec v[2] = { { buf, first }, { buf + first, count - first } };

	return readv(fd, v, 2);
}

static void op_read(void)
{
	struct open_file *f = any_file();
	size_t count = any_count();
	int64_t offset;
	ssize_t got;

	if (!f)
		return;
	offset = chance(50) ? any_offset(f->n) : -1;
	note("read fd %d, %zu at %lld (%lld)", f->fd, count, (long long)offset, (long long)f->pos);
	if (offset >= 0) {
		got = pread(f->fd, buf, count, offset);
		check_read(f, got, offset, count);
		return;
	}
	got = chance(20) ? read_parts(f->fd, count) : read(f->fd, buf, count);
	check_read(f, got, f->pos, count);
	if (got > 0)
		f->pos += got;
}

static void op_write(void)
{
	struct open_file *f = any_file();
	size_t count = any_count();
	int64_t offset, at;
	ssize_t got;

	if (!f)
		return;
	if (pages_in_use > MAX_PAGES) {
		note("truncate fd %d: enough written", f->fd);
		if (can_write(f) && !ftruncate(f->fd, 0))
			content_truncate(f->n, 0);
		return;
	}
	offset = chance(60) ? any_offset(f->n) : -1;
	at = f->flags & O_APPEND ? f->n->size : offset >= 0 ? offset : f->pos;
	note("write fd %d, %zu at %lld (%lld), size %lld", f->fd, count, (long long)offset,
	     (long long)f->pos, (long long)f->n->size);
	fill(buf, count);
	got = offset >= 0 ? pwrite(f->fd, buf, count, offset) : write(f->fd, buf, count);
	expect_result(got, can_write(f) ? 0 : EBADF);
	if (got < 0)
		return;
	if ((size_t)got != count)
		wrong("write: %zd of %zu bytes (errno %d)", got, count, errno);
	content_write(f->n, at, buf, count);
	if (offset < 0)
		f->pos = (f->flags & O_APPEND) && !count ? f->pos : at + got;
}

static void op_seek(void)
{
	struct open_file *f = any_file();
	int64_t to, got;
	int whence;

	if (!f)
		return;
	whence = (int)draw(3);
	to = any_offset(f->n) - (whence ? (int64_t)draw(5000) : 0);
	note("lseek fd %d to %lld, %d", f->fd, (long long)to, whence);
	got = lseek(f->fd, to, whence);
	to += whence == SEEK_CUR ? f->pos : whence == SEEK_END ? f->n->size : 0;
	expect_result(got < 0 ? -1 : 0, to < 0 ? EINVAL : 0);
	if (to >= 0 && got != to)
		wrong("lseek: %lld, not %lld", (long long)got, (long long)to);
	if (to >= 0)
		f->pos = to;
}

static void op_truncate(void)
{
	struct open_file *f = any_file();
	int64_t size;

	if (!f)
		return;
	size = any_offset(f->n);
	note("ftruncate fd %d from %lld to %lld", f->fd, (long long)f->n->size, (long long)size);
	expect_result(ftruncate(f->fd, size), can_write(f) ? 0 : EINVAL);
	if (can_write(f))
		content_truncate(f->n, size);
}

static void op_truncate_path(void)
{
	int name;
	struct node *dir = any_place(&name);
	struct place at = find_place(dir, name, true);
	int64_t size;
	char path[PATH_MAX];

	if (at.err < 0)
		return;
	size = at.node ? any_offset(at.node) : 0;
	note("truncate %s to %lld", path_to(dir, name, path), (long long)size);
	expect_result(truncate(path, size), at.err ? at.err : !at.node ? ENOENT :
		      at.node->type == DIRECTORY ? EISDIR : 0);
	if (!at.err && at.node && at.node->type == REG)
		content_truncate(at.node, size);
}

static void op_sync(void)
{
	struct open_file *f = any_file();

	if (!f)
		return;
	note("sync fd %d", f->fd);
	switch (draw(6)) {
	case 0:
		expect_result(syncfs(f->fd), 0);
		break;
	case 1:
	case 2:
		expect_result(fdatasync(f->fd), 0);
		break;
	default:
		expect_result(fsync(f->fd), 0);
		break;
	}
	if (chance(50))
		posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* Where the file system can: a hole, or room beyond the end. */
static void op_fallocate(void)
{
	struct open_file *f = any_file();
	int64_t offset, len, end;
	bool hole = chance(60);

	if (!f || !can_write(f))
		return;
	offset = any_offset(f->n);
	len = 1 + (int64_t)any_count();
	end = offset + len;
	note("fallocate fd %d, %s %lld at %lld", f->fd, hole ? "hole" : "room", (long long)len,
	     (long long)offset);
	if (fallocate(f->fd, hole ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : 0, offset, len)) {
		if (errno != EOPNOTSUPP)
			expect_result(-1, 0);
		return;
	}
	f->n->mtime = 0;
	if (hole)
		content_zero(f->n, offset, end < f->n->size ? end : f->n->size);
	else if (end > f->n->size)
		f->n->size = end;
}

/* ---- mappings ------------------------------------------------------------------------------- */

static void unmap(struct mapping *m)
{
	must(munmap(m->at, m->len) == 0);
	m->n->users--;
	node_free_if_unused(m->n);
	m->n = NULL;
}

static void op_mmap(void)
{
	struct mapping *m = &maps[draw(NR_MAPS)];
	struct open_file *f = any_file();
	size_t len = (1 + draw(MAP_PAGES)) * PAGE;
	int64_t offset;
	void *at;

	if (m->n) {
		note("munmap %p", (void *)m->at);
		unmap(m);
		return;
	}
	if (!f)
		return;
	offset = any_offset(f->n) / PAGE * PAGE;
	note("mmap fd %d, %zu at %lld", f->fd, len, (long long)offset);
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, offset);
	expect_result(at == MAP_FAILED ? -1 : 0, (f->flags & O_ACCMODE) == O_RDWR ? 0 : EACCES);
	if (at == MAP_FAILED)
		return;
	*m = (struct mapping){ .at = at, .offset = offset, .len = len, .n = f->n };
	m->n->users++;
}

/* Some bytes of some mapping, none beyond the end of its file. => how many; 0: there are none */
static size_t any_mapped(struct mapping **m, size_t *from)
{
	unsigned int start = draw(NR_MAPS);
	int64_t there;
	size_t count;

	for (unsigned int i = 0; i < NR_MAPS; i++) {
		*m = &maps[(start + i) % NR_MAPS];
		if (!(*m)->n || (*m)->n->size <= (*m)->offset)
			continue;
		there = (*m)->n->size - (*m)->offset;
		count = there < (int64_t)(*m)->len ? (size_t)there : (*m)->len;
		*from = draw((unsigned int)count);
		return 1 + draw((unsigned int)(count - *from));
	}
	return 0;
}

static void op_load(void)
{
	struct mapping *m;
	size_t from, count = any_mapped(&m, &from);

	if (!count)
		return;
	note("load %zu at %p + %zu (%lld)", count, (void *)m->at, from, (long long)m->offset);
	content_read(m->n, m->offset + (int64_t)from, want, count);
	expect_bytes(m->at + from, want, count, m->offset + (int64_t)from, "mapping");
}

static void op_store(void)
{
	struct mapping *m;
	size_t from, count = any_mapped(&m, &from);

	if (!count || pages_in_use > MAX_PAGES)
		return;
	if (chance(70) && count > 300)
		count = 1 + draw(300);
	note("store %zu at %p + %zu (%lld)", count, (void *)m->at, from, (long long)m->offset);
	fill(buf, count);
	memcpy(m->at + from, buf, count);
	content_write(m->n, m->offset + (int64_t)from, buf, count);
}

static void op_msync(void)
{
	struct mapping *m;
	size_t from;

	if (!any_mapped(&m, &from))
		return;
	note("msync %p", (void *)m->at);
	expect_result(msync(m->at, m->len, chance(70) ? MS_SYNC : MS_ASYNC), 0);
	if (chance(50))
		expect_result(madvise(m->at, m->len, MADV_DONTNEED), 0);
}

/* A file written from another's mapping: what faults is a page of a file itself. */
static void op_write_mapped(void)
{
	struct open_file *f = any_file();
	struct mapping *m;
	size_t from, count = any_mapped(&m, &from);
	int64_t at;
	ssize_t got;

	if (!count || !f || f->n == m->n || !can_write(f) || pages_in_use > MAX_PAGES)
		return;
	at = f->flags & O_APPEND ? f->n->size : any_offset(f->n);
	note("write fd %d, %zu at %lld from %p + %zu", f->fd, count, (long long)at, (void *)m->at,
	     from);
	got = pwrite(f->fd, m->at + from, count, at);
	if (got != (ssize_t)count)
		wrong("pwrite: %zd of %zu (errno %d)", got, count, errno);
	content_read(m->n, m->offset + (int64_t)from, want, count);
	content_write(f->n, at, want, count);
}

static void let_go_of_all(void)
{
	for (int i = 0; i < NR_FILES; i++)
		if (files[i].n)
			close_file(&files[i]);
	for (int i = 0; i < NR_MAPS; i++)
		if (maps[i].n)
			unmap(&maps[i]);
}

#endif
