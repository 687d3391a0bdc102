#include "sasld/login_internal.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

static const bool transitions[LOGIN_STATES][LOGIN_STATES] = {
	[LOGIN_WAITING] = { [LOGIN_LOOKING] = true,
			    [LOGIN_RECORDING] = true,
			    [LOGIN_ANSWERED] = true },
	[LOGIN_LOOKING] = { [LOGIN_WAITING] = true,
			    [LOGIN_COMPARING] = true,
			    [LOGIN_ANSWERED] = true },
	[LOGIN_COMPARING] = { [LOGIN_RECORDING] = true, [LOGIN_ANSWERED] = true },
	[LOGIN_RECORDING] = { [LOGIN_DELAYING] = true, [LOGIN_ANSWERED] = true },
	[LOGIN_DELAYING] = { [LOGIN_ANSWERED] = true },
};

int64_t login_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void login_enter(struct login *l, enum login_state state)
{
	assert(l->state == state || transitions[l->state][state]);
	l->state = state;
}

void login_set_timer(struct login *l, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(&l->timer, &tv);
}

/* ---- the end -------------------------------------------------------------- */

static void free_if_done(struct login *l)
{
	if (l->state != LOGIN_ANSWERED || l->owed > 0)
		return;
	mechanism_free(&l->mechanism);
	free(l->record);
	config_unref(&l->config);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

/* Of no use any more; goes when the store owes nothing. */
static void finish(struct login *l)
{
	login_enter(l, LOGIN_ANSWERED);
	event_del(&l->timer);
	if (l->job)
		hasher_abandon(l->job);
	l->job = NULL;
}

struct login_facts login_facts_of(const struct login *l, const char *verdict, const char *reason,
				  const char *detail)
{
	return (struct login_facts){
		.username = l->username,
		.login = l->name.login,
		.credential = l->name.credential,
		.client = l->client_text,
		.network = l->network,
		.mechanism = l->offered ? mechanism_name(l->which) : "-",
		.tls = l->tls,
		.verdict = verdict,
		.reason = reason,
		.detail = detail,
		.us = login_now_us() - l->asked_us,
	};
}

/* The answer; l is not to be used behind it. */
static void answer(struct login *l, enum login_outcome outcome, const char *text)
{
	login_answered *answered = l->answered;

	finish(l);
	l->answered = NULL;
	if (answered)
		answered(l, outcome, text, l->arg);
	free_if_done(l);
}

void login_accept(struct login *l)
{
	struct login_facts facts =
		login_facts_of(l, "accept", "", l->previous ? "previous secret" : "");

	l->host->n_accepted++;
	login_report(l->config, &facts);
	login_report_use(l->host->store, &facts);
	answer(l, LOGIN_ACCEPTED, l->username);
}

/* text is for the client. */
void login_refuse(struct login *l, const char *reason, const char *detail, const char *text)
{
	struct login_facts facts = login_facts_of(l, "refuse", reason, detail);

	l->host->n_refused++;
	login_report(l->config, &facts);
	answer(l, LOGIN_REFUSED, text);
}

void login_cannot_tell(struct login *l, const char *reason, const char *detail)
{
	struct login_facts facts = login_facts_of(l, "defer", reason, detail);

	l->host->n_unknown++;
	login_report(l->config, &facts);
	answer(l, LOGIN_UNKNOWN, "");
}

void login_note_trouble(struct login *l, const char *error)
{
	if (!*l->trouble)
		snprintf(l->trouble, sizeof(l->trouble), "%s", error ? error : "no answer");
}

/* One answer of the store is there. True when it was the last one and somebody
 * still waits for it. */
bool login_is_last(struct login *l)
{
	l->owed--;
	if (l->owed == 0 && l->state != LOGIN_ANSWERED)
		return true;
	free_if_done(l);
	return false;
}

/* ---- the client ----------------------------------------------------------- */

static void challenge(struct login *l)
{
	login_enter(l, LOGIN_WAITING);
	event_del(&l->timer);
	if (l->answered)
		l->answered(l, LOGIN_CHALLENGE, mechanism_challenge(l->mechanism), l->arg);
}

void login_stepped(struct login *l, enum mechanism_step step)
{
	switch (step) {
	case MECHANISM_CHALLENGE:
		challenge(l);
		break;
	case MECHANISM_PASSWORD:
	case MECHANISM_VERIFIER:
		login_look_up(l);
		break;
	case MECHANISM_RIGHT:
		l->previous = mechanism_by_previous(l->mechanism);
		login_right(l);
		break;
	case MECHANISM_WRONG:
		login_record(l, false);
		break;
	case MECHANISM_MALFORMED:
		login_refuse(l, "malformed", mechanism_fault(l->mechanism), "");
		break;
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct login *l = arg;

	(void)fd;
	(void)what;
	if (l->state == LOGIN_DELAYING)
		answer(l, LOGIN_REFUSED, "");
	else
		login_cannot_tell(l, "deadline", "no result in time");
}

static void set_client(struct login *l, const char *address)
{
	snprintf(l->client_text, sizeof(l->client_text), "unknown");
	snprintf(l->network, sizeof(l->network), "unknown");
	l->client_known = ip_parse(address, &l->client);
	if (!l->client_known)
		return;
	l->exempt = l->config->sasld.n_guess_exempt > 0 &&
		    network_list_admits(l->config->sasld.guess_exempt,
					l->config->sasld.n_guess_exempt, &l->client, NULL);
	ip_format(&l->client, l->client_text);
	network_of_client(&l->client, 32, 64, l->network);
}

struct login *login_new(struct login_host *host, const struct protocol_request *request,
			login_answered *answered, void *arg)
{
	struct login *l = memory_zero(sizeof(*l));

	l->host = host;
	l->config = config_ref(host->config);
	l->answered = answered;
	l->arg = arg;
	l->asked_us = login_now_us();
	l->secured = request->secured;
	snprintf(l->tls, sizeof(l->tls), "%s",
		 *request->tls_protocol ? request->tls_protocol :
		 request->secured	? "yes" :
					  "no");
	set_client(l, request->client_address);
	event_assign(&l->timer, host->base, -1, 0, on_timer, l);
	l->offered = mechanism_find(request->mechanism, &l->which) &&
		     sasld_offers(&l->config->sasld, l->which);
	if (l->offered)
		l->mechanism = mechanism_new(host->library, l->which);
	return l;
}

static void go_on(struct login *l, const char *data)
{
	l->asked_us = login_now_us();
	login_set_timer(l, LOGIN_DEADLINE_MS);
	login_stepped(l, mechanism_step(l->mechanism, data));
}

void login_begin(struct login *l, const char *data)
{
	if (!l->offered)
		login_refuse(l, "mechanism", "", "This mechanism is not offered");
	else if (mechanism_is_plaintext(l->which) && !l->secured &&
		 !l->config->sasld.plaintext_without_tls)
		login_refuse(l, "tls", "", "Encryption is required: start TLS before you log in");
	else
		go_on(l, data);
}

void login_continue(struct login *l, const char *data)
{
	go_on(l, data);
}

bool login_waits(const struct login *l)
{
	return l->state == LOGIN_WAITING;
}

void login_abandon(struct login **login)
{
	struct login *l = *login;

	*login = NULL;
	if (!l)
		return;
	l->answered = NULL;
	finish(l);
	free_if_done(l);
}
