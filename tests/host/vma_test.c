/* host-test: */
/* kernel: mm/space/vma.c mm/space/mmap.c mm/space/unmapped_area.c mm/space/mprotect.c mm/space/mremap.c mm/space/madvise.c mm/space/mm_check.c mm/cache/anon_vma.c mm/cache/anon_vma_check.c lib/interval_tree.c lib/rbtree.c tests/host/vma_kernel.c */
/*
 * tests/host/vma_test.c - all that five calls can do to six pages.
 *
 * Theory.  The kernel's code of areas (see vma_kernel.c) against an array of six pages: every
 * sequence of five calls out of 164 (map two sorts of memory, unmap, change rights, move, grow,
 * each on every range) would be a hundred thousand million sequences.  But what a call does
 * depends only on the state that it finds, and many sequences lead to the same one.  So it is
 * states that are listed: those that n calls can reach come from making every call in each of
 * those that n - 1 calls can reach, and no state is gone on from twice.  vma_key() writes down all
 * that a state is, the shape and colours of the tree and the cached area too; two states with the
 * same 128 bits of hash are taken for one.
 *
 * After each call: its result, each page, everything that vma_check() looks at, and that no two
 * neighbours are left that could be one area.  More kinds
 * of calls are tried in all sequences of four, and allocations that fail in those of three.
 */
#include "host.h"
#include "vma_kernel.h"

#define LONGEST		5
#define MAX_OPS		400
#define PROT_R		1
#define PROT_RW		3

/* ---- calls ---- */

static struct vma_op ops[MAX_OPS];
static unsigned int nr_ops;

static void add_op(struct vma_op op)
{
	CHECK(nr_ops < MAX_OPS);
	ops[nr_ops++] = op;
}

/* Everything that can be done to @r alone; @all: also what is left out of the longest sequences. */
static void list_ops_of(struct vma_op r, bool all)
{
#define ADD(...)	add_op((struct vma_op){ .first = r.first, .nr = r.nr, __VA_ARGS__ })
	ADD(.call = CALL_MAP, .prot = PROT_RW);
	ADD(.call = CALL_MAP, .prot = PROT_R, .file = 1);
	ADD(.call = CALL_UNMAP);
	ADD(.call = CALL_PROTECT, .prot = PROT_R);
	ADD(.call = CALL_PROTECT, .prot = PROT_RW);
	if (r.first + r.nr < VMA_PAGES)
		ADD(.call = CALL_GROW);
	for (unsigned char to = 0; to + r.nr <= VMA_PAGES; to++)
		if (to + r.nr <= r.first || r.first + r.nr <= to) {
			ADD(.call = CALL_MOVE, .to = to);
			if (all)
				ADD(.call = CALL_MOVE, .to = to, .keep = 1);
		}
	if (!all)
		return;
	ADD(.call = CALL_MAP, .prot = PROT_R);
	ADD(.call = CALL_ADVISE, .to = 0);
	ADD(.call = CALL_ADVISE, .to = 1);
	if (r.nr == 1)
		ADD(.call = CALL_TOUCH);
#undef ADD
}

static void list_ops(bool all)
{
	nr_ops = 0;
	for (unsigned char first = 0; first < VMA_PAGES; first++)
		for (unsigned char nr = 1; first + nr <= VMA_PAGES; nr++)
			list_ops_of((struct vma_op){ .first = first, .nr = nr }, all);
}

static void print_op(const struct vma_op *op)
{
	static const char *const names[] = { "map", "unmap", "protect", "move", "grow", "advise",
					     "touch" };

	printf("#   %s [%u, %u) prot %u file %u to %u keep %u\n", names[op->call], op->first,
	       op->first + op->nr, op->prot, op->file, op->to, op->keep);
}

/* ---- the model ---- */

static struct vma_page model[VMA_PAGES];

static bool is_one_area(const struct vma_page *seen, const struct vma_op *op)
{
	for (unsigned int i = op->first; i < (unsigned int)op->first + op->nr; i++)
		if (!seen[i].area || seen[i].area != seen[op->first].area)
			return false;
	return true;
}

static long model_protect(const struct vma_op *op)
{
	for (unsigned int i = op->first; i < (unsigned int)op->first + op->nr; i++) {
		struct vma_page *page = &model[i];

		if (!page->mapped)
			return -ENOMEM;
		page->prot = op->prot;
		if (!page->file && op->prot == PROT_RW)
			page->account = 1;
	}
	return 0;
}

static long model_advise(const struct vma_op *op)
{
	long ret = 0;

	for (unsigned int i = op->first; i < (unsigned int)op->first + op->nr; i++) {
		if (model[i].mapped)
			model[i].not_in_child = op->to;
		else
			ret = -ENOMEM;
	}
	return ret;
}

