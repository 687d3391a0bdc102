/*
 * All accounts there are, in the order of their logins.
 */
#ifndef SENDWARD_CONTROL_ACCOUNTS_H
#define SENDWARD_CONTROL_ACCOUNTS_H

#include "control/control.h"
#include "control/view.h"

/* Accounts asked for at once; what is printed waits for so many. */
#define ACCOUNTS_AHEAD 100

/* Reads one account and calls each() with it. STATUS_REFUSED, said, when
 * there is none or it cannot be read. */
typedef void accounts_view(const struct view *view, void *arg);
int accounts_one(struct control *control, const char *login, accounts_view *each, void *arg);

/* Calls each() for every account. STATUS_REFUSED when one could not be read
 * (which is said, and the others follow) or the store went away. */
int accounts_all(struct control *control, accounts_view *each, void *arg);

/* The same for the accounts with an identity. */
int accounts_identities(struct control *control, accounts_view *each, void *arg);

#endif
