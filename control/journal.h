/*
 * Events of what the tool has done, for `sendward events`; and who did it.
 */
#ifndef SENDWARD_CONTROL_JOURNAL_H
#define SENDWARD_CONTROL_JOURNAL_H

#include <jansson.h>

#include "base/limits.h"
#include "control/control.h"

#define JOURNAL_ACTOR_MAX (NOTE_MAX + 1)

/* What --actor says, else who is at the keyboard, "rose@mx1". */
void journal_actor(const struct control *control, char actor[JOURNAL_ACTOR_MAX]);

/* {"time": now, "event": kind, "login": login}; login may be NULL. A new
 * reference. The store must have been connected to. */
json_t *journal_entry(const struct control *control, const char *kind, const char *login);

/* An event of kind "account" about the login the command is about: change says what
 * was done. */
void journal_account(const struct control *control, const char *change);

/* Writes the event and gives it up. What was done is done: that the store did
 * not take the event is only noted. */
void journal_write(const struct control *control, json_t *event);

#endif
