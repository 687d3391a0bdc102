/* Events, heartbeats and what the server says of itself. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/rig.h"
#include "tests/unit/suite.h"

static struct rig rig = { .deadline_ms = RIG_SHORT_MS };

struct reading {
	bool done;
	enum store_result result;
	size_t n;
	char first[200], last[200], position[50];
	bool in_order;
};

static void on_event(const char *position, const char *json, void *arg)
{
	struct reading *r = arg;
	unsigned number = 0;

	if (r->n == 0)
		snprintf(r->first, sizeof(r->first), "%s", json);
	snprintf(r->last, sizeof(r->last), "%s", json);
	snprintf(r->position, sizeof(r->position), "%s", position);
	if (sscanf(json, "{\"n\":%u}", &number) == 1 && number != r->n)
		r->in_order = false;
	r->n++;
}

static void on_done(enum store_result result, const char *error, void *arg)
{
	struct reading *r = arg;

	SUITE_TRUE(!r->done);
	SUITE_INT_EQUAL(error == NULL, result == STORE_OK);
	r->done = true;
	r->result = result;
}

static struct reading read_events(const char *after, int64_t block_ms)
{
	struct reading r = { .in_order = true };

	store_events_read(rig.store, after, block_ms, on_event, on_done, &r);
	rig_wait(&rig, &r.done);
	return r;
}

static void append(const char *json)
{
	struct reading r = { .done = false };

	store_event(rig.store, json, on_done, &r);
	rig_wait(&rig, &r.done);
	SUITE_INT_EQUAL(r.result, STORE_OK);
}

static void test_append_and_read(void)
{
	struct reading r;

	rig_clean(&rig);
	r = read_events("0", 0);
	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_INT_EQUAL(r.n, 0);
	append("{\"a\":\"first\"}");
	append("{\"b\":\"\xc3\xa9 \\\" \xff\"}");
	r = read_events("0", 0);
	SUITE_INT_EQUAL(r.n, 2);
	SUITE_TEXT_EQUAL(r.first, "{\"a\":\"first\"}");
	SUITE_TEXT_EQUAL(r.last, "{\"b\":\"\xc3\xa9 \\\" \xff\"}");
	append("{\"c\":3}");
	r = read_events(r.position, 0);
	SUITE_INT_EQUAL(r.n, 1);
	SUITE_TEXT_EQUAL(r.first, "{\"c\":3}");
	r = read_events(r.position, 0);
	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_INT_EQUAL(r.n, 0);
	SUITE_TRUE(redis_integer(rig.redis, "TTL sendward:events") > 0);
}

static void test_many(void)
{
	struct reading r;

	rig_clean(&rig);
	for (int i = 0; i < 2000; i++) {
		char json[40];

		snprintf(json, sizeof(json), "{\"n\":%d}", i);
		store_event(rig.store, json, NULL, NULL);
	}
	r = read_events("0", 0);
	SUITE_INT_EQUAL(r.n, 2000);
	SUITE_TRUE(r.in_order);
	SUITE_TEXT_EQUAL(r.last, "{\"n\":1999}");
}

static void test_bounded(void)
{
	rig_clean(&rig);
	redis_do(rig.redis, "EVAL %s 1 sendward:events",
		 "for i = 1, 101000 do redis.call('XADD', KEYS[1], '*', 'event', '{}') end");
	append("{}");
	SUITE_TRUE(redis_integer(rig.redis, "XLEN sendward:events") <= 100500);
	SUITE_TRUE(redis_integer(rig.redis, "XLEN sendward:events") >= 100000);
}

static void test_wait_for_new(void)
{
	struct reading r = { .in_order = true }, none;
	int64_t begin_ms = rig_now_ms();

	rig_clean(&rig);
	none = read_events("0", 300);
	SUITE_INT_EQUAL(none.result, STORE_OK);
	SUITE_INT_EQUAL(none.n, 0);
	SUITE_TRUE(rig_now_ms() - begin_ms >= 290);

	/* Longer than the deadline; the event comes from somebody else. */
	begin_ms = rig_now_ms();
	store_events_read(rig.store, "0", 10000, on_event, on_done, &r);
	rig_run(&rig, RIG_SHORT_MS * 2);
	SUITE_TRUE(!r.done);
	redis_do(rig.redis, "XADD sendward:events * event %s", "{\"n\":0}");
	rig_wait(&rig, &r.done);
	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_INT_EQUAL(r.n, 1);
	SUITE_TRUE(rig_now_ms() - begin_ms < 5000);
}

/* They end nothing, and who follows goes on behind them. */
static void test_of_others(void)
{
	struct reading r;

	rig_clean(&rig);
	append("{\"n\":0}");
	redis_do(rig.redis, "XADD sendward:events * event {} other 1");
	r = read_events("0", 0);
	SUITE_INT_EQUAL(r.n, 2);
	SUITE_TEXT_EQUAL(r.last, "");
	r = read_events(r.position, 0);
	SUITE_INT_EQUAL(r.n, 0);
	append("{\"n\":2}");
	r = read_events("0", 0);
	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_INT_EQUAL(r.n, 3);
	SUITE_TRUE(r.in_order);
	SUITE_TEXT_EQUAL(r.last, "{\"n\":2}");
}

