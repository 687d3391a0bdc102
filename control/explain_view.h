/*
 * What `explain` has found, for people and as JSON.
 */
#ifndef SENDWARD_CONTROL_EXPLAIN_VIEW_H
#define SENDWARD_CONTROL_EXPLAIN_VIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "control/header_view.h"
#include "control/look.h"
#include "control/message_file.h"
#include "control/owner_view.h"
#include "engine/effective.h"
#include "engine/request.h"
#include "engine/verdict.h"

struct explained {
	const struct config *config;
	const char *config_option;	    /* as given with -c; NULL: it was not */
	const struct message_file *message; /* borrowed; NULL: none was given */
	const char *message_name;
	bool size_from_file;
	struct username username; /* of the request */
	struct request request;
	char *sender;		 /* owned; of the envelope, without <> */
	const char *sender_from; /* "--from", "Return-Path field", "mbox line" */
	struct header_view *header;
	bool header_seen; /* else nobody has seen it, as in the policy daemon */
	struct verdict verdict;
	struct look quotas;
	struct effective effective;
};

/* Of a line that ends the header though it is not empty. */
extern const char explain_header_end[];

/* Is the client told that its message is refused, for now or for good? */
bool explain_refused(const struct verdict *verdict);

/* "pass", "refuse", "monitor", "rewrite", "off", ... */
const char *explain_result(const struct finding *finding);

/* What the client is told; free() it. NULL when it is accepted. */
char *explain_reply(const struct verdict *verdict);

/* Whose patterns are shown; borrows from e. */
struct owner_view explain_owner(const struct explained *e);

/* The envelope sender as the gate reads it, base/address.h. */
enum address_result explain_sender(const struct explained *e, struct address *address,
				   const char **reason);

/* The first address in a display name or comment that is not an own one, else the
 * first; NULL: there is none. */
const struct shown_address *explain_shown(const struct explained *e);

bool explain_owns_shown(const struct explained *e, const struct shown_address *shown);

void explain_print(const struct explained *e);

/* A new reference. */
json_t *explain_json(const struct explained *e);

#endif
