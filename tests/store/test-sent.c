/* What logins have sent, kept in Redis. */
#include "store/sent.h"

#include <stdio.h>
#include <string.h>

#include "store/deleted.h"
#include "tests/store/rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

static const struct request message = {
	.login = "rose",
	.credential = "printer",
	.queue_id = "4c1234",
	.client_address = "192.0.2.1",
	.sender = "rose@dom.example",
	.recipients = 3,
	.size_bytes = 4000,
};

/* ---- the text of one message -------------------------------------------- */

static void check_message(char *text)
{
	struct sent_message m;

	SUITE_TRUE(sent_parse(text, &m));
	SUITE_INT_EQUAL(m.time_ms, 1760000000123);
	SUITE_INT_EQUAL(m.recipients, 3);
	SUITE_INT_EQUAL(m.bytes, 4000);
	SUITE_TEXT_EQUAL(m.action, "hold");
	SUITE_TEXT_EQUAL(m.node, "mx1");
	SUITE_TEXT_EQUAL(m.queue_id, "4c1234");
	SUITE_TEXT_EQUAL(m.client_address, "192.0.2.1");
	SUITE_TEXT_EQUAL(m.credential, "printer");
	SUITE_TEXT_EQUAL(m.sender, "rose@dom.example");
}

static void test_format(void)
{
	struct verdict verdict = { .now_ms = 1760000000123, .action = ACTION_HOLD };
	struct sent_line line;

	sent_format(&message, &verdict, "mx1", &line);
	SUITE_TEXT_EQUAL(line.text,
			 "1760000000123 3 4000 4c1234 hold mx1 192.0.2.1 printer rose@dom.example");
	SUITE_INT_EQUAL(line.len, strlen(line.text));
	SUITE_TEXT_EQUAL(line.text + line.tail, "hold mx1 192.0.2.1 printer rose@dom.example");
	check_message(line.text);
}

static void test_odd_values(void)
{
	struct verdict verdict = { .now_ms = 1 };
	struct request odd = message;
	struct sent_line line;
	struct sent_message m;

	odd.queue_id = "";
	odd.credential = "";
	odd.client_address = "a b\nc";
	odd.sender = "\"a b\"@dom.example";
	sent_format(&odd, &verdict, "mx1", &line);
	SUITE_TRUE(sent_parse(line.text, &m));
	SUITE_TEXT_EQUAL(m.queue_id, "");
	SUITE_TEXT_EQUAL(m.credential, "");
	SUITE_TEXT_EQUAL(m.client_address, "a?b?c");
	SUITE_TEXT_EQUAL(m.sender, "\"a b\"@dom.example");
	odd.sender = "\"a\n1\nb\"@dom.example";
	sent_format(&odd, &verdict, "mx1", &line);
	SUITE_TRUE(sent_parse(line.text, &m));
	SUITE_TEXT_EQUAL(m.sender, "\"a?1?b\"@dom.example");
	odd.sender = "";
	sent_format(&odd, &verdict, "mx1", &line);
	SUITE_TRUE(sent_parse(line.text, &m));
	SUITE_TEXT_EQUAL(m.sender, "");
}

static void test_not_such_a_text(void)
{
	static const char *const texts[] = {
		"",
		"1",
		"1 accept 1 1 mx1 q 192.0.2.1 -",
		"x accept 1 1 mx1 q 192.0.2.1 - a@b",
		"1 accept -1 1 mx1 q 192.0.2.1 - a@b",
		"1 accept 1 99999999999999999999 mx1 q 192.0.2.1 - a@b",
		"1 accept 1  mx1 q 192.0.2.1 - a@b",
		"1 1",
		"1 1 1 q",
		"1 1 1 q accept mx1 192.0.2.1 -",
		"x 1 1 q accept mx1 192.0.2.1 - a@b",
		"1 1 99999999999999999999 q accept mx1 192.0.2.1 - a@b",
		"1 1 1 q accept mx1  - a@b",
	};
	struct sent_message m;
	char line[SENT_LINE_MAX];

	for (size_t i = 0; i < SUITE_LEN(texts); i++) {
		snprintf(line, sizeof(line), "%s", texts[i]);
		suite_row("%s", line);
		SUITE_TRUE(!sent_parse(line, &m));
	}
}

