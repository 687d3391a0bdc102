#include "milter/answer.h"

#include <string.h>

#include "base/log.h"
#include "engine/judge.h"

void answer_from(const struct verdict *verdict, struct answer *out)
{
	out->action = verdict->action;
	out->identified = verdict->identified;
	out->recipient_free = verdict->recipient_free;
	out->recipient_listed = verdict->recipient_listed;
	out->dropped = verdict->dropped;
	out->charges = verdict->charges;
	memcpy(out->code, verdict->code, sizeof(out->code));
	memcpy(out->xcode, verdict->xcode, sizeof(out->xcode));
	memcpy(out->text, verdict->text, sizeof(out->text));
	out->rewrite = verdict->rewrite;
	out->redirect = verdict->redirect;
}

void answer_cannot_tell(const struct config *config, const struct request *request, const char *why,
			struct verdict *out)
{
	const struct judge_input in = { .config = config, .request = request };

	memset(out, 0, sizeof(*out));
	judge_cannot_tell(&in, why, out);
	out->store_error = why;
}

void answer_missing(const struct config *config, const struct request *request, const char *why,
		    struct verdict *out)
{
	answer_cannot_tell(config, request, why, out);
	if (config->store_failure[CHECK_STATE] == STORE_FAILURE_PASS &&
	    config->store_failure[CHECK_QUOTAS] == STORE_FAILURE_PASS)
		out->action = ACTION_ACCEPT;
}

void answer_log(const struct config *config, const struct request *request,
		const struct verdict *verdict)
{
	struct fields line;

	fields_init(&line, LOG_LINE_MAX);
	verdict_format_log(verdict, request, config->node, 0, &line);
	log_fields(LEVEL_WARNING, &line);
}
