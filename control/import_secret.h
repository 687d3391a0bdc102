/*
 * The secrets that a line of `import` brings: hashes, and how old they are.
 *
 * The age of a secret is what must_rotate_after goes by, so each has one: what the line
 * says; else, when the store has the same hash, what that says; else the secret is as
 * old as the import.
 */
#ifndef SENDWARD_CONTROL_IMPORT_SECRET_H
#define SENDWARD_CONTROL_IMPORT_SECRET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/control.h"
#include "control/import_line.h"
#include "store/secret_record.h"

/* One of import_account.secrets. False with *reason for what is none. */
bool import_secret_read(const json_t *secret, struct secret_record *out, const char **reason);

/* Gives each secret of the account its "changed"; asks the store. False, with the reason
 * in why, when that does not answer. */
bool import_secret_date(struct control *control, struct import_account *account, char *why,
			size_t size);

/* In an account's record: each credential is there, not revoked, and its secret as old as
 * it is. whole: record is what the line says, and what it says of the age stays. */
void import_secret_mark(json_t *record, const json_t *secrets, bool whole);

/* Writes them, and adds to *n how many. False, said. */
bool import_secret_write(struct control *control, const struct import_account *account, size_t *n);

#endif
