#include "sasld/lifetime_pass.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "sasld/lifetime.h"
#include "store/login_trace.h"

struct lifetime_pass {
	struct store *store;
	const struct config *config;
	struct event ask, work;
	bool stopped;
	char **logins; /* of the pass under way; NULL: none */
	size_t n, size, at;
};

/* An account that is asked for. */
struct reading {
	struct lifetime_pass *pass;
	char *login;
};

static void forget_logins(struct lifetime_pass *p)
{
	for (; p->at < p->n; p->at++)
		free(p->logins[p->at]);
	free(p->logins);
	p->logins = NULL;
	p->n = p->size = p->at = 0;
}

static void look_at(struct lifetime_pass *p, const char *login, struct account *account)
{
	for (size_t i = 0; i < account->n_credentials; i++)
		lifetime_look(p->store, p->config, account, login, account->credentials[i].name,
			      (int64_t)time(NULL));
}

static void on_account(enum store_result result, const char *record, size_t len, const char *error,
		       void *arg)
{
	struct reading *r = arg;
	struct account *account = NULL;
	const char *reason;

	(void)error;
	if (result == STORE_OK && !r->pass->stopped)
		account = account_decode(record, len, &reason);
	if (account)
		look_at(r->pass, r->login, account);
	account_unref(&account);
	free(r->login);
	free(r);
}

static void set_timer(struct event *timer, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(timer, &tv);
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
	struct lifetime_pass *p = arg;
	struct reading *r;

	(void)fd;
	(void)what;
	for (int i = 0; i < LIFETIME_AT_A_TIME && p->at < p->n; i++) {
		r = memory_alloc(sizeof(*r));
		*r = (struct reading){ p, p->logins[p->at++] };
		store_account_get(p->store, r->login, on_account, r);
	}
	if (p->at < p->n)
		set_timer(&p->work, LIFETIME_PAUSE_MS);
	else
		forget_logins(p);
}

static void on_login(const char *login, void *arg)
{
	struct lifetime_pass *p = arg;

	if (p->stopped || p->n == LIFETIME_LOGINS_MAX)
		return;
	if (p->n == p->size) {
		p->size = p->size ? 2 * p->size : 1024;
		p->logins = realloc(p->logins, p->size * sizeof(*p->logins));
		if (!p->logins)
			memory_exhausted();
	}
	p->logins[p->n++] = memory_strdup(login);
}

static void on_listed(enum store_result result, const char *error, void *arg)
{
	struct lifetime_pass *p = arg;

	if (p->stopped)
		return;
	if (result != STORE_OK)
		log_warning("not all accounts were looked at for credentials that end: %s", error);
	if (p->n == LIFETIME_LOGINS_MAX)
		log_warning("only %d accounts were looked at for credentials that end",
			    LIFETIME_LOGINS_MAX);
	set_timer(&p->work, LIFETIME_PAUSE_MS);
}

static void on_elected(enum store_result result, const char *error, void *arg)
{
	struct lifetime_pass *p = arg;

	(void)error;
	if (p->stopped)
		return;
	if (result == STORE_OK && !p->logins)
		store_account_each(p->store, on_login, on_listed, p);
	else if (result != STORE_OK && result != STORE_NOT_FOUND)
		set_timer(&p->ask, LIFETIME_RETRY_S * 1000);
}

static void on_ask(evutil_socket_t fd, short what, void *arg)
{
	struct lifetime_pass *p = arg;

	(void)fd;
	(void)what;
	set_timer(&p->ask, LIFETIME_ASK_EVERY_S * 1000);
	store_elect(p->store, "lifetime", LIFETIME_PASS_EVERY_S, on_elected, p);
}

struct lifetime_pass *lifetime_pass_new(struct event_base *base, struct store *store,
					const struct config *config)
{
	struct lifetime_pass *p = memory_zero(sizeof(*p));

	p->store = store;
	p->config = config;
	event_assign(&p->ask, base, -1, 0, on_ask, p);
	event_assign(&p->work, base, -1, 0, on_work, p);
	set_timer(&p->ask, LIFETIME_BEGIN_MS);
	return p;
}

void lifetime_pass_configure(struct lifetime_pass *p, const struct config *config)
{
	p->config = config;
}

void lifetime_pass_stop(struct lifetime_pass *p)
{
	if (!p)
		return;
	p->stopped = true;
	event_del(&p->ask);
	event_del(&p->work);
}

void lifetime_pass_free(struct lifetime_pass **pass)
{
	struct lifetime_pass *p = *pass;

	*pass = NULL;
	if (!p)
		return;
	forget_logins(p);
	free(p);
}
