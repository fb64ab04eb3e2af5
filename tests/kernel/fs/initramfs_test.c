/*
 * tests/kernel/fs/initramfs_test.c - good archives, and every bad one we could think of.
 */
#include <kernel/fs/initramfs.h>

#include <lib/crc32.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/vsnprintf.h>
#include <mm/phys/slab.h>
#include <tests/kernel/fail_alloc.h>
#include <tests/kernel/fs/fs_test.h>

#define ROOM	16384

struct archive {
	char *buf;
	size_t len;
};

static void pad(struct archive *a)
{
	while (a->len & 3)
		a->buf[a->len++] = '\0';
}

static void entry(struct archive *a, const char *name, unsigned int mode, unsigned int ino,
		  unsigned int nlink, const char *body, size_t len)
{
	a->len += (size_t)snprintf(a->buf + a->len, ROOM - a->len,
		"070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		ino, mode, 0u, 0u, nlink, 1000u, (unsigned int)len, 0u, 0u, 0u, 0u,
		(unsigned int)strlen(name) + 1, 0u);
	memcpy(a->buf + a->len, name, strlen(name) + 1);
	a->len += strlen(name) + 1;
	pad(a);
	memcpy(a->buf + a->len, body, len);
	a->len += len;
	pad(a);
}

static void trailer(struct archive *a)
{
	entry(a, "TRAILER!!!", 0, 0, 1, "", 0);
}

static bool begin(struct archive *a)
{
	a->buf = kzalloc(ROOM, GFP_KERNEL);
	a->len = 0;
	return a->buf;
}

/* One of each kind. */
static void sample(struct archive *a)
{
	entry(a, "dir", S_IFDIR | 0750, 1, 2, "", 0);
	entry(a, "dir/file", S_IFREG | 0640, 2, 1, "hello", 5);
	entry(a, "link", S_IFLNK | 0777, 3, 1, "dir/file", 8);
	entry(a, "empty", S_IFREG | 0600, 4, 1, "", 0);
	entry(a, "fifo", S_IFIFO | 0600, 5, 1, "", 0);
	trailer(a);
}

static void expect_sample(struct ktest *t)
{
	struct kstat st;
	char buf[32];

	KEXPECT_EQ(t, file_text("link", buf, sizeof(buf)), 5l);
	KEXPECT_STREQ(t, buf, "hello");
	KEXPECT_EQ(t, stat_name("dir", 0, &st), 0l);
	KEXPECT_EQ(t, st.mode, S_IFDIR | 0750);
	KEXPECT_EQ(t, stat_name("dir/file", 0, &st), 0l);
	KEXPECT_EQ(t, st.mode, S_IFREG | 0640);
	KEXPECT_EQ(t, st.mtime.tv_sec, 1000ll);
	KEXPECT_EQ(t, stat_name("link", 0, &st), 0l);
	KEXPECT_EQ(t, st.mode & S_IFMT, S_IFLNK);
	KEXPECT_EQ(t, stat_name("empty", 0, &st), 0l);
	KEXPECT_EQ(t, st.size, 0ll);
	KEXPECT_EQ(t, stat_name("fifo", 0, &st), 0l);
	KEXPECT_EQ(t, st.mode, S_IFIFO | 0600);
}

/* Every kind of entry arrives with mode, time and content. */
KTEST(initramfs, kinds)
{
	struct archive a;
	struct jail jail;

	KASSERT(t, begin(&a) && begin_jail(&jail));
	sample(&a);
	KEXPECT(t, !unpack_to_rootfs(a.buf, a.len, NULL));
	expect_sample(t);
	end_jail(&jail);
	kfree(a.buf);
}

/* Several archives with zeros between; a later entry replaces an earlier one. */
KTEST(initramfs, several)
{
	struct archive a;
	struct jail jail;
	struct kstat st;
	char buf[32];

	KASSERT(t, begin(&a) && begin_jail(&jail));
	sample(&a);
	a.len += 512 - a.len % 512;
	entry(&a, "dir", S_IFDIR | 0700, 1, 2, "", 0);
	entry(&a, "dir/file", S_IFREG | 0600, 2, 1, "second", 6);
	entry(&a, "empty", S_IFLNK | 0777, 3, 1, "link", 4);
	entry(&a, "link", S_IFREG | 0600, 9, 1, "no link now", 11);
	trailer(&a);
	a.len += 1000;
	KEXPECT(t, !unpack_to_rootfs(a.buf, a.len, NULL));
	KEXPECT_EQ(t, file_text("dir/file", buf, sizeof(buf)), 6l);
	KEXPECT_STREQ(t, buf, "second");
	KEXPECT_EQ(t, file_text("empty", buf, sizeof(buf)), 11l);
	KEXPECT_EQ(t, stat_name("dir", 0, &st), 0l);
	KEXPECT_EQ(t, st.mode, S_IFDIR | 0700);
	end_jail(&jail);
	kfree(a.buf);
}

