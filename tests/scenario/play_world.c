/* The steps that change the world, or look at it. */
#include <stdio.h>
#include <string.h>

#include "tests/scenario/play.h"
#include "tests/unit/suite.h"

static void step_account(struct play *p, char *rest)
{
	const char *login = play_word(&rest);

	fake_store_account(p->store, login, rest);
}

static void step_record(struct play *p, char *rest)
{
	const char *login = play_word(&rest);

	fake_store_record(p->store, login, rest);
}

static void step_delete(struct play *p, char *rest)
{
	fake_store_account(p->store, play_word(&rest), NULL);
}

static void step_reset(struct play *p, char *rest)
{
	fake_store_reset(p->store, play_word(&rest));
}

static void step_churn(struct play *p, char *rest)
{
	const char *login = play_word(&rest);

	fake_store_churn(p->store, login, (int)play_number(p, play_word(&rest)));
}

static void step_after(struct play *p, char *rest)
{
	fake_store_move_clock(p->store, play_duration(p, rest));
}

static void step_back(struct play *p, char *rest)
{
	fake_store_move_clock(p->store, -play_duration(p, rest));
}

static void step_store(struct play *p, char *rest)
{
	static const struct {
		const char *name;
		enum line line;
	} lines[] = {
		{ "up", LINE_UP },
		{ "away", LINE_AWAY },
		{ "deaf", LINE_DEAF },
		{ "mute", LINE_MUTE },
	};

	for (size_t i = 0; i < SUITE_LEN(lines); i++) {
		if (strcmp(lines[i].name, rest) == 0) {
			fake_store_set_line(p->store, lines[i].line);
			return;
		}
	}
	play_wrong(p, "the store is up, away, deaf or mute");
}

static void step_restart(struct play *p, char *rest)
{
	play_must(p, !*rest || strcmp(rest, "lost") == 0, "restart, or restart lost");
	fake_store_restart(p->store, *rest);
}

static void message_key(const char *qid, char out[MESSAGE_KEY_MAX + 1])
{
	snprintf(out, MESSAGE_KEY_MAX + 1, "mx1/%s", qid);
}

static void step_refund(struct play *p, char *rest)
{
	struct charge charge = { .scope = SCOPE_LOGIN };
	char key[MESSAGE_KEY_MAX + 1];

	snprintf(charge.name, sizeof(charge.name), "%s", play_word(&rest));
	message_key(play_word(&rest), key);
	fake_store_env(p->store)->refund(p->store, &charge, key, false);
}

/* "domain:dom.example" is what the logins of a domain share. */
static const char *scope_of(const char *name, enum take_scope *scope)
{
	for (int i = SCOPE_DOMAIN; i < TAKE_SCOPES; i++) {
		size_t len = strlen(take_scope_name((enum take_scope)i));

		if (strncmp(name, take_scope_name((enum take_scope)i), len) == 0 &&
		    name[len] == ':') {
			*scope = (enum take_scope)i;
			return name + len + 1;
		}
	}
	*scope = SCOPE_LOGIN;
	return name;
}

static void step_used(struct play *p, char *rest)
{
	enum take_scope scope;
	const char *name = scope_of(play_word(&rest), &scope), *reason = "";
	struct quota quota;

	play_must(p, quota_parse_any(rest, &quota, &reason), reason);
	SUITE_INT_EQUAL(fake_store_used(p->store, scope, name, &quota), quota.limit);
}

static void step_waiting(struct play *p, char *rest)
{
	SUITE_INT_EQUAL(fake_store_waiting(p->store), play_number(p, rest));
}

static void step_message(struct play *p, char *rest)
{
	const char *login = play_word(&rest);
	char key[MESSAGE_KEY_MAX + 1];

	message_key(play_word(&rest), key);
	SUITE_TEXT_EQUAL(fake_store_message(p->store, login, key), rest);
}

const struct step world_steps[] = {
	{ "account", step_account },
	{ "after", step_after },
	{ "back", step_back },
	{ "churn", step_churn },
	{ "delete", step_delete },
	{ "message", step_message },
	{ "record", step_record },
	{ "refund", step_refund },
	{ "reset", step_reset },
	{ "restart", step_restart },
	{ "store", step_store },
	{ "used", step_used },
	{ "waiting", step_waiting },
	{ NULL, NULL },
};
