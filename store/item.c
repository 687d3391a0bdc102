#define _GNU_SOURCE /* htobe64() */
#include "store/item.h"

#include <endian.h>
#include <string.h>

#include "engine/account.h"
#include "engine/request.h"
#include "store/counter.h"

/* ---- the question --------------------------------------------------------- */

static char *put_bytes(char *at, const void *bytes, size_t octets)
{
	memcpy(at, bytes, octets);
	return at + octets;
}

/* Big endian. */
static inline char *put_number(char *at, int64_t number, size_t octets)
{
	uint64_t bits = htobe64((uint64_t)number << (64 - 8 * octets));

	return put_bytes(at, &bits, octets);
}

/* A double, little endian. */
static char *put_double(char *at, int64_t number)
{
	double value = (double)number;
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = htole64(bits);
	return put_bytes(at, &bits, sizeof(bits));
}

/* Behind it come NULs when it is shorter. */
static char *put_text(char *at, const char *text, size_t octets)
{
	size_t len = strnlen(text, octets);

	memcpy(at, text, len);
	memset(at + len, 0, octets - len);
	return at + octets;
}

static bool is_calendar(const struct take_row *row)
{
	return !row->ramp && row->quota.kind == QUOTA_CALENDAR;
}

/* What one entry of a block holds at most. */
static int64_t entry_max(const struct take_row *row)
{
	return row->quota.unit == QUOTA_BYTES ? (INT64_C(1) << 48) - 1 : UINT32_MAX;
}

/* The largest sum that leaves room for the amount, below the first mark (80 %).
 * Below 0: there is none. */
static int64_t calm_of(const struct take_row *row)
{
	int64_t limit = row->quota.limit, most = entry_max(row), below;

	below = limit / 5 * 4 + limit % 5 * 4 / 5 - (limit % 5 == 0);
	if (limit != QUOTA_UNLIMITED && below < most)
		most = below;
	return most - row->amount;
}

/* The script's usual case. */
static bool is_usual(const struct take *take)
{
	for (size_t i = 0; i < take->n_rows; i++) {
		const struct take_row *row = &take->rows[i];

		if (row->ramp || is_calendar(row) || row->amount <= 0 || calm_of(row) < 0)
			return false;
	}
	return take->n_rows > 0;
}

/* In front: kind, unit and window, as the counters have them. */
static char *put_name(char *at, const struct take_row *row)
{
	at = put_bytes(at, row->ramp ? "w" : counter_kind(&row->quota), 1);
	at = put_bytes(at, counter_unit(row->quota.unit), 1);
	return put_number(at, counter_window(&row->quota), 4);
}

static char *put_row(char *at, const struct take_row *row)
{
	const struct quota *quota = &row->quota;

	*at++ = row->ramp ? 'r' : is_calendar(row) ? 'c' : 'w';
	at = put_number(at, row->enforce, 1);
	at = put_number(at, quota->limit, 8);
	if (row->ramp) {
		at = put_number(at, row->ramp->factor_permille, 8);
		at = put_number(at, row->ramp->every_s, 8);
		at = put_number(at, row->ramp->until, 8);
	} else if (is_calendar(row)) {
		at = put_number(at, row->start_s, 8);
		at = put_number(at, row->end_s, 8);
	}
	return at;
}

/* A message without a token has one of "-". */
static const char *token_of(const char *message_key)
{
	const char *mark = message_key ? strchr(message_key, '#') : NULL;

	return mark ? mark + 1 : "---------";
}

size_t item_format(const struct take *take, char out[ITEM_MAX])
{
	const struct take_row *rows = take->rows;
	size_t n = take->n_rows;
	bool usual = is_usual(take);
	char *at = put_number(out, (int64_t)n, 1);

	at = put_number(at, take->message_key != NULL, 1);
	at = put_number(at, usual, 1);
	at = put_text(at, take->version ? take->version : "?", ACCOUNT_VERSION_DIGITS);
	at = put_number(at, (int64_t)n, 2);
	for (size_t i = 0; i < n; i++)
		at = put_name(at, &rows[i]);
	at = put_text(at, token_of(take->message_key), MESSAGE_TOKEN_LENGTH);
	for (size_t i = 0; i < n; i++)
		at = put_double(at, rows[i].amount);
	for (size_t i = 0; i < n; i++)
		at = put_double(at, usual ? calm_of(&rows[i]) : 0);
	for (size_t i = 0; i < n; i++)
		at = put_row(at, &rows[i]);
	return (size_t)(at - out);
}

void item_mark(char item[ITEM_MAX], enum item_mark mark)
{
	item[1] = (char)mark;
}

