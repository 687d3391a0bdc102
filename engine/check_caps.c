#include <stdio.h>

#include "engine/checks.h"

static enum finding_result over_cap(const struct gate_input *in, struct finding *f,
				    enum plan_setting cap, int64_t asked, int64_t limit,
				    enum reply reply)
{
	snprintf(f->rule, sizeof(f->rule), "%s = %lld", plan_setting_name(cap), (long long)limit);
	finding_by_plan(f, in->effective, cap);
	f->used = f->asked = asked;
	f->limit = limit;
	return finding_refuse(f, reply);
}

enum finding_result check_caps(const struct gate_input *in, struct finding *f)
{
	const struct effective *e = in->effective;
	const struct request *r = in->request;

	if (e->max_recipients > 0 && r->recipients > e->max_recipients)
		return over_cap(in, f, PLAN_MAX_RECIPIENTS, r->recipients, e->max_recipients,
				REPLY_CAP_RECIPIENTS);
	if (e->max_size_bytes > 0 && r->size_bytes > e->max_size_bytes)
		return over_cap(in, f, PLAN_MAX_SIZE, r->size_bytes, e->max_size_bytes,
				REPLY_CAP_SIZE);
	return FINDING_PASS;
}
