#include "sasld/login_internal.h"

#include <stdio.h>

/* ---- counting ------------------------------------------------------------- */

struct guess_limits login_limits(const struct login *l, bool network)
{
	const struct sasld_settings *s = &l->config->sasld;

	return (struct guess_limits){
		.limit = l->exempt ? 0 :
			 network   ? s->guess_network_limit :
				     s->guess_limit,
		.window_s = s->guess_window_s,
		.refuse_s = s->guess_refuse_s,
	};
}

void login_refuse_guessing(struct login *l)
{
	int64_t seconds = l->of_name.refused_s > l->of_network.refused_s ? l->of_name.refused_s :
									   l->of_network.refused_s;
	char text[120];

	snprintf(text, sizeof(text),
		 "Too many failed logins from your network, try again in %lld min",
		 (long long)(seconds + 59) / 60);
	login_refuse(l, "guessing", "", text);
}

static int64_t delay_of(const struct login *l)
{
	int64_t failures = l->exempt ? 0 : l->of_network.count / LOGIN_NETWORK_SHARE;
	int64_t ms = LOGIN_DELAY_FIRST_MS;
	int64_t longest = l->config->sasld.guess_delay_ms;
	int64_t left = LOGIN_ANSWER_MAX_MS - (login_now_us() - l->asked_us) / 1000;

	if (l->of_name.count > failures)
		failures = l->of_name.count;
	for (; failures > 1 && ms < longest; failures--)
		ms *= 2;
	if (ms > longest)
		ms = longest;
	return ms < left ? ms : left;
}

/* The failure is counted: told, and answered when the delay is over. */
static void failed(struct login *l)
{
	struct login_facts facts = login_facts_of(l, "refuse", "password", "");
	int64_t delay_ms = delay_of(l);

	l->host->n_refused++;
	facts.detail = !l->record ? "no such user" : !l->has_secret ? "no password" : "";
	login_report(l->config, &facts);
	if (l->of_name.begun)
		login_report_guessing(l->host->store, l->config, &facts, false, l->of_name.count,
				      l->of_name.refused_s);
	if (l->of_network.begun)
		login_report_guessing(l->host->store, l->config, &facts, true, l->of_network.count,
				      l->of_network.refused_s);
	login_enter(l, LOGIN_DELAYING);
	login_set_timer(l, delay_ms > 0 ? delay_ms : 0);
}

static void on_recorded(struct login *l)
{
	if (!login_is_last(l))
		return;
	if (*l->trouble)
		login_cannot_tell(l, "store", l->trouble);
	else if (!l->right)
		failed(l);
	else if (l->of_name.refused_s > 0 || l->of_network.refused_s > 0)
		login_refuse_guessing(l);
	else
		login_accept(l);
}

void login_take_state(struct login *l, const struct guess_state *state, const char *error,
		      struct guess_state *out)
{
	if (state)
		*out = *state;
	else
		login_note_trouble(l, error);
}

static void on_name_recorded(enum store_result result, const struct guess_state *state,
			     const char *error, void *arg)
{
	struct login *l = arg;

	(void)result;
	login_take_state(l, state, error, &l->of_name);
	on_recorded(l);
}

static void on_network_recorded(enum store_result result, const struct guess_state *state,
				const char *error, void *arg)
{
	struct login *l = arg;

	(void)result;
	login_take_state(l, state, error, &l->of_network);
	on_recorded(l);
}

/* Also of a right password: how many have failed may have changed while it was
 * compared, and nobody gets more guesses by making them at the same time. */
void login_record(struct login *l, bool right)
{
	struct guess_limits name = login_limits(l, false), network = login_limits(l, true);

	l->right = right;
	login_enter(l, LOGIN_RECORDING);
	l->owed += 3;
	store_guess_username(l->host->store, right ? GUESS_PASS : GUESS_FAIL, l->username,
			     l->network, &name, on_name_recorded, l);
	store_guess_network(l->host->store, right ? GUESS_LOOK : GUESS_FAIL, l->network, &network,
			    on_network_recorded, l);
	on_recorded(l);
}
