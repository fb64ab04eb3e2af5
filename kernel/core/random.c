/*
 * kernel/core/random.c - random bytes by ChaCha20.
 *
 * Theory.  A key of 32 bytes is all the state.  A request encrypts a block of
 * zeros under it: the first 32 bytes of the key stream become the next key at
 * once, the rest goes to the caller ("fast key erasure"), so that who reads the
 * memory later cannot compute what was handed out before.  Input is mixed in by
 * XOR into the key, followed by one such step.
 *
 * What goes in: the date, the low bits of the time stamp counter while it is
 * read against the slow ports of the PC (how long a port takes varies), the
 * hardware generator if the processor has one, and with every request the
 * time at which it was made and the number of interrupts so far.
 *
 * How good it is: the cipher is well studied, the seed is not.  Nobody has
 * measured how much of it an attacker could guess, and in an emulator that
 * counts instructions there is little to guess.  Enough for stack protectors,
 * temporary names and shuffling; not for keys that guard something.
 *
 * Locking: random_lock, interrupts off, for one block at a time.
 *
 * References: RFC 8439 (ChaCha20); Bernstein, "Fast-key-erasure random-number
 * generators", 2017; Intel SDM volume 1, section 7.3.17 (RDRAND).
 */
#include <kernel/core/random.h>

#include <kernel/arch/io.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/rtc.h>
#include <kernel/core/irq.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <lib/bitops.h>
#include <lib/compiler.h>
#include <lib/kernel.h>
#include <lib/string.h>

#define CHACHA_KEY_WORDS	8
#define CHACHA_BLOCK_WORDS	16
#define CHACHA_ROUNDS		20
#define BLOCK_OUTPUT		((CHACHA_BLOCK_WORDS - CHACHA_KEY_WORDS) * sizeof(u32))
#define X86_FEATURE_RDRAND	(32 + 30)
#define SEED_SAMPLES		256
#define PORT_SLOW		0x80	/* the POST code port: reading it takes about a microsecond */

static DEFINE_SPINLOCK(random_lock);
static u32 key[CHACHA_KEY_WORDS];	/* [random_lock] */
static u64 steps;			/* [random_lock] the nonce: keys made so far */

/*
 * Words made ahead for get_random_u32(), as one long key stream: its beginning becomes
 * the next key, the words behind are each erased as they are given away.
 */
#define BATCH_BLOCKS	4
static u32 batch[BATCH_BLOCKS * CHACHA_BLOCK_WORDS];	/* [random_lock] */
static unsigned int batch_left = CHACHA_KEY_WORDS;	/* [random_lock] good: [KEY_WORDS, this) */

