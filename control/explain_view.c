#include "control/explain_view.h"

#include <stdio.h>
#include <string.h>

#include "control/need.h"
#include "engine/shown.h"

const char explain_header_end[] = "not a header field: Postfix takes this line and what follows "
				  "for the body";

const char *explain_result(const struct finding *f)
{
	static const char *const names[] = {
		[FINDING_SKIPPED] = "not asked",
		[FINDING_PASS] = "pass",
		[FINDING_REFUSE] = "refuse",
		[FINDING_UNKNOWN] = "unknown",
	};

	if (f->result == FINDING_SKIPPED && f->mode == MODE_OFF)
		return "off";
	if (f->result == FINDING_REFUSE && f->mode == MODE_MONITOR)
		return "monitor";
	if (f->result == FINDING_REFUSE && f->mode == MODE_REWRITE && f->action == ACTION_ACCEPT)
		return "rewrite";
	return names[f->result];
}

bool explain_refused(const struct verdict *v)
{
	return v->action == ACTION_REFUSE || v->action == ACTION_DEFER;
}

char *explain_reply(const struct verdict *v)
{
	char text[REPLY_TEXT_MAX + 32];

	if (!explain_refused(v))
		return NULL;
	snprintf(text, sizeof(text), "%s %s %s", v->code, v->xcode, v->text);
	return need_copy(text, strlen(text));
}

struct owner_view explain_owner(const struct explained *e)
{
	return (struct owner_view){ e->config, &e->effective, e->quotas.account, e->request.login,
				    e->config_option };
}

enum address_result explain_sender(const struct explained *e, struct address *address,
				   const char **reason)
{
	*reason = "";
	return address_parse(e->sender, e->request.sender_form, address, reason);
}

const struct shown_address *explain_shown(const struct explained *e)
{
	const struct originators *header = &e->header->originators;
	const struct shown_address *foreign =
		shown_foreign(e->config, &e->effective, e->request.login, header);

	return foreign || header->n_shown == 0 ? foreign : &header->shown[0];
}

bool explain_owns_shown(const struct explained *e, const struct shown_address *shown)
{
	return shown_is_own(e->config, &e->effective, e->request.login, shown);
}
