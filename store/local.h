/*
 * What this node has accepted by itself while the store was away: the same
 * counting as in Redis (engine/window.h), in memory, bounded. It is not
 * forgotten when the store is back, only when the windows have passed, so that
 * a store that comes and goes does not admit the node's share each time.
 */
#ifndef SENDWARD_LOCAL_H
#define SENDWARD_LOCAL_H

#include <stdint.h>

#include "engine/take.h"

struct local;

/* Logins counted at a time; the least recently counted goes first. */
#define LOCAL_LOGINS_MAX 20000

struct local *local_new(void);
void local_free(struct local **local);

/* As store/take.lua, without account version and message key: status is
 * TAKE_DONE or TAKE_OVER; charged only when the take has a message key. */
void local_take(struct local *local, const struct take *take, int64_t now_ms,
		struct take_answer *answer);

#endif
