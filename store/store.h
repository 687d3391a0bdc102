/*
 * Accounts and counters in Redis (or Valkey), asynchronously, on one libevent
 * loop. No policy here: the store keeps what it is told and answers.
 *
 * Everything in this header belongs to the loop's thread. Every request is
 * answered exactly once, at the latest when redis.deadline has passed; there
 * is no queue for a server that is away. Callbacks may run before the call
 * that asked returns (a server known to be away is said at once). The process
 * must ignore SIGPIPE.
 *
 * Keys of a login share one hash tag, prefix{login}:..., with "{", "}", "%"
 * and what is not printable written as %XX.
 */
#ifndef SENDWARD_STORE_H
#define SENDWARD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "engine/account.h"
#include "engine/decision.h"
#include "engine/identity.h"
#include "engine/take.h"

struct event_base;
struct request;
struct store;
struct verdict;

/* Starts to connect; never fails for a server that is away. config is kept
 * with a reference. */
struct store *store_new(struct event_base *base, struct config *config);
/* Outstanding requests are answered as unavailable. */
void store_free(struct store **store);

/* For the daemons: a question that only tests may be answered from what was found
 * at most RECENT_MS (store/recent.h) ago, when all of it fits. */
void store_trust_recent(struct store *store);

/* A reload: the new redis settings are used from the next connect on; when
 * they differ the connection is closed and made anew. */
void store_configure(struct store *store, struct config *config);

/* The engine's environment over this store; valid as long as the store. */
const struct decision_env *store_env(struct store *store);

enum store_result {
	STORE_OK,
	STORE_NOT_FOUND,
	STORE_CONFLICT,	   /* the account has changed since it was read */
	STORE_UNAVAILABLE, /* not reached; nothing was changed */
	STORE_UNCERTAIN,   /* no answer in time; changed or not */
	STORE_BAD,	   /* the server answered with an error or nonsense */
};

/* Calls once when the connection is first usable, or when timeout_ms has
 * passed; error is NULL or why not. For the control tool, and for the
 * daemons' first log line. */
void store_when_ready(struct store *store, int64_t timeout_ms,
		      void (*ready)(const char *error, void *arg), void *arg);

/* record is the stored text (16 digits of version, then JSON), borrowed for
 * the call, NULL unless STORE_OK. error is for people, NULL on STORE_OK. */
typedef void store_record_done(enum store_result result, const char *record, size_t len,
			       const char *error, void *arg);
typedef void store_done(enum store_result result, const char *error, void *arg);

void store_account_get(struct store *store, const char *login, store_record_done *done, void *arg);

/* Writes json as the login's account when its present version is version
 * ("" to create it; NULL whatever it is). When done says STORE_OK no daemon
 * decides on the older account any more: it waits for leases (store/lease.h), LEASE_MS
 * at most, as the two below do. */
void store_account_put(struct store *store, const char *login, const char *version,
		       const char *json, store_done *done, void *arg);

/* Deletes the account and all that there is of the login. */
void store_account_delete(struct store *store, const char *login, store_done *done, void *arg);

/* Calls each login that has an account, in no order, perhaps twice when
 * accounts change meanwhile; then done. */
void store_account_each(struct store *store, void (*each)(const char *login, void *arg),
			store_done *done, void *arg);

/* As decision_env.take. */
void store_take(struct store *store, const struct take *take, take_done *done, void *arg);

/* Takes back what the message was charged, and out of what is still to be
 * charged (store/replay.h). A message never charged is remembered as refunded,
 * so that a charge still under way finds out, unless the message is to be
 * forgotten. done may be NULL. While the server is away refunds wait,
 * REFUNDS_WAITING_MAX of them; they, and what was accepted without the store,
 * are all that is sent later. */
void store_refund(struct store *store, const struct charge *charge, const char *message_key,
		  bool forget, store_done *done, void *arg);

/* Forgets the counters of the scope: those that quota counts in (its limit is
 * ignored), or all of them when it is NULL. */