static void test_expand(void)
{
	static const struct {
		const char *lines, *expanded;
	} rows[] = {
		{ "", "" },
		{ "1 1 1 a x y", "1 1 1 a x y\n" },
		{ "1 1 1 a x y\n2 2 2 b\n3 3 3 c x z\n4 4 4 d\n",
		  "1 1 1 a x y\n2 2 2 b x y\n3 3 3 c x z\n4 4 4 d x z\n" },
		{ "1 1 1 a \n2 2 2 b", "1 1 1 a \n2 2 2 b \n" },
		{ "nonsense\n\n1 1 1 a x", "nonsense\n\n1 1 1 a x\n" },
	};
	char out[100];

	for (size_t i = 0; i < SUITE_LEN(rows); i++) {
		size_t len = strlen(rows[i].expanded);

		suite_row("%s", rows[i].lines);
		SUITE_INT_EQUAL(sent_expand(rows[i].lines, strlen(rows[i].lines), NULL), len);
		SUITE_INT_EQUAL(sent_expand(rows[i].lines, strlen(rows[i].lines), out), len);
		out[len] = '\0';
		SUITE_TEXT_EQUAL(out, rows[i].expanded);
	}
}

/* What others wrote there is not made many times as large as it is. */
static void test_long_tail(void)
{
	char lines[SENT_LINE_MAX + 100] = "1 1 1 a ";
	size_t len = strlen(lines);

	memset(lines + len, 'x', SENT_LINE_MAX);
	len += SENT_LINE_MAX;
	strcpy(lines + len, "\n2 2 2 b\n");
	len = strlen(lines);
	SUITE_INT_EQUAL(sent_expand(lines, len, NULL), len);
}

static void test_cut(void)
{
	char lines[] = "a b\n\nc";
	size_t len = strlen(lines);

	SUITE_TEXT_EQUAL(sent_cut_last(lines, &len), "c");
	SUITE_TEXT_EQUAL(sent_cut_last(lines, &len), "");
	SUITE_TEXT_EQUAL(sent_cut_last(lines, &len), "a b");
	SUITE_TRUE(!sent_cut_last(lines, &len));
}

/* ---- kept and read ------------------------------------------------------ */

struct reading {
	bool done;
	enum store_result result;
	size_t n;
	int64_t first_ms, last_ms;
	bool newest_first;
};

static void on_message(const struct sent_message *m, void *arg)
{
	struct reading *r = arg;

	if (r->n++ == 0)
		r->first_ms = m->time_ms;
	else if (m->time_ms >= r->last_ms)
		r->newest_first = false;
	r->last_ms = m->time_ms;
}

static void on_done(enum store_result result, const char *error, void *arg)
{
	struct reading *r = arg;

	SUITE_INT_EQUAL(error == NULL, result == STORE_OK);
	r->result = result;
	r->done = true;
}

static struct reading read_sent(const char *login)
{
	struct reading r = { .newest_first = true };

	store_sent_read(rig.store, login, on_message, on_done, &r);
	rig_wait(&rig, &r.done);
	return r;
}

static struct reading read_last(const char *login)
{
	struct reading r = { 0 };

	store_sent_last(rig.store, login, on_message, on_done, &r);
	rig_wait(&rig, &r.done);
	return r;
}

/* The times of the messages go on from one call to the next. */
static int64_t now_ms;

static void send_mail(const char *login, int n)
{
	struct request request = message;
	struct verdict verdict = { .action = ACTION_ACCEPT };

	request.login = login;
	for (; n > 0; n--) {
		verdict.now_ms = ++now_ms;
		store_sent(rig.store, &request, &verdict);
	}
}

static bool all_written(void)
{
	return redis_integer(rig.redis, "EXISTS {sendward}:none sendward:{rose}:h") == 1;
}

/* So many full packs, which are written beside the rest, and the rest. */
static bool packs_written(const char *login, int packs)
{
	return redis_integer(rig.redis, "LLEN sendward:{%s}:h:p", login) == packs &&
	       redis_integer(rig.redis, "EXISTS sendward:{%s}:h", login) == 1;
}

static bool seventy_written(void)
{
	return packs_written("rose", 70 / SENT_PACK_LINES);
}

static bool twenty_written(void)
{
	return packs_written("rose", 20 / SENT_PACK_LINES);
}

static bool twenty_of_fred(void)
{
	return packs_written("fred", 20 / SENT_PACK_LINES);
}

static void clean(void)
{
	rig_clean(&rig);
	store_remember_sent(rig.store);
	now_ms = 0;
}

