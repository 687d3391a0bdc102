#include "engine/verdict.h"

#include <string.h>

#include "base/builder.h"
#include "base/fields.h"

void verdict_init(struct verdict *verdict)
{
	memset(verdict, 0, offsetof(struct verdict, text));
	verdict->text[0] = '\0';
	verdict->charges.n = 0;
	verdict->rewrite.fields = 0;
}

const struct finding *verdict_finding(const struct verdict *verdict)
{
	if (verdict->has_check)
		return &verdict->findings[verdict->check];
	if (verdict->rewrite.fields)
		return &verdict->findings[CHECK_HEADER_FROM];
	if (verdict->monitored)
		return &verdict->findings[verdict->monitor_check];
	return NULL;
}

const char *verdict_login(const struct verdict *verdict, const struct request *request)
{
	return verdict->not_identified ? "" : request->login;
}

/* A message that passes shows the quota nearest to its limit. */
static const struct finding *finding_to_log(const struct verdict *verdict)
{
	const struct finding *f = verdict_finding(verdict);

	if (!f && verdict->findings[CHECK_QUOTAS].result == FINDING_PASS)
		f = &verdict->findings[CHECK_QUOTAS];
	return f;
}

static const char *check_to_log(const struct verdict *verdict)
{
	if (verdict->has_check)
		return check_name(verdict->check);
	if (verdict->rewrite.fields)
		return check_name(CHECK_HEADER_FROM);
	return verdict->monitored ? check_name(verdict->monitor_check) : "-";
}

/* Room for the names of all checks. */
#define ALSO_MAX 128

/* Those in monitor mode that the line does not name yet: what one check that is mended
 * would let come to light. Of a message that is refused they say nothing. */
static void add_also(struct fields *fields, const struct verdict *verdict)
{
	bool named = !verdict->has_check && !verdict->rewrite.fields;
	unsigned others = verdict->monitored & ~(named ? 1U << verdict->monitor_check : 0U);
	struct builder names;
	char text[ALSO_MAX];

	if (!others || verdict->action == ACTION_REFUSE || verdict->action == ACTION_DEFER)
		return;
	builder_init(&names, text, sizeof(text));
	for (int i = 0; i < CHECKS; i++) {
		if (!(others & 1U << i))
			continue;
		builder_add(&names, names.len > 0 ? "," : "");
		builder_add(&names, check_name((enum check)i));
	}
	fields_add_name(fields, "also", text);
}

static void add_count(struct fields *fields, const char *key, const struct finding *f, int64_t n)
{
	if (f && f->limit >= 0)
		fields_add_int(fields, key, n);
	else
		fields_add_name(fields, key, "-");
}

void verdict_format_log(const struct verdict *verdict, const struct request *request,
			const char *node, int64_t elapsed_us, struct fields *fields)
{
	const struct finding *f = finding_to_log(verdict);

	fields_add_name(fields, "node", node);
	fields_add_name(fields, "stage", stage_name(request->stage));
	fields_add(fields, "qid", request->queue_id);
	fields_add(fields, "login", verdict_login(verdict, request));
	if (request_credential(request)[0])
		fields_add(fields, "credential", request->credential);
	fields_add(fields, "client", request->client_address);
	fields_add_name(fields, "verdict", action_name(verdict->action));
	if (verdict->monitored)
		fields_add(fields, "monitor", action_name(verdict->monitor_action));
	if (verdict->rewrite.fields)
		fields_add(fields, "rewrite", check_name(CHECK_HEADER_FROM));
	fields_add_name(fields, "check", check_to_log(verdict));
	fields_add(fields, "rule", f ? f->rule : "");
	add_count(fields, "used", f, f ? f->used : 0);
	add_count(fields, "limit", f, f ? f->limit : 0);
	fields_add_int(fields, "us", elapsed_us);
	fields_add(fields, "sender", request->sender);
	if (verdict->monitored)
		add_also(fields, verdict);
	if (verdict->redirect)
		fields_add(fields, "redirect", verdict->redirect);
	if (verdict->dropped > 0)
		fields_add_int(fields, "dropped", verdict->dropped);
	if (verdict->rewrite.fields)
		fields_add(fields, "from", verdict->rewrite.address);
	for (int i = 0; i < CHECKS; i++)
		if (verdict->findings[i].flagged && verdict->findings[i].result == FINDING_PASS)
			fields_add(fields, "flag", verdict->findings[i].rule);
	if (verdict->degraded)
		fields_add(fields, "degraded", "yes");
	if (verdict->store_error)
		fields_add(fields, "store", verdict->store_error);
}
