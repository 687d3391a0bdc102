/*
 * What a line of `import` makes of an account.
 */
#ifndef SENDWARD_CONTROL_IMPORT_CHANGE_H
#define SENDWARD_CONTROL_IMPORT_CHANGE_H

#include <stdbool.h>

#include "control/edit.h"
#include "control/import_line.h"

struct import_change {
	const struct import_account *account; /* its secrets have their age */
	bool whole;	   /* the line is all of the account, but for when it was made */
	const char *actor; /* who gives it another state */
	bool full;	   /* there can be no more identities */

	/* What came of it. */
	int more;     /* identities; -1: it was one, and is none */
	bool refused; /* there would be one too many */
};

/* An edit_change; arg is a struct import_change. False only when refused, and without a
 * word: the caller knows the line. */
edit_change import_change;

#endif
