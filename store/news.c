#include "store/news.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/key.h"
#include "store/senders.h"
#include "store/watch.h"

/* A login whose account is to be fetched. */
struct changed {
	UT_hash_handle hh;
	char login[];
};

struct news {
	struct store *store;
	struct watch *watch;
	struct event *timer;
	struct changed *waiting; /* the oldest first */
	bool checking;		 /* the cache is being gone through */
	bool missed;		 /* it has to be gone through again */
	bool listed;		 /* the identities were, since something was missed */
	bool unanswered;	 /* a question was, since the last ones were sent */
	int64_t woken_ms;	 /* clock_ms() */
	int64_t begun_ms;	 /* when it was last subscribed, clock_ms() */
	int in_flight;
};

/* One question on its way. */
struct asked {
	struct news *news;
	char login[LOGIN_MAX + 1];
};

static void go_on(struct news *n)
{
	const struct timeval soon = {
		.tv_usec = (n->unanswered ? NEWS_RETRY_MS : NEWS_EVERY_MS) * 1000
	};

	if (n->waiting || n->checking || n->missed || !n->listed)
		event_add(n->timer, &soon);
}

/* ---- fetching ------------------------------------------------------------ */

static void fetch_later(struct news *n, const char *login)
{
	struct changed *c;

	HASH_FIND_STR(n->waiting, login, c);
	if (c)
		return;
	if (HASH_COUNT(n->waiting) >= NEWS_WAITING_MAX) {
		n->missed = true;
		return;
	}
	c = memory_zero(sizeof(*c) + strlen(login) + 1);
	strcpy(c->login, login);
	HASH_ADD_KEYPTR(hh, n->waiting, c->login, strlen(c->login), c);
}

static bool is_worth_it(const struct news *n, const char *login, const char *record, size_t len)
{
	struct account *known, *account;
	const char *reason;
	bool worth_it;

	if (cache_peek(n->store->cache, login, &known))
		return true;
	account = len > 0 ? account_decode(record, len, &reason) : NULL;
	worth_it = account && (account->identity || kept_restricts(account));
	account_unref(&account);
	return worth_it;
}

static void on_record(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct asked *asked = arg;
	struct news *n = asked->news;
	const char *reason;

	n->in_flight--;
	switch (store_result_of(result, reply, REDIS_REPLY_STRING, &error)) {
	case STORE_OK:
		if (is_worth_it(n, asked->login, reply->str, reply->len))
			kept_learn(n->store->kept, asked->login, reply->str, reply->len, &reason);
		break;
	case STORE_NOT_FOUND:
		if (is_worth_it(n, asked->login, "", 0))
			kept_learn(n->store->kept, asked->login, "", 0, &reason);
		break;
	case STORE_CONFLICT:
	case STORE_BAD:
		break;
	case STORE_UNAVAILABLE:
	case STORE_UNCERTAIN:
		n->unanswered = true;
		/* It may be one that the cache does not have. */
		fetch_later(n, asked->login);
		go_on(n);
		break;
	}
	free(asked);
}

/* ---- checking ------------------------------------------------------------ */

static void on_version(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct asked *asked = arg;
	struct news *n = asked->news;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_STRING, &error);
	struct account *known;

	n->in_flight--;
	if (outcome == STORE_OK && cache_peek(n->store->cache, asked->login, &known) &&
	    strcmp(reply->str, known ? known->version : "") != 0) {
		fetch_later(n, asked->login);
		go_on(n);
	} else if (outcome == STORE_UNAVAILABLE || outcome == STORE_UNCERTAIN) {
		n->unanswered = true;
		n->missed = true;
		go_on(n);
	}
	free(asked);
}

/* ---- identities ---------------------------------------------------------- */

static void on_identity(const char *login, void *arg)
{
	struct news *n = arg;

	if (strlen(login) > LOGIN_MAX)
		return;
	identities_expect(n->store->identities, login);
	fetch_later(n, login);
}

static void on_identities(enum store_result result, const char *error, void *arg)
{
	struct news *n = arg;

	n->in_flight--;
	if (result == STORE_OK)
		identities_listed(n->store->identities);
	else if (result == STORE_BAD)
		log_warning("identities cannot be listed: %s", error);
	else
		n->listed = false;
	n->unanswered = n->unanswered || !n->listed;
	go_on(n);
}

static void list_identities(struct news *n)
{
	n->listed = true;
	n->in_flight++;
	store_senders_each(n->store, &place_of_identities, on_identity, on_identities, n);
}

/* ---- asking -------------------------------------------------------------- */

