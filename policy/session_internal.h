/*
 * What the two halves of a session share: session.c hears a Postfix process,
 * session_answer.c answers it.
 */
#ifndef SENDWARD_POLICY_SESSION_INTERNAL_H
#define SENDWARD_POLICY_SESSION_INTERNAL_H

#include <event2/event_struct.h>

#include "policy/session.h"
#include "policy/transaction.h"

enum session_state {
	SESSION_READING,  /* waits for a request, or has one not yet looked at */
	SESSION_DECIDING, /* the engine has a request */
	SESSION_WRITING,  /* the answer is on its way, or the client is slow to take it */
	SESSION_CLOSED,	  /* to be freed */
};

struct session {
	struct session_host *host;
	struct crowd_member member;
	enum session_state state;
	int fd;
	bool listening; /* readable is added */
	bool ended;	/* nothing more will be read */
	bool asked;	/* one request has come */
	struct event readable, writable;
	int64_t asked_us;	   /* when the present or last request was complete */
	struct config_use *config; /* of the decision under way */
	struct transaction transaction;
	struct stage_answer answer;   /* while it is on its way */
	size_t answer_sent;	      /* octets of it */
	struct outbox_entry outgoing; /* the answer, until the end of the pass */
	struct exchange *exchange;    /* NULL while nothing of it is needed */
};

/* CLOCK_MONOTONIC. */
int64_t session_now_us(void);

/* The one gate of the state machine. */
void session_enter(struct session *s, enum session_state state);

/* Looks at what there is, until something has to be waited for: the rest of a
 * request, the verdict, the end of the pass. Every entry from outside ends
 * here and does not touch the session afterwards: it may be gone. */
void session_run(struct session *s);

/* Answers it at the end of the pass, or asks the engine. */
void session_handle(struct session *s, const struct policy_request *asked);

/* What the outbox asks of a session. */
extern const struct outbox_kind session_answers;

/* libevent: the client takes more, or has not for too long. */
void session_on_writable(evutil_socket_t fd, short what, void *session);

#endif
