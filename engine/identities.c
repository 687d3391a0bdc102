#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "engine/identity.h"

/* A login with an identity; account NULL: its account has not come yet. */
struct row {
	UT_hash_handle hh;
	struct account *account; /* a reference */
	char login[];
};

struct identities {
	struct row *rows;
	size_t expected; /* rows whose account has not come */
	bool listed;
};

static struct row *find_row(const struct identities *t, const char *login)
{
	struct row *row;

	HASH_FIND_STR(t->rows, login, row);
	return row;
}

static struct row *add_row(struct identities *t, const char *login)
{
	struct row *row;

	if (HASH_COUNT(t->rows) >= IDENTITIES_MAX)
		return NULL;
	row = memory_zero(sizeof(*row) + strlen(login) + 1);
	strcpy(row->login, login);
	HASH_ADD_KEYPTR(hh, t->rows, row->login, strlen(row->login), row);
	t->expected++;
	return row;
}

static void drop_row(struct identities *t, struct row *row)
{
	HASH_DEL(t->rows, row);
	t->expected -= !row->account;
	account_unref(&row->account);
	free(row);
}

bool identities_learn(struct identities *t, const char *login, struct account *account)
{
	struct row *row = find_row(t, login);

	if (!account || !account->identity) {
		if (row)
			drop_row(t, row);
		return true;
	}
	if (!row && !(row = add_row(t, login)))
		return false;
	t->expected -= !row->account;
	account_unref(&row->account);
	row->account = account_ref(account);
	return true;
}

void identities_expect(struct identities *t, const char *login)
{
	if (!find_row(t, login))
		add_row(t, login);
}

void identities_listed(struct identities *t)
{
	t->listed = true;
}

void identities_give_up(struct identities *t, const char *login)
{
	struct row *row = find_row(t, login);

	if (row && !row->account)
		drop_row(t, row);
}

void identities_clear(struct identities *t)
{
	while (t->rows)
		drop_row(t, t->rows);
	t->listed = false;
}

bool identities_complete(const struct identities *t)
{
	return t->listed && t->expected == 0;
}

size_t identities_count(const struct identities *t)
{
	return HASH_COUNT(t->rows);
}

const struct account *identities_find(const struct identities *t, const struct request *request,
				      const char **login)
{
	const struct row *best = NULL;
	unsigned best_rank = 0;

	for (const struct row *row = t->rows; row; row = row->hh.next) {
		unsigned rank;

		if (!row->account ||
		    !identity_matches(row->account->identity, request, &rank) ||
		    rank < best_rank)
			continue;
		if (best && rank == best_rank && strcmp(row->login, best->login) > 0)
			continue;
		best = row;
		best_rank = rank;
	}
	if (!best)
		return NULL;
	*login = best->login;
	return best->account;
}

struct identities *identities_new(void)
{
	return memory_zero(sizeof(struct identities));
}

void identities_free(struct identities **identities)
{
	if (!*identities)
		return;
	identities_clear(*identities);
	free(*identities);
	*identities = NULL;
}
