/*
 * The counting, three times: store/take.lua in a real Redis, engine/window.c
 * in the fake store of the scenarios, and a list of everything that was
 * accepted. Random histories (history.h) with a clock of their own are told to
 * all three; every answer is compared, and held against the promise
 * (HACKING.md, "Counting"):
 *
 *	never too many	in any interval as long as the window, or in the
 *			calendar period, what was accepted is within the limit
 *	not too strict	nothing is refused that an exact window one slot
 *			longer, or the period, would accept
 *
 * SENDWARD_OPERATIONS=N plays so many operations instead of 200000;
 * SENDWARD_SEED=N begins with the history of that seed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "engine/window.h"
#include "tests/scenario/fake_store.h"
#include "tests/store/history.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define OPERATIONS 200000

static struct rig rig;

static bool is_take(const struct operation *o)
{
	return o->kind == OPERATION_TEST || o->kind == OPERATION_CHARGE;
}

static struct take make_take(const struct history *h, const struct operation *o, const char *login,
			     int64_t clock_us, struct take_row rows[HISTORY_ROWS], char key[40])
{
	for (size_t i = 0; i < h->n_rows; i++) {
		const struct quota *quota = &h->rows[i].quota;

		rows[i] = (struct take_row){ .quota = *quota,
					     .amount = o->amounts[quota->unit],
					     .enforce = h->rows[i].enforce };
		rows[i].quota.limit = o->limits[i];
		if (quota->kind == QUOTA_CALENDAR)
			calendar_period(quota->calendar, quota->zone, clock_us / 1000000,
					&rows[i].start_s, &rows[i].end_s);
	}
	snprintf(key, 40, "mx1/%d", o->message);
	return (struct take){ .name = login,
			      .message_key = o->kind == OPERATION_CHARGE ? key : NULL,
			      .version = "",
			      .rows = rows,
			      .n_rows = h->n_rows };
}

/* ---- in Redis ----------------------------------------------------------- */

struct answers {
	size_t asked, answered;
	bool done;
	const char *failed; /* static */
	struct take_answer of[HISTORY_OPERATIONS];
};

/* Which operation an answer belongs to. */
struct slot {
	struct answers *answers;
	size_t i;
};

static void count_answer(struct answers *a)
{
	a->done = ++a->answered == a->asked;
}

static void on_take(const struct take_answer *answer, void *arg)
{
	const struct slot *s = arg;

	s->answers->of[s->i] = *answer;
	if (answer->error) {
		fprintf(stderr, "take: %s\n", answer->error);
		s->answers->failed = "Redis does not answer";
	}
	count_answer(s->answers);
}

static void on_done(enum store_result result, const char *error, void *arg)
{
	struct answers *a = arg;

	if (result != STORE_OK && result != STORE_NOT_FOUND) {
		fprintf(stderr, "refund or reset: %s\n", error);
		a->failed = "Redis does not answer";
	}
	count_answer(a);
}

/* What the clock will show to each take. */
static void wind_clock(const struct history *h)
{
	static char command[HISTORY_OPERATIONS * 20 + 20];
	int64_t clock_us = HISTORY_START_US;
	size_t len = (size_t)sprintf(command, "RPUSH clock");

	redis_do(rig.redis, "DEL clock");
	for (size_t i = 0; i < h->n; i++) {
		clock_us += h->operations[i].wait_us + h->operations[i].jump_us;
		if (is_take(&h->operations[i]))
			len += (size_t)sprintf(command + len, " %" PRId64, clock_us);
	}
	if (len > strlen("RPUSH clock"))
		redis_do(rig.redis, command);
}

static void play_redis(const struct history *h, struct answers *a)
{
	static struct slot slots[HISTORY_OPERATIONS];
	static int64_t logins;
	struct take_row rows[HISTORY_ROWS];
	struct charge charge = { .scope = SCOPE_LOGIN };
	char *login = charge.name, key[40];
	int64_t clock_us = HISTORY_START_US;

	memset(a, 0, sizeof(*a));
	a->asked = h->n;
	wind_clock(h);
	snprintf(login, sizeof(charge.name), "login%" PRId64, ++logins);
	for (size_t i = 0; i < h->n; i++) {
		const struct operation *o = &h->operations[i];
		struct take take;

		clock_us += o->wait_us + o->jump_us;
		take = make_take(h, o, login, clock_us, rows, key);
		slots[i] = (struct slot){ a, i };
		if (is_take(o))
			store_take(rig.store, &take, on_take, &slots[i]);
		else if (o->kind == OPERATION_REFUND)
			store_refund(rig.store, &charge, key, false, on_done, a);
		else
			store_reset(rig.store, SCOPE_LOGIN, login, NULL, on_done, a);
	}
	rig_wait(&rig, &a->done);
}

/* ---- in C --------------------------------------------------------------- */

