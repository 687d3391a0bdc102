#include "control/criteria.h"

#include <stdio.h>
#include <string.h>

#include "control/need.h"
#include "control/record.h"
#include "engine/identity.h"

static const char identity[] = "identity";

static const struct {
	enum option_id option;
	const char *member;
} lists[] = {
	{ OPTION_NETWORK, "networks" },
	{ OPTION_CLIENT_CERT, "client_certs" },
	{ OPTION_CONTEXT, "contexts" },
};

bool criteria_are_given(const struct control *control)
{
	return control->command && strncmp(control->command->name, "identity ", 9) == 0;
}

static void replace_list(json_t *object, const struct control *control, enum option_id option,
			 const char *member)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < control->n_given; i++)
		if (control->given[i].option == option)
			json_array_append_new(array,
					      need(json_string(control->given[i].value.text)));
	json_object_set_new(object, member, array);
}

/* What lets in everybody is marked as meant, and nothing else is. */
static bool settle(const struct edit *edit, const struct control *control, json_t *object)
{
	const char *reason, *fault;
	struct account *account = record_account(edit->record, &reason);

	if (!account) {
		control_refuse("%s: %s", edit->login, reason);
		return false;
	}
	fault = identity_fault(account->identity);
	account_unref(&account);
	if (!fault)
		json_object_del(object, "anyone");
	else if (control_has(control, OPTION_YES_REALLY))
		json_object_set_new(object, "anyone", json_true());
	else if (!json_object_get(object, "anyone"))
		control_refuse("%s: %s: whoever reaches the server could send as it, and through a "
			       "relay context to anywhere; --yes-really says that this is meant",
			       edit->login, fault);
	return !fault || json_object_get(object, "anyone");
}

bool criteria_change(struct edit *edit, const struct control *control)
{
	json_t *object = json_object_get(edit->record, identity);

	if (!object) {
		object = need(json_object());
		json_object_set_new(edit->record, identity, object);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (control_has(control, lists[i].option))
			replace_list(object, control, lists[i].option, lists[i].member);
	return settle(edit, control, object);
}

void criteria_each(const struct account_identity *of, void (*each)(const char *text, void *arg),
		   void *arg)
{
	char text[FINGERPRINT_MAX + CONTEXT_MAX];

	for (size_t i = 0; i < of->n_networks; i++) {
		network_format(&of->networks[i], text);
		each(text, arg);
	}
	for (size_t i = 0; i < of->n_client_certs; i++) {
		snprintf(text, sizeof(text), "certificate %s", of->client_certs[i]);
		each(text, arg);
	}
	for (size_t i = 0; i < of->n_contexts; i++) {
		snprintf(text, sizeof(text), "context %s", of->contexts[i]);
		each(text, arg);
	}
}
