/*
 * explain: the engine asked about a message that does not exist.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/look.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/wait.h"
#include "engine/decision.h"

struct question {
	const struct control *control;
	const struct request *request;
	bool done;
	int status;
	struct verdict verdict;
};

/* ---- the message that is asked about ------------------------------------- */

static int64_t number_or(const struct control *control, enum option_id option, int64_t otherwise)
{
	const struct value *value = control_value(control, option);

	return value ? value->number : otherwise;
}

static void fill_originators(const struct control *control, struct originators *o)
{
	header_address_init();
	originators_init(o);
	for (size_t i = 0; i < control->n_given; i++) {
		const char *field = control->given[i].value.text;

		if (control->given[i].option == OPTION_HEADER_FROM)
			originators_add(o, originator_name(ORIGINATOR_FROM), field, strlen(field));
	}
	originators_end(o);
}

/* The envelope sender as the daemons put it into replies: without <>. Owned
 * by the caller. */
static char *bare_sender(const char *text)
{
	size_t len = strlen(text);

	if (len >= 2 && text[0] == '<' && text[len - 1] == '>')
		return need_copy(text + 1, len - 2);
	return need_copy(text, len);
}

static void fill_request(const struct control *control, struct request *r)
{
	enum stage stage = (enum stage)number_or(control, OPTION_STAGE, STAGE_END_OF_MESSAGE);

	*r = (struct request){
		.stage = stage,
		/* Final, so that a sandbox shows; no queue id: nothing is
		 * charged. */
		.final = stage == STAGE_END_OF_MESSAGE,
		.queue_id = "",
		.login = control_value(control, OPTION_LOGIN)->text,
		.client_address = control_value(control, OPTION_CLIENT)->text,
		.sender_form = ADDRESS_SMTP,
		.recipients = number_or(control, OPTION_RECIPIENTS, stage == STAGE_MAIL ? 0 : 1),
		.free_recipients = number_or(control, OPTION_FREE_RECIPIENTS, 0),
		.recipient = "",
		.size_bytes = number_or(control, OPTION_SIZE, 0),
	};
}

/* ---- the answer ---------------------------------------------------------- */

static const char *result_name(const struct finding *f)
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

static bool is_refusal(const struct verdict *v)
{
	return v->action == ACTION_REFUSE || v->action == ACTION_DEFER;
}

/* What the client is told; free() it. NULL when it is accepted. */
static char *reply_text(const struct verdict *v)
{
	char text[REPLY_TEXT_MAX + 32];

	if (!is_refusal(v))
		return NULL;
	snprintf(text, sizeof(text), "%s %s %s", v->code, v->xcode, v->text);
	return need_copy(text, strlen(text));
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? text_json(text) : json_null();
}

/* Checks that were not asked are not in it. */
static json_t *checks_json(const struct verdict *v)
{
	json_t *checks = need(json_array());

	for (int i = 0; i < CHECKS; i++) {
		const struct finding *f = &v->findings[i];
		json_t *check;

		if (f->result == FINDING_SKIPPED)
			continue;
		check = need(json_pack("{s:s, s:s, s:o, s:o}", "check", check_name(i), "result",
				       result_name(f), "rule", text_or_null(f->rule), "origin",
				       text_or_null(f->origin)));
		if (f->limit >= 0) {
			json_object_set_new(check, "used", json_integer(f->used));
			json_object_set_new(check, "limit", json_integer(f->limit));
		}
		json_array_append_new(checks, check);
	}
	return checks;
}

static json_t *verdict_json(const struct verdict *v, const struct look *look)
{
	char *reply = reply_text(v);
	json_t *json = need(
		json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "verdict", action_name(v->action),
			  "check", v->has_check ? text_json(check_name(v->check)) : json_null(),
			  "reply", text_or_null(reply), "redirect", text_or_null(v->redirect),
			  "checks", checks_json(v), "quotas", look_json(look)));

	free(reply);
	return json;
}

