/*
 * tests/user/smp_pipes.c - pipes between processes on all processors: two writers and two readers
 * on each pipe, and a stream larger than any pipe.  Every record arrives whole, once, and those of
 * one writer in order at each reader; the stream arrives unchanged.
 */
#define _GNU_SOURCE
#include <tests/user/smp.h>

#define PIPES		2
#define RECORDS		300		/* each writer */
#define WORDS		16		/* of a record: divides a page, so that none is torn */
#define STREAM		300000

static int fds[PIPES][2], stream[2];
static struct {
	unsigned int count[PIPES][2];	/* by writer */
	unsigned int sum[PIPES][2];
	unsigned int stream_sum, stream_len;
} *shared;

static unsigned int checksum(const unsigned int *r)
{
	unsigned int sum = 17;

	for (int i = 0; i < WORDS - 1; i++)
		sum = sum * 31 + r[i];
	return sum;
}

static int write_records(void *arg)
{
	unsigned int r[WORDS], seed = 5 + (unsigned int)(long)arg;
	int pipe = (int)(long)arg / 2;

	for (unsigned int n = 0; n < RECORDS; n++) {
		r[0] = (unsigned int)(long)arg % 2;
		r[1] = n;
		for (int i = 2; i < WORDS - 1; i++)
			r[i] = draw(&seed);
		r[WORDS - 1] = checksum(r);
		if (write(fds[pipe][1], r, sizeof(r)) != (ssize_t)sizeof(r))
			return 1;
	}
	return 0;
}

static int read_records(void *arg)
{
	unsigned int r[WORDS], next[2] = { 0, 0 };
	int pipe = (int)(long)arg / 2;
	ssize_t n;

	/* The end of the file is when all writers are gone. */
	for (int i = 0; i < PIPES; i++)
		close(fds[i][1]);
	while ((n = read(fds[pipe][0], r, sizeof(r))) > 0) {
		if (n != (ssize_t)sizeof(r) || r[WORDS - 1] != checksum(r) || r[0] > 1) {
			test_fail("a torn record of %zd bytes", n);
			return 1;
		}
		if (r[1] < next[r[0]])
			test_fail("record %u of writer %u after %u", r[1], r[0], next[r[0]]);
		next[r[0]] = r[1] + 1;
		__sync_fetch_and_add(&shared->count[pipe][r[0]], 1);
		__sync_fetch_and_add(&shared->sum[pipe][r[0]], r[1]);
	}
	expect_eq(n, 0);
	return 0;
}

static void records(void)
{
	for (int i = 0; i < PIPES; i++)
		must(pipe(fds[i]) == 0);
	for (long i = 0; i < PIPES * 2; i++) {
		start_process(read_records, i);
		start_process(write_records, i);
	}
	for (int i = 0; i < PIPES; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	join_workers();
	for (int i = 0; i < PIPES; i++)
		for (int w = 0; w < 2; w++) {
			expect_eq(shared->count[i][w], RECORDS);
			expect_eq(shared->sum[i][w], RECORDS * (RECORDS - 1) / 2);
		}
}

static unsigned char byte_at(unsigned int pos)
{
	return (unsigned char)(pos * 7 + pos / 4096);
}

static int write_stream(void *arg)
{
	static unsigned char buf[50000];
	unsigned int pos = 0, seed = 9;

	while (pos < STREAM) {
		unsigned int n = 1 + (draw(&seed) * 3u) % sizeof(buf), done = 0;

		if (n > STREAM - pos)
			n = STREAM - pos;
		for (unsigned int i = 0; i < n; i++)
			buf[i] = byte_at(pos + i);
		while (done < n) {
			ssize_t w = write(stream[1], buf + done, n - done);

			if (w <= 0)
				return 1;
			done += (unsigned int)w;
		}
		pos += n;
	}
	return 0;
}

static int read_stream(void *arg)
{
	static unsigned char buf[30000];
	unsigned int seed = 11;
	ssize_t n;

	close(stream[1]);
	while ((n = read(stream[0], buf, 1 + draw(&seed) % sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != byte_at(shared->stream_len + (unsigned int)i)) {
				test_fail("byte %u is wrong", shared->stream_len + (unsigned int)i);
				return 1;
			}
		shared->stream_len += (unsigned int)n;
	}
	return n != 0;
}

int main(void)
{
	shared = share(4096);
	records();
	must(pipe(stream) == 0);
	start_process(read_stream, 0);
	start_process(write_stream, 0);
	close(stream[0]);
	close(stream[1]);
	join_workers();
	expect_eq(shared->stream_len, STREAM);
	return test_result();
}
