#include "engine/account.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/units.h"

/* The public part and what it borrows from live in one arena. */
struct record {
	struct account account;
	struct arena *arena;
};

static const char *const state_names[] = {
	[ACCOUNT_ALLOWED] = "allowed",
	[ACCOUNT_SANDBOXED] = "sandboxed",
	[ACCOUNT_BLOCKED] = "blocked",
};

static _Thread_local char reason_text[300];

static bool fail(const char **reason, const char *field, const char *why)
{
	snprintf(reason_text, sizeof(reason_text), "account record: %s: %s", field, why);
	*reason = reason_text;
	return false;
}

const char *account_state_name(enum account_state state)
{
	return state_names[state];
}

bool account_state_parse(const char *text, enum account_state *out)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
		if (strcmp(text, state_names[i]) == 0) {
			*out = (enum account_state)i;
			return true;
		}
	}
	return false;
}

/* ---- one reader for each kind of field ------------------------------- */

static bool read_string(struct record *r, const json_t *value, const char *field, const char **out,
			const char **reason)
{
	const char *text = json_string_value(value);

	if (!text)
		return fail(reason, field, "is not a string");
	if (json_string_length(value) != strlen(text))
		return fail(reason, field, "has a NUL byte");
	*out = arena_strdup(r->arena, text);
	return *out || fail(reason, field, "out of memory");
}

static bool read_integer(const json_t *value, const char *field, int64_t *out, const char **reason)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > AMOUNT_MAX)
		return fail(reason, field, "is not a number from 0 to 2^53-1");
	*out = json_integer_value(value);
	return true;
}

/* A list of texts, each parsed into one item of item_size bytes. */
struct list_kind {
	size_t item_size, max;
	bool (*parse)(const char *text, void *item, const char **reason);
};

static bool parse_quota(const char *text, void *item, const char **reason)
{
	return quota_parse(text, item, reason);
}

static bool parse_sender(const char *text, void *item, const char **reason)
{
	return pattern_parse(text, item, reason);
}

static bool parse_network(const char *text, void *item, const char **reason)
{
	return network_parse(text, item, reason);
}

static const struct list_kind quota_list = {sizeof(struct quota), QUOTAS_MAX, parse_quota};
static const struct list_kind sender_list = {sizeof(struct pattern), SENDERS_MAX, parse_sender};
static const struct list_kind network_list = {sizeof(struct network), NETWORKS_MAX, parse_network};

static void *read_list(struct record *r, const json_t *value, const char *field,
		       const struct list_kind *kind, size_t *n, const char **reason)
{
	size_t count = json_array_size(value);
	unsigned char *items;

	if (!json_is_array(value)) {
		fail(reason, field, "is not a list");
		return NULL;
	}
	if (count > kind->max) {
		fail(reason, field, "has too many entries");
		return NULL;
	}
	items = arena_array(r->arena, count ? count : 1, kind->item_size);
	if (!items) {
		fail(reason, field, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(value, i));
		const char *why = "is not a string";

		if (!text || !kind->parse(text, items + i * kind->item_size, &why)) {
			fail(reason, field, why);
			return NULL;
		}
	}
	*n = count;
	return items;
}

/* ---- the table of fields --------------------------------------------- */

static bool field_format(struct record *r, const json_t *value, const char *field,
			 const char **reason)
{
	int64_t format;

	(void)r;
	if (!read_integer(value, field, &format, reason))
		return false;
	if (format > ACCOUNT_FORMAT)
		return fail(reason, field, "was written by a newer Sendward");
	return true;
}

static bool field_state(struct record *r, const json_t *value, const char *field,
			const char **reason)
{
	const char *text = json_string_value(value);

	if (!text || !account_state_parse(text, &r->account.state))
		return fail(reason, field, "is not allowed, sandboxed or blocked");
	return true;
}

static bool field_since(struct record *r, const json_t *value, const char *field,
			const char **reason)
{
	return read_integer(value, field, &r->account.since_s, reason);
}

static bool field_until(struct record *r, const json_t *value, const char *field,
			const char **reason)
{
	return read_integer(value, field, &r->account.until_s, reason);
}

static bool field_reason(struct record *r, const json_t *value, const char *field,
			 const char **reason)
{
	return read_string(r, value, field, &r->account.reason, reason);
}

static bool field_actor(struct record *r, const json_t *value, const char *field,
			const char **reason)
{
	return read_string(r, value, field, &r->account.actor, reason);
}

static bool field_plan(struct record *r, const json_t *value, const char *field,
		       const char **reason)
{
	return read_string(r, value, field, &r->account.plan, reason);
}

