#define _GNU_SOURCE /* explicit_bzero() */
#include "control/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "control/accounts.h"
#include "control/edit.h"
#include "control/import_change.h"
#include "control/import_line.h"
#include "control/import_secret.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/progress.h"
#include "control/record.h"
#include "control/text.h"
#include "control/wait.h"
#include "engine/identity.h"

/* Octets of a line, its "effective" included. */
#define LINE_OCTETS_MAX (2 * RECORD_MAX)

struct working {
	struct import *import;
	size_t line; /* number of the present one */
	bool stopped;
	long identities; /* how many there are; -1: not known yet */
	char actor[JOURNAL_ACTOR_MAX];
};

static void say(const struct working *w, const char *why)
{
	char *printable = text_printable(why);

	progress_clear();
	fprintf(stderr, "%s:%zu: %s\n", w->import->name, w->line, printable);
	free(printable);
}

/* ---- identities ------------------------------------------------------------------------ */

static void count_identity(const struct view *view, void *arg)
{
	long *n = arg;

	(void)view;
	(*n)++;
}

/* How many identities there are is asked when the first one comes, and then counted. A
 * check of the file alone counts those of the file. */
static bool learn_identities(struct working *w, const struct import_account *account)
{
	if (!json_object_get(account->record, "identity") || w->identities >= 0)
		return true;
	w->identities = 0;
	return w->import->mode == IMPORT_CHECK ||
	       accounts_identities(w->import->control, count_identity, &w->identities) ==
		       STATUS_DONE;
}

/* Accounts that are not made need no room. */
static void refuse_identity(struct working *w)
{
	char why[128];

	snprintf(why, sizeof(why), "there are %ld identities, and can be no more", w->identities);
	say(w, why);
	w->import->counts.refused++;
}

static struct import_change change_of(const struct working *w, const struct import_account *account)
{
	return (struct import_change){
		.account = account,
		.whole = import_source_is_whole(&w->import->source),
		.actor = w->actor,
		.full = w->identities >= IDENTITIES_MAX,
	};
}

/* ---- writing ------------------------------------------------------------------------- */

static void stop(struct working *w)
{
	say(w, "stopped here");
	w->stopped = true;
}

/* But for one identity too many, a line that is right can only fail with the store. */
static void write_account(struct working *w, const struct import_account *account)
{
	struct import_change change = change_of(w, account);
	struct import_counts *counts = &w->import->counts;
	enum edit_result result = edit_account(w->import->control, account->login, EDIT_EITHER,
					       import_change, &change, NULL);

	if (result == EDIT_REFUSED && change.refused) {
		refuse_identity(w);
		return;
	}
	if (result != EDIT_REFUSED && w->identities >= 0)
		w->identities += change.more;
	counts->added += result == EDIT_ADDED;
	counts->changed += result == EDIT_CHANGED;
	counts->same += result == EDIT_SAME;
	if (result == EDIT_REFUSED ||
	    !import_secret_write(w->import->control, account, &counts->secrets))
		stop(w);
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
	struct import_change change = change_of(w, account);
	struct import_counts *counts = &w->import->counts;
	struct edit edit = { .config = w->import->control->config,
			     .login = account->login,
			     .record = before ? need(json_deep_copy(before)) : record_new(0) };

	if (!import_change(&edit, &change)) {
		refuse_identity(w);
		json_decref(edit.record);
		return;
	}
	if (w->identities >= 0)
		w->identities += change.more;
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
	const char *reason = answer.error;
	json_t *before = NULL;

	if (result == STORE_OK)
		before = record_decode(answer.text, answer.len, &reason);
	if (before || result == STORE_NOT_FOUND) {
		compare(w, account, before);
	} else {
		say(w, reason);
		stop(w);
	}
	json_decref(before);
	answer_fini(&answer);
}

/* ---- the file ------------------------------------------------------------------------- */

static void check_account(struct working *w, const struct import_account *account)
{
	bool one = json_object_get(account->record, "identity") != NULL;

	if (one && w->identities >= IDENTITIES_MAX) {
		refuse_identity(w);
		return;
	}
	w->identities += one;
	w->import->counts.added++;
}

/* What the store has to say of it before it is written or compared. */
static bool prepare(struct working *w, struct import_account *account)
{
	char why[WAIT_ERROR_MAX];

	if (import_secret_date(w->import->control, account, why, sizeof(why)))
		return true;
	say(w, why);
	return false;
}

static void take_account(struct working *w, struct import_account *account)
{
	if (!learn_identities(w, account) ||
	    (w->import->mode != IMPORT_CHECK && !prepare(w, account)))
		stop(w);
	else if (w->import->mode == IMPORT_CHECK)
		check_account(w, account);
	else if (w->import->mode == IMPORT_DIFF)
		look_at_account(w, account);
	else
		write_account(w, account);
}

static void take_line(struct working *w, const json_t *line)
{
	struct import_account account;
	char why[512] = "";

	if (import_line_take(line, w->import->control->config, &account, why, sizeof(why))) {
		take_account(w, &account);
	} else {
		say(w, why);
		w->import->counts.refused++;
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
	struct working w = { .import = import, .identities = -1 };
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
