#include "policy/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/memory.h"
#include "engine/ownership.h"
#include "engine/place.h"
#include "policy/socketmap.h"
#include "store/senders.h"

struct lookup;

struct candidate {
	struct lookup *lookup;
	char login[LOGIN_MAX + 1];
	bool indexed; /* has, or had, an account; else it is the address itself */
	bool account; /* it has one */
	bool owns;
};

struct lookup {
	struct store *store;
	struct config *config;
	struct address address;
	lookup_done *done;
	void *arg;
	size_t waiting; /* answers that are owed, and who is asking */
	void (*next)(struct lookup *lookup);
	struct candidate *candidates;
	size_t n;
	char error[256]; /* "": all is well so far */
};

/* ---- waiting for answers -------------------------------------------------- */

static void fail(struct lookup *l, const char *what, const char *why)
{
	if (!*l->error)
		snprintf(l->error, sizeof(l->error), "%.40s%.180s", what, why);
}

/* Asking begins: answers may come before the last question is asked. */
static void begin(struct lookup *l, void (*next)(struct lookup *lookup))
{
	l->waiting = 1;
	l->next = next;
}

static void answered(struct lookup *l)
{
	if (--l->waiting == 0)
		l->next(l);
}

static void finish(struct lookup *l, enum lookup_result result, const char *text)
{
	l->done(result, text, l->arg);
	config_unref(&l->config);
	free(l->candidates);
	free(l);
}

/* ---- the answer ------------------------------------------------------------ */

/* Postfix compares logins without regard to case: what an account says of a
 * login goes for one without an account that differs in its case only. */
static bool is_overruled(const struct lookup *l, const struct candidate *c)
{
	if (c->account)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->candidates[i].account && strcasecmp(l->candidates[i].login, c->login) == 0)
			return true;
	return false;
}

static void tell(struct lookup *l)
{
	static const size_t size = SOCKETMAP_ANSWER_MAX - sizeof("OK ");
	char *text;
	size_t len = 0;

	if (*l->error) {
		finish(l, LOOKUP_UNKNOWN, l->error);
		return;
	}
	text = memory_alloc(size);
	text[0] = '\0';
	for (size_t i = 0; i < l->n && len < size; i++) {
		const struct candidate *c = &l->candidates[i];

		if (c->owns && !strpbrk(c->login, ", \t\r\n") && !is_overruled(l, c))
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? "," : "",
						c->login);
	}
	if (len >= size)
		finish(l, LOOKUP_UNKNOWN, "more logins own the address than an answer can hold");
	else
		finish(l, len > 0 ? LOOKUP_FOUND : LOOKUP_NOBODY, text);
	free(text);
}

/* ---- the accounts ------------------------------------------------------------ */

static void look_at(struct candidate *c, const struct account *account)
{
	const struct lookup *l = c->lookup;
	struct ownership ownership;
	struct effective effective;

	/* Whose senders are is no matter of time. */
	effective_resolve(l->config, account, c->login, 0, &effective);
	ownership_of(l->config, &effective, c->login, &l->address, &ownership);
	c->account = account != NULL;
	c->owns = ownership.owned;
}

static void on_account(enum store_result result, const char *record, size_t len, const char *error,
		       void *arg)
{
	struct candidate *c = arg;
	struct lookup *l = c->lookup;
	struct account *account;

	if (result == STORE_OK) {
		account = account_decode(record, len, &error);
		if (account)
			look_at(c, account);
		else
			fail(l, "an account that cannot be read: ", error);
		account_unref(&account);
	} else if (result != STORE_NOT_FOUND) {
		fail(l, "redis: ", error);
	} else if (!c->indexed && l->config->unknown_login_allowed) {
		look_at(c, NULL);
	}
	answered(l);
}

static void ask_accounts(struct lookup *l)
{
	begin(l, tell);
	for (size_t i = 0; i < l->n && !*l->error; i++) {
		l->waiting++;
		store_account_get(l->store, l->candidates[i].login, on_account, &l->candidates[i]);
	}
	answered(l);
}

/* ---- who may own it -------------------------------------------------------- */

