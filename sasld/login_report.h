/*
 * What is told of a login: the line in the log, events, and its trace in the
 * store. Never a secret.
 */
#ifndef SENDWARD_SASLD_LOGIN_REPORT_H
#define SENDWARD_SASLD_LOGIN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "store/store.h"

struct login_facts {
	const char *username; /* as it is a key; "" when none was given */
	const char *login, *credential;
	const char *client, *network;
	const char *mechanism;
	const char *tls;     /* "yes", "no", or the protocol where it is told */
	const char *verdict; /* "accept", "refuse", "defer" */
	const char *reason;  /* one word; "" when accepted */
	const char *detail;  /* for people; "" none */
	int64_t us;
};

void login_report(const struct config *config, const struct login_facts *facts);

/* The last use. */
void login_report_use(struct store *store, const struct login_facts *facts);

/* From now on the network is refused; for this user name (or for all). */
void login_report_guessing(struct store *store, const struct config *config,
			   const struct login_facts *facts, bool all_names, int64_t count,
			   int64_t refused_s);

#endif
