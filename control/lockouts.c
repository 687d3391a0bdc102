#include "control/lockouts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/network.h"
#include "control/accounts.h"
#include "control/names.h"
#include "control/need.h"
#include "control/wait.h"
#include "store/guess.h"

/* ---- which ones ------------------------------------------------------------- */

bool lockout_value_network(const char *text, struct value *out, const char **reason)
{
	if (strcmp(text, LOCKOUT_UNKNOWN) == 0)
		return value_any(text, out, reason);
	if (*text != '!')
		return value_network(text, out, reason);
	*reason = "a network or an address is wanted, none that is excluded";
	return false;
}

/* One holds the other: an address is in its network, and one network of many in a wide one. */
static bool is_chosen(const struct lockout_choice *choice, const char *text)
{
	struct network chosen, network;
	const char *reason;

	if (!choice->network || strcmp(choice->network, text) == 0)
		return true;
	return network_parse(choice->network, &chosen, &reason) &&
	       network_parse(text, &network, &reason) &&
	       (network_contains(&chosen, &network.base) ||
		network_contains(&network, &chosen.base));
}

/* ---- reading ---------------------------------------------------------------- */

/* One record on its way. */
struct asked {
	struct answer answer; /* first, see answer_done() */
	bool network;
	const char *name;
	const struct lockout_choice *choice;
	struct lockouts *out;
};

static void add(const struct guess_place *place, void *arg)
{
	const struct asked *a = arg;
	struct lockouts *out = a->out;
	const char *network = a->network ? a->name : place->network;

	if (!is_chosen(a->choice, network))
		return;
	if (out->n == out->room) {
		out->room = out->room ? 2 * out->room : 16;
		out->list = need_room(out->list, out->room, sizeof(*out->list));
	}
	out->list[out->n++] = (struct lockout){
		.username = a->network ? NULL : need_copy(a->name, strlen(a->name)),
		.network = need_copy(network, strlen(network)),
		.failed = place->count,
		.last_s = place->last_s,
		.until_s = place->until_s,
	};
}

/* All at once; false, said, when one of them was not answered. */
static bool read_some(struct control *control, struct asked *asked, size_t n)
{
	struct wait *wait = control->wait;
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		answer_init(&asked[i].answer, wait);
		store_guess_read(wait_store(wait), asked[i].network, asked[i].name, add,
				 answer_done, &asked[i]);
	}
	for (size_t i = 0; i < n; i++)
		wait_until(wait, &asked[i].answer.done);
	for (size_t i = 0; ok && i < n; i++) {
		/* Not found: over since. */
		ok = asked[i].answer.result == STORE_OK ||
		     asked[i].answer.result == STORE_NOT_FOUND;
		if (!ok)
			control_refuse("%s", asked[i].answer.error);
	}
	return ok;
}

static bool read_names(struct control *control, bool network, const struct names *names,
		       const struct lockout_choice *choice, struct lockouts *out)
{
	struct asked *asked = memory_zero(ACCOUNTS_AHEAD * sizeof(*asked));
	bool ok = true;

	for (size_t i = 0, n = 0; ok && i < names->n; i++) {
		asked[n++] = (struct asked){
			.network = network, .name = names->list[i], .choice = choice, .out = out
		};
		if (n < ACCOUNTS_AHEAD && i + 1 < names->n)
			continue;
		ok = read_some(control, asked, n);
		n = 0;
	}
	free(asked);
	return ok;
}

/* ---- whose ------------------------------------------------------------------ */

struct listing {
	struct answer answer; /* first, see answer_done() */
	const struct lockout_choice *choice;
	struct names usernames, networks;
};

static void add_name(bool network, const char *name, void *arg)
{
	struct listing *l = arg;

	if (!network)
		names_add(&l->usernames, name);
	else if (is_chosen(l->choice, name))
		names_add(&l->networks, name);
}

/* False, said, when the store did not answer. */
static bool find_names(struct control *control, struct listing *l)
{
	if (l->choice->username) {
		names_add(&l->usernames, l->choice->username);
		return true;
	}
	answer_init(&l->answer, control->wait);
	store_guess_each(wait_store(control->wait), add_name, answer_done, l);
	wait_until(control->wait, &l->answer.done);
	if (l->answer.result != STORE_OK) {
		control_refuse("%s", l->answer.error);
		return false;
	}
	/* The store may tell a name twice. */
	names_sort(&l->usernames);
	names_sort(&l->networks);
	return true;
}

bool lockouts_read(struct control *control, const struct lockout_choice *choice,
		   struct lockouts *out)
{
	struct listing l = { .choice = choice };
	bool ok = find_names(control, &l) &&
		  read_names(control, false, &l.usernames, choice, out) &&
		  read_names(control, true, &l.networks, choice, out);

	names_fini(&l.usernames);
	names_fini(&l.networks);
	return ok;
}

bool lockouts_networks(struct control *control, const struct lockouts *of, struct lockouts *out)
{
	const struct lockout_choice any = { 0 };
	struct names networks = { 0 };
	bool ok;

	for (size_t i = 0; i < of->n; i++)
		names_add(&networks, of->list[i].network);
	names_sort(&networks);
	ok = read_names(control, true, &networks, &any, out);
	names_fini(&networks);
	return ok;
}

void lockouts_fini(struct lockouts *lockouts)
{
	for (size_t i = 0; i < lockouts->n; i++) {
		free(lockouts->list[i].username);
		free(lockouts->list[i].network);
	}
	free(lockouts->list);
	*lockouts = (struct lockouts){ 0 };
}
