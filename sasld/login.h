/*
 * One login: from the first thing the client says to the answer.
 *
 *	waiting for the client -> looking up -> comparing -> recording -> (delay) -> answered
 *
 * Nothing here waits on the loop. A login is answered at the latest when
 * LOGIN_DEADLINE_MS have passed since the client last said something (the client
 * itself may take its time); what cannot be told is not guessed: LOGIN_UNKNOWN.
 *
 * A password is looked at whatever else is known of the user, and of a user who
 * does not exist as much is done as of one who does.
 */
#ifndef SENDWARD_SASLD_LOGIN_H
#define SENDWARD_SASLD_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "sasld/hasher.h"
#include "sasld/mechanism.h"
#include "sasld/protocol.h"
#include "sasld/stranger.h"
#include "store/store.h"

/* Postfix gives its SASL server up after 10 s (AUTH_TIMEOUT in
 * xsasl_dovecot_server.c). */
#define LOGIN_DEADLINE_MS 7000
/* The same with the delay of a failed login. */
#define LOGIN_ANSWER_MAX_MS 9000

/* The delay of the first failed login; it doubles with each. */
#define LOGIN_DELAY_FIRST_MS 500

/* So many failures of a client network, whatever the names, delay like one of the
 * same name. */
#define LOGIN_NETWORK_SHARE 4

struct event_base;
struct login;

/* What the logins of a daemon share; owned by who makes them, and outlives
 * them. */
struct login_host {
	struct event_base *base;
	struct store *store;
	struct mechanism_library *library;
	struct hasher *hasher;
	struct config *config;			 /* of the next login; each keeps its own */
	char strangers[STRANGER_SECRET_LEN + 1]; /* "" until it is known */
	int64_t n_accepted, n_refused, n_unknown;
};

enum login_outcome {
	LOGIN_CHALLENGE, /* text: for the client, in base64 */
	LOGIN_ACCEPTED,	 /* text: the user name */
	LOGIN_REFUSED,	 /* text: the reason, for people; "" none */
	LOGIN_UNKNOWN,	 /* it cannot be told */
};

/* All but LOGIN_CHALLENGE are the last answer: the login is gone then. */
typedef void login_answered(struct login *login, enum login_outcome outcome, const char *text,
			    void *arg);

/* With PROTOCOL_AUTH; answers from login_begin() on. */
struct login *login_new(struct login_host *host, const struct protocol_request *request,
			login_answered *answered, void *arg);

/* data is the initial response, NULL none. */
void login_begin(struct login *login, const char *data);

/* The client has answered the challenge; only while login_waits(). */
void login_continue(struct login *login, const char *data);

/* It waits for the client. */
bool login_waits(const struct login *login);

/* Nobody wants an answer any more. */
void login_abandon(struct login **login);

#endif
