#define _GNU_SOURCE /* explicit_bzero() */
#include "control/import_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/username.h"
#include "control/control.h"
#include "control/import_secret.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"
#include "control/value.h"

static bool is_note(const json_t *value, const char **reason)
{
	const char *text = json_string_value(value);

	*reason = "is not a text";
	return text && text_is_plain(text, json_string_length(value), reason);
}

static bool is_login(const json_t *value, const char **reason)
{
	struct value login = { 0 };
	bool ok = is_note(value, reason) && value_login(json_string_value(value), &login, reason);

	value_fini(&login);
	return ok;
}

static bool is_anything(const json_t *value, const char **reason)
{
	(void)value;
	(void)reason;
	return true;
}

static bool is_secrets(const json_t *value, const char **reason)
{
	*reason = "is not an object";
	return json_is_object(value);
}

/* What may stand in a line; engine/account.c looks at the values again. */
static const struct key {
	const char *name;
	bool (*check)(const json_t *value, const char **reason);
	bool kept; /* in the record */
} keys[] = {
	{ "login", is_login, false },
	{ "effective", is_anything, false },
	{ "format", is_anything, true },
	{ "state", is_note, true },
	{ "reason", is_note, true },
	{ "actor", is_note, true },
	{ "since", is_anything, true },
	{ "until", is_anything, true },
	{ "plan", is_note, true },
	{ "group", is_note, true },
	{ "description", is_note, true },
	{ "senders", is_anything, true },
	{ "networks", is_anything, true },
	{ "quotas", is_anything, true },
	{ "max_recipients", is_anything, true },
	{ "max_size", is_anything, true },
	{ "require_tls", is_note, true },
	{ "credentials", is_anything, true },
	{ "identity", is_anything, true },
	{ "created", is_anything, true },
	{ "secrets", is_secrets, false },
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* Reads the line's fields into record. Null and the empty text are what a
 * record says by having no such field. */
static bool take_fields(const json_t *line, json_t *record, char *why, size_t size)
{
	const char *name, *reason = "";
	json_t *value;

	json_object_foreach((json_t *)line, name, value)
	{
		const struct key *key = find_key(name);
		const char *text = json_string_value(value);

		if (!key) {
			snprintf(why, size, "unknown key \"%s\"", name);
			return false;
		}
		if (json_is_null(value) && key->kept)
			continue;
		if (!key->check(value, &reason)) {
			snprintf(why, size, "%s: %s", name, reason);
			return false;
		}
		if (!key->kept || (text && !*text))
			continue;
		json_object_set(record, name, value);
	}
	return true;
}

static const struct {
	const char *name;
	value_check *check;
} lists[] = {
	{ "senders", value_sender },
	{ "networks", value_network },
	{ "quotas", value_quota },
};

/* False when an entry of the list is wrong, which is named. What is no list of texts is left
 * to engine/account.c. */
static bool are_entries(const json_t *record, size_t list, char *why, size_t size)
{
	const json_t *entries = json_object_get(record, lists[list].name);
	bool ok = true;

	for (size_t i = 0; ok && i < json_array_size(entries); i++) {
		const char *text = json_string_value(json_array_get(entries, i)), *reason = "";
		struct value value = { 0 };

		ok = !text || lists[list].check(text, &value, &reason);
		if (!ok)
			snprintf(why, size, "%s: \"%.200s\": %s", lists[list].name, text, reason);
		value_fini(&value);
	}
	return ok;
}

static bool have_good_entries(const json_t *record, char *why, size_t size)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!are_entries(record, i, why, size))
			return false;
	return true;
}

/* In a file nobody looks for a "record". */
static const char *without_prefix(const char *reason)
{
	static const char prefix[] = "account record: ";
	size_t len = strlen(prefix);

	return strncmp(reason, prefix, len) == 0 ? reason + len : reason;
}

