#include "store/credential.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/internal.h"
#include "store/scan.h"
#include "store/secret_record.h"

struct asking {
	struct store *store;
	store_done *done;
	void (*each)(const char *username, void *arg);
	void *arg;
};

static struct asking *asking_new(struct store *store, store_done *done, void *arg)
{
	struct asking *a = memory_zero(sizeof(*a));

	a->store = store;
	a->done = done;
	a->arg = arg;
	return a;
}

static const char too_long[] = "a username has 1 to 255 octets";

/* ---- get ------------------------------------------------------------------- */

void store_secret_get(struct store *store, const char *username, store_record_done *done,
		      void *arg)
{
	char key[KEY_MAX];

	if (key_secret(store_prefix(store), username, key))
		store_get(store, key, done, arg);
	else
		done(STORE_BAD, NULL, 0, too_long, arg);
}

/* ---- put, delete ------------------------------------------------------------ */

static void on_put(enum link_result result, struct redisReply *reply, const char *error, void *arg)
{
	struct asking *a = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	if (outcome == STORE_OK && reply->integer == 0) {
		outcome = STORE_CONFLICT;
		error = "the secret was changed by someone else at the same time";
	}
	a->done(outcome, error, a->arg);
	free(a);
}

void store_secret_put(struct store *store, const char *username, const char *before,
		      const char *json, store_done *done, void *arg)
{
	char key[KEY_MAX];
	struct command command;

	if (!key_secret(store_prefix(store), username, key)) {
		done(STORE_BAD, too_long, arg);
		return;
	}
	if (strlen(json) > SECRET_RECORD_MAX) {
		done(STORE_BAD, "the record of the secret is too large", arg);
		return;
	}
	script_command(&command, SCRIPT_SECRET, 1);
	command_add_key(&command, key);
	command_add(&command, before ? before : "*");
	command_add(&command, json);
	/* What is written whatever there is may be written twice. */
	command.repeatable = !before;
	store_send(store, &command, on_put, asking_new(store, done, arg));
}

static void on_deleted(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct asking *a = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	if (outcome == STORE_OK && reply->integer == 0) {
		outcome = STORE_NOT_FOUND;
		error = "there is no secret";
	}
	a->done(outcome, error, a->arg);
	free(a);
}

void store_secret_delete(struct store *store, const char *username, store_done *done, void *arg)
{
	const char *prefix = store_prefix(store);
	char secret[KEY_MAX], trace[KEY_MAX], guess[KEY_MAX];
	struct command command;

	if (!key_secret(prefix, username, secret) || !key_login_trace(prefix, username, trace) ||
	    !key_guess(prefix, username, guess)) {
		done(STORE_BAD, too_long, arg);
		return;
	}
	script_command(&command, SCRIPT_SECRET, 3);
	command_add_key(&command, secret);
	command_add_key(&command, trace);
	command_add_key(&command, guess);
	command_add(&command, "*");
	command_add(&command, "");
	store_send(store, &command, on_deleted, asking_new(store, done, arg));
}

/* ---- list -------------------------------------------------------------------- */

static void on_key(const char *key, void *arg)
{
	const struct asking *a = arg;
	char username[LOGIN_MAX + 1];

	if (key_secret_username(store_prefix(a->store), key, username))
		a->each(username, a->arg);
}

static void on_listed(enum store_result result, const char *error, void *arg)
{
	struct asking *a = arg;

	a->done(result, error, a->arg);
	free(a);
}

void store_secret_each(struct store *store, void (*each)(const char *username, void *arg),
		       store_done *done, void *arg)
{
	struct asking *a = asking_new(store, done, arg);
	char pattern[KEY_MAX];

	a->each = each;
	key_secret_pattern(store_prefix(store), pattern);
	scan_keys(store, pattern, on_key, on_listed, a);
}
