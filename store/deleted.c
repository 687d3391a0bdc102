#include "store/deleted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/internal.h"

struct asking {
	struct store *store;
	int64_t since_ms;
	deleted_done *done;
	void *arg;
	char login[];
};

bool deleted_unheard(const struct store *store, int64_t noted_ms)
{
	return store->news && noted_ms < news_told_since_ms(store->news);
}

static enum deleted read_record(const char *record, size_t len, int64_t since_ms)
{
	char *end;
	long long at_ms;

	errno = 0;
	at_ms = strtoll(record, &end, 10);
	if (len == 0 || end != record + len || errno)
		return DELETED_UNKNOWN;
	return at_ms >= since_ms ? DELETED_SINCE : DELETED_NOT;
}

static void on_record(enum store_result result, const char *record, size_t len, const char *error,
		      void *arg)
{
	enum deleted deleted = DELETED_UNKNOWN;
	struct asking *a = arg;

	(void)error;
	if (result == STORE_OK)
		deleted = read_record(record, len, a->since_ms);
	else if (result == STORE_NOT_FOUND)
		deleted = DELETED_NOT;
	a->done(a->store, a->login, deleted, a->arg);
	free(a);
}

void deleted_ask(struct store *store, const char *login, int64_t since_ms, deleted_done *done,
		 void *arg)
{
	struct asking *a;
	char key[KEY_MAX];

	if (store->env.now_ms(store->env.ctx) - since_ms > (int64_t)DELETED_KEPT_S * 1000 ||
	    !key_deleted(store_prefix(store), login, key)) {
		done(store, login, DELETED_SINCE, arg);
		return;
	}
	a = memory_alloc(sizeof(*a) + strlen(login) + 1);
	a->store = store;
	a->since_ms = since_ms;
	a->done = done;
	a->arg = arg;
	strcpy(a->login, login);
	store_get(store, key, on_record, a);
}
