/*
 * One line of `import`: an account, with the keys of `user show`, and the secrets of
 * its credentials.
 */
#ifndef SENDWARD_CONTROL_IMPORT_LINE_H
#define SENDWARD_CONTROL_IMPORT_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

struct import_account {
	char *login;	    /* as the daemons know it */
	const json_t *line; /* borrowed: it has what the line names */
	json_t *record;	    /* can be stored, were there no such account */
	json_t *secrets;    /* by the name of the credential, "" the main one; NULL: none */
};

/* False with the reason in why. import_account_fini() in any case; line outlives
 * out. */
bool import_line_take(const json_t *line, const struct config *config,
		      struct import_account *out, char *why, size_t size);
void import_account_fini(struct import_account *account);

#endif
