#include "control/credential.h"

#include <stdlib.h>
#include <string.h>

#include "control/journal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"
#include "control/wait.h"
#include "store/secret_record.h"

/* How often a secret is looked at again when the store did not say whether it
 * was written. */
#define LOOKS_MAX 3

/* ---- which one -------------------------------------------------------------- */

bool credential_id(const struct config *config, const char *login, const char *name,
		   struct credential_id *out)
{
	*out = (struct credential_id){ .login = login };
	strcpy(out->name, name);
	if (*name && !*config->credential_separator)
		control_refuse("%s: no further credentials without credential_separator in %s",
			       login, config->path);
	else if (!username_join(login, config->credential_separator, name, out->username))
		control_refuse("%s: with \"%s\" the username is too long", login, name);
	else
		return true;
	return false;
}

bool credential_of_command(struct control *control, struct credential_id *out)
{
	const struct value *given = control_value(control, OPTION_NAME);
	struct username username;

	if (!control_load(control))
		return false;
	config_username(control->config, control_login(control), &username);
	if (given && *username.credential) {
		control_refuse("%s names a credential, and so does --name", control_login(control));
		return false;
	}
	strcpy(control->argument.text, username.login);
	return credential_id(control->config, control_login(control),
			     given ? given->text : username.credential, out);
}

