/*
 * An order to an account: its state from now on, as block, sandbox, allow,
 * compromised and release give it.
 */
#ifndef SENDWARD_CONTROL_ORDER_H
#define SENDWARD_CONTROL_ORDER_H

#include <jansson.h>

#include "control/control.h"
#include "control/edit.h"
#include "control/journal.h"
#include "control/record.h"

struct order {
	struct record_state state; /* since and until are set when it is carried out */
	int64_t for_s;		   /* 0: for good */
	bool revoked;		   /* the main credential is: set when it is carried out */
	char actor[JOURNAL_ACTOR_MAX];
};

/* As the command's options --reason, --for and --actor say; reason is what
 * stands for --reason when it is not given. */
void order_init(struct order *order, const struct control *control, enum account_state state,
		const char *reason);

/* Writes the account, and an event. The login may have had none: EDIT_ADDED.
 * EDIT_REFUSED, said. */
enum edit_result order_carry_out(struct control *control, struct order *order);

/* Says that the login had no account, as it may be mistyped, and how to undo that. */
void order_note_added(const char *login);

/* login, state, reason, actor, until. */
json_t *order_json(const char *login, const struct record_state *state);

#endif
