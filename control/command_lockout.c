/*
 * lockout list, lift: whom sendward-sasld refuses for failed logins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/credential.h"
#include "control/journal.h"
#include "control/lockouts.h"
#include "control/need.h"
#include "control/table.h"
#include "control/text.h"
#include "control/wait.h"
#include "store/guess.h"

/* Forgotten at once. */
#define AHEAD 100

/* ---- what is meant ---------------------------------------------------------- */

/* Connects. False after saying what is wrong. */
static bool begin(struct control *control, struct credential_id *id, struct lockout_choice *choice)
{
	const struct value *network = control_value(control, OPTION_NETWORK);

	*choice = (struct lockout_choice){ .network = network ? network->text : NULL };
	if (control_login(control)) {
		if (!credential_of_command(control, id))
			return false;
		choice->username = id->username;
	}
	if (!control_connect(control))
		return false;
	wait_learn_clock(control->wait);
	return true;
}

/* A name of nobody's credential. */
static bool name_makes_sense(const struct control *control)
{
	if (control_login(control) || !control_has(control, OPTION_NAME))
		return true;
	control_misuse(control, "--name without LOGIN");
	return false;
}

/* ---- showing ------------------------------------------------------------------ */

static json_t *json_of(const struct lockout *lockout)
{
	json_t *name = lockout->username ? text_json(lockout->username) : json_null();

	return need(json_pack("{s:o, s:o, s:I, s:I, s:I}", "username", name, "network",
			      text_json(lockout->network), "failed", (json_int_t)lockout->failed,
			      "last", (json_int_t)lockout->last_s, "until",
			      (json_int_t)lockout->until_s));
}

static void add_row(struct table *table, const struct lockout *lockout, int64_t now_s)
{
	char ago[TEXT_AGO_MAX], left[DURATION_TEXT_MAX];

	text_ago(lockout->last_s * 1000, now_s * 1000, ago);
	duration_format_human((lockout->until_s - now_s) * 1000, left);
	table_cell(table, lockout->username ? lockout->username : "(all)");
	table_cell(table, lockout->network);
	table_cellf(table, "%lld", (long long)lockout->failed);
	table_cell(table, ago);
	table_cell(table, left);
}

static void print_list(const struct control *control, const struct lockouts *all)
{
	static const char *const head[] = { "USERNAME", "NETWORK", "FAILED", "LAST",
					    "REFUSED FOR" };
	struct table *table = table_new(sizeof(head) / sizeof(head[0]));
	int64_t now_s = wait_now_s(control->wait);
	size_t n = 0;

	table_row(table, head);
	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i].until_s <= now_s)
			continue;
		if (control->json)
			control_print_item(json_of(&all->list[i]), n);
		else
			add_row(table, &all->list[i], now_s);
		n++;
	}
	if (control->json)
		control_print_end(n);
	else if (n)
		table_print(table, stdout);
	else
		puts("no lockouts");
	table_free(&table);
}

