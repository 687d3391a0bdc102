#define _GNU_SOURCE /* explicit_bzero() */
#include "control/import_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/password_hash.h"
#include "base/scram.h"
#include "control/credential.h"
#include "control/need.h"
#include "control/record.h"
#include "control/wait.h"

bool import_secret_read(const json_t *secret, struct secret_record *out, const char **reason)
{
	char *text = need(json_dumps(secret, JSON_COMPACT | JSON_ENCODE_ANY));
	struct scram_verifier verifier;
	bool ok = secret_record_decode(text, strlen(text), out, reason);

	explicit_bzero(text, strlen(text));
	free(text);
	if (ok)
		*reason = password_hash_fault(out->password);
	if (ok && !*reason && *out->previous)
		*reason = password_hash_fault(out->previous);
	if (ok && !*reason && *out->scram && !scram_parse(out->scram, &verifier))
		*reason = "its verifier for SCRAM is none";
	return ok && !*reason;
}

/* ---- the age ---------------------------------------------------------------------- */

/* When the secret that the store has was set, if it has that hash; else now. */
static int64_t age_of(const struct answer *answer, const char *hash, int64_t now_s)
{
	struct secret_record record;
	const char *reason;
	int64_t changed_s = 0;

	if (answer->result == STORE_OK &&
	    secret_record_decode(answer->text, answer->len, &record, &reason) && hash &&
	    strcmp(record.password, hash) == 0)
		changed_s = record.changed_s;
	explicit_bzero(&record, sizeof(record));
	return changed_s ? changed_s : now_s;
}

static bool date_one(struct control *control, const char *username, json_t *secret, char *why,
		     size_t size)
{
	const char *hash = json_string_value(json_object_get(secret, "password"));
	struct answer answer;
	enum store_result result;
	bool ok;

	wait_learn_clock(control->wait);
	result = wait_secret_get(control->wait, username, &answer);
	ok = result == STORE_OK || result == STORE_NOT_FOUND;
	if (ok)
		record_set_number(secret, "changed",
				  age_of(&answer, hash, wait_now_s(control->wait)));
	else
		snprintf(why, size, "%s", answer.error);
	answer_fini(&answer);
	return ok;
}

bool import_secret_date(struct control *control, struct import_account *account, char *why,
			size_t size)
{
	const char *separator = control->config->credential_separator, *name;
	char username[LOGIN_MAX + 1];
	json_t *secret;

	json_object_foreach(account->secrets, name, secret)
	{
		if (json_integer_value(json_object_get(secret, "changed")) == 0 &&
		    username_join(account->login, separator, name, username) &&
		    !date_one(control, username, secret, why, size))
			return false;
	}
	return true;
}

void import_secret_mark(json_t *record, const json_t *secrets, bool whole)
{
	const char *name;
	json_t *secret;

	json_object_foreach((json_t *)secrets, name, secret)
	{
		credential_unrevoke(record, name);
		credential_set_changed(record, name,
				       json_integer_value(json_object_get(secret, "changed")),
				       !whole);
	}
}

/* ---- writing ---------------------------------------------------------------------- */

bool import_secret_write(struct control *control, const struct import_account *account, size_t *n)
{
	struct credential_id id;
	struct secret_record record;
	const char *name, *reason;
	json_t *secret;
	bool ok = true;

	json_object_foreach(account->secrets, name, secret)
	{
		ok = credential_id(control->config, account->login, name, &id) &&
		     import_secret_read(secret, &record, &reason) &&
		     credential_put_record(control, &id, &record);
		explicit_bzero(&record, sizeof(record));
		if (!ok)
			break;
		(*n)++;
	}
	return ok;
}
