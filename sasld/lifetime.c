#include "sasld/lifetime.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/username.h"
#include "engine/effective.h"
#include "store/login_trace.h"

#define DAY_S 86400

/* What has been told is remembered so long after the end: longer than a secret
 * that is merely told of is likely to be used on. */
#define TOLD_KEPT_S (400 * DAY_S)

/* Something to be told, unless another server has told it. */
struct telling {
	struct store *store;
	char *event; /* JSON */
};

int64_t lifetime_due_s(const struct account_credential *c, int64_t must_rotate_after_s)
{
	int64_t rotate_s = must_rotate_after_s > 0 && c->changed_s > 0 ?
				   c->changed_s + must_rotate_after_s :
				   0;

	if (c->expires_s == 0 || rotate_s == 0)
		return c->expires_s + rotate_s;
	return c->expires_s < rotate_s ? c->expires_s : rotate_s;
}

int lifetime_mark(int64_t due_s, int64_t now_s)
{
	static const int marks[] = { 0, 1, 7, 14 };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (due_s - now_s <= (int64_t)marks[i] * DAY_S)
			return marks[i];
	return -1;
}

static void on_first(enum store_result result, const char *error, void *arg)
{
	struct telling *t = arg;

	if (result == STORE_OK)
		store_event(t->store, t->event, NULL, NULL);
	else if (result != STORE_NOT_FOUND)
		log_warning("the end of a credential was not told: %s", error);
	free(t->event);
	free(t);
}

static char *event_of(const struct config *config, const char *login, const char *credential,
		      int mark, int64_t due_s, int64_t now_s)
{
	json_t *event = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I}", "time",
				  (json_int_t)now_s, "event", "expiry", "login", login,
				  "credential", credential, "actor", "sendward-sasld", "node",
				  config->node, "daemon", "sasld", "days", mark, "due",
				  (json_int_t)due_s);
	char *text = event ? json_dumps(event, JSON_COMPACT) : NULL;

	json_decref(event);
	return text;
}

void lifetime_look(struct store *store, const struct config *config, const struct account *account,
		   const char *login, const char *credential, int64_t now_s)
{
	const struct account_credential *c = account_credential(account, credential);
	char username[LOGIN_MAX + 1], name[48];
	struct effective effective;
	struct telling *t;
	int64_t due_s;
	int mark;

	effective_resolve(config, account, login, now_s, &effective);
	due_s = c ? lifetime_due_s(c, effective.must_rotate_after_s) : 0;
	mark = due_s ? lifetime_mark(due_s, now_s) : -1;
	if (mark < 0 || !username_join(login, config->credential_separator, credential, username))
		return;
	t = memory_alloc(sizeof(*t));
	*t = (struct telling){ store, event_of(config, login, credential, mark, due_s, now_s) };
	if (!t->event) { /* a login that is not UTF-8 */
		free(t);
		return;
	}
	snprintf(name, sizeof(name), "%lld-%d", (long long)due_s, mark);
	store_first(store, username, name, TOLD_KEPT_S + (due_s > now_s ? due_s - now_s : 0),
		    on_first, t);
}
