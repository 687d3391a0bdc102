/*
 * The index of accounts by the senders they own (engine/place.h), kept in
 * Redis beside the accounts: for each place a set of logins.
 *
 * It never misses an account: whoever writes one puts its new places into the
 * index before, and takes the old ones out afterwards. What is too much in it
 * does no harm, for each login that is found is looked at.
 *
 * A login stands at a place with a stamp, a number that whoever put it there
 * has drawn. It is only taken out by who knows the stamp: if someone else has
 * put it there again meanwhile, it stays.
 */
#ifndef SENDWARD_STORE_SENDERS_H
#define SENDWARD_STORE_SENDERS_H

#include "engine/place.h"
#include "store/store.h"

/* Logins told of one place. */
#define SENDERS_FOUND_MAX 1000

/* Draws a stamp. */
int64_t store_senders_draw(void);

void store_senders_put(struct store *store, const struct place *place, const char *login,
		       int64_t stamp, store_done *done, void *arg);

/* record is the stamp as text; STORE_NOT_FOUND when the login is not there. */
void store_senders_stamp(struct store *store, const struct place *place, const char *login,
			 store_record_done *done, void *arg);

/* Takes out what has that stamp. */
void store_senders_drop(struct store *store, const struct place *place, const char *stamp,
			store_done *done, void *arg);

/* Calls each login at the place, at most SENDERS_FOUND_MAX + 1: that there is
 * one more means that there are more. */
void store_senders_each(struct store *store, const struct place *place,
			void (*each)(const char *login, void *arg), store_done *done, void *arg);

/* Says that every account is in the index, or asks whether that was said:
 * STORE_NOT_FOUND when it was not. */
void store_senders_complete(struct store *store, store_done *done, void *arg);
void store_senders_is_complete(struct store *store, store_done *done, void *arg);

#endif
