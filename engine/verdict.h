/*
 * What the engine answers: an action, the check and the rule that decided,
 * the reply for the client, and what every check found.
 */
#ifndef SENDWARD_VERDICT_H
#define SENDWARD_VERDICT_H

#include "base/fields.h"
#include "engine/finding.h"
#include "engine/request.h"
#include "engine/rewrite.h"
#include "engine/take.h"

/* So much of a quota is used for the first time in its window. */
struct warning {
	char quota[RULE_MAX];
	int percent; /* 80 or 95 */
	int64_t used, limit;
};

/* Of one message; what is beyond is not told. */
#define WARNINGS_MAX 4

struct verdict {
	enum action action;
	enum check check;      /* that decided; meaningless without has_check */
	bool has_check;
	/* A bit for each check in monitor mode that would have stopped it; the first
	 * of them, and what it would have done. */
	unsigned monitored;
	enum check monitor_check;
	enum action monitor_action;
	bool degraded;	       /* the store did not answer, and was done without */
	bool charged;	       /* counters were charged for this message: charges */
	/* by_identity: the account has it, and this session is one of its. */
	bool identified;
	/* by_identity: the account has it no more, and the request was decided as one
	 * without a login. */
	bool not_identified;
	bool recipient_free;   /* RCPT: this recipient is not counted */
	/* RCPT: the login is in the sandbox, and this recipient in sandbox_recipients. */
	bool recipient_listed;
	/* All recipients are, so what the login in the sandbox has sent is delivered. */
	bool let_out;
	bool sandboxed;	       /* the login is in the sandbox and this is final */
	char code[4], xcode[10]; /* for REFUSE and DEFER */
	const char *redirect; /* ACTION_REDIRECT; borrowed from the configuration */
	/* ACTION_DISCARD: only so many recipients, those that are not listed, do not
	 * get the message; 0: nobody does. */
	int64_t dropped;
	int64_t now_ms;	      /* of the decision */
	const char *store_error; /* why the store did not tell; NULL it did */
	size_t n_warnings;
	/* So far an empty verdict is zeros; what follows is large. */
	char text[REPLY_TEXT_MAX + 1]; /* reply; for HOLD etc. the reason */
	/* These charges, those of which nobody knows whether they were made, and those
	 * still to be made: decision_refund() takes them back. */
	struct charges charges;
	struct rewrite rewrite; /* .fields is 0 unless the header is to be put right */
	struct warning warnings[WARNINGS_MAX];
	struct finding findings[CHECKS];
};

/* Nothing is known yet. The findings are left to who asks the checks. */
void verdict_init(struct verdict *verdict);

/* The finding that decided, or NULL: the one that stopped the message, else the
 * one for which its header is rewritten, else the one that would have in monitor
 * mode. */
const struct finding *verdict_finding(const struct verdict *verdict);

/* Whose request it was decided as: "" when by_identity turned out to be wrong. */
const char *verdict_login(const struct verdict *verdict, const struct request *request);

/* Adds the fields of the decision's log line. */
void verdict_format_log(const struct verdict *verdict, const struct request *request,
			const char *node, int64_t elapsed_us, struct fields *fields);

#endif
