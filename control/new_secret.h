/*
 * Where a command gets a secret from, and how it shows one that was made: once,
 * on standard output.
 */
#ifndef SENDWARD_CONTROL_NEW_SECRET_H
#define SENDWARD_CONTROL_NEW_SECRET_H

#include <jansson.h>
#include <stdbool.h>

#include "base/secret.h"
#include "control/control.h"

struct new_secret {
	struct secret *secret; /* owned; NULL: none */
	bool made;	       /* here, so that it has to be shown */
};

/* Makes one. False, said. */
bool new_secret_make(struct new_secret *out);

/* Reads one from standard input (--password-stdin) or asks for it, and looks
 * whether it is a good one for the login. False, said. */
bool new_secret_take(const struct control *control, const char *login, struct new_secret *out);

/* The same for one that is only to be compared: once, and whatever it is. */
bool new_secret_compare(const struct control *control, struct new_secret *out);

void new_secret_fini(struct new_secret *secret);

/* Prints object, with the secret as "password" when it was made here, and gives the
 * object up. Nothing of the secret stays behind. */
void new_secret_print_json(const struct new_secret *secret, json_t *object);

/* "password: ...", when it was made here. */
void new_secret_print(const struct new_secret *secret);

#endif
