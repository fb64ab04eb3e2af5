/* host-test: lib/random.c */
/*
 * tests/host/list_test.c - lists and hash chains against an array.
 */
#include <tests/host/host.h>
#include <lib/list.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define NR_ITEMS	64
#define NR_OPERATIONS	100000

struct item {
	int id;
	struct list_head link;
	struct hlist_node chain;
};

static struct item items[NR_ITEMS];

/* The model of a list: the ids in order. */
struct model {
	int id[NR_ITEMS];
	int nr;
};

static void model_insert(struct model *m, int at, int id)
{
	memmove(&m->id[at + 1], &m->id[at], (size_t)(m->nr - at) * sizeof(int));
	m->id[at] = id;
	m->nr++;
}

static void model_remove(struct model *m, int id)
{
	int at = 0;

	while (m->id[at] != id)
		at++;
	m->nr--;
	memmove(&m->id[at], &m->id[at + 1], (size_t)(m->nr - at) * sizeof(int));
}

/* Puts all of @from before position @at of @to. */
static void model_splice(struct model *to, int at, struct model *from)
{
	for (int i = 0; i < from->nr; i++)
		model_insert(to, at + i, from->id[i]);
	from->nr = 0;
}

static void compare(struct list_head *head, const struct model *m)
{
	struct list_head *pos;
	struct item *item;
	int i = 0;

	list_for_each_entry(item, head, link)
		CHECK(i < m->nr && item->id == m->id[i++]);
	CHECK_EQ(i, m->nr);
	list_for_each_entry_reverse(item, head, link)
		CHECK(i > 0 && item->id == m->id[--i]);
	CHECK_EQ(i, 0);
	list_for_each(pos, head)
		i++;
	CHECK_EQ(i, m->nr);
	CHECK_EQ(list_empty(head), m->nr == 0);
	CHECK_EQ(list_empty_careful(head), m->nr == 0);
	CHECK_EQ(list_is_singular(head), m->nr == 1);
	item = list_first_entry_or_null(head, struct item, link);
	CHECK(m->nr ? item->id == m->id[0] : !item);
	if (m->nr)
		CHECK_EQ(list_last_entry(head, struct item, link)->id, m->id[m->nr - 1]);
}

/*
 * A walk ends at the "entry" around the head, which is none: only its link is looked at.  The
 * items around the heads keep even that inside one object, for sanitizers that mind.
 */
static struct {
	struct item front;
	struct list_head heads[2];
	struct item back;
} frame;

#define heads	frame.heads

static struct model models[2];
static int owner[NR_ITEMS];		/* the list an item is on; -1: none */

static void whole_list_step(struct rnd_state *rnd)
{
	int to = (int)prandom_below(rnd, 2), from = !to, at;

	switch (prandom_below(rnd, 4)) {
	case 0:
		list_splice_init(&heads[from], &heads[to]);
		model_splice(&models[to], 0, &models[from]);
		break;
	case 1:
		list_splice_tail_init(&heads[from], &heads[to]);
		model_splice(&models[to], models[to].nr, &models[from]);
		break;
	case 2:
		list_rotate_left(&heads[to]);
		if (models[to].nr) {
			int first = models[to].id[0];

			model_remove(&models[to], first);
			model_insert(&models[to], models[to].nr, first);
		}
		return;
	default:
		if (models[to].nr || !models[from].nr)
			return;
		at = (int)prandom_below(rnd, (u32)models[from].nr);
		list_cut_position(&heads[to], &heads[from], &items[models[from].id[at]].link);
		for (int i = 0; i <= at; i++) {
			int id = models[from].id[0];

			model_insert(&models[to], i, id);
			model_remove(&models[from], id);
			owner[id] = to;
		}
		return;
	}
	for (int i = 0; i < NR_ITEMS; i++)
		if (owner[i] == from)
			owner[i] = to;
}

static void one_item_step(struct rnd_state *rnd)
{
	int id = (int)prandom_below(rnd, NR_ITEMS), to = (int)prandom_below(rnd, 2);
	bool tail = prandom_below(rnd, 2);
	struct list_head *link = &items[id].link;

	if (owner[id] < 0) {
		if (tail)
			list_add_tail(link, &heads[to]);
		else
			list_add(link, &heads[to]);
	} else {
		model_remove(&models[owner[id]], id);
		if (prandom_below(rnd, 2)) {
			list_del(link);
			CHECK(link->next == LIST_POISON1 && link->prev == LIST_POISON2);
			owner[id] = -1;
			return;
		}
		if (tail)
			list_move_tail(link, &heads[to]);
		else
			list_move(link, &heads[to]);
	}
	model_insert(&models[to], tail ? models[to].nr : 0, id);
	owner[id] = to;
	CHECK_EQ(list_is_last(link, &heads[to]), models[to].id[models[to].nr - 1] == id);
	CHECK_EQ(list_is_first(link, &heads[to]), models[to].id[0] == id);
}

