/*
 * Keeping the index of senders (store/senders.h) while accounts are written.
 *
 *	index_begin()	puts in what the account will have, beside what it has
 *	...		the account is written
 *	index_end()	takes out what it has not any more
 */
#ifndef SENDWARD_CONTROL_INDEX_H
#define SENDWARD_CONTROL_INDEX_H

#include <stdbool.h>

#include "control/wait.h"
#include "engine/account.h"

struct index;

/* before and after may be NULL: there is no account. NULL, with the reason in
 * error, when the store did not take it; the account is then not to be
 * written. */
struct index *index_begin(struct wait *wait, const char *login, const struct account *before,
			  const struct account *after, char error[WAIT_ERROR_MAX]);

/* written: the account is now what was said. When it is not, or that is not
 * known, everything stays in. */
void index_end(struct index **index, bool written);

#endif
