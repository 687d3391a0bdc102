/*
 * The secrets of credentials: what the store has, and new ones.
 */
#include <stdlib.h>
#include <string.h>

#include "control/credential.h"
#include "control/credential_internal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/wait.h"
#include "store/secret_record.h"

/* How often a secret is looked at again when the store did not say whether it
 * was written. */
#define LOOKS_MAX 3

/* ---- a secret that is there ----------------------------------------------------- */

struct stored {
	char *text; /* owned; "": there is none */
	struct secret_record record;
};

/* False, said, when it cannot be had. One that cannot be read is as good as none. */
static bool read_secret(struct control *control, const char *username, struct stored *out)
{
	struct answer answer;
	const char *reason;
	enum store_result result = wait_secret_get(control->wait, username, &answer);

	*out = (struct stored){ 0 };
	if (result == STORE_OK) {
		out->text = answer.text;
		answer.text = NULL;
		if (!secret_record_decode(out->text, answer.len, &out->record, &reason))
			out->record = (struct secret_record){ 0 };
	} else if (result == STORE_NOT_FOUND) {
		out->text = need_copy("", 0);
	} else {
		control_refuse("%s", answer.error);
	}
	answer_fini(&answer);
	return out->text != NULL;
}

/* The networks of a list that Dovecot's allow_nets can say: no exceptions. */
static void set_networks(const json_t *entry, struct secret_record *record)
{
	const json_t *list = json_object_get(entry, "networks");
	size_t used = 0;

	*record->allow_nets = '\0';
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		size_t len = text ? strlen(text) : 0;

		if (len == 0 || *text == '!' || used + len + 2 > sizeof(record->allow_nets))
			continue;
		if (used)
			record->allow_nets[used++] = ',';
		memcpy(record->allow_nets + used, text, len + 1);
		used += len;
	}
}

/* Is this what the store has? */
static bool is_stored(struct control *control, const char *username, const char *json)
{
	struct stored now;
	bool same = read_secret(control, username, &now) && strcmp(now.text, json) == 0;

	free(now.text);
	return same;
}

static bool put_secret(struct control *control, const char *username, const char *before,
		       const struct secret_record *record)
{
	char *json = secret_record_encode(record);
	enum store_result result = STORE_UNCERTAIN;
	bool written = false;

	for (int i = 0; i < LOOKS_MAX && result == STORE_UNCERTAIN && !written; i++) {
		struct answer answer;

		result = wait_secret_put(control->wait, username, before, json, &answer);
		written = result == STORE_OK;
		/* An earlier try may have arrived. */
		if (result == STORE_UNCERTAIN || (result == STORE_CONFLICT && i > 0))
			written = is_stored(control, username, json);
		if (!written && result != STORE_UNCERTAIN)
			control_refuse("%s: %s", username, answer.error);
		answer_fini(&answer);
	}
	if (!written && result == STORE_UNCERTAIN)
		control_refuse("%s: the store did not say whether it has the secret", username);
	free(json);
	return written;
}

bool credential_has_secret(struct control *control, const char *username, bool *there)
{
	struct stored stored;
	bool ok = read_secret(control, username, &stored);

	*there = ok && *stored.text;
	free(stored.text);
	return ok;
}

bool credential_write_networks(struct control *control, const struct credential_id *id,
			       const json_t *record)
{
	struct stored stored;
	bool ok;

	if (!read_secret(control, id->username, &stored))
		return false;
	set_networks(credential_entry(record, id->name), &stored.record);
	ok = !*stored.text ||
	     put_secret(control, id->username, stored.text, &stored.record);
	free(stored.text);
	return ok;
}

bool credential_put_record(struct control *control, const struct credential_id *id,
			   const struct secret_record *record)
{
	return put_secret(control, id->username, NULL, record);
}

bool credential_delete_secret(struct control *control, const char *username, bool *there)
{
	struct answer answer;
	enum store_result result = wait_secret_delete(control->wait, username, &answer);

	if (result == STORE_UNCERTAIN) {
		answer_fini(&answer);
		result = wait_secret_delete(control->wait, username, &answer);
	}
	*there = result == STORE_OK;
	if (result != STORE_OK && result != STORE_NOT_FOUND)
		control_refuse("%s", answer.error);
	answer_fini(&answer);
	return result == STORE_OK || result == STORE_NOT_FOUND;
}

/* ---- a new secret ------------------------------------------------------------------ */

struct marking {
	const struct credential_secret *new;
	const struct credential_id *id;
	bool has_secret;
	bool revoked; /* until now; what is left of its secret is no good */
	bool blocked; /* and stays so */
};

/* What the account is to know before there is the secret. */
static bool mark(struct edit *edit, json_t *entry, void *arg)
{
	struct marking *m = arg;

	m->revoked = json_object_get(entry, "revoked") != NULL;
	if (m->new->add && m->has_secret && !m->revoked &&
	    account_credential(edit->account, m->id->name)) {
		control_refuse("%s: the credential exists; credential set or rotate changes it",
			       m->id->username);
		return false;
	}
	if (m->revoked) {
		json_object_del(entry, "revoked");
		json_object_del(entry, "state");
	}
	if (!json_object_get(entry, "created"))
		record_set_number(entry, "created", edit->now_s);
	record_set_number(entry, "changed", edit->now_s);
	m->blocked = json_object_get(entry, "state") != NULL;
	return !m->new->change || m->new->change(edit, entry, m->new->arg);
}

/* The record as it is to be, but for what the account says. */
static bool hash_secret(struct control *control, const struct credential_id *id,
			const struct credential_secret *new, struct secret_record *record)
{
	const char *reason;
	int64_t now_s;

	wait_learn_clock(control->wait);
	now_s = wait_now_s(control->wait);
	secret_record_keep_previous(record, new->keep_s && *record->password ?
						    now_s + new->keep_s : 0);
	record->changed_s = now_s;
	if (secret_record_set(&control->config->passwords, new->secret, record, &reason))
		return true;
	control_refuse("%s: %s", id->username, reason);
	return false;
}

static bool write_both(struct control *control, const struct credential_id *id,
		       const struct credential_secret *new, struct stored *stored)
{
	struct marking m = { .new = new, .id = id, .has_secret = *stored->text != '\0' };
	struct credential_editing e = { id, new->add, mark, &m };
	json_t *record = NULL;
	bool ok;

	if (edit_account(control, id->login, EDIT_EXISTING, credential_edit_entry, &e, &record) ==
	    EDIT_REFUSED)
		return false;
	set_networks(credential_entry(record, id->name), &stored->record);
	json_decref(record);
	if (m.revoked)
		secret_record_keep_previous(&stored->record, 0);
	ok = put_secret(control, id->username, stored->text, &stored->record);
	if (!ok && m.has_secret)
		control_note("%s: the secret from before is still in force; do it again",
			     id->username);
	else if (!ok)
		control_note("%s: it has no secret, nobody can log in with it; do it again",
			     id->username);
	else if (m.blocked)
		control_note("%s: it is blocked, see `sendward credential allow`", id->username);
	return ok;
}

bool credential_set_secret(struct control *control, const struct credential_id *id,
			   const struct credential_secret *new)
{
	struct stored stored;
	bool ok;

	if (!read_secret(control, id->username, &stored))
		return false;
	ok = hash_secret(control, id, new, &stored.record) &&
	     write_both(control, id, new, &stored);
	free(stored.text);
	return ok;
}
