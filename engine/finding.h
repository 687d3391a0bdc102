/*
 * What one check found, and what comes of it.
 */
#ifndef SENDWARD_FINDING_H
#define SENDWARD_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/config.h"
#include "base/reply.h"
#include "engine/effective.h"
#include "engine/ownership.h"

enum action {
	ACTION_ACCEPT,
	ACTION_REFUSE,	 /* 5xx */
	ACTION_DEFER,	 /* 4xx */
	ACTION_HOLD,	 /* accept into the hold queue */
	ACTION_DISCARD,	 /* accept and throw away; sandboxed state only */
	ACTION_REDIRECT, /* accept, deliver to verdict.redirect only */
};

/* "accept", "refuse", "defer", "hold", "discard", "redirect". */
const char *action_name(enum action action);

enum finding_result {
	FINDING_SKIPPED, /* not asked: off, not at this stage, or decided before */
	FINDING_PASS,
	FINDING_REFUSE,
	FINDING_UNKNOWN, /* cannot tell */
};

#define RULE_MAX 512

struct finding {
	enum finding_result result;
	enum check_mode mode;
	enum reply reply;	    /* when it refuses */
	enum action action;	    /* when it refuses: REFUSE, DEFER, HOLD, ... */
	const char *origin;	    /* of the rule: "account", "plan default"; NULL none */
	int line;		    /* of the rule in the configuration; base/config.h, LINES */
	int64_t used, limit, asked; /* limit < 0: not a counting rule */
	int64_t retry_after_ms;	    /* -1: never */
	bool flagged;		    /* passes, and the rule is worth a look */
	/* The rule that decided, as configured, or in words when no single one
	 * did; "" none. */
	char rule[RULE_MAX];
	/* The address that is refused, with its field: "From: a@b.example". */
	char subject[OWNERSHIP_SUBJECT_MAX];
};

/* An empty finding. */
void finding_init(struct finding *finding, enum check_mode mode);

/* It refuses, or cannot tell. */
static inline bool finding_stops(const struct finding *finding)
{
	return finding->result == FINDING_REFUSE || finding->result == FINDING_UNKNOWN;
}

/* What it refuses, or cannot tell, decides: it is enforced, or to be rewritten
 * where that is not possible. */
bool finding_is_enforced(const struct finding *finding);

/* Returns FINDING_REFUSE. */
enum finding_result finding_refuse(struct finding *finding, enum reply reply);

/* Where the rule stands: in a setting of the top level; where the value that is in force
 * came from; in the message itself. */
void finding_by_setting(struct finding *finding, const struct config *config, const char *name);
void finding_by_plan(struct finding *finding, const struct effective *effective,
		     enum plan_setting setting);
void finding_by_message(struct finding *finding);

#endif
