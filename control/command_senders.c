/*
 * import-senders: Postfix tables into the accounts' lists of senders.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/accounts.h"
#include "control/commands.h"
#include "control/differ.h"
#include "control/edit.h"
#include "control/grant.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/postfix_tables.h"
#include "control/text.h"
#include "control/wait.h"

/* Differences that are printed for people; JSON has all. */
#define DIFFERENCES_SHOWN 200

struct import {
	struct control *control;
	struct postfix_tables tables;
	bool dry_run, replace;
	int64_t now_s;
	size_t added, changed, same, refused; /* logins */
	bool stopped;			      /* the store is away */
	json_t *logins;			      /* for JSON; NULL: not kept */
	json_t *differences;		      /* NULL: nothing to compare with */
};

static void add_account(const struct view *view, void *arg)
{
	struct owner *owner = owners_add(arg, view->login);

	owner->account = account_ref((struct account *)view->account);
}

/* ---- one login --------------------------------------------------------------- */

static struct grant grant_of(const struct import *import, const struct owner *owner)
{
	return (struct grant){ owner->login, owner->wanted.list, owner->wanted.n, import->replace };
}

static bool few_enough(const char *login, const struct grant_result *result)
{
	size_t n = json_array_size(result->after);

	if (n <= SENDERS_MAX)
		return true;
	control_refuse("%s: would own %zu addresses, more than %d of one account; give it the "
		       "domain (*@DOMAIN) or a sender_group with them instead",
		       login, n, SENDERS_MAX);
	return false;
}

/* For edit_account(); the account may have changed since it was looked at. */
static bool give(struct edit *edit, void *arg)
{
	struct grant_result result;
	bool ok;

	grant_work_out(edit->config, arg, edit->account, edit->now_s, &result);
	ok = few_enough(edit->login, &result);
	if (ok && result.changed)
		json_object_set(edit->record, "senders", result.after);
	grant_fini(&result);
	return ok;
}

/* What the account's list is then, for the comparison. */
static void keep_list(struct owner *owner, const json_t *list)
{
	const char *reason;

	owner->after = need_room(NULL, json_array_size(list) + 1, sizeof(*owner->after));
	for (size_t i = 0; i < json_array_size(list); i++)
		if (pattern_parse(json_string_value(json_array_get(list, i)),
				  &owner->after[owner->n_after], &reason))
			owner->n_after++;
}

static void print_patterns(const json_t *list, char sign)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		char *text = text_printable(json_string_value(json_array_get(list, i)));

		printf("  %c %s\n", sign, text);
		free(text);
	}
}

static bool is_identity(const struct owner *owner)
{
	return owner->account && owner->account->identity;
}

static const char *kind_of(const struct owner *owner)
{
	return !owner->account ? " (new account)" : is_identity(owner) ? " (identity)" : "";
}

static void print_login(const struct import *import, const struct owner *owner,
			const struct grant_result *result)
{
	char *login;

	if (import->logins) {
		json_array_append_new(import->logins,
				      need(json_pack("{s:o, s:b, s:b, s:O, s:O, s:I}", "login",
						     text_json(owner->login), "new",
						     owner->account == NULL, "identity",
						     is_identity(owner), "add", result->add,
						     "remove", result->remove, "unchanged",
						     (json_int_t)result->unchanged)));
	} else if (import->dry_run) {
		login = text_printable(owner->login);
		printf("%s%s\n", login, kind_of(owner));
		print_patterns(result->add, '+');
		print_patterns(result->remove, '-');
		if (result->unchanged > 0)
			printf("  = %zu unchanged\n", result->unchanged);
		free(login);
	}
}

static enum edit_result grant_login(struct import *import, struct owner *owner,
				    const struct grant_result *wanted)
{
	struct grant grant = grant_of(import, owner);
	enum edit_result result;

	if (!few_enough(owner->login, wanted))
		return EDIT_REFUSED;
	if (!wanted->changed)
		return EDIT_SAME;
	if (import->dry_run)
		return owner->account ? EDIT_CHANGED : EDIT_ADDED;
	result = edit_account(import->control, owner->login, EDIT_EITHER, give, &grant, NULL);
	if (result == EDIT_REFUSED) {
		control_note("stopped at %s", owner->login);
		import->stopped = true;
	}
	return result;
}

static void import_login(struct import *import, struct owner *owner)
{
	struct grant grant = grant_of(import, owner);
	struct grant_result result;

	grant_work_out(import->control->config, &grant, owner->account, import->now_s, &result);
	switch (grant_login(import, owner, &result)) {
	case EDIT_ADDED:
		import->added++;
		break;
	case EDIT_CHANGED:
		import->changed++;
		break;
	case EDIT_SAME:
		import->same++;
		break;
	case EDIT_REFUSED:
		import->refused++;
		grant_fini(&result);
		return;
	}
	if (result.changed) {
		print_login(import, owner, &result);
		keep_list(owner, result.after);
	}
	grant_fini(&result);
}

/* ---- the end ------------------------------------------------------------------ */

/* Sessions of an identity have no login that Postfix could look for in its tables, so there
 * the address is nobody's, or somebody else's. */
static void print_names(const struct import *import, const char *who, const json_t *names)
{
	printf("  %s:", who);
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		const struct owner *owner = owners_find(import->tables.owners, name);
		char *text = text_printable(name);

		printf("%s %s%s", i ? "," : "", text,
		       owner && is_identity(owner) ? " (identity)" : "");
		free(text);
	}
	puts(json_array_size(names) ? "" : " nobody");
}

