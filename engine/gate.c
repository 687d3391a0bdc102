#include "engine/gate.h"

#include <stdio.h>
#include <string.h>

#include "base/mixed_script.h"
#include "engine/ownership.h"
#include "engine/rewrite.h"
#include "engine/shown.h"

#define EVERY_STAGE \
	(1U << STAGE_MAIL | 1U << STAGE_RCPT | 1U << STAGE_DATA | 1U << STAGE_END_OF_MESSAGE)
#define AT_END_OF_MESSAGE (1U << STAGE_END_OF_MESSAGE)

/* A setting of the top level decides. */
static void by_setting(const struct gate_input *in, const char *name, struct finding *f)
{
	f->origin = "configuration";
	f->line = config_line(in->config, name);
}

static void by_plan_setting(const struct gate_input *in, enum plan_setting setting,
			    struct finding *f)
{
	f->origin = in->effective->origins[setting];
	f->line = in->effective->lines[setting];
}

static void by_message(struct finding *f)
{
	f->origin = "message";
	f->line = 0;
}

static enum finding_result refuse(struct finding *f, enum reply reply)
{
	f->reply = reply;
	return FINDING_REFUSE;
}

/* ---- 1. state --------------------------------------------------------- */

static const char *credential_shown(const struct gate_input *in)
{
	const char *name = request_credential(in->request);

	return *name ? name : "main";
}

/* By account there is one; a login without one has no credentials. */
static enum finding_result ask_credential(const struct gate_input *in, struct finding *f)
{
	static const struct {
		const char *what;
		enum reply reply;
	} faults[] = {
		[CREDENTIAL_REVOKED] = { "revoked", REPLY_CREDENTIAL_REVOKED },
		[CREDENTIAL_BLOCKED] = { "blocked", REPLY_CREDENTIAL_BLOCKED },
		[CREDENTIAL_EXPIRED] = { "expired", REPLY_CREDENTIAL_EXPIRED },
	};
	enum credential_state state = in->effective->credential_state;

	if (state == CREDENTIAL_GOOD)
		return FINDING_PASS;
	f->origin = "credential";
	snprintf(f->rule, sizeof(f->rule), "credential %s: %s", credential_shown(in),
		 faults[state].what);
	return refuse(f, faults[state].reply);
}

static enum finding_result ask_state(const struct gate_input *in, struct finding *f)
{
	if (in->account_unknown) {
		snprintf(f->rule, sizeof(f->rule), "account not known");
		return FINDING_PASS;
	}
	if (!in->account && !in->config->unknown_login_allowed) {
		snprintf(f->rule, sizeof(f->rule), "unknown_login = refuse");
		by_setting(in, "unknown_login", f);
		return refuse(f, REPLY_UNKNOWN_LOGIN);
	}
	if (!in->account)
		return ask_credential(in, f);
	snprintf(f->rule, sizeof(f->rule), "%s", account_state_name(in->effective->state));
	f->origin = "account";
	if (in->effective->state == ACCOUNT_BLOCKED)
		return refuse(f, REPLY_STATE);
	return ask_credential(in, f);
}

/* ---- 2. networks ------------------------------------------------------ */

static enum finding_result ask_tls(const struct gate_input *in, struct finding *f)
{
	enum tls_requirement wanted = in->effective->require_tls;

	if (tls_satisfies(in->request->tls, wanted))
		return FINDING_PASS;
	by_plan_setting(in, PLAN_REQUIRE_TLS, f);
	snprintf(f->rule, sizeof(f->rule), "require_tls = %s", tls_requirement_name(wanted));
	return refuse(f, REPLY_REQUIRE_TLS);
}

/* whose: the list's owner. */
static enum finding_result ask_list(const struct gate_input *in, const struct network *list,
				    size_t n, const char *whose, struct finding *f)
{
	struct ip client;
	bool admitted;
	int rule;

	if (n == 0)
		return FINDING_PASS;
	if (!ip_parse(in->request->client_address, &client)) {
		snprintf(f->rule, sizeof(f->rule), "client address is not known");
		return FINDING_UNKNOWN;
	}
	admitted = network_list_admits(list, n, &client, &rule);
	if (rule >= 0 && (!admitted || in->request->explained))
		network_format(&list[rule], f->rule);
	else if (rule < 0 && !admitted)
		snprintf(f->rule, sizeof(f->rule), "not in any network of the %s", whose);
	return admitted ? FINDING_PASS : refuse(f, REPLY_NETWORKS);
}

/* From where, and how, the client may come: all three must allow it. */
static enum finding_result ask_networks(const struct gate_input *in, struct finding *f)
{
	const struct effective *e = in->effective;
	enum finding_result result = ask_tls(in, f);

