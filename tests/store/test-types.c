/*
 * A server that answers everything with a reply of one type, whatever was
 * asked: each function of the store is answered once, says that all is well
 * only when the type is its own, and else why not.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "store/ask.h"
#include "store/senders.h"
#include "store/store.h"
#include "tests/unit/suite.h"

/* ---- the replies ---------------------------------------------------------- */

enum { TYPE_STATUS = 1, TYPE_INTEGER = 2, TYPE_STRING = 4, TYPE_ARRAY = 8, TYPE_NIL = 16, TYPE_ERROR = 32 };

static const struct {
	int type;
	const char *bytes;
} replies[] = {
	{ TYPE_STATUS, "+OK\r\n" },
	{ TYPE_STATUS, "+\r\n" },
	{ TYPE_INTEGER, ":0\r\n" },
	{ TYPE_INTEGER, ":1\r\n" },
	{ TYPE_INTEGER, ":-9223372036854775808\r\n" },
	{ TYPE_STRING, "$0\r\n\r\n" },
	{ TYPE_STRING, "$5\r\nhello\r\n" },
	{ TYPE_STRING, "$3\r\n\0\xff\0\r\n" },
	{ TYPE_STRING, "$30\r\n9999999999999999{\"format\":999}\r\n" },
	{ TYPE_NIL, "$-1\r\n" },
	{ TYPE_NIL, "*-1\r\n" },
	{ TYPE_ARRAY, "*0\r\n" },
	{ TYPE_ARRAY, "*1\r\n$-1\r\n" },
	{ TYPE_ARRAY, "*1\r\n:1\r\n" },
	{ TYPE_ARRAY, "*1\r\n$0\r\n\r\n" },
	{ TYPE_ARRAY, "*1\r\n$1\r\nd\r\n" },
	{ TYPE_ARRAY, "*1\r\n$9\r\nd1234567\1\r\n" },
	{ TYPE_ARRAY, "*1\r\n$1\r\ns\r\n" },
	{ TYPE_ARRAY, "*1\r\n$31\r\ns9999999999999999{\"format\":999}\r\n" },
	{ TYPE_ARRAY, "*1\r\n*1\r\n*1\r\n*0\r\n" },
	{ TYPE_ARRAY, "*2\r\n:0\r\n*0\r\n" },
	{ TYPE_ARRAY, "*2\r\n$1\r\n0\r\n$1\r\nx\r\n" },
	{ TYPE_ARRAY, "*2\r\n$1\r\n0\r\n*2\r\n:1\r\n$-1\r\n" },
	{ TYPE_ARRAY, "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n0-1\r\n*-1\r\n" },
	{ TYPE_ARRAY, "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n:1\r\n*2\r\n$1\r\na\r\n:5\r\n" },
	{ TYPE_ARRAY, "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n" },
	{ TYPE_ARRAY, "*3\r\n$7\r\nmessage\r\n:1\r\n:2\r\n" },
	{ TYPE_ARRAY, "*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\n \r\n" },
	{ TYPE_ERROR, "-ERR no\r\n" },
	{ TYPE_ERROR, "-\r\n" },
	{ TYPE_ERROR, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n" },
};

/* One has NULs inside. */
static size_t reply_length(const char *bytes)
{
	return bytes[0] == '$' && bytes[1] == '3' && bytes[2] == '\r' ? 9 : strlen(bytes);
}

/* ---- the server ----------------------------------------------------------- */

static struct {
	struct event_base *base;
	struct evconnlistener *listener;
	struct config *config;
	struct store *store;
	const char *reply; /* to all but PING before it is set */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
} world;

/* One connection's. */
struct client {
	struct bufferevent *bev;
	redisReader *reader;
};

static void answer(struct client *c)
{
	if (world.reply)
		bufferevent_write(c->bev, world.reply, reply_length(world.reply));
	else
		bufferevent_write(c->bev, "+PONG\r\n", 7);
}

static void on_bytes(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	char bytes[4096];
	void *command;
	size_t n;

	while ((n = bufferevent_read(bev, bytes, sizeof(bytes))) > 0)
		redisReaderFeed(c->reader, bytes, n);
	while (redisReaderGetReply(c->reader, &command) == REDIS_OK && command) {
		freeReplyObject(command);
		answer(c);
	}
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	(void)what;
	bufferevent_free(bev);
	redisReaderFree(c->reader);
	free(c);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		      int len, void *arg)
{
	struct client *c = calloc(1, sizeof(*c));

	(void)listener;
	(void)address;
	(void)len;
	(void)arg;
	c->reader = redisReaderCreate();
	c->bev = bufferevent_socket_new(world.base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(c->bev, on_bytes, NULL, on_end, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* ---- answers -------------------------------------------------------------- */

static struct {
	int calls;
	bool done;
	enum store_result result;
	char error[300];
	enum take_status status;
} got;

static void on_done(enum store_result result, const char *error, void *arg)
{
	(void)arg;
	got.calls++;
	got.done = true;
	got.result = result;
	snprintf(got.error, sizeof(got.error), "%s", error ? error : "");
}

static void on_record(enum store_result result, const char *record, size_t len, const char *error,
		      void *arg)
{
	SUITE_TRUE((result == STORE_OK) == (record != NULL));
	SUITE_TRUE(!record || record[len] == '\0');
	on_done(result, error, arg);
}

static void on_name(const char *name, void *arg)
{
	(void)arg;
	SUITE_TRUE(strlen(name) < 1000);
}

static void on_pair(const char *name, const char *text, void *arg)
{
	on_name(name, arg);
	on_name(text, arg);
}

static void on_take(const struct take_answer *take, void *arg)
{
	(void)arg;
	got.calls++;
	got.done = true;
	got.status = take->status;
	SUITE_TRUE(take->status != TAKE_DONE && take->status != TAKE_OVER &&
		   take->status != TAKE_REPEATED);
	got.result = STORE_BAD;
	snprintf(got.error, sizeof(got.error), "%s", take->error && *take->error ? take->error : "stale");
}

/* ---- every question ------------------------------------------------------- */

static const struct quota quota = { .unit = QUOTA_MESSAGES, .limit = 5, .window_s = 3600 };
static const struct take_row row = { .quota = { .unit = QUOTA_MESSAGES, .limit = 5, .window_s = 3600 },
				     .amount = 1,
				     .enforce = true };
static const struct take take = { .name = "rose", .message_key = "mx1/1#t", .version = "",
				  .rows = &row, .n_rows = 1 };
static const struct charge charge = { .scope = SCOPE_LOGIN, .name = "rose" };
static const struct place place = { .domain = "dom.example", .local = "rose" };

static void ask_get(void) { store_account_get(world.store, "rose", on_record, NULL); }
static void ask_put(void) { store_account_put(world.store, "rose", "", "{}", on_done, NULL); }
static void ask_delete(void) { store_account_delete(world.store, "rose", on_done, NULL); }
static void ask_list(void) { store_account_each(world.store, on_name, on_done, NULL); }
static void ask_reset(void) { store_reset(world.store, SCOPE_LOGIN, "rose", NULL, on_done, NULL); }
static void ask_reset_one(void) { store_reset(world.store, SCOPE_LOGIN, "rose", &quota, on_done, NULL); }
static void ask_refund(void) { store_refund(world.store, &charge, "mx1/1#t", false, on_done, NULL); }
static void ask_event(void) { store_event(world.store, "{}", on_done, NULL); }
static void ask_events(void) { store_events_read(world.store, "0", 0, on_pair, on_done, NULL); }
static void ask_beat(void) { store_beat_get(world.store, "mx1/policyd", on_record, NULL); }
static void ask_beats(void) { store_beats_read(world.store, on_pair, on_done, NULL); }
static void ask_info(void) { store_info(world.store, on_record, NULL); }
static void ask_take(void) { store_take(world.store, &take, on_take, NULL); }
static void ask_place_put(void) { store_senders_put(world.store, &place, "rose", 7, on_done, NULL); }
static void ask_place_stamp(void) { store_senders_stamp(world.store, &place, "rose", on_record, NULL); }
static void ask_place_drop(void) { store_senders_drop(world.store, &place, "7", on_done, NULL); }
static void ask_place_each(void) { store_senders_each(world.store, &place, on_name, on_done, NULL); }
static void ask_complete(void) { store_senders_complete(world.store, on_done, NULL); }
static void ask_is_complete(void) { store_senders_is_complete(world.store, on_done, NULL); }

static void ask_anything(void)
{
	ask_server(world.store, ask_next(world.store, 0), (const char *const[]){ "TIME" }, 1,
		   on_record, NULL);
}

/* types: with these, all may be well. */
static const struct {
	const char *name;
	void (*ask)(void);
	int types;
} questions[] = {
	{ "account get", ask_get, TYPE_STRING },
	{ "account put", ask_put, TYPE_STRING },
	{ "account delete", ask_delete, TYPE_INTEGER },
	{ "account list", ask_list, TYPE_ARRAY },
	{ "reset", ask_reset, TYPE_INTEGER },
	{ "reset of one", ask_reset_one, TYPE_INTEGER },
	{ "refund", ask_refund, TYPE_INTEGER },
	{ "event", ask_event, TYPE_STRING },
	{ "events", ask_events, TYPE_ARRAY | TYPE_NIL },
	{ "heartbeat", ask_beat, TYPE_STRING },
	{ "heartbeats", ask_beats, TYPE_ARRAY },
	{ "info", ask_info, TYPE_STRING },
	{ "take", ask_take, 0 },
	{ "index, put", ask_place_put, TYPE_INTEGER },
	{ "index, stamp", ask_place_stamp, TYPE_STRING },
	{ "index, drop", ask_place_drop, TYPE_INTEGER },
	{ "index, each", ask_place_each, TYPE_ARRAY },
	{ "index, complete", ask_complete, TYPE_STATUS },
	{ "index, is it complete", ask_is_complete, TYPE_STRING },
	{ "anything", ask_anything, TYPE_STATUS | TYPE_INTEGER | TYPE_STRING | TYPE_ARRAY },
};

static void on_ready(const char *error, void *arg)
{
	(void)arg;
	SUITE_TEXT_EQUAL(error ? error : "", "");
	got.done = true;
}

/* The server's connections come and go with the store. */
static void begin(bool follow)
{
	world.reply = NULL;
	world.store = store_new(world.base, world.config);
	if (follow)
		store_follow(world.store);
	memset(&got, 0, sizeof(got));
	store_when_ready(world.store, 5000, on_ready, NULL);
	while (!got.done)
		event_base_loop(world.base, EVLOOP_ONCE);
	memset(&got, 0, sizeof(got));
}

static void end(void)
{
	int calls = got.calls;

	store_free(&world.store);
	SUITE_INT_EQUAL(got.calls, calls);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
}

static void test_types(void)
{
	for (size_t r = 0; r < SUITE_LEN(replies); r++) {
		for (size_t q = 0; q < SUITE_LEN(questions); q++) {
			suite_row("%s, answered %.*s", questions[q].name,
				  (int)strcspn(replies[r].bytes, "\r"), replies[r].bytes);
			begin(false);
			world.reply = replies[r].bytes;
			questions[q].ask();
			while (!got.done)
				event_base_loop(world.base, EVLOOP_ONCE);
			SUITE_INT_EQUAL(got.calls, 1);
			if (!(replies[r].type & questions[q].types))
				SUITE_TRUE(got.result != STORE_OK && got.error[0]);
			end();
		}
	}
}

/* Whatever comes on the connection that tells of changed accounts. */
static void test_news(void)
{
	static const char noise[] =
		"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n:5\r\n*3\r\n$7\r\nmessage\r\n$-1\r\n*0\r\n"
		"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$-1\r\n*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$6\r\n  rose\r\n";
	const struct timeval a_while = { .tv_usec = 20000 };

	for (size_t r = 0; r <= SUITE_LEN(replies); r++) {
		suite_row("reply %zu", r);
		begin(true);
		world.reply = r < SUITE_LEN(replies) ? replies[r].bytes : noise;
		event_base_loopexit(world.base, &a_while);
		event_base_dispatch(world.base);
		end();
	}
}

/* ---- the world ------------------------------------------------------------ */

static void open_world(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[300], error[300] = "", directory[] = "/tmp/sendward-types-XXXXXX";

	if (!mkdtemp(directory))
		abort();
	snprintf(world.path, sizeof(world.path), "%s/redis", directory);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", world.path);
	world.base = event_base_new();
	world.listener = evconnlistener_new_bind(world.base, on_client, NULL, LEV_OPT_CLOSE_ON_FREE,
						 16, (struct sockaddr *)&address, sizeof(address));
	snprintf(text, sizeof(text), "redis { address = \"unix:%s\" }", world.path);
	world.config = config_load_text(text, "test", error, sizeof(error));
	if (!world.config)
		abort();
}

static void close_world(void)
{
	char *slash = strrchr(world.path, '/');

	config_unref(&world.config);
	evconnlistener_free(world.listener);
	event_base_free(world.base);
	unlink(world.path);
	*slash = '\0';
	rmdir(world.path);
}

static const struct suite_test tests[] = {
	{ "a reply of another type is an error with its text, whatever was asked", test_types },
	{ "news of another form are no news", test_news },
};

int main(void)
{
	int status;

	log_set_level(LEVEL_ERROR);
	open_world();
	status = suite_run("types", tests, SUITE_LEN(tests));
	close_world();
	return status;
}
