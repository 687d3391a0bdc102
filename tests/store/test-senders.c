/* The index of senders in a real Redis. */
#include "store/senders.h"

#include <stdio.h>
#include <string.h>

#include "tests/store/rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

struct found {
	struct rig_waited waited; /* its text: the logins */
	size_t n;
};

static void on_login(const char *login, void *arg)
{
	struct found *f = arg;
	char *text = f->waited.text;
	size_t len = strlen(text);

	f->n++;
	snprintf(text + len, sizeof(f->waited.text) - len, "%s%s", len ? " " : "", login);
}

static struct rig_waited put(const struct place *place, const char *login, int64_t stamp)
{
	struct rig_waited w = { 0 };

	store_senders_put(rig.store, place, login, stamp, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	return w;
}

static struct rig_waited stamp(const struct place *place, const char *login)
{
	struct rig_waited w = { 0 };

	store_senders_stamp(rig.store, place, login, rig_on_record, &w);
	rig_wait(&rig, &w.done);
	return w;
}

static struct rig_waited drop(const struct place *place, const char *text)
{
	struct rig_waited w = { 0 };

	store_senders_drop(rig.store, place, text, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	return w;
}

static struct found find(const struct place *place)
{
	struct found f = { .n = 0 };

	store_senders_each(rig.store, place, on_login, rig_on_done, &f);
	rig_wait(&rig, &f.waited.done);
	return f;
}

static struct rig_waited each(const struct place *place)
{
	return find(place).waited;
}

static const struct place sales = { "dom.example", "sales" }, all = { "dom.example", "*" };

static void test_life(void)
{
	struct rig_waited w;

	rig_clean(&rig);
	SUITE_TEXT_EQUAL(each(&sales).text, "");
	SUITE_INT_EQUAL(put(&sales, "rose", 2).result, STORE_OK);
	SUITE_INT_EQUAL(put(&sales, "odd {one}", 1).result, STORE_OK);
	SUITE_INT_EQUAL(put(&all, "lily", 3).result, STORE_OK);
	w = each(&sales);
	SUITE_INT_EQUAL(w.result, STORE_OK);
	SUITE_TEXT_EQUAL(w.text, "odd {one} rose");
	SUITE_TEXT_EQUAL(each(&all).text, "lily");
	SUITE_INT_EQUAL(stamp(&sales, "iris").result, STORE_NOT_FOUND);
	SUITE_INT_EQUAL(drop(&sales, stamp(&sales, "rose").text).result, STORE_OK);
	SUITE_TEXT_EQUAL(each(&sales).text, "odd {one}");
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{@dom.example}:s:sales"), 1);
}

static void test_stamps(void)
{
	const int64_t largest = (INT64_C(1) << 52) - 1;
	struct rig_waited first;

	rig_clean(&rig);
	put(&sales, "rose", largest);
	first = stamp(&sales, "rose");
	SUITE_TEXT_EQUAL(first.text, "4503599627370495");
	put(&sales, "rose", largest - 1);
	drop(&sales, first.text);
	SUITE_TEXT_EQUAL(each(&sales).text, "rose");
	drop(&sales, stamp(&sales, "rose").text);
	SUITE_TEXT_EQUAL(each(&sales).text, "");
	SUITE_TRUE(store_senders_draw() != store_senders_draw());
	SUITE_TRUE(store_senders_draw() <= largest);
}

static void test_many(void)
{
	rig_clean(&rig);
	redis_do(rig.redis, "EVAL %s 1 sendward:{@dom.example}:s:sales",
		 "for i = 1, 2000 do redis.call('ZADD', KEYS[1], i, 'u' .. i) end");
	SUITE_INT_EQUAL(find(&sales).n, SENDERS_FOUND_MAX + 1);
}

static void test_complete(void)
{
	struct rig_waited w = { 0 };

	rig_clean(&rig);
	store_senders_is_complete(rig.store, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_NOT_FOUND);
	w = (struct rig_waited){ 0 };
	store_senders_complete(rig.store, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_OK);
	w = (struct rig_waited){ 0 };
	store_senders_is_complete(rig.store, rig_on_done, &w);
	rig_wait(&rig, &w.done);
	SUITE_INT_EQUAL(w.result, STORE_OK);
}

static const struct suite_test tests[] = {
	{ "logins are put at a place and taken out again", test_life },
	{ "who was put there again stays", test_stamps },
	{ "no more than a limit are told", test_many },
	{ "that all accounts are in the index is said once", test_complete },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store senders", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
