#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "store/lease_internal.h"

struct leases *leases_new(void)
{
	struct leases *l = memory_zero(sizeof(*l));

	TAILQ_INIT(&l->lent);
	if (getrandom(&l->next_id, sizeof(l->next_id), 0) != sizeof(l->next_id))
		abort();
	return l;
}

void leases_set_share(struct leases *l, int share_permille)
{
	l->share_permille = share_permille;
}

void lease_drop(struct leases *l, struct borrower *b)
{
	HASH_DEL(l->names, b);
	if (b->phase == PHASE_LENT)
		TAILQ_REMOVE(&l->lent, b, next);
	lease_records_fini(&b->records);
	free(b->rows);
	free(b);
}

void leases_free(struct leases **leases)
{
	struct leases *l = *leases;

	if (!l)
		return;
	while (l->names)
		lease_drop(l, l->names);
	free(l);
	*leases = NULL;
}

void lease_stats(const struct leases *l, struct lease_stats *out)
{
	const struct borrower *b;

	*out = l->stats;
	out->names = HASH_COUNT(l->names);
	out->lent = 0;
	TAILQ_FOREACH(b, &l->lent, next)
		out->lent++;
}

void lease_back_free(struct lease_back **back)
{
	if (!*back)
		return;
	lease_records_fini(&(*back)->records);
	free(*back);
	*back = NULL;
}

struct borrower *lease_find(const struct leases *l, const char *login)
{
	struct borrower *b;

	HASH_FIND_STR(l->names, login, b);
	return b;
}

/* ---- what was seen --------------------------------------------------------- */

bool lease_seen(struct leases *l, const struct lease_message *message)
{
	uint16_t place, mark;
	bool seen;

	_Static_assert(SEEN_MAX == UINT16_MAX + 1, "two octets of the fingerprint say where");
	memcpy(&place, message->print.octets, sizeof(place));
	memcpy(&mark, message->print.octets + sizeof(place), sizeof(mark));
	seen = l->seen[place] == mark;
	l->seen[place] = mark;
	return seen;
}

/* ---- ending ---------------------------------------------------------------- */

void lease_look_anew(struct borrower *b, int64_t now_ms)
{
	b->began_ms = now_ms;
	b->messages = 0;
	for (size_t i = 0; i < b->n; i++)
		b->rows[i].use = b->rows[i].biggest = 0;
}

static bool is_wanted(const struct borrower_row *row)
{
	return row->row.quota.limit != QUOTA_UNLIMITED &&
	       row->used + row->left > row->row.quota.limit / 2;
}

static struct lease_back *end(struct leases *l, struct borrower *b)
{
	struct lease_back *back = memory_zero(sizeof(*back));

	strcpy(back->login, b->login);
	for (size_t i = 0; i < b->n; i++) {
		back->left[i] = b->rows[i].left;
		back->is_wanted |= is_wanted(&b->rows[i]);
	}
	back->records = b->records;
	b->records = (struct lease_records){ 0 };
	b->phase = PHASE_LOOKED_AT;
	TAILQ_REMOVE(&l->lent, b, next);
	l->stats.returned++;
	return back;
}

struct lease_back *lease_end(struct leases *l, const char *login)
{
	struct borrower *b = lease_find(l, login);

	return b && b->phase == PHASE_LENT ? end(l, b) : NULL;
}

struct lease_back *lease_over(struct leases *l, int64_t now_ms)
{
	struct borrower *b = TAILQ_FIRST(&l->lent);

	return b && b->ends_ms <= now_ms ? end(l, b) : NULL;
}

/* ---- charging -------------------------------------------------------------- */

/* Does each row count where the lease does, by the same limit? */
bool lease_same_rows(const struct borrower *b, const struct take *take)
{
	if (take->n_rows != b->n)
		return false;
	for (size_t i = 0; i < b->n; i++) {
		const struct take_row *ours = &b->rows[i].row, *row = &take->rows[i];

		if (row->ramp || !quota_same_counter(&row->quota, &ours->quota) ||
		    row->quota.limit != ours->quota.limit || row->start_s != ours->start_s ||
		    row->end_s != ours->end_s)
			return false;
	}
	return true;
}

