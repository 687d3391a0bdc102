#define _GNU_SOURCE /* explicit_bzero() */
#include "control/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/credential.h"
#include "control/edit.h"
#include "control/import_line.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/progress.h"
#include "control/record.h"
#include "control/text.h"
#include "control/wait.h"
#include "store/secret_record.h"

/* Octets of a line, its "effective" included. */
#define LINE_OCTETS_MAX (2 * RECORD_MAX)

struct working {
	struct import *import;
	size_t line; /* number of the present one */
	bool stopped;
	char actor[JOURNAL_ACTOR_MAX];
};

static void say(const struct working *w, const char *why)
{
	char *printable = text_printable(why);

	progress_clear();
	fprintf(stderr, "%s:%zu: %s\n", w->import->name, w->line, printable);
	free(printable);
}

/* ---- what an account becomes -------------------------------------------------------- */

struct change {
	const struct import_account *account;
	bool whole;
	const char *actor;
};

/* A credential that gets a secret is none that was revoked. */
static void mark_secrets(json_t *record, const json_t *secrets)
{
	const char *name;
	json_t *secret;

	json_object_foreach((json_t *)secrets, name, secret)
		credential_unrevoke(record, name);
}

/* All of the account but when it was made, unless the line says that, too. */
static void put_whole(json_t *record, const json_t *new)
{
	json_t *created = json_incref(json_object_get(record, "created"));

	json_object_clear(record);
	json_object_update(record, (json_t *)new);
	if (!json_object_get(new, "created") && created)
		json_object_set(record, "created", created);
	json_decref(created);
}

/* A state that the line names and the account does not have begins now and has no
 * end: whose it was, since and until when belongs to the one before. */
static void put_state(struct edit *edit, const json_t *line, const char *actor)
{
	const char *name = json_string_value(json_object_get(line, "state"));
	const char *before = json_string_value(json_object_get(edit->record, "state"));
	const json_t *reason = json_object_get(line, "reason");
	struct record_state state = { .actor = actor, .since_s = edit->now_s };

	if (!name || !account_state_parse(name, &state.state) ||
	    (strcmp(name, before ? before : "") == 0 && !json_object_get(edit->record, "until")))
		return;
	state.reason = reason ? json_string_value(reason) : "";
	record_set_state(edit->record, &state);
}

/* What the line names, and nothing else. */
static void put_named(struct edit *edit, const struct import_account *new, const char *actor)
{
	const char *name;
	json_t *value;

	put_state(edit, new->line, actor);
	json_object_foreach(new->record, name, value)
		if (json_object_get(new->line, name))
			json_object_set(edit->record, name, value);
	/* The plan that it would have anyway. */
	if (json_object_get(new->line, "plan") && !json_object_get(new->record, "plan"))
		json_object_del(edit->record, "plan");
}

static bool change_record(struct edit *edit, void *arg)
{
	const struct change *change = arg;

	if (change->whole)
		put_whole(edit->record, change->account->record);
	else
		put_named(edit, change->account, change->actor);
	mark_secrets(edit->record, change->account->secrets);
	return true;
}

static struct change change_of(const struct working *w, const struct import_account *account)
{
	return (struct change){ account, import_source_is_whole(&w->import->source), w->actor };
}

/* ---- writing ------------------------------------------------------------------------- */

static bool write_secrets(struct working *w, const struct import_account *account)
{
	struct credential_id id;
	struct secret_record record;
	const char *name, *reason;
	json_t *secret;
	bool ok = true;

	json_object_foreach(account->secrets, name, secret)
	{
		ok = credential_id(w->import->control->config, account->login, name, &id) &&
		     import_secret_read(secret, &record, &reason) &&
		     credential_put_record(w->import->control, &id, &record);
		explicit_bzero(&record, sizeof(record));
		if (!ok)
			break;
		w->import->counts.secrets++;
	}
	return ok;
}

/* A line that is right can only fail with the store. */
static void write_account(struct working *w, const struct import_account *account)
{
	struct change change = change_of(w, account);
	struct import_counts *counts = &w->import->counts;
	enum edit_result result = edit_account(w->import->control, account->login, EDIT_EITHER,
					       change_record, &change, NULL);

	counts->added += result == EDIT_ADDED;
	counts->changed += result == EDIT_CHANGED;
	counts->same += result == EDIT_SAME;
	if (result != EDIT_REFUSED && write_secrets(w, account))
		return;
	say(w, "stopped here");
	w->stopped = true;
}

