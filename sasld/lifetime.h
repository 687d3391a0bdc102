/*
 * Credentials that end: their own end, or the age that their secret may have
 * (must_rotate_after). What is told, as an event "expiry", 14, 7 and 1 days before
 * and when it has come, each once for all servers: by whichever sees it first, at
 * a login or in the daily pass of one of them (sasld/lifetime_pass.h).
 */
#ifndef SENDWARD_SASLD_LIFETIME_H
#define SENDWARD_SASLD_LIFETIME_H

#include <stdint.h>

#include "base/config.h"
#include "engine/account.h"
#include "store/store.h"

/* credential is the name of one of the account's, "" the main one. */
void lifetime_look(struct store *store, const struct config *config, const struct account *account,
		   const char *login, const char *credential, int64_t now_s);

/* Unix time; 0: it does not end. must_rotate_after_s 0: any age. */
int64_t lifetime_due_s(const struct account_credential *credential, int64_t must_rotate_after_s);

/* Which of the days before the end is to be told now: 14, 7, 1 or 0; -1: none
 * yet. */
int lifetime_mark(int64_t due_s, int64_t now_s);

#endif
