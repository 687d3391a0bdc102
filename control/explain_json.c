/* What `explain` has found, as JSON. */
#include <stdlib.h>

#include "control/explain_view.h"
#include "control/need.h"
#include "control/text.h"

static json_t *text_or_null(const char *text)
{
	return text && *text ? text_json(text) : json_null();
}

static json_t *place_json(const struct explained *e, int line)
{
	char *place = owner_place(e->config, line);
	json_t *json = text_or_null(place);

	free(place);
	return json;
}

/* Checks that were not asked are not in it. */
static json_t *checks_json(const struct explained *e)
{
	json_t *checks = need(json_array());

	for (int i = 0; i < CHECKS; i++) {
		const struct finding *f = &e->verdict.findings[i];
		json_t *check;

		if (f->result == FINDING_SKIPPED)
			continue;
		check = need(json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "check", check_name(i),
				       "mode", check_mode_name(f->mode), "result",
				       explain_result(f), "rule", text_or_null(f->rule), "origin",
				       text_or_null(f->origin), "place", place_json(e, f->line)));
		if (f->limit >= 0) {
			json_object_set_new(check, "used", json_integer(f->used));
			json_object_set_new(check, "limit", json_integer(f->limit));
		}
		json_array_append_new(checks, check);
	}
	return checks;
}

/* An envelope sender without patterns to ask: <>, or what is no address. */
static json_t *no_address_json(const struct explained *e, bool null_sender, const char *reason)
{
	const struct finding *f = &e->verdict.findings[CHECK_ENVELOPE_SENDER];

	if (!null_sender)
		return need(json_pack("{s:s, s:o, s:b, s:s, s:n, s:n, s:[], s:n}", "field",
				      "envelope", "address", text_json(e->sender), "owned", 0,
				      "rule", reason, "origin", "place", "tried", "advice"));
	return need(json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:[], s:n}", "field", "envelope",
			      "address", "", "owned", f->result == FINDING_PASS, "rule",
			      text_or_null(f->rule), "origin", text_or_null(f->origin), "place",
			      place_json(e, f->line), "tried", "advice"));
}

static json_t *addresses_json(const struct explained *e)
{
	const struct owner_view view = explain_owner(e);
	json_t *addresses = need(json_array());
	struct address sender;
	const char *reason;
	enum address_result result = explain_sender(e, &sender, &reason);

	json_array_append_new(addresses,
			      result == ADDRESS_OK ?
				      owner_json(&view, "envelope", &sender) :
				      no_address_json(e, result == ADDRESS_NULL, reason));
	for (size_t i = 0; i < e->header->n_items; i++)
		json_array_append_new(addresses,
				      owner_json(&view, originator_name(e->header->items[i].field),
						 &e->header->items[i].address));
	return addresses;
}

static json_t *message_json(const struct explained *e)
{
	json_t *broken = json_null();

	if (!e->message)
		return broken;
	if (e->message->body_line > 0)
		broken = need(json_pack("{s:i, s:s}", "line", e->message->body_line, "reason",
					explain_header_end));
	return need(json_pack("{s:o, s:I, s:s, s:o}", "file", text_json(e->message_name), "size",
			      (json_int_t)e->request.size_bytes, "sender_from", e->sender_from,
			      "header_ends", broken));
}

static json_t *header_json(const struct explained *e)
{
	const struct shown_address *shown = explain_shown(e);
	json_t *header;

	if (!e->header_seen)
		return json_null();
	header = header_view_json(e->header);
	json_object_set_new(header, "display_address", text_or_null(shown ? shown->text : NULL));
	json_object_set_new(header, "display_address_owned",
			    shown ? json_boolean(explain_owns_shown(e, shown)) : json_null());
	return header;
}

static json_t *account_json(const struct explained *e)
{
	return need(json_pack("{s:o, s:b, s:s, s:s}", "login", text_json(e->request.login),
			      "account", e->quotas.account != NULL, "state",
			      account_state_name(e->effective.state), "plan",
			      e->effective.plan->name));
}

json_t *explain_json(const struct explained *e)
{
	const struct verdict *v = &e->verdict;
	char *reply = explain_reply(v);
	json_t *json = account_json(e);

	json_object_set_new(json, "credential", text_or_null(request_credential(&e->request)));
	json_object_set_new(json, "verdict", text_json(action_name(v->action)));
	json_object_set_new(json, "check",
			    v->has_check ? text_json(check_name(v->check)) : json_null());
	json_object_set_new(json, "reply", text_or_null(reply));
	json_object_set_new(json, "redirect", text_or_null(v->redirect));
	json_object_set_new(json, "dropped",
			    v->dropped > 0 ? json_integer(v->dropped) : json_null());
	json_object_set_new(json, "rewrite",
			    text_or_null(v->rewrite.fields ? v->rewrite.address : NULL));
	json_object_set_new(json, "message", message_json(e));
	json_object_set_new(json, "checks", checks_json(e));
	json_object_set_new(json, "header", header_json(e));
	json_object_set_new(json, "addresses", addresses_json(e));
	json_object_set_new(json, "quotas", look_json(&e->quotas));
	free(reply);
	return json;
}