static long model_move(const struct vma_op *op, const struct vma_page *seen)
{
	struct vma_page moving[VMA_PAGES];

	if (!model[op->first].mapped)
		return -EFAULT;
	memset(&model[op->to], 0, op->nr * sizeof(model[0]));
	if (!is_one_area(seen, op))
		return -EFAULT;
	memcpy(moving, &model[op->first], op->nr * sizeof(model[0]));
	for (unsigned int i = op->first; i < (unsigned int)op->first + op->nr; i++) {
		if (!op->keep)
			memset(&model[i], 0, sizeof(model[i]));
		model[i].touched = 0;
	}
	memcpy(&model[op->to], moving, op->nr * sizeof(model[0]));
	/* Memory that nobody has used yet is as if it had been made there. */
	for (unsigned char i = op->to; i < op->to + op->nr; i++)
		if (!seen[op->first].file && !seen[op->first].has_anon)
			model[i].index = i;
	return 0;
}

static long model_grow(const struct vma_op *op, const struct vma_page *seen)
{
	unsigned int end = op->first + op->nr;

	if (!is_one_area(seen, op))
		return -EFAULT;
	if (model[end].mapped)
		return -ENOMEM;
	model[end] = model[end - 1];
	model[end].index++;
	model[end].touched = 0;
	return 0;
}

static long model_call(const struct vma_op *op, const struct vma_page *seen)
{
	switch (op->call) {
	case CALL_MAP:
		for (unsigned char i = op->first; i < op->first + op->nr; i++)
			model[i] = (struct vma_page){
				.mapped = 1, .file = op->file, .prot = op->prot, .index = i,
				.account = !op->file && op->prot == PROT_RW,
			};
		return 0;
	case CALL_UNMAP:
		memset(&model[op->first], 0, op->nr * sizeof(model[0]));
		return 0;
	case CALL_PROTECT:
		return model_protect(op);
	case CALL_MOVE:
		return model_move(op, seen);
	case CALL_GROW:
		return model_grow(op, seen);
	case CALL_ADVISE:
		return model_advise(op);
	}
	if (!model[op->first].mapped || model[op->first].file || model[op->first].prot != PROT_RW)
		return -EFAULT;
	model[op->first].touched = 1;
	return 0;
}

/* ---- states ---- */

struct state {
	unsigned short path[LONGEST];	/* one way to come here */
};

static struct state *states;
static size_t nr_states, nr_calls;
static unsigned long long (*seen_hashes)[2];

#define MAX_STATES	2000000u
#define HASH_SIZE	(1u << 22)

static void print_path(const struct state *state, unsigned int depth, const struct vma_op *last)
{
	for (unsigned int i = 0; i < depth; i++)
		print_op(&ops[state->path[i]]);
	print_op(last);
}

/* The present state has not been seen before. */
static bool is_new(void)
{
	unsigned char key[VMA_KEY_BYTES];
	unsigned int len = vma_key(key);
	unsigned long long a = 14695981039346656037ull, b = 0x9e3779b97f4a7c15ull;

	for (unsigned int i = 0; i < len; i++) {
		a = (a ^ key[i]) * 1099511628211ull;
		b = (b + key[i]) * 0xff51afd7ed558ccdull;
		b ^= b >> 29;
	}
	a |= 1;
	for (size_t at = (a ^ a >> 40) % HASH_SIZE;; at = (at + 1) % HASH_SIZE) {
		if (seen_hashes[at][0] == a && seen_hashes[at][1] == b)
			return false;
		if (seen_hashes[at][0])
			continue;
		seen_hashes[at][0] = a;
		seen_hashes[at][1] = b;
		return true;
	}
}

static bool pages_agree(const struct vma_page *seen)
{
	for (unsigned int i = 0; i < VMA_PAGES; i++) {
		struct vma_page page = seen[i];

		page.area = page.has_anon = 0;
		if (memcmp(&page, &model[i], sizeof(page)))
			return false;
	}
	return true;
}

static void print_difference(const struct vma_page *seen)
{
	for (unsigned int i = 0; i < VMA_PAGES; i++)
		printf("# page %u: mapped %u/%u file %u/%u prot %u/%u account %u/%u not in child %u/%u "
		       "touched %u/%u index %u/%u\n", i, seen[i].mapped, model[i].mapped, seen[i].file,
		       model[i].file, seen[i].prot, model[i].prot, seen[i].account, model[i].account,
		       seen[i].not_in_child, model[i].not_in_child, seen[i].touched, model[i].touched,
		       seen[i].index, model[i].index);
}

/* Make a call and compare. @seen: the pages before, and then after. => false: printed */
static bool step(const struct vma_op *op, struct vma_page *seen)
{
	long predicted = model_call(op, seen), got = vma_call(op);
	int lies = vma_check() + vma_joinable();

	nr_calls++;
	vma_look(seen);
	if (got == predicted && pages_agree(seen) && !lies)
		return true;
	printf("# returned %ld, predicted %ld; %d lies\n", got, predicted, lies);
	print_difference(seen);
	return false;
}

