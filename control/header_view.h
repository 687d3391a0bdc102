/*
 * The originator fields of a message as they are read, for people and as JSON:
 * each field with the addresses in it, or why it has no single reading.
 */
#ifndef SENDWARD_CONTROL_HEADER_VIEW_H
#define SENDWARD_CONTROL_HEADER_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/header_address.h"

struct header_view_field {
	enum originator name;
	char *value;	 /* owned; folded lines joined */
	int line;	 /* of its file; 0: it comes from the command line */
	size_t first, n; /* its addresses: items[first] and on */
	char *fault;	 /* owned; NULL: it has one reading */
};

struct header_view {
	struct originators originators; /* what the engine is asked about */
	struct header_view_field *fields;
	size_t n_fields;
	/* Every address of fields with one reading, also beside others. */
	struct header_address *items;
	size_t n_items;
};

/* With reply_to, that is one of the fields. header_address_init() comes
 * before. */
struct header_view *header_view_new(bool reply_to);
void header_view_free(struct header_view **view);

/* One field in the order of the message, as a milter gets it; others than
 * originator fields are not shown, nor more than HEADER_FIELDS_MAX of a kind.
 * line 0: none. */
void header_view_add(struct header_view *view, const char *name, const char *value, int line);
void header_view_end(struct header_view *view);

void header_view_print(const struct header_view *view);

/* {"fields": [...], "fault": ...}, a new reference. */
json_t *header_view_json(const struct header_view *view);

#endif
