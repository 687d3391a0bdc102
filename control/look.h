/*
 * What is used of quotas: asks the store without charging anything.
 */
#ifndef SENDWARD_CONTROL_LOOK_H
#define SENDWARD_CONTROL_LOOK_H

#include <jansson.h>
#include <stdbool.h>

#include "control/text.h"
#include "control/wait.h"
#include "engine/effective.h"

struct look_row {
	enum take_scope scope;
	const char *name;	 /* the login, domain, plan, group or network */
	struct quota quota;	 /* its limit is the one in force */
	int64_t start_s, end_s;	 /* of calendar quotas: the present period */
	const struct ramp *ramp; /* NULL: a quota as configured */
	const char *origin;	 /* of a login's own; NULL: the scope */
	int64_t used;
	int64_t freed_at_ms; /* the oldest of it is let go, Unix time; 0: nothing is used */
	int64_t fits_at_ms;  /* what was asked for fits; 0: now, -1: never */
};

/* The login's own, and those it shares. */
#define LOOK_ROWS_MAX (TAKE_ROWS_MAX + (TAKE_SCOPES - 1) * QUOTAS_MAX)

/* Rows borrow from account, configuration, and the caller's names. */
struct look {
	struct account *account; /* of a login; a reference; NULL: none */
	struct effective effective;
	struct plan counted;  /* for effective.plan, with quotas not off */
	enum check_mode mode; /* of quotas, as configured */
	bool seen;	      /* the login has counters */
	int64_t now_ms;	      /* the store's clock */
	size_t n_rows;
	struct look_row rows[LOOK_ROWS_MAX];
	char error[WAIT_ERROR_MAX]; /* when the store did not answer */
};

/* Fills *look; fit is how much more of each unit is asked for, at least 1. False
 * with look->error when the store did not answer. look_fini() in any case. */
bool look_at_login(struct wait *wait, const char *login, const int64_t fit[QUOTA_UNITS],
		   struct look *look);
bool look_at_scope(struct wait *wait, const struct effective_scope *scope,
		   const int64_t fit[QUOTA_UNITS], struct look *look);

/* The login's own quotas alone, and not when more fits (fits_at_ms is 0), without
 * waiting, so that many may be looked at together. account: what the caller has just
 * read of it, NULL for none; where it has changed since, the present one is taken.
 * look stays whole until done() is called, once, perhaps before this returns; ok as
 * above. look_fini() in any case. */
typedef void look_done(bool ok, void *arg);
void look_start(struct wait *wait, const char *login, struct account *account, struct look *look,
		look_done *done, void *arg);

void look_fini(struct look *look);

/* How much of its limit is used: 1 is all of it, and where the limit is 0; -1: it has no
 * limit. */
double look_share(const struct look_row *row);

/* So many of the parts of a limit are used, rounded down: 29 of 100 is 29 %, although the
 * quotient is a little less than 0.29; what is below a limit (of less than 2^50) is not all
 * of it. A share is at most 2^63 / parts. */
int64_t look_parts(double share, int parts);

/* The row's quota as it is shown. */
#define LOOK_NAME_MAX (QUOTA_TEXT_MAX + 16)
void look_name(const struct look_row *row, char out[LOOK_NAME_MAX]);

/* used, or the limit, as it is shown to people. */
void look_amount(const struct look_row *row, int64_t amount, char out[TEXT_AMOUNT_MAX]);

/* "14%", ">999%". */
#define LOOK_PERCENT_MAX 16
void look_percent(double share, char out[LOOK_PERCENT_MAX]);

/* The row as an object, a new reference. */
json_t *look_row_json(const struct look_row *row, int64_t now_ms);

/* The rows as a table on standard output; fit_head is the head of the column
 * that tells when it fits. */
void look_print(const struct look *look, const char *fit_head);

/* The rows as an array, a new reference. */
json_t *look_json(const struct look *look);

#endif