void store_reset(struct store *store, enum take_scope scope, const char *name,
		 const struct quota *quota, store_done *done, void *arg);

/* Appends one event (a JSON object) to the stream of events; done may be
 * NULL. EVENTS_MAX are kept, until 90 days after the last one. */
void store_event(struct store *store, const char *json, store_done *done, void *arg);

/* Events after the position ("0": all there are), oldest first; block_ms > 0
 * waits for new ones (use a store of its own for that). Then done. json may be
 * anything: what others have put into the stream is told too, "" when it has another
 * form. */
void store_events_read(struct store *store, const char *after, int64_t block_ms,
		       void (*each)(const char *position, const char *json, void *arg),
		       store_done *done, void *arg);

/* Heartbeats: prefix + "node:" + name, gone after ttl_s. json is an object; how
 * its daemon sees Redis (store_state()) is added to it as "redis", the time by the store's
 * clock as "beat", and whose it is (store/namesake.h). A store beats under one name;
 * that another process does, too, is said in the log. */
void store_beat(struct store *store, const char *name, const char *json, int64_t ttl_s);
/* One of them; record is the JSON. */
void store_beat_get(struct store *store, const char *name, store_record_done *done, void *arg);
void store_beats_read(struct store *store, void (*each)(const char *name, const char *json, void *arg),
		      store_done *done, void *arg);

/* What the server says of itself in INFO, as "name:value" lines. */
void store_info(struct store *store, store_record_done *done, void *arg);

/* What the daemon knows of its servers, as the text of a JSON object, owned by
 * the caller: state ("up", "open", "half-open"), since, outages and last_error
 * of the server that is worst off, and the state of each of several; decisions
 * made without them (degraded), charges still to be made (owed) or lost
 * (owed_lost); and with store_follow() whether changes of accounts are told of
 * (subscribed) and for how many seconds they are not though a server is up
 * (unsubscribed_s), store_stats.state_file, and how many leases were taken and
 * returned, and decisions made from them (leases). */
char *store_state(const struct store *store);

/* Keeps the local copy of accounts, what this node counts by itself and what is
 * still to be charged in the file DIRECTORY/NAME of the daemon's own, and loads
 * what is there. Once, before the first request; without it they end with the
 * process, as they do, after a log line, when the file cannot be used. */
void store_keep(struct store *store, const char *directory, const char *name);

/* From now on the local copy of accounts follows their changes, over a
 * connection of its own. For daemons. */
void store_follow(struct store *store);

/* From now on what logins send is kept (store/sent.h). For daemons. */
void store_remember_sent(struct store *store);

/* A message was accepted at its last stage. */
void store_sent(struct store *store, const struct request *request, const struct verdict *verdict);

/* What a login has sent, newest first, each message borrowed for the call; then
 * done. For the control tool. */
struct sent_message;
void store_sent_read(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg);
/* The newest one alone. */
void store_sent_last(struct store *store, const char *login,
		     void (*each)(const struct sent_message *message, void *arg), store_done *done,
		     void *arg);

/* For a daemon whose loop has ended: what still waits goes out, and the server has
 * redis.deadline to take it, but not longer than this: it may be what hangs. */
#define STORE_FINISH_MAX_MS 1000
void store_finish(struct store *store);

/* The identities that are known here, those of the state file too; up to date with
 * store_follow(). Borrowed; valid as long as the store. */
const struct identities *store_identities(const struct store *store);

/* A decision was made; without the store? For status. */
void store_decided(struct store *store, bool degraded);

struct store_stats {
	bool connected; /* some server is */
	int64_t connects, failures, timeouts, requests, script_loads;
	int64_t in_flight, refunds_waiting, accounts_cached;
	/* Accepted without the store: charges that wait for it, that were made
	 * since the start, and that had no room. */
	int64_t owed, owed_made, owed_lost;
	const char *state_file; /* "none", "ok", "failing" */
	bool subscribed;	/* store_follow(): changes are told of */
	const char *last_error; /* borrowed; NULL none */
};
void store_stats(const struct store *store, struct store_stats *out);

#endif
