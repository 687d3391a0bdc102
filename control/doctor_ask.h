/*
 * One question to one server, the loop running until it is answered.
 */
#ifndef SENDWARD_CONTROL_DOCTOR_ASK_H
#define SENDWARD_CONTROL_DOCTOR_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "control/wait.h"

struct doctor_reply {
	bool done;
	enum store_result result;
	char *text;  /* owned; "" unless STORE_OK */
	char *error; /* owned, without address; "" on STORE_OK */
};

/* Sets *reply whole and returns its result; doctor_reply_fini() it. */
enum store_result doctor_ask(struct wait *wait, unsigned server, const char *const *words,
			     size_t n, struct doctor_reply *reply);
void doctor_reply_fini(struct doctor_reply *reply);

/* Is the server's answer that we may not ask that? That it has no such command
 * (any more)? */
bool doctor_is_forbidden(const struct doctor_reply *reply);
bool doctor_is_missing(const struct doctor_reply *reply);

/* The value of CONFIG GET NAME; false when it is not told. */
bool doctor_setting(struct wait *wait, unsigned server, const char *name, char *out, size_t size);

#endif