static void keep_answer(const struct take_answer *answer, void *arg)
{
	*(struct take_answer *)arg = *answer;
}

static void play_model(struct fake_store *model, const struct history *h, const struct operation *o,
		       int64_t clock_us, struct take_answer *answer)
{
	const struct decision_env *env = fake_store_env(model);
	struct take_row rows[HISTORY_ROWS];
	char key[40];
	const struct take take = make_take(h, o, "login", clock_us, rows, key);

	if (is_take(o))
		env->take(env->ctx, &take, keep_answer, answer);
	else if (o->kind == OPERATION_REFUND)
		fake_store_refund(model, &(struct charge){ .name = "login" }, key, false);
	else
		fake_store_reset(model, "login");
}

static const char *compare(const struct history *h, const struct take_answer *redis,
			   const struct take_answer *model)
{
	if (redis->now_ms != model->now_ms)
		return "the clocks differ";
	if (redis->status != model->status)
		return "the statuses differ";
	for (size_t i = 0; i < h->n_rows; i++) {
		if (redis->rows[i].used != model->rows[i].used)
			return "what is used differs";
		if (redis->rows[i].retry_after_ms != model->rows[i].retry_after_ms)
			return "the retry times differ";
		if (redis->rows[i].limit != model->rows[i].limit)
			return "the limits differ";
	}
	return NULL;
}

/* ---- the exact log ------------------------------------------------------ */

struct accepted {
	int64_t time_us; /* that has really passed */
	int message;
	bool gone; /* refunded or reset */
	int64_t amounts[QUOTA_UNITS];
};

struct exact {
	size_t n;
	struct accepted list[HISTORY_OPERATIONS];
};

/* Accepted less than or exactly so long ago. */
static int64_t exact_sum(const struct exact *e, enum quota_unit unit, int64_t now_us,
			 int64_t length_us)
{
	int64_t sum = 0;

	for (size_t i = 0; i < e->n; i++)
		if (!e->list[i].gone && now_us - e->list[i].time_us <= length_us)
			sum += e->list[i].amounts[unit];
	return sum;
}

static void exact_forget(struct exact *e, const struct operation *o)
{
	for (size_t i = 0; i < e->n; i++)
		if (o->kind == OPERATION_RESET || e->list[i].message == o->message)
			e->list[i].gone = true;
}

/* How far back the row's quota must count, and how far it may. A calendar
 * period is exact. */
static void reach(const struct quota *quota, int64_t clock_us, int64_t *must_us, int64_t *may_us)
{
	int64_t start_s, end_s;

	if (quota->kind != QUOTA_CALENDAR) {
		*must_us = (int64_t)quota->window_s * 1000000;
		*may_us = window_slot_ms(quota->window_s) * 1000 * (WINDOW_SLOTS + 1) - 1;
		return;
	}
	calendar_period(quota->calendar, quota->zone, clock_us / 1000000, &start_s, &end_s);
	*must_us = *may_us = clock_us - start_s * 1000000;
}

static bool is_over(const struct exact *e, const struct operation *o, size_t row,
		    enum quota_unit unit, int64_t now_us, int64_t length_us)
{
	return o->limits[row] != QUOTA_UNLIMITED &&
	       exact_sum(e, unit, now_us, length_us) + o->amounts[unit] > o->limits[row];
}

/* Calendar periods are those of the clock, whatever it does. */
static const char *never_too_many(const struct history *h, const struct operation *o,
				  const struct exact *e, int64_t now_us, int64_t clock_us)
{
	for (size_t i = 0; i < h->n_rows; i++) {
		const struct quota *quota = &h->rows[i].quota;
		int64_t must_us, may_us;

		reach(quota, clock_us, &must_us, &may_us);
		if (h->rows[i].enforce &&
		    (quota->kind != QUOTA_CALENDAR || h->faults == CLOCK_STEADY) &&
		    is_over(e, o, i, quota->unit, now_us, must_us))
			return "too many in one window";
	}
	return NULL;
}

/* One row at least must be over in a window that is a slot longer. */
static const char *not_too_strict(const struct history *h, const struct operation *o,
				  const struct exact *e, int64_t now_us, int64_t clock_us)
{
	for (size_t i = 0; i < h->n_rows; i++) {
		const struct quota *quota = &h->rows[i].quota;
		int64_t must_us, may_us;

		reach(quota, clock_us, &must_us, &may_us);
		if (h->rows[i].enforce && is_over(e, o, i, quota->unit, now_us, may_us))
			return NULL;
	}
	return "refused what a window one slot longer would accept";
}

