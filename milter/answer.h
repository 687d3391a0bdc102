/*
 * What becomes of a message, or of one command of it: as much of a verdict as
 * the mail server has to be told. A plain value.
 */
#ifndef SENDWARD_MILTER_ANSWER_H
#define SENDWARD_MILTER_ANSWER_H

#include <stdbool.h>

#include "base/config.h"
#include "engine/request.h"
#include "engine/verdict.h"

struct answer {
	enum action action;
	bool identified;	       /* it is an identity's session */
	bool recipient_free;	       /* RCPT: this recipient is not counted */
	bool recipient_listed;	       /* RCPT: it is in sandbox_recipients */
	struct charges charges;	       /* to be taken back when it cannot be given */
	char code[4], xcode[10];       /* for REFUSE and DEFER */
	char text[REPLY_TEXT_MAX + 1]; /* reply; for HOLD etc. the reason */
	struct rewrite rewrite;	       /* of the header; .fields is 0 for none */
	int64_t dropped;	       /* DISCARD: verdict.dropped */
	const char *redirect;	       /* borrowed from the config asked with; or NULL */
};

void answer_from(const struct verdict *verdict, struct answer *out);

/* REPLY_CANNOT_TELL, whatever on_store_failure says. why, a static text, goes
 * to the log only. */
void answer_cannot_tell(const struct config *config, const struct request *request, const char *why,
			struct verdict *out);

/* The engine did not answer in time: pass for states and quotas accepts, the
 * others defer. */
void answer_missing(const struct config *config, const struct request *request, const char *why,
		    struct verdict *out);

/* Logs a decision that the engine was not asked for. */
void answer_log(const struct config *config, const struct request *request,
		const struct verdict *verdict);

#endif
