#include "store/scout.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/link.h"

/* How often a connection that is being made is looked at, and how long. */
#define LOOK_MS 10
#define CONNECT_MS 500

/* The least time between two questions when in a hurry. */
#define HURRY_MS 100

#define WORRY_MS 500

/* When nobody has given an answer, everybody is asked again so much later, or up
 * to half of it earlier: many daemons shall not come at the same moment. */
#define ROUND_PAUSE_MS 500

enum scout_state {
	SCOUT_PAUSED,	  /* the timer ends it */
	SCOUT_CONNECTING, /* the timer looks at the connection */
	SCOUT_ASKED,
	SCOUT_KNOWING, /* the timer asks again */
};

struct scout {
	struct event_base *base;
	struct scout_task task;
	const struct redis_settings *settings;
	struct tls *tls;
	struct endpoint servers[SCOUT_SERVERS_MAX];
	size_t n_fixed, n, at;
	size_t failed; /* in a row */
	enum scout_state state;
	struct link *link;
	bool hurried, worried;
	int64_t began_ms, asked_ms;
	struct event *timer;
	bool complained;
	char error[400];
};

static void set_timer(struct scout *s, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(s->timer, &tv);
}

static void ignore_change(bool up, void *arg)
{
	(void)up;
	(void)arg;
}

/* ---- one server after the other ----------------------------------------- */

static void connect_next(struct scout *s)
{
	struct link_server server = { .settings = s->settings, .tls = s->tls, .quiet = true };

	link_free(&s->link);
	s->at = (s->at + 1) % s->n;
	server.address = s->servers[s->at];
	s->link = link_new(s->base, &server, ignore_change, NULL);
	s->state = SCOUT_CONNECTING;
	s->began_ms = clock_ms();
	set_timer(s, LOOK_MS);
}

/* What a link says begins with the server's name already. */
static void set_error(struct scout *s, const char *why)
{
	char name[ENDPOINT_TEXT_MAX];

	endpoint_format(&s->servers[s->at], name);
	if (strncmp(why, name, strlen(name)) == 0)
		snprintf(s->error, sizeof(s->error), "%s", why);
	else
		snprintf(s->error, sizeof(s->error), "%s: %s", name, why);
}

/* This one is of no use. The link is freed later: this may be one of its
 * callbacks. */
static void next_server(struct scout *s, const char *why)
{
	uint32_t random;

	set_error(s, why);
	s->state = SCOUT_PAUSED;
	if (++s->failed < s->n) {
		set_timer(s, 0);
		return;
	}
	if (!s->complained)
		log_warning("redis %s: nobody answers: %s", s->task.what, s->error);
	s->complained = true;
	s->failed = 0;
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	set_timer(s, ROUND_PAUSE_MS - random % (ROUND_PAUSE_MS / 2));
}

static int64_t pause_ms(const struct scout *s)
{
	if (s->hurried)
		return HURRY_MS;
	return s->worried && s->task.every_ms > WORRY_MS ? WORRY_MS : s->task.every_ms;
}

static void on_answer(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct scout *s = arg;
	const char *why = error;
	bool useful = false;

	if (result == LINK_OK && reply->type == REDIS_REPLY_ERROR)
		why = reply->str;
	else if (result == LINK_OK)
		useful = s->task.answer(reply, &s->servers[s->at], &why, s->task.arg);
	if (!useful) {
		next_server(s, why);
		return;
	}
	if (s->complained)
		log_info("redis %s: answered again", s->task.what);
	s->complained = false;
	s->failed = 0;
	s->error[0] = '\0';
	s->state = SCOUT_KNOWING;
	set_timer(s, pause_ms(s));
}

static void ask(struct scout *s)
{
	s->state = SCOUT_ASKED;
	s->hurried = false;
	s->asked_ms = clock_ms();
	link_send(s->link, s->task.n_question, s->task.question, NULL,
		  s->asked_ms + s->settings->deadline_ms, on_answer, s);
}

static void look(struct scout *s)
{
	struct link_stats stats;

	link_stats(s->link, &stats);
	if (stats.breaker->state == BREAKER_UP)
		ask(s);
	else if (stats.breaker->error[0])
		next_server(s, stats.breaker->error);
	else if (clock_ms() - s->began_ms > CONNECT_MS)
		next_server(s, "no answer to the connection attempt");
	else
		set_timer(s, LOOK_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct scout *s = arg;

	(void)fd;
	(void)what;
	switch (s->state) {
	case SCOUT_PAUSED:
		connect_next(s);
		break;
	case SCOUT_CONNECTING:
		look(s);
		break;
	case SCOUT_KNOWING:
		if ((s->hurried || s->worried) && s->n > 1)
			connect_next(s);
		else
			ask(s);
		break;
	case SCOUT_ASKED:
		break;
	}
}

void scout_hurry(struct scout *s)
{
	int64_t since_ms = clock_ms() - s->asked_ms;

	s->hurried = true;
	if (s->state == SCOUT_KNOWING)
		set_timer(s, since_ms < HURRY_MS ? HURRY_MS - since_ms : 0);
}

void scout_worry(struct scout *s, bool worried)
{
	bool begins = worried && !s->worried;

	s->worried = worried;
	if (begins && s->state == SCOUT_KNOWING)
		set_timer(s, pause_ms(s));
}

/* ---- life --------------------------------------------------------------- */

static void add_server(struct scout *s, const struct endpoint *server)
{
	for (size_t i = 0; i < s->n; i++)
		if (endpoint_equal(&s->servers[i], server))
			return;
	if (s->n < SCOUT_SERVERS_MAX)
		s->servers[s->n++] = *server;
}

/* The one that is asked now stays, as the last one if need be. */
void scout_more(struct scout *s, const struct endpoint *servers, size_t n)
{
	const struct endpoint present = s->servers[s->at];

	s->n = s->n_fixed;
	for (size_t i = 0; i < n && s->n < SCOUT_SERVERS_MAX - 1; i++)
		add_server(s, &servers[i]);
	add_server(s, &present);
	for (s->at = 0; !endpoint_equal(&s->servers[s->at], &present);)
		s->at++;
}

struct scout *scout_new(struct event_base *base, const struct scout_task *task,
			const struct endpoint *servers, size_t n,
			const struct redis_settings *settings, struct tls *tls)
{
	struct scout *s = memory_zero(sizeof(*s));

	s->base = base;
	s->task = *task;
	s->settings = settings;
	s->tls = tls;
	for (size_t i = 0; i < n; i++)
		add_server(s, &servers[i]);
	s->n_fixed = s->n;
	s->at = s->n - 1;
	s->timer = evtimer_new(base, on_timer, s);
	set_timer(s, 0);
	return s;
}

void scout_configure(struct scout *s, const struct redis_settings *settings, struct tls *tls)
{
	s->settings = settings;
	s->tls = tls;
	if (s->link)
		link_configure(s->link, settings, tls);
}

void scout_free(struct scout **scout)
{
	struct scout *s = *scout;

	if (!s)
		return;
	/* Its answer, if one is due, comes first. */
	s->state = SCOUT_PAUSED;
	link_free(&s->link);
	event_free(s->timer);
	free(s);
	*scout = NULL;
}

const char *scout_error(const struct scout *s)
{
	return s->error;
}
