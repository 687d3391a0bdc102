#define _GNU_SOURCE /* open_memstream(), strsep() */
#include "store/owed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "engine/window.h"
#include "store/local.h"

TAILQ_HEAD(charge_list, owed_charge);

struct owed_name {
	UT_hash_handle hh;
	struct charge_list charges;
	char name[]; /* "login rose" */
};

struct owed {
	struct owed_charge *charges; /* by key */
	struct owed_name *names;
	struct charge_list list; /* the oldest first */
	uint64_t ids;
};

/* ---- life ---------------------------------------------------------------- */

struct owed *owed_new(void)
{
	struct owed *owed = memory_zero(sizeof(*owed));

	TAILQ_INIT(&owed->list);
	return owed;
}

void owed_clear(struct owed *owed)
{
	while (owed->charges)
		owed_drop(owed, owed->charges);
}

void owed_free(struct owed **owed)
{
	if (!*owed)
		return;
	owed_clear(*owed);
	free(*owed);
	*owed = NULL;
}

size_t owed_count(const struct owed *owed)
{
	return HASH_COUNT(owed->charges);
}

/* ---- finding ------------------------------------------------------------- */

void owed_key(const struct charge *charge, const char *message_key, char out[OWED_KEY_MAX])
{
	snprintf(out, OWED_KEY_MAX, "%s %s %s", take_scope_name(charge->scope), message_key,
		 charge->name);
}

static void make_key(enum take_scope scope, const char *name, const char *message_key,
		     char out[OWED_KEY_MAX])
{
	snprintf(out, OWED_KEY_MAX, "%s %s %s", take_scope_name(scope), message_key, name);
}

bool owed_key_parse(const char *key, struct charge *charge, char message_key[MESSAGE_KEY_MAX + 1])
{
	char *copy = memory_strdup(key), *rest = copy, *scope = strsep(&rest, " ");
	const char *message = strsep(&rest, " ");
	bool found = false;

	for (int i = 0; rest && i < TAKE_SCOPES && !found; i++) {
		if (strcmp(take_scope_name((enum take_scope)i), scope) != 0 || !*rest ||
		    !*message || strlen(rest) > LOGIN_MAX || strlen(message) > MESSAGE_KEY_MAX)
			continue;
		charge->scope = (enum take_scope)i;
		strcpy(charge->name, rest);
		strcpy(message_key, message);
		found = true;
	}
	free(copy);
	return found;
}

struct owed_charge *owed_find(const struct owed *owed, enum take_scope scope, const char *name,
			      const char *message_key)
{
	char key[OWED_KEY_MAX];
	struct owed_charge *c;

	if (!owed->charges)
		return NULL;
	make_key(scope, name, message_key, key);
	HASH_FIND_STR(owed->charges, key, c);
	return c;
}

static struct owed_name *find_name(const struct owed *owed, enum take_scope scope,
				   const char *name)
{
	char key[LOCAL_NAME_MAX];
	struct owed_name *n;

	if (!owed->names)
		return NULL;
	local_name(scope, name, key);
	HASH_FIND_STR(owed->names, key, n);
	return n;
}

static struct owed_name *name_of(struct owed *owed, const struct charge *charge)
{
	struct owed_name *n = find_name(owed, charge->scope, charge->name);
	char key[LOCAL_NAME_MAX];

	if (n)
		return n;
	local_name(charge->scope, charge->name, key);
	n = memory_zero(sizeof(*n) + strlen(key) + 1);
	strcpy(n->name, key);
	TAILQ_INIT(&n->charges);
	HASH_ADD_KEYPTR(hh, owed->names, n->name, strlen(n->name), n);
	return n;
}

struct owed_charge *owed_first(const struct owed *owed)
{
	return TAILQ_FIRST(&owed->list);
}

struct owed_charge *owed_next(struct owed_charge *c)
{
	return TAILQ_NEXT(c, next);
}

struct owed_charge *owed_first_of(const struct owed *owed, enum take_scope scope, const char *name)
{
	const struct owed_name *n = find_name(owed, scope, name);

	return n ? TAILQ_FIRST(&n->charges) : NULL;
}

struct owed_charge *owed_next_of(struct owed_charge *c)
{
	return TAILQ_NEXT(c, next_of_name);
}

/* ---- coming and going ---------------------------------------------------- */

static struct owed_charge *insert(struct owed *owed, enum take_scope scope, const char *name,
				  const char *message_key, size_t n_rows)
{
	char key[OWED_KEY_MAX];
	struct owed_charge *c;

	if (owed_count(owed) >= OWED_MAX)
		return NULL;
	make_key(scope, name, message_key, key);
	c = memory_zero(sizeof(*c) + strlen(key) + 1);
	strcpy(c->key, key);
	c->id = ++owed->ids;
	c->charge.scope = scope;
	snprintf(c->charge.name, sizeof(c->charge.name), "%s", name);
	snprintf(c->message_key, sizeof(c->message_key), "%s", message_key);
	c->n_rows = n_rows;
	c->rows = memory_zero(n_rows * sizeof(*c->rows) + 1);
	c->of = name_of(owed, &c->charge);
	TAILQ_INSERT_TAIL(&c->of->charges, c, next_of_name);
	TAILQ_INSERT_TAIL(&owed->list, c, next);
	HASH_ADD_KEYPTR(hh, owed->charges, c->key, strlen(c->key), c);
	return c;
}