/* Hard links, the content with the last or with the first; a replaced name leaves the others. */
KTEST(initramfs, hard_links)
{
	struct archive a;
	struct jail jail;
	struct kstat s1, s2;
	char buf[32];

	KASSERT(t, begin(&a) && begin_jail(&jail));
	entry(&a, "a1", S_IFREG | 0600, 7, 2, "", 0);
	entry(&a, "b1", S_IFREG | 0600, 8, 2, "first", 5);
	entry(&a, "a2", S_IFREG | 0600, 7, 2, "last", 4);
	entry(&a, "b2", S_IFREG | 0600, 8, 2, "", 0);
	trailer(&a);
	/* In another archive equal inode numbers mean nothing. */
	entry(&a, "c", S_IFREG | 0600, 7, 2, "other", 5);
	entry(&a, "b1", S_IFREG | 0600, 5, 1, "new", 3);
	trailer(&a);
	KEXPECT(t, !unpack_to_rootfs(a.buf, a.len, NULL));
	stat_name("a1", 0, &s1);
	stat_name("a2", 0, &s2);
	KEXPECT_EQ(t, s1.ino, s2.ino);
	KEXPECT_EQ(t, s1.nlink, 2u);
	file_text("a1", buf, sizeof(buf));
	KEXPECT_STREQ(t, buf, "last");
	file_text("b2", buf, sizeof(buf));
	KEXPECT_STREQ(t, buf, "first");
	file_text("b1", buf, sizeof(buf));
	KEXPECT_STREQ(t, buf, "new");
	stat_name("c", 0, &s2);
	KEXPECT_EQ(t, s2.nlink, 1u);
	end_jail(&jail);
	kfree(a.buf);
}

