/*
 * The requests on their way over one connection, in the order in which their
 * replies will come, each with a deadline.
 */
#ifndef SENDWARD_PIPELINE_H
#define SENDWARD_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "store/link.h"

struct event;
struct event_base;
struct pipeline_entry;

struct pipeline_events {
	/* Deadlines pass without replies, from now until pipeline_caught_up().
	 * Comes before those who wait are answered. */
	void (*stalled)(void *arg);
	/* Nothing at all has come for long while replies were due: the
	 * connection is of no use. */
	void (*silent)(void *arg);
};

struct pipeline {
	STAILQ_HEAD(, pipeline_entry) entries;
	struct event *timer; /* of the next deadline */
	const struct pipeline_events *events;
	void *arg;
	int64_t in_flight, timeouts, requests;
	int64_t heard_ms;    /* last sign of the server, clock_ms() as all times here */
	int64_t watched_ms;  /* what the timer is set to */
	int64_t forgiven_ms; /* until then nobody is late */
	int64_t patience_ms; /* redis.deadline */
	bool stalled;
};

/* events are borrowed. */
void pipeline_init(struct pipeline *pipeline, struct event_base *base,
		   const struct pipeline_events *events, void *arg);
/* It is empty. */
void pipeline_fini(struct pipeline *pipeline);

/* One more request has been sent. */
void pipeline_add(struct pipeline *pipeline, int64_t deadline_ms, link_reply *reply, void *arg);

/* The reply of the oldest one has come; borrowed. False when nobody asked. */
bool pipeline_answer(struct pipeline *pipeline, struct redisReply *reply);

/* True when it was stalled, and all that is due has come now. */
bool pipeline_caught_up(struct pipeline *pipeline);

/* The connection is gone: everybody is answered LINK_UNCERTAIN. */
void pipeline_fail(struct pipeline *pipeline, const char *error);

#endif
