/*
 * What the files of a login share: nothing outside sasld/login*.c includes this.
 *
 *	login.c		its life, the client and the answers
 *	login_look.c	what the store has of the user
 *	login_verify.c	the password
 *	login_count.c	failures
 */
#ifndef SENDWARD_SASLD_LOGIN_INTERNAL_H
#define SENDWARD_SASLD_LOGIN_INTERNAL_H

#include <event2/event_struct.h>

#include "base/network.h"
#include "base/username.h"
#include "engine/account.h"
#include "sasld/door.h"
#include "sasld/login.h"
#include "sasld/login_report.h"
#include "store/guess.h"
#include "store/secret_record.h"

enum login_state {
	LOGIN_WAITING, /* for the client; to begin with too */
	LOGIN_LOOKING,
	LOGIN_COMPARING,
	LOGIN_RECORDING, /* how it has come out */
	LOGIN_DELAYING,
	LOGIN_ANSWERED,
};
#define LOGIN_STATES 6

struct login {
	struct login_host *host;
	struct config *config;
	enum login_state state;
	login_answered *answered; /* NULL: nobody wants an answer */
	void *arg;
	struct event timer; /* the deadline, or the delay */
	int64_t asked_us;   /* when the client last said something */

	bool offered; /* the mechanism is one that may be used here */
	enum sasl_mechanism which;
	struct mechanism *mechanism;
	bool secured;
	char tls[32];
	struct ip client;
	bool client_known;
	bool exempt; /* never refused for failures of others */
	char client_text[IP_TEXT_MAX], network[NETWORK_TEXT_MAX];

	/* Who it is, and what the store has of them. */
	char username[LOGIN_MAX + 1];
	struct username name;
	char *record; /* of the account, as it is stored; NULL: there is none */
	size_t record_len;
	bool has_secret;
	struct secret_record secret;

	int owed; /* answers of the store */
	struct guess_state of_name, of_network;
	struct hasher_job *job;
	bool right;
	bool previous;	   /* by the secret before the last rotation */
	char trouble[200]; /* why it cannot be told; "" nothing */
	char refusal[DOOR_TEXT_MAX];
};

/* CLOCK_MONOTONIC. */
int64_t login_now_us(void);

/* The one gate of the state machine. */
void login_enter(struct login *login, enum login_state state);

/* In place of the one that is set. */
void login_set_timer(struct login *login, int64_t ms);

/* One answer of the store is there. True when it was the last one and somebody
 * still waits for it; else the login may be gone. */
bool login_is_last(struct login *login);

/* Why it cannot be told; only the first reason counts. */
void login_note_trouble(struct login *login, const char *error);

struct login_facts login_facts_of(const struct login *login, const char *verdict,
				  const char *reason, const char *detail);

/* The answers: the login is not to be used behind them. text is for the client,
 * reason and detail for the log. */
void login_accept(struct login *login);
void login_refuse(struct login *login, const char *reason, const char *detail, const char *text);
void login_cannot_tell(struct login *login, const char *reason, const char *detail);

/* The mechanism has taken a step. */
void login_stepped(struct login *login, enum mechanism_step step);

/* login_look.c: the name is known. */
void login_look_up(struct login *login);

/* login_verify.c: everything is looked up; SCRAM has found it right. */
void login_verify(struct login *login);
void login_right(struct login *login);

/* login_count.c: how it has come out, before it is answered. */
void login_record(struct login *login, bool right);
struct guess_limits login_limits(const struct login *login, bool network);
void login_take_state(struct login *login, const struct guess_state *state, const char *error,
		      struct guess_state *out);
void login_refuse_guessing(struct login *login);

#endif
