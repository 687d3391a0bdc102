/*
 * What is told to the operator about a decision: its log line, and an event
 * in the store when mail was not delivered as sent (sandbox, hold, redirect), or was
 * although the login is in the sandbox. What it has sent, and what was refused of it, is
 * remembered of the login.
 * Both front ends report through here, so that they tell the same story.
 */
#ifndef SENDWARD_REPORT_H
#define SENDWARD_REPORT_H

#include "base/config.h"
#include "engine/request.h"
#include "engine/verdict.h"
#include "store/store.h"

/* daemon: "policyd" or "milter". Belongs to the loop's thread. */
void report_verdict(struct store *store, const struct config *config, const char *daemon,
		    const struct request *request, const struct verdict *verdict,
		    int64_t elapsed_us);

#endif
