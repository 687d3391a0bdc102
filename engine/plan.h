/*
 * The plan of a decision: which rows the store has to test, and to charge
 * when it is the last stage.
 */
#ifndef SENDWARD_ENGINE_PLAN_H
#define SENDWARD_ENGINE_PLAN_H

#include "engine/effective.h"
#include "engine/request.h"
#include "engine/take.h"

/* One row for each quota in force; returns how many. Before the end of the
 * message an amount is what is known so far, and at least one. */
size_t plan_rows(const struct effective *effective, const struct request *request,
		 struct take_row rows[QUOTAS_MAX]);

#endif
