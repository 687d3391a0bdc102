/*
 * Reading, changing and writing an account so that two who change it at the
 * same time both succeed: what was written in between is read again.
 */
#ifndef SENDWARD_CONTROL_EDIT_H
#define SENDWARD_CONTROL_EDIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"
#include "engine/account.h"

/* How often somebody else may be faster. */
#define EDIT_ROUNDS_MAX 100

enum edit_when {
	EDIT_NEW,      /* there must be no account */
	EDIT_EXISTING, /* there must be one */
	EDIT_EITHER,
};

struct edit {
	const struct config *config;
	const char *login;
	json_t *record;		       /* to be changed */
	const struct account *account; /* as it is; NULL: there is none */
	int64_t now_s;
};

/* Changes edit->record; false after saying why not. It may be called several
 * times, always with the record as it is then. */
typedef bool edit_change(struct edit *edit, void *arg);

enum edit_result {
	EDIT_REFUSED, /* said on standard error */
	EDIT_ADDED,
	EDIT_CHANGED,
	EDIT_SAME, /* it was already so; nothing was written */
};

/* Returns when the change is effective on every server. *record (may be NULL)
 * is the record as it is then, a new reference; untouched on EDIT_REFUSED. */
enum edit_result edit_account(struct control *control, const char *login, enum edit_when when,
			      edit_change *change, void *arg, json_t **record);

#endif
