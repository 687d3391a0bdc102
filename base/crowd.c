#include "base/crowd.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

/* How often idle connections are looked for. */
#define SWEEP_EVERY_S 60

struct crowd {
	const struct crowd_kind *kind;
	void *host;		  /* borrowed */
	struct crowd_member list; /* a ring; this is its seam */
	int64_t n, n_turned_away;
	int64_t complained_s; /* 0: never */
	struct event sweep;
	void (*drained)(void *ctx); /* NULL until crowd_drain() */
	void *ctx;
};

int64_t crowd_clock_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec;
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct crowd *crowd = arg;
	int64_t since_s = crowd_clock_s() - CROWD_IDLE_MAX_S;
	struct crowd_member *member, *next;

	(void)fd;
	(void)what;
	for (member = crowd->list.next; member != &crowd->list; member = next) {
		next = member->next;
		if (crowd->kind->idle_since(member->connection, since_s))
			crowd->kind->close(member->connection);
	}
}

struct crowd *crowd_new(struct event_base *base, const struct crowd_kind *kind, void *host)
{
	static const struct timeval every = { .tv_sec = SWEEP_EVERY_S };
	struct crowd *crowd = memory_zero(sizeof(*crowd));

	crowd->kind = kind;
	crowd->host = host;
	crowd->list.next = crowd->list.prev = &crowd->list;
	event_assign(&crowd->sweep, base, -1, EV_PERSIST, on_sweep, crowd);
	event_add(&crowd->sweep, &every);
	return crowd;
}

void crowd_free(struct crowd **pointer)
{
	struct crowd *crowd = *pointer;

	if (!crowd)
		return;
	crowd->drained = NULL;
	while (crowd->list.next != &crowd->list)
		crowd->kind->close(crowd->list.next->connection);
	event_del(&crowd->sweep);
	free(crowd);
	*pointer = NULL;
}

static void complain(struct crowd *crowd, int max)
{
	int64_t now_s = crowd_clock_s();

	if (crowd->complained_s && now_s - crowd->complained_s < CROWD_COMPLAIN_EVERY_S)
		return;
	crowd->complained_s = now_s;
	log_warning("%s closed at once: there are %lld, and %s = %d (%lld turned away since start)",
		    crowd->kind->what, (long long)crowd->n, crowd->kind->setting, max,
		    (long long)crowd->n_turned_away);
}

static void turn_away(struct crowd *crowd, int fd, int max)
{
	close(fd);
	crowd->n_turned_away++;
	complain(crowd, max);
}

static void join(struct crowd *crowd, struct crowd_member *member)
{
	member->crowd = crowd;
	member->next = &crowd->list;
	member->prev = crowd->list.prev;
	member->prev->next = member;
	crowd->list.prev = member;
	crowd->n++;
}

void crowd_add(struct crowd *crowd, int fd, int max)
{
	struct crowd_member *member;

	if (crowd->n >= max) {
		turn_away(crowd, fd, max);
		return;
	}
	member = crowd->kind->open(crowd->host, fd);
	join(crowd, member);
	crowd->kind->start(member->connection);
}

void crowd_leave(struct crowd_member *member)
{
	struct crowd *crowd = member->crowd;

	member->prev->next = member->next;
	member->next->prev = member->prev;
	crowd->n--;
	if (crowd->n == 0 && crowd->drained)
		crowd->drained(crowd->ctx);
}

void crowd_drain(struct crowd *crowd, void (*drained)(void *ctx), void *ctx)
{
	struct crowd_member *member, *next;

	if (crowd->n == 0) {
		drained(ctx);
		return;
	}
	crowd->drained = drained;
	crowd->ctx = ctx;
	for (member = crowd->list.next; member != &crowd->list; member = next) {
		next = member->next;
		crowd->kind->drain(member->connection);
	}
}

int64_t crowd_size(const struct crowd *crowd)
{
	return crowd->n;
}

int64_t crowd_turned_away(const struct crowd *crowd)
{
	return crowd->n_turned_away;
}
