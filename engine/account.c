#include "engine/account.h"

#include <jansson.h>
#include <string.h>

#include "base/limits.h"
#include "engine/account_read.h"

static const char *const state_names[] = {
	[ACCOUNT_ALLOWED] = "allowed",
	[ACCOUNT_SANDBOXED] = "sandboxed",
	[ACCOUNT_BLOCKED] = "blocked",
};

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

/* ---- the table of fields --------------------------------------------- */

static bool parse_quota(struct record *r, const char *text, void *item, const char **reason)
{
	return quota_parse_kept(text, r->arena, item, reason);
}

static bool parse_sender(struct record *r, const char *text, void *item, const char **reason)
{
	(void)r;
	return pattern_parse(text, item, reason);
}

static const struct list_kind quota_list = {sizeof(struct quota), QUOTAS_MAX, parse_quota};
static const struct list_kind sender_list = {sizeof(struct pattern), SENDERS_MAX, parse_sender};
static const struct list_kind network_list = {sizeof(struct network), NETWORKS_MAX,
					      account_parse_network};

static bool read_format(struct record *r, const json_t *value, const struct field *field,
			void *base, const char **reason)
{
	(void)r;
	(void)base;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return account_fail(reason, field->name, "is not a number from 0 to 2^53-1");
	if (json_integer_value(value) > ACCOUNT_FORMAT)
		return account_fail(reason, field->name, "was written by a newer Sendward");
	return true;
}

static bool read_state(struct record *r, const json_t *value, const struct field *field,
		       void *base, const char **reason)
{
	const char *text = json_string_value(value);
	struct account *account = base;

	(void)r;
	if (!text || !account_state_parse(text, &account->state))
		return account_fail(reason, field->name, "is not allowed, sandboxed or blocked");
	return true;
}

#define IN_ACCOUNT(member) .offset = offsetof(struct account, member)
#define LIST(member, what)                                         \
	account_read_list, IN_ACCOUNT(member),                     \
		.count_offset = offsetof(struct account, n_##member), .list = &(what)

static const struct field fields[] = {
	{.name = "format", .read = read_format},
	{.name = "state", .read = read_state},
	{"since", account_read_integer, IN_ACCOUNT(since_s)},
	{"until", account_read_integer, IN_ACCOUNT(until_s)},
	{"reason", account_read_string, IN_ACCOUNT(reason)},
	{"actor", account_read_string, IN_ACCOUNT(actor)},
	{"plan", account_read_string, IN_ACCOUNT(plan)},
	{"group", account_read_string, IN_ACCOUNT(group)},
	{"description", account_read_string, IN_ACCOUNT(description)},
	{"quotas", LIST(quotas, quota_list)},
	{"senders", LIST(senders, sender_list)},
	{"networks", LIST(networks, network_list)},
	{"max_recipients", account_read_integer, IN_ACCOUNT(max_recipients)},
	{"max_size", account_read_integer, IN_ACCOUNT(max_size_bytes)},
	{.name = "require_tls", .read = account_read_require_tls},
	{.name = "credentials", .read = account_read_credentials},
	{.name = "identity", .read = account_read_identity},
};

static bool read_version(struct record *r, const char *text, size_t len, const char **reason)
{
	if (len < ACCOUNT_VERSION_DIGITS)
		return account_fail(reason, "version", "is missing");
	for (size_t i = 0; i < ACCOUNT_VERSION_DIGITS; i++) {
		if (text[i] < '0' || text[i] > '9')
			return account_fail(reason, "version", "is not a number");
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
			    .max_size_bytes = ACCOUNT_UNSET,
			    .require_tls = ACCOUNT_UNSET},
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
		account_fail(reason, "record", "is too long");
		return NULL;
	}
	if (!(r = record_new())) {
		account_fail(reason, "record", "out of memory");
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
		account_fail(reason, "record", object ? "is not a JSON object" : error.text);
	else
		ok = account_read_fields(r, object, fields, sizeof(fields) / sizeof(fields[0]),
					 &r->account, reason);
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
