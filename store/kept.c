#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/kept_internal.h"

/* Between two steps of rewriting the file. */
#define STEP_EVERY_MS 20

/* ---- writing ------------------------------------------------------------- */

void kept_go_on(struct kept *kept)
{
	static const struct timeval soon = {.tv_usec = STEP_EVERY_MS * 1000};

	if (saved_is_due(kept->saved) && !evtimer_pending(kept->timer, NULL))
		evtimer_add(kept->timer, &soon);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct kept *kept = arg;

	(void)fd;
	(void)what;
	saved_step(kept->saved);
	kept_go_on(kept);
}

/* The key's kind is one letter. value NULL removes it. */
static void write_value(struct kept *kept, char kind, const char *name, const char *value,
			size_t len)
{
	char key[SAVED_KEY_MAX + 1];

	if (!kept->saved)
		return;
	snprintf(key, sizeof(key), "%c:%s", kind, name);
	if (value)
		saved_put(kept->saved, key, value, len);
	else
		saved_remove(kept->saved, key);
	kept_go_on(kept);
}

static bool has_room_for_account(struct kept *kept)
{
	struct saved_stats stats;
	bool full;

	if (!kept->saved)
		return false;
	saved_stats(kept->saved, &stats);
	full = stats.live > KEPT_ACCOUNTS_MAX;
	if (full && !kept->accounts_full)
		log_warning("the state file has no room for more accounts");
	kept->accounts_full = full;
	return !full;
}

void kept_forget(struct kept *kept, const char *login)
{
	cache_forget(kept->cache, login);
	write_value(kept, 'a', login, NULL, 0);
}

bool kept_restricts(const struct account *account)
{
	bool restricted = account->state != ACCOUNT_ALLOWED;

	for (size_t i = 0; i < account->n_credentials && !restricted; i++)
		restricted = account->credentials[i].blocked ||
			     account->credentials[i].revoked_s != 0;
	return restricted;
}

static bool is_restricted(const struct kept *kept, const char *login)
{
	struct account *known;

	return cache_peek(kept->cache, login, &known) && known && kept_restricts(known);
}

void kept_learn_identity(struct kept *kept, const char *login, struct account *account)
{
	if (identities_learn(kept->identities, login, account) || kept->identities_full)
		return;
	kept->identities_full = true;
	log_warning("there are more than %d identities: sessions of the others are not known as "
		    "theirs", IDENTITIES_MAX);
}

bool kept_learn(struct kept *kept, const char *login, const char *record, size_t len,
		 const char **error)
{
	struct account *account = NULL;

	if (len > 0) {
		account = account_decode(record, len, error);
		if (!account) {
			if (!is_restricted(kept, login))
				kept_forget(kept, login);
			identities_give_up(kept->identities, login);
			return false;
		}
	}
	cache_put(kept->cache, login, account);
	kept_learn_identity(kept, login, account);
	account_unref(&account);
	/* An older one must not come back. */
	if ((len > 0 || kept->strangers) && has_room_for_account(kept))
		write_value(kept, 'a', login, record, len);
	else
		write_value(kept, 'a', login, NULL, 0);
	return true;
}

void kept_counted(struct kept *kept, enum take_scope scope, const char *name)
{
	char key[LOCAL_NAME_MAX];
	char *text;

	if (!kept->saved)
		return;
	text = local_save(kept->local, scope, name);
	local_name(scope, name, key);
	write_value(kept, 'u', key, text, text ? strlen(text) : 0);
	free(text);
}

void kept_owed(struct kept *kept, const struct owed_charge *charge)
{
	char *text;

	if (!kept->saved)
		return;
	text = owed_save(charge);
	write_value(kept, 'o', charge->key, text, strlen(text));
	free(text);
}

void kept_settled(struct kept *kept, const struct owed_charge *charge)
{
	write_value(kept, 'o', charge->key, NULL, 0);
}

void kept_refund(struct kept *kept, const struct charge *charge, const char *message_key,
		 bool forget)
{
	char key[OWED_KEY_MAX];

	owed_key(charge, message_key, key);
	write_value(kept, 'r', key, forget ? "1" : "0", 1);
}

void kept_refunded(struct kept *kept, const struct charge *charge, const char *message_key)
{
	char key[OWED_KEY_MAX];

	owed_key(charge, message_key, key);
	write_value(kept, 'r', key, NULL, 0);
}

static void on_account_dropped(const char *login, void *arg)
{
	write_value(arg, 'a', login, NULL, 0);
}

static void on_counts_dropped(const char *name, void *arg)
{
	write_value(arg, 'u', name, NULL, 0);
}

/* ---- all of it ------------------------------------------------------------ */

static void forget_all(struct kept *kept)
{
	cache_clear(kept->cache);
	identities_clear(kept->identities);
	kept->identities_full = false;
	local_clear(kept->local);
	owed_clear(kept->owed);
}

void kept_clear(struct kept *kept, const char *server)
{
	forget_all(kept);
	if (!kept->saved)
		return;
	saved_clear(kept->saved);
	saved_put(kept->saved, SERVER_KEY, server, strlen(server));
}

const char *kept_health(const struct kept *kept)
{
	struct saved_stats stats;

	if (!kept->saved)
		return "none";
	saved_stats(kept->saved, &stats);
	return stats.failing ? "failing" : "ok";
}

/* ---- life ---------------------------------------------------------------- */

struct kept *kept_new(struct event_base *base, struct cache *cache, struct identities *identities,
		      struct local *local,
			struct owed *owed)
{
	struct kept *kept = memory_zero(sizeof(*kept));

	kept->cache = cache;
	kept->identities = identities;
	kept->local = local;
	kept->owed = owed;
	kept->strangers = true;
	kept->timer = evtimer_new(base, on_timer, kept);
	cache_on_drop(cache, on_account_dropped, kept);
	local_on_drop(local, on_counts_dropped, kept);
	return kept;
}

void kept_configure(struct kept *kept, const struct config *config)
{
	kept->strangers = !config->unknown_while_degraded_allowed ||
			  !config->unknown_login_allowed;
	for (int i = 0; i < STORE_FAILURE_CHECKS; i++)
		kept->strangers |= config->store_failure[i] == STORE_FAILURE_PASS;
}

void kept_free(struct kept **kept)
{
	struct kept *s = *kept;

	if (!s)
		return;
	saved_close(&s->saved);
	event_free(s->timer);
	free(s);
	*kept = NULL;
}
