#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/kept_internal.h"

/* While the file is read. */
struct loading {
	struct kept *kept;
	const char *server;
	bool named, other; /* it says which server it is about; another one */
	size_t accounts, counts, owed, refunds, bad;
	kept_refund_found *found;
	void *found_arg;
};

static bool load_account(struct loading *l, const char *login, const char *record)
{
	struct account *account = NULL;
	const char *reason;

	if (strlen(login) > LOGIN_MAX)
		return false;
	if (record[0]) {
		account = account_decode(record, strlen(record), &reason);
		if (!account)
			return false;
	}
	cache_put(l->kept->cache, login, account);
	kept_learn_identity(l->kept, login, account);
	account_unref(&account);
	l->accounts++;
	return true;
}

static bool load_counts(struct loading *l, const char *key, const char *text)
{
	enum take_scope scope;
	const char *name = local_name_parse(key, &scope);

	l->counts++;
	return name && local_restore(l->kept->local, scope, name, text);
}

static bool load_owed(struct loading *l, const char *key, const char *text)
{
	l->owed++;
	return owed_restore(l->kept->owed, key, text);
}

static bool load_refund(struct loading *l, const char *key, const char *text)
{
	char message_key[MESSAGE_KEY_MAX + 1];
	struct charge charge;

	if (!owed_key_parse(key, &charge, message_key))
		return false;
	l->found(&charge, message_key, strcmp(text, "1") == 0, l->found_arg);
	l->refunds++;
	return true;
}

static const struct {
	char kind;
	bool (*load)(struct loading *l, const char *name, const char *value);
} loaders[] = {
	{'a', load_account},
	{'u', load_counts},
	{'o', load_owed},
	{'r', load_refund},
};

static void on_value(const char *key, const char *bytes, size_t len, void *arg)
{
	struct loading *l = arg;
	char *value = memory_alloc(len + 1);
	bool loaded = false;

	memcpy(value, bytes, len);
	value[len] = '\0';
	if (strcmp(key, SERVER_KEY) == 0) {
		l->named = true;
		l->other = strcmp(value, l->server) != 0;
		loaded = true;
	}
	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (key[0] == loaders[i].kind && key[1] == ':' && key[2])
			loaded = l->other || loaders[i].load(l, key + 2, value);
	l->bad += !loaded;
	free(value);
}

bool kept_open(struct kept *kept, const char *directory, const char *name, const char *server,
	       kept_refund_found *found, void *arg)
{
	struct loading l = {.kept = kept, .server = server, .found = found, .found_arg = arg};
	struct saved *saved = saved_open(directory, name, on_value, &l);

	if (!saved)
		return true;
	kept->saved = saved;
	if (l.other) {
		log_info("state file %s/%s: is about another server, and begun anew", directory,
			 name);
		kept_clear(kept, server);
		return false;
	}
	if (!l.named)
		saved_put(saved, SERVER_KEY, server, strlen(server));
	log_info("state file %s/%s: %zu accounts, counts of %zu names, %zu charges and %zu refunds "
		 "still to be made", directory, name, l.accounts, l.counts, l.owed, l.refunds);
	if (l.bad > 0)
		log_warning("state file %s/%s: %zu entries make no sense and are left out",
			    directory, name, l.bad);
	kept_go_on(kept);
	return true;
}