static void add(struct lookup *l, const char *login, bool indexed)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->candidates[i].login, login) == 0)
			return;
	if (strlen(login) > LOGIN_MAX || l->n == LOOKUP_CANDIDATES_MAX) {
		fail(l, "", "too many accounts may own the address");
		return;
	}
	l->candidates[l->n] = (struct candidate){ .lookup = l, .indexed = indexed };
	memcpy(l->candidates[l->n++].login, login, strlen(login) + 1);
}

static void on_login(const char *login, void *arg)
{
	add(arg, login, true);
}

static void on_place(enum store_result result, const char *error, void *arg)
{
	struct lookup *l = arg;

	if (result != STORE_OK)
		fail(l, "redis: ", error);
	answered(l);
}

static void on_complete(enum store_result result, const char *error, void *arg)
{
	struct lookup *l = arg;

	if (result == STORE_NOT_FOUND)
		fail(l, "", "not all accounts are in the index of senders: run `sendward reindex'");
	else if (result != STORE_OK)
		fail(l, "redis: ", error);
	answered(l);
}

static void ask_place(const struct place *place, void *arg)
{
	struct lookup *l = arg;

	if (*l->error)
		return;
	l->waiting++;
	store_senders_each(l->store, place, on_login, on_place, l);
}

/* The logins that are the address itself, whole or cut at a delimiter: those
 * that %login gives it to. */
static void add_selves(struct lookup *l)
{
	const struct address *a = &l->address;
	char text[ADDRESS_TEXT_MAX], login[LOGIN_MAX + 1];
	size_t i = 0;

	do {
		i += strcspn(a->local + i, l->config->recipient_delimiter);
		snprintf(text, sizeof(text), "%.*s@%s", (int)i, a->local, a->domain);
		if (i > 0 && config_login(l->config, text, login))
			add(l, login, false);
	} while (a->local[i++] != '\0');
}

/* Those of the index first: what it knows of a login counts. */
static void ask_rest(struct lookup *l, bool accounts_only)
{
	if (!accounts_only && !*l->error)
		add_selves(l);
	ask_accounts(l);
}

static void ask_all(struct lookup *l)
{
	ask_rest(l, false);
}

static void ask_indexed(struct lookup *l)
{
	ask_rest(l, true);
}

void lookup_start(struct store *store, struct config *config, const struct address *address,
		  bool accounts_only, lookup_done *done, void *arg)
{
	struct lookup *l = memory_zero(sizeof(*l));

	l->store = store;
	l->config = config_ref(config);
	l->address = *address;
	l->done = done;
	l->arg = arg;
	l->candidates = memory_alloc(LOOKUP_CANDIDATES_MAX * sizeof(*l->candidates));
	begin(l, accounts_only ? ask_indexed : ask_all);
	l->waiting++;
	store_senders_is_complete(store, on_complete, l);
	place_of_address(config, address, ask_place, l);
	answered(l);
}

/* ---- what is not told ------------------------------------------------------ */

static bool has_more_than_login(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_senders; i++)
		if (!plan->senders[i].exclude && plan->senders[i].kind != PATTERN_LOGIN)
			return true;
	return false;
}

void lookup_configured(const struct config *config)
{
	const char *whose = NULL;

	if (config->n_sender_login_listen == 0 || !config->unknown_login_allowed)
		return;
	for (size_t i = 0; i < config->n_plans && !whose; i++)
		if (config_plan_serves_unnamed(config, &config->plans[i]) &&
		    has_more_than_login(&config->plans[i]))
			whose = config->plans[i].origins[PLAN_SENDERS];
	for (size_t i = 0; i < config->n_domains && !whose; i++)
		if (config->domains[i].set[PLAN_SENDERS] &&
		    has_more_than_login(&config->domains[i].values))
			whose = config->domains[i].values.origins[PLAN_SENDERS];
	if (whose)
		log_warning("sender_login_listen: a login without an account owns its own address "
			    "only, as far as Postfix is told, not what else the senders of %s "
			    "give it; give such logins accounts",
			    whose);
}
