/*
 * The local copy of accounts: a bounded map from login to account (or to the
 * knowledge that there is none). What was not used for long goes first.
 */
#ifndef SENDWARD_CACHE_H
#define SENDWARD_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/account.h"

struct cache;

#define CACHE_ACCOUNTS_MAX 100000

struct cache *cache_new(size_t max);
void cache_free(struct cache **cache);

/* False when nothing is known of the login. True: *out is a new reference, or
 * NULL for a login without an account. */
bool cache_get(struct cache *cache, const char *login, struct account **out);

/* The same without a reference and without a use: *out is borrowed. */
bool cache_peek(const struct cache *cache, const char *login, struct account **out);

/* Goes through the entries while they change: cache_check_begin(), then each
 * login once until NULL. What is put meanwhile has been checked. */
void cache_check_begin(struct cache *cache);
const char *cache_check_next(struct cache *cache);

/* Takes a reference of its own; account may be NULL. */
void cache_put(struct cache *cache, const char *login, struct account *account);

/* Called with a login that makes room for another. */
void cache_on_drop(struct cache *cache, void (*dropped)(const char *login, void *arg), void *arg);

void cache_forget(struct cache *cache, const char *login);
void cache_clear(struct cache *cache);
size_t cache_count(const struct cache *cache);

#endif
