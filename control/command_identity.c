/*
 * identity add, set, list, show, delete.
 */
#include <stdio.h>
#include <string.h>

#include "control/accounts.h"
#include "control/change.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/criteria.h"
#include "control/need.h"
#include "control/table.h"
#include "control/user.h"
#include "control/wait.h"
#include "engine/identity.h"
#include "engine/ownership.h"

/* ---- overlaps -------------------------------------------------------------- */

struct overlaps {
	const struct control *control;
	struct account *account; /* of the identity that was written; a reference */
	size_t n; /* of the others */
};

static void find_own(const struct view *view, void *arg)
{
	struct overlaps *o = arg;

	if (strcmp(view->login, control_login(o->control)) == 0)
		o->account = account_ref((struct account *)view->account);
}

/* Sessions of both are one's by its rank. */
static void note_overlap(const struct view *view, void *arg)
{
	const struct overlaps *o = arg;
	const char *login = control_login(o->control);

	if (strcmp(view->login, login) == 0 ||
	    !identity_overlap(o->account->identity, view->account->identity))
		return;
	control_note("%s: overlaps with identity %s: a session of both is of the one with more "
		     "criteria, else of the one with the longer prefix", login, view->login);
}

/* Whoever may send nothing is told. */
static void note_senders(const struct overlaps *o)
{
	const char *login = control_login(o->control);
	struct effective e;
	const char *reason;
	struct address own;

	effective_resolve(o->control->config, o->account, login, 0, &e);
	if (address_parse(login, ADDRESS_INTERNAL, &own, &reason) == ADDRESS_OK)
		return;
	for (size_t i = 0; i < e.n_senders; i++)
		if (e.senders[i].kind != PATTERN_LOGIN && !e.senders[i].exclude)
			return;
	control_note("%s: owns no sender address; --sender gives it some", login);
}

static void note_others(struct control *control)
{
	struct overlaps o = { .control = control };

	accounts_identities(control, find_own, &o);
	if (o.account) {
		note_senders(&o);
		accounts_identities(control, note_overlap, &o);
	}
	account_unref(&o.account);
}

/* ---- the commands ---------------------------------------------------------- */

static void count_others(const struct view *view, void *arg)
{
	struct overlaps *o = arg;

	o->n += strcmp(view->login, control_login(o->control)) != 0;
}

/* Also for one that is one already. */
static bool has_room(struct control *control)
{
	struct overlaps o = { .control = control };

	if (accounts_identities(control, count_others, &o) != STATUS_DONE)
		return false;
	if (o.n >= IDENTITIES_MAX)
		control_refuse("there are %zu identities, and can be no more", o.n);
	return o.n < IDENTITIES_MAX;
}

static int write_identity(struct control *control, enum edit_when when)
{
	enum edit_result result;
	int status;

	if (!change_makes_sense(control))
		return STATUS_USAGE;
	if (!control_connect(control) || !has_room(control))
		return STATUS_REFUSED;
	status = user_write(control, when, &result);
	if (status != STATUS_DONE)
		return status;
	if (result != EDIT_SAME)
		note_others(control);
	return user_written(control, result);
}

static int command_identity_add(struct control *control)
{
	if (!control_has(control, OPTION_NETWORK) && !control_has(control, OPTION_CLIENT_CERT) &&
	    !control_has(control, OPTION_CONTEXT))
		return control_misuse(control, "--network, --client-cert or --context is missing");
	return write_identity(control, EDIT_NEW);
}

static int command_identity_set(struct control *control)
{
	return write_identity(control, EDIT_EXISTING);
}

static bool is_identity(struct control *control)
{
	struct overlaps o = { .control = control };
	bool found;

	if (accounts_identities(control, find_own, &o) != STATUS_DONE)
		return false;
	found = o.account != NULL;
	account_unref(&o.account);
	if (!found)
		control_refuse("%s: no identity", control_login(control));
	return found;
}

