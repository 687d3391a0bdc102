#include <stdio.h>

#include "engine/checks.h"
#include "engine/shown.h"

static enum finding_result header_fault(struct finding *f, const char *what)
{
	snprintf(f->rule, sizeof(f->rule), "%s", what);
	finding_by_message(f);
	return finding_refuse(f, REPLY_HEADER_FAULT);
}

/* A display name that shows an address of somebody else. */
static enum finding_result ask_display_name(const struct gate_input *in, struct finding *f)
{
	const struct shown_address *foreign = shown_foreign(
		in->config, in->effective, in->request->login, in->request->originators);

	if (!foreign)
		return FINDING_PASS;
	snprintf(f->rule, sizeof(f->rule), "display name shows %s", foreign->text);
	finding_by_message(f);
	f->flagged = true;
	return in->config->display_name_address_rejected ? finding_refuse(f, REPLY_HEADER_FAULT) :
							   FINDING_PASS;
}

static void look_at_scripts(const struct originators *header, struct finding *f)
{
	for (size_t i = 0; i < header->n && !f->flagged; i++)
		check_owned_scripts(&header->items[i].address,
				    originator_name(header->items[i].field), f);
	check_owned_flag(header->mixed, "a display name", f);
}

enum finding_result check_header_from(const struct gate_input *in, struct finding *f)
{
	const struct originators *header = in->request->originators;
	enum finding_result result;

	if (!header)
		return FINDING_SKIPPED;
	if (header->fault[0])
		return header_fault(f, header->fault);
	for (size_t i = 0; i < header->n; i++) {
		const struct header_address *item = &header->items[i];

		if (!check_owned(in, originator_name(item->field), &item->address, f))
			return finding_refuse(f, REPLY_HEADER_FROM);
	}
	result = ask_display_name(in, f);
	if (result == FINDING_PASS)
		look_at_scripts(header, f);
	return result;
}