static void setup(void)
{
	memset(models, 0, sizeof(models));
	for (int i = 0; i < 2; i++)
		INIT_LIST_HEAD(&heads[i]);
	for (int i = 0; i < NR_ITEMS; i++) {
		items[i].id = i;
		owner[i] = -1;
		INIT_HLIST_NODE(&items[i].chain);
	}
}

/* 100,000 random additions, removals, moves, splices and cuts of two lists agree with arrays. */
HOST_TEST(random_operations)
{
	struct rnd_state rnd;

	setup();
	prandom_seed(&rnd, 8);
	for (int i = 0; i < NR_OPERATIONS; i++) {
		if (prandom_below(&rnd, 16))
			one_item_step(&rnd);
		else
			whole_list_step(&rnd);
		compare(&heads[0], &models[0]);
		compare(&heads[1], &models[1]);
	}
}

/* The safe walks may delete where they stand; the partial walks begin and end where they say. */
HOST_TEST(walks)
{
	struct list_head *pos, *next;
	struct item *item, *n;
	int sum = 0, expected = 0;

	setup();
	for (int i = 0; i < NR_ITEMS; i++)
		list_add_tail(&items[i].link, &heads[0]);
	item = &items[60];
	list_for_each_entry_continue(item, &heads[0], link)
		sum += item->id;
	CHECK_EQ(sum, 61 + 62 + 63);
	item = &items[61];
	list_for_each_entry_from(item, &heads[0], link)
		sum -= item->id;
	CHECK_EQ(sum, 0);
	item = &items[2];
	list_for_each_entry_continue_reverse(item, &heads[0], link)
		sum += item->id;
	CHECK_EQ(sum, 1);
	item = list_prepare_entry((struct item *)NULL, &heads[0], link);
	list_for_each_entry_continue(item, &heads[0], link)
		CHECK_EQ(item->id, expected++);
	CHECK_EQ(expected, NR_ITEMS);

	list_for_each_entry_safe(item, n, &heads[0], link)
		if (item->id % 2)
			list_del_init(&item->link);
	list_for_each_entry_safe_reverse(item, n, &heads[0], link)
		if (item->id % 4)
			list_del(&item->link);
	item = &items[0];
	list_for_each_entry_safe_continue(item, n, &heads[0], link)
		if (item->id % 8)
			list_del(&item->link);
	item = &items[32];
	list_for_each_entry_safe_from(item, n, &heads[0], link)
		list_del(&item->link);
	expected = 0;
	list_for_each_safe(pos, next, &heads[0]) {
		CHECK_EQ(list_entry(pos, struct item, link)->id, expected);
		expected += 8;
		list_del(pos);
	}
	CHECK_EQ(expected, 32);
	CHECK(list_empty(&heads[0]) && list_empty(&items[1].link));
}

/* list_replace puts the new entry where the old one was. */
HOST_TEST(replace)
{
	setup();
	for (int i = 0; i < 3; i++)
		list_add_tail(&items[i].link, &heads[0]);
	list_replace_init(&items[1].link, &items[9].link);
	CHECK(list_empty(&items[1].link));
	CHECK(list_next_entry(&items[0], link) == &items[9]);
	CHECK(list_prev_entry(&items[2], link) == &items[9]);
}

/* Random additions and removals on a hash chain agree with an array. */
HOST_TEST(hash_chain)
{
	HLIST_HEAD(head);
	struct model m = { .nr = 0 };
	struct rnd_state rnd;
	struct hlist_node *next;
	struct item *item;

	setup();
	prandom_seed(&rnd, 9);
	for (int i = 0; i < NR_OPERATIONS; i++) {
		int id = (int)prandom_below(&rnd, NR_ITEMS), at = 0;
		struct hlist_node *node = &items[id].chain;

		if (!hlist_unhashed(node)) {
			hlist_del_init(node);
			model_remove(&m, id);
		} else if (!m.nr || prandom_below(&rnd, 2)) {
			hlist_add_head(node, &head);
			model_insert(&m, 0, id);
		} else {
			at = (int)prandom_below(&rnd, (u32)m.nr);
			if (prandom_below(&rnd, 2)) {
				hlist_add_before(node, &items[m.id[at]].chain);
				model_insert(&m, at, id);
			} else {
				hlist_add_behind(node, &items[m.id[at]].chain);
				model_insert(&m, at + 1, id);
			}
		}
		at = 0;
		hlist_for_each_entry(item, &head, chain)
			CHECK(at < m.nr && item->id == m.id[at++]);
		CHECK_EQ(at, m.nr);
		CHECK_EQ(hlist_empty(&head), m.nr == 0);
	}
	hlist_for_each_entry_safe(item, next, &head, chain)
		hlist_del(&item->chain);
	CHECK(hlist_empty(&head));
}

HOST_MAIN(random_operations, walks, replace, hash_chain)
