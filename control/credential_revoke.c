/*
 * Credentials that are to be good no longer. The account says so of all of them in
 * one write, then the secrets go, then what the account had of those that are gone.
 * So one whose secret could not be deleted is still in the account, as revoked, and
 * the same command finds it again.
 */
#include <string.h>

#include "control/credential.h"
#include "control/credential_internal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"

struct revoking {
	struct control *control;
	const char *login;
	const char *only; /* the name of one; NULL: all that the account has */
	json_t *names;	  /* of those that the account had, and of the main one unless it stays */
	json_t *gone;	  /* of those without a secret now; the account still has them */
	json_t *left;	  /* usernames of those whose secret is still there */
	size_t passwords; /* of those that are gone */
	bool main_had;	  /* the main one was not revoked already */
	bool main_stays;  /* as it is: there is no password of it here */
	bool deleted;	  /* a secret was, of whichever */
};

static void revoking_init(struct revoking *r, struct control *control, const char *login,
			  const char *only)
{
	*r = (struct revoking){ .control = control, .login = login, .only = only };
	r->names = need(json_array());
	r->gone = need(json_array());
	r->left = need(json_array());
}

static void revoking_fini(struct revoking *r)
{
	json_decref(r->names);
	json_decref(r->gone);
	json_decref(r->left);
}

/* ---- the account ---------------------------------------------------------------- */

static void find_names(struct revoking *r, const json_t *record)
{
	json_t *all = json_object_get(record, "credentials"), *entry;
	const char *name;

	json_array_clear(r->names);
	if (!r->main_stays && (!r->only || !*r->only))
		json_array_append_new(r->names, text_json(""));
	json_object_foreach(all, name, entry)
	{
		if (*name && (!r->only || strcmp(name, r->only) == 0))
			json_array_append_new(r->names, text_json(name));
	}
}

static bool mark_revoked(struct edit *edit, void *arg)
{
	struct revoking *r = arg;
	json_t *name;
	size_t i;

	find_names(r, edit->record);
	r->main_had = !json_object_get(credential_entry(edit->record, ""), "revoked");
	json_array_foreach(r->names, i, name)
	{
		json_t *entry = credential_entry_make(edit->record, json_string_value(name));

		record_set_text(entry, "state", account_state_name(ACCOUNT_BLOCKED));
		if (!json_object_get(entry, "revoked"))
			record_set_number(entry, "revoked", edit->now_s);
	}
	return true;
}

/* Somebody may have given one a new password meanwhile: that one stays. */
static bool drop_gone(struct edit *edit, void *arg)
{
	const struct revoking *r = arg;
	json_t *name;
	size_t i;

	json_array_foreach(r->gone, i, name)
	{
		const char *text = json_string_value(name);

		if (json_object_get(credential_entry(edit->record, text), "revoked"))
			credential_entry_drop(edit->record, text);
	}
	return true;
}

/* ---- the secrets ---------------------------------------------------------------- */

/* What has no username now has no secret that could be used. */
static void id_of(const struct revoking *r, const char *name, struct credential_id *out)
{
	*out = (struct credential_id){ .login = r->login };
	strcpy(out->name, name);
	if (!username_join(r->login, r->control->config->credential_separator, name,
			   out->username))
		*out->username = '\0';
}

/* False, said, when it is still there. */
static bool delete_secret(struct revoking *r, const char *username, bool *there)
{
	if (credential_delete_secret(r->control, username, there))
		return true;
	control_note("%s: the account refuses it, but its secret is still there; do it again",
		     username);
	return false;
}

static void take_secret(struct revoking *r, const char *name)
{
	struct credential_id id;
	bool there = false;

	id_of(r, name, &id);
	if (*id.username && !delete_secret(r, id.username, &there)) {
		json_array_append_new(r->left, text_json(id.username));
		return;
	}
	r->deleted = r->deleted || there;
	/* The main one may be marked without having had a password; the others have one. */
	r->passwords += *name || there;
	if (*name)
		json_array_append_new(r->gone, text_json(name));
	if (*name || there || r->main_had)
		credential_event(r->control, &id, "revoked");
}

/* False, said, when something is left to do. */
static bool revoke(struct revoking *r)
{
	struct control *control = r->control;
	json_t *name;
	size_t i;

	if (edit_account(control, r->login, EDIT_EXISTING, mark_revoked, r, NULL) ==
	    EDIT_REFUSED) {
		json_array_append_new(r->left, text_json(r->login));
		return false;
	}
	json_array_foreach(r->names, i, name)
		take_secret(r, json_string_value(name));
	if (json_array_size(r->gone) > 0 &&
	    edit_account(control, r->login, EDIT_EXISTING, drop_gone, r, NULL) == EDIT_REFUSED) {
		control_note("%s: the account still names what was revoked; do it again", r->login);
		return false;
	}
	return json_array_size(r->left) == 0;
}

/* ---- for others ----------------------------------------------------------------- */

/* One that the account does not have may have a secret all the same: what was
 * interrupted, or is in no account any more. */
static bool revoke_stray(struct revoking *r, const struct credential_id *id)
{
	if (json_array_size(r->names) > 0)
		return true;
	if (!delete_secret(r, id->username, &r->deleted))
		return false;
	if (r->deleted)
		credential_event(r->control, id, "revoked");
	else
		control_refuse("%s: no such credential", id->username);
	return r->deleted;
}

bool credential_revoke(struct control *control, const struct credential_id *id)
{
	struct revoking r;
	bool ok;

	revoking_init(&r, control, id->login, id->name);
	ok = revoke(&r) && revoke_stray(&r, id);
	if (ok && !*id->name && !r.deleted && !r.main_had) {
		control_refuse("%s: no such credential", id->username);
		ok = false;
	}
	revoking_fini(&r);
	return ok;
}

/* A password that another SASL server keeps is not revoked here, and its login must be
 * able to send again when it is allowed. */
static bool has_no_password(struct control *control, const char *login)
{
	bool there;

	return credential_has_secret(control, login, &there) && !there;
}

bool credential_revoke_all(struct control *control, const char *login, size_t *n, json_t **left)
{
	struct revoking r;
	bool ok;

	revoking_init(&r, control, login, NULL);
	r.main_stays = has_no_password(control, login);
	ok = revoke(&r);
	*n = r.passwords;
	*left = json_incref(r.left);
	revoking_fini(&r);
	return ok;
}

bool credential_forget_secrets(struct control *control, const char *login,
			       const struct account *account)
{
	const char *separator = control->config->credential_separator;
	char username[LOGIN_MAX + 1];
	bool there, ok = true;

	/* What has no username now has none that it could log in with. */
	for (size_t i = 0; ok && i < account->n_credentials; i++) {
		if (!*account->credentials[i].name ||
		    !username_join(login, separator, account->credentials[i].name, username))
			continue;
		ok = credential_delete_secret(control, username, &there);
		if (!ok)
			control_note("%s: it is still there, and so is the secret of %s; do it again",
				     login, username);
	}
	return ok;
}
