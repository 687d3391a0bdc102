#include "sasld/login_internal.h"

#include <string.h>

#include "base/memory.h"
#include "store/credential.h"

/* ---- looking up ----------------------------------------------------------- */

static void looked(struct login *l)
{
	if (!l->record)
		l->has_secret = false;
	if (*l->trouble)
		login_cannot_tell(l, "store", l->trouble);
	else if (l->of_name.refused_s > 0 || l->of_network.refused_s > 0)
		login_refuse_guessing(l);
	else
		login_verify(l);
}

static void on_looked(struct login *l)
{
	if (login_is_last(l))
		looked(l);
}

/* What is in it is looked at when the password is known to be right: reading a
 * large one would show that there is one. */
static void on_account(enum store_result result, const char *record, size_t len, const char *error,
		       void *arg)
{
	struct login *l = arg;

	if (result == STORE_OK) {
		l->record = memory_alloc(len + 1);
		l->record_len = len;
		memcpy(l->record, record, len);
		l->record[len] = '\0';
	} else if (result != STORE_NOT_FOUND) {
		login_note_trouble(l, error);
	}
	on_looked(l);
}

/* A user who has none costs as much as one who has. */
static void on_secret(enum store_result result, const char *record, size_t len, const char *error,
		      void *arg)
{
	struct login *l = arg;
	bool found = result == STORE_OK;
	const char *reason = error;

	if (result == STORE_NOT_FOUND) {
		record = stranger_record(&len);
		found = true;
	}
	l->has_secret = found && secret_record_decode(record, len, &l->secret, &reason);
	if (!l->has_secret)
		login_note_trouble(l, reason);
	if (result == STORE_NOT_FOUND)
		l->has_secret = false;
	on_looked(l);
}

static void on_name_looked(enum store_result result, const struct guess_state *state,
			   const char *error, void *arg)
{
	struct login *l = arg;

	(void)result;
	login_take_state(l, state, error, &l->of_name);
	on_looked(l);
}

static void on_network_looked(enum store_result result, const struct guess_state *state,
			      const char *error, void *arg)
{
	struct login *l = arg;

	(void)result;
	login_take_state(l, state, error, &l->of_network);
	on_looked(l);
}

/* All at the same time; the fifth answer is our own, so that the last one comes
 * when all are asked. */
void login_look_up(struct login *l)
{
	struct guess_limits name = login_limits(l, false), network = login_limits(l, true);
	struct store *store = l->host->store;

	if (!config_username(l->config, mechanism_username(l->mechanism), &l->name) ||
	    !username_join(l->name.login, l->config->credential_separator, l->name.credential,
			   l->username)) {
		login_refuse(l, "malformed", "the user name is too long", "");
		return;
	}
	login_enter(l, LOGIN_LOOKING);
	l->owed += 5;
	store_account_get(store, l->name.login, on_account, l);
	store_secret_get(store, l->username, on_secret, l);
	store_guess_username(store, GUESS_LOOK, l->username, l->network, &name, on_name_looked, l);
	store_guess_network(store, GUESS_LOOK, l->network, &network, on_network_looked, l);
	on_looked(l);
}
