/* take and refund: the two requests of a decision. */
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/clock.h"
#include "store/counter.h"
#include "store/internal.h"
#include "store/key.h"

static const struct {
	const char *name;
	enum take_status status;
} statuses[] = {
	{"done", TAKE_DONE},
	{"over", TAKE_OVER},
	{"repeated", TAKE_REPEATED},
	{"gone", TAKE_GONE},
};

struct taking {
	struct store *store;
	take_done *done;
	void *arg;
	size_t n_rows;
	bool knows; /* the account's version was sent: the answer need not be "stale" */
	char login[LOGIN_MAX + 1];
};

/* ---- answers ------------------------------------------------------------ */

static const struct redisReply *element(const struct redisReply *reply, size_t i, int type)
{
	if (i >= reply->elements || reply->element[i]->type != type)
		return NULL;
	return reply->element[i];
}

/* "stale" and the account there is: the cache learns it. */
static void learn_account(struct taking *t, const struct redisReply *reply,
			  struct take_answer *answer)
{
	const struct redisReply *record = element(reply, 1, REDIS_REPLY_STRING);

	if (!record)
		return;
	if (!kept_learn(t->store->kept, t->login, record->str, record->len, &answer->error)) {
		answer->status = TAKE_UNREADABLE;
		return;
	}
	answer->status = TAKE_STALE;
	answer->error = NULL;
}

/* The elements before those of the rows, and for each row. */
#define ANSWER_HEAD 3
#define ANSWER_ROW 4

/* Lua's numbers are exact up to here; beyond it an answer is not the script's,
 * and sums with it might not fit. */
#define INTEGER_MAX (1LL << 53)

static const struct redisReply *integer_element(const struct redisReply *reply, size_t i)
{
	const struct redisReply *integer = element(reply, i, REDIS_REPLY_INTEGER);

	if (integer && (integer->integer < -INTEGER_MAX || integer->integer > INTEGER_MAX))
		return NULL;
	return integer;
}

static bool read_integers(const struct redisReply *reply, size_t at, size_t n, int64_t *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct redisReply *integer = integer_element(reply, at + i);

		if (!integer)
			return false;
		out[i] = integer->integer;
	}
	return true;
}

static bool read_rows(const struct taking *t, const struct redisReply *reply,
		      struct take_answer *answer)
{
	int64_t row[ANSWER_ROW];

	for (size_t i = 0; i < t->n_rows; i++) {
		if (!read_integers(reply, ANSWER_HEAD + ANSWER_ROW * i, ANSWER_ROW, row))
			return false;
		answer->rows[i] = (struct take_row_answer){
			.used = row[0],
			.retry_after_ms = row[1],
			.limit = row[2],
			.mark = (int)row[3],
		};
	}
	return true;
}

static void set_clock(struct store *store, int64_t now_ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	store->clock_offset_ms = now_ms - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* Leaves the answer TAKE_UNAVAILABLE when it makes no sense. */
static void read_answer(struct taking *t, const struct redisReply *reply,
			struct take_answer *answer)
{
	const struct redisReply *status = element(reply, 0, REDIS_REPLY_STRING);
	const struct redisReply *now = integer_element(reply, 1);
	const struct redisReply *seen = integer_element(reply, 2);

	answer->error = "an answer of take that makes no sense";
	if (status && strcmp(status->str, "stale") == 0)
		learn_account(t, reply, answer);
	/* Our clock was in another calendar period; it is right from here on. */
	if (status && now && strcmp(status->str, "clock") == 0) {
		set_clock(t->store, now->integer);
		answer->status = TAKE_STALE;
		answer->error = NULL;
	}
	if (!t->knows || !status || !now || !seen || !read_rows(t, reply, answer))
		return;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (strcmp(status->str, statuses[i].name) == 0) {
			answer->status = statuses[i].status;
			answer->now_ms = now->integer;
			answer->seen = seen->integer != 0;
			answer->error = NULL;
			set_clock(t->store, answer->now_ms);
		}
	}
}

/* Full, without the right to run scripts, or no Redis at all: the breaker does
 * not open for that, as asking something else may do. */
static void tell_refusal(struct store *store, const char *error)
{
	int64_t now_ms = clock_ms();

	if (store->refusal_told_ms && now_ms - store->refusal_told_ms < REFUSAL_EVERY_MS)
		return;
	store->refusal_told_ms = now_ms;
	log_warning("redis answers, but not to what it is asked: %s (said once a minute)", error);
}

static void on_take(enum link_result result, struct redisReply *reply, const char *error,
		    void *arg)
{
	struct taking *t = arg;
	struct take_answer answer = {.status = TAKE_UNAVAILABLE, .error = error};

	switch (store_result_of(result, reply, REDIS_REPLY_ARRAY, &answer.error)) {
	case STORE_OK:
		read_answer(t, reply, &answer);
		break;
	case STORE_UNCERTAIN:
		answer.status = TAKE_UNCERTAIN;
		break;
	default:
		break;
	}
	if (result == LINK_OK && answer.status == TAKE_UNAVAILABLE)
		tell_refusal(t->store, answer.error);
	t->done(&answer, t->arg);
	free(t);
}

/* ---- take --------------------------------------------------------------- */

static void add_row(struct command *command, const struct take_row *row)
{
	command_add(command, row->ramp ? "r" : counter_kind(&row->quota));
	command_add(command, counter_unit(row->quota.unit));
	command_add_int(command, counter_window(&row->quota));
	command_add_int(command, row->amount);
	command_add_int(command, row->quota.limit);
	command_add(command, row->enforce ? "1" : "0");
	if (row->ramp) {
		command_add_int(command, row->ramp->factor_permille);
		command_add_int(command, row->ramp->every_s);
		command_add_int(command, row->ramp->until);
	} else if (row->quota.kind == QUOTA_CALENDAR) {
		command_add_int(command, row->start_s);
		command_add_int(command, row->end_s);
	}
}

