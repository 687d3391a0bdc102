#include "store/pipeline.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/clock.h"

/* A connection on which nothing has come for so many deadlines while replies
 * were due is given up. */
#define STALLED_DEADLINES 4

/* A deadline that is noticed so late was missed by our own loop, which had
 * something else to do: perhaps nothing has even been sent. The server gets
 * the time that the loop took, at most a deadline. */
#define LATE_MS 50

struct pipeline_entry {
	STAILQ_ENTRY(pipeline_entry) next;
	int64_t deadline_ms;
	link_reply *reply; /* NULL: answered at its deadline, its reply is late */
	void *arg;
};

/* ---- deadlines ---------------------------------------------------------- */

static void watch(struct pipeline *p, int64_t at_ms)
{
	struct timeval tv;
	int64_t ms;

	p->watched_ms = at_ms > p->forgiven_ms ? at_ms : p->forgiven_ms;
	ms = p->watched_ms - clock_ms();
	if (ms < 0)
		ms = 0;
	tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	event_add(p->timer, &tv);
}

/* Requests that were sent again may have an earlier one than those before. */
static void watch_next(struct pipeline *p)
{
	const struct pipeline_entry *e;
	int64_t next_ms = INT64_MAX;

	STAILQ_FOREACH(e, &p->entries, next) {
		if (e->reply && e->deadline_ms < next_ms)
			next_ms = e->deadline_ms;
	}
	if (next_ms < INT64_MAX)
		watch(p, next_ms);
	else if (p->stalled)
		watch(p, clock_ms() + p->patience_ms);
}

static void expire(struct pipeline *p, int64_t now)
{
	struct pipeline_entry *e;

	STAILQ_FOREACH(e, &p->entries, next) {
		link_reply *reply = e->reply;

		if (!reply || e->deadline_ms > now)
			continue;
		e->reply = NULL;
		p->timeouts++;
		if (!p->stalled) {
			p->stalled = true;
			p->events->stalled(p->arg);
		}
		reply(LINK_UNCERTAIN, NULL, "no answer within the deadline", e->arg);
	}
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct pipeline *p = arg;
	int64_t now = clock_ms(), late_ms = now - p->watched_ms;

	(void)fd;
	(void)what;
	if (late_ms > LATE_MS) {
		p->forgiven_ms = now + (late_ms < p->patience_ms ? late_ms : p->patience_ms);
		watch(p, p->forgiven_ms);
		return;
	}
	expire(p, now);
	if (p->stalled && now - p->heard_ms > STALLED_DEADLINES * p->patience_ms)
		p->events->silent(p->arg);
	else
		watch_next(p);
}

/* ---- requests ----------------------------------------------------------- */

void pipeline_add(struct pipeline *p, int64_t deadline_ms, link_reply *reply, void *arg)
{
	struct pipeline_entry *e = memory_zero(sizeof(*e));

	e->deadline_ms = deadline_ms;
	e->reply = reply;
	e->arg = arg;
	/* Silence counts from here. */
	if (STAILQ_EMPTY(&p->entries))
		p->heard_ms = clock_ms();
	if (!event_pending(p->timer, EV_TIMEOUT, NULL) || deadline_ms < p->watched_ms)
		watch(p, deadline_ms);
	STAILQ_INSERT_TAIL(&p->entries, e, next);
	p->in_flight++;
	p->requests++;
}

bool pipeline_answer(struct pipeline *p, struct redisReply *reply)
{
	struct pipeline_entry *e = STAILQ_FIRST(&p->entries);

	p->heard_ms = clock_ms();
	if (!e)
		return false;
	STAILQ_REMOVE_HEAD(&p->entries, next);
	p->in_flight--;
	if (e->reply)
		e->reply(LINK_OK, reply, NULL, e->arg);
	free(e);
	return true;
}

bool pipeline_caught_up(struct pipeline *p)
{
	const struct pipeline_entry *first = STAILQ_FIRST(&p->entries);

	p->heard_ms = clock_ms();
	if (!p->stalled || (first && !first->reply))
		return false;
	p->stalled = false;
	return true;
}

void pipeline_fail(struct pipeline *p, const char *error)
{
	STAILQ_HEAD(, pipeline_entry) gone = STAILQ_HEAD_INITIALIZER(gone);
	struct pipeline_entry *e;

	event_del(p->timer);
	p->stalled = false;
	p->in_flight = 0;
	STAILQ_CONCAT(&gone, &p->entries);
	while ((e = STAILQ_FIRST(&gone))) {
		STAILQ_REMOVE_HEAD(&gone, next);
		if (e->reply)
			e->reply(LINK_UNCERTAIN, NULL, error, e->arg);
		free(e);
	}
}

void pipeline_init(struct pipeline *p, struct event_base *base,
		   const struct pipeline_events *events, void *arg)
{
	*p = (struct pipeline){ .events = events, .arg = arg };
	STAILQ_INIT(&p->entries);
	p->timer = evtimer_new(base, on_deadline, p);
}

void pipeline_fini(struct pipeline *p)
{
	event_free(p->timer);
}