static void test_kept(void)
{
	struct reading r;

	clean();
	send_mail("rose", 70);
	send_mail("fred", 1);
	SUITE_TRUE(!all_written());
	rig_wait_for(&rig, seventy_written, "what rose has sent");
	r = read_sent("rose");
	SUITE_INT_EQUAL(r.result, STORE_OK);
	SUITE_INT_EQUAL(r.n, 70);
	SUITE_INT_EQUAL(r.first_ms, 70);
	SUITE_TRUE(r.newest_first);
	SUITE_TRUE(redis_integer(rig.redis, "TTL sendward:{rose}:h") > SENT_KEPT_S - 60);
	SUITE_INT_EQUAL(read_sent("nobody").n, 0);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(read_sent("rose").n, 0);
}

/* Those of full packs and the others are read as one history. */
static void test_packs(void)
{
	static const int times[] = { 1, 40, 2, 16, 3 };
	struct reading r;

	clean();
	for (size_t i = 0; i < SUITE_LEN(times); i++) {
		send_mail("rose", times[i]);
		store_finish(rig.store);
	}
	SUITE_INT_EQUAL(redis_integer(rig.redis, "LLEN sendward:{rose}:h:p"), 3);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "LLEN sendward:{rose}:h"), 14);
	SUITE_TRUE(redis_integer(rig.redis, "TTL sendward:{rose}:h:p") > SENT_KEPT_S - 60);
	r = read_sent("rose");
	SUITE_INT_EQUAL(r.n, 62);
	SUITE_INT_EQUAL(r.first_ms, 62);
	SUITE_INT_EQUAL(r.last_ms, 1);
	SUITE_TRUE(r.newest_first);
	r = read_last("rose");
	SUITE_INT_EQUAL(r.n, 1);
	SUITE_INT_EQUAL(r.first_ms, 62);
	redis_do(rig.redis, "LPUSH sendward:{rose}:h:p nonsense \"\"");
	SUITE_INT_EQUAL(read_sent("rose").n, 62);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	SUITE_INT_EQUAL(read_sent("rose").n, 0);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:h:p"), 0);
}

/* The expiry may come later only to a list that has one: a connection may end in between. */
static void test_no_list_without_expiry(void)
{
	clean();
	redis_do(rig.redis, "ACL SETUSER default -evalsha -eval");
	send_mail("rose", SENT_PACK_LINES);
	store_finish(rig.store);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:h:p"), 0);
	redis_do(rig.redis, "ACL SETUSER default +evalsha +eval");
	send_mail("rose", SENT_PACK_LINES);
	store_finish(rig.store);
	SUITE_TRUE(redis_integer(rig.redis, "TTL sendward:{rose}:h:p") > SENT_KEPT_S - 60);
	send_mail("rose", 2 * SENT_PACK_LINES);
	store_finish(rig.store);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "LLEN sendward:{rose}:h:p"), 3);
	SUITE_INT_EQUAL(read_sent("rose").n, 3 * SENT_PACK_LINES);
}

static void on_sender(const struct sent_message *m, void *arg)
{
	struct reading *r = arg;

	SUITE_TEXT_EQUAL(m->sender, m->time_ms % 4 < 2 ? "a@dom.example" : "b@dom.example");
	SUITE_INT_EQUAL(m->recipients, m->time_ms % 3);
	r->n++;
}

/* Each message is read with what is its own, in a pack and beside. */
static void test_tails(void)
{
	struct verdict verdict = { .action = ACTION_ACCEPT };
	struct request request = message;
	struct reading r = { 0 };

	clean();
	for (int i = 0; i < SENT_PACK_LINES + 10; i++) {
		verdict.now_ms = i;
		request.recipients = i % 3;
		request.sender = i % 4 < 2 ? "a@dom.example" : "b@dom.example";
		store_sent(rig.store, &request, &verdict);
	}
	store_finish(rig.store);
	store_sent_read(rig.store, "rose", on_sender, on_done, &r);
	rig_wait(&rig, &r.done);
	SUITE_INT_EQUAL(r.n, SENT_PACK_LINES + 10);
}

static bool full_written(void)
{
	return redis_integer(rig.redis, "EXISTS sendward:{rose}:h:p") == 1;
}

/* What fills no pack beside one that is full, is written, if no more comes. */
static void test_rest(void)
{
	clean();
	send_mail("rose", SENT_PACK_LINES + 1);
	rig_wait_for(&rig, full_written, "a full pack");
	SUITE_TRUE(!all_written());
	rig_wait_for(&rig, all_written, "the rest");
	SUITE_INT_EQUAL(read_sent("rose").n, SENT_PACK_LINES + 1);
}