static void add_check(struct table *table, enum check check, const struct finding *f)
{
	table_cell(table, check_name(check));
	table_cell(table, result_name(f));
	if (f->limit >= 0 && f->result != FINDING_SKIPPED && check == CHECK_QUOTAS)
		table_cellf(table, "%s: %lld used", f->rule, (long long)f->used);
	else if (f->limit >= 0 && f->result != FINDING_SKIPPED)
		table_cellf(table, "%s: %lld asked", f->rule, (long long)f->asked);
	else
		table_cell(table, f->rule);
	table_cell(table, f->origin);
}

/* "accept", "refuse: 550 5.7.1 ...", "redirect to x@y" */
static void print_headline(const struct verdict *v, const char *reply)
{
	char *redirect = v->redirect ? text_printable(v->redirect) : NULL;

	printf("%s", action_name(v->action));
	if (v->has_check)
		printf(" by %s", check_name(v->check));
	if (redirect)
		printf(", to %s", redirect);
	if (v->rewrite.fields)
		printf(", header From rewritten to %s", v->rewrite.address);
	if (v->monitored)
		printf(" (without monitor mode: %s by %s)", action_name(v->monitor_action),
		       check_name(v->monitor_check));
	putchar('\n');
	if (reply)
		printf("reply: %s\n", reply);
	free(redirect);
}

static void print_verdict(const struct verdict *v, const struct look *look)
{
	static const char *const head[] = { "CHECK", "RESULT", "RULE", "ORIGIN" };
	struct table *table = table_new(sizeof(head) / sizeof(head[0]));
	char *reply = reply_text(v);

	print_headline(v, reply);
	putchar('\n');
	table_row(table, head);
	for (int i = 0; i < CHECKS; i++)
		add_check(table, i, &v->findings[i]);
	table_print(table, stdout);
	table_free(&table);
	free(reply);
	putchar('\n');
	look_print(look, "THIS FITS");
}

/* The verdict is borrowed for the call; it has no pointers to what the call
 * owns but the error. */
static void on_verdict(const struct verdict *v, void *arg)
{
	struct question *q = arg;

	q->done = true;
	q->verdict = *v;
	if (v->store_error)
		q->status = control_refuse("redis: %s", v->store_error);
}

/* When a message like this one fits, quota by quota. */
static void look(struct question *q, struct look *look)
{
	const struct request *r = q->request;
	int64_t counted = r->recipients - r->free_recipients;
	const int64_t fit[QUOTA_UNITS] = {
		[QUOTA_MESSAGES] = 1,
		[QUOTA_RECIPIENTS] = counted > 0 ? counted : 1,
		[QUOTA_BYTES] = r->size_bytes > 0 ? r->size_bytes : 1,
	};

	if (!look_at_login(q->control->wait, r->login, fit, look))
		q->status = control_refuse("%s", look->error);
}

static void answer(struct question *q)
{
	struct look quotas;

	look(q, &quotas);
	if (q->status == STATUS_DONE) {
		if (q->control->json)
			control_print_json(verdict_json(&q->verdict, &quotas));
		else
			print_verdict(&q->verdict, &quotas);
		q->status = is_refusal(&q->verdict) ? STATUS_REFUSED : STATUS_DONE;
	}
	look_fini(&quotas);
}

int command_explain(struct control *control)
{
	struct question q = { .control = control };
	struct originators *header = need(malloc(sizeof(*header)));
	struct request request;
	char *sender;

	fill_request(control, &request);
	fill_originators(control, header);
	if (control_has(control, OPTION_HEADER_FROM))
		request.originators = header;
	sender = bare_sender(control_value(control, OPTION_FROM)->text);
	request.sender = sender;
	q.request = &request;
	if (control_connect(control)) {
		decision_start(store_env(wait_store(control->wait)), control->config, &request,
			       on_verdict, &q);
		wait_until(control->wait, &q.done);
		if (q.status == STATUS_DONE)
			answer(&q);
	} else {
		q.status = STATUS_REFUSED;
	}
	free(sender);
	free(header);
	return q.status;
}
