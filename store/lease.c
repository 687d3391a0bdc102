#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <uthash.h>

#include "base/memory.h"
#include "engine/window.h"

/* Messages seen lately, by a hash: one forgets another. */
#define SEEN_MAX 65536

/* A login that sends nothing for so long makes room. */
#define UNUSED_MS 10000

/* Asked for beyond what was used lately, in percent. */
#define ROOM_PERCENT 125

enum borrower_phase { PHASE_LOOKED_AT, PHASE_ASKED, PHASE_LENT };

struct borrower_row {
	struct take_row row; /* amount: what is asked for, or was lent */
	int64_t use;	     /* since began_ms */
	int64_t biggest;     /* of one message */
	int64_t used, left;  /* while it is lent */
};

struct borrower {
	UT_hash_handle hh;
	TAILQ_ENTRY(borrower) next; /* while it has a lease */
	enum borrower_phase phase;
	int64_t began_ms, messages;
	int64_t ends_ms;
	char id[LEASE_ID_LENGTH + 1];
	char version[ACCOUNT_VERSION_DIGITS + 1];
	struct lease_records records;
	size_t n;
	struct borrower_row *rows;
	char login[];
};

TAILQ_HEAD(borrowers, borrower);

struct leases {
	int share_permille;
	uint64_t next_id;
	struct borrower *names; /* those lately looked at for the first time last */
	struct borrowers lent;	/* the first to end first */
	struct lease_stats stats;
	uint64_t seen[SEEN_MAX];
};

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

static void drop(struct leases *l, struct borrower *b)
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
		drop(l, l->names);
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

static struct borrower *find(const struct leases *l, const char *login)
{
	struct borrower *b;

	HASH_FIND_STR(l->names, login, b);
	return b;
}

/* ---- what was seen --------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_of(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return hash;
}

bool lease_seen(struct leases *l, const struct take *take)
{
	const struct lease_message message = lease_message(take->message_key);
	uint64_t hash = UINT64_C(14695981039346656037), *place;
	bool seen;

	hash = hash_of(hash, take->name, strlen(take->name) + 1);
	hash = hash_of(hash, message.key, message.len);
	place = &l->seen[(hash ^ hash >> 32) % SEEN_MAX];
	seen = *place == hash;
	*place = hash;
	return seen || take->may_be_repeated;
}

/* ---- ending ---------------------------------------------------------------- */

static void look_anew(struct borrower *b, int64_t now_ms)
{
	b->began_ms = now_ms;
	b->messages = 0;
	for (size_t i = 0; i < b->n; i++)
		b->rows[i].use = b->rows[i].biggest = 0;
}

static struct lease_back *end(struct leases *l, struct borrower *b)
{
	struct lease_back *back = memory_zero(sizeof(*back));

	strcpy(back->login, b->login);
	for (size_t i = 0; i < b->n; i++)
		back->left[i] = b->rows[i].left;
	back->records = b->records;
	b->records = (struct lease_records){ 0 };
	b->phase = PHASE_LOOKED_AT;
	TAILQ_REMOVE(&l->lent, b, next);
	l->stats.returned++;
	return back;
}

struct lease_back *lease_end(struct leases *l, const char *login)
{
	struct borrower *b = find(l, login);

	return b && b->phase == PHASE_LENT ? end(l, b) : NULL;
}

struct lease_back *lease_over(struct leases *l, int64_t now_ms)
{
	struct borrower *b = TAILQ_FIRST(&l->lent);

	return b && b->ends_ms <= now_ms ? end(l, b) : NULL;
}

/* ---- charging -------------------------------------------------------------- */

/* Does each row count where the lease does, by the same limit? */
static bool same_rows(const struct borrower *b, const struct take *take)
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

static void use(struct borrower *b, const struct take *take)
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
		   struct take_answer *answer)
{
	const struct lease_message message = lease_message(take->message_key);

	answer_rows(b, TAKE_DONE, answer);
	for (size_t i = 0; i < b->n; i++) {
		b->rows[i].left -= take->rows[i].amount;
		b->rows[i].used += take->rows[i].amount;
	}
	lease_records_add(&b->records, &message, take->rows);
	use(b, take);
	l->stats.decisions++;
}

static bool answer_again(const struct borrower *b, const struct take *take,
			 struct take_answer *answer)
{
	const struct lease_message message = lease_message(take->message_key);
	const char *record = lease_records_find(&b->records, &message);

	if (!record || !same_rows(b, take))
		return false;
	answer_rows(b, lease_record_is_charged(record) ? TAKE_REPEATED : TAKE_GONE, answer);
	return true;
}

enum lease_result lease_charge(struct leases *l, const struct take *take, bool seen,
			       int64_t now_ms, struct take_answer *answer,
			       struct lease_back **back)
{
	struct borrower *b = find(l, take->name);

	if (!b || b->phase != PHASE_LENT)
		return LEASE_NONE;
	/* What is here is written back before the store is asked. */
	if (now_ms >= b->ends_ms || strcmp(take->version, b->version) != 0) {
		*back = end(l, b);
		return LEASE_ENDED;
	}
	if (seen)
		return answer_again(b, take, answer) ? LEASE_ANSWERED : LEASE_NONE;
	if (!same_rows(b, take))
		return LEASE_NONE;
	if (!fits(b, take)) {
		*back = end(l, b);
		return LEASE_ENDED;
	}
	charge(l, b, take, answer);
	return LEASE_ANSWERED;
}

bool lease_take_back(struct leases *l, const char *login, const char *message_key, bool forget)
{
	const struct lease_message message = lease_message(message_key);
	struct borrower *b = find(l, login);
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

/* ---- taking one ------------------------------------------------------------ */

/* A name that was long not used makes room for another. */
static bool make_room(struct leases *l, int64_t now_ms)
{
	struct borrower *b = l->names;

	if (!b || (HASH_COUNT(l->names) < LEASE_NAMES_MAX && now_ms - b->began_ms < UNUSED_MS))
		return true;
	if (b->phase == PHASE_LOOKED_AT && now_ms - b->began_ms >= UNUSED_MS) {
		drop(l, b);
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
	for (size_t i = 0; i < b->n; i++)
		b->rows[i] = (struct borrower_row){ .row = take->rows[i] };
	look_anew(b, now_ms);
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
	struct borrower *b = find(l, take->name);
	int64_t elapsed_ms;

	if (b && b->phase != PHASE_LOOKED_AT)
		return NULL;
	if (!may_be_lent(take) || (!b && !(b = add(l, take->name, now_ms))))
		return NULL;
	if (!same_rows(b, take))
		set_rows(b, take, now_ms);
	use(b, take);
	elapsed_ms = now_ms - b->began_ms;
	if (elapsed_ms < LEASE_LOOK_MS ||
	    (elapsed_ms < LEASE_MS && b->messages <= LEASE_RATE_MIN))
		return NULL;
	if ((b->messages - 1) * 1000 < LEASE_RATE_MIN * elapsed_ms ||
	    !set_amounts(l, b, take, answer, elapsed_ms)) {
		look_anew(b, now_ms);
		return NULL;
	}
	look_anew(b, now_ms);
	strcpy(b->version, take->version);
	b->phase = PHASE_ASKED;
	snprintf(b->id, sizeof(b->id), "%%%016llx", (unsigned long long)l->next_id++);
	return b;
}

const char *lease_id(const struct borrower *b)
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
	look_anew(b, now_ms);
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
