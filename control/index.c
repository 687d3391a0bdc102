#include "control/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/need.h"
#include "store/senders.h"

/* How often the store is asked when it does not answer in time; to put the same
 * in twice does no harm. */
#define INDEX_TRIES_MAX 8

/* A stamp as the store tells it: a number with at most 16 digits. */
#define STAMP_TEXT_MAX 32

struct spot {
	struct place place;
	char stamp[STAMP_TEXT_MAX]; /* of one to be taken out; "": it is not there */
	struct index *index;
};

struct spots {
	struct spot *list;
	size_t n, room;
};

struct index {
	struct wait *wait;
	char *login;
	struct spots stale;
	size_t waiting;		  /* answers that have not come */
	bool done;		  /* none is waiting */
	enum store_result result; /* STORE_OK, or the first that was none */
	char *error;		  /* WAIT_ERROR_MAX, the caller's */
};

/* ---- places ------------------------------------------------------------------ */

static void add_spot(const struct place *place, void *arg)
{
	struct spots *spots = arg;

	if (spots->n == spots->room) {
		spots->room = spots->room ? 2 * spots->room : 8;
		spots->list = need_room(spots->list, spots->room, sizeof(*spots->list));
	}
	spots->list[spots->n++] = (struct spot){ .place = *place };
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = &((const struct spot *)a)->place;
	const struct place *y = &((const struct spot *)b)->place;
	int order = strcmp(x->domain, y->domain);

	return order ? order : strcmp(x->local, y->local);
}

/* Sorted, none twice. */
static struct spots spots_of(const struct account *account, const char *login)
{
	struct spots spots = { 0 };
	size_t kept = 0;

	if (account)
		place_of_account(account, login, add_spot, &spots);
	if (spots.n == 0)
		return spots;
	qsort(spots.list, spots.n, sizeof(*spots.list), by_place);
	for (size_t i = 1; i < spots.n; i++)
		if (by_place(&spots.list[kept], &spots.list[i]) != 0)
			spots.list[++kept] = spots.list[i];
	spots.n = kept + 1;
	return spots;
}

/* Takes out of a what is in b. */
static void subtract(struct spots *a, const struct spots *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++)
		if (b->n == 0 || !bsearch(&a->list[i], b->list, b->n, sizeof(*b->list), by_place))
			a->list[kept++] = a->list[i];
	a->n = kept;
}

/* ---- asking --------------------------------------------------------------------- */

static void asked(struct index *index)
{
	index->waiting++;
	index->done = false;
}

static void answered(struct index *index, enum store_result result, const char *error)
{
	if (result != STORE_OK && result != STORE_NOT_FOUND && index->result == STORE_OK) {
		index->result = result;
		if (index->error)
			wait_error(wait_config(index->wait), error, index->error);
	}
	index->done = --index->waiting == 0;
}

static void on_done(enum store_result result, const char *error, void *arg)
{
	answered(arg, result, error);
}

static void on_stamp(enum store_result result, const char *record, size_t len, const char *error,
		     void *arg)
{
	struct spot *spot = arg;

	(void)len;
	if (result == STORE_OK)
		snprintf(spot->stamp, sizeof(spot->stamp), "%s", record);
	answered(spot->index, result, error);
}

static void put(struct index *index, const struct spots *fresh)
{
	int64_t stamp = store_senders_draw();

	for (size_t i = 0; i < fresh->n; i++) {
		asked(index);
		store_senders_put(wait_store(index->wait), &fresh->list[i].place, index->login,
				  stamp, on_done, index);
	}
}

static void ask_stamps(struct index *index)
{
	for (size_t i = 0; i < index->stale.n; i++) {
		struct spot *spot = &index->stale.list[i];

		spot->index = index;
		asked(index);
		store_senders_stamp(wait_store(index->wait), &spot->place, index->login, on_stamp,
				    spot);
	}
}

static void index_free(struct index **index)
{
	free((*index)->stale.list);
	free((*index)->login);
	free(*index);
	*index = NULL;
}

static bool is_away(enum store_result result)
{
	return result == STORE_UNAVAILABLE || result == STORE_UNCERTAIN;
}

/* True: all of it was answered. */
static bool prepare(struct index *index, const struct spots *fresh)
{
	for (int i = 0; i < INDEX_TRIES_MAX; i++) {
		index->result = STORE_OK;
		index->done = true;
		put(index, fresh);
		ask_stamps(index);
		wait_until(index->wait, &index->done);
		if (!is_away(index->result) || !wait_ready(index->wait, index->error))
			break;
	}
	return index->result == STORE_OK;
}

struct index *index_begin(struct wait *wait, const char *login, const struct account *before,
			  const struct account *after, char error[WAIT_ERROR_MAX])
{
	struct index *index = memory_zero(sizeof(*index));
	struct spots fresh = spots_of(after, login), old = spots_of(before, login);
	bool ready;

	index->wait = wait;
	index->login = memory_strdup(login);
	index->error = error;
	index->stale = spots_of(before, login);
	subtract(&index->stale, &fresh);
	subtract(&fresh, &old);
	ready = prepare(index, &fresh);
	free(fresh.list);
	free(old.list);
	index->error = NULL;
	if (!ready)
		index_free(&index);
	return index;
}

void index_end(struct index **index, bool written)
{
	struct index *x = *index;

	if (!x)
		return;
	for (size_t i = 0; written && i < x->stale.n; i++) {
		if (!*x->stale.list[i].stamp)
			continue;
		asked(x);
		store_senders_drop(wait_store(x->wait), &x->stale.list[i].place,
				   x->stale.list[i].stamp, on_done, x);
	}
	/* What is left there does no harm. */
	wait_until(x->wait, &x->done);
	index_free(index);
}
