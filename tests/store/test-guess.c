/* Failed logins, last use and what is told once, in a real Redis. */
#include "store/guess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/login_trace.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

#define ROSE "rose@dom.example"

static struct rig rig;
static const struct guess_limits three = { .limit = 3, .window_s = 60, .refuse_s = 100 };

struct waited {
	bool done;
	enum store_result result;
	struct guess_state state;
};

static void on_state(enum store_result result, const struct guess_state *state, const char *error,
		     void *arg)
{
	struct waited *w = arg;

	(void)error;
	w->result = result;
	if (state)
		w->state = *state;
	w->done = true;
}

static struct guess_state guess(enum guess_what what, const char *network,
				const struct guess_limits *limits)
{
	struct waited w = { 0 };

	store_guess_username(rig.store, what, ROSE, network, limits, on_state, &w);
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_OK);
	return w.state;
}

static void expect(struct guess_state state, int64_t count, bool refused, bool begun)
{
	SUITE_INT_EQUAL(state.count, count);
	SUITE_INT_EQUAL(state.refused_s > 0, refused);
	SUITE_INT_EQUAL(state.begun, begun);
}

static void test_limit(void)
{
	rig_clean(&rig);
	expect(guess(GUESS_LOOK, "a", &three), 0, false, false);
	expect(guess(GUESS_FAIL, "a", &three), 1, false, false);
	expect(guess(GUESS_FAIL, "a", &three), 2, false, false);
	expect(guess(GUESS_LOOK, "a", &three), 2, false, false);
	expect(guess(GUESS_FAIL, "a", &three), 3, true, true);
	SUITE_TRUE(guess(GUESS_LOOK, "a", &three).refused_s >= 98);
	expect(guess(GUESS_FAIL, "a", &three), 4, true, false);
	expect(guess(GUESS_PASS, "a", &three), 4, true, false);
	expect(guess(GUESS_LOOK, "b", &three), 0, false, false);
}

static void test_pass(void)
{
	rig_clean(&rig);
	guess(GUESS_FAIL, "a", &three);
	guess(GUESS_FAIL, "b", &three);
	expect(guess(GUESS_PASS, "a", &three), 0, false, false);
	expect(guess(GUESS_LOOK, "a", &three), 0, false, false);
	expect(guess(GUESS_LOOK, "b", &three), 1, false, false);
	expect(guess(GUESS_PASS, "b", &three), 0, false, false);
}

static void test_window(void)
{
	const struct guess_limits brief = { .limit = 3, .window_s = 1, .refuse_s = 1 };

	rig_clean(&rig);
	guess(GUESS_FAIL, "a", &brief);
	expect(guess(GUESS_FAIL, "a", &brief), 2, false, false);
	for (int i = 0; i < 100 && guess(GUESS_LOOK, "a", &brief).count > 0; i++)
		rig_run(&rig, 50);
	expect(guess(GUESS_LOOK, "a", &brief), 0, false, false);
	expect(guess(GUESS_FAIL, "a", &brief), 1, false, false);
}

static void test_unlimited(void)
{
	const struct guess_limits none = { .limit = 0, .window_s = 60, .refuse_s = 100 };

	rig_clean(&rig);
	for (int i = 1; i < 20; i++)
		expect(guess(GUESS_FAIL, "a", &none), i, false, false);
}

/* So many places that some are forgotten: not the newest, and no more than that. */
static void test_many_networks(void)
{
	char network[32];
	int left = 0;

	rig_clean(&rig);
	for (int i = 0; i < 2 * GUESS_NETWORKS_MAX; i++) {
		snprintf(network, sizeof(network), "network%d", i);
		expect(guess(GUESS_FAIL, network, &three), 1, false, false);
	}
	expect(guess(GUESS_LOOK, network, &three), 1, false, false);
	for (int i = 0; i < 2 * GUESS_NETWORKS_MAX; i++) {
		snprintf(network, sizeof(network), "network%d", i);
		left += guess(GUESS_LOOK, network, &three).count == 1;
	}
	SUITE_INT_EQUAL(left, GUESS_NETWORKS_MAX);
}

static void test_network(void)
{
	struct waited w = { 0 };

	rig_clean(&rig);
	guess(GUESS_FAIL, "192.0.2.1", &three);
	store_guess_network(rig.store, GUESS_LOOK, "192.0.2.1", &three, on_state, &w);
	rig_wait(&rig, &w.done);
	expect(w.state, 0, false, false);
	w.done = false;
	store_guess_network(rig.store, GUESS_FAIL, "192.0.2.1", &three, on_state, &w);
	rig_wait(&rig, &w.done);
	expect(w.state, 1, false, false);
}

