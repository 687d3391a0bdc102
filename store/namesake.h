/*
 * Another process that writes our heartbeat: two daemons of one kind with one
 * node. Their message keys are one name space then, and a message of one may be
 * taken for the other's.
 *
 * Between two beats of a process nobody else writes its key. What was left there by
 * one that has ended (a restart, kill -9) is gone with our first beat, so only what
 * stands there after one of ours that was stored counts, and only when it is
 * somebody else's NAMESAKE_TIMES times in a row: two may overlap for a moment.
 */
#ifndef SENDWARD_NAMESAKE_H
#define SENDWARD_NAMESAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

#define NAMESAKE_TIMES 2

/* It is said in the log at most this often. */
#define NAMESAKE_EVERY_MS (60 * 1000)

#define NAMESAKE_HOST_MAX 64
#define NAMESAKE_DAEMON_MAX 16

struct namesake {
	char process[17];		    /* ours: a random number, in each of our beats */
	char name[NODE_MAX + NAMESAKE_DAEMON_MAX]; /* of our last beat; "" none yet */
	bool stored;			    /* one of ours was, under that name */
	unsigned seen;			    /* the other, times in a row */
	char host[NAMESAKE_HOST_MAX + 1];   /* the other's; "" it does not say */
	int64_t pid;			    /* the other's; 0: it does not say */
	int64_t told_ms;		    /* clock_ms(); 0: never */
};

void namesake_init(struct namesake *namesake);

/* A beat of ours is due, name is "NODE/DAEMON" (one that is longer is cut). Whether what
 * is stored under it is to be read in front of it, for namesake_read(). */
bool namesake_due(struct namesake *namesake, const char *name);

/* It was stored. */
void namesake_stored(struct namesake *namesake);

/* What stood there: JSON of any kind, NULL for nothing. Warns. now_ms: clock_ms(). */
void namesake_read(struct namesake *namesake, const char *record, int64_t now_ms);

/* What a beat tells of it, a JSON object: "process", "host", and "namesake" with "host"
 * and "pid" while there is another one. Owned by the caller. */
char *namesake_text(const struct namesake *namesake);

#endif
