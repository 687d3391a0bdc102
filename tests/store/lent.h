/*
 * One login whose messages are charged from leases, against whatever server the
 * rig is connected to. Its quota is so many recipients a day.
 */
#ifndef SENDWARD_TESTS_STORE_LENT_H
#define SENDWARD_TESTS_STORE_LENT_H

#include "store/borrow.h"
#include "tests/store/rig.h"

struct lent {
	struct rig *rig;
	const char *login;
};

#define LENT_KEY_MAX 64

/* The leases of the rig's store. */
struct lease_stats lent_stats(const struct lent *lent);

/* Asks for a message, with the account there is; without key it only tests. */
struct take_answer lent_take(const struct lent *lent, const char *key, int64_t amount,
			     int64_t limit, bool repeated);

/* The key of a new message; no login has had it. */
void lent_new_key(char key[LENT_KEY_MAX]);

/* Charges a new message of one recipient; was it accepted? */
bool lent_charge(const struct lent *lent, int64_t limit);

/* What the server has counted. */
int64_t lent_used(const struct lent *lent);

/* Charges until a message was charged from a lease; returns how many. */
int64_t lent_until_lease(const struct lent *lent, int64_t limit);

/* Until nothing is lent, nor on its way back, and no refund waits for that. */
void lent_wait_returned(const struct lent *lent);

#endif
