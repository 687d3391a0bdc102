/* Who gets a lease, how much of what, and for how long. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/window.h"
#include "store/lease_internal.h"

/* A login that sends nothing for so long makes room. */
#define UNUSED_MS 10000

/* Asked for beyond what was used lately, in percent. */
#define ROOM_PERCENT 125

/* A name that was long not used makes room for another. */
static bool make_room(struct leases *l, int64_t now_ms)
{
	struct borrower *b = l->names;

	if (!b || (HASH_COUNT(l->names) < LEASE_NAMES_MAX && now_ms - b->began_ms < UNUSED_MS))
		return true;
	if (b->phase == PHASE_LOOKED_AT && now_ms - b->began_ms >= UNUSED_MS) {
		lease_drop(l, b);
		return true;
	}
	/* The next time it is another's turn. */
	HASH_DEL(l->names, b);
	HASH_ADD_STR(l->names, login, b);
	return HASH_COUNT(l->names) < LEASE_NAMES_MAX;
}

static struct borrower *add(struct leases *l, const char *login, int64_t now_ms)
{
	struct borrower *b;

	if (!make_room(l, now_ms))
		return NULL;
	b = memory_zero(sizeof(*b) + strlen(login) + 1);
	strcpy(b->login, login);
	b->began_ms = now_ms;
	HASH_ADD_STR(l->names, login, b);
	return b;
}

/* Rows that count in one place, and ramps, are left to the store. */
static bool may_be_lent(const struct take *take)
{
	if (take->scope != SCOPE_LOGIN || !take->version || take->guessed || take->n_rows == 0)
		return false;
	for (size_t i = 0; i < take->n_rows; i++) {
		if (take->rows[i].ramp)
			return false;
		for (size_t j = 0; j < i; j++)
			if (quota_same_counter(&take->rows[i].quota, &take->rows[j].quota))
				return false;
	}
	return true;
}

static void set_rows(struct borrower *b, const struct take *take, int64_t now_ms)
{
	if (b->n != take->n_rows) {
		free(b->rows);
		b->rows = memory_zero(take->n_rows * sizeof(*b->rows));
		b->n = take->n_rows;
	}
	for (size_t i = 0; i < b->n; i++) {
		b->rows[i] = (struct borrower_row){ .row = take->rows[i] };
		b->rows[i].row.quota = quota_to_keep(&take->rows[i].quota);
	}
	lease_look_anew(b, now_ms);
}

/* What is left below the mark that would be reached next; beyond the last one
 * nothing is lent. */
static int64_t below_mark(int64_t used, int64_t limit)
{
	static const int64_t marks[] = { 80, 95 };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		int64_t reached = limit / 100 * marks[i] + limit % 100 * marks[i] / 100;

		if (used < reached)
			return reached - 1 - used;
	}
	return 0;
}

