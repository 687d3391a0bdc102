/*
 * The logins that have sent something of late, or were refused. Page after page, so that
 * whoever looks at a million of them needs the memory of one page.
 */
#ifndef SENDWARD_COUNTED_H
#define SENDWARD_COUNTED_H

#include <stdbool.h>

#include "store/store.h"

struct counted;

enum counted_as {
	COUNTED_SENT,	 /* those with counters */
	COUNTED_REFUSED, /* those with attempts (store/attempt.h), kept longer than they are told */
};

/* Valid as long as the store. */
struct counted *counted_new(struct store *store, enum counted_as as);
/* Not while a page is asked for. */
void counted_free(struct counted **counted);

/* Asks for a page: calls each() for its logins (borrowed for the call), some hundred, perhaps
 * none, in no order, over all pages perhaps twice for one; then done. more:
 * there is another page. It is over without one and after an error. */
typedef void counted_done(enum store_result result, bool more, const char *error, void *arg);
void counted_next(struct counted *counted, void (*each)(const char *login, void *arg),
		  counted_done *done, void *arg);

#endif
