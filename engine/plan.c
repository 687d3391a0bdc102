#include "engine/plan.h"

bool plan_recipient_is_free(const struct config *config, const struct effective *effective,
			    const struct request *request)
{
	return request_recipient_is_in(request, config, effective->free_recipients,
				       effective->n_free_recipients);
}

/* At MAIL nothing is known of the recipients: one at least will come. */
static int64_t recipients_so_far(const struct plan_input *in)
{
	const struct request *r = in->request;
	int64_t counted = r->recipients - r->free_recipients - (in->recipient_free ? 1 : 0);

	if (r->recipients <= 0)
		return 1;
	return counted > 0 ? counted : 0;
}

static int64_t amount_so_far(const struct plan_input *in, enum quota_unit unit)
{
	switch (unit) {
	case QUOTA_MESSAGES:
		return 1;
	case QUOTA_RECIPIENTS:
		return recipients_so_far(in);
	case QUOTA_BYTES:
		break;
	}
	return in->request->size_bytes > 0 ? in->request->size_bytes : 1;
}

static void fill_row(const struct plan_input *in, const struct quota *quota, enum check_mode mode,
		     struct take_row *row)
{
	row->quota = *quota;
	row->ramp = NULL;
	row->amount = amount_so_far(in, quota->unit);
	row->enforce = mode == MODE_ENFORCE;
	row->start_s = row->end_s = 0;
	if (quota->kind == QUOTA_CALENDAR)
		calendar_period(quota->calendar, quota->zone, in->now_s, &row->start_s,
				&row->end_s);
}

static size_t rows_of(const struct plan_input *in, const struct quota *quotas, size_t n,
		      struct take_row rows[TAKE_ROWS_MAX])
{
	enum check_mode mode = in->effective->plan->modes[CHECK_QUOTAS];

	if (mode == MODE_OFF)
		return 0;
	for (size_t i = 0; i < n; i++)
		fill_row(in, &quotas[i], mode, &rows[i]);
	return n;
}

size_t plan_login_rows(const struct plan_input *in, struct take_row rows[TAKE_ROWS_MAX])
{
	const struct effective *e = in->effective;
	enum check_mode mode = e->plan->modes[CHECK_QUOTAS];
	size_t n = rows_of(in, e->quotas, e->n_quotas, rows);

	if (mode == MODE_OFF)
		return 0;
	if (e->ramp) {
		const struct quota start = {
			.unit = e->ramp->unit, .limit = e->ramp->start, .window_s = e->ramp->every_s};

		fill_row(in, &start, mode, &rows[n]);
		rows[n++].ramp = e->ramp;
	}
	if (e->null_sender && address_is_null(in->request->sender))
		fill_row(in, e->null_sender, mode, &rows[n++]);
	return n;
}

size_t plan_scope_rows(const struct plan_input *in, const struct effective_scope *scope,
		       struct take_row rows[TAKE_ROWS_MAX])
{
	return rows_of(in, scope->quotas, scope->n_quotas, rows);
}