static int64_t share_of(const struct leases *l, int64_t rest)
{
	return rest / 1000 * l->share_permille + rest % 1000 * l->share_permille / 1000;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How much of a row to ask for; less than two messages need is nothing. */
static bool set_amount(const struct leases *l, struct borrower_row *row, int64_t used,
		       int64_t limit, int64_t elapsed_ms)
{
	int64_t amount = smaller(row->use, LEASE_AMOUNT_MAX) * LEASE_MS / elapsed_ms;

	amount = smaller(amount * ROOM_PERCENT / 100 + row->biggest, LEASE_AMOUNT_MAX);
	if (limit != QUOTA_UNLIMITED) {
		amount = smaller(amount, share_of(l, limit - used));
		amount = smaller(amount, below_mark(used, limit));
	}
	row->row.amount = amount;
	row->row.enforce = true;
	return amount >= 2 * row->biggest;
}

static bool set_amounts(const struct leases *l, struct borrower *b, const struct take *take,
			const struct take_answer *answer, int64_t elapsed_ms)
{
	for (size_t i = 0; i < b->n; i++) {
		int64_t used = answer->rows[i].used + take->rows[i].amount;

		if (!set_amount(l, &b->rows[i], used, answer->rows[i].limit, elapsed_ms))
			return false;
	}
	return true;
}

struct borrower *lease_look(struct leases *l, const struct take *take,
			    const struct take_answer *answer, int64_t now_ms)
{
	struct borrower *b = lease_find(l, take->name);
	int64_t elapsed_ms;

	if (b && b->phase != PHASE_LOOKED_AT)
		return NULL;
	if (!may_be_lent(take) || (!b && !(b = add(l, take->name, now_ms))))
		return NULL;
	if (!lease_same_rows(b, take))
		set_rows(b, take, now_ms);
	lease_use(b, take);
	elapsed_ms = now_ms - b->began_ms;
	if (elapsed_ms < LEASE_LOOK_MS ||
	    (elapsed_ms < LEASE_MS && b->messages <= LEASE_RATE_MIN))
		return NULL;
	if ((b->messages - 1) * 1000 < LEASE_RATE_MIN * elapsed_ms ||
	    !set_amounts(l, b, take, answer, elapsed_ms)) {
		lease_look_anew(b, now_ms);
		return NULL;
	}
	lease_look_anew(b, now_ms);
	strcpy(b->version, take->version);
	b->phase = PHASE_ASKED;
	b->id = l->next_id++;
	return b;
}

uint64_t lease_id(const struct borrower *b)
{
	return b->id;
}

void lease_question(const struct borrower *b, struct take_row *rows, struct take *out)
{
	for (size_t i = 0; i < b->n; i++)
		rows[i] = b->rows[i].row;
	*out = (struct take){
		.scope = SCOPE_LOGIN,
		.name = b->login,
		.version = b->version,
		.rows = rows,
		.n_rows = b->n,
	};
}

void lease_refused(struct borrower *b, int64_t now_ms)
{
	b->phase = PHASE_LOOKED_AT;
	lease_look_anew(b, now_ms);
}

/* Milliseconds from now_ms, the store's time, to the end of the slot or period
 * that a row counts in. */
static int64_t row_lasts_ms(const struct take_row *row, int64_t now_ms)
{
	int64_t slot_ms;

	if (row->quota.kind == QUOTA_CALENDAR)
		return row->end_s * 1000 - now_ms;
	slot_ms = window_slot_ms(row->quota.window_s);
	return slot_ms - now_ms % slot_ms;
}

/* The share is of what really remained. */
static bool is_a_share(const struct leases *l, const struct take_row *row,
		       const struct take_row_answer *answer)
{
	return answer->mark == 0 &&
	       (answer->limit == QUOTA_UNLIMITED ||
		row->amount <= share_of(l, answer->limit - answer->used));
}

static void begin(struct leases *l, struct borrower *b, int64_t ends_ms)
{
	struct borrower *before = TAILQ_LAST(&l->lent, borrowers);

	b->phase = PHASE_LENT;
	b->ends_ms = ends_ms;
	lease_records_init(&b->records, b->id, b->n);
	while (before && before->ends_ms > ends_ms)
		before = TAILQ_PREV(before, borrowers, next);
	if (before)
		TAILQ_INSERT_AFTER(&l->lent, before, b, next);
	else
		TAILQ_INSERT_HEAD(&l->lent, b, next);
	l->stats.taken++;
}

bool lease_granted(struct leases *l, struct borrower *b, const struct take_answer *answer,
		   int64_t asked_ms, int64_t now_ms)
{
	int64_t lasts_ms = LEASE_MS;

	for (size_t i = 0; i < b->n; i++) {
		struct borrower_row *row = &b->rows[i];

		lasts_ms = smaller(lasts_ms, row_lasts_ms(&row->row, answer->now_ms));
		if (!is_a_share(l, &row->row, &answer->rows[i]))
			lasts_ms = 0;
		row->used = answer->rows[i].used;
		row->left = row->row.amount;
	}
	lasts_ms -= LEASE_MARGIN_MS;
	if (asked_ms + lasts_ms < now_ms + LEASE_LEAST_MS) {
		lease_refused(b, now_ms);
		return false;
	}
	begin(l, b, asked_ms + lasts_ms);
	return true;
}
