#include "store/report.h"

#include <jansson.h>

#include "base/fields.h"
#include "base/log.h"
#include "store/attempts.h"
#include "store/event_json.h"

static json_t *new_event(const char *what, const struct config *config, const char *daemon,
			 const struct request *request, const struct verdict *verdict)
{
	json_t *event = json_object();

	json_object_set_new(event, "time", json_integer(verdict->now_ms / 1000));
	json_object_set_new(event, "event", json_string(what));
	json_object_set_new(event, "login", event_text(verdict_login(verdict, request)));
	if (request_credential(request)[0])
		json_object_set_new(event, "credential", event_text(request->credential));
	json_object_set_new(event, "node", event_text(config->node));
	json_object_set_new(event, "daemon", json_string(daemon));
	json_object_set_new(event, "qid", event_text(request->queue_id));
	json_object_set_new(event, "client", event_text(request->client_address));
	return event;
}

static bool is_rewritten_only(const struct verdict *verdict)
{
	return verdict->rewrite.fields && verdict->action == ACTION_ACCEPT;
}

/* check: for which it was not delivered as sent, or delivered all the same. */
static void store_verdict(struct store *store, const struct config *config, const char *daemon,
			  const struct request *request, const struct verdict *verdict,
			  enum check check)
{
	bool rewritten = check == CHECK_HEADER_FROM;
	json_t *event = new_event(rewritten ? "rewrite" : action_name(verdict->action), config,
				  daemon, request, verdict);

	json_object_set_new(event, "sender", event_text(request->sender));
	json_object_set_new(event, "recipients", json_integer(request->recipients));
	json_object_set_new(event, "bytes", json_integer(request->size_bytes));
	json_object_set_new(event, "check", json_string(check_name(check)));
	json_object_set_new(event, "rule", event_text(verdict->findings[check].rule));
	if (verdict->dropped > 0)
		json_object_set_new(event, "dropped", json_integer(verdict->dropped));
	if (verdict->redirect)
		json_object_set_new(event, "redirect", event_text(verdict->redirect));
	if (verdict->rewrite.fields)
		json_object_set_new(event, "from", event_text(verdict->rewrite.address));
	event_append(store, event);
}

/* Once for each counter, mark and window: the store sees to that. */
static void report_warning(struct store *store, const struct config *config, const char *daemon,
			   const struct request *request, const struct verdict *verdict,
			   const struct warning *warning)
{
	json_t *event = new_event("warning", config, daemon, request, verdict);
	struct fields fields;

	json_object_set_new(event, "quota", event_text(warning->quota));
	json_object_set_new(event, "percent", json_integer(warning->percent));
	json_object_set_new(event, "used", json_integer(warning->used));
	json_object_set_new(event, "limit", json_integer(warning->limit));
	event_append(store, event);

	fields_init(&fields, LOG_LINE_MAX);
	fields_add(&fields, "node", config->node);
	fields_add(&fields, "login", verdict_login(verdict, request));
	fields_add(&fields, "client", request->client_address);
	fields_add(&fields, "warning", warning->quota);
	fields_add_int(&fields, "percent", warning->percent);
	fields_add_int(&fields, "used", warning->used);
	fields_add_int(&fields, "limit", warning->limit);
	log_fields(LEVEL_WARNING, &fields);
}

/* Mail that a check has refused. What it cannot tell is not the login's doing, and what the
 * sandbox keeps was sent. */
static bool is_attempt(const struct verdict *verdict, enum check check)
{
	return check != CHECK_SANDBOX && verdict->findings[check].result == FINDING_REFUSE;
}

/* What is only monitored is seen at each stage of a message that goes on: it counts at the last
 * one, the header where it is seen at all, also by a milter that does not charge. */
static bool is_monitored_attempt(const struct request *request, const struct verdict *verdict,
				 enum check check)
{
	return verdict->monitored & 1U << check && (request->final || check == CHECK_HEADER_FROM) &&
	       is_attempt(verdict, check);
}

/* Each check that would have refused it: who enforces one meets the next. */
static void count_monitored(struct store *store, const struct request *request,
			    const struct verdict *verdict, struct attempt *attempt)
{
	attempt->monitored = true;
	for (int i = 0; i < CHECKS; i++) {
		attempt->check = (enum check)i;
		if (is_monitored_attempt(request, verdict, attempt->check))
			store_attempt(store, verdict_login(verdict, request), attempt);
	}
}

static void count_attempt(struct store *store, const struct request *request,
			  const struct verdict *verdict)
{
	struct attempt attempt = {
		.check = verdict->check,
		.action = verdict->action,
		.time_s = verdict->now_ms / 1000,
		.client = request->client_address,
	};

	if (verdict->has_check && is_attempt(verdict, verdict->check))
		store_attempt(store, verdict_login(verdict, request), &attempt);
	else if (verdict->monitored && verdict->action != ACTION_REFUSE &&
		 verdict->action != ACTION_DEFER)
		count_monitored(store, request, verdict, &attempt);
}

/* A check has something against it, be it only to be told. */
static void report_objection(struct store *store, const struct config *config, const char *daemon,
			     const struct request *request, const struct verdict *verdict)
{
	count_attempt(store, request, verdict);
	if (verdict->action == ACTION_HOLD || verdict->action == ACTION_DISCARD ||
	    verdict->action == ACTION_REDIRECT)
		store_verdict(store, config, daemon, request, verdict, verdict->check);
	else if (is_rewritten_only(verdict))
		store_verdict(store, config, daemon, request, verdict, CHECK_HEADER_FROM);
}

void report_verdict(struct store *store, const struct config *config, const char *daemon,
		    const struct request *request, const struct verdict *verdict,
		    int64_t elapsed_us)
{
	struct fields line;

	store_decided(store, verdict->degraded);
	fields_init(&line, LOG_LINE_MAX);
	verdict_format_log(verdict, request, config->node, elapsed_us, &line);
	log_fields(LEVEL_INFO, &line);
	if (request->final && request->login[0] && verdict->action != ACTION_REFUSE &&
	    verdict->action != ACTION_DEFER)
		store_sent(store, request, verdict);
	if (verdict->has_check || verdict->monitored || verdict->rewrite.fields)
		report_objection(store, config, daemon, request, verdict);
	if (verdict->let_out)
		store_verdict(store, config, daemon, request, verdict, CHECK_SANDBOX);
	for (size_t i = 0; i < verdict->n_warnings; i++)
		report_warning(store, config, daemon, request, verdict, &verdict->warnings[i]);
}
