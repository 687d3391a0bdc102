/*
 * All keys of a pattern, from every server that has some, in no order.
 */
#ifndef SENDWARD_SCAN_H
#define SENDWARD_SCAN_H

#include "store/internal.h"

/* Keys looked at in one request: a quarter of a millisecond in which the server decides
 * nothing. */
#define SCAN_STEP 250

/* Calls each() for each key, perhaps twice for one; then done, once. A key
 * that moves from one server to another meanwhile may be missed. pattern is
 * copied. */
void scan_keys(struct store *store, const char *pattern, void (*each)(const char *key, void *arg),
	       store_done *done, void *arg);

/* The same for whoever has to do something with a page of keys before the next one. */
struct scan;
struct scan *scan_new(struct store *store, const char *pattern);
/* Not while a page is asked for. */
void scan_free(struct scan **scan);

/* Asks for a page: calls each() for its keys, about SCAN_STEP at most, perhaps none;
 * then done. more: there is another page. It is over without one and after an error. */
typedef void scan_done(enum store_result result, bool more, const char *error, void *arg);
void scan_next(struct scan *scan, void (*each)(const char *key, void *arg), scan_done *done,
	       void *arg);

#endif