static int command_lockout_list(struct control *control)
{
	struct lockouts all = { 0 };
	struct lockout_choice choice;
	struct credential_id id;
	bool ok;

	if (!name_makes_sense(control))
		return STATUS_USAGE;
	if (!begin(control, &id, &choice))
		return STATUS_REFUSED;
	ok = lockouts_read(control, &choice, &all);
	if (ok)
		print_list(control, &all);
	lockouts_fini(&all);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

/* ---- lifting -------------------------------------------------------------------- */

static void on_forgotten(enum store_result result, const struct guess_state *state,
			 const char *error, void *arg)
{
	(void)state;
	answer_done(result, error, arg);
}

static void ask(struct control *control, const struct lockout *lockout, struct answer *answer)
{
	const struct sasld_settings *s = &control->config->sasld;
	const struct guess_limits limits = { .limit = lockout->username ? s->guess_limit :
									  s->guess_network_limit,
					     .window_s = s->guess_window_s,
					     .refuse_s = s->guess_refuse_s };
	struct store *store = wait_store(control->wait);

	answer_init(answer, control->wait);
	if (lockout->username)
		store_guess_username(store, GUESS_FORGET, lockout->username, lockout->network,
				     &limits, on_forgotten, answer);
	else
		store_guess_network(store, GUESS_FORGET, lockout->network, &limits, on_forgotten,
				    answer);
}

/* How many of them are forgotten, the first ones; fewer than all: said why. */
static size_t forget(struct control *control, const struct lockouts *all)
{
	struct answer *answers = memory_zero(AHEAD * sizeof(*answers));
	size_t done = 0;
	bool ok = true;

	for (size_t first = 0, n; ok && first < all->n; first += n) {
		n = all->n - first < AHEAD ? all->n - first : AHEAD;
		for (size_t i = 0; i < n; i++)
			ask(control, &all->list[first + i], &answers[i]);
		for (size_t i = 0; i < n; i++)
			wait_until(control->wait, &answers[i].done);
		for (size_t i = 0; ok && i < n; i++) {
			ok = answers[i].result == STORE_OK;
			if (ok)
				done++;
			else
				control_refuse("%s", answers[i].error);
		}
	}
	free(answers);
	return done;
}

static void write_event(struct control *control, const struct lockout_choice *choice,
			const struct credential_id *id, size_t n)
{
	json_t *event = journal_entry(control, "lift", choice->username ? id->login : "");
	char actor[JOURNAL_ACTOR_MAX];

	if (choice->username && *id->name)
		json_object_set_new(event, "credential", text_json(id->name));
	if (choice->network)
		json_object_set_new(event, "network", text_json(choice->network));
	json_object_set_new(event, "lifted", need(json_integer((json_int_t)n)));
	journal_actor(control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(control, event);
}

static void print_lifted(const struct control *control, const struct lockout *lockout, size_t at)
{
	int64_t left_s = lockout->until_s - wait_now_s(control->wait);
	char left[DURATION_TEXT_MAX], what[DURATION_TEXT_MAX + 100];
	char name[LOGIN_MAX + NETWORK_TEXT_MAX + 10];

	if (control->json) {
		control_print_item(json_of(lockout), at);
		return;
	}
	duration_format_human(left_s * 1000, left);
	snprintf(what, sizeof(what), "%lld failed login%s forgotten, %s%s",
		 (long long)lockout->failed, lockout->failed == 1 ? "" : "s",
		 left_s > 0 ? "was refused for another " : "was not refused",
		 left_s > 0 ? left : "");
	snprintf(name, sizeof(name), "%s from %.*s", lockout->username ? lockout->username : "all",
		 NETWORK_TEXT_MAX, lockout->network);
	control_say(name, what);
}

/* Who is still kept out, though the name is not. */
static void note_networks(struct control *control, const struct lockouts *lifted)
{
	struct lockouts networks = { 0 };
	int64_t now_s = wait_now_s(control->wait);

	if (lockouts_networks(control, lifted, &networks))
		for (size_t i = 0; i < networks.n; i++)
			if (networks.list[i].until_s > now_s)
				control_note(
					"%s is still refused, whatever the username; `sendward "
					"lockout lift --network %s` ends that",
					networks.list[i].network, networks.list[i].network);
	lockouts_fini(&networks);
}

static void print_all_lifted(struct control *control, const struct lockout_choice *choice,
			     const struct lockouts *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_lifted(control, &all->list[i], i);
	if (control->json)
		control_print_end(n);
	if (all->n == 0)
		control_note("%s: no failed logins are counted; `sendward lockout list` says who "
			     "is refused",
			     choice->username ? choice->username : choice->network);
	else if (choice->username)
		note_networks(control, all);
}

static int command_lockout_lift(struct control *control)
{
	struct lockouts all = { 0 };
	struct lockout_choice choice;
	struct credential_id id;
	size_t n = 0;
	bool ok;

	if (!name_makes_sense(control))
		return STATUS_USAGE;
	if (!control_login(control) && !control_has(control, OPTION_NETWORK))
		return control_misuse(control, "LOGIN or --network is missing");
	if (!begin(control, &id, &choice))
		return STATUS_REFUSED;
	ok = lockouts_read(control, &choice, &all);
	if (ok)
		n = forget(control, &all);
	if (n > 0)
		write_event(control, &choice, &id, n);
	if (ok)
		print_all_lifted(control, &choice, &all, n);
	ok = ok && n == all.n;
	lockouts_fini(&all);
	return ok ? STATUS_DONE : STATUS_REFUSED;
}

static const struct meaning lockout_meanings[] = {
	{ OPTION_NETWORK,
	  { "network", 0, false, "NETWORK", lockout_value_network,
	    "only from there; an address in it will do" } },
	{ 0 },
};

const struct command commands_lockout[] = {
	{ .name = "lockout list",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_NETWORK),
	  .meanings = lockout_meanings,
	  .help = "print who is refused for failed logins",
	  .notes = "Of sendward-sasld, see guess_limit in sendward.conf(5).",
	  .run = command_lockout_list },
	{ .name = "lockout lift",
	  .argument = "LOGIN",
	  .argument_optional = true,
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_NAME, OPTION_NETWORK, OPTION_ACTOR),
	  .meanings = lockout_meanings,
	  .help = "let them log in again",
	  .notes =
		  "Forgets the failed logins of LOGIN; or, with --network alone, of that network,\n"
		  "also those of every username from there.",
	  .run = command_lockout_lift },
	{ 0 },
};
