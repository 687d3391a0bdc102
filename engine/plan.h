/*
 * What check 6 (engine/checks.h) asks the store: which rows it has to test, and to
 * charge when it is the last stage.
 */
#ifndef SENDWARD_ENGINE_PLAN_H
#define SENDWARD_ENGINE_PLAN_H

#include "engine/effective.h"
#include "engine/request.h"
#include "engine/take.h"

struct plan_input {
	const struct effective *effective;
	const struct request *request;
	bool recipient_free; /* the recipient of this request is not counted */
	int64_t now_s;	     /* whose calendar periods are asked for */
};

/* Is it a recipient that no quota counts? At RCPT only. */
bool plan_recipient_is_free(const struct config *config, const struct effective *effective,
			    const struct request *request);

/* The rows of the login's own quotas, the ramp, and for mail from <> the null
 * sender's quota. Before the end of the message an amount is what is known so
 * far. Returns how many. */
size_t plan_login_rows(const struct plan_input *in, struct take_row rows[TAKE_ROWS_MAX]);

/* The rows of quotas that are shared with others. */
size_t plan_scope_rows(const struct plan_input *in, const struct effective_scope *scope,
		       struct take_row rows[TAKE_ROWS_MAX]);

#endif
