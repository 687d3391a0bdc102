/*
 * What a login has sent: its last messages, so that after an incident somebody can
 * say which mail left, to how many, from where. Kept beside the login in
 * PREFIX{LOGIN}:h, newest first, config.history of them, SENT_KEPT_S after the
 * last one.
 *
 * The daemons write it about once a second, many logins together, and wait for
 * nothing: no decision takes longer for it, and what the last second held is lost
 * with a killed daemon. While the store is away messages wait, in SENT_WAITING_MAX
 * octets of memory; what does not fit is not kept, and said in the log.
 */
#ifndef SENDWARD_SENT_H
#define SENDWARD_SENT_H

#include <stddef.h>

#include "engine/request.h"
#include "engine/verdict.h"
#include "store/sent_line.h"
#include "store/store.h"

#define SENT_KEPT_S (30 * 86400)

/* The messages of a login are collected for so long before they are written. */
#define SENT_COLLECT_MS 1000

#define SENT_WAITING_MAX ((size_t)64 * 1024 * 1024)

struct sent;

/* For store_remember_sent(). */
struct sent *sent_new(struct store *store);
/* What waits is lost. */
void sent_free(struct sent **sent);

/* A message was accepted at its last stage. */
void sent_note(struct sent *sent, const struct request *request, const struct verdict *verdict);

/* What waits is sent now. */
void sent_write(struct sent *sent);

#endif
