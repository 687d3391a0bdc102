/*
 * What this node has accepted by itself while the store was away: the same
 * counting as in Redis (engine/window.h), in memory, bounded. It is not
 * forgotten when the store is back, only when the windows have passed, so that
 * a store that comes and goes does not admit the node's share each time.
 */
#ifndef SENDWARD_LOCAL_H
#define SENDWARD_LOCAL_H

#include <stdint.h>

#include "engine/take.h"

struct local;

/* Logins counted at a time; the least recently counted goes first. */
#define LOCAL_LOGINS_MAX 20000

struct local *local_new(void);
void local_free(struct local **local);
void local_clear(struct local *local);

/* Tests the rows, without account version and message key: status is TAKE_DONE
 * or TAKE_OVER. */
void local_test(struct local *local, const struct take *take, int64_t now_ms,
		struct take_answer *answer);

/* Counts every row, whether it fits or not; slots tell where, for
 * local_take_back(). Of two rows of one counter only the first is counted, the
 * other's slot is LOCAL_NOWHERE. */
#define LOCAL_NOWHERE INT64_C(-1)
void local_charge(struct local *local, const struct take *take, int64_t now_ms,
		  int64_t slots[TAKE_ROWS_MAX]);

void local_take_back(struct local *local, enum take_scope scope, const char *name,
		     const struct quota *quota, int64_t slot, int64_t amount);

/* The counters of one name as text, for the state file: a line for each,
 *	PERIOD SUM [SLOT:AMOUNT...] QUOTA
 * NULL when nothing is counted; else the caller's to free. */
char *local_save(struct local *local, enum take_scope scope, const char *name);

/* The other way round. What is no such text is left out; false when something
 * was. */
bool local_restore(struct local *local, enum take_scope scope, const char *name, const char *text);

/* Called with a name that makes room for another. */
void local_on_drop(struct local *local,
		   void (*dropped)(const char *scope_and_name, void *arg), void *arg);

/* "login rose@example.com". */
#define LOCAL_NAME_MAX (LOGIN_MAX + 16)
void local_name(enum take_scope scope, const char *name, char out[LOCAL_NAME_MAX]);

/* Takes "login rose@example.com" apart; NULL when it is not such a name. */
const char *local_name_parse(const char *text, enum take_scope *scope);

#endif
