/*
 * That a login was deleted, with all that is kept of it: its time, Unix time in ms, stays at
 * PREFIX{LOGIN}:x for DELETED_KEPT_S (store/delete.lua). Daemons are told of it (store/news.h),
 * and drop what they have of the login and have not written yet. One that was not told, as it
 * was cut off from Redis, asks before it writes.
 */
#ifndef SENDWARD_DELETED_H
#define SENDWARD_DELETED_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* What was noted longer ago, and might be of a deleted login, is not written. */
#define DELETED_KEPT_S (7 * 86400)

/* May a login have been deleted since noted_ms, clock_ms(), without this store being told?
 * Never for one that does not follow the news. */
bool deleted_unheard(const struct store *store, int64_t noted_ms);

enum deleted {
	DELETED_NOT,
	DELETED_SINCE,	 /* or that is too long ago to tell */
	DELETED_UNKNOWN, /* no answer, or another one */
};

/* login is borrowed for the call, which may come before deleted_ask() has returned. */
typedef void deleted_done(struct store *store, const char *login, enum deleted deleted, void *arg);

/* Was it since since_ms, Unix time by the store's clock? */
void deleted_ask(struct store *store, const char *login, int64_t since_ms, deleted_done *done,
		 void *arg);

#endif
