/* take: the one question of a decision. What one pass of the event loop asks goes
 * to the server in one script, so that a busy daemon costs it less. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/internal.h"
#include "store/item.h"
#include "store/key.h"

/* One question, until it is answered. */
struct taking {
	STAILQ_ENTRY(taking) next;
	struct store *store;
	take_done *done;
	void *arg;
	bool knows; /* the account's version was sent: the answer need not be "stale" */
	bool alone; /* was asked in a script of its own */
	bool lent;  /* a lease may have charged it: it is asked alone */
	int lent_index; /* where it is told, lease_message_index() */
	bool again; /* it is asked once more, as a lease has gone back */
	int64_t asked_ms;
	char login[LOGIN_MAX + 1];
	char account[KEY_MAX], counters[KEY_MAX], message[KEY_MAX];
	size_t item_len;
	char item[ITEM_MAX];
	struct take take; /* its pointers are to what follows; ramps only tell that there is one */
	char version[ACCOUNT_VERSION_DIGITS + 1];
	struct take_row rows[TAKE_ROWS_MAX];
};

STAILQ_HEAD(takings, taking);

/* What went out together, in the order of its answers. */
struct batch {
	size_t n;
	struct taking *takings[COMMAND_TAKES_MAX];
};

/* ---- answers ------------------------------------------------------------ */

/* "stale" and the account there is: the cache learns it. */
static void learn_account(struct taking *t, const char *record, size_t len,
			  struct take_answer *answer)
{
	if (!kept_learn(t->store->kept, t->login, record, len, &answer->error)) {
		answer->status = TAKE_UNREADABLE;
		return;
	}
	answer->status = TAKE_STALE;
	answer->error = NULL;
}

