#include "tests/store/history.h"

#include <inttypes.h>
#include <string.h>

#include "engine/window.h"

/* ---- chance (splitmix64) ------------------------------------------------ */

static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 to n - 1. */
static int64_t below(uint64_t *state, int64_t n)
{
	return n > 0 ? (int64_t)(next(state) % (uint64_t)n) : 0;
}

static bool chance(uint64_t *state, int percent)
{
	return below(state, 100) < percent;
}

/* ---- quotas ------------------------------------------------------------- */

static int64_t some_limit(uint64_t *state, enum quota_unit unit)
{
	if (chance(state, 4))
		return QUOTA_UNLIMITED;
	if (chance(state, 4))
		return 0;
	return 1 + below(state, unit == QUOTA_BYTES ? 2000000 : unit == QUOTA_MESSAGES ? 25 : 60);
}

static bool has_row(const struct history *h, const struct quota *quota)
{
	for (size_t i = 0; i < h->n_rows; i++)
		if (quota_same_counter(&h->rows[i].quota, quota))
			return true;
	return false;
}

/* near chooses windows of similar length, so that all of them matter. */
static struct quota some_quota(uint64_t *state, size_t near)
{
	static const int32_t windows[] = { 1,	 2,	10,	60,	    61,	       3600,
					   5400, 86400, 604800, 30 * 86400, 31 * 86400 };
	static const char *const zones[] = { "UTC", "Europe/Zurich", "Australia/Lord_Howe" };
	struct quota quota = { .unit = (enum quota_unit)below(state, QUOTA_UNITS),
			       .window_s = windows[near + (size_t)below(state, 4)] };

	quota.null_sender = chance(state, 20);
	if (near < 4 || chance(state, 75))
		return quota;
	quota.kind = QUOTA_CALENDAR;
	quota.calendar = (enum calendar)below(state, CALENDARS);
	quota.window_s = calendar_longest_s(quota.calendar);
	strcpy(quota.zone, zones[below(state, 3)]);
	return quota;
}

static void make_rows(struct history *h, uint64_t *state)
{
	size_t wanted = 1 + (size_t)below(state, HISTORY_ROWS);
	size_t near = (size_t)below(state, 8);

	while (h->n_rows < wanted) {
		const struct quota quota = some_quota(state, near);

		/* Now and then two quotas of one counter. */
		if (has_row(h, &quota) && chance(state, 80))
			continue;
		h->rows[h->n_rows].quota = quota;
		h->rows[h->n_rows++].enforce = !chance(state, 8);
	}
}

/* ---- time --------------------------------------------------------------- */

/* How long until the next slot or period. */
static int64_t until_edge(const struct quota *quota, int64_t clock_us)
{
	int64_t slot_us = window_slot_ms(quota->window_s) * 1000, start_s, end_s;

	if (quota->kind != QUOTA_CALENDAR)
		return slot_us - clock_us % slot_us;
	calendar_period(quota->calendar, quota->zone, clock_us / 1000000, &start_s, &end_s);
	return end_s * 1000000 - clock_us;
}

/* Between two operations. clock_us is what the clock shows before. */
static int64_t some_wait(const struct history *h, uint64_t *state, int64_t clock_us)
{
	const struct quota *quota = &h->rows[below(state, (int64_t)h->n_rows)].quota;
	int64_t window_us = (int64_t)quota->window_s * 1000000;
	int64_t slot_us = window_slot_ms(quota->window_s) * 1000;
	int64_t edge_us = until_edge(quota, clock_us), wait_us;

	switch (below(state, 10)) {
	case 0:
		return 1 + below(state, 3);
	case 1:
	case 2:
	case 3:
		return 1 + below(state, slot_us / 4);
	case 4: /* a millisecond around the edge of a slot or period */
		wait_us = edge_us + (below(state, 3) - 1) * 1000;
		break;
	case 5: /* a microsecond around it */
		wait_us = edge_us + below(state, 3) - 1;
		break;
	case 6: /* a window, or a window and a slot */
		wait_us = window_us + below(state, 2) * slot_us + (below(state, 3) - 1) * 1000;
		break;
	case 7: /* some slots, to the edge */
		wait_us = edge_us + below(state, WINDOW_SLOTS + 2) * slot_us + below(state, 2) - 1;
		break;
	case 8:
		wait_us = below(state, window_us / 4);
		break;
	default:
		wait_us = chance(state, 30) ? below(state, 3 * window_us) : 1;
		break;
	}
	return wait_us > 0 ? wait_us : 1;
}