/* NULL when there are all that the account names. */
static const struct pattern *missing_sender_group(const struct account *account,
						  const struct config *config)
{
	const struct pattern_rules rules = config_pattern_rules(config);

	for (size_t i = 0; i < account->n_senders; i++)
		if (pattern_group_missing(&account->senders[i], &rules))
			return &account->senders[i];
	return NULL;
}

static bool is_storable(const json_t *record, const struct config *config, char *why, size_t size)
{
	const char *reason = NULL;
	struct account *account = record_account(record, &reason);

	if (account)
		reason = record_fault(account);
	if (reason)
		snprintf(why, size, "%s", without_prefix(reason));
	else if (account->plan && !config_plan(config, account->plan))
		snprintf(why, size, "plan \"%s\" is not in %s", account->plan, config->path);
	else if (account->group && !config_group(config, account->group))
		snprintf(why, size, "group \"%s\" is not in %s", account->group, config->path);
	else if (missing_sender_group(account, config))
		snprintf(why, size, "sender_group \"%s\" is not in %s",
			 missing_sender_group(account, config)->group, config->path);
	else
		why[0] = '\0';
	account_unref(&account);
	return !why[0];
}

static void drop_redundant_plan(json_t *record, const struct config *config, const char *login)
{
	const char *plan = json_string_value(json_object_get(record, "plan"));

	if (plan && record_plan_is_redundant(config, login, plan))
		json_object_del(record, "plan");
}

/* As the daemons know it (free() it); NULL with the reason. */
static char *login_of(const struct config *config, const char *text, char *why, size_t size)
{
	struct value login = { 0 };
	const char *reason;

	if (control_take_login(config, text, &login, &reason))
		return login.text;
	snprintf(why, size, "login: %s", reason);
	value_fini(&login);
	return NULL;
}

static bool are_secrets(const json_t *secrets, char *why, size_t size)
{
	struct secret_record record;
	const char *name, *reason;
	json_t *secret;

	json_object_foreach((json_t *)secrets, name, secret)
	{
		if (*name && !username_credential_is_valid(name)) {
			snprintf(why, size, "secrets: \"%.60s\" is no credential's name", name);
			return false;
		}
		if (!import_secret_read(secret, &record, &reason)) {
			snprintf(why, size, "password%s%.60s: %s", *name ? " of " : "", name, reason);
			return false;
		}
	}
	return true;
}

/* A secret without a username is nobody's. */
static bool have_usernames(const struct import_account *account, const struct config *config,
			   char *why, size_t size)
{
	const char *separator = config->credential_separator, *name;
	char username[LOGIN_MAX + 1];
	json_t *secret;

	json_object_foreach(account->secrets, name, secret)
	{
		if (username_join(account->login, separator, name, username))
			continue;
		if (!*separator)
			snprintf(why, size, "secrets: without credential_separator in %s there is no "
				 "credential \"%s\"", config->path, name);
		else
			snprintf(why, size, "secrets: with \"%s\" the username is too long", name);
		return false;
	}
	return true;
}

bool import_line_take(const json_t *line, const struct config *config,
		      struct import_account *out, char *why, size_t size)
{
	const json_t *login = json_object_get(line, "login");

	*out = (struct import_account){ .line = line, .record = record_new(0) };
	json_object_del(out->record, "created");
	out->secrets = json_incref(json_object_get(line, "secrets"));
	if (!login)
		snprintf(why, size, "login is missing");
	else if (take_fields(line, out->record, why, size) &&
		 have_good_entries(out->record, why, size) &&
		 is_storable(out->record, config, why, size) &&
		 are_secrets(out->secrets, why, size))
		out->login = login_of(config, json_string_value(login), why, size);
	if (!out->login || !have_usernames(out, config, why, size))
		return false;
	drop_redundant_plan(out->record, config, out->login);
	return true;
}

void import_account_fini(struct import_account *account)
{
	free(account->login);
	json_decref(account->record);
	json_decref(account->secrets);
	*account = (struct import_account){ 0 };
}
