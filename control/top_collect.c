/* All logins that have sent, or were refused, page after page, and of each how much. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/attempts_view.h"
#include "control/names.h"
#include "control/top.h"
#include "store/attempts.h"
#include "store/counted.h"
#include "store/sent.h"

/* Logins that the store is asked about at once. */
#define AHEAD 64

struct walk;

/* One login, while it is looked at. */
struct slot {
	struct walk *walk;
	char *login; /* owned; NULL: free */
	enum account_state state;
	struct look look;
};

struct walk {
	struct top *top;
	struct wait *wait;
	struct names page, failed;
	size_t n_failed;	  /* in all pages */
	char why[WAIT_ERROR_MAX]; /* of the last one */
	bool more;		  /* pages */
	size_t running;
	bool woken; /* one has ended */
	struct slot slots[AHEAD];
};

/* ---- one login ------------------------------------------------------------ */

static void end_login(struct slot *slot)
{
	look_fini(&slot->look);
	free(slot->login);
	slot->login = NULL;
	slot->walk->running--;
	slot->walk->woken = true;
}

static void fail_login(struct slot *slot, const char *why)
{
	snprintf(slot->walk->why, sizeof(slot->walk->why), "%s", why ? why : "no answer");
	names_add(&slot->walk->failed, slot->login);
	end_login(slot);
}

static void on_look(bool ok, void *arg)
{
	struct slot *slot = arg;
	struct top *top = slot->walk->top;
	const struct look *look = &slot->look;
	const struct look_row *row;
	bool counted;

	if (!ok) {
		fail_login(slot, look->error);
		return;
	}
	row = top_choice_row(&top->choice, look, &counted);
	if (!counted)
		top->left_out = true;
	if (row)
		top_list_add(&top->list, &(struct top_entry){ .login = slot->login,
							      .state = look->effective.state,
							      .mode = look->mode,
							      .row = *row,
							      .now_ms = look->now_ms });
	end_login(slot);
}

static void on_attempts(enum store_result result, const char *record, size_t len,
			const char *error, void *arg)
{
	struct slot *slot = arg;
	struct top_entry entry = {
		.login = slot->login,
		.state = slot->state,
		.now_ms = wait_now_s(slot->walk->wait) * 1000,
	};

	if (result != STORE_OK && result != STORE_NOT_FOUND) {
		fail_login(slot, error);
		return;
	}
	if (result == STORE_OK)
		attempts_read(record, len, entry.now_ms / 1000, &entry.attempts);
	if (attempts_mostly(&entry.attempts) >= 0)
		top_list_add(&slot->walk->top->list, &entry);
	end_login(slot);
}

/* Of the login as it is served now. */
static void look_at_account(struct slot *slot, struct account *account)
{
	const struct top_choice *choice = &slot->walk->top->choice;
	struct wait *wait = slot->walk->wait;
	struct effective effective;

	effective_resolve(wait_config(wait), account, slot->login, wait_now_s(wait), &effective);
	slot->state = effective.state;
	if (choice->plan && effective.plan != choice->plan)
		end_login(slot);
	else if (choice->by == TOP_BY_ATTEMPTS)
		store_attempts_get(wait_store(wait), slot->login, on_attempts, slot);
	else
		look_start(wait, slot->login, account, &slot->look, on_look, slot);
}

static void on_account(enum store_result result, const char *record, size_t len, const char *error,
		       void *arg)
{
	struct slot *slot = arg;
	struct account *account = NULL;
	const char *reason = error;
	bool ok = result == STORE_OK || result == STORE_NOT_FOUND;

	if (result == STORE_OK) {
		account = account_decode(record, len, &reason);
		ok = account != NULL;
	}
	if (ok)
		look_at_account(slot, account);
	else
		fail_login(slot, reason);
	account_unref(&account);
}

static void start_login(struct walk *walk, const char *login)
{
	struct slot *slot = walk->slots;

	while (slot->login)
		slot++;
	slot->walk = walk;
	slot->login = memory_strdup(login);
	slot->look.account = NULL;
	walk->running++;
	store_account_get(wait_store(walk->wait), slot->login, on_account, slot);
}

/* ---- all of them ---------------------------------------------------------- */

static void look_at_all(struct walk *walk, const struct names *names)
{
	for (size_t next = 0; next < names->n || walk->running > 0;) {
		walk->woken = false;
		while (next < names->n && walk->running < AHEAD)
			start_login(walk, names->list[next++]);
		if (walk->running > 0)
			wait_until(walk->wait, &walk->woken);
	}
}

static void say_unreadable(struct top *top, const char *login, const char *why)
{
	for (size_t i = 0; i < top->n_unreadable; i++)
		if (strcmp(top->unreadable[i], login) == 0)
			return;
	if (top->n_unreadable == TOP_UNREADABLE_MAX)
		return;
	top->unreadable[top->n_unreadable++] = memory_strdup(login);
	control_note("%s: %s; it is left out", login, why);
}

/* Is it the login, or is the store away? */
static bool store_is_there(struct walk *walk, const char *login, char error[WAIT_ERROR_MAX])
{
	struct answer answer;
	enum store_result result = wait_account_get(walk->wait, login, &answer);

	if (result == STORE_UNAVAILABLE || result == STORE_UNCERTAIN)
		snprintf(error, WAIT_ERROR_MAX, "%s", answer.error);
	answer_fini(&answer);
	return result != STORE_UNAVAILABLE && result != STORE_UNCERTAIN;
}

