/*
 * The Postfix policy delegation protocol (SMTPD_POLICY_README): bytes in,
 * requests out. No I/O.
 *
 * A request is lines of "name=value", each ended by LF, and an empty line.
 * The first "=" separates; a value may hold "=" and any byte but LF. Names
 * that we do not read are ignored, the order does not matter (that of Postfix
 * costs least), of a name given twice the last value counts (the README allows
 * either). A request must have request=smtpd_access_policy.
 *
 * The bytes stay in the parser's one buffer and requests borrow from it:
 * nothing is allocated for a request or an attribute.
 */
#ifndef SENDWARD_POLICY_PROTOCOL_H
#define SENDWARD_POLICY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

/* Octets of a line without its LF. An SMTP command line of Postfix has at
 * most line_length_limit (2048), and no value is longer than the command it
 * came from. */
#define PROTOCOL_LINE_MAX 8192

/* Lines of a request. Postfix 3.12 sends 32. */
#define PROTOCOL_ATTRIBUTES_MAX 200

/* Octets of a request with its empty line. A usual one has 700. */
#define PROTOCOL_REQUEST_MAX 32768

/* The attributes that we read. */
enum attribute {
	ATTRIBUTE_REQUEST,
	ATTRIBUTE_PROTOCOL_STATE,
	ATTRIBUTE_CLIENT_ADDRESS,
	ATTRIBUTE_SENDER,
	ATTRIBUTE_RECIPIENT,
	ATTRIBUTE_RECIPIENT_COUNT,
	ATTRIBUTE_QUEUE_ID,
	ATTRIBUTE_INSTANCE,
	ATTRIBUTE_SIZE,
	ATTRIBUTE_SASL_USERNAME,
	ATTRIBUTE_ENCRYPTION_PROTOCOL,
	ATTRIBUTE_CCERT_FINGERPRINT,
	ATTRIBUTE_CCERT_PUBKEY_FINGERPRINT,
	ATTRIBUTE_POLICY_CONTEXT,
};
#define ATTRIBUTES 14

struct attribute_value {
	const char *text; /* ends with NUL; "" when absent; may hold NULs */
	size_t len;
	bool given;
};

struct policy_request {
	struct attribute_value values[ATTRIBUTES];
	bool may_hold_nul; /* false: no value does */
};

/* Private to protocol.c; here so that a connection can embed it. */
struct protocol {
	size_t used;  /* bytes in data */
	size_t start; /* of the present request; what is before is done with */
	size_t line;  /* of the present line */
	bool between; /* the last request is complete, and lent; the next has not begun */
	unsigned n_attributes;
	const struct protocol_name *expected; /* of the next line, if all is as usual */
	const char *fault;
	struct policy_request request; /* its values point into data */
	char data[PROTOCOL_REQUEST_MAX];
};

void protocol_init(struct protocol *protocol);

/* Where to put the next bytes, *size of them at most; 0 only while a request
 * is lent. The buffer does not move under a lent request. */
char *protocol_room(struct protocol *protocol, size_t *size);

/* n bytes were put there. */
void protocol_filled(struct protocol *protocol, size_t n);

enum protocol_result {
	PROTOCOL_MORE,	  /* no complete request: fill and ask again */
	PROTOCOL_REQUEST, /* *out and its values are lent until the next call */
	PROTOCOL_BAD,	  /* from now on; see protocol_fault() */
};

/* Takes the last request back and looks for the next one. */
enum protocol_result protocol_next(struct protocol *protocol, const struct policy_request **out);

/* Why PROTOCOL_BAD, a static text. */
const char *protocol_fault(const struct protocol *protocol);

/* Some bytes of a request that is not complete are there. */
bool protocol_in_request(const struct protocol *protocol);

/* Nothing has come behind the last request. */
bool protocol_at_end(const struct protocol *protocol);

#endif