static bool fits(const struct borrower *b, const struct take *take)
{
	for (size_t i = 0; i < b->n; i++)
		if (take->rows[i].amount > b->rows[i].left)
			return false;
	return b->records.n < LEASE_MESSAGES_MAX;
}

void lease_use(struct borrower *b, const struct take *take)
{
	b->messages++;
	for (size_t i = 0; i < b->n; i++) {
		int64_t amount = take->rows[i].amount;

		if (b->rows[i].use < LEASE_AMOUNT_MAX)
			b->rows[i].use += amount;
		if (b->rows[i].biggest < amount)
			b->rows[i].biggest = amount;
	}
}

static void answer_rows(const struct borrower *b, enum take_status status,
			struct take_answer *answer)
{
	answer->status = status;
	answer->seen = true;
	answer->error = NULL;
	for (size_t i = 0; i < b->n; i++)
		answer->rows[i] = (struct take_row_answer){
			.used = b->rows[i].used,
			.limit = b->rows[i].row.quota.limit,
		};
}

static void charge(struct leases *l, struct borrower *b, const struct take *take,
		   const struct lease_message *message, struct take_answer *answer)
{
	answer_rows(b, TAKE_DONE, answer);
	for (size_t i = 0; i < b->n; i++) {
		b->rows[i].left -= take->rows[i].amount;
		b->rows[i].used += take->rows[i].amount;
	}
	lease_records_add(&b->records, message, take->rows);
	lease_use(b, take);
	l->stats.decisions++;
}

static bool answer_again(const struct borrower *b, const struct take *take,
			 const struct lease_message *message, struct take_answer *answer)
{
	const char *record = lease_records_find(&b->records, message);

	if (!record || !lease_same_rows(b, take))
		return false;
	answer_rows(b, lease_record_is_charged(record) ? TAKE_REPEATED : TAKE_GONE, answer);
	return true;
}

enum lease_result lease_charge(struct leases *l, const struct take *take,
			       const struct lease_message *message, bool seen, int64_t now_ms,
			       struct take_answer *answer, struct lease_back **back)
{
	struct borrower *b = lease_find(l, take->name);

	if (!b || b->phase != PHASE_LENT)
		return LEASE_NONE;
	/* What is here is written back before the store is asked. */
	if (now_ms >= b->ends_ms || strcmp(take->version, b->version) != 0) {
		*back = end(l, b);
		return LEASE_ENDED;
	}
	if (seen)
		return answer_again(b, take, message, answer) ? LEASE_ANSWERED : LEASE_NONE;
	if (!lease_same_rows(b, take))
		return LEASE_NONE;
	if (!fits(b, take)) {
		*back = end(l, b);
		return LEASE_ENDED;
	}
	charge(l, b, take, message, answer);
	return LEASE_ANSWERED;
}

bool lease_has_charged(const struct leases *l, const char *login, const char *message_key)
{
	const struct lease_message message = lease_message(message_key);
	const struct borrower *b = lease_find(l, login);
	const char *record = NULL;

	if (b && b->phase == PHASE_LENT)
		record = lease_records_find(&b->records, &message);
	return record && lease_record_is_charged(record);
}

bool lease_take_back(struct leases *l, const char *login, const char *message_key, bool forget)
{
	const struct lease_message message = lease_message(message_key);
	struct borrower *b = lease_find(l, login);
	char *record = NULL;

	if (b && b->phase == PHASE_LENT)
		record = lease_records_find(&b->records, &message);
	if (!record)
		return false;
	for (size_t i = 0; lease_record_is_charged(record) && i < b->n; i++) {
		b->rows[i].left += lease_record_amount(record, i);
		b->rows[i].used -= lease_record_amount(record, i);
	}
	lease_record_take_back(&b->records, record, forget);
	return true;
}
