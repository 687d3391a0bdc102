#include "control/import_change.h"

#include <string.h>

#include "control/import_secret.h"
#include "control/need.h"
#include "control/record.h"

static void keep(json_t *record, const json_t *old, const char *name)
{
	json_t *value = json_object_get(old, name);

	if (value)
		json_object_set(record, name, value);
}

/* All of the account, but for what the line does not say: when it was made, and the
 * state: who is blocked stays blocked. */
static void put_whole(json_t *record, const struct import_account *new)
{
	static const char *const state[] = { "state", "reason", "actor", "since", "until" };
	json_t *old = need(json_copy(record));

	json_object_clear(record);
	json_object_update(record, new->record);
	if (!json_object_get(record, "created"))
		keep(record, old, "created");
	if (!json_string_value(json_object_get(new->line, "state")))
		for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++)
			keep(record, old, state[i]);
	json_decref(old);
}

/* A state that the line names and the account does not have begins now and has no
 * end: whose it was, since and until when belongs to the one before. */
static void put_state(struct edit *edit, const json_t *line, const char *actor)
{
	const char *name = json_string_value(json_object_get(line, "state"));
	const char *before = json_string_value(json_object_get(edit->record, "state"));
	const json_t *reason = json_object_get(line, "reason");
	struct record_state state = { .actor = actor, .since_s = edit->now_s };

	if (!name || !account_state_parse(name, &state.state) ||
	    (strcmp(name, before ? before : "") == 0 && !json_object_get(edit->record, "until")))
		return;
	state.reason = reason ? json_string_value(reason) : "";
	record_set_state(edit->record, &state);
}

/* What the line names, and nothing else. */
static void put_named(struct edit *edit, const struct import_account *new, const char *actor)
{
	const char *name;
	json_t *value;

	put_state(edit, new->line, actor);
	json_object_foreach(new->record, name, value)
		if (json_object_get(new->line, name))
			json_object_set(edit->record, name, value);
	/* The plan that it would have anyway. */
	if (json_object_get(new->line, "plan") && !json_object_get(new->record, "plan"))
		json_object_del(edit->record, "plan");
}

bool import_change(struct edit *edit, void *arg)
{
	struct import_change *c = arg;
	bool was = json_object_get(edit->record, "identity") != NULL;

	if (c->whole)
		put_whole(edit->record, c->account);
	else
		put_named(edit, c->account, c->actor);
	import_secret_mark(edit->record, c->account->secrets, c->whole);
	c->more = (json_object_get(edit->record, "identity") != NULL) - was;
	c->refused = c->full && c->more > 0;
	return !c->refused;
}
