#include "store/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "engine/account.h"

struct known_row {
	struct quota quota; /* which counter it is; its limit means nothing */
	int64_t used, limit;
	bool ramp; /* the limit is the ramp's */
};

struct known {
	UT_hash_handle hh;
	int64_t at_ms;
	char version[ACCOUNT_VERSION_DIGITS + 1];
	const char *name; /* behind the rows */
	size_t n;
	struct known_row rows[];
};

/* uthash keeps the order of insertion: the first of a scope is the oldest, since
 * whatever is learned anew is put in again. */
struct recent {
	struct known *names[TAKE_SCOPES];
};

struct recent *recent_new(void)
{
	return memory_zero(sizeof(struct recent));
}

static void drop(struct known **names, struct known *k)
{
	HASH_DEL(*names, k);
	free(k);
}

void recent_clear(struct recent *r)
{
	for (int scope = 0; scope < TAKE_SCOPES; scope++)
		while (r->names[scope])
			drop(&r->names[scope], r->names[scope]);
}

void recent_free(struct recent **recent)
{
	if (!*recent)
		return;
	recent_clear(*recent);
	free(*recent);
	*recent = NULL;
}

static struct known *find(struct known *names, const char *name)
{
	struct known *k;

	HASH_FIND_STR(names, name, k);
	return k;
}

void recent_forget(struct recent *r, enum take_scope scope, const char *name)
{
	struct known *k = find(r->names[scope], name);

	if (k)
		drop(&r->names[scope], k);
}

static bool is_old(const struct known *k, int64_t now_ms)
{
	return now_ms - k->at_ms > RECENT_MS;
}

/* ---- learning ------------------------------------------------------------- */

/* One new name makes room for itself, and a little more. */
static void make_room(struct known **names, int64_t now_ms)
{
	for (int i = 0; i < 2; i++)
		if (*names && (is_old(*names, now_ms) || HASH_COUNT(*names) >= RECENT_NAMES_MAX))
			drop(names, *names);
}

static struct known *known_new(const char *name, size_t n_rows)
{
	size_t rows = n_rows * sizeof(struct known_row), len = strlen(name);
	struct known *k = memory_zero(sizeof(*k) + rows + len + 1);

	k->n = n_rows;
	k->name = memcpy(k->rows + n_rows, name, len + 1);
	return k;
}

/* NULL for a charge of a name that nothing was tested of: only mail after mail would ask
 * about it again so soon, and where many logins send one each they would push out those
 * that a message is under way of. */
static struct known *renew(struct known **names, const struct take *take, int64_t now_ms)
{
	struct known *k = find(*names, take->name);

	if (k && k->n == take->n_rows) {
		unsigned hash = k->hh.hashv, len = k->hh.keylen;

		HASH_DEL(*names, k);
		HASH_ADD_KEYPTR_BYHASHVALUE(hh, *names, k->name, len, hash, k);
		return k;
	}
	if (!k && take->message_key)
		return NULL;
	if (k)
		drop(names, k);
	make_room(names, now_ms);
	k = known_new(take->name, take->n_rows);
	HASH_ADD_KEYPTR(hh, *names, k->name, strlen(k->name), k);
	return k;
}

/* TAKE_REPEATED has the message in used already. */
static int64_t used_now(const struct take *take, const struct take_answer *answer, size_t i)
{
	bool charged = take->message_key && answer->status == TAKE_DONE;

	return answer->rows[i].used + (charged ? take->rows[i].amount : 0);
}

void recent_learn(struct recent *r, const struct take *take, const struct take_answer *answer,
		  int64_t now_ms)
{
	struct known *k = renew(&r->names[take->scope], take, now_ms);

	if (!k)
		return;
	k->at_ms = now_ms;
	strncpy(k->version, take->version, sizeof(k->version) - 1);
	for (size_t i = 0; i < take->n_rows; i++) {
		struct known_row *row = &k->rows[i];

		row->quota = quota_to_keep(&take->rows[i].quota);
		row->used = used_now(take, answer, i);
		row->limit = answer->rows[i].limit;
		row->ramp = take->rows[i].ramp != NULL;
	}
}

/* ---- testing -------------------------------------------------------------- */

static bool row_fits(const struct known_row *known, const struct take_row *row,
		     struct take_row_answer *answer)
{
	bool ramp = row->ramp != NULL;

	if (known->ramp != ramp || !quota_same_counter(&known->quota, &row->quota))
		return false;
	*answer = (struct take_row_answer){
		.used = known->used,
		.limit = ramp ? known->limit : row->quota.limit,
	};
	return answer->limit == QUOTA_UNLIMITED || row->amount == 0 ||
	       known->used + row->amount <= answer->limit;
}

bool recent_test(struct recent *r, const struct take *take, int64_t now_ms,
		 struct take_answer *answer)
{
	const struct known *k;

	/* Without rows it only asks whether the account is still the same. */
	if (take->decides || take->message_key || !take->version || take->n_rows == 0)
		return false;
	k = find(r->names[take->scope], take->name);
	if (!k || is_old(k, now_ms) || k->n != take->n_rows || strcmp(k->version, take->version))
		return false;
	for (size_t i = 0; i < take->n_rows; i++)
		if (!row_fits(&k->rows[i], &take->rows[i], &answer->rows[i]))
			return false;
	answer->status = TAKE_DONE;
	answer->seen = true;
	answer->error = NULL;
	return true;
}
