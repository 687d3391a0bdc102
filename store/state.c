/* How the daemon sees its servers, for status. */
#include <jansson.h>

#include "base/memory.h"
#include "store/internal.h"

/* The names of servers and what they say: text of any kind. */
static void set_text(json_t *object, const char *name, const char *text)
{
	json_t *value = json_string(text);

	json_object_set_new(object, name, value ? value : json_string("not UTF-8"));
}

static json_t *state_of(const struct breaker *breaker)
{
	json_t *object = json_object();

	set_text(object, "state", breaker_state_name(breaker->state));
	json_object_set_new(object, "since", json_integer(breaker->since_s));
	json_object_set_new(object, "outages", json_integer(breaker->outages));
	set_text(object, "last_error", breaker->error);
	return object;
}

static void add_server(const struct breaker *breaker, void *arg)
{
	json_t *server = state_of(breaker);

	set_text(server, "server", breaker->name);
	json_array_append_new(arg, server);
}

/* What was done without the servers, and what is left of that. */
static void add_without(const struct store *store, json_t *object)
{
	struct store_stats stats;

	store_stats(store, &stats);
	json_object_set_new(object, "degraded", json_integer(store->degraded));
	json_object_set_new(object, "owed", json_integer(stats.owed));
	json_object_set_new(object, "owed_lost", json_integer(stats.owed_lost));
	if (!store->news) /* it keeps no accounts */
		return;
	json_object_set_new(object, "subscribed", json_boolean(stats.subscribed));
	json_object_set_new(object, "unsubscribed_s", json_integer(news_deaf_ms(store->news) / 1000));
	set_text(object, "state_file", stats.state_file);
}

static void add_leases(const struct store *store, json_t *object)
{
	struct lease_stats stats;

	if (borrow_stats(store, &stats))
		json_object_set_new(object, "leases",
				    json_pack("{s:I, s:I, s:I}", "taken", (json_int_t)stats.taken,
					      "returned", (json_int_t)stats.returned, "decisions",
					      (json_int_t)stats.decisions));
}

char *store_state(const struct store *store)
{
	json_t *servers = json_array(), *object;
	struct servers_stats stats;
	char *text;

	servers_stats(store->servers, &stats);
	if (stats.breaker)
		object = state_of(stats.breaker);
	else
		object = json_pack("{s:s}", "state", breaker_state_name(BREAKER_OPEN));
	servers_each(store->servers, add_server, servers);
	if (json_array_size(servers) > 1)
		json_object_set(object, "servers", servers);
	add_without(store, object);
	add_leases(store, object);
	json_decref(servers);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text ? text : memory_strdup("{}");
}