static const char *hold_to_promise(const struct history *h, const struct operation *o,
				   struct exact *e, int64_t now_us, int64_t clock_us,
				   const struct take_answer *answer)
{
	const char *wrong = NULL;

	if (!is_take(o)) {
		exact_forget(e, o);
		return NULL;
	}
	if (answer->status == TAKE_DONE && h->faults != CLOCK_WILD)
		wrong = never_too_many(h, o, e, now_us, clock_us);
	if (answer->status == TAKE_OVER && h->faults == CLOCK_STEADY)
		wrong = not_too_strict(h, o, e, now_us, clock_us);
	if (answer->status == TAKE_DONE && o->kind == OPERATION_CHARGE) {
		struct accepted *a = &e->list[e->n++];

		*a = (struct accepted){ .time_us = now_us, .message = o->message };
		memcpy(a->amounts, o->amounts, sizeof(a->amounts));
	}
	return wrong;
}

/* ---- a history ---------------------------------------------------------- */

/* NULL when all agree; *at is the operation where they do not. */
static const char *play(const struct history *h, size_t *at)
{
	static struct answers answers;
	struct fake_store *model = fake_store_new(HISTORY_START_US / 1000);
	struct exact exact = { .n = 0 };
	int64_t clock_us = HISTORY_START_US, time_us = 0;
	const char *wrong;

	play_redis(h, &answers);
	wrong = answers.failed;
	fake_store_remember(model, INT64_MAX / 2);
	for (*at = 0; !wrong && *at < h->n; ++*at) {
		const struct operation *o = &h->operations[*at];
		const struct take_answer *redis = &answers.of[*at];
		struct take_answer answer;

		time_us += o->wait_us;
		clock_us += o->wait_us + o->jump_us;
		fake_store_move_clock(model, clock_us / 1000 - fake_store_now_ms(model));
		play_model(model, h, o, clock_us, &answer);
		wrong = is_take(o) ? compare(h, redis, &answer) : NULL;
		if (!wrong)
			wrong = hold_to_promise(h, o, &exact, time_us, clock_us, redis);
		if (wrong)
			break;
	}
	fake_store_free(&model);
	return wrong;
}

/* Leaves out whatever is not needed to fail. */
static const char *shrink(struct history *h)
{
	struct history smaller;
	const char *wrong, *still;
	bool shorter = true;
	size_t at;

	wrong = play(h, &at);
	if (!wrong)
		return "but not when it is played again";
	h->n = at + 1 < h->n ? at + 1 : h->n;
	while (shorter) {
		shorter = false;
		for (size_t i = h->n; i-- > 0;) {
			smaller = *h;
			history_without(&smaller, i);
			still = play(&smaller, &at);
			if (!still)
				continue;
			wrong = still;
			*h = smaller;
			shorter = true;
		}
	}
	return wrong;
}

static void report(struct history *h, const char *wrong)
{
	printf("\n    SENDWARD_SEED=%" PRIu64 ": %s\n", h->seed, wrong);
	printf("    shrunk to %zu operations: %s\n", h->n, shrink(h));
	history_print(h, stdout);
}

static bool play_seed(uint64_t seed, enum clock_faults faults)
{
	struct history h;
	const char *wrong;
	size_t at;

	history_make(&h, seed, faults);
	wrong = play(&h, &at);
	if (wrong)
		report(&h, wrong);
	SUITE_TRUE(!wrong);
	return !wrong;
}

static int64_t number_from(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

/* A third of the operations for each kind of clock. */
static void play_many(enum clock_faults faults)
{
	int64_t n = number_from("SENDWARD_OPERATIONS", OPERATIONS) / 3 / HISTORY_OPERATIONS + 1;
	int64_t seed = number_from("SENDWARD_SEED", (int64_t)time(NULL) * 1000003);
	bool good = true;

	for (int64_t i = 0; i < n && good; i++)
		good = play_seed((uint64_t)(seed + i), faults);
	redis_do(rig.redis, "FLUSHALL");
	printf("(%" PRId64 " operations from seed %" PRId64 ") ", n * HISTORY_OPERATIONS, seed);
}

static void test_steady(void)
{
	play_many(CLOCK_STEADY);
}

static void test_back(void)
{
	play_many(CLOCK_BACK);
}

static void test_wild(void)
{
	play_many(CLOCK_WILD);
}

static const struct suite_test tests[] = {
	{ "Lua and C agree, never too many, never too strict", test_steady },
	{ "Lua and C agree, never too many although the clock goes back", test_back },
	{ "Lua and C agree whatever the clock does", test_wild },
};

/* So that nothing is sent twice later, out of its order. */
static void load_scripts(void)
{
	redis_do(rig.redis, "RPUSH clock 1");
	rig_take(&rig, &(struct take){ .name = "first", .version = "" });
	rig_refund(&rig, "first", "mx1/1");
	rig_reset(&rig, "first");
}

int main(void)
{
	int status;

	rig.deadline_ms = 60000;
	rig_open(&rig, NULL, NULL);
	redis_do(rig.redis, "CONFIG SET appendonly no");
	load_scripts();
	status = suite_run("store counting", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
