#include "store/item.h"

#include <string.h>

#include "engine/account.h"
#include "engine/request.h"
#include "engine/window.h"
#include "store/counter.h"

/* ---- the question --------------------------------------------------------- */

/* Big endian. */
static char *put_number(char *at, int64_t number, int octets)
{
	for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
		*at++ = (char)((uint64_t)number >> shift & 0xff);
	return at;
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

static char *put_row(char *at, const struct take_row *row)
{
	const struct quota *quota = &row->quota;

	*at++ = row->ramp ? 'r' : is_calendar(row) ? 'c' : 'w';
	at = put_text(at, row->ramp ? "w" : counter_kind(quota), 1);
	at = put_text(at, counter_unit(quota->unit), 1);
	at = put_number(at, counter_window(quota), 4);
	at = put_number(at, is_calendar(row) ? 0 : window_slot_ms(quota->window_s), 4);
	at = put_number(at, row->amount, 8);
	at = put_number(at, quota->limit, 8);
	at = put_number(at, row->enforce, 1);
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
	char *at = put_text(out, take->version ? take->version : "?", ACCOUNT_VERSION_DIGITS);

	at = put_number(at, take->message_key != NULL, 1);
	at = put_text(at, token_of(take->message_key), MESSAGE_TOKEN_LENGTH);
	for (size_t i = 0; i < take->n_rows; i++)
		at = put_row(at, &take->rows[i]);
	return (size_t)(at - out);
}

int64_t item_kept_s(const struct take *take)
{
	int64_t longest = 1;

	for (size_t i = 0; i < take->n_rows; i++) {
		int64_t kept = is_calendar(&take->rows[i]) ?
				       0 :
				       window_kept_s(take->rows[i].quota.window_s) + 1;

		if (kept > longest)
			longest = kept;
	}
	return longest;
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

static void take_row(struct reader *r, bool whole, int64_t limit, struct take_row_answer *row)
{
	row->used = take_number(r, 7, false);
	row->retry_after_ms = take_number(r, 7, true);
	row->limit = whole ? take_number(r, 8, true) : limit;
	row->mark = whole ? (int)take_number(r, 1, false) : 0;
	if (row->retry_after_ms < -1 || row->limit < -1 ||
	    (row->mark != 0 && row->mark != 80 && row->mark != 95))
		r->ok = false;
}

static enum item_kind read_counted(struct reader *r, bool whole, const struct take *take,
				   struct take_answer *answer)
{
	answer->now_ms = take_number(r, 7, false) / 1000;
	answer->seen = whole ? take_number(r, 1, false) != 0 : true;
	for (size_t i = 0; i < take->n_rows; i++)
		take_row(r, whole, take->rows[i].quota.limit, &answer->rows[i]);
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
