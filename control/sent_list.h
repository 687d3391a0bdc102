/*
 * What a login has sent (store/sent.h), for people and as JSON.
 */
#ifndef SENDWARD_CONTROL_SENT_LIST_H
#define SENDWARD_CONTROL_SENT_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"

/* Reads what login has sent in the last since_ms; 0: all that is kept. An array,
 * the newest first, owned by the caller: each message an object with time,
 * action, recipients, bytes, node, qid, client, credential and sender. NULL, when
 * the error has been told. */
json_t *sent_list_read(const struct control *control, const char *login, int64_t since_ms);

/* The array as a table, and its sums. */
void sent_list_print(const json_t *messages);

#endif
