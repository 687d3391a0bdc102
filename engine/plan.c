#include "engine/plan.h"

static int64_t amount_so_far(enum quota_unit unit, const struct request *request)
{
	int64_t amount = 1;

	if (unit == QUOTA_RECIPIENTS)
		amount = request->recipients;
	else if (unit == QUOTA_BYTES)
		amount = request->size_bytes;
	return amount < 1 ? 1 : amount;
}

size_t plan_rows(const struct effective *effective, const struct request *request,
		 struct take_row rows[QUOTAS_MAX])
{
	enum check_mode mode = effective->plan->modes[CHECK_QUOTAS];

	if (mode == MODE_OFF)
		return 0;
	for (size_t i = 0; i < effective->n_quotas; i++) {
		rows[i] = (struct take_row){
			.quota = effective->quotas[i],
			.amount = amount_so_far(effective->quotas[i].unit, request),
			.enforce = mode == MODE_ENFORCE,
		};
	}
	return effective->n_quotas;
}
