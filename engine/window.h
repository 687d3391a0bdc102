/*
 * A rolling window: how much was counted in the last window_s seconds.
 *
 * Time is cut into slots of about a sixtieth of the window, at fixed places.
 * What counts at a moment is the slot of that moment and WINDOW_SLOTS slots
 * before it, the oldest as a whole; so every interval as long as the window
 * is covered, and at most one slot too much is counted. store/take.lua does
 * the same arithmetic in Redis; a test holds the two against each other.
 *
 * A plain value of bounded size; all zero is an empty window.
 */
#ifndef SENDWARD_WINDOW_H
#define SENDWARD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_SLOTS 60

struct window_slot {
	int64_t slot;	/* number since 1970: time / slot length */
	int64_t amount; /* counted in it, above 0 */
};

struct window {
	int64_t sum; /* of all slots kept */
	size_t n;    /* slots kept, oldest first */
	struct window_slot slots[WINDOW_SLOTS + 1];
};

/* The length of a slot: window / WINDOW_SLOTS, rounded up to milliseconds. */
int64_t window_slot_ms(int32_t window_s);

/* Seconds after which nothing of a charge counts any more. */
int64_t window_kept_s(int32_t window_s);

/* Drops what is too old at that moment. A clock that went back by less than a
 * window stands still; one that went back further counts everything as of
 * now. Returns the slot that amounts are to be added to. */
int64_t window_advance(struct window *window, int32_t window_s, int64_t now_ms);

/* After window_advance(): adds to the slot it returned. */
void window_add(struct window *window, int64_t slot, int64_t amount);

/* Takes back what was added to a slot, as far as it is still kept. */
void window_subtract(struct window *window, int64_t slot, int64_t amount);

/* After window_advance(): when would the amount fit under the limit (not
 * negative)? 0 now, -1 never. */
int64_t window_retry_after_ms(const struct window *window, int32_t window_s, int64_t now_ms,
			      int64_t amount, int64_t limit);

#endif
