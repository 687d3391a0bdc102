/*
 * The local copy of accounts is kept right while nobody uses them, so that it
 * is right when the store is away: a change is fetched as soon as it is told
 * of (store/watch.h), and after a time in which something may have been missed
 * the version of each account here is compared with the store's, at a bounded
 * pace. An account nobody has used here is only taken in when it is blocked or
 * sandboxed.
 *
 * The accounts with an identity are all taken in (engine/identity.h): they are listed
 * when the news begin, and when a server has become usable.
 *
 * Decisions do not rely on it: each compares the version (store/take.lua).
 */
#ifndef SENDWARD_NEWS_H
#define SENDWARD_NEWS_H

#include <stdbool.h>
#include <stdint.h>

struct store;
struct news;

/* Questions on their way at a time, and how often more are sent. */
#define NEWS_IN_FLIGHT_MAX 32
#define NEWS_EVERY_MS 10
/* After one that was not answered, as of a node of a cluster that is away. */
#define NEWS_RETRY_MS 200

/* Changed accounts that wait to be fetched; beyond it all are checked. */
#define NEWS_WAITING_MAX 10000

struct news *news_new(struct store *store);
void news_free(struct news **news);

/* A server has become usable. */
void news_wake(struct news *news);

/* Around servers_configure(): the connection is closed and made anew. */
void news_pause(struct news *news);
void news_resume(struct news *news);

bool news_is_subscribed(const struct news *news);
/* Since when everything is told, clock_ms(); INT64_MAX when nothing is. */
int64_t news_told_since_ms(const struct news *news);
/* For how long nothing was told though a server was usable; 0 when it is. */
int64_t news_deaf_ms(const struct news *news);

#endif
