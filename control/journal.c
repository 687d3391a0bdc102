#define _GNU_SOURCE
#include "control/journal.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/need.h"
#include "control/text.h"
#include "control/wait.h"

/* sudo(8) knows better than the uid. */
static void find_actor(char actor[JOURNAL_ACTOR_MAX])
{
	const struct passwd *user = getpwuid(geteuid());
	const char *name = getenv("SUDO_USER"), *reason;
	char host[65] = "";

	if (!name || !*name)
		name = user ? user->pw_name : "";
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	if (*name)
		snprintf(actor, JOURNAL_ACTOR_MAX, "%.400s@%s", name, host);
	else
		snprintf(actor, JOURNAL_ACTOR_MAX, "uid %ld@%s", (long)geteuid(), host);
	if (!text_is_plain(actor, strlen(actor), &reason))
		snprintf(actor, JOURNAL_ACTOR_MAX, "uid %ld", (long)geteuid());
}

void journal_actor(const struct control *control, char actor[JOURNAL_ACTOR_MAX])
{
	const struct value *given = control_value(control, OPTION_ACTOR);

	if (given)
		snprintf(actor, JOURNAL_ACTOR_MAX, "%s", given->text);
	else
		find_actor(actor);
}

json_t *journal_entry(const struct control *control, const char *kind, const char *login)
{
	json_t *event;

	wait_learn_clock(control->wait);
	event = need(json_pack("{s:I, s:s}", "time", (json_int_t)wait_now_s(control->wait), "event",
			       kind));
	if (login)
		json_object_set_new(event, "login", text_json(login));
	return event;
}

void journal_account(const struct control *control, const char *change)
{
	json_t *event = journal_entry(control, "account", control_login(control));
	char actor[JOURNAL_ACTOR_MAX];

	json_object_set_new(event, "change", text_json(change));
	journal_actor(control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(control, event);
}

void journal_write(const struct control *control, json_t *event)
{
	char *text = need(json_dumps(event, JSON_COMPACT));
	struct answer answer;

	if (wait_event(control->wait, text, &answer) != STORE_OK)
		control_note("it is done, but there is no event of it: %s", answer.error);
	answer_fini(&answer);
	free(text);
	json_decref(event);
}
