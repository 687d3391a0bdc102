#include "store/counted.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/key.h"
#include "store/scan.h"

static const struct {
	void (*pattern)(const char *prefix, char out[KEY_MAX]);
	bool (*login)(const char *prefix, const char *key, char out[LOGIN_MAX + 1]);
} kinds[] = {
	[COUNTED_SENT] = { key_counters_pattern, key_counters_login },
	[COUNTED_REFUSED] = { key_attempts_pattern, key_attempts_login },
};

struct counted {
	struct store *store;
	enum counted_as as;
	struct scan *scan;
	void (*each)(const char *login, void *arg);
	counted_done *done;
	void *arg;
};

struct counted *counted_new(struct store *store, enum counted_as as)
{
	struct counted *counted = memory_zero(sizeof(*counted));
	char pattern[KEY_MAX];

	kinds[as].pattern(store_prefix(store), pattern);
	counted->store = store;
	counted->as = as;
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

	if (kinds[counted->as].login(store_prefix(counted->store), key, login))
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
