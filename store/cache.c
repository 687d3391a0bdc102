#include "store/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

/* uthash keeps the order of insertion. The first makes room; one that was used
 * since it was put in is put in again instead, so that a hit changes nothing but
 * the entry. */
struct entry {
	UT_hash_handle hh;
	struct account *account;
	bool used;
	unsigned round; /* in which it was checked */
	char login[];
};

/* Entries that are put in again for one that is dropped: whatever was used, a new
 * one costs no more than this. */
#define CACHE_SECOND_CHANCES_MAX 32

struct cache {
	struct entry *entries;
	size_t max;
	unsigned round;
	struct entry *to_check;
	void (*dropped)(const char *login, void *arg);
	void *dropped_arg;
};

struct cache *cache_new(size_t max)
{
	struct cache *cache = memory_zero(sizeof(*cache));

	cache->max = max;
	return cache;
}

/* Out of its place, for another or for good. */
static void leave(struct cache *cache, struct entry *e)
{
	if (cache->to_check == e)
		cache->to_check = e->hh.next;
	HASH_DEL(cache->entries, e);
}

static void drop(struct cache *cache, struct entry *e)
{
	leave(cache, e);
	account_unref(&e->account);
	free(e);
}

void cache_clear(struct cache *cache)
{
	while (cache->entries)
		drop(cache, cache->entries);
}

void cache_free(struct cache **cache)
{
	if (!*cache)
		return;
	cache_clear(*cache);
	free(*cache);
	*cache = NULL;
}

static struct entry *find(struct cache *cache, const char *login)
{
	struct entry *e;

	HASH_FIND_STR(cache->entries, login, e);
	return e;
}

static void insert(struct cache *cache, struct entry *e)
{
	HASH_ADD_KEYPTR(hh, cache->entries, e->login, strlen(e->login), e);
}

/* To the end, as if it were new. */
static void put_again(struct cache *cache, struct entry *e)
{
	unsigned hash = e->hh.hashv;

	e->used = false;
	leave(cache, e);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, cache->entries, e->login, strlen(e->login), hash, e);
	/* It was the last one to be checked, and still is. */
	if (!cache->to_check && e->round != cache->round)
		cache->to_check = e;
}

bool cache_get(struct cache *cache, const char *login, struct account **out)
{
	struct entry *e = find(cache, login);

	*out = NULL;
	if (!e)
		return false;
	e->used = true;
	if (e->account)
		*out = account_ref(e->account);
	return true;
}

void cache_on_drop(struct cache *cache, void (*dropped)(const char *login, void *arg), void *arg)
{
	cache->dropped = dropped;
	cache->dropped_arg = arg;
}

static void make_room(struct cache *cache)
{
	if (HASH_COUNT(cache->entries) < cache->max)
		return;
	for (int i = 0; i < CACHE_SECOND_CHANCES_MAX && cache->entries->used; i++)
		put_again(cache, cache->entries);
	if (cache->dropped)
		cache->dropped(cache->entries->login, cache->dropped_arg);
	drop(cache, cache->entries);
}

void cache_put(struct cache *cache, const char *login, struct account *account)
{
	struct entry *e = find(cache, login);

	if (account)
		account_ref(account);
	if (e) {
		account_unref(&e->account);
		e->account = account;
		e->round = cache->round;
		return;
	}
	make_room(cache);
	e = memory_zero(sizeof(*e) + strlen(login) + 1);
	strcpy(e->login, login);
	e->account = account;
	e->round = cache->round;
	insert(cache, e);
}

void cache_forget(struct cache *cache, const char *login)
{
	struct entry *e = find(cache, login);

	if (e)
		drop(cache, e);
}

size_t cache_count(const struct cache *cache)
{
	return HASH_COUNT(cache->entries);
}

bool cache_peek(const struct cache *cache, const char *login, struct account **out)
{
	const struct entry *e;

	HASH_FIND_STR(cache->entries, login, e);
	*out = e ? e->account : NULL;
	return e != NULL;
}

void cache_check_begin(struct cache *cache)
{
	cache->round++;
	cache->to_check = cache->entries;
}

const char *cache_check_next(struct cache *cache)
{
	while (cache->to_check && cache->to_check->round == cache->round)
		cache->to_check = cache->to_check->hh.next;
	if (!cache->to_check)
		return NULL;
	cache->to_check->round = cache->round;
	return cache->to_check->login;
}
