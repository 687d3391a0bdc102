/*
 * What a login has sent: its last messages, so that after an incident somebody can
 * say which mail left, to how many, from where. Kept beside the login in two lists,
 * newest first, SENT_KEPT_S after the last one in each:
 *
 *	PREFIX{LOGIN}:h		a message is an element
 *	PREFIX{LOGIN}:h:p	SENT_PACK_LINES messages are, with a newline between two: those
 *				of logins that send as many while they are collected
 *
 * Each has the last config.history of its messages, a quarter and a pack more at most. So
 * the last config.history of all are there, whichever list they are in; of older ones those of
 * one list may be there and not those of the other. What two daemons write, and what waited
 * while the store was away, stands in the order in which it was written.
 *
 * The daemons write them about once a second, many logins together, and wait for
 * nothing: no decision takes longer for it, and what the last second held, or two of a
 * login that fills packs, is lost with a killed daemon. While the store is away messages
 * wait, in SENT_WAITING_MAX octets of memory; what does not fit, was on its way when the
 * store went, or is refused, is not kept, and counted in the log. What waited while nobody told
 * of deleted logins is written when it is known that its login is none (store/deleted.h).
 */
#ifndef SENDWARD_SENT_H
#define SENDWARD_SENT_H

#include <stddef.h>

#include "engine/request.h"
#include "engine/verdict.h"
#include "store/sent_line.h"
#include "store/store.h"

#define SENT_KEPT_S (30 * 86400)

/* The messages of a login are collected for so long before they are written. What then
 * fills no pack waits as long again, if there was a full one. */
#define SENT_COLLECT_MS 1000

/* Messages that are one element: with fewer the daemons have more to say, with more fewer
 * logins fill a pack. */
#define SENT_PACK_LINES 16

#define SENT_WAITING_MAX ((size_t)64 * 1024 * 1024)

struct sent;

/* For store_remember_sent(). */
struct sent *sent_new(struct store *store);
/* What waits is lost. */
void sent_free(struct sent **sent);

/* A message was accepted at its last stage. */
void sent_note(struct sent *sent, const struct request *request, const struct verdict *verdict);

/* The login was deleted, with what was kept of it: what waits of it is not written. What is on
 * its way in that moment is. */
void sent_forget(struct sent *sent, const char *login);

/* What waits is sent now. */
void sent_write(struct sent *sent);

#endif
