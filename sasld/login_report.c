#include "sasld/login_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/fields.h"
#include "base/log.h"
#include "store/event_json.h"
#include "store/login_trace.h"

void login_report(const struct config *config, const struct login_facts *facts)
{
	struct fields fields;

	fields_init(&fields, LOG_LINE_MAX);
	fields_add(&fields, "node", config->node);
	fields_add(&fields, "stage", "AUTH");
	fields_add(&fields, "login", facts->login);
	if (*facts->credential)
		fields_add(&fields, "credential", facts->credential);
	fields_add(&fields, "client", facts->client);
	fields_add(&fields, "mech", facts->mechanism);
	fields_add(&fields, "tls", facts->tls);
	fields_add(&fields, "verdict", facts->verdict);
	fields_add(&fields, "reason", facts->reason);
	if (*facts->detail)
		fields_add(&fields, "detail", facts->detail);
	fields_add_int(&fields, "us", facts->us);
	log_fields(LEVEL_INFO, &fields);
}

void login_report_use(struct store *store, const struct login_facts *facts)
{
	json_t *use = json_object();
	char *text;

	json_object_set_new(use, "time", json_integer((json_int_t)time(NULL)));
	json_object_set_new(use, "address", event_text(facts->client));
	json_object_set_new(use, "mechanism", event_text(facts->mechanism));
	json_object_set_new(use, "tls", event_text(facts->tls));
	text = json_dumps(use, JSON_COMPACT);
	if (text)
		store_login_trace(store, facts->username, text);
	free(text);
	json_decref(use);
}

void login_report_guessing(struct store *store, const struct config *config,
			   const struct login_facts *facts, bool all_names, int64_t count,
			   int64_t refused_s)
{
	json_t *event = json_object();

	json_object_set_new(event, "time", json_integer((json_int_t)time(NULL)));
	json_object_set_new(event, "event", json_string("guessing"));
	json_object_set_new(event, "login", event_text(all_names ? "" : facts->login));
	if (!all_names && *facts->credential)
		json_object_set_new(event, "credential", event_text(facts->credential));
	json_object_set_new(event, "actor", json_string("sendward-sasld"));
	json_object_set_new(event, "node", event_text(config->node));
	json_object_set_new(event, "daemon", json_string("sasld"));
	json_object_set_new(event, "client", event_text(facts->client));
	json_object_set_new(event, "network", event_text(facts->network));
	json_object_set_new(event, "failed", json_integer(count));
	json_object_set_new(event, "refused_s", json_integer(refused_s));
	event_append(store, event);
	log_warning("guessing: %lld failed logins%s%s from %s, refused for %lld s",
		    (long long)count, all_names ? "" : " as ", all_names ? "" : facts->username,
		    facts->network, (long long)refused_s);
}
