#include "store/event_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/fields.h"

json_t *event_text(const char *text)
{
	json_t *json = json_string(text);
	char clean[FIELDS_VALUE_MAX];

	if (json)
		return json;
	fields_clean(text, strlen(text), clean, sizeof(clean));
	return json_string(clean);
}

void event_append(struct store *store, json_t *event)
{
	char *json = json_dumps(event, JSON_COMPACT);

	if (json)
		store_event(store, json, NULL, NULL);
	free(json);
	json_decref(event);
}