/* A message key is node/queue-id, and behind "#" the message's token: the
 * first names the redis key, the second goes with the time to remember it. */
static bool message_of(const struct store *store, enum take_scope scope, const char *name,
		       const char *message_key, char out[KEY_MAX])
{
	char message[MESSAGE_KEY_MAX + 1];

	snprintf(message, sizeof(message), "%.*s", (int)strcspn(message_key, "#"), message_key);
	return key_message(store_prefix(store), scope, name, message, out);
}

static void add_remembering(struct command *command, int64_t kept_s, const char *message_key)
{
	const char *token = message_key ? strchr(message_key, '#') : NULL;
	char text[64];

	snprintf(text, sizeof(text), "%lld%s%.*s", (long long)kept_s, token ? " " : "",
		 MESSAGE_TOKEN_LENGTH, token ? token + 1 : "");
	command_add(command, text);
}

static bool take_command(const struct store *store, const struct take *take,
			 struct command *command)
{
	char account[KEY_MAX], counters[KEY_MAX], message[KEY_MAX];
	const char *prefix = store_prefix(store);

	if (!key_account(prefix, take->scope, take->name, account) ||
	    !key_counters(prefix, take->scope, take->name, counters) ||
	    (take->message_key &&
	     !message_of(store, take->scope, take->name, take->message_key, message)))
		return false;
	script_command(command, SCRIPT_TAKE, take->message_key ? 3 : 2);
	command_add_key(command, account);
	command_add_key(command, counters);
	if (take->message_key)
		command_add_key(command, message);
	command_add(command, take->version ? take->version : "?");
	add_remembering(command, MESSAGE_REMEMBERED_S, take->message_key);
	for (size_t i = 0; i < take->n_rows; i++)
		add_row(command, &take->rows[i]);
	/* The same message key is charged once. */
	command->repeatable = true;
	return true;
}

void store_take(struct store *store, const struct take *take, take_done *done, void *arg)
{
	struct command command;
	struct taking *t;

	if (!take_command(store, take, &command)) {
		done(&(struct take_answer){.status = TAKE_UNAVAILABLE,
					   .error = "login or queue id is too long"},
		     arg);
		return;
	}
	t = memory_alloc(sizeof(*t));
	t->store = store;
	t->done = done;
	t->arg = arg;
	t->n_rows = take->n_rows;
	t->knows = take->version != NULL;
	strcpy(t->login, take->name);
	store_send(store, &command, on_take, t);
}

/* ---- refund ------------------------------------------------------------- */

struct refunding {
	struct store *store;
	struct refund *refund;
	store_done *done; /* may be NULL */
	void *arg;
};

static void keep_for_later(struct store *store, struct refund *refund, const char *error)
{
	const struct timeval soon = {.tv_sec = REFUND_RETRY_S};

	if (store->refunds_waiting >= REFUNDS_WAITING_MAX ||
	    ++refund->tries >= REFUND_TRIES_MAX) {
		log_warning("refund of message %s is lost: %s", refund->message_key, error);
		free(refund);
		return;
	}
	event_add(store->refund_timer, &soon);
	STAILQ_INSERT_TAIL(&store->refunds, refund, next);
	store->refunds_waiting++;
}

/* Refunding twice is refunding once, so a lost answer is no trouble. */
static void on_refund(enum link_result result, struct redisReply *reply, const char *error,
		      void *arg)
{
	struct refunding *r = arg;
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);

	if (outcome == STORE_OK)
		free(r->refund);
	else
		keep_for_later(r->store, r->refund, error);
	if (r->done)
		r->done(outcome, error, r->arg);
	free(r);
}

/* Takes refund over. */
static void send_refund(struct store *store, struct refund *refund, store_done *done, void *arg)
{
	char counters[KEY_MAX], message[KEY_MAX];
	const struct charge *charge = &refund->charge;
	struct command command;
	struct refunding *r;

	if (!key_counters(store_prefix(store), charge->scope, charge->name, counters) ||
	    !message_of(store, charge->scope, charge->name, refund->message_key, message)) {
		free(refund);
		if (done)
			done(STORE_BAD, "login or queue id is too long", arg);
		return;
	}
	script_command(&command, SCRIPT_REFUND, 2);
	command_add_key(&command, counters);
	command_add_key(&command, message);
	add_remembering(&command, refund->forget ? 0 : MESSAGE_REMEMBERED_S,
			refund->message_key);
	command.repeatable = true;

	r = memory_alloc(sizeof(*r));
	r->store = store;
	r->refund = refund;
	r->done = done;
	r->arg = arg;
	store_send(store, &command, on_refund, r);
}

void store_refund(struct store *store, const struct charge *charge, const char *message_key,
		  bool forget, store_done *done, void *arg)
{
	struct refund *refund;

	if (replay_take_back(store, charge, message_key)) {
		if (done)
			done(STORE_OK, NULL, arg);
		return;
	}
	refund = memory_zero(sizeof(*refund));
	refund->charge = *charge;
	snprintf(refund->message_key, sizeof(refund->message_key), "%s", message_key);
	refund->forget = forget;
	send_refund(store, refund, done, arg);
}

void store_send_refunds(struct store *store)
{
	/* What cannot be sent goes to the end of the list again. */
	for (int64_t n = store->refunds_waiting; n > 0; n--) {
		struct refund *refund = STAILQ_FIRST(&store->refunds);

		STAILQ_REMOVE_HEAD(&store->refunds, next);
		store->refunds_waiting--;
		send_refund(store, refund, NULL, NULL);
	}
}