static int command_identity_show(struct control *control)
{
	if (!control_connect(control) || !is_identity(control))
		return STATUS_REFUSED;
	return user_show(control);
}

static int command_identity_delete(struct control *control)
{
	if (!control_connect(control) || !is_identity(control))
		return STATUS_REFUSED;
	return user_delete(control);
}

/* ---- the list -------------------------------------------------------------- */

struct listing {
	struct table *table; /* NULL: JSON */
	size_t n;
	const struct view *view;
	bool first; /* criterion of the identity */
};

static void add_row(const char *text, void *arg)
{
	struct listing *listing = arg;
	const struct view *view = listing->view;

	table_cell(listing->table, listing->first ? view->login : "");
	table_cell(listing->table,
		   listing->first ? account_state_name(
					    account_state_at(view->account, view->now_s)) :
				    "");
	table_cell(listing->table, text);
	table_cell(listing->table, listing->first ? view->account->description : "");
	listing->first = false;
}

static void list(const struct view *view, void *arg)
{
	struct listing *listing = arg;

	if (listing->table) {
		listing->view = view;
		listing->first = true;
		criteria_each(view->account->identity, add_row, listing);
	} else {
		control_print_item(view_json_short(view), listing->n);
	}
	listing->n++;
}

static int command_identity_list(struct control *control)
{
	static const char *const head[] = { "IDENTITY", "STATE", "SESSIONS", "DESCRIPTION" };
	struct listing listing = { 0 };
	int status;

	if (!control_connect(control))
		return STATUS_REFUSED;
	if (!control->json) {
		listing.table = table_new(sizeof(head) / sizeof(head[0]));
		table_row(listing.table, head);
	}
	status = accounts_identities(control, list, &listing);
	if (control->json)
		control_print_end(listing.n);
	else if (listing.n)
		table_print(listing.table, stdout);
	else
		puts("no identities");
	table_free(&listing.table);
	return status;
}

static const struct meaning identity_meanings[] = {
	{ OPTION_NETWORK,
	  { "network", 0, true, "NETWORK", value_network,
	    "network its sessions come from; replaces the list" } },
	{ 0 },
};

static const char identity_notes[] =
	"Sessions without a SASL user name that meet all criteria given are decided as\n"
	"this login's. Without a network or certificate, or with a network shorter than\n"
	"/8 (IPv6: /16), it is refused unless --yes-really is given. `user set`, `block`\n"
	"and the others take its NAME for a login.";

const struct command commands_identity[] = {
	{ .name = "identity add",
	  .argument = "NAME",
	  .check = value_login,
	  .options = OPTION_LIST(ACCOUNT_OPTIONS, OPTION_CLIENT_CERT, OPTION_CONTEXT,
				 OPTION_YES_REALLY, OPTION_ACTOR),
	  .meanings = identity_meanings,
	  .help = "create an account for sessions without a login",
	  .notes = identity_notes,
	  .run = command_identity_add },
	{ .name = "identity set",
	  .argument = "NAME",
	  .check = value_login,
	  .options = OPTION_LIST(ACCOUNT_OPTIONS, OPTION_CLIENT_CERT, OPTION_CONTEXT,
				 OPTION_YES_REALLY, OPTION_ACTOR),
	  .meanings = identity_meanings,
	  .help = "change which sessions are an identity's",
	  .notes = identity_notes,
	  .run = command_identity_set },
	{ .name = "identity list",
	  .help = "print all identities",
	  .run = command_identity_list },
	{ .name = "identity show",
	  .argument = "NAME",
	  .check = value_login,
	  .help = "print an identity and what is in force",
	  .run = command_identity_show },
	{ .name = "identity delete",
	  .argument = "NAME",
	  .check = value_login,
	  .options = OPTION_LIST(OPTION_ACTOR),
	  .help = "delete an identity with its account and counters",
	  .run = command_identity_delete },
	{ 0 },
};
