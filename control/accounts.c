#include "control/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/names.h"
#include "control/record.h"
#include "control/wait.h"
#include "store/senders.h"

struct logins {
	struct answer answer; /* first, see answer_done() */
	struct names names;
};

static void add_login(const char *login, void *arg)
{
	names_add(&((struct logins *)arg)->names, login);
}

/* Calls each() with the account of an answer. */
static int show(struct control *control, const char *login, const struct answer *answer,
		accounts_view *each, void *arg)
{
	struct view view = {
		.config = control->config,
		.login = login,
		.now_s = wait_now_s(control->wait),
	};
	struct account *account;
	const char *reason;
	json_t *record = record_decode(answer->text, answer->len, &reason);

	if (!record)
		return control_refuse("%s: %s", login, reason);
	view.record = record;
	account = record_account(record, &reason);
	if (account) {
		view.account = account;
		each(&view, arg);
		account_unref(&account);
	} else {
		control_refuse("%s: %s", login, reason);
	}
	json_decref(record);
	return view.account ? STATUS_DONE : STATUS_REFUSED;
}

int accounts_one(struct control *control, const char *login, accounts_view *each, void *arg)
{
	struct answer answer;
	int status;

	switch (wait_account_get(control->wait, login, &answer)) {
	case STORE_OK:
		status = show(control, login, &answer, each, arg);
		break;
	case STORE_NOT_FOUND:
		status = control_refuse("%s: no account", login);
		break;
	default:
		status = control_refuse("%s", answer.error);
		break;
	}
	answer_fini(&answer);
	return status;
}

/* Asks for n accounts at once. */
static void ask(struct wait *wait, char *const *logins, size_t n, struct answer *answers)
{
	for (size_t i = 0; i < n; i++) {
		answer_init(&answers[i], wait);
		store_account_get(wait_store(wait), logins[i], answer_record, &answers[i]);
	}
	for (size_t i = 0; i < n; i++)
		wait_until(wait, &answers[i].done);
}

/* False when the store went away. */
static bool show_some(struct control *control, char *const *logins, size_t n, accounts_view *each,
		      void *arg, int *status)
{
	struct answer *answers = memory_zero(n * sizeof(*answers));
	bool there = true;

	ask(control->wait, logins, n, answers);
	for (size_t i = 0; i < n; i++) {
		/* Not found: deleted since. */
		if (answers[i].result == STORE_OK) {
			if (show(control, logins[i], &answers[i], each, arg) != STATUS_DONE)
				*status = STATUS_REFUSED;
		} else if (answers[i].result != STORE_NOT_FOUND && there) {
			*status = control_refuse("%s", answers[i].error);
			there = false;
		}
		answer_fini(&answers[i]);
	}
	free(answers);
	return there;
}

typedef void each_login(struct store *store, void (*each)(const char *login, void *arg),
			store_done *done, void *arg);

static int accounts_of(struct control *control, each_login *all, accounts_view *each, void *arg)
{
	struct logins logins = { 0 };
	struct names *names = &logins.names;
	int status = STATUS_DONE;

	answer_init(&logins.answer, control->wait);
	all(wait_store(control->wait), add_login, answer_done, &logins);
	wait_until(control->wait, &logins.answer.done);
	if (logins.answer.result != STORE_OK) {
		status = control_refuse("%s", logins.answer.error);
		names_clear(names);
	}
	/* The store may tell a login twice. */
	names_sort(names);
	for (size_t i = 0; i < names->n; i += ACCOUNTS_AHEAD) {
		size_t n = names->n - i < ACCOUNTS_AHEAD ? names->n - i : ACCOUNTS_AHEAD;

		if (!show_some(control, names->list + i, n, each, arg, &status))
			break;
	}
	names_fini(names);
	return status;
}

int accounts_all(struct control *control, accounts_view *each, void *arg)
{
	return accounts_of(control, store_account_each, each, arg);
}

/* The list of them may have some that have none any more. */
struct identity_view {
	accounts_view *each;
	void *arg;
};

static void if_identity(const struct view *view, void *arg)
{
	const struct identity_view *wanted = arg;

	if (view->account->identity)
		wanted->each(view, wanted->arg);
}

static void each_identity(struct store *store, void (*each)(const char *login, void *arg),
			  store_done *done, void *arg)
{
	store_senders_each(store, &place_of_identities, each, done, arg);
}

int accounts_identities(struct control *control, accounts_view *each, void *arg)
{
	struct identity_view wanted = { each, arg };

	return accounts_of(control, each_identity, if_identity, &wanted);
}
