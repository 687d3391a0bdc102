#include "store/attempts.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/attempt_tally.h"
#include "store/clock.h"
#include "store/deleted.h"
#include "store/internal.h"

/* What is due goes out in so many portions a second. */
#define PORTIONS 10
#define PORTION (ATTEMPTS_PER_S / PORTIONS)

/* That something was lost is said so often. */
#define LOST_EVERY_MS (60 * 1000)

struct attempts {
	struct store *store;
	struct attempt_tally *tally;
	struct event *timer;
	bool timer_set;
	int64_t lost, lost_told, lost_told_ms;
};

/* Attempts of a login on their way. */
struct sending {
	struct store *store;
	int64_t n;
};

static void tell_lost(struct attempts *attempts)
{
	attempts->lost_told = attempts->lost;
	attempts->lost_told_ms = clock_ms();
	log_warning("redis was away, refused it, or does not keep up: of %lld refusals it is "
		    "perhaps not counted that they were made; see `sendward doctor redis`",
		    (long long)attempts->lost);
}

/* So many are not counted, or perhaps not. */
static void lose(struct attempts *attempts, int64_t n)
{
	attempts->lost += n;
	if (!attempts->lost_told || clock_ms() - attempts->lost_told_ms >= LOST_EVERY_MS)
		tell_lost(attempts);
}

static void on_written(enum link_result result, struct redisReply *reply, const char *error,
		       void *arg)
{
	enum store_result outcome = store_result_of(result, reply, REDIS_REPLY_INTEGER, &error);
	struct sending *sending = arg;

	if (outcome != STORE_OK) {
		if (result == LINK_OK)
			store_tell_refusal(sending->store, error);
		lose(sending->store->attempts, sending->n);
	}
	free(sending);
}

static void write_login(struct attempts *attempts, const struct tallied *tallied)
{
	struct sending *sending;
	char key[KEY_MAX], counts[ATTEMPT_COUNTS_MAX];
	struct command command;

	if (!key_attempts(store_prefix(attempts->store), tallied->login, key)) {
		lose(attempts, tallied->n);
		return;
	}
	attempt_format_counts(&tallied->counts, counts);
	script_command(&command, SCRIPT_ATTEMPTS, 1);
	command_add_key(&command, key);
	command_add_int(&command, ATTEMPT_SLOT_S);
	command_add_int(&command, ATTEMPT_SLOTS);
	command_add_int(&command, ATTEMPTS_KEPT_S);
	command_add(&command, tallied->last);
	command_add(&command, counts);
	sending = memory_alloc(sizeof(*sending));
	*sending = (struct sending){ attempts->store, tallied->n };
	store_send(attempts->store, &command, on_written, sending);
}

static void on_asked(struct store *store, const char *login, enum deleted deleted, void *arg)
{
	struct tallied *tallied = arg;

	(void)login;
	if (deleted == DELETED_NOT)
		write_login(store->attempts, tallied);
	else if (deleted == DELETED_UNKNOWN)
		lose(store->attempts, tallied->n);
	free(tallied);
}

/* So many logins at most, of those that are due by then; those that may have been deleted when
 * that is known. */
static void write_due(struct attempts *attempts, int64_t now_ms, size_t most)
{
	struct tallied *tallied;

	while (most-- > 0 && (tallied = attempt_tally_take(attempts->tally, now_ms))) {
		if (deleted_unheard(attempts->store, tallied->due_ms - ATTEMPTS_COLLECT_MS)) {
			deleted_ask(attempts->store, tallied->login, tallied->first_s * 1000,
				    on_asked, tallied);
		} else {
			write_login(attempts, tallied);
			free(tallied);
		}
	}
}

static void set_timer(struct attempts *attempts)
{
	struct timeval portion = { .tv_usec = 1000000 / PORTIONS };

	if (attempts->timer_set || attempt_tally_logins(attempts->tally) == 0)
		return;
	attempts->timer_set = true;
	event_add(attempts->timer, &portion);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct attempts *attempts = arg;
	struct servers_stats stats;

	(void)fd;
	(void)what;
	attempts->timer_set = false;
	servers_stats(attempts->store->servers, &stats);
	if (stats.up)
		write_due(attempts, clock_ms(), PORTION);
	set_timer(attempts);
}

struct attempts *attempts_new(struct store *store)
{
	struct attempts *attempts = memory_zero(sizeof(*attempts));

	attempts->store = store;
	attempts->tally = attempt_tally_new();
	attempts->timer = evtimer_new(store->base, on_timer, attempts);
	return attempts;
}

void attempts_free(struct attempts **attempts)
{
	struct attempts *a = *attempts;

	if (!a)
		return;
	a->lost += attempt_tally_free(&a->tally);
	if (a->lost > a->lost_told)
		tell_lost(a);
	event_free(a->timer);
	free(a);
	*attempts = NULL;
}

void attempts_forget(struct attempts *attempts, const char *login)
{
	attempt_tally_forget(attempts->tally, login);
}

void attempts_write(struct attempts *attempts)
{
	write_due(attempts, INT64_MAX, ATTEMPT_TALLY_LOGINS_MAX);
}

void store_attempt(struct store *store, const char *login, const struct attempt *attempt)
{
	struct attempts *attempts = store->attempts;
	struct attempt kept = *attempt;

	if (!login[0])
		return;
	if (store->config->history == 0)
		kept.client = "";
	if (attempt_tally_add(attempts->tally, login, &kept, clock_ms() + ATTEMPTS_COLLECT_MS))
		set_timer(attempts);
	else
		lose(attempts, 1);
}

void store_attempts_get(struct store *store, const char *login, store_record_done *done, void *arg)
{
	char key[KEY_MAX];

	if (key_attempts(store_prefix(store), login, key))
		store_get(store, key, done, arg);
	else
		done(STORE_NOT_FOUND, NULL, 0, "no such login", arg);
}