/* Once more, by itself. False with the error when it is not the login's fault. */
static bool look_again_at(struct walk *walk, char *login, char error[WAIT_ERROR_MAX])
{
	const struct names one = { .list = &login, .n = 1 };

	if (!store_is_there(walk, login, error))
		return false;
	look_at_all(walk, &one);
	if (walk->failed.n == 0)
		return true;
	names_clear(&walk->failed);
	if (!store_is_there(walk, login, error))
		return false;
	say_unreadable(walk->top, login, walk->why);
	if (++walk->n_failed <= TOP_UNREADABLE_MAX)
		return true;
	snprintf(error, WAIT_ERROR_MAX, "more than %d logins cannot be read", TOP_UNREADABLE_MAX);
	return false;
}

/* Those of a page that could not be read. */
static bool look_again(struct walk *walk, char error[WAIT_ERROR_MAX])
{
	struct names again = walk->failed;
	bool ok = true;

	walk->failed = (struct names){ 0 };
	for (size_t i = 0; ok && i < again.n; i++)
		ok = look_again_at(walk, again.list[i], error);
	names_fini(&again);
	return ok;
}

struct paging {
	struct answer answer; /* first, see answer_done() */
	struct walk *walk;
};

static void on_login(const char *login, void *arg)
{
	struct paging *paging = arg;

	if (top_choice_has_domain(&paging->walk->top->choice, login))
		names_add(&paging->walk->page, login);
}

static void on_page(enum store_result result, bool more, const char *error, void *arg)
{
	struct paging *paging = arg;

	paging->walk->more = more;
	answer_done(result, error, arg);
}

static bool next_page(struct walk *walk, struct counted *counted, char error[WAIT_ERROR_MAX])
{
	struct paging paging = { .walk = walk };

	names_clear(&walk->page);
	answer_init(&paging.answer, walk->wait);
	counted_next(counted, on_login, on_page, &paging);
	wait_until(walk->wait, &paging.answer.done);
	if (paging.answer.result == STORE_OK)
		return true;
	snprintf(error, WAIT_ERROR_MAX, "%s", paging.answer.error);
	return false;
}

static bool walk_all(struct walk *walk, char error[WAIT_ERROR_MAX])
{
	bool sent = walk->top->choice.by != TOP_BY_ATTEMPTS, ok;
	struct counted *counted =
		counted_new(wait_store(walk->wait), sent ? COUNTED_SENT : COUNTED_REFUSED);

	do {
		ok = next_page(walk, counted, error);
		if (ok)
			look_at_all(walk, &walk->page);
		ok = ok && look_again(walk, error);
	} while (ok && walk->more);
	counted_free(&counted);
	if (ok && walk->top->list.n == 0 && walk->n_failed > 0) {
		snprintf(error, WAIT_ERROR_MAX, "no login that has %s can be read",
			 sent ? "sent" : "been refused");
		ok = false;
	}
	return ok;
}

/* ---- the last messages ---------------------------------------------------- */

struct last {
	struct answer answer; /* first, see answer_done() */
	struct top_entry *entry;
};

static void on_message(const struct sent_message *message, void *arg)
{
	struct last *last = arg;

	last->entry->last_ms = message->time_ms;
}

/* Of those in the list; that is not known where it cannot be read. */
static void find_last(struct top *top, struct wait *wait)
{
	struct last *lasts = memory_zero(AHEAD * sizeof(*lasts));
	struct top_list *list = &top->list;

	for (size_t done = 0; done < list->n; done += AHEAD) {
		size_t n = list->n - done < AHEAD ? list->n - done : AHEAD;

		for (size_t i = 0; i < n; i++) {
			lasts[i].entry = list->entries[done + i];
			answer_init(&lasts[i].answer, wait);
			store_sent_last(wait_store(wait), lasts[i].entry->login, on_message,
					answer_done, &lasts[i]);
		}
		for (size_t i = 0; i < n; i++)
			wait_until(wait, &lasts[i].answer.done);
	}
	free(lasts);
}

bool top_collect(struct top *top, char error[WAIT_ERROR_MAX])
{
	struct walk *walk = memory_zero(sizeof(*walk));
	bool ok;

	top_list_clear(&top->list);
	top->list.by = top->choice.by;
	top->list.max = top->choice.number;
	top->left_out = false;
	walk->top = top;
	walk->wait = top->control->wait;
	/* What ends at a time, and the present periods, are the store's. */
	wait_learn_clock(walk->wait);
	ok = walk_all(walk, error);
	if (ok && top->choice.by != TOP_BY_ATTEMPTS && wait_config(walk->wait)->history > 0)
		find_last(top, walk->wait);
	names_fini(&walk->page);
	names_fini(&walk->failed);
	free(walk);
	return ok;
}

void top_fini(struct top *top)
{
	top_list_clear(&top->list);
	for (size_t i = 0; i < top->n_unreadable; i++)
		free(top->unreadable[i]);
	top->n_unreadable = 0;
}
