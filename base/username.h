/*
 * What an SMTP client authenticates as: an account's login, or the name of one
 * of its further credentials, LOGIN SEPARATOR NAME ("alice@example.com+printer").
 * Credentials share the account and its quotas; the daemons see both parts.
 */
#ifndef SENDWARD_USERNAME_H
#define SENDWARD_USERNAME_H

#include <stdbool.h>

#include "base/limits.h"

/* Octets of a credential's name: [a-z0-9][a-z0-9_-]*. */
#define CREDENTIAL_NAME_MAX 32

/* Characters of credential_separator. */
#define CREDENTIAL_SEPARATOR_MAX 3

struct username {
	char login[LOGIN_MAX + 1];
	char credential[CREDENTIAL_NAME_MAX + 1]; /* "": the main one, named by the login */
};

bool username_credential_is_valid(const char *name);

/* 1 to CREDENTIAL_SEPARATOR_MAX characters that stand in no login that looks like an
 * address and in no credential's name, or "" for none. */
bool username_separator_is_valid(const char *separator);

/* Splits at the last separator when a valid name follows and something stands
 * before it; else, and with the separator "", all of it is the login. False when it
 * is longer than LOGIN_MAX. */
bool username_split(const char *text, const char *separator, struct username *out);

/* The username of a credential ("" is the login itself). False when it does not
 * fit, or when there is no separator to name it with. */
bool username_join(const char *login, const char *separator, const char *credential,
		   char out[LOGIN_MAX + 1]);

#endif
