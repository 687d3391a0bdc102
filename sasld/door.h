/*
 * Whether a user whose password is right may log in: what the account, its
 * credential and its plan say. Pure.
 *
 * Nothing of this is asked before the password is known to be right, so that a
 * stranger learns nothing of an account.
 */
#ifndef SENDWARD_SASLD_DOOR_H
#define SENDWARD_SASLD_DOOR_H

#include "base/config.h"
#include "base/network.h"
#include "engine/account.h"

struct door_request {
	const struct config *config;
	const struct account *account;
	const char *login, *credential; /* credential "": the main one */
	const struct ip *client;	/* NULL: not known */
	bool secured;
	int64_t now_s;
};

#define DOOR_TEXT_MAX (REPLY_TEXT_MAX + 1)

struct door_verdict {
	bool open;
	const char *why;	  /* one word for the log; "" when it is open */
	char text[DOOR_TEXT_MAX]; /* for the client; "" when it is open */
};

void door_decide(const struct door_request *request, struct door_verdict *out);

#endif
