/* Two daemons whose heartbeats have one name. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/store.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define POLICYD "mx1/policyd"

static struct rig rig;
static int n_warnings;
static char last_warning[300];

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level != LEVEL_WARNING || !strstr(line, "another sendward-"))
		return;
	n_warnings++;
	snprintf(last_warning, sizeof(last_warning), "%s", line);
}

static void begin(void)
{
	rig_clean(&rig);
	n_warnings = 0;
	last_warning[0] = '\0';
}

static void on_ready(const char *error, void *arg)
{
	SUITE_TRUE(error == NULL);
	*(bool *)arg = true;
}

/* Another daemon, with the same configuration. */
static struct store *another(void)
{
	struct store *store = store_new(rig.base, rig.config);
	bool ready = false;

	store_when_ready(store, REDIS_PATIENCE_MS, on_ready, &ready);
	rig_wait(&rig, &ready);
	return store;
}

/* Beats, and reads what stands there then. */
static struct rig_waited beat(struct store *store, const char *name, int pid)
{
	struct rig_waited w = { .done = false };
	char json[40];

	snprintf(json, sizeof(json), "{\"pid\":%d}", pid);
	store_beat(store, name, json, 30);
	store_beat_get(store, name, rig_on_record, &w); /* behind it on the same connection */
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_OK);
	return w;
}

static void test_two(void)
{
	struct store *other = another();
	struct rig_waited w;

	begin();
	for (int i = 0; i < 2; i++) {
		w = beat(rig.store, POLICYD, 11);
		beat(other, POLICYD, 22);
		SUITE_TRUE(strstr(w.text, "\"namesake\"") == NULL);
		SUITE_INT_EQUAL(n_warnings, 0);
	}
	beat(rig.store, POLICYD, 11);
	SUITE_INT_EQUAL(n_warnings, 1);
	SUITE_TRUE(strstr(last_warning, "another sendward-policyd says that it is node mx1 (host ") != NULL);
	SUITE_TRUE(strstr(last_warning, ", pid 22): each daemon's machine needs a node of its own") != NULL);
	beat(other, POLICYD, 22);
	SUITE_INT_EQUAL(n_warnings, 2);
	SUITE_TRUE(strstr(last_warning, ", pid 11)") != NULL);
	for (int i = 0; i < 5; i++) {
		w = beat(rig.store, POLICYD, 11);
		beat(other, POLICYD, 22);
	}
	SUITE_INT_EQUAL(n_warnings, 2); /* each has said it, and a minute is not over */
	SUITE_TRUE(strstr(w.text, "\"namesake\":{\"pid\":22,\"host\":\"") != NULL);
	store_free(&other);
	for (int i = 0; i < 3; i++)
		w = beat(rig.store, POLICYD, 11);
	SUITE_TRUE(strstr(w.text, "\"namesake\"") == NULL);
}

static void test_kinds(void)
{
	struct store *other = another();

	begin();
	for (int i = 0; i < 4; i++) {
		SUITE_TRUE(strstr(beat(rig.store, POLICYD, 11).text, "\"namesake\"") == NULL);
		SUITE_TRUE(strstr(beat(other, "mx1/milter", 22).text, "\"namesake\"") == NULL);
	}
	SUITE_INT_EQUAL(n_warnings, 0);
	store_free(&other);
}

static void test_restart(void)
{
	struct store *before = another();

	begin();
	for (int i = 0; i < 3; i++)
		beat(before, POLICYD, 11);
	beat(rig.store, POLICYD, 22);
	beat(before, POLICYD, 11); /* while it ends */
	store_free(&before);
	for (int i = 0; i < 4; i++)
		SUITE_TRUE(strstr(beat(rig.store, POLICYD, 22).text, "\"namesake\"") == NULL);
	SUITE_INT_EQUAL(n_warnings, 0);
}

static void test_new_node(void)
{
	struct store *other = another();

	begin();
	beat(other, POLICYD, 22);
	beat(rig.store, "mx2/policyd", 11);
	beat(rig.store, "mx2/policyd", 11);
	for (int i = 0; i < 3; i++)
		beat(rig.store, POLICYD, 11);
	SUITE_INT_EQUAL(n_warnings, 0);
	store_free(&other);
}

static void test_emptied(void)
{
	begin();
	for (int i = 0; i < 4; i++) {
		beat(rig.store, POLICYD, 11);
		redis_do(rig.redis, "FLUSHALL");
	}
	SUITE_INT_EQUAL(n_warnings, 0);
}

static void test_odd(void)
{
	static const char *const records[] = { "nonsense", "[]", "{\"process\":7,\"host\":[],\"pid\":\"x\"}" };

	for (size_t i = 0; i < SUITE_LEN(records); i++) {
		begin();
		suite_row("%s", records[i]);
		for (int n = 0; n < 3; n++) {
			beat(rig.store, POLICYD, 11);
			redis_do(rig.redis, "SET sendward:node:" POLICYD " %s", records[i]);
		}
		beat(rig.store, POLICYD, 11);
		SUITE_INT_EQUAL(n_warnings, 1);
		SUITE_TRUE(strstr(last_warning, "(host unknown, pid 0)") != NULL);
	}
}

static void test_another_type(void)
{
	begin();
	for (int i = 0; i < 4; i++) {
		beat(rig.store, POLICYD, 11);
		redis_do(rig.redis, "DEL sendward:node:" POLICYD);
		redis_do(rig.redis, "LPUSH sendward:node:" POLICYD " x");
	}
	beat(rig.store, POLICYD, 11);
	SUITE_INT_EQUAL(n_warnings, 0);
}

static const struct suite_test tests[] = {
	{ "two daemons of one kind and node find out, and say so once", test_two },
	{ "daemons of different kinds share a node", test_kinds },
	{ "a daemon that was killed is not taken for another one, nor one that ends", test_restart },
	{ "what stood under a new node before is not taken for another one", test_new_node },
	{ "a server that has lost the heartbeat is nobody", test_emptied },
	{ "what is no heartbeat is another's", test_odd },
	{ "a key of another type says nothing", test_another_type },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	log_capture(on_line, NULL);
	status = suite_run("store namesake", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