static int64_t some_jump(const struct history *h, uint64_t *state)
{
	int32_t window_s = h->rows[below(state, (int64_t)h->n_rows)].quota.window_s;
	int64_t window_us = (int64_t)window_s * 1000000, jump_us;

	if (h->faults == CLOCK_STEADY || chance(state, 90))
		return 0;
	switch (below(state, 4)) {
	case 0:
		jump_us = below(state, window_us / 20 + 1);
		break;
	case 1:
		jump_us = below(state, window_us);
		break;
	case 2:
		jump_us = window_us + (below(state, 5) - 2) * window_slot_ms(window_s) * 1000;
		break;
	default:
		jump_us = below(state, 5 * window_us);
		break;
	}
	return h->faults == CLOCK_WILD && chance(state, 50) ? jump_us : -jump_us;
}

/* ---- operations --------------------------------------------------------- */

static enum operation_kind some_kind(uint64_t *state)
{
	int64_t dice = below(state, 100);

	if (dice < 15)
		return OPERATION_TEST;
	if (dice < 88)
		return OPERATION_CHARGE;
	return dice < 99 ? OPERATION_REFUND : OPERATION_RESET;
}

static void make_operation(const struct history *h, size_t i, uint64_t *state, int *messages,
			   struct operation *o)
{
	o->kind = some_kind(state);
	o->amounts[QUOTA_MESSAGES] = 1;
	o->amounts[QUOTA_RECIPIENTS] = 1 + below(state, chance(state, 10) ? 70 : 7);
	o->amounts[QUOTA_BYTES] = 1 + below(state, chance(state, 10) ? 3000000 : 100000);
	/* A new message, or one of the last; a refund may come first. */
	o->message = *messages - (int)below(state, *messages < 5 ? *messages + 1 : 6);
	if (o->kind == OPERATION_CHARGE && chance(state, 90))
		o->message = ++*messages;
	for (size_t j = 0; j < h->n_rows; j++) {
		if (i == 0 || chance(state, 2))
			o->limits[j] = some_limit(state, h->rows[j].quota.unit);
		else
			o->limits[j] = h->operations[i - 1].limits[j];
	}
}

void history_make(struct history *h, uint64_t seed, enum clock_faults faults)
{
	uint64_t state = seed;
	int64_t clock_us = HISTORY_START_US;
	int messages = 0;

	memset(h, 0, sizeof(*h));
	h->seed = seed;
	h->faults = faults;
	make_rows(h, &state);
	h->n = HISTORY_OPERATIONS;
	for (size_t i = 0; i < h->n; i++) {
		struct operation *o = &h->operations[i];

		make_operation(h, i, &state, &messages, o);
		o->wait_us = some_wait(h, &state, clock_us);
		o->jump_us = some_jump(h, &state);
		clock_us += o->wait_us + o->jump_us;
	}
}

void history_without(struct history *h, size_t i)
{
	const struct operation gone = h->operations[i];

	h->n--;
	memmove(h->operations + i, h->operations + i + 1, (h->n - i) * sizeof(gone));
	if (i < h->n) {
		h->operations[i].wait_us += gone.wait_us;
		h->operations[i].jump_us += gone.jump_us;
	}
}

/* ---- printing ----------------------------------------------------------- */

static void print_operation(const struct history *h, const struct operation *o, FILE *out)
{
	static const char *const kinds[] = { "test", "charge", "refund", "reset" };

	fprintf(out, "%s", kinds[o->kind]);
	if (o->kind == OPERATION_CHARGE || o->kind == OPERATION_REFUND)
		fprintf(out, " message %d", o->message);
	if (o->kind == OPERATION_TEST || o->kind == OPERATION_CHARGE) {
		fprintf(out, ", %" PRId64 " recipients, %" PRId64 " bytes; limits",
			o->amounts[QUOTA_RECIPIENTS], o->amounts[QUOTA_BYTES]);
		for (size_t i = 0; i < h->n_rows; i++)
			fprintf(out, " %" PRId64, o->limits[i]);
	}
	fputc('\n', out);
}

void history_print(const struct history *h, FILE *out)
{
	int64_t clock_us = HISTORY_START_US;

	fprintf(out, "quotas:");
	for (size_t i = 0; i < h->n_rows; i++) {
		char text[QUOTA_TEXT_MAX];

		quota_format(&h->rows[i].quota, text);
		fprintf(out, "%s %s%s", i ? "," : "", text + strcspn(text, " ") + 1,
			h->rows[i].enforce ? "" : " (monitored)");
	}
	fputc('\n', out);
	for (size_t i = 0; i < h->n; i++) {
		const struct operation *o = &h->operations[i];

		clock_us += o->wait_us + o->jump_us;
		fprintf(out, "%3zu. after %" PRId64 " us", i, o->wait_us);
		if (o->jump_us != 0)
			fprintf(out, ", the clock set by %" PRId64 " us", o->jump_us);
		fprintf(out, ", at %" PRId64 ": ", clock_us);
		print_operation(h, o, out);
	}
}
