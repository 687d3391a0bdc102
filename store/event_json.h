/*
 * Events (store_event()) and what else is said of a login, as JSON objects.
 */
#ifndef SENDWARD_EVENT_JSON_H
#define SENDWARD_EVENT_JSON_H

#include <jansson.h>

#include "store/store.h"

/* A new reference. A text that is not UTF-8 stands as the log shows it. */
json_t *event_text(const char *text);

/* Appends it to the stream of events, whatever becomes of it; takes the reference. */
void event_append(struct store *store, json_t *event);

#endif
