/*
 * The criteria of an identity (engine/identity.h) in an account's record, as the options
 * of `identity add` and `identity set` give them.
 */
#ifndef SENDWARD_CONTROL_CRITERIA_H
#define SENDWARD_CONTROL_CRITERIA_H

#include <jansson.h>

#include "control/control.h"
#include "control/edit.h"

/* The command is about an identity: --network is one of its criteria. */
bool criteria_are_given(const struct control *control);

/* Each list that is given takes the place of the record's. False after saying why when
 * the identity would be as good as everybody's, and --yes-really does not say so. */
bool criteria_change(struct edit *edit, const struct control *control);

/* "192.0.2.0/28", "certificate AB:...", "context scan": calls each() for every one. */
void criteria_each(const struct account_identity *identity,
		   void (*each)(const char *text, void *arg), void *arg);

#endif
