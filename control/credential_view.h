/*
 * Credentials as `credential list`, `password list` and `user show` print them:
 * never a secret, nor its hash.
 */
#ifndef SENDWARD_CONTROL_CREDENTIAL_VIEW_H
#define SENDWARD_CONTROL_CREDENTIAL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"
#include "control/view.h"

/* Credentials whose secrets are asked for at once. */
#define CREDENTIALS_AHEAD 100

/* Which of them. */
struct credential_filter {
	bool with_secret;     /* only those that have one */
	int64_t older_than_s; /* secrets of this age and more; 0: of any */
	int64_t due_s;	      /* what expires, or must be rotated, within; -1: whatever */
};

struct credential_list;

/* Rows are collected, and printed by credential_list_end(). */
struct credential_list *credential_list_begin(struct control *control,
					      const struct credential_filter *filter);

/* Adds the credentials of one account; an accounts_view, arg is the list. */
void credential_list_add(const struct view *view, void *arg);

/* Prints what there is and frees the list. status is that of reading the accounts;
 * returns it, or STATUS_REFUSED, said, when a secret could not be read. */
int credential_list_end(struct credential_list **list, int status);

#endif
