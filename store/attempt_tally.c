#include "store/attempt_tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct attempt_tally {
	struct tallied *logins;
};

struct attempt_tally *attempt_tally_new(void)
{
	return memory_zero(sizeof(struct attempt_tally));
}

int64_t attempt_tally_free(struct attempt_tally **tally)
{
	struct tallied *t;
	int64_t n = 0;

	while (*tally && (t = attempt_tally_take(*tally, INT64_MAX))) {
		n += t->n;
		free(t);
	}
	free(*tally);
	*tally = NULL;
	return n;
}

static struct tallied *tallied_new(const char *login, size_t len, int64_t due_ms)
{
	struct tallied *t = memory_zero(sizeof(*t) + len + 1);

	memcpy(t->login, login, len);
	t->due_ms = due_ms;
	return t;
}

bool attempt_tally_add(struct attempt_tally *tally, const char *login,
		       const struct attempt *attempt, int64_t due_ms)
{
	size_t len = strlen(login);
	struct tallied *t;
	uint32_t *n;

	HASH_FIND(hh, tally->logins, login, len, t);
	if (!t && attempt_tally_logins(tally) >= ATTEMPT_TALLY_LOGINS_MAX)
		return false;
	if (!t) {
		t = tallied_new(login, len, due_ms);
		t->first_s = attempt->time_s;
		HASH_ADD_KEYPTR(hh, tally->logins, t->login, len, t);
	}
	t->n++;
	n = &t->counts.n[attempt->monitored][attempt->check];
	if (*n < UINT32_MAX)
		++*n;
	if (!attempt->monitored)
		attempt_format_last(attempt, t->last);
	return true;
}

struct tallied *attempt_tally_take(struct attempt_tally *tally, int64_t now_ms)
{
	struct tallied *t = tally->logins;

	if (!t || t->due_ms > now_ms)
		return NULL;
	HASH_DEL(tally->logins, t);
	return t;
}

void attempt_tally_forget(struct attempt_tally *tally, const char *login)
{
	struct tallied *t;

	HASH_FIND(hh, tally->logins, login, strlen(login), t);
	if (!t)
		return;
	HASH_DEL(tally->logins, t);
	free(t);
}

size_t attempt_tally_logins(const struct attempt_tally *tally)
{
	return HASH_COUNT(tally->logins);
}
