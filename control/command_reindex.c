/*
 * reindex: puts every account into the index of senders.
 */
#include <stdio.h>

#include "control/accounts.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/index.h"
#include "control/need.h"
#include "control/wait.h"
#include "store/senders.h"

struct reindex {
	struct control *control;
	size_t accounts;
	bool failed;
};

static void add(const struct view *view, void *arg)
{
	struct reindex *reindex = arg;
	char error[WAIT_ERROR_MAX];
	struct index *index;

	if (reindex->failed)
		return;
	index = index_begin(reindex->control->wait, view->login, NULL, view->account, error);
	if (!index) {
		control_refuse("%s: %s", view->login, error);
		reindex->failed = true;
		return;
	}
	index_end(&index, true);
	reindex->accounts++;
}

static bool say_complete(struct control *control)
{
	struct answer answer;

	answer_init(&answer, control->wait);
	store_senders_complete(wait_store(control->wait), answer_done, &answer);
	wait_until(control->wait, &answer.done);
	if (answer.result != STORE_OK)
		control_refuse("%s", answer.error);
	answer_fini(&answer);
	return answer.result == STORE_OK;
}

static int command_reindex(struct control *control)
{
	struct reindex reindex = { .control = control };

	if (!control_connect(control) ||
	    accounts_all(control, add, &reindex) != STATUS_DONE || reindex.failed ||
	    !say_complete(control))
		return STATUS_REFUSED;
	if (control->json)
		control_print_json(
			need(json_pack("{s:I}", "accounts", (json_int_t)reindex.accounts)));
	else
		printf("%zu accounts are in the index of senders\n", reindex.accounts);
	return STATUS_DONE;
}

const struct command commands_reindex[] = {
	{ .name = "reindex",
	  .help = "put every account into the index of senders",
	  .notes = "sendward-policyd needs it to tell Postfix who owns an address\n"
		   "(sender_login_listen); once is enough, and does no harm at any time.",
	  .run = command_reindex },
	{ 0 },
};
