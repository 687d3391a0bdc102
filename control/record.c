#include "control/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "control/need.h"
#include "engine/effective.h"
#include "engine/identity.h"

json_t *record_new(int64_t now_s)
{
	return need(json_pack("{s:i, s:s, s:I}", "format", ACCOUNT_FORMAT, "state",
			      account_state_name(ACCOUNT_ALLOWED), "created", (json_int_t)now_s));
}

json_t *record_decode(const char *text, size_t len, const char **reason)
{
	/* The engine's reader knows what a record is, and which are too new. */
	struct account *account = account_decode(text, len, reason);
	json_t *record;

	if (!account)
		return NULL;
	account_unref(&account);
	record = need(
		json_loadb(text + ACCOUNT_VERSION_DIGITS, len - ACCOUNT_VERSION_DIGITS, 0, NULL));
	/* Null fields say nothing; without them two records compare. */
	for (void *i = json_object_iter(record), *next; i; i = next) {
		next = json_object_iter_next(record, i);
		if (json_is_null(json_object_iter_value(i)))
			json_object_del(record, json_object_iter_key(i));
	}
	return record;
}

char *record_encode(const json_t *record)
{
	return need(json_dumps(record, JSON_COMPACT));
}

struct account *record_account(const json_t *record, const char **reason)
{
	char *json = record_encode(record);
	size_t size = ACCOUNT_VERSION_DIGITS + strlen(json) + 1;
	char *text = memory_alloc(size);
	struct account *account;

	snprintf(text, size, "%0*d%s", ACCOUNT_VERSION_DIGITS, 0, json);
	account = account_decode(text, size - 1, reason);
	free(text);
	free(json);
	return account;
}

/* Two quotas of one unit and window would be counted in one counter. */
static bool quotas_differ(const struct account *account)
{
	for (size_t i = 0; i < account->n_quotas; i++)
		for (size_t j = 0; j < i; j++)
			if (quota_same_counter(&account->quotas[i], &account->quotas[j]))
				return false;
	return true;
}

const char *record_fault(const struct account *account)
{
	if (!quotas_differ(account))
		return "two quotas of one unit and window";
	if (strlen(account->reason) > NOTE_MAX)
		return "reason is longer than 500 octets";
	if (strlen(account->description) > NOTE_MAX)
		return "description is longer than 500 octets";
	if (strlen(account->actor) > NOTE_MAX)
		return "actor is longer than 500 octets";
	if (account->identity && !account->identity->anyone)
		return identity_fault(account->identity);
	return NULL;
}

bool record_plan_is_redundant(const struct config *config, const char *login, const char *plan)
{
	struct effective without;

	effective_resolve(config, NULL, login, 0, &without);
	return strcmp(plan, "default") == 0 && without.plan == &config->plans[0];
}

void record_set_text(json_t *record, const char *field, const char *text)
{
	if (*text)
		json_object_set_new(record, field, need(json_string(text)));
	else
		json_object_del(record, field);
}

void record_set_number(json_t *record, const char *field, int64_t number)
{
	if (number)
		json_object_set_new(record, field, need(json_integer(number)));
	else
		json_object_del(record, field);
}

void record_set_state(json_t *record, const struct record_state *state)
{
	record_set_text(record, "state", account_state_name(state->state));
	record_set_text(record, "reason", state->reason);
	record_set_text(record, "actor", state->actor);
	record_set_number(record, "since", state->since_s);
	record_set_number(record, "until", state->until_s);
}

size_t record_list_find(const json_t *list, value_check *check, const char *canonical)
{
	size_t i, n = json_array_size(list);

	for (i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *reason;
		struct value value = { 0 };
		bool same = text && check(text, &value, &reason) &&
			    strcmp(value.text, canonical) == 0;

		value_fini(&value);
		if (same)
			break;
	}
	return i;
}
