/*
 * How often mail of a login was refused (store/attempts.h): asked for, and shown.
 */
#ifndef SENDWARD_CONTROL_ATTEMPTS_VIEW_H
#define SENDWARD_CONTROL_ATTEMPTS_VIEW_H

#include <jansson.h>

#include "control/wait.h"
#include "store/attempt.h"

/* now_ms by the store's clock. False with the reason in error, and *out as of a login that
 * was never refused, when it cannot be read. */
bool attempts_look(struct wait *wait, const char *login, int64_t now_ms, struct attempts_seen *out,
		   char error[WAIT_ERROR_MAX]);

/* The check that has refused most in the last day; if none has, of those monitored. -1: no
 * check at all. */
int attempts_mostly(const struct attempts_seen *seen);

/* On standard output, an empty line before it; nothing where nothing is known. */
void attempts_print(const struct attempts_seen *seen, int64_t now_ms);

/* An object, a new reference. */
json_t *attempts_json(const struct attempts_seen *seen);

#endif