void credential_event(const struct control *control, const struct credential_id *id,
		      const char *change)
{
	json_t *event = journal_entry(control, "credential", id->login);
	char actor[JOURNAL_ACTOR_MAX];

	json_object_set_new(event, "credential", text_json(id->name));
	json_object_set_new(event, "change", text_json(change));
	journal_actor(control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(control, event);
}

/* ---- the account's part ------------------------------------------------------- */

/* What the record says of the credential, borrowed; NULL: nothing. */
static json_t *entry_of(const json_t *record, const char *name)
{
	return json_object_get(json_object_get(record, "credentials"), name);
}

static json_t *make_entry(json_t *record, const char *name)
{
	json_t *all = json_object_get(record, "credentials");

	if (!all) {
		all = need(json_object());
		json_object_set_new(record, "credentials", all);
	}
	if (!json_object_get(all, name))
		json_object_set_new(all, name, need(json_object()));
	return json_object_get(all, name);
}

/* A record without credentials says the same as one with none. */
static void drop_entry(json_t *record, const char *name)
{
	json_t *all = json_object_get(record, "credentials");

	json_object_del(all, name);
	if (all && json_object_size(all) == 0)
		json_object_del(record, "credentials");
}

struct editing {
	const struct credential_id *id;
	bool add;
	credential_change *change;
	void *arg;
};

static bool edit_entry(struct edit *edit, void *arg)
{
	const struct editing *e = arg;
	const char *name = e->id->name;
	bool main_one = *name == '\0', there = entry_of(edit->record, name) != NULL;
	bool ok;

	if (!there && !main_one && !e->add) {
		control_refuse("%s: no such credential", e->id->username);
		return false;
	}
	ok = e->change(edit, make_entry(edit->record, name), e->arg);
	if (main_one && json_object_size(entry_of(edit->record, name)) == 0)
		drop_entry(edit->record, name);
	return ok;
}

enum edit_result credential_edit(struct control *control, const struct credential_id *id,
				 credential_change *change, void *arg, json_t **record)
{
	struct editing e = { id, false, change, arg };

	return edit_account(control, id->login, EDIT_EXISTING, edit_entry, &e, record);
}

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

bool credential_write_networks(struct control *control, const struct credential_id *id,
			       const json_t *record)
{
	struct stored stored;
	bool ok;

	if (!read_secret(control, id->username, &stored))
		return false;
	set_networks(entry_of(record, id->name), &stored.record);
	ok = !*stored.text ||
	     put_secret(control, id->username, stored.text, &stored.record);
	free(stored.text);
	return ok;
}

void credential_unrevoke(json_t *record, const char *name)
{
	json_t *entry = *name ? make_entry(record, name) : entry_of(record, name);

	if (!json_object_get(entry, "revoked"))
		return;
	json_object_del(entry, "revoked");
	json_object_del(entry, "state");
	if (json_object_size(entry) == 0)
		drop_entry(record, name);
}

bool credential_put_record(struct control *control, const struct credential_id *id,
			   const struct secret_record *record)
{
	return put_secret(control, id->username, NULL, record);
}

/* ---- a new secret ------------------------------------------------------------------ */

struct marking {
	const struct credential_secret *new;
	const struct credential_id *id;
	bool has_secret;
	bool blocked; /* and stays so */
};

/* What the account is to know before there is the secret. */
static bool mark(struct edit *edit, json_t *entry, void *arg)
{
	struct marking *m = arg;

	if (m->new->add && m->has_secret && account_credential(edit->account, m->id->name)) {
		control_refuse("%s: the credential exists; credential set or rotate changes it",
			       m->id->username);
		return false;
	}
	if (json_object_get(entry, "revoked")) {
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
	struct editing e = { id, new->add, mark, &m };
	json_t *record = NULL;
	bool ok;

	if (edit_account(control, id->login, EDIT_EXISTING, edit_entry, &e, &record) ==
	    EDIT_REFUSED)
		return false;
	set_networks(entry_of(record, id->name), &stored->record);
	json_decref(record);
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

/* ---- revoking ------------------------------------------------------------------------- */

static bool mark_revoked(struct edit *edit, void *arg)
{
	const struct credential_id *id = arg;
	json_t *entry;

	if (*id->name) {
		drop_entry(edit->record, id->name);
		return true;
	}
	entry = make_entry(edit->record, "");
	record_set_text(entry, "state", account_state_name(ACCOUNT_BLOCKED));
	if (!json_object_get(entry, "revoked"))
		record_set_number(entry, "revoked", edit->now_s);
	return true;
}

/* False, said, when the store did not do it; *there: there was one. */
static bool delete_secret(struct control *control, const char *username, bool *there)
{
	struct answer answer;
	enum store_result result = wait_secret_delete(control->wait, username, &answer);

	if (result == STORE_UNCERTAIN)
		result = wait_secret_delete(control->wait, username, &answer);
	*there = result == STORE_OK;
	if (result != STORE_OK && result != STORE_NOT_FOUND) {
		control_refuse("%s", answer.error);
		control_note("%s: the account refuses it, but its secret is still there; do it again",
			     username);
	}
	answer_fini(&answer);
	return result == STORE_OK || result == STORE_NOT_FOUND;
}

/* *there: there was something to revoke; *secret: a password. */
static bool revoke(struct control *control, const struct credential_id *id, bool *there,
		   bool *secret)
{
	struct credential_id copy = *id;
	enum edit_result result =
		edit_account(control, id->login, EDIT_EXISTING, mark_revoked, &copy, NULL);

	*there = *secret = false;
	if (result == EDIT_REFUSED ||
	    (*id->username && !delete_secret(control, id->username, secret)))
		return false;
	*there = *secret || result == EDIT_CHANGED;
	return true;
}

bool credential_revoke(struct control *control, const struct credential_id *id)
{
	bool there, secret;

	if (!revoke(control, id, &there, &secret))
		return false;
	if (!there)
		control_refuse("%s: no such credential", id->username);
	else
		credential_event(control, id, "revoked");
	return there;
}

/* The names in the account; false, said, when it cannot be read. */
static bool read_names(struct control *control, const char *login, struct account **out)
{
	struct answer answer;
	const char *reason;
	enum store_result result = wait_account_get(control->wait, login, &answer);

	*out = NULL;
	if (result == STORE_NOT_FOUND)
		control_refuse("%s: no account", login);
	else if (result != STORE_OK)
		control_refuse("%s", answer.error);
	else if (!(*out = account_decode(answer.text, answer.len, &reason)))
		control_refuse("%s: %s", login, reason);
	answer_fini(&answer);
	return *out != NULL;
}

/* One of several; counts it when it was there. */
static bool revoke_one(struct control *control, const char *login, const char *name, size_t *n)
{
	const char *separator = control->config->credential_separator;
	struct credential_id id = { .login = login };
	bool there, secret;

	strcpy(id.name, name);
	/* What has no username now has no secret that could be used. */
	if (!username_join(login, separator, name, id.username))
		*id.username = '\0';
	if (!revoke(control, &id, &there, &secret))
		return false;
	if (there)
		credential_event(control, &id, "revoked");
	/* The main one is marked also when it had no password; the others have one. */
	if (*name ? there : secret)
		(*n)++;
	return true;
}

bool credential_revoke_all(struct control *control, const char *login, size_t *n)
{
	struct account *account;
	bool ok;

	*n = 0;
	if (!read_names(control, login, &account))
		return false;
	/* The main one, whether it is in the list or not; and all others, also when
	 * one of them could not be revoked. */
	ok = revoke_one(control, login, "", n);
	for (size_t i = 0; i < account->n_credentials; i++)
		if (*account->credentials[i].name &&
		    !revoke_one(control, login, account->credentials[i].name, n))
			ok = false;
	account_unref(&account);
	return ok;
}

bool credential_forget_secrets(struct control *control, const char *login,
			       const struct account *account)
{
	const char *separator = control->config->credential_separator;
	char username[LOGIN_MAX + 1];
	bool there, ok = true;

	/* What has no username now has none that it could log in with. */
	for (size_t i = 0; ok && i < account->n_credentials; i++)
		if (*account->credentials[i].name &&
		    username_join(login, separator, account->credentials[i].name, username))
			ok = delete_secret(control, username, &there);
	return ok;
}
