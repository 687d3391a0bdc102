#include "store/watch.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"

struct watch {
	struct event_base *base;
	const struct servers *servers;
	char *channel;
	const struct watch_events *events;
	void *arg;
	struct endpoint address; /* of link */
	struct link *link;	 /* NULL: none yet */
	struct event *timer;
	bool subscribed, refused; /* refused: that was said */
	bool woken;		  /* its link waits for nothing any more */
	int64_t deaf_since_ms;
};

static void send_word(struct watch *w, int argc, const char *const *argv, link_reply *reply)
{
	struct link_stats stats;
	size_t lengths[2];

	for (int i = 0; i < argc; i++)
		lengths[i] = strlen(argv[i]);
	link_stats(w->link, &stats);
	/* One is enough to notice silence. */
	if (stats.in_flight > 1)
		return;
	link_send(w->link, argc, argv, lengths, clock_ms() + WATCH_EVERY_MS, reply, w);
}

static void on_subscribed(enum link_result result, struct redisReply *reply, const char *error,
			  void *arg)
{
	struct watch *w = arg;

	(void)error;
	if (result != LINK_OK)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		if (!w->refused)
			log_warning("no news of changed accounts, they are noticed when they are "
				    "used: SUBSCRIBE %s: %s", w->channel, reply->str);
		w->refused = true;
		return;
	}
	w->refused = false;
	w->subscribed = true;
	w->events->begun(w->arg);
}

static void subscribe(struct watch *w)
{
	const char *argv[] = {"SUBSCRIBE", w->channel};

	send_word(w, 2, argv, on_subscribed);
}

static void on_pong(enum link_result result, struct redisReply *reply, const char *error,
		    void *arg)
{
	(void)result;
	(void)reply;
	(void)error;
	(void)arg;
}

static void on_push(const struct redisReply *reply, void *arg)
{
	struct watch *w = arg;

	if (reply->element[2]->type == REDIS_REPLY_STRING)
		w->events->message(reply->element[2]->str, w->arg);
}

static void on_link(bool up, void *arg)
{
	struct watch *w = arg;

	if (w->subscribed)
		w->deaf_since_ms = clock_ms();
	w->subscribed = false;
	w->woken = false;
	if (up)
		subscribe(w);
}

/* A new connection when there is none, or when its server is not one of ours
 * any more. */
static void look_for_server(struct watch *w)
{
	struct link_server server;

	if (!servers_any(w->servers, &server))
		return;
	if (w->link && !w->woken && endpoint_equal(&server.address, &w->address))
		return;
	w->woken = false;
	link_free(&w->link);
	server.role = LINK_ANY_ROLE;
	server.quiet = true;
	server.push = on_push;
	w->address = server.address;
	w->subscribed = false;
	w->link = link_new(w->base, &server, on_link, w);
}

static void look_again(struct watch *w, int64_t ms)
{
	const struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(w->timer, &after);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const char *const ping[] = {"PING"};
	struct watch *w = arg;

	(void)fd;
	(void)what;
	if (!w->link || !link_is_up(w->link))
		look_for_server(w);
	else if (w->subscribed)
		send_word(w, 1, ping, on_pong);
	else
		subscribe(w);
	look_again(w, WATCH_EVERY_MS);
}

void watch_wake(struct watch *w)
{
	if (w->subscribed)
		return;
	w->woken = true;
	look_again(w, 0);
}

int64_t watch_deaf_since_ms(const struct watch *w)
{
	return w->deaf_since_ms;
}

bool watch_is_subscribed(const struct watch *w)
{
	return w->subscribed;
}

struct watch *watch_new(struct event_base *base, const struct servers *servers,
			const char *channel, const struct watch_events *events, void *arg)
{
	struct watch *w = memory_zero(sizeof(*w));

	w->base = base;
	w->servers = servers;
	w->channel = memory_strdup(channel);
	w->events = events;
	w->arg = arg;
	w->timer = evtimer_new(base, on_timer, w);
	w->deaf_since_ms = clock_ms();
	look_again(w, 0);
	return w;
}

void watch_free(struct watch **watch)
{
	struct watch *w = *watch;

	if (!w)
		return;
	link_free(&w->link);
	event_free(w->timer);
	free(w->channel);
	free(w);
	*watch = NULL;
}