static inline u32 rotl(u32 x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

static __always_inline void quarter_round(u32 *x, int a, int b, int c, int d)
{
	x[a] += x[b]; x[d] = rotl(x[d] ^ x[a], 16);
	x[c] += x[d]; x[b] = rotl(x[b] ^ x[c], 12);
	x[a] += x[b]; x[d] = rotl(x[d] ^ x[a], 8);
	x[c] += x[d]; x[b] = rotl(x[b] ^ x[c], 7);
}

/* The key stream's block for @in: constants, key, counter, nonce. */
static void chacha20_block(const u32 *in, u32 *out)
{
	u32 x[CHACHA_BLOCK_WORDS];
	int i;

	memcpy(x, in, sizeof(x));
	for (i = 0; i < CHACHA_ROUNDS; i += 2) {
		quarter_round(x, 0, 4, 8, 12);
		quarter_round(x, 1, 5, 9, 13);
		quarter_round(x, 2, 6, 10, 14);
		quarter_round(x, 3, 7, 11, 15);
		quarter_round(x, 0, 5, 10, 15);
		quarter_round(x, 1, 6, 11, 12);
		quarter_round(x, 2, 7, 8, 13);
		quarter_round(x, 3, 4, 9, 14);
	}
	for (i = 0; i < CHACHA_BLOCK_WORDS; i++)
		out[i] = x[i] + in[i];
}

/* One step: @nr blocks of key stream, whose beginning is the next key. => random_lock held */
static void next_key(u32 *stream, unsigned int nr)
{
	u32 in[CHACHA_BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(in + 4, key, sizeof(key));
	in[13] = (u32)steps;
	in[14] = (u32)(steps >> 32);
	steps++;
	for (in[12] = 0; in[12] < nr; in[12]++)
		chacha20_block(in, stream + in[12] * CHACHA_BLOCK_WORDS);
	memcpy(key, stream, sizeof(key));
	memset(stream, 0, sizeof(key));
}

/* A new key, and BLOCK_OUTPUT bytes. => random_lock held */
static void next_block(void *out)
{
	u32 stream[CHACHA_BLOCK_WORDS];

	next_key(stream, 1);
	memcpy(out, stream + CHACHA_KEY_WORDS, BLOCK_OUTPUT);
}

/* => random_lock held */
static void mix(const void *data, size_t len)
{
	const u8 *p = data;
	u8 discard[BLOCK_OUTPUT];
	size_t i;

	while (len) {
		size_t n = min(len, sizeof(key));

		for (i = 0; i < n; i++)
			((u8 *)key)[i] ^= p[i];
		next_block(discard);
		p += n;
		len -= n;
	}
}

void add_device_randomness(const void *buf, size_t len)
{
	unsigned long flags;

	spin_lock_irqsave(&random_lock, flags);
	mix(buf, len);
	spin_unlock_irqrestore(&random_lock, flags);
}

/* The moment, as precisely as this machine knows it. => a step follows; random_lock held */
static void stir_in_time(void)
{
	u64 now = ktime_get_ns(), tsc = boot_cpu_has(X86_FEATURE_TSC) ? rdtsc() : 0;

	key[0] ^= (u32)now;
	key[1] ^= (u32)(now >> 32);
	key[2] ^= (u32)tsc;
	key[3] ^= (u32)(tsc >> 32);
	key[4] ^= kstat_irqs_total();
}

void get_random_bytes(void *buf, size_t len)
{
	u8 block[BLOCK_OUTPUT], *p = buf;
	unsigned long flags;
	size_t n;

	while (len) {
		n = min(len, sizeof(block));
		spin_lock_irqsave(&random_lock, flags);
		stir_in_time();
		next_block(block);
		spin_unlock_irqrestore(&random_lock, flags);
		memcpy(p, block, n);
		p += n;
		len -= n;
	}
	memset(block, 0, sizeof(block));
	barrier();
}

/* => true with a random word of the processor's own generator */
static bool rdrand(u32 *word)
{
	u8 ok;

	asm volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
	return ok;
}

void __init random_init(void)
{
	s64 date = ktime_get_real_seconds();
	u32 sample;
	int i;

	add_device_randomness(&date, sizeof(date));
	for (i = 0; i < SEED_SAMPLES; i++) {
		(void)inb(PORT_SLOW);
		if (!boot_cpu_has(X86_FEATURE_TSC))
			break;
		sample = (u32)rdtsc();
		add_device_randomness(&sample, sizeof(sample));
	}
	for (i = 0; i < CHACHA_KEY_WORDS && boot_cpu_has(X86_FEATURE_RDRAND); i++)
		if (rdrand(&sample))
			add_device_randomness(&sample, sizeof(sample));
}

u32 get_random_u32(void)
{
	unsigned long flags;
	u32 word;

	spin_lock_irqsave(&random_lock, flags);
	if (batch_left == CHACHA_KEY_WORDS) {
		stir_in_time();
		next_key(batch, BATCH_BLOCKS);
		batch_left = ARRAY_SIZE(batch);
	}
	word = batch[--batch_left];
	batch[batch_left] = 0;
	spin_unlock_irqrestore(&random_lock, flags);
	return word;
}
