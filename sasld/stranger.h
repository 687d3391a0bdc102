/*
 * Answers about users who do not exist, so that nobody can tell them from those
 * who do: SCRAM shows a user's salt before it asks for anything, so a name that
 * nobody has needs one too, always the same, on every server.
 */
#ifndef SENDWARD_SASLD_STRANGER_H
#define SENDWARD_SASLD_STRANGER_H

#include <stddef.h>

#include "base/scram.h"

/* Characters of an installation's secret. */
#define STRANGER_SECRET_LEN 64

/* A new secret: hexadecimal digits. False when there is no randomness. */
bool stranger_secret(char out[STRANGER_SECRET_LEN + 1]);

/* A verifier that no password fits, the same one for the same secret and name. */
void stranger_verifier(const char *secret, const char *username, int iterations,
		       struct scram_verifier *out);

/* The record of a user who has none (store/secret_record.h), to be read in its
 * place and not to be used. */
const char *stranger_record(size_t *len);

/* Random digits that a client may know: at most 32 and a NUL. */
void stranger_cookie(char out[33]);

#endif