static void test_bounded(void)
{
	struct reading r;

	clean();
	for (int i = 0; i < 4; i++) {
		send_mail("rose", 300);
		store_finish(rig.store);
	}
	r = read_sent("rose");
	SUITE_TRUE(r.n >= 500 && r.n <= 500 + 500 / 4 + SENT_PACK_LINES + 4 * 12);
	SUITE_INT_EQUAL(r.first_ms, 1200);
	SUITE_TRUE(r.newest_first);
}

/* More than are kept, before any is written. */
static void test_bounded_while_waiting(void)
{
	struct reading r;

	clean();
	send_mail("rose", 1600);
	store_finish(rig.store);
	r = read_sent("rose");
	SUITE_TRUE(r.n >= 500 && r.n <= 500 + 500 / 4);
	SUITE_INT_EQUAL(r.first_ms, 1600);
	SUITE_TRUE(r.newest_first);
}

/* Until when what is written is kept, in seconds. */
static int64_t written(void)
{
	store_finish(rig.store);
	return redis_integer(rig.redis, "TTL sendward:{rose}:h");
}

/* Many lists in one script, and many messages of one: each is bounded and expires. */
static void test_many(void)
{
	char login[20];

	clean();
	for (int i = 0; i < 40; i++) {
		snprintf(login, sizeof(login), "user%d", i);
		send_mail(login, 1 + i % 3);
	}
	redis_do(rig.redis, "SET sendward:{user7}:h x");
	send_mail("rose", 100);
	SUITE_TRUE(written() > SENT_KEPT_S - 60);
	for (int i = 0; i < 40; i++) {
		snprintf(login, sizeof(login), "user%d", i);
		if (i != 7)
			SUITE_INT_EQUAL(read_sent(login).n, 1 + i % 3);
	}
	SUITE_INT_EQUAL(read_sent("user7").result, STORE_BAD);
	SUITE_INT_EQUAL(read_sent("rose").n, 100);
	SUITE_TRUE(read_sent("rose").newest_first);
}

static void test_at_the_end(void)
{
	clean();
	send_mail("rose", 3);
	store_finish(rig.store);
	SUITE_INT_EQUAL(read_sent("rose").n, 3);
}

static void test_no_more(void)
{
	char text[1000], error[256];
	struct config *config;

	clean();
	snprintf(text, sizeof(text), "history = 0\nredis { address = \"unix:%s\" }\n",
		 redis_socket(rig.redis));
	config = config_load_text(text, "test", error, sizeof(error));
	SUITE_TRUE(config != NULL);
	send_mail("rose", SENT_PACK_LINES + 1);
	store_configure(rig.store, config);
	store_finish(rig.store);
	store_configure(rig.store, rig.config);
	SUITE_INT_EQUAL(redis_integer(rig.redis, "EXISTS sendward:{rose}:h sendward:{rose}:h:p"), 0);
	send_mail("rose", 1);
	store_finish(rig.store);
	SUITE_INT_EQUAL(read_sent("rose").n, 1);
	config_unref(&config);
}

static void test_away(void)
{
	clean();
	redis_kill(rig.redis);
	rig_wait_connected(&rig, false);
	send_mail("rose", 5);
	SUITE_INT_EQUAL(read_sent("rose").result, STORE_UNAVAILABLE);
	redis_start(rig.redis);
	rig_wait_connected(&rig, true);
	rig_wait_for(&rig, all_written, "what rose has sent");
	SUITE_INT_EQUAL(read_sent("rose").n, 5);
}

static bool fred_written(void)
{
	return redis_integer(rig.redis, "EXISTS sendward:{fred}:h") == 1;
}

/* The daemon hears of it before it writes. */
static void test_deleted(void)
{
	clean();
	rig_follow(&rig);
	rig_put(&rig, "rose", "", "{}");
	send_mail("rose", 40);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	send_mail("fred", 1);
	rig_wait_for(&rig, fred_written, "what fred has sent");
	SUITE_INT_EQUAL(read_sent("rose").n, 0);
	send_mail("rose", 1);
	rig_wait_for(&rig, all_written, "what rose sends afterwards");
	SUITE_INT_EQUAL(read_sent("rose").n, 1);
}

/* Unix time by the store's clock, and so much more. */
static void set_time(int64_t more_ms)
{
	const struct decision_env *env = store_env(rig.store);

	now_ms = env->now_ms(env->ctx) + more_ms;
}

