#include "control/credential.h"

#include <string.h>

#include "control/credential_internal.h"
#include "control/journal.h"
#include "control/need.h"
#include "control/record.h"
#include "control/text.h"

/* ---- which one -------------------------------------------------------------- */

bool credential_id(const struct config *config, const char *login, const char *name,
		   struct credential_id *out)
{
	*out = (struct credential_id){ .login = login };
	strcpy(out->name, name);
	if (*name && !*config->credential_separator)
		control_refuse("%s: no further credentials without credential_separator in %s",
			       login, config->path);
	else if (!username_join(login, config->credential_separator, name, out->username))
		control_refuse("%s: with \"%s\" the username is too long", login, name);
	else
		return true;
	return false;
}

bool credential_of_command(struct control *control, struct credential_id *out)
{
	const struct value *given = control_value(control, OPTION_NAME);
	struct username username;

	if (!control_load(control))
		return false;
	config_username(control->config, control_login(control), &username);
	if (given && *username.credential) {
		control_refuse("%s names a credential, and so does --name", control_login(control));
		return false;
	}
	strcpy(control->argument.text, username.login);
	return credential_id(control->config, control_login(control),
			     given ? given->text : username.credential, out);
}

void credential_event(const struct control *control, const struct credential_id *id,
		      const char *change)
{
	json_t *event = journal_entry(control, "credential", id->login);
	char actor[JOURNAL_ACTOR_MAX];

	json_object_set_new(event, "credential", text_json(id->name));
	json_object_set_new(event, "change", text_json(change));
	journal_actor(control, actor);
	json_object_set_new(event, "actor", text_json(actor));
	journal_write(control, event);
}

/* ---- the account's part ------------------------------------------------------- */

json_t *credential_entry(const json_t *record, const char *name)
{
	return json_object_get(json_object_get(record, "credentials"), name);
}

json_t *credential_entry_make(json_t *record, const char *name)
{
	json_t *all = json_object_get(record, "credentials");

	if (!all) {
		all = need(json_object());
		json_object_set_new(record, "credentials", all);
	}
	if (!json_object_get(all, name))
		json_object_set_new(all, name, need(json_object()));
	return json_object_get(all, name);
}

void credential_entry_drop(json_t *record, const char *name)
{
	json_t *all = json_object_get(record, "credentials");

	json_object_del(all, name);
	if (all && json_object_size(all) == 0)
		json_object_del(record, "credentials");
}

bool credential_edit_entry(struct edit *edit, void *arg)
{
	const struct credential_editing *e = arg;
	const char *name = e->id->name;
	bool main_one = *name == '\0', there = credential_entry(edit->record, name) != NULL;
	bool ok;

	if (!there && !main_one && !e->add) {
		control_refuse("%s: no such credential", e->id->username);
		return false;
	}
	ok = e->change(edit, credential_entry_make(edit->record, name), e->arg);
	if (main_one && json_object_size(credential_entry(edit->record, name)) == 0)
		credential_entry_drop(edit->record, name);
	return ok;
}

enum edit_result credential_edit(struct control *control, const struct credential_id *id,
				 credential_change *change, void *arg, json_t **record)
{
	struct credential_editing e = { id, false, change, arg };

	return edit_account(control, id->login, EDIT_EXISTING, credential_edit_entry, &e,
			    record);
}

void credential_unrevoke(json_t *record, const char *name)
{
	json_t *entry = *name ? credential_entry_make(record, name) :
				credential_entry(record, name);

	if (!json_object_get(entry, "revoked"))
		return;
	json_object_del(entry, "revoked");
	json_object_del(entry, "state");
	if (!*name && json_object_size(entry) == 0)
		credential_entry_drop(record, name);
}

void credential_set_changed(json_t *record, const char *name, int64_t changed_s, bool anyway)
{
	json_t *entry = credential_entry_make(record, name);

	if (anyway || !json_object_get(entry, "changed"))
		record_set_number(entry, "changed", changed_s);
}
