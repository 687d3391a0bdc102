#include "store/kept.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/saved.h"

/* Between two steps of rewriting the file. */
#define STEP_EVERY_MS 20

#define SERVER_KEY "s"

struct kept {
	struct cache *cache;
	struct identities *identities;
	struct local *local;
	struct owed *owed;
	struct saved *saved; /* NULL: in memory only */
	struct event *timer;
	bool accounts_full, identities_full; /* and it has been said */
	bool strangers;			     /* logins without an account are written */
};

/* While the file is read. */
struct loading {
	struct kept *kept;
	const char *server;
	bool named, other; /* it says which server it is about; another one */
	size_t accounts, counts, owed, refunds, bad;
	kept_refund_found *found;
	void *found_arg;
};

/* ---- writing ------------------------------------------------------------- */

static void go_on(struct kept *kept)
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
	go_on(kept);
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
	go_on(kept);
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

static void learn_identity(struct kept *kept, const char *login, struct account *account)
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
	learn_identity(kept, login, account);
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

/* ---- reading ------------------------------------------------------------- */

static bool load_account(struct loading *l, const char *login, const char *record)
{
	struct account *account = NULL;
	const char *reason;

	if (strlen(login) > LOGIN_MAX)
		return false;
	if (record[0]) {
		account = account_decode(record, strlen(record), &reason);
		if (!account)
			return false;
	}
	cache_put(l->kept->cache, login, account);
	learn_identity(l->kept, login, account);
	account_unref(&account);
	l->accounts++;
	return true;
}

static bool load_counts(struct loading *l, const char *key, const char *text)
{
	enum take_scope scope;
	const char *name = local_name_parse(key, &scope);

	l->counts++;
	return name && local_restore(l->kept->local, scope, name, text);
}

static bool load_owed(struct loading *l, const char *key, const char *text)
{
	l->owed++;
	return owed_restore(l->kept->owed, key, text);
}

static bool load_refund(struct loading *l, const char *key, const char *text)
{
	char message_key[MESSAGE_KEY_MAX + 1];
	struct charge charge;

	if (!owed_key_parse(key, &charge, message_key))
		return false;
	l->found(&charge, message_key, strcmp(text, "1") == 0, l->found_arg);
	l->refunds++;
	return true;
}

static const struct {
	char kind;
	bool (*load)(struct loading *l, const char *name, const char *value);
} loaders[] = {
	{'a', load_account},
	{'u', load_counts},
	{'o', load_owed},
	{'r', load_refund},
};

static void on_value(const char *key, const char *bytes, size_t len, void *arg)
{
	struct loading *l = arg;
	char *value = memory_alloc(len + 1);
	bool loaded = false;

	memcpy(value, bytes, len);
	value[len] = '\0';
	if (strcmp(key, SERVER_KEY) == 0) {
		l->named = true;
		l->other = strcmp(value, l->server) != 0;
		loaded = true;
	}
	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (key[0] == loaders[i].kind && key[1] == ':' && key[2])
			loaded = l->other || loaders[i].load(l, key + 2, value);
	l->bad += !loaded;
	free(value);
}

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

bool kept_open(struct kept *kept, const char *directory, const char *name, const char *server,
	       kept_refund_found *found, void *arg)
{
	struct loading l = {.kept = kept, .server = server, .found = found, .found_arg = arg};
	struct saved *saved = saved_open(directory, name, on_value, &l);

	if (!saved)
		return true;
	kept->saved = saved;
	if (l.other) {
		log_info("state file %s/%s: is about another server, and begun anew", directory,
			 name);
		kept_clear(kept, server);
		return false;
	}
	if (!l.named)
		saved_put(saved, SERVER_KEY, server, strlen(server));
	log_info("state file %s/%s: %zu accounts, counts of %zu names, %zu charges and %zu refunds "
		 "still to be made", directory, name, l.accounts, l.counts, l.owed, l.refunds);
	if (l.bad > 0)
		log_warning("state file %s/%s: %zu entries make no sense and are left out",
			    directory, name, l.bad);
	go_on(kept);
	return true;
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
