#include "store/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/builder.h"
#include "base/hash.h"
#include "base/memory.h"
#include "engine/account.h"

/* Scope and name: "domain example.com". */
#define KEY_OCTETS_MAX (LOGIN_MAX + 16)

struct known_row {
	struct quota quota; /* which counter it is; its limit means nothing */
	int64_t used, limit;
	bool ramp; /* the limit is the ramp's */
};

struct known {
	UT_hash_handle hh;
	int64_t at_ms;
	char version[ACCOUNT_VERSION_DIGITS + 1];
	const char *key; /* behind the rows */
	size_t n;
	struct known_row rows[];
};

/* uthash keeps the order of insertion: the first is the oldest, since whatever is
 * learned anew is put in again. */
struct recent {
	struct known *names;
};

struct recent *recent_new(void)
{
	return memory_zero(sizeof(struct recent));
}

static void drop(struct recent *r, struct known *k)
{
	HASH_DEL(r->names, k);
	free(k);
}

void recent_clear(struct recent *r)
{
	while (r->names)
		drop(r, r->names);
}

void recent_free(struct recent **recent)
{
	if (!*recent)
		return;
	recent_clear(*recent);
	free(*recent);
	*recent = NULL;
}

static struct known *find(struct recent *r, enum take_scope scope, const char *name,
			  char key[KEY_OCTETS_MAX])
{
	struct builder text;
	struct known *k;

	builder_init(&text, key, KEY_OCTETS_MAX);
	builder_add_char(&text, (char)('0' + scope));
	builder_add(&text, name);
	HASH_FIND(hh, r->names, key, text.len, k);
	return k;
}

void recent_forget(struct recent *r, enum take_scope scope, const char *name)
{
	char key[KEY_OCTETS_MAX];
	struct known *k = find(r, scope, name, key);

	if (k)
		drop(r, k);
}

static bool is_old(const struct known *k, int64_t now_ms)
{
	return now_ms - k->at_ms > RECENT_MS;
}

/* ---- learning ------------------------------------------------------------- */

/* One new name makes room for itself, and a little more. */
static void make_room(struct recent *r, int64_t now_ms)
{
	for (int i = 0; i < 2; i++)
		if (r->names && (is_old(r->names, now_ms) ||
				 HASH_COUNT(r->names) >= RECENT_NAMES_MAX))
			drop(r, r->names);
}

static struct known *known_new(const char *key, size_t len, size_t n_rows)
{
	size_t rows = n_rows * sizeof(struct known_row);
	struct known *k = memory_zero(sizeof(*k) + rows + len + 1);

	k->n = n_rows;
	k->key = memcpy(k->rows + n_rows, key, len + 1);
	return k;
}

/* NULL for a charge of a name that nothing was tested of: only mail after mail would ask
 * about it again so soon, and where many logins send one each they would push out those
 * that a message is under way of. */
static struct known *renew(struct recent *r, const struct take *take, int64_t now_ms)
{
	char key[KEY_OCTETS_MAX];
	struct known *k = find(r, take->scope, take->name, key);
	size_t len = strlen(key);

	if (k && k->n == take->n_rows) {
		unsigned hash = k->hh.hashv;

		HASH_DEL(r->names, k);
		HASH_ADD_KEYPTR_BYHASHVALUE(hh, r->names, k->key, len, hash, k);
		return k;
	}
	if (!k && take->message_key)
		return NULL;
	if (k)
		drop(r, k);
	make_room(r, now_ms);
	k = known_new(key, len, take->n_rows);
	HASH_ADD_KEYPTR(hh, r->names, k->key, len, k);
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
	struct known *k = renew(r, take, now_ms);

	if (!k)
		return;
	k->at_ms = now_ms;
	strncpy(k->version, take->version, sizeof(k->version) - 1);
	for (size_t i = 0; i < take->n_rows; i++)
		k->rows[i] = (struct known_row){ .quota = take->rows[i].quota,
						 .used = used_now(take, answer, i),
						 .limit = answer->rows[i].limit,
						 .ramp = take->rows[i].ramp != NULL };
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
	char key[KEY_OCTETS_MAX];
	const struct known *k;

	/* Without rows it only asks whether the account is still the same. */
	if (take->decides || take->message_key || !take->version || take->n_rows == 0)
		return false;
	k = find(r, take->scope, take->name, key);
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