/*
 * The same, and the @nth allocation fails: either the call did not need it, or it says -ENOMEM,
 * having done a part of its work or nothing.  A move is done all the same if what cannot be had
 * is only the struct to cut the old place off; then that stays mapped, and empty, as on Linux.
 * => false: printed; *@more: the allocation was needed
 */
static bool step_without_memory(const struct vma_op *op, unsigned int nth, struct vma_page *seen,
				bool *more)
{
	long predicted = model_call(op, seen), got;
	int lies;

	vma_fail_alloc(nth);
	got = vma_call(op);
	*more = !vma_fail_alloc(0);
	lies = vma_check();
	nr_calls++;
	vma_look(seen);
	if (!*more && got == predicted && pages_agree(seen) && !lies)
		return true;
	if (*more && (got == -ENOMEM || (op->call == CALL_ADVISE && got == -EAGAIN) ||
		      (op->call == CALL_MOVE && got == predicted)) && !lies)
		return true;
	printf("# without allocation %u: returned %ld; %d lies\n", nth, got, lies);
	print_difference(seen);
	return false;
}

struct place {
	struct vma_page seen[VMA_PAGES], model[VMA_PAGES];
};

static void come_back(const struct place *here, struct vma_page *seen)
{
	vma_restore();
	memcpy(seen, here->seen, sizeof(here->seen));
	memcpy(model, here->model, sizeof(model));
}

/* Go where state @nr is, by @depth calls, and remember the place. */
static void go_to(size_t nr, unsigned int depth, struct place *here)
{
	vma_reset();
	memset(model, 0, sizeof(model));
	vma_look(here->seen);
	for (unsigned int i = 0; i < depth; i++)
		CHECK(step(&ops[states[nr].path[i]], here->seen));
	vma_save();
	memcpy(here->model, model, sizeof(model));
}

/* All calls from one state. @depth calls have led here, and @longest are wanted. */
static void expand(size_t nr, unsigned int depth, unsigned int longest)
{
	struct vma_page seen[VMA_PAGES];
	struct place here;

	go_to(nr, depth, &here);
	for (unsigned int i = 0; i < nr_ops; i++) {
		come_back(&here, seen);
		if (!step(&ops[i], seen)) {
			print_path(&states[nr], depth, &ops[i]);
			CHECK(!"the kernel and the model differ");
		}
		if (depth + 1 == longest || !is_new())
			continue;
		CHECK(nr_states < MAX_STATES);
		states[nr_states] = states[nr];
		states[nr_states++].path[depth] = (unsigned short)i;
	}
}

/* The same with allocations that fail, one after the other; nothing follows such a call. */
static void expand_without_memory(size_t nr, unsigned int depth)
{
	struct vma_page seen[VMA_PAGES];
	struct place here;

	go_to(nr, depth, &here);
	for (unsigned int i = 0; i < nr_ops; i++) {
		bool more = true;

		for (unsigned int nth = 1; more; nth++) {
			come_back(&here, seen);
			if (!step_without_memory(&ops[i], nth, seen, &more)) {
				print_path(&states[nr], depth, &ops[i]);
				CHECK(!"a failed allocation left something wrong");
			}
		}
	}
}

/* Every sequence of @longest calls. */
static void all_sequences_of(unsigned int longest, bool without_memory)
{
	size_t from = 0, to;

	states = malloc(MAX_STATES * sizeof(states[0]));
	seen_hashes = calloc(HASH_SIZE, sizeof(seen_hashes[0]));
	CHECK(states && seen_hashes);
	vma_reset();
	is_new();
	nr_states = 1;
	nr_calls = 0;
	for (unsigned int depth = 0; depth < longest; depth++) {
		to = nr_states;
		for (; from < to; from++) {
			expand(from, depth, longest);
			if (without_memory)
				expand_without_memory(from, depth);
		}
	}
	printf("# %u calls, %zu states, %zu calls made\n", nr_ops, nr_states, nr_calls);
	free(states);
	free(seen_hashes);
}

/* Five calls (four if SHORT is set): what they return, what each page is then, no sum is wrong. */
HOST_TEST(all_sequences)
{
	list_ops(false);
	all_sequences_of(getenv("SHORT") ? LONGEST - 1 : LONGEST, false);
}

/* Four calls (three if SHORT is set), of all kinds. */
HOST_TEST(all_kinds)
{
	list_ops(true);
	all_sequences_of(getenv("SHORT") ? 3 : 4, false);
}

/* Three, and each with each of its allocations failing. */
HOST_TEST(without_memory)
{
	list_ops(true);
	all_sequences_of(3, true);
}

HOST_MAIN(all_sequences, all_kinds, without_memory)
