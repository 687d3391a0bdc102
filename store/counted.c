#include "store/counted.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/key.h"
#include "store/scan.h"

struct counted {
	struct store *store;
	struct scan *scan;
	void (*each)(const char *login, void *arg);
	counted_done *done;
	void *arg;
};

struct counted *counted_new(struct store *store)
{
	struct counted *counted = memory_zero(sizeof(*counted));
	char pattern[KEY_MAX];

	key_counters_pattern(store_prefix(store), pattern);
	counted->store = store;
	counted->scan = scan_new(store, pattern);
	return counted;
}

void counted_free(struct counted **counted)
{
	if (*counted)
		scan_free(&(*counted)->scan);
	free(*counted);
	*counted = NULL;
}

static void on_key(const char *key, void *arg)
{
	struct counted *counted = arg;
	char login[LOGIN_MAX + 1];

	if (key_counters_login(store_prefix(counted->store), key, login))
		counted->each(login, counted->arg);
}

static void on_page(enum store_result result, bool more, const char *error, void *arg)
{
	struct counted *counted = arg;

	counted->done(result, more, error, counted->arg);
}

void counted_next(struct counted *counted, void (*each)(const char *login, void *arg),
		  counted_done *done, void *arg)
{
	counted->each = each;
	counted->done = done;
	counted->arg = arg;
	scan_next(counted->scan, on_key, on_page, counted);
}
