/*
 * One SASL exchange, seen from the server: what the client sends goes in, what
 * to send it comes out. Nothing is looked up here and nothing is hashed: PLAIN
 * and LOGIN end with the password for the caller to compare, SCRAM stops for
 * the user's verifier. The mechanisms themselves are GNU SASL's, which nobody
 * else knows of.
 *
 *	PLAIN		RFC 4616
 *	LOGIN		draft-murchison-sasl-login
 *	SCRAM-SHA-256	RFC 5802, RFC 7677. Not -PLUS: Postfix hands on no channel
 *			binding data (xsasl_dovecot_server.c).
 */
#ifndef SENDWARD_SASLD_MECHANISM_H
#define SENDWARD_SASLD_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/scram.h"
#include "base/secret.h"

/* Octets of a challenge in base64. What SCRAM sends has the client's nonce in
 * it. */
#define MECHANISM_CHALLENGE_MAX 2048

/* Octets of what the client sends at a time, in base64. */
#define MECHANISM_DATA_MAX 12288

/* Challenges of one exchange; LOGIN has two, SCRAM three. */
#define MECHANISM_CHALLENGES_MAX 3

struct mechanism_library;
struct mechanism;

/* One for the process; NULL when GNU SASL does not start or has not got one of
 * the mechanisms, with its name for that in *reason. */
struct mechanism_library *mechanism_library_new(const char **reason);
void mechanism_library_free(struct mechanism_library **library);

/* "PLAIN", as the protocol has it. */
const char *mechanism_name(enum sasl_mechanism which);
/* By any spelling of the name; false when it is none of ours. */
bool mechanism_find(const char *name, enum sasl_mechanism *out);
/* enum protocol_property. */
unsigned mechanism_properties(enum sasl_mechanism which);
/* It sends the password itself. */
bool mechanism_is_plaintext(enum sasl_mechanism which);

enum mechanism_step {
	MECHANISM_CHALLENGE, /* send mechanism_challenge() and wait for more */
	MECHANISM_PASSWORD,  /* mechanism_username(), mechanism_take_password() are there */
	MECHANISM_VERIFIER,  /* mechanism_username() is there: mechanism_verify() goes on */
	MECHANISM_RIGHT,     /* SCRAM: the client knows the password, and knows that we do */
	MECHANISM_WRONG,     /* SCRAM: it does not */
	MECHANISM_MALFORMED, /* not what the mechanism has here; mechanism_fault() */
};

struct mechanism *mechanism_new(struct mechanism_library *library, enum sasl_mechanism which);
/* Wipes what it can reach. */
void mechanism_free(struct mechanism **mechanism);

/* data is base64; NULL begins an exchange without an initial response. */
enum mechanism_step mechanism_step(struct mechanism *mechanism, const char *data);

/* After MECHANISM_VERIFIER: goes on with it. previous is that of the secret before a
 * rotation, which is good too: of the same salt (scram_same_salt()), or NULL. Both
 * are copied. */
enum mechanism_step mechanism_verify(struct mechanism *mechanism,
				     const struct scram_verifier *verifier,
				     const struct scram_verifier *previous);

/* The client has proven that it knows the previous one. */
bool mechanism_by_previous(const struct mechanism *mechanism);

/* Borrowed until the next step. */
const char *mechanism_challenge(const struct mechanism *mechanism);
const char *mechanism_fault(const struct mechanism *mechanism);
/* Borrowed until mechanism_free(). Not empty, without controls, at most
 * LOGIN_MAX octets. */
const char *mechanism_username(const struct mechanism *mechanism);
/* Once; the caller's own. */
struct secret *mechanism_take_password(struct mechanism *mechanism);

#endif
