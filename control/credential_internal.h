/*
 * What control/credential*.c share: an account's entry of a credential, and the
 * secret that the store has.
 */
#ifndef SENDWARD_CONTROL_CREDENTIAL_INTERNAL_H
#define SENDWARD_CONTROL_CREDENTIAL_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "control/credential.h"

/* What the record says of the credential, borrowed; NULL: nothing. */
json_t *credential_entry(const json_t *record, const char *name);

/* The same; one that is not there is made. */
json_t *credential_entry_make(json_t *record, const char *name);

/* Takes the entry away, and "credentials" with the last one. */
void credential_entry_drop(json_t *record, const char *name);

/* An edit_change that makes the change to one entry; arg is a struct credential_editing. */
struct credential_editing {
	const struct credential_id *id;
	bool add; /* it need not be there */
	credential_change *change;
	void *arg;
};
bool credential_edit_entry(struct edit *edit, void *arg);

/* *there: the username has a secret. False, said, when that cannot be told. */
bool credential_has_secret(struct control *control, const char *username, bool *there);

/* Deletes the secret of a username. False, said, when the store did not do it;
 * *there: there was one. */
bool credential_delete_secret(struct control *control, const char *username, bool *there);

#endif
