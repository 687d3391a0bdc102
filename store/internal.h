/*
 * What the files of the store share: nothing outside store/ includes this.
 */
#ifndef SENDWARD_STORE_INTERNAL_H
#define SENDWARD_STORE_INTERNAL_H

#include <sys/queue.h>

#include "base/spares.h"
#include "store/attempts.h"
#include "store/borrow.h"
#include "store/cache.h"
#include "store/key.h"
#include "store/local.h"
#include "store/namesake.h"
#include "store/news.h"
#include "store/owed.h"
#include "store/recent.h"
#include "store/replay.h"
#include "store/script.h"
#include "store/sent.h"
#include "store/servers.h"
#include "store/kept.h"
#include "store/store.h"

struct event;
struct redisReply;

/* How long a charged message is remembered: longer than Postfix repeats a
 * policy request (2 tries of 100 s by default) or a milter session lives on
 * after its last message. */
#define MESSAGE_REMEMBERED_S 600

/* Decisions whose memory is kept for others: as many as are under way at once on
 * a busy server. */
#define DECISIONS_SPARE_MAX 256

/* Refunds that wait for the server to come back. */
#define REFUNDS_WAITING_MAX 10000

/* Of these so many are sent in one pass of the loop, and how much later the next: when the
 * server comes back the questions of mail are not behind all of them. */
#define REFUNDS_SENT_MAX 32
#define REFUND_EVERY_MS 10

/* A refund that failed is tried again so much later (in its turn when the server
 * comes back), so often: longer than a message is remembered it is no use. */
#define REFUND_RETRY_S 5
#define REFUND_TRIES_MAX (MESSAGE_REMEMBERED_S / REFUND_RETRY_S)

/* That the server answers, but not to what it is asked, is said so often. */
#define REFUSAL_EVERY_MS (60 * 1000)

/* Entries kept in the stream of events, about. */
#define EVENTS_MAX 100000

/* The stream goes so long after its last event: 90 days. */
#define EVENTS_KEPT_S (90 * 86400)

struct refund {
	STAILQ_ENTRY(refund) next; /* while it waits ... */
	int64_t again_ms;	   /* ... until then, clock_ms() ... */
	uint64_t round;		   /* ... or until the next round */
	struct charge charge;
	char message_key[MESSAGE_KEY_MAX + 1];
	bool forget;
	int tries;
};

struct store {
	struct event_base *base;
	struct config *config;
	struct servers *servers;
	struct cache *cache;
	struct identities *identities;
	struct local *local;
	struct owed *owed;
	struct kept *kept;
	struct replay replay;
	struct borrow *borrow; /* NULL: no leases */
	struct news *news; /* NULL: the local copy is not kept right */
	int64_t degraded;  /* decisions made without the store */
	struct decision_env env;
	struct spares decisions; /* memory that env lends */
	struct spares questions; /* memory of what is asked of the server */
	int64_t clock_offset_ms; /* the server's clock minus ours ... */
	int64_t server_ms;	 /* ... when it said that it is so late */
	int64_t refusal_told_ms; /* clock_ms(); 0: never */
	STAILQ_HEAD(, taking) takings; /* asked for in this pass of the loop */
	int n_takings; /* added since they were last sent */
	struct event *take_event;
	struct recent *recent; /* NULL: every question goes to the server */
	struct sent *sent;     /* NULL: what logins send is not kept */
	struct attempts *attempts;
	struct namesake namesake;
	STAILQ_HEAD(, refund) refunds;
	int64_t refunds_waiting;
	uint64_t refund_round; /* one more when all of them may be sent */
	struct event *refund_timer;
	/* store_when_ready() */
	struct event *ready_timer;
	void (*ready)(const char *error, void *arg);
	void *ready_arg;
};

static inline const char *store_prefix(const struct store *store)
{
	return store->config->redis.prefix;
}

/* store/env.c: store->env and what it lends. */
void store_init_env(struct store *store);

/* From a link's result and reply to ours. *error is for people, NULL when all
 * is well; it lives as long as the reply. type is the reply's wanted type. */
enum store_result store_result_of(enum link_result result, const struct redisReply *reply,
				  int type, const char **error);

/* One that was kept in the state file. */
void store_refund_found(const struct charge *charge, const char *message_key, bool forget,
			void *store);

/* The refunds that had to wait may be sent: the link is up, or a lease is back. They go out
 * REFUNDS_SENT_MAX at a time, the first now. */
void store_send_refunds(struct store *store);
/* Those whose time has come, likewise; for refund_timer. */
void store_send_due_refunds(struct store *store);

/* store/take.c: to begin with; to send what was asked for in this pass; to end
 * with (all are sent, so that closing the connection answers them). */
void store_start_takes(struct store *store);
void store_ask_takes(struct store *store);
void store_end_takes(struct store *store);

/* The login was deleted, with what was kept of it: what waits of it to be written is not. */
void store_forget_waiting(struct store *store, const char *login);

/* It answers, but not to what it is asked: said once in a while. */
void store_tell_refusal(struct store *store, const char *error);

/* Asks for one text: its record; the second with GET. Takes command over. */
void store_read(struct store *store, struct command *command, store_record_done *done, void *arg);
void store_get(struct store *store, const char *key, store_record_done *done, void *arg);

/* The answer to what nobody waits for. */
link_reply store_ignore;

/* servers_send() without extra time. */
void store_send(struct store *store, struct command *command, link_reply *reply, void *arg);

#endif