/* ---- the difference -------------------------------------------------------------------- */

static void print_difference(const char *login, const json_t *before, const json_t *after)
{
	char *printable = text_printable(login);
	const char *name;
	json_t *value;

	printf("%c %s", before ? '~' : '+', printable);
	free(printable);
	json_object_foreach((json_t *)after, name, value)
		if (before && !json_equal(value, json_object_get(before, name)))
			printf(" %s", name);
	json_object_foreach((json_t *)before, name, value)
		if (!json_object_get(after, name))
			printf(" -%s", name);
	putchar('\n');
}

static void compare(struct working *w, const struct import_account *account, json_t *before)
{
	struct change change = change_of(w, account);
	struct import_counts *counts = &w->import->counts;
	struct edit edit = { .config = w->import->control->config,
			     .login = account->login,
			     .record = before ? need(json_deep_copy(before)) : record_new(0) };

	change_record(&edit, &change);
	counts->secrets += json_object_size(account->secrets);
	if (before && json_equal(before, edit.record)) {
		counts->same++;
	} else {
		counts->added += !before;
		counts->changed += before != NULL;
		if (!w->import->control->json) {
			progress_clear();
			print_difference(account->login, before, edit.record);
		}
	}
	json_decref(edit.record);
}

static void look_at_account(struct working *w, const struct import_account *account)
{
	struct answer answer;
	enum store_result result =
		wait_account_get(w->import->control->wait, account->login, &answer);
	json_t *before = NULL;

	if (result == STORE_OK && answer.len > ACCOUNT_VERSION_DIGITS)
		before = json_loads(answer.text + ACCOUNT_VERSION_DIGITS, 0, NULL);
	if (result == STORE_OK || result == STORE_NOT_FOUND) {
		compare(w, account, before);
	} else {
		say(w, answer.error);
		w->stopped = true;
	}
	json_decref(before);
	answer_fini(&answer);
}

/* ---- the file ------------------------------------------------------------------------- */

static void take_line(struct working *w, const json_t *line)
{
	struct import_account account;
	char why[512] = "";

	if (!import_line_take(line, w->import->control->config, &account, why, sizeof(why))) {
		say(w, why);
		w->import->counts.refused++;
	} else if (w->import->mode == IMPORT_CHECK) {
		w->import->counts.added++;
	} else if (w->import->mode == IMPORT_DIFF) {
		look_at_account(w, &account);
	} else {
		write_account(w, &account);
	}
	import_account_fini(&account);
}

static void read_line(struct working *w, char *text, size_t len)
{
	enum import_read read = IMPORT_WRONG;
	char why[512] = "";
	json_t *line = NULL;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	if (len > LINE_OCTETS_MAX)
		snprintf(why, sizeof(why), "is longer than %d octets", LINE_OCTETS_MAX);
	else
		read = import_source_read(&w->import->source, text, len, &line, why, sizeof(why));
	switch (read) {
	case IMPORT_NOTHING:
		break;
	case IMPORT_LINE:
		take_line(w, line);
		break;
	case IMPORT_WRONG:
	case IMPORT_NO_SUCH_FILE:
		say(w, why);
		w->import->counts.refused++;
		w->stopped = read == IMPORT_NO_SUCH_FILE;
		break;
	}
	json_decref(line);
}

bool import_run(struct import *import)
{
	struct working w = { .import = import };
	size_t room = 0;
	char *text = NULL;
	ssize_t len;
	bool ok;

	journal_actor(import->control, w.actor);
	progress_begin(import->file);
	errno = 0;
	while (!w.stopped && (len = getline(&text, &room, import->file)) >= 0) {
		w.line++;
		progress_add((size_t)len);
		read_line(&w, text, (size_t)len);
		errno = 0;
	}
	ok = !ferror(import->file);
	progress_clear();
	if (!ok)
		control_refuse("%s: %s", import->name, strerror(errno));
	if (text)
		explicit_bzero(text, room);
	free(text);
	return ok && !w.stopped;
}
