/*
 * All connections of one kind that a daemon has: how many, how idle, and
 * their end.
 */
#ifndef SENDWARD_CROWD_H
#define SENDWARD_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct crowd;

/* A Postfix process keeps its connection as long as its SMTP session lasts,
 * and that may wait smtpd_timeout (300 s) for every command; closing sooner
 * would cost the next question a second, or the session its milter. */
#define CROWD_IDLE_MAX_S 3600

/* When there are too many, the log says so at most this often. */
#define CROWD_COMPLAIN_EVERY_S 10

/* Part of each connection; the crowd's own, but for connection. */
struct crowd_member {
	struct crowd_member *next, *prev;
	struct crowd *crowd;
	void *connection; /* whose part it is */
};

struct crowd_kind {
	const char *what;    /* in the log: "policy connection" */
	const char *setting; /* the one that limits them */
	/* A connection that owns fd, a connected stream socket that does not
	 * block, and has not begun to read. Never NULL. */
	struct crowd_member *(*open)(void *host, int fd);
	/* Begins to read. It may leave the crowd before this returns. */
	void (*start)(void *connection);
	/* Nothing came since this (crowd_clock_s()), and nothing is owed. */
	bool (*idle_since)(const void *connection, int64_t since_s);
	/* Answers what has come and ends; at once. Both may leave the crowd
	 * before they return. */
	void (*drain)(void *connection);
	void (*close)(void *connection);
};

/* kind and host, which kind->open() gets, stay valid until crowd_free(). */
struct crowd *crowd_new(struct event_base *base, const struct crowd_kind *kind, void *host);

/* Closes those that are left. */
void crowd_free(struct crowd **crowd);

/* One more, which begins. When there are max of them closes fd, and says so. */
void crowd_add(struct crowd *crowd, int fd, int max);

/* The connection has ended: the last that it does. */
void crowd_leave(struct crowd_member *member);

/* Drains each; drained is called when the last has left, perhaps before this
 * returns. */
void crowd_drain(struct crowd *crowd, void (*drained)(void *ctx), void *ctx);

int64_t crowd_size(const struct crowd *crowd);
int64_t crowd_turned_away(const struct crowd *crowd);

/* CLOCK_MONOTONIC. */
int64_t crowd_clock_s(void);

#endif
