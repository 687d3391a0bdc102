/*
 * Between the policy protocol and the engine: what a request asks, and how a
 * verdict is said. Pure.
 */
#ifndef SENDWARD_POLICY_STAGE_H
#define SENDWARD_POLICY_STAGE_H

#include <stdint.h>

#include "base/config.h"
#include "engine/identity.h"
#include "engine/request.h"
#include "engine/verdict.h"
#include "policy/protocol.h"
#include "policy/transaction.h"

enum stage_task {
	STAGE_NO_LOGIN,	 /* answer DUNNO: no quota is for sessions without a login */
	STAGE_UNDECIDED, /* answer DUNNO: no login or no message to decide on */
	STAGE_UNKNOWN,	 /* answer DUNNO: not a protocol_state of Postfix */
	STAGE_UNSURE,	 /* answer stage_answer_unsure(): no identity, as far as is known */
	STAGE_CANNOT,	 /* answer that we cannot tell, *why in the log */
	STAGE_DECIDE,	 /* ask the engine */
};

/* What is asked, in the engine's words. */
struct stage_question {
	struct request request;
	struct username username; /* its login and credential, unless it has none */
	uint64_t recipient;	  /* RCPT: to transaction_add() when it passes */
};

/* MAIL, RCPT, DATA and END-OF-MESSAGE are decided and filled into *out, which borrows from
 * itself, in and transaction; of a session without a SASL user name when it is
 * one of the identities' (NULL: there are none), or when config has quotas for it.
 * In a relay context, of a RCPT, only an identity's session is decided on.
 * Recipients are counted in transaction, and a final request's token lives in it
 * until another instance is entered. END-OF-MESSAGE is final when this
 * daemon charges; without a queue_id it is before_queue, and the instance
 * stands for the queue id (SMTPD_PROXY_README). */
enum stage_task stage_map(const struct policy_request *in, const struct config *config,
			  const struct identities *identities, struct transaction *transaction,
			  struct stage_question *out, const char **why);

/* "action=", an action of access(5), an empty line. */
#define STAGE_ANSWER_MAX (REPLY_TEXT_MAX + 64)

/* policy_context of a relay context: that, or that, ":" and the context of identities. */
#define STAGE_RELAY_CONTEXT "relay"

/* In the room that the caller gave, or a constant; a NUL stands behind it. */
struct stage_answer {
	const char *text;
	size_t len;
};

/* The answer is one line of text, whatever the verdict says. To pass is DUNNO, never OK,
 * which would end the operator's restriction list; but OK in a relay context, for an
 * identity's session that the account has confirmed. */
struct stage_answer stage_answer_pass(void);
struct stage_answer stage_answer(const struct verdict *verdict, bool relay,
				 char out[STAGE_ANSWER_MAX]);
/* Not known whether it is an identity's: what Postfix would refuse to relay shall come
 * again. */
struct stage_answer stage_answer_unsure(const struct config *config, char out[STAGE_ANSWER_MAX]);
/* login is the request's, "" for none. */
struct stage_answer stage_answer_cannot(const struct config *config, const char *login,
					char out[STAGE_ANSWER_MAX]);

#endif