/* Once for all the answers of a script, which have one time. */
static void set_clock(struct store *store, int64_t now_ms)
{
	struct timespec t;

	if (now_ms == store->server_ms)
		return;
	store->server_ms = now_ms;
	clock_gettime(CLOCK_REALTIME, &t);
	store->clock_offset_ms = now_ms - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* Full, without the right to run scripts, or no Redis at all: the breaker does
 * not open for that, as asking something else may do. */
void store_tell_refusal(struct store *store, const char *error)
{
	int64_t now_ms = clock_ms();

	if (store->refusal_told_ms && now_ms - store->refusal_told_ms < REFUSAL_EVERY_MS)
		return;
	store->refusal_told_ms = now_ms;
	log_warning("redis answers, but not to what it is asked: %s (said once a minute)", error);
}

static void finish(struct taking *t, const struct take_answer *answer)
{
	struct store *store = t->store;

	t->done(answer, t->arg);
	spares_give(&store->questions, t);
}

/* For the next decision, and the tests that come in the next moment. */
static void remember(struct taking *t, const struct take_answer *answer, int64_t now_ms)
{
	struct recent *recent = t->store->recent;
	const char *reason;

	if (t->take.guessed)
		kept_learn(t->store->kept, t->login, "", 0, &reason);

	if (recent && (answer->status == TAKE_DONE || answer->status == TAKE_REPEATED))
		recent_learn(recent, &t->take, answer, now_ms);
	else if (recent)
		recent_forget(recent, t->take.scope, t->take.name);
}

static void ask(struct store *store, struct batch *batch);

/* A server that cannot serve says so for each question of a script: asked
 * alone, servers_send() knows what to do about it. */
static void ask_alone(struct taking *t)
{
	struct batch *batch = memory_zero(sizeof(*batch));

	t->alone = true;
	batch->n = 1;
	batch->takings[0] = t;
	ask(t->store, batch);
}

/* It does not fit beside what this daemon has in advance: that has gone back, or is
 * going now. */
static bool is_worth_another(struct taking *t, enum item_kind kind,
			     const struct take_answer *answer)
{
	bool again = t->again;

	t->again = true;
	return kind == ITEM_COUNTED && answer->status == TAKE_OVER && !again &&
	       t->take.scope == SCOPE_LOGIN && borrow_return(t->store, t->login);
}

/* Leaves the answer TAKE_UNAVAILABLE when it makes no sense. */
static void on_item(struct taking *t, const struct redisReply *reply, int64_t now_ms)
{
	struct take_answer answer = { .status = TAKE_UNAVAILABLE };
	enum item_kind kind = ITEM_BAD;
	const char *text;
	size_t len;

	if (reply && reply->type == REDIS_REPLY_STRING)
		kind = item_read(reply->str, reply->len, &t->take, &answer, &text, &len);
	if (kind == ITEM_ERROR && !t->alone) {
		ask_alone(t);
		return;
	}
	if (kind == ITEM_BAD || kind == ITEM_ERROR || (kind == ITEM_COUNTED && !t->knows)) {
		answer.status = TAKE_UNAVAILABLE;
		answer.error = "an answer of take that makes no sense";
		store_tell_refusal(t->store, answer.error);
	} else if (kind == ITEM_STALE) {
		learn_account(t, text, len, &answer);
	} else if (is_worth_another(t, kind, &answer)) {
		ask_alone(t);
		return;
	} else {
		set_clock(t->store, answer.now_ms);
		/* Our clock was in another calendar period; it is right from here on. */
		if (kind == ITEM_CLOCK)
			answer.status = TAKE_STALE;
		else
			remember(t, &answer, now_ms);
		borrow_learn(t->store, &t->take, &answer);
	}
	finish(t, &answer);
}

static void on_answers(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	struct batch *batch = arg;
	struct take_answer answer = { .status = TAKE_UNAVAILABLE, .error = error };
	enum store_result outcome =
		store_result_of(result, reply, REDIS_REPLY_ARRAY, &answer.error);
	int64_t now_ms = clock_ms();

	if (outcome == STORE_UNCERTAIN)
		answer.status = TAKE_UNCERTAIN;
	if (result == LINK_OK && outcome != STORE_OK)
		store_tell_refusal(batch->takings[0]->store, answer.error);
	for (size_t i = 0; i < batch->n; i++) {
		if (outcome == STORE_OK)
			on_item(batch->takings[i],
				i < reply->elements ? reply->element[i] : NULL, now_ms);
		else
			finish(batch->takings[i], &answer);
	}
	free(batch);
}

/* ---- asking ------------------------------------------------------------- */

/* Its time runs since it was asked for. */
static void ask(struct store *store, struct batch *batch)
{
	bool lent = batch->takings[0]->lent;
	struct command command;

	script_command(&command, SCRIPT_TAKE, 3 * (int)batch->n + (lent ? BORROW_LENT_KEYS : 0));
	for (size_t i = 0; i < batch->n; i++)
		command_add_key(&command, batch->takings[i]->counters);
	for (size_t i = 0; i < batch->n; i++)
		command_add_key(&command, batch->takings[i]->message);
	for (size_t i = 0; i < batch->n; i++)
		command_add_key(&command, batch->takings[i]->account);
	if (lent)
		borrow_add_lent_keys(store, batch->takings[0]->login, batch->takings[0]->lent_index,
				     &command);
	command_add_int(&command, MESSAGE_REMEMBERED_S);
	for (size_t i = 0; i < batch->n; i++)
		command_add_bytes(&command, batch->takings[i]->item, batch->takings[i]->item_len);
	/* The same message key is charged once. */
	command.repeatable = true;
	servers_send(store->servers, &command, batch->takings[0]->asked_ms - clock_ms(), on_answers,
		     batch);
}

/* Of how many logins the keys may be in one script: in a cluster they are not on
 * one server. */
static size_t batch_max(const struct store *store)
{
	return store->config->redis.n_cluster > 0 ? 1 : COMMAND_TAKES_MAX;
}

void store_ask_takes(struct store *store)
{
	store->n_takings = 0;
	while (!STAILQ_EMPTY(&store->takings)) {
		struct batch *batch = memory_alloc(sizeof(*batch));
		struct taking *t;

		batch->n = 0;
		while (batch->n < batch_max(store) && (t = STAILQ_FIRST(&store->takings)) &&
		       (batch->n == 0 || !(t->lent || batch->takings[0]->lent))) {
			STAILQ_REMOVE_HEAD(&store->takings, next);
			batch->takings[batch->n++] = t;
		}
		ask(store, batch);
	}
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	store_ask_takes(arg);
}

void store_start_takes(struct store *store)
{
	STAILQ_INIT(&store->takings);
	store->take_event = event_new(store->base, -1, 0, on_flush, store);
}

void store_end_takes(struct store *store)
{
	store_ask_takes(store);
	event_free(store->take_event);
	store->take_event = NULL;
}

static bool find_keys(const struct store *store, const struct take *take, struct taking *t)
{
	const char *message = take->message_key ? take->message_key : "";

	return key_question(store_prefix(store), take->scope, take->name, message,
			    strcspn(message, "#"), t->account, t->counters, t->message);
}

static bool is_known(struct store *store, const struct take *take, struct take_answer *answer)
{
	if (!store->recent || take->decides || !recent_test(store->recent, take, clock_ms(), answer))
		return false;
	answer->now_ms = take->asked_ms;
	return true;
}

/* Those of one pass of the loop have the time of the first. */
static int64_t asked_at(const struct store *store)
{
	const struct taking *first = STAILQ_FIRST(&store->takings);

	return first ? first->asked_ms : clock_ms();
}

/* A copy of the question, for its answer. */
static void keep_question(struct taking *t, const struct take *take)
{
	t->take = *take;
	strcpy(t->login, take->name);
	t->take.name = t->login;
	/* Only whether there is one. */
	t->take.message_key = take->message_key ? t->message : NULL;
	t->version[0] = '\0';
	if (take->version)
		memcpy(t->version, take->version, strlen(take->version) + 1);
	t->take.version = t->version;
	if (take->n_rows > 0)
		memcpy(t->rows, take->rows, take->n_rows * sizeof(t->rows[0]));
	t->take.rows = t->rows;
}

static void mark_lent(struct taking *t, const char *message_key)
{
	const struct lease_message message = lease_message(message_key);

	t->lent_index = lease_message_index(&message);
	t->item_len = item_mark_lent(t->item, t->item_len, message.print.octets);
}

static const char shutting_down[] = "shutting down";

static void refuse(struct taking *t, const char *why)
{
	finish(t, &(struct take_answer){ .status = TAKE_UNAVAILABLE, .error = why });
}

/* Goes out in this pass of the loop. */
static void enqueue(struct taking *t)
{
	struct store *store = t->store;

	if (STAILQ_EMPTY(&store->takings))
		event_active(store->take_event, EV_TIMEOUT, 0);
	STAILQ_INSERT_TAIL(&store->takings, t, next);
	/* The server works on these while the rest of the pass is looked at. */
	if (++store->n_takings >= COMMAND_TAKES_MAX)
		store_ask_takes(store);
}

static void on_released(const char *error, void *arg)
{
	struct taking *t = arg;

	if (error)
		refuse(t, error);
	else if (!t->store->take_event)
		refuse(t, shutting_down);
	else
		enqueue(t);
}

void store_take(struct store *store, const struct take *take, take_done *done, void *arg)
{
	struct take_answer answer;
	struct taking *t;
	bool lent = false;

	if (is_known(store, take, &answer) || borrow_take(store, take, &answer, &lent)) {
		done(&answer, arg);
		return;
	}
	t = spares_take(&store->questions, sizeof(*t));
	t->store = store;
	t->done = done;
	t->arg = arg;
	if (!store->take_event) {
		refuse(t, shutting_down);
		return;
	}
	if (!find_keys(store, take, t)) {
		refuse(t, "login or queue id is too long");
		return;
	}
	t->knows = take->version != NULL;
	t->alone = false;
	t->lent = lent;
	t->again = false;
	t->asked_ms = asked_at(store);
	keep_question(t, take);
	t->item_len = item_format(take, t->item);
	if (lent)
		mark_lent(t, take->message_key);
	if (!lent || !borrow_hold(store, t->login, take->message_key, on_released, t))
		enqueue(t);
}