/* It does not. */
static void test_deleted_unheard(void)
{
	clean();
	rig_follow(&rig);
	rig_put(&rig, "rose", "", "{}");
	set_time(-5000);
	send_mail("rose", 20);
	rig_deafen(&rig);
	send_mail("rose", 20);
	SUITE_INT_EQUAL(rig_delete(&rig, "rose").result, STORE_OK);
	send_mail("fred", 20);
	rig_wait_for(&rig, twenty_of_fred, "what fred has sent");
	SUITE_INT_EQUAL(read_sent("fred").n, 20);
	SUITE_INT_EQUAL(read_sent("rose").n, 0);
	set_time(5000);
	send_mail("rose", 20);
	rig_undeafen(&rig);
	rig_wait_for(&rig, twenty_written, "what rose sends afterwards");
	SUITE_INT_EQUAL(read_sent("rose").n, 20);
	/* Nobody knows any more. */
	rig_deafen(&rig);
	set_time(-(DELETED_KEPT_S + 60) * (int64_t)1000);
	send_mail("tulip", 1);
	set_time(0);
	send_mail("lily", 1);
	store_finish(rig.store);
	SUITE_INT_EQUAL(read_sent("lily").n, 1);
	SUITE_INT_EQUAL(read_sent("tulip").n, 0);
	rig_undeafen(&rig);
}

/* What says when it was is something else: it may have been. */
static void test_deleted_oddly(void)
{
	clean();
	rig_follow(&rig);
	rig_deafen(&rig);
	set_time(0);
	redis_do(rig.redis, "SET sendward:{rose}:x yesterday");
	send_mail("rose", 1);
	send_mail("fred", 1);
	rig_wait_for(&rig, fred_written, "what fred has sent");
	SUITE_INT_EQUAL(read_sent("rose").n, 0);
	redis_do(rig.redis, "DEL sendward:{rose}:x");
	rig_wait_for(&rig, all_written, "what rose has sent");
	SUITE_INT_EQUAL(read_sent("rose").n, 1);
	rig_undeafen(&rig);
}

static void test_not_a_list(void)
{
	clean();
	redis_do(rig.redis, "SET sendward:{rose}:h x");
	SUITE_INT_EQUAL(read_sent("rose").result, STORE_BAD);
	redis_do(rig.redis, "DEL sendward:{rose}:h");
	redis_do(rig.redis, "SET sendward:{rose}:h:p x");
	SUITE_INT_EQUAL(read_sent("rose").result, STORE_BAD);
	redis_do(rig.redis, "DEL sendward:{rose}:h:p");
	redis_do(rig.redis, "LPUSH sendward:{rose}:h nonsense");
	SUITE_INT_EQUAL(read_sent("rose").n, 0);
	SUITE_INT_EQUAL(read_sent("rose").result, STORE_OK);
}

static const struct suite_test tests[] = {
	{ "a message is one line of text, and read back", test_format },
	{ "what is missing or odd in a message does no harm to the rest", test_odd_values },
	{ "what is no such line is not read", test_not_such_a_text },
	{ "a line without a tail has the one before it", test_expand },
	{ "a line has no tail that is longer than any of ours", test_long_tail },
	{ "lines are cut off from the last one on", test_cut },
	{ "messages are kept a second later, newest first, and go with the account", test_kept },
	{ "what waits of a login that is deleted is not kept", test_deleted },
	{ "what a daemon has that was not told of a deleted login is not kept",
	  test_deleted_unheard },
	{ "what may be of a deleted login waits", test_deleted_oddly },
	{ "many messages of a login are kept in packs, and read among the others", test_packs },
	{ "no list of packs is made without its expiry", test_no_list_without_expiry },
	{ "what messages of a pack have in common is kept once", test_tails },
	{ "what fills no pack waits for more, a second more", test_rest },
	{ "so many messages are kept and not many more", test_bounded },
	{ "of more than so many that wait the newest are kept", test_bounded_while_waiting },
	{ "what many logins have sent is kept, also beside a key of another type", test_many },
	{ "what still waits when a daemon ends is kept", test_at_the_end },
	{ "what waits when a reload says history = 0 is not kept", test_no_more },
	{ "what is sent while the server is away is kept when it is back", test_away },
	{ "a key of another type is an error, another text is not read", test_not_a_list },
};

int main(void)
{
	int status;

	rig_open(&rig, NULL, NULL);
	status = suite_run("store sent", tests, SUITE_LEN(tests));
	rig_close(&rig);
	return status;
}