static void ask(struct news *n, const char *login, bool whole)
{
	struct asked *asked;
	struct command command;
	char key[KEY_MAX];

	if (!key_account(store_prefix(n->store), SCOPE_LOGIN, login, key))
		return;
	asked = memory_alloc(sizeof(*asked));
	asked->news = n;
	strcpy(asked->login, login);
	command_init(&command);
	command_add(&command, whole ? "GET" : "GETRANGE");
	command_add_key(&command, key);
	if (!whole) {
		command_add(&command, "0");
		command_add_int(&command, ACCOUNT_VERSION_DIGITS - 1);
	}
	command.repeatable = true;
	n->in_flight++;
	store_send(n->store, &command, whole ? on_record : on_version, asked);
}

/* False when there is nothing to ask. */
static bool ask_next(struct news *n)
{
	struct changed *c = n->waiting;
	const char *login;

	if (c) {
		HASH_DEL(n->waiting, c);
		ask(n, c->login, true);
		free(c);
		return true;
	}
	if (n->missed && !n->checking) {
		cache_check_begin(n->store->cache);
		n->checking = true;
		n->missed = false;
	}
	login = n->checking ? cache_check_next(n->store->cache) : NULL;
	n->checking = login != NULL;
	if (login)
		ask(n, login, false);
	return login != NULL;
}

/* While the servers are away nothing is asked; news_wake() goes on. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct news *n = arg;
	struct servers_stats stats;

	(void)fd;
	(void)what;
	servers_stats(n->store->servers, &stats);
	if (!stats.up)
		return;
	n->unanswered = false;
	if (!n->listed)
		list_identities(n);
	for (int i = 0; i < NEWS_IN_FLIGHT_MAX && n->in_flight < NEWS_IN_FLIGHT_MAX; i++)
		if (!ask_next(n))
			break;
	go_on(n);
}

/* ---- what is told -------------------------------------------------------- */

static void on_begun(void *arg)
{
	struct news *n = arg;

	n->begun_ms = clock_ms();
	n->missed = true;
	n->listed = false;
	go_on(n);
}

/* "VERSION LOGIN", and "- LOGIN" when it was deleted (store/delete.lua). */
static void on_message(const char *text, void *arg)
{
	struct news *n = arg;
	const char *login = strchr(text, ' ');
	struct account *known;
	size_t len;

	if (!login || !login[1] || strlen(++login) > LOGIN_MAX)
		return;
	borrow_return(n->store, login);
	if (text[0] == '-')
		store_forget_waiting(n->store, login);
	len = (size_t)(login - text) - 1;
	if (cache_peek(n->store->cache, login, &known) && known &&
	    len == strlen(known->version) && strncmp(text, known->version, len) == 0)
		return;
	fetch_later(n, login);
	on_timer(-1, 0, n);
}

/* ---- life ---------------------------------------------------------------- */

void news_wake(struct news *n)
{
	if (!n)
		return;
	if (n->watch)
		watch_wake(n->watch);
	n->woken_ms = clock_ms();
	n->listed = false;
	n->unanswered = false;
	go_on(n);
}

void news_pause(struct news *n)
{
	if (n)
		watch_free(&n->watch);
}

void news_resume(struct news *n)
{
	static const struct watch_events events = {.begun = on_begun, .message = on_message};
	char channel[KEY_MAX];

	if (!n)
		return;
	key_channel(store_prefix(n->store), channel);
	n->watch = watch_new(n->store->base, n->store->servers, channel, &events, n);
}

bool news_is_subscribed(const struct news *n)
{
	return n && n->watch && watch_is_subscribed(n->watch);
}

int64_t news_told_since_ms(const struct news *n)
{
	return news_is_subscribed(n) ? n->begun_ms : INT64_MAX;
}

int64_t news_deaf_ms(const struct news *n)
{
	int64_t since_ms;

	if (!n || !n->watch || news_is_subscribed(n))
		return 0;
	since_ms = watch_deaf_since_ms(n->watch);
	return clock_ms() - (since_ms > n->woken_ms ? since_ms : n->woken_ms);
}

struct news *news_new(struct store *store)
{
	struct news *n = memory_zero(sizeof(*n));

	n->store = store;
	n->timer = evtimer_new(store->base, on_timer, n);
	news_resume(n);
	return n;
}

void news_free(struct news **news)
{
	struct news *n = *news;

	if (!n)
		return;
	news_pause(n);
	while (n->waiting) {
		struct changed *c = n->waiting;

		HASH_DEL(n->waiting, c);
		free(c);
	}
	event_free(n->timer);
	free(n);
	*news = NULL;
}