static bool field_group(struct record *r, const json_t *value, const char *field,
			const char **reason)
{
	return read_string(r, value, field, &r->account.group, reason);
}

static bool field_description(struct record *r, const json_t *value, const char *field,
			      const char **reason)
{
	return read_string(r, value, field, &r->account.description, reason);
}

static bool field_quotas(struct record *r, const json_t *value, const char *field,
			 const char **reason)
{
	r->account.quotas = read_list(r, value, field, &quota_list, &r->account.n_quotas, reason);
	return r->account.quotas != NULL;
}

static bool field_senders(struct record *r, const json_t *value, const char *field,
			  const char **reason)
{
	r->account.senders =
		read_list(r, value, field, &sender_list, &r->account.n_senders, reason);
	return r->account.senders != NULL;
}

static bool field_networks(struct record *r, const json_t *value, const char *field,
			   const char **reason)
{
	r->account.networks =
		read_list(r, value, field, &network_list, &r->account.n_networks, reason);
	return r->account.networks != NULL;
}

static bool field_max_recipients(struct record *r, const json_t *value, const char *field,
				 const char **reason)
{
	return read_integer(value, field, &r->account.max_recipients, reason);
}

static bool field_max_size(struct record *r, const json_t *value, const char *field,
			   const char **reason)
{
	return read_integer(value, field, &r->account.max_size_bytes, reason);
}

static const struct field {
	const char *name;
	bool (*read)(struct record *r, const json_t *value, const char *field,
		     const char **reason);
} fields[] = {
	{"format", field_format},
	{"state", field_state},
	{"since", field_since},
	{"until", field_until},
	{"reason", field_reason},
	{"actor", field_actor},
	{"plan", field_plan},
	{"group", field_group},
	{"description", field_description},
	{"quotas", field_quotas},
	{"senders", field_senders},
	{"networks", field_networks},
	{"max_recipients", field_max_recipients},
	{"max_size", field_max_size},
};

/* A null is the same as an absent field. */
static bool read_fields(struct record *r, const json_t *object, const char **reason)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const json_t *value = json_object_get(object, fields[i].name);

		if (value && !json_is_null(value) &&
		    !fields[i].read(r, value, fields[i].name, reason))
			return false;
	}
	return true;
}

static bool read_version(struct record *r, const char *text, size_t len, const char **reason)
{
	if (len < ACCOUNT_VERSION_DIGITS)
		return fail(reason, "version", "is missing");
	for (size_t i = 0; i < ACCOUNT_VERSION_DIGITS; i++) {
		if (text[i] < '0' || text[i] > '9')
			return fail(reason, "version", "is not a number");
	}
	memcpy(r->account.version, text, ACCOUNT_VERSION_DIGITS);
	return true;
}

static struct record *record_new(void)
{
	struct arena *arena = arena_new();
	struct record *r = arena ? arena_alloc(arena, sizeof(*r)) : NULL;

	if (!r) {
		arena_free(&arena);
		return NULL;
	}
	*r = (struct record){
		.arena = arena,
		.account = {.references = 1,
			    .reason = "",
			    .actor = "",
			    .description = "",
			    .max_recipients = ACCOUNT_UNSET,
			    .max_size_bytes = ACCOUNT_UNSET},
	};
	return r;
}

struct account *account_decode(const char *record, size_t len, const char **reason)
{
	struct record *r = NULL;
	struct account *account;
	json_error_t error;
	json_t *object;
	bool ok;

	if (len > RECORD_MAX) {
		fail(reason, "record", "is too long");
		return NULL;
	}
	if (!(r = record_new())) {
		fail(reason, "record", "out of memory");
		return NULL;
	}
	account = &r->account;
	if (!read_version(r, record, len, reason)) {
		account_unref(&account);
		return NULL;
	}
	object = json_loadb(record + ACCOUNT_VERSION_DIGITS, len - ACCOUNT_VERSION_DIGITS,
			    JSON_REJECT_DUPLICATES, &error);
	ok = object && json_is_object(object);
	if (!ok)
		fail(reason, "record", object ? "is not a JSON object" : error.text);
	else
		ok = read_fields(r, object, reason);
	json_decref(object);
	if (!ok)
		account_unref(&account);
	return account;
}

struct account *account_ref(struct account *account)
{
	account->references++;
	return account;
}

void account_unref(struct account **account)
{
	struct account *a = *account;
	struct arena *arena;

	*account = NULL;
	if (!a || --a->references > 0)
		return;
	arena = ((struct record *)a)->arena;
	arena_free(&arena);
}

enum account_state account_state_at(const struct account *account, int64_t now_s)
{
	if (account->until_s != 0 && now_s >= account->until_s)
		return ACCOUNT_ALLOWED;
	return account->state;
}