static void test_forget(void)
{
	struct waited w = { 0 };

	rig_clean(&rig);
	for (int i = 0; i < 3; i++)
		guess(GUESS_FAIL, "a", &three);
	guess(GUESS_FAIL, "b", &three);
	expect(guess(GUESS_FORGET, "a", &three), 3, true, false);
	expect(guess(GUESS_LOOK, "a", &three), 0, false, false);
	expect(guess(GUESS_FORGET, "a", &three), 0, false, false);
	expect(guess(GUESS_LOOK, "b", &three), 1, false, false);
	expect(guess(GUESS_FORGET, "b", &three), 1, false, false);
	store_guess_network(rig.store, GUESS_FORGET, "192.0.2.1", &three, on_state, &w);
	rig_wait(&rig, &w.done);
	expect(w.state, 0, false, false);
}

struct found {
	struct rig_waited waited; /* first, see rig_on_done() */
	int n, networks;
	struct guess_place place;
	char name[LOGIN_MAX + 1], network[64];
};

static void on_name(bool network, const char *name, void *arg)
{
	struct found *f = arg;

	f->n++;
	f->networks += network;
	if (!network)
		snprintf(f->name, sizeof(f->name), "%s", name);
}

static void on_place(const struct guess_place *place, void *arg)
{
	struct found *f = arg;

	f->n++;
	f->place = *place;
	snprintf(f->network, sizeof(f->network), "%s", place->network);
}

static void test_read(void)
{
	struct found f = { 0 };
	struct waited w = { 0 };

	rig_clean(&rig);
	for (int i = 0; i < 3; i++)
		guess(GUESS_FAIL, "2001:db8::/64", &three);
	store_guess_network(rig.store, GUESS_FAIL, "192.0.2.1", &three, on_state, &w);
	rig_wait(&rig, &w.done);
	store_guess_each(rig.store, on_name, rig_on_done, &f);
	rig_wait(&rig, &f.waited.done);
	SUITE_INT_EQUAL(f.waited.result, STORE_OK);
	SUITE_INT_EQUAL(f.n, 2);
	SUITE_INT_EQUAL(f.networks, 1);
	SUITE_TEXT_EQUAL(f.name, ROSE);
	f = (struct found){ 0 };
	store_guess_read(rig.store, false, ROSE, on_place, rig_on_done, &f);
	rig_wait(&rig, &f.waited.done);
	SUITE_INT_EQUAL(f.waited.result, STORE_OK);
	SUITE_INT_EQUAL(f.n, 1);
	SUITE_TEXT_EQUAL(f.network, "2001:db8::/64");
	SUITE_INT_EQUAL(f.place.count, 3);
	SUITE_INT_EQUAL(f.place.until_s - f.place.last_s, 100);
	f = (struct found){ 0 };
	store_guess_read(rig.store, true, "192.0.2.2", on_place, rig_on_done, &f);
	rig_wait(&rig, &f.waited.done);
	SUITE_INT_EQUAL(f.waited.result, STORE_NOT_FOUND);
	SUITE_INT_EQUAL(f.n, 0);
}

static enum store_result first(const char *username, const char *what)
{
	struct rig_waited w = { 0 };

	store_first(rig.store, username, what, 100, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	return w.result;
}

static void test_first(void)
{
	struct rig_waited w = { 0 };

	rig_clean(&rig);
	SUITE_INT_EQUAL(first(ROSE, "1-14"), STORE_OK);
	SUITE_INT_EQUAL(first(ROSE, "1-14"), STORE_NOT_FOUND);
	SUITE_INT_EQUAL(first(ROSE, "1-7"), STORE_OK);
	SUITE_INT_EQUAL(first("tulip", "1-14"), STORE_OK);
	SUITE_INT_EQUAL(first("", "1-14"), STORE_BAD);
	store_elect(rig.store, "x", 100, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_OK);
	w.done = false;
	store_elect(rig.store, "x", 100, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_NOT_FOUND);
}

static void test_trace(void)
{
	struct rig_waited w = { 0 };

	rig_clean(&rig);
	store_login_trace(rig.store, ROSE, "{\"time\":1}");
	store_login_trace_get(rig.store, ROSE, rig_on_record, &w);
	rig_wait(&rig, &w.done);
	SUITE_TEXT_EQUAL(w.text, "{\"time\":1}");
}

static void test_strangers(void)
{
	struct rig_waited one = { 0 }, two = { 0 };

	rig_clean(&rig);
	store_strangers(rig.store, "one", rig_on_record, &one);
	store_strangers(rig.store, "two", rig_on_record, &two);
	rig_wait(&rig, &one.done);
	rig_wait(&rig, &two.done);
	SUITE_TEXT_EQUAL(one.text, "one");
	SUITE_TEXT_EQUAL(two.text, "one");
}

static const struct suite_test tests[] = {
	{ "after so many failures a place is refused, and only that", test_limit },
	{ "a right password is a new beginning for its place", test_pass },
	{ "failures are forgotten after a while", test_window },
	{ "without a limit they are only counted", test_unlimited },
	{ "of many places the newest are kept", test_many_networks },
	{ "a network's own count is another one", test_network },
	{ "what is forgotten counts no more, elsewhere it does", test_forget },
	{ "whose failures are remembered, and from where, can be read", test_read },
	{ "what is told once is claimed once", test_first },
	{ "the last use is kept", test_trace },
	{ "all have the same secret for strangers", test_strangers },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("guess", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