static void print_differences(const struct import *import)
{
	size_t n = json_array_size(import->differences);

	if (!import->dry_run || import->logins || n == 0)
		return;
	printf("\nPostfix, by these tables, and Sendward would not agree who owns:\n");
	for (size_t i = 0; i < n && i < DIFFERENCES_SHOWN; i++) {
		const json_t *d = json_array_get(import->differences, i);
		char *text = text_printable(json_string_value(json_object_get(d, "address")));

		puts(text);
		print_names(import, "Postfix", json_object_get(d, "postfix"));
		print_names(import, "Sendward", json_object_get(d, "sendward"));
		free(text);
	}
	if (n > DIFFERENCES_SHOWN)
		printf("... and %zu more; --json prints all\n", n - DIFFERENCES_SHOWN);
	putchar('\n');
}

static void print_json(struct import *import)
{
	const struct remarks *remarks = &import->tables.remarks;
	json_t *counts = need(json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I}", "added", (json_int_t)import->added, "changed",
		(json_int_t)import->changed, "unchanged", (json_int_t)import->same, "refused",
		(json_int_t)import->refused, "unusable", (json_int_t)remarks->faults, "empty",
		(json_int_t)remarks->nothings));

	control_print_json(need(json_pack("{s:b, s:o, s:O, s:O, s:O?}", "written", !import->dry_run,
					  "counts", counts, "logins", import->logins, "lines",
					  remarks->list, "differences", import->differences)));
}

static void print_counts(const struct import *import)
{
	const struct remarks *remarks = &import->tables.remarks;

	printf("logins: %zu added, %zu changed, %zu unchanged, %zu refused\n", import->added,
	       import->changed, import->same, import->refused);
	printf("lines: %zu that cannot be used, %zu that give nothing\n", remarks->faults,
	       remarks->nothings);
	if (import->differences)
		printf("addresses that Postfix and Sendward give to different logins: %zu\n",
		       json_array_size(import->differences));
	if (import->dry_run)
		puts("nothing was written");
}

static void write_event(const struct import *import)
{
	char actor[JOURNAL_ACTOR_MAX];
	json_t *event;

	if (import->dry_run || import->added + import->changed == 0)
		return;
	event = journal_entry(import->control, "import-senders", NULL);
	json_object_set_new(event, "added", need(json_integer((json_int_t)import->added)));
	json_object_set_new(event, "changed", need(json_integer((json_int_t)import->changed)));
	journal_actor(import->control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(import->control, event);
}

static void import_all(struct import *import)
{
	struct owners *owners = import->tables.owners;

	for (size_t i = 0; i < owners_count(owners) && !import->stopped; i++)
		if (owners_at(owners, i)->wanted.n > 0)
			import_login(import, owners_at(owners, i));
	if (map_count(import->tables.login_map) > 0)
		import->differences = differ(import->control->config, import->tables.login_map,
					     owners, import->now_s);
	write_event(import);
	print_differences(import);
	if (import->logins)
		print_json(import);
	else
		print_counts(import);
}

static int command_import_senders(struct control *control)
{
	struct import import = {
		.control = control,
		.dry_run = control_has(control, OPTION_DRY_RUN),
		.replace = control_has(control, OPTION_REPLACE),
	};
	int status = STATUS_REFUSED;

	if (!control_has(control, OPTION_LOGIN_MAPS) && !control_has(control, OPTION_ALIAS_MAPS))
		return control_misuse(control, "--login-maps or --alias-maps is missing");
	if (!control_load(control))
		return STATUS_REFUSED;
	if (postfix_tables_read(control, &import.tables) && control_connect(control) &&
	    accounts_all(control, add_account, import.tables.owners) == STATUS_DONE &&
	    postfix_tables_read_logins(&import.tables)) {
		import.now_s = wait_now_s(control->wait);
		import.logins = control->json ? need(json_array()) : NULL;
		postfix_tables_invert(&import.tables);
		import_all(&import);
		if (import.tables.remarks.faults + import.refused == 0)
			status = STATUS_DONE;
	}
	json_decref(import.logins);
	json_decref(import.differences);
	postfix_tables_fini(&import.tables);
	return status;
}

static const struct meaning import_senders_meanings[] = {
	{ OPTION_DOMAIN,
	  { "domain", 0, false, "DOMAIN", value_domain,
	    "domain of users that have none in the tables" } },
	{ OPTION_DRY_RUN, { "dry-run", 'n', false, NULL, NULL, "only show what would change" } },
	{ 0 },
};

const struct command commands_senders[] = {
	{ .name = "import-senders",
	  .options = OPTION_LIST(OPTION_LOGIN_MAPS, OPTION_ALIAS_MAPS, OPTION_LOGINS, OPTION_DOMAIN,
				 OPTION_TARGET_IS_LOGIN, OPTION_MAX_LOGINS, OPTION_REPLACE,
				 OPTION_DRY_RUN, OPTION_ACTOR),
	  .meanings = import_senders_meanings,
	  .help = "give logins the senders that Postfix tables list",
	  .notes = "Adds to what the accounts have, or replaces it. Lines that cannot be used are\n"
		   "told with their numbers. With --dry-run the difference is shown: + is added,\n"
		   "- taken away, and addresses that Postfix and Sendward would then give to\n"
		   "different logins.",
	  .run = command_import_senders },
	{ 0 },
};
