/*
 * Dovecot's authentication protocol, version 1, from the server's side
 * (Dovecot's documentation, "Auth protocol"; what Postfix sends of it is in its
 * xsasl_dovecot_server.c): bytes in, requests out, and the lines to answer
 * with. No I/O.
 *
 * A request is one line of words with TABs between them. What a client says
 * of itself (CPID) and parameters that are not known are ignored.
 *
 * A line may hold a password: the buffer is wiped as far as it has been used.
 */
#ifndef SENDWARD_SASLD_PROTOCOL_H
#define SENDWARD_SASLD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of a line without its LF. Postfix passes on what its client sent, at
 * most smtpd_sasl_response_limit (12288), and some 300 of its own. */
#define PROTOCOL_LINE_MAX 16384

/* Words of a line. Postfix 3.10 sends 8. */
#define PROTOCOL_WORDS_MAX 64

/* Octets of a line to answer with: see the limits of what goes into one. */
#define PROTOCOL_ANSWER_MAX 4096

enum protocol_command {
	PROTOCOL_AUTH,	  /* a login begins */
	PROTOCOL_CONT,	  /* and goes on */
	PROTOCOL_CANCEL,  /* its client has given up */
	PROTOCOL_NOTHING, /* VERSION, CPID and what we do not know */
};

/* Texts are borrowed; "" when not given. */
struct protocol_request {
	enum protocol_command command;
	uint32_t id; /* of the login, as the client counts */
	const char *mechanism, *service;
	const char *client_address;
	const char *tls_protocol;
	bool secured;	  /* TLS, or as good as it */
	const char *data; /* base64; NULL: AUTH without an initial response */
};

/* Private to protocol.c; here so that a connection can embed it. */
struct protocol {
	size_t used;  /* bytes in data */
	size_t start; /* of the present line; what is before is done with */
	bool lent;    /* the line before start is borrowed */
	bool greeted; /* VERSION has come */
	const char *fault;
	char data[PROTOCOL_LINE_MAX + 1];
};

void protocol_init(struct protocol *protocol);

/* Wipes what is in it. */
void protocol_fini(struct protocol *protocol);

/* Where to put the next bytes, *size of them at most; 0 only while a request
 * is lent. The buffer does not move under a lent request. */
char *protocol_room(struct protocol *protocol, size_t *size);

/* n bytes were put there. */
void protocol_filled(struct protocol *protocol, size_t n);

enum protocol_result {
	PROTOCOL_MORE,	  /* no complete request: fill and ask again */
	PROTOCOL_REQUEST, /* *out is lent until the next call */
	PROTOCOL_BAD,	  /* from now on; see protocol_fault() */
};

/* Takes the last request back and looks for the next one. */
enum protocol_result protocol_next(struct protocol *protocol, struct protocol_request *out);

/* Why PROTOCOL_BAD, a static text. */
const char *protocol_fault(const struct protocol *protocol);

/* Some bytes of a request that is not complete are there. */
bool protocol_in_request(const struct protocol *protocol);

/* --- what is answered -------------------------------------------------------
 *
 * Each writes one line with its LF, at most PROTOCOL_ANSWER_MAX octets with a
 * NUL, and returns its length. TAB, LF and other controls in a text become
 * spaces: Postfix reads no escapes.
 */

/* Of a mechanism, as Postfix' smtpd_sasl_security_options filter it. */
enum protocol_property {
	PROTOCOL_PLAINTEXT = 1,
	PROTOCOL_DICTIONARY = 2,
	PROTOCOL_ACTIVE = 4,
	PROTOCOL_MUTUAL = 8,
};

size_t protocol_mech(const char *name, unsigned properties, char out[PROTOCOL_ANSWER_MAX]);

/* The lines of the handshake around those: VERSION before, SPID to DONE behind.
 * cookie is any random text. */
size_t protocol_version(char out[PROTOCOL_ANSWER_MAX]);
size_t protocol_done(long pid, uint32_t connection, const char *cookie,
		     char out[PROTOCOL_ANSWER_MAX]);

size_t protocol_continue(uint32_t id, const char *challenge, char out[PROTOCOL_ANSWER_MAX]);
size_t protocol_ok(uint32_t id, const char *username, char out[PROTOCOL_ANSWER_MAX]);
/* username and reason may be "". */
size_t protocol_fail(uint32_t id, const char *username, const char *reason,
		     char out[PROTOCOL_ANSWER_MAX]);

#endif
