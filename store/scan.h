/*
 * All keys of a pattern, from every server that has some, in no order.
 */
#ifndef SENDWARD_SCAN_H
#define SENDWARD_SCAN_H

#include "store/internal.h"

/* Calls each() for each key, perhaps twice for one; then done, once. A key
 * that moves from one server to another meanwhile may be missed. pattern is
 * copied. */
void scan_keys(struct store *store, const char *pattern, void (*each)(const char *key, void *arg),
	       store_done *done, void *arg);

#endif