size_t item_mark_lent(char item[ITEM_MAX], size_t len, const unsigned char *print)
{
	item_mark(item, ITEM_LENT);
	memcpy(item + len, print, LEASE_PRINT_OCTETS);
	return len + LEASE_PRINT_OCTETS;
}

/* ---- the answer ------------------------------------------------------------ */

/* Lua's numbers are exact up to here; beyond it an answer is not the script's,
 * and sums with it might not fit. */
#define NUMBER_MAX (INT64_C(1) << 53)

struct reader {
	const unsigned char *at, *end;
	bool ok;
};

/* Big endian, two's complement when it is signed. */
static int64_t take_number(struct reader *r, int octets, bool is_signed)
{
	uint64_t number = 0;
	int64_t value;

	if (r->end - r->at < octets) {
		r->ok = false;
		return 0;
	}
	if (is_signed && *r->at & 0x80)
		number = UINT64_MAX;
	for (int i = 0; i < octets; i++)
		number = number << 8 | *r->at++;
	memcpy(&value, &number, sizeof(value));
	if (value < -NUMBER_MAX || value > NUMBER_MAX)
		r->ok = false;
	return value;
}

static const struct {
	char letter;
	enum take_status status;
	bool whole; /* has "seen", limits and marks */
} counted[] = {
	{ 'u', TAKE_DONE, false },    { 'd', TAKE_DONE, true }, { 'o', TAKE_OVER, true },
	{ 'r', TAKE_REPEATED, true }, { 'g', TAKE_GONE, true },
};

/* A whole number in a double, little endian. */
static int64_t take_double(struct reader *r)
{
	uint64_t bits;
	double value;

	if (r->end - r->at < 8) {
		r->ok = false;
		return 0;
	}
	memcpy(&bits, r->at, sizeof(bits));
	r->at += sizeof(bits);
	bits = le64toh(bits);
	memcpy(&value, &bits, sizeof(value));
	if (!(value >= 0 && value <= (double)NUMBER_MAX) || value != (double)(int64_t)value) {
		r->ok = false;
		return 0;
	}
	return (int64_t)value;
}

/* The usual answer has of the rows only what cannot be known, with the message. */
static void take_usual_rows(struct reader *r, const struct take *take, struct take_answer *answer)
{
	for (size_t i = 0; i < take->n_rows; i++) {
		int64_t charged = take->message_key ? take->rows[i].amount : 0;

		answer->rows[i] = (struct take_row_answer){
			.used = take_double(r) - charged,
			.limit = take->rows[i].quota.limit,
		};
		r->ok = r->ok && answer->rows[i].used >= 0;
	}
	for (size_t i = 0; i < take->n_rows; i++)
		if (take->rows[i].amount == 0)
			answer->rows[i].retry_after_ms = take_number(r, 7, true);
}

static void take_row(struct reader *r, struct take_row_answer *row)
{
	row->used = take_number(r, 7, false);
	row->retry_after_ms = take_number(r, 7, true);
	row->limit = take_number(r, 8, true);
	row->mark = (int)take_number(r, 1, false);
}

static bool makes_sense(const struct take_row_answer *row)
{
	return row->retry_after_ms >= -1 && row->limit >= -1 &&
	       (row->mark == 0 || row->mark == 80 || row->mark == 95);
}

static enum item_kind read_counted(struct reader *r, bool whole, const struct take *take,
				   struct take_answer *answer)
{
	answer->now_ms = take_number(r, 7, false) / 1000;
	answer->seen = whole ? take_number(r, 1, false) != 0 : true;
	if (!whole)
		take_usual_rows(r, take, answer);
	for (size_t i = 0; i < take->n_rows; i++) {
		if (whole)
			take_row(r, &answer->rows[i]);
		r->ok = r->ok && makes_sense(&answer->rows[i]);
	}
	return r->ok && r->at == r->end ? ITEM_COUNTED : ITEM_BAD;
}

enum item_kind item_read(const char *bytes, size_t len, const struct take *take,
			 struct take_answer *answer, const char **text, size_t *text_len)
{
	struct reader r = { (const unsigned char *)bytes + 1, (const unsigned char *)bytes + len,
			    true };

	if (len == 0)
		return ITEM_BAD;
	*text = bytes + 1;
	*text_len = len - 1;
	if (*bytes == 's')
		return ITEM_STALE;
	if (*bytes == 'e')
		return ITEM_ERROR;
	if (*bytes == 'c') {
		answer->now_ms = take_number(&r, 7, false) / 1000;
		return r.ok && r.at == r.end ? ITEM_CLOCK : ITEM_BAD;
	}
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		if (counted[i].letter != *bytes)
			continue;
		answer->status = counted[i].status;
		return read_counted(&r, counted[i].whole, take, answer);
	}
	return ITEM_BAD;
}