/* A gzip member made by hand: stored blocks, which need no compressor. */
static size_t gzip_stored(unsigned char *out, const char *in, size_t len)
{
	static const unsigned char head[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	u32 crc = ~crc32_le(~0u, in, len);
	size_t n = sizeof(head), i;

	memcpy(out, head, sizeof(head));
	out[n++] = 1;	/* the last block, stored */
	out[n++] = (unsigned char)len;
	out[n++] = (unsigned char)(len >> 8);
	out[n++] = (unsigned char)~len;
	out[n++] = (unsigned char)(~len >> 8);
	memcpy(out + n, in, len);
	n += len;
	for (i = 0; i < 4; i++)
		out[n++] = (unsigned char)(crc >> (8 * i));
	for (i = 0; i < 4; i++)
		out[n++] = (unsigned char)(len >> (8 * i));
	return n;
}

/* A plain archive, a packed one behind it, and the packed one cut and damaged. */
KTEST(initramfs, gzip)
{
	struct archive a;
	struct jail jail;
	unsigned char *gz = kzalloc(2 * ROOM, GFP_KERNEL);
	size_t n;
	char buf[32];

	KASSERT(t, gz && begin(&a) && begin_jail(&jail));
	sample(&a);
	n = gzip_stored(gz, a.buf, a.len);
	KEXPECT(t, !unpack_to_rootfs(gz, n, NULL));
	expect_sample(t);
	a.len = 0;
	memset(a.buf, 0, ROOM);
	entry(&a, "more", S_IFREG | 0600, 2, 1, "more", 4);
	trailer(&a);
	memcpy(gz + n, a.buf, a.len);
	KEXPECT(t, !unpack_to_rootfs(gz, n + a.len, NULL));
	KEXPECT_EQ(t, file_text("more", buf, sizeof(buf)), 4l);
	KEXPECT(t, unpack_to_rootfs(gz, n - 20, NULL));
	gz[n - 6] ^= 1;
	KEXPECT(t, unpack_to_rootfs(gz, n, NULL));
	end_jail(&jail);
	kfree(a.buf);
	kfree(gz);
}

/* Cut at every length: an error, and what came before is there. */
KTEST(initramfs, cut_short)
{
	struct archive a;
	struct jail jail;
	size_t len, file_end;
	char buf[32];

	KASSERT(t, begin(&a) && begin_jail(&jail));
	entry(&a, "first", S_IFREG | 0600, 2, 1, "kept", 4);
	file_end = a.len;
	sample(&a);
	for (len = 1; len < a.len; len += 3) {
		bool whole = len == file_end;	/* no trailer is needed between entries */
		const char *error = unpack_to_rootfs(a.buf, len, NULL);

		if (len < 110 || (!whole && len < file_end))
			KEXPECT(t, error);
		if (len >= file_end) {
			KEXPECT_EQ(t, file_text("first", buf, sizeof(buf)), 4l);
			KEXPECT_STREQ(t, buf, "kept");
		}
	}
	end_jail(&jail);
	kfree(a.buf);
}

/* What is no archive, or lies about itself. */
KTEST(initramfs, nonsense)
{
	struct archive a;
	struct jail jail;
	size_t good;

	KASSERT(t, begin(&a) && begin_jail(&jail));
	/* zeros only: no archive, no error */
	KEXPECT(t, !unpack_to_rootfs(a.buf, 100, NULL));
	memset(a.buf, 'x', 500);
	KEXPECT(t, unpack_to_rootfs(a.buf, 500, NULL));
	a.len = 0;
	entry(&a, "f", S_IFREG | 0600, 2, 1, "abc", 3);
	good = a.len;
	memcpy(a.buf + 6 + 6 * 8, "FFFFFFFF", 8);	/* a file of 4G */
	KEXPECT(t, unpack_to_rootfs(a.buf, good, NULL));
	a.len = 0;
	entry(&a, "f", S_IFREG | 0600, 2, 1, "abc", 3);
	memcpy(a.buf + 6 + 11 * 8, "7FFFFFFF", 8);	/* a name of 2G */
	KEXPECT(t, unpack_to_rootfs(a.buf, good, NULL));
	memcpy(a.buf + 6 + 11 * 8, "00000000", 8);
	KEXPECT(t, unpack_to_rootfs(a.buf, good, NULL));
	memcpy(a.buf + 6 + 11 * 8, "0000000G", 8);
	KEXPECT(t, unpack_to_rootfs(a.buf, good, NULL));
	a.len = 0;
	entry(&a, "no/such/dir", S_IFREG | 0600, 2, 1, "abc", 3);
	KEXPECT(t, unpack_to_rootfs(a.buf, a.len, NULL));
	a.len = 0;
	entry(&a, "kind", 0160000 | 0600, 2, 1, "", 0);
	KEXPECT(t, unpack_to_rootfs(a.buf, a.len, NULL));
	end_jail(&jail);
	kfree(a.buf);
}

/* 2,000 archives with seeded damage: whatever they make, the kernel lives and nothing leaks. */
KTEST(initramfs, fuzz)
{
	struct archive a;
	struct jail jail;
	struct rnd_state rnd;
	char *copy = kmalloc(ROOM, GFP_KERNEL);
	size_t cut;
	int i, j;

	KASSERT(t, copy && begin(&a));
	sample(&a);
	prandom_seed(&rnd, ktest_seed(1));
	for (i = 0; i < 2000; i++) {
		KASSERT(t, begin_jail(&jail));
		memcpy(copy, a.buf, a.len);
		for (j = (int)prandom_below(&rnd, 4); j >= 0; j--)
			copy[prandom_below(&rnd, (u32)a.len)] = (char)prandom_u32(&rnd);
		cut = prandom_below(&rnd, 4) ? 0 : prandom_below(&rnd, 200);
		unpack_to_rootfs(copy, a.len - cut, NULL);
		end_jail(&jail);
	}
	kfree(copy);
	kfree(a.buf);
}

static unsigned char *packed;
static size_t packed_len;

static bool unpack_it(void)
{
	return !unpack_to_rootfs(packed, packed_len, NULL);
}

/* No memory is a reason to stop: it is said, nothing is lost, and the same again succeeds. */
KTEST(fail_alloc, initramfs)
{
	struct archive a;
	struct jail jail;

	NEED_FAIL_ALLOC(t);
	packed = kzalloc(2 * ROOM, GFP_KERNEL);
	KASSERT(t, packed && begin(&a) && begin_jail(&jail));
	entry(&a, "a1", S_IFREG | 0600, 7, 2, "one", 3);
	entry(&a, "a2", S_IFREG | 0600, 7, 2, "", 0);
	sample(&a);
	packed_len = gzip_stored(packed, a.buf, a.len);
	KEXPECT(t, each_failing(t, unpack_it) >= 3);
	expect_sample(t);
	end_jail(&jail);
	kfree(a.buf);
	kfree(packed);
}
