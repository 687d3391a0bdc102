#include <stdio.h>

#include "base/mixed_script.h"
#include "engine/checks.h"

bool check_owned(const struct gate_input *in, const char *field, const struct address *address,
		 struct finding *f)
{
	struct ownership o;

	ownership_of(in->config, in->effective, in->request->login, address, &o);
	f->origin = o.origin;
	f->line = o.line;
	if (o.owned) {
		if (in->request->explained)
			pattern_format(o.rule, f->rule);
		return true;
	}
	ownership_describe(&o, field, address, f->rule, sizeof(f->rule));
	ownership_subject(field, address, f->subject);
	return false;
}

void check_owned_flag(const char *mixed, const char *where, struct finding *f)
{
	if (!mixed[0] || f->flagged)
		return;
	snprintf(f->rule, sizeof(f->rule), "mixed scripts in %s: %s", where, mixed);
	finding_by_message(f);
	f->flagged = true;
}

void check_owned_scripts(const struct address *address, const char *where, struct finding *f)
{
	char mixed[MIXED_SCRIPT_MAX];

	mixed_script_in_address(address, mixed);
	check_owned_flag(mixed, where, f);
}
