#include "control/edit.h"

#include <stdlib.h>
#include <string.h>

#include "control/index.h"
#include "control/record.h"
#include "control/wait.h"
#include "store/lease.h"

/* One round of reading, changing and writing. */
struct round {
	struct control *control;
	const char *login;
	enum edit_when when;
	char version[ACCOUNT_VERSION_DIGITS + 1]; /* "": no account */
	json_t *before;				  /* NULL: no account */
	json_t *after;
	bool added;    /* the last thing written was a new account */
	json_t *tried; /* was written, perhaps; NULL: nothing */
};

enum outcome { OUTCOME_REFUSED, OUTCOME_DONE, OUTCOME_SAME, OUTCOME_AGAIN };

static void round_fini(struct round *round)
{
	json_decref(round->before);
	json_decref(round->after);
	round->before = round->after = NULL;
}

/* Is what is there what an earlier round wrote without being told? */
static bool was_written(const struct round *round)
{
	return round->tried && round->before && json_equal(round->before, round->tried);
}

/* Sets version and before. */
static bool read_account(struct round *round)
{
	struct answer answer;
	const char *reason;
	bool ok = true;

	round->version[0] = '\0';
	switch (wait_account_get(round->control->wait, round->login, &answer)) {
	case STORE_OK:
		round->before = record_decode(answer.text, answer.len, &reason);
		if (round->before)
			memcpy(round->version, answer.text, ACCOUNT_VERSION_DIGITS);
		else
			control_refuse("%s: %s", round->login, reason);
		round->version[ACCOUNT_VERSION_DIGITS] = '\0';
		ok = round->before != NULL;
		break;
	case STORE_NOT_FOUND:
		break;
	default:
		control_refuse("%s", answer.error);
		ok = false;
		break;
	}
	answer_fini(&answer);
	return ok;
}

static bool is_as_expected(const struct round *round)
{
	if (round->when == EDIT_NEW && round->before)
		control_refuse("%s: the account exists; user set or identity set changes it, "
			       "password set or password generate its password", round->login);
	else if (round->when == EDIT_EXISTING && !round->before)
		control_refuse("%s: no account", round->login);
	else
		return true;
	return false;
}

/* Sets after, when the change is one that may be stored. */
static bool change_account(struct round *round, edit_change *change, void *arg)
{
	struct edit edit = {
		.config = round->control->config,
		.login = round->login,
		.now_s = wait_now_s(round->control->wait),
	};
	struct account *old = NULL, *new;
	const char *reason;
	bool ok;

	if (round->before && !(old = record_account(round->before, &reason)))
		return control_refuse("%s: %s", round->login, reason), false;
	round->after = round->before ? json_deep_copy(round->before) : record_new(edit.now_s);
	edit.record = round->after;
	edit.account = old;
	ok = change(&edit, arg);
	account_unref(&old);
	if (!ok)
		return false;
	new = record_account(round->after, &reason);
	if (new)
		reason = record_fault(new);
	account_unref(&new);
	if (reason)
		control_refuse("%s: %s", round->login, reason);
	return !reason;
}

/* The store has written, and nobody was told how long a daemon may have a lease of the
 * older account. */
static enum outcome done_unheard(const struct round *round)
{
	wait_pause(round->control->wait, LEASE_MS);
	return OUTCOME_DONE;
}

/* The store did not say whether it has written: it has when what is there now
 * is what was to be written. */
static enum outcome look_again(struct round *round, const char *error)
{
	struct round now = *round;
	enum outcome outcome = OUTCOME_AGAIN;

	json_decref(round->tried);
	round->tried = now.tried = json_incref(round->after);
	now.before = now.after = NULL;
	if (!read_account(&now)) {
		control_note("%s: it may have been changed: %s", round->login, error);
		outcome = OUTCOME_REFUSED;
	} else if (was_written(&now)) {
		outcome = done_unheard(round);
	}
	round_fini(&now);
	return outcome;
}

static enum outcome put_account(struct round *round)
{
	char *json = record_encode(round->after);
	struct answer answer;
	enum outcome outcome = OUTCOME_REFUSED;

	round->added = !round->before;
	switch (wait_account_put(round->control->wait, round->login, round->version, json,
				 &answer)) {
	case STORE_OK:
		outcome = OUTCOME_DONE;
		break;
	case STORE_CONFLICT:
		outcome = OUTCOME_AGAIN;
		break;
	case STORE_UNCERTAIN:
		outcome = look_again(round, answer.error);
		break;
	default:
		control_refuse("%s", answer.error);
		break;
	}
	answer_fini(&answer);
	free(json);
	return outcome;
}

/* Both are records that can be read: change_account() has done so. */
static struct index *begin_index(struct round *round)
{
	const char *reason;
	char error[WAIT_ERROR_MAX];
	struct account *before = round->before ? record_account(round->before, &reason) : NULL;
	struct account *after = record_account(round->after, &reason);
	struct index *index =
		index_begin(round->control->wait, round->login, before, after, error);

	if (!index)
		control_refuse("%s: %s", round->login, error);
	account_unref(&before);
	account_unref(&after);
	return index;
}

static enum outcome write_account(struct round *round)
{
	struct index *index = begin_index(round);
	enum outcome outcome = OUTCOME_REFUSED;

	if (!index)
		return outcome;
	outcome = put_account(round);
	index_end(&index, outcome == OUTCOME_DONE);
	return outcome;
}

static enum outcome one_round(struct round *round, edit_change *change, void *arg)
{
	if (!read_account(round))
		return OUTCOME_REFUSED;
	if (was_written(round)) {
		round->after = json_incref(round->before);
		return done_unheard(round);
	}
	if (!is_as_expected(round))
		return OUTCOME_REFUSED;
	wait_learn_clock(round->control->wait);
	if (!change_account(round, change, arg))
		return OUTCOME_REFUSED;
	if (round->before && json_equal(round->before, round->after))
		return OUTCOME_SAME;
	return write_account(round);
}

static enum edit_result result_of(const struct round *round, enum outcome outcome)
{
	if (outcome == OUTCOME_REFUSED)
		return EDIT_REFUSED;
	if (outcome == OUTCOME_SAME)
		return EDIT_SAME;
	return round->added ? EDIT_ADDED : EDIT_CHANGED;
}

enum edit_result edit_account(struct control *control, const char *login, enum edit_when when,
			      edit_change *change, void *arg, json_t **record)
{
	struct round round = { .control = control, .login = login, .when = when };
	enum outcome outcome = OUTCOME_AGAIN;
	enum edit_result result;
	int rounds;

	for (rounds = 0; outcome == OUTCOME_AGAIN && rounds < EDIT_ROUNDS_MAX; rounds++) {
		round_fini(&round);
		outcome = one_round(&round, change, arg);
	}
	if (outcome == OUTCOME_AGAIN) {
		control_refuse("%s: others change the account all the time; gave up", login);
		outcome = OUTCOME_REFUSED;
	}
	result = result_of(&round, outcome);
	if (result != EDIT_REFUSED && record)
		*record = json_incref(round.after);
	round_fini(&round);
	json_decref(round.tried);
	return result;
}