struct owed_charge *owed_add(struct owed *owed, const struct take *take, int64_t now_ms,
			     const int64_t slots[TAKE_ROWS_MAX])
{
	struct owed_charge *c =
		insert(owed, take->scope, take->name, take->message_key, take->n_rows);

	if (!c)
		return NULL;
	c->accepted_ms = now_ms;
	for (size_t i = 0; i < take->n_rows; i++)
		c->rows[i] = (struct owed_row){
			.quota = quota_to_keep(&take->rows[i].quota),
			.amount = take->rows[i].amount,
			.start_s = take->rows[i].start_s,
			.end_s = take->rows[i].end_s,
			.slot = slots[i],
		};
	return c;
}

void owed_drop(struct owed *owed, struct owed_charge *c)
{
	struct owed_name *n = c->of;

	HASH_DEL(owed->charges, c);
	TAILQ_REMOVE(&owed->list, c, next);
	TAILQ_REMOVE(&n->charges, c, next_of_name);
	if (TAILQ_EMPTY(&n->charges)) {
		HASH_DEL(owed->names, n);
		free(n);
	}
	free(c->rows);
	free(c);
}

void owed_requeue(struct owed *owed, struct owed_charge *c)
{
	TAILQ_REMOVE(&owed->list, c, next);
	TAILQ_INSERT_TAIL(&owed->list, c, next);
}

/* ---- what still counts --------------------------------------------------- */

static bool still_counts(const struct owed_row *row, int64_t accepted_ms, int64_t now_ms)
{
	if (row->quota.kind == QUOTA_CALENDAR)
		return row->start_s * 1000 <= now_ms && now_ms < row->end_s * 1000;
	return now_ms <= accepted_ms + (WINDOW_SLOTS + 1) * window_slot_ms(row->quota.window_s);
}

size_t owed_rows(const struct owed_charge *c, int64_t now_ms, struct take_row rows[TAKE_ROWS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct owed_row *row = &c->rows[i];

		if (!still_counts(row, c->accepted_ms, now_ms))
			continue;
		rows[n] = (struct take_row){
			.quota = row->quota,
			.amount = row->amount,
			.start_s = row->start_s,
			.end_s = row->end_s,
		};
		rows[n++].quota.limit = QUOTA_UNLIMITED;
	}
	return n;
}

/* ---- as text ------------------------------------------------------------- */

char *owed_save(const struct owed_charge *c)
{
	char *text = NULL, quota[QUOTA_TEXT_MAX];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "%lld %d\n", (long long)c->accepted_ms, c->uncertain);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct owed_row *row = &c->rows[i];
		struct quota named = row->quota;

		named.limit = QUOTA_UNLIMITED;
		quota_format(&named, quota);
		fprintf(out, "%lld %lld %lld %lld %s\n", (long long)row->amount,
			(long long)row->start_s, (long long)row->end_s, (long long)row->slot,
			quota);
	}
	fclose(out);
	return text;
}

static bool restore_row(const char *line, struct owed_row *row)
{
	long long amount, start, end, slot;
	const char *reason;
	int used = 0;

	if (sscanf(line, "%lld %lld %lld %lld %n", &amount, &start, &end, &slot, &used) != 4 ||
	    used == 0 || amount < 0 || amount > AMOUNT_MAX || start < 0 || end < 0 ||
	    end > INT64_MAX / 1000 || start > end || slot < LOCAL_NOWHERE)
		return false;
	*row = (struct owed_row){
		.amount = amount, .start_s = start, .end_s = end, .slot = slot};
	return quota_parse_any(line + used, &row->quota, &reason);
}

static struct owed_charge *insert_by_key(struct owed *owed, const char *key, size_t n_rows)
{
	char message_key[MESSAGE_KEY_MAX + 1];
	struct charge charge;

	if (!owed_key_parse(key, &charge, message_key) ||
	    owed_find(owed, charge.scope, charge.name, message_key))
		return NULL;
	return insert(owed, charge.scope, charge.name, message_key, n_rows);
}

bool owed_restore(struct owed *owed, const char *key, const char *text)
{
	char *copy = memory_strdup(text), *rest = copy, *line = strsep(&rest, "\n");
	struct owed_row rows[TAKE_ROWS_MAX];
	struct owed_charge *c = NULL;
	long long accepted;
	size_t n = 0;
	int uncertain;
	bool ok = sscanf(line, "%lld %d", &accepted, &uncertain) == 2 && accepted >= 0 &&
		  accepted <= INT64_MAX / 2;

	while (ok && (line = strsep(&rest, "\n")) && *line)
		ok = n < TAKE_ROWS_MAX && restore_row(line, &rows[n++]);
	if (ok && n > 0)
		c = insert_by_key(owed, key, n);
	if (c) {
		c->accepted_ms = accepted;
		c->uncertain = uncertain != 0;
		memcpy(c->rows, rows, n * sizeof(rows[0]));
	}
	free(copy);
	return c != NULL;
}
