/*
 * Credentials of an account, and their secrets. An account and the secrets of
 * its credentials are several keys, which no one command writes at once (in a
 * cluster they may be on several servers). So what refuses is written first: the
 * account refuses a credential, before its secret goes; a new secret, when the
 * account knows of it. Whatever is interrupted is done by the same command again.
 */
#ifndef SENDWARD_CONTROL_CREDENTIAL_H
#define SENDWARD_CONTROL_CREDENTIAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/username.h"
#include "control/control.h"
#include "control/edit.h"

/* Networks of one credential. */
#define CREDENTIAL_NETWORKS_MAX 100

struct credential_id {
	const char *login; /* borrowed */
	char name[CREDENTIAL_NAME_MAX + 1]; /* "": the main one */
	char username[LOGIN_MAX + 1];
};

/* False, said, when the login has no such username, or no separator is
 * configured. */
bool credential_id(const struct config *config, const char *login, const char *name,
		   struct credential_id *out);

/* Of the argument LOGIN, LOGIN+NAME, or of LOGIN and --name; the argument is
 * then LOGIN alone. */
bool credential_of_command(struct control *control, struct credential_id *out);

/* Changes what the account says of a credential, an object; false after saying
 * why not. */
typedef bool credential_change(struct edit *edit, json_t *credential, void *arg);

/* EDIT_REFUSED, said, when the account does not have it. The main one each account
 * has. *record as in edit_account(). */
enum edit_result credential_edit(struct control *control, const struct credential_id *id,
				 credential_change *change, void *arg, json_t **record);

struct credential_secret {
	const struct secret *secret;
	int64_t keep_s; /* the one before is good for so long; 0: not at all */
	bool add; /* a new credential: refused when there is one that has a secret */
	credential_change *change; /* what else is to change; NULL: nothing */
	void *arg;
};

/* Sets the secret of a credential; a main one that was revoked is there again.
 * False, said, when it is not done. */
bool credential_set_secret(struct control *control, const struct credential_id *id,
			   const struct credential_secret *new);

/* In an account's record: the credential is there, and not revoked. */
void credential_unrevoke(json_t *record, const char *name);

/* When its secret was set, Unix time; anyway: also when the record says so already. */
void credential_set_changed(json_t *record, const char *name, int64_t changed_s, bool anyway);

/* Writes a secret that was made elsewhere, in place of what there is. False, said. */
struct secret_record;
bool credential_put_record(struct control *control, const struct credential_id *id,
			   const struct secret_record *record);

/* Writes the credential's networks, as the account (record) has them, into its
 * secret, where Dovecot looks for them. False, said. */
bool credential_write_networks(struct control *control, const struct credential_id *id,
			       const json_t *record);

/* Takes the credential away from the account, then its secret; of the main one
 * the account remembers that it was revoked, and of another one until its secret is
 * gone. False, said, also when there was none. */
bool credential_revoke(struct control *control, const struct credential_id *id);

/* Revokes all of them, the others also when one of them cannot be; a main one that has
 * no password here stays as it is: another SASL server may have one. *n says how many
 * passwords there were that are gone, *left, a new array, the usernames of those that
 * are still there: the account refuses them. When the account could not be written, so
 * that it refuses none, login alone is in it. False, said, when the same is to be done
 * again. */
bool credential_revoke_all(struct control *control, const char *login, size_t *n, json_t **left);

/* The secrets of all credentials of an account but the main one, before the
 * account goes. False, said. */
bool credential_forget_secrets(struct control *control, const char *login,
			       const struct account *account);

/* An event of it: kind "credential". */
void credential_event(const struct control *control, const struct credential_id *id,
		      const char *change);

#endif
