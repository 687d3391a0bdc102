/*
 * export, import: accounts as lines of JSON, with the keys of `user show`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/edit.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"

static void print_line(const struct view *view, void *arg)
{
	json_t *json = view_json(view);

	(void)arg;
	control_print_json_line(json);
	json_decref(json);
}

int command_export(struct control *control)
{
	if (!control_connect(control))
		return STATUS_REFUSED;
	return accounts_all(control, print_line, NULL);
}

/* ---- one line ------------------------------------------------------------ */

/* Octets of a line, its "effective" included. */
#define LINE_OCTETS_MAX (2 * RECORD_MAX)

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
	{ "created", is_anything, true },
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
		snprintf(why, size, "%s", reason);
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

/* The record of a line and its login (free() it); NULL with the reason. */
static json_t *parse_line(const char *text, size_t len, const struct config *config, char **login,
			  char *why, size_t size)
{
	json_error_t error;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error), *record;

	if (!json_is_object(line)) {
		snprintf(why, size, "%s", line ? "is not a JSON object" : error.text);
		json_decref(line);
		return NULL;
	}
	record = record_new(0);
	json_object_del(record, "created");
	if (!json_object_get(line, "login"))
		snprintf(why, size, "login is missing");
	else if (take_fields(line, record, why, size) && is_storable(record, config, why, size))
		*login = login_of(config, json_string_value(json_object_get(line, "login")), why, size);
	json_decref(line);
	if (*login) {
		drop_redundant_plan(record, config, *login);
	} else {
		json_decref(record);
		record = NULL;
	}
	return record;
}

/* ---- the file ------------------------------------------------------------ */

struct import {
	struct control *control;
	const char *name; /* of the file */
	FILE *file;
	bool dry_run;
	size_t line; /* number of the present one */
	size_t added, replaced, same, refused;
	bool stopped; /* the store is away */
};

static bool replace_record(struct edit *edit, void *arg)
{
	const json_t *record = arg;
	json_t *created = json_incref(json_object_get(edit->record, "created"));

	json_object_clear(edit->record);
	json_object_update(edit->record, (json_t *)record);
	if (!json_object_get(record, "created") && created)
		json_object_set(edit->record, "created", created);
	json_decref(created);
	return true;
}

static void store_line(struct import *import, const char *login, json_t *record)
{
	switch (edit_account(import->control, login, EDIT_EITHER, replace_record, record, NULL)) {
	case EDIT_ADDED:
		import->added++;
		break;
	case EDIT_CHANGED:
		import->replaced++;
		break;
	case EDIT_SAME:
		import->same++;
		break;
	case EDIT_REFUSED:
		/* A line that is right can only fail with the store. */
		fprintf(stderr, "%s:%zu: stopped here\n", import->name, import->line);
		import->stopped = true;
		break;
	}
}

static void import_line(struct import *import, const char *text, size_t len)
{
	char why[512] = "", *login = NULL, *printable;
	json_t *record = NULL;

	if (len > LINE_OCTETS_MAX)
		snprintf(why, sizeof(why), "is longer than %d octets", LINE_OCTETS_MAX);
	else
		record = parse_line(text, len, import->control->config, &login, why, sizeof(why));
	if (!record) {
		printable = text_printable(why);
		fprintf(stderr, "%s:%zu: %s\n", import->name, import->line, printable);
		free(printable);
		import->refused++;
	} else if (import->dry_run) {
		import->added++;
	} else {
		store_line(import, login, record);
	}
	json_decref(record);
	free(login);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* False, said, when the file cannot be read to its end. */
static bool import_file(struct import *import)
{
	size_t room = 0;
	char *text = NULL;
	ssize_t len;
	bool ok;

	errno = 0;
	while (!import->stopped && (len = getline(&text, &room, import->file)) >= 0) {
		import->line++;
		if (!is_blank(text))
			import_line(import, text, (size_t)len);
		errno = 0;
	}
	ok = !ferror(import->file);
	if (!ok)
		control_refuse("%s: %s", import->name, strerror(errno));
	free(text);
	return ok && !import->stopped;
}

static void print_counts(const struct import *import)
{
	if (import->control->json && import->dry_run)
		control_print_json(need(json_pack("{s:I, s:I}", "good", (json_int_t)import->added,
						  "refused", (json_int_t)import->refused)));
	else if (import->control->json)
		control_print_json(need(json_pack(
			"{s:I, s:I, s:I, s:I}", "added", (json_int_t)import->added, "replaced",
			(json_int_t)import->replaced, "unchanged", (json_int_t)import->same,
			"refused", (json_int_t)import->refused)));
	else if (import->dry_run)
		printf("%zu good, %zu refused; nothing was written\n", import->added,
		       import->refused);
	else
		printf("%zu added, %zu replaced, %zu unchanged, %zu refused\n", import->added,
		       import->replaced, import->same, import->refused);
}

/* One for all: the accounts are in the file. */
static void write_event(const struct import *import)
{
	json_t *event;
	char actor[JOURNAL_ACTOR_MAX];

	if (import->dry_run || import->added + import->replaced == 0)
		return;
	event = journal_entry(import->control, "import", NULL);
	json_object_set_new(event, "added", need(json_integer((json_int_t)import->added)));
	json_object_set_new(event, "replaced", need(json_integer((json_int_t)import->replaced)));
	journal_actor(import->control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(import->control, event);
}

int command_import(struct control *control)
{
	const char *path = control->argument.text;
	bool standard_input = strcmp(path, "-") == 0, ok;
	struct import import = {
		.control = control,
		.name = standard_input ? "standard input" : path,
		.dry_run = control_has(control, OPTION_DRY_RUN),
	};

	if (!(import.dry_run ? control_load(control) : control_connect(control)))
		return STATUS_REFUSED;
	import.file = standard_input ? stdin : fopen(path, "re");
	if (!import.file)
		return control_refuse("%s: %s", path, strerror(errno));
	ok = import_file(&import);
	if (!standard_input)
		fclose(import.file);
	write_event(&import);
	print_counts(&import);
	return ok && import.refused == 0 ? STATUS_DONE : STATUS_REFUSED;
}
