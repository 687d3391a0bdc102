#include "control/owners.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/ascii.h"
#include "base/limits.h"
#include "base/memory.h"
#include "control/need.h"

struct item {
	struct owner owner; /* first */
	char *folded;
	UT_hash_handle by_name, by_fold;
};

struct owners {
	struct item *names;
	struct item *folds; /* the first of each */
	struct item **list;
	size_t n, room;
};

struct owners *owners_new(void)
{
	return memory_zero(sizeof(struct owners));
}

static void item_free(struct item *item)
{
	names_fini(&item->owner.wanted);
	free(item->owner.after);
	account_unref(&item->owner.account);
	free(item->owner.login);
	free(item->folded);
	free(item);
}

void owners_free(struct owners **owners)
{
	struct owners *o = *owners;

	*owners = NULL;
	if (!o)
		return;
	HASH_CLEAR(by_name, o->names);
	HASH_CLEAR(by_fold, o->folds);
	for (size_t i = 0; i < o->n; i++)
		item_free(o->list[i]);
	free(o->list);
	free(o);
}

static char *fold(const char *login)
{
	char *folded = memory_strdup(login);

	for (char *p = folded; *p; p++)
		*p = ascii_lower(*p);
	return folded;
}

static struct item *find_exactly(const struct owners *owners, const char *login)
{
	struct item *item;

	HASH_FIND(by_name, owners->names, login, strlen(login), item);
	return item;
}

static struct item *find_fold(const struct owners *owners, const char *folded)
{
	struct item *item;

	HASH_FIND(by_fold, owners->folds, folded, strlen(folded), item);
	return item;
}

struct owner *owners_find(const struct owners *owners, const char *login)
{
	struct item *item = find_exactly(owners, login);
	char *folded;

	if (!item) {
		folded = fold(login);
		item = find_fold(owners, folded);
		free(folded);
	}
	return item ? &item->owner : NULL;
}

struct owner *owners_add(struct owners *owners, const char *login)
{
	struct item *item = find_exactly(owners, login);

	if (item)
		return &item->owner;
	item = memory_zero(sizeof(*item));
	item->owner.login = memory_strdup(login);
	item->folded = fold(login);
	HASH_ADD_KEYPTR(by_name, owners->names, item->owner.login, strlen(login), item);
	if (!find_fold(owners, item->folded))
		HASH_ADD_KEYPTR(by_fold, owners->folds, item->folded, strlen(login), item);
	if (owners->n == owners->room) {
		owners->room = owners->room ? 2 * owners->room : 1024;
		owners->list = need_room(owners->list, owners->room, sizeof(*owners->list));
	}
	owners->list[owners->n++] = item;
	return &item->owner;
}

struct owner *owners_get(struct owners *owners, const char *login)
{
	struct owner *owner = owners_find(owners, login);

	return owner ? owner : owners_add(owners, login);
}

void owner_want(struct owner *owner, const char *pattern)
{
	names_add(&owner->wanted, pattern);
}

static int by_login(const void *a, const void *b)
{
	return strcmp((*(struct item *const *)a)->owner.login,
		      (*(struct item *const *)b)->owner.login);
}

void owners_settle(struct owners *owners)
{
	for (size_t i = 0; i < owners->n; i++)
		names_sort(&owners->list[i]->owner.wanted);
	if (owners->n > 0)
		qsort(owners->list, owners->n, sizeof(*owners->list), by_login);
}

size_t owners_count(const struct owners *owners)
{
	return owners->n;
}

struct owner *owners_at(const struct owners *owners, size_t i)
{
	return &owners->list[i]->owner;
}