static void test_not_a_stream(void)
{
	struct reading r = { .done = false };

	rig_clean(&rig);
	redis_do(rig.redis, "SET sendward:events x");
	SUITE_INT_EQUAL(read_events("0", 0).result, STORE_BAD);
	store_event(rig.store, "{}", on_done, &r);
	rig_wait(&rig, &r.done);
	SUITE_INT_EQUAL(r.result, STORE_BAD);
	rig_clean(&rig);
	SUITE_INT_EQUAL(read_events("no position", 0).result, STORE_BAD);
}

static void test_away(void)
{
	struct reading r = { .done = false };

	rig_clean(&rig);
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	SUITE_INT_EQUAL(read_events("0", 0).result, STORE_UNAVAILABLE);
	store_event(rig.store, "{}", on_done, &r);
	SUITE_INT_EQUAL(r.result, STORE_UNAVAILABLE);
	store_event(rig.store, "{}", NULL, NULL);
	store_beat(rig.store, "mx1", "{}", 10);
	SUITE_INT_EQUAL(rig_info(&rig).result, STORE_UNAVAILABLE);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
}

/* ---- heartbeats --------------------------------------------------------- */

struct beats {
	bool done;
	enum store_result result;
	size_t n;
	char names[2000];
};

static void on_beat(const char *name, const char *json, void *arg)
{
	struct beats *b = arg;

	b->n++;
	if (strlen(b->names) + strlen(name) + strlen(json) + 3 < sizeof(b->names)) {
		strcat(strcat(b->names, name), "=");
		strcat(strcat(b->names, json), " ");
	}
}

static void on_beats(enum store_result result, const char *error, void *arg)
{
	struct beats *b = arg;

	SUITE_TRUE(!b->done);
	SUITE_INT_EQUAL(error == NULL, result == STORE_OK);
	b->done = true;
	b->result = result;
}

static struct beats read_beats(void)
{
	struct beats b = { .done = false };

	store_beats_read(rig.store, on_beat, on_beats, &b);
	rig_wait(&rig, &b.done);
	return b;
}

static void test_beats(void)
{
	struct beats b;

	rig_clean(&rig);
	b = read_beats();
	SUITE_INT_EQUAL(b.result, STORE_OK);
	SUITE_INT_EQUAL(b.n, 0);
	store_beat(rig.store, "mx1/policyd", "{\"pid\":1}", 30);
	b = read_beats();
	SUITE_INT_EQUAL(b.n, 1);
	SUITE_TRUE(strncmp(b.names, "mx1/policyd={\"pid\":1,", 21) == 0);
	store_beat(rig.store, "mx1/policyd", "{\"pid\":2}", 30);
	store_beat(rig.store, "mx2/milter", "{\"pid\":3}", 30);
	b = read_beats();
	SUITE_INT_EQUAL(b.n, 2);
	SUITE_TRUE(strstr(b.names, "mx1/policyd={\"pid\":2,") != NULL);
	SUITE_TRUE(strstr(b.names, "mx2/milter={\"pid\":3,") != NULL);
	SUITE_TRUE(redis_integer(rig.redis, "TTL sendward:node:mx1/policyd") <= 30);
	SUITE_TRUE(redis_integer(rig.redis, "TTL sendward:node:mx1/policyd") > 20);
}

static void test_many_beats(void)
{
	rig_clean(&rig);
	for (int i = 0; i < 3000; i++)
		redis_do(rig.redis, "MSET sendward:node:n%d {} other:%d x", i, i);
	SUITE_TRUE(read_beats().n >= 3000);
}

static void test_bad_beat(void)
{
	struct beats b;

	rig_clean(&rig);
	store_beat(rig.store, "good", "{}", 30);
	redis_do(rig.redis, "LPUSH sendward:node:bad x");
	b = read_beats();
	SUITE_INT_EQUAL(b.result, STORE_BAD);
	SUITE_INT_EQUAL(b.n, 1);
}

static void test_beats_while_it_ends(void)
{
	struct beats b = { .done = false };

	rig_clean(&rig);
	store_beat(rig.store, "mx1", "{}", 30);
	read_beats();
	redis_freeze(rig.redis);
	store_beats_read(rig.store, on_beat, on_beats, &b);
	rig_wait(&rig, &b.done);
	SUITE_INT_EQUAL(b.result, STORE_UNCERTAIN);
	redis_thaw(rig.redis);
	rig_wait_connected(&rig, true);
	SUITE_INT_EQUAL(read_beats().n, 1);
}

static void test_info(void)
{
	struct rig_result r = rig_info(&rig);

	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_TRUE(strstr(r.text, "redis_version:") != NULL);
}

static const struct suite_test tests[] = {
	{ "events are read in their order, from any position", test_append_and_read },
	{ "events come in pages and none is left out", test_many },
	{ "so many events are kept and not many more", test_bounded },
	{ "a reader can wait for new events", test_wait_for_new },
	{ "what others put into the stream is passed over", test_of_others },
	{ "a key of another type, or a position that is none, is an error", test_not_a_stream },
	{ "while the server is away events and heartbeats keep nobody", test_away },
	{ "a daemon's heartbeat is found until it ends", test_beats },
	{ "any number of heartbeats is found", test_many_beats },
	{ "a heartbeat that cannot be read is told, the others are found", test_bad_beat },
	{ "reading heartbeats ends when the server hangs", test_beats_while_it_ends },
	{ "the server says what it is", test_info },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store events", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
