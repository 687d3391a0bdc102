#include "engine/window.h"

#include <string.h>

int64_t window_slot_ms(int32_t window_s)
{
	return ((int64_t)window_s * 1000 + WINDOW_SLOTS - 1) / WINDOW_SLOTS;
}

int64_t window_kept_s(int32_t window_s)
{
	return window_s + (window_s + WINDOW_SLOTS - 1) / WINDOW_SLOTS;
}

static void drop_oldest(struct window *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		w->sum -= w->slots[i].amount;
	w->n -= n;
	memmove(w->slots, w->slots + n, w->n * sizeof(w->slots[0]));
}

int64_t window_advance(struct window *w, int32_t window_s, int64_t now_ms)
{
	int64_t now_slot = now_ms / window_slot_ms(window_s);
	size_t old = 0;

	if (w->n > 0) {
		int64_t newest = w->slots[w->n - 1].slot;

		if (newest > now_slot + WINDOW_SLOTS) {
			w->slots[0] = (struct window_slot){now_slot, w->sum};
			w->n = 1;
		} else if (newest > now_slot) {
			now_slot = newest;
		}
	}
	while (old < w->n && w->slots[old].slot < now_slot - WINDOW_SLOTS)
		old++;
	if (old > 0)
		drop_oldest(w, old);
	return now_slot;
}

void window_add(struct window *w, int64_t slot, int64_t amount)
{
	if (amount <= 0)
		return;
	if (w->n == 0 || w->slots[w->n - 1].slot != slot)
		w->slots[w->n++] = (struct window_slot){slot, 0};
	w->slots[w->n - 1].amount += amount;
	w->sum += amount;
}

void window_subtract(struct window *w, int64_t slot, int64_t amount)
{
	for (size_t i = 0; i < w->n; i++) {
		struct window_slot *s = &w->slots[i];

		if (s->slot != slot)
			continue;
		if (amount > s->amount)
			amount = s->amount;
		s->amount -= amount;
		w->sum -= amount;
		if (s->amount == 0) {
			w->n--;
			memmove(s, s + 1, (w->n - i) * sizeof(*s));
		}
		return;
	}
}

int64_t window_retry_after_ms(const struct window *w, int32_t window_s, int64_t now_ms,
			      int64_t amount, int64_t limit)
{
	int64_t excess = w->sum + amount - limit;

	if (excess <= 0)
		return 0;
	if (amount > limit)
		return -1;
	for (size_t i = 0; i < w->n; i++) {
		excess -= w->slots[i].amount;
		if (excess <= 0)
			return (w->slots[i].slot + WINDOW_SLOTS + 1) * window_slot_ms(window_s) -
			       now_ms;
	}
	return -1;
}