	if (result != FINDING_PASS)
		return result;
	by_plan_setting(in, PLAN_NETWORKS, f);
	result = ask_list(in, e->networks, e->n_networks, "login", f);
	if (result != FINDING_PASS || e->n_credential_networks == 0)
		return result;
	f->origin = "credential";
	f->line = 0;
	f->rule[0] = '\0';
	return ask_list(in, e->credential_networks, e->n_credential_networks, "credential", f);
}

/* ---- 3. envelope sender ----------------------------------------------- */

/* An address that passes shows the pattern, one that does not shows why. field
 * NULL: of the envelope. */
static bool owns(const struct gate_input *in, const char *field, const struct address *address,
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

/* A quota of its own is asked with the quotas. */
static void describe_null_sender(const struct gate_input *in, struct finding *f)
{
	const struct null_sender *rule = &in->config->null_sender;
	struct quota quota = rule->quota;
	char text[QUOTA_TEXT_MAX];

	f->origin = "configuration";
	f->line = rule->line;
	quota.null_sender = false;
	if (rule->limited)
		quota_format(&quota, text);
	else
		snprintf(text, sizeof(text), "%s", rule->allowed ? "allow" : "reject");
	snprintf(f->rule, sizeof(f->rule), "null_sender = %s", text);
}

/* An own address passes, and whoever reads the log is told of its scripts. */
static void flag_mixed(struct finding *f, const char *mixed, const char *where)
{
	if (!mixed[0] || f->flagged)
		return;
	snprintf(f->rule, sizeof(f->rule), "mixed scripts in %s: %s", where, mixed);
	by_message(f);
	f->flagged = true;
}

static void look_at_scripts(const struct address *address, const char *where, struct finding *f)
{
	char mixed[MIXED_SCRIPT_MAX];

	mixed_script_in_address(address, mixed);
	flag_mixed(f, mixed, where);
}

static enum finding_result ask_envelope_sender(const struct gate_input *in, struct finding *f)
{
	const char *reason = "";
	struct address sender;

	switch (address_parse(in->request->sender, in->request->sender_form, &sender, &reason)) {
	case ADDRESS_NULL:
		describe_null_sender(in, f);
		return in->config->null_sender.allowed ? FINDING_PASS :
							 refuse(f, REPLY_NULL_SENDER);
	case ADDRESS_BAD:
		snprintf(f->rule, sizeof(f->rule), "%s", reason);
		return refuse(f, REPLY_SENDER_FAULT);
	case ADDRESS_OK:
		break;
	}
	if (!owns(in, NULL, &sender, f))
		return refuse(f, REPLY_ENVELOPE_SENDER);
	look_at_scripts(&sender, "the envelope sender", f);
	return FINDING_PASS;
}

/* ---- 4. header From, Sender, Resent-From, Resent-Sender --------------- */

static enum finding_result header_fault(struct finding *f, const char *what)
{
	snprintf(f->rule, sizeof(f->rule), "%s", what);
	by_message(f);
	return refuse(f, REPLY_HEADER_FAULT);
}

/* A display name that shows an address of somebody else. */
static enum finding_result ask_display_name(const struct gate_input *in, struct finding *f)
{
	const struct shown_address *foreign = shown_foreign(
		in->config, in->effective, in->request->login, in->request->originators);

	if (!foreign)
		return FINDING_PASS;
	snprintf(f->rule, sizeof(f->rule), "display name shows %s", foreign->text);
	by_message(f);
	f->flagged = true;
	return in->config->display_name_address_rejected ? refuse(f, REPLY_HEADER_FAULT) :
							   FINDING_PASS;
}

static void look_at_header_scripts(const struct originators *header, struct finding *f)
{
	for (size_t i = 0; i < header->n && !f->flagged; i++)
		look_at_scripts(&header->items[i].address, originator_name(header->items[i].field),
				f);
	flag_mixed(f, header->mixed, "a display name");
}

static enum finding_result ask_header_from(const struct gate_input *in, struct finding *f)
{
	const struct originators *header = in->request->originators;
	enum finding_result result;

	if (!header)
		return FINDING_SKIPPED;
	if (header->fault[0])
		return header_fault(f, header->fault);
	for (size_t i = 0; i < header->n; i++) {
		const struct header_address *item = &header->items[i];

		if (!owns(in, originator_name(item->field), &item->address, f))
			return refuse(f, REPLY_HEADER_FROM);
	}
	result = ask_display_name(in, f);
	if (result == FINDING_PASS)
		look_at_header_scripts(header, f);
	return result;
}

/* ---- 5. per-message caps ---------------------------------------------- */

static enum finding_result over_cap(const struct gate_input *in, struct finding *f,
				    enum plan_setting cap, int64_t asked, int64_t limit,
				    enum reply reply)
{
	snprintf(f->rule, sizeof(f->rule), "%s = %lld", plan_setting_name(cap), (long long)limit);
	by_plan_setting(in, cap, f);
	f->asked = asked;
	f->limit = limit;
	return refuse(f, reply);
}

static enum finding_result ask_caps(const struct gate_input *in, struct finding *f)
{
	const struct effective *e = in->effective;
	const struct request *r = in->request;

	if (e->max_recipients > 0 && r->recipients > e->max_recipients)
		return over_cap(in, f, PLAN_MAX_RECIPIENTS, r->recipients, e->max_recipients,
				REPLY_CAP_RECIPIENTS);
	if (e->max_size_bytes > 0 && r->size_bytes > e->max_size_bytes)
		return over_cap(in, f, PLAN_MAX_SIZE, r->size_bytes, e->max_size_bytes,
				REPLY_CAP_SIZE);
	return FINDING_PASS;
}

/* ---- the table -------------------------------------------------------- */

static const struct gate_check {
	enum check check;
	unsigned stages; /* at which it can be answered, a bit each */
	enum finding_result (*ask)(const struct gate_input *in, struct finding *f);
} gate_checks[] = {
	{ CHECK_STATE, EVERY_STAGE, ask_state },
	{ CHECK_NETWORKS, EVERY_STAGE, ask_networks },
	{ CHECK_ENVELOPE_SENDER, EVERY_STAGE, ask_envelope_sender },
	{ CHECK_HEADER_FROM, AT_END_OF_MESSAGE, ask_header_from },
	{ CHECK_CAPS, EVERY_STAGE, ask_caps },
};

void finding_init(struct finding *finding, enum check_mode mode)
{
	finding->result = FINDING_SKIPPED;
	finding->mode = mode;
	finding->reply = REPLY_CANNOT_TELL;
	finding->action = ACTION_ACCEPT;
	finding->origin = NULL;
	finding->line = 0;
	finding->used = 0;
	finding->limit = -1;
	finding->asked = 0;
	finding->retry_after_ms = 0;
	finding->flagged = false;
	finding->rule[0] = '\0';
	finding->subject[0] = '\0';
}

/* The code of the reply says whether the client may come again. */
static enum action refusal_action(const struct config *config, enum reply reply)
{
	return config->replies[reply].code[0] == '4' ? ACTION_DEFER : ACTION_REFUSE;
}

/* In mode rewrite: a header that can be put right stops nothing. */
static void try_to_rewrite(const struct gate_input *in, struct finding *f)
{
	struct rewrite rewrite;
	const char *reason = rewrite_plan(in->config, in->effective, in->request, &rewrite);
	size_t len = strlen(f->rule);

	if (!reason) {
		f->action = ACTION_ACCEPT;
		return;
	}
	if (!rewrite.address[0])
		f->reply = REPLY_HEADER_NO_REWRITE;
	if (!f->subject[0])
		snprintf(f->subject, sizeof(f->subject), "%.250s", f->rule);
	snprintf(f->rule + len, sizeof(f->rule) - len, "; not rewritten: %s", reason);
	f->action = refusal_action(in->config, f->reply);
}

void gate_run(const struct gate_input *in, struct finding findings[CHECKS])
{
	for (size_t i = 0; i < sizeof(gate_checks) / sizeof(gate_checks[0]); i++) {
		const struct gate_check *c = &gate_checks[i];
		struct finding *f = &findings[c->check];

		finding_init(f, in->effective->plan->modes[c->check]);
		if (f->mode == MODE_OFF || !(c->stages & 1U << in->request->stage))
			continue;
		f->result = c->ask(in, f);
		if (f->result == FINDING_REFUSE && in->account_unknown)
			f->result = FINDING_UNKNOWN;
		if (f->result == FINDING_REFUSE)
			f->action = refusal_action(in->config, f->reply);
		else if (f->result == FINDING_UNKNOWN)
			f->action = ACTION_DEFER;
		if (f->result == FINDING_REFUSE && f->mode == MODE_REWRITE)
			try_to_rewrite(in, f);
	}
}

bool finding_is_enforced(const struct finding *f)
{
	return f->mode == MODE_ENFORCE ||
	       (f->mode == MODE_REWRITE && f->action != ACTION_ACCEPT);
}

int gate_decisive(const struct finding findings[CHECKS])
{
	for (int i = CHECK_STATE; i <= CHECK_CAPS; i++) {
		if (finding_is_enforced(&findings[i]) &&
		    (findings[i].result == FINDING_REFUSE || findings[i].result == FINDING_UNKNOWN))
			return i;
	}
	return -1;
}
