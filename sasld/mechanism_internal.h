/*
 * What the two files of mechanism.h share: GNU SASL's session of an exchange.
 */
#ifndef SENDWARD_SASLD_MECHANISM_INTERNAL_H
#define SENDWARD_SASLD_MECHANISM_INTERNAL_H

#include <gsasl.h>

#include "sasld/mechanism.h"

struct mechanism_library {
	Gsasl *gsasl;
};

struct mechanism {
	struct mechanism_library *library;
	enum sasl_mechanism which;
	Gsasl_session *session;
	bool begun;
	int n_steps;
	struct secret *password; /* PLAIN, LOGIN: it and the name are there */
	bool proven;		 /* SCRAM: only the client's empty answer is missing */
	bool verifying;		 /* SCRAM: the session has its verifier */
	bool has_previous, by_previous;
	struct scram_verifier previous;
	const char *fault;
	char *first; /* SCRAM: the client's first message, in base64 */
	char username[LOGIN_MAX + 1];
	char challenge[MECHANISM_CHALLENGE_MAX];
};

/* A session, where there is none; wiped and ended, where there is one. */
void mechanism_begin_session(struct mechanism *mechanism);
void mechanism_end_session(struct mechanism *mechanism);

/* One step of GNU SASL's and its result, the challenge left in mechanism. */
int mechanism_step64(struct mechanism *mechanism, const char *data);

enum mechanism_step mechanism_malformed(struct mechanism *mechanism, const char *fault);

/* False with the fault when it cannot be a user's name, or is to act for another
 * one (NULL or "": for nobody). */
bool mechanism_take_username(struct mechanism *mechanism, const char *username,
			     const char *acting_for);

/* SCRAM: before the verifier is there, and after. */
enum mechanism_step mechanism_begin_scram(struct mechanism *mechanism, const char *data);
enum mechanism_step mechanism_end_scram(struct mechanism *mechanism, const char *data);

#endif
