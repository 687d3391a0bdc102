/*
 * Who sends most, who is nearest to a limit, and who is refused most: what is asked for, going
 * through all logins that have sent, or were refused, and the list of the first of them.
 */
#ifndef SENDWARD_CONTROL_TOP_H
#define SENDWARD_CONTROL_TOP_H

#include "control/control.h"
#include "control/look.h"
#include "control/wait.h"
#include "store/attempt.h"

/* --number: what the list takes at most, and usually. */
#define TOP_NUMBER_MAX 1000
#define TOP_NUMBER 20

/* Logins that cannot be read, in one run: with more of them something else is wrong. */
#define TOP_UNREADABLE_MAX 100

/* ---- what is asked for (top_choice.c) ------------------------------------ */

enum top_by {
	TOP_BY_MESSAGES = QUOTA_MESSAGES,
	TOP_BY_RECIPIENTS = QUOTA_RECIPIENTS,
	TOP_BY_BYTES = QUOTA_BYTES,
	TOP_BY_SHARE = QUOTA_UNITS, /* of the limit that is nearest */
	TOP_BY_ATTEMPTS,	    /* of what was refused */
};

struct top_choice {
	enum top_by by;
	bool one_window;
	struct quota window;	 /* whose window; its unit and limit mean nothing */
	size_t number;		 /* 1 to TOP_NUMBER_MAX */
	const char *domain;	 /* of the logins; NULL: any. Borrowed */
	const struct plan *plan; /* that is in force; NULL: any. Borrowed */
};

value_check top_value_by;     /* number: enum top_by */
value_check top_value_window; /* what stands behind the "/" of a quota; canonical */
value_check top_value_number;

/* From the options. Without --window what is sorted by a unit is that of the shortest
 * window of plan default that counts it, of another plan or domain when it has none.
 * The configuration must be loaded. The exit status; all but STATUS_DONE has been said. */
int top_choice_read(const struct control *control, struct top_choice *out);

/* The window that is asked for, as it stands behind the "/" of a quota. */
void top_choice_window(const struct top_choice *choice, char out[QUOTA_TEXT_MAX]);

/* Is it a login of the domain that is asked for? */
bool top_choice_has_domain(const struct top_choice *choice, const char *login);

/* The row that the login is listed with, borrowed: of those asked for the one whose limit
 * is nearest. NULL when nothing has been sent in any of them; *counted: there are some. */
const struct look_row *top_choice_row(const struct top_choice *choice, const struct look *look,
				      bool *counted);

/* ---- the first of all (top_list.c) --------------------------------------- */

struct top_entry {
	char *login; /* owned */
	enum account_state state;
	enum check_mode mode; /* of quotas */
	struct look_row row;  /* its name is login, origin and ramp the configuration's */
	int64_t now_ms;	      /* the store's clock */
	int64_t last_ms;      /* of its last message, Unix time; 0: not known */
	/* This in place of mode, row and last_ms with TOP_BY_ATTEMPTS. */
	struct attempts_seen attempts;
};

struct top_list {
	enum top_by by;
	size_t n, max;
	struct top_entry *entries[TOP_NUMBER_MAX]; /* the first one first */
};

/* Keeps a copy of the entry if it is among the first; a login stands there once. */
void top_list_add(struct top_list *list, const struct top_entry *entry);
void top_list_clear(struct top_list *list);

/* ---- going through them (top_collect.c) ---------------------------------- */

struct top {
	struct control *control;
	struct top_choice choice;
	struct top_list list;
	bool left_out; /* logins have sent, but have no quota of what is asked for */
	/* Named as unreadable, in all rounds of one run; owned. */
	size_t n_unreadable;
	char *unreadable[TOP_UNREADABLE_MAX];
};

/* Fills the list anew. A login that cannot be read is said and left out. False with the
 * reason in error when the store, or too many logins, cannot be read. */
bool top_collect(struct top *top, char error[WAIT_ERROR_MAX]);
void top_fini(struct top *top);

/* ---- showing them (top_print.c) ------------------------------------------ */

/* So many logins of the list at most. */
void top_print_table(const struct top *top, size_t most);
/* An array, a new reference. */
json_t *top_json(const struct top *top);

#endif
