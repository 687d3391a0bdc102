#include "engine/request.h"

#include <string.h>

#include "base/pattern.h"

static const char *const stage_names[STAGES] = {
	[STAGE_MAIL] = "MAIL",
	[STAGE_RCPT] = "RCPT",
	[STAGE_DATA] = "DATA",
	[STAGE_END_OF_MESSAGE] = "END-OF-MESSAGE",
};

const char *stage_name(enum stage stage)
{
	return stage_names[stage];
}

bool request_recipient_is_in(const struct request *request, const struct config *config,
			     const struct pattern *list, size_t n)
{
	struct pattern_rules rules;
	struct address recipient;
	const char *reason;

	if (n == 0 || !request->recipient[0])
		return false;
	rules = config_pattern_rules(config);
	return address_parse(request->recipient, request->sender_form, &recipient, &reason) ==
		       ADDRESS_OK &&
	       !strpbrk(recipient.local, "@%!") &&
	       pattern_list_owns(list, n, &recipient, request->login, &rules, NULL);
}
