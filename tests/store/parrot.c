#include "tests/store/parrot.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/ask.h"
#include "store/credential.h"
#include "store/senders.h"

static struct {
	struct event_base *base;
	struct evconnlistener *listener;
	struct config *config;
	struct store *store;
	const char *reply; /* NULL: PONG */
	size_t reply_len;
	bool close;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
} world;

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "parrot: %s\n", what);
	abort();
}

/* ---- the server ----------------------------------------------------------- */

struct client {
	struct bufferevent *bev;
	redisReader *reader;
};

static void forget(struct client *c)
{
	bufferevent_free(c->bev);
	redisReaderFree(c->reader);
	free(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	if (world.reply && world.close)
		forget(arg);
}

static void answer(struct client *c)
{
	if (world.reply)
		bufferevent_write(c->bev, world.reply, world.reply_len);
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
	(void)bev;
	(void)what;
	forget(arg);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		      int len, void *arg)
{
	struct client *c = calloc(1, sizeof(*c));

	(void)listener;
	(void)address;
	(void)len;
	(void)arg;
	check(c != NULL, "out of memory");
	c->reader = redisReaderCreate();
	c->bev = bufferevent_socket_new(world.base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(c->bev, on_bytes, on_written, on_end, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* ---- answers -------------------------------------------------------------- */

static struct parrot_answer got;

static void on_done(enum store_result result, const char *error, void *arg)
{
	(void)arg;
	got.calls++;
	got.result = result;
	snprintf(got.error, sizeof(got.error), "%s", error ? error : "");
}

static void on_record(enum store_result result, const char *record, size_t len, const char *error,
		      void *arg)
{
	got.wrong |= (result == STORE_OK) != (record != NULL) || (record && record[len]);
	on_done(result, error, arg);
}

static void on_name(const char *name, void *arg)
{
	(void)arg;
	got.wrong |= !name || strlen(name) > 1000000;
}

static void on_pair(const char *name, const char *text, void *arg)
{
	on_name(name, arg);
	on_name(text, arg);
}

/* Done or not, it is none of the results of a store; what it is has to be
 * sound. */
static void on_take(const struct take_answer *take, void *arg)
{
	bool counted = take->status == TAKE_DONE || take->status == TAKE_OVER ||
		       take->status == TAKE_REPEATED;

	got.wrong |= counted && (take->rows[0].used < 0 || take->rows[0].retry_after_ms < -1);
	on_done(counted ? STORE_OK : STORE_BAD,
		take->error && *take->error ? take->error : "no reason given", arg);
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

static void ask_get(struct store *store)
{
	store_account_get(store, "rose", on_record, NULL);
}

static void ask_put(struct store *store)
{
	store_account_put(store, "rose", "", "{}", on_done, NULL);
}

static void ask_delete(struct store *store)
{
	store_account_delete(store, "rose", on_done, NULL);
}

static void ask_list(struct store *store)
{
	store_account_each(store, on_name, on_done, NULL);
}

static void ask_reset(struct store *store)
{
	store_reset(store, SCOPE_LOGIN, "rose", NULL, on_done, NULL);
}

static void ask_reset_one(struct store *store)
{
	store_reset(store, SCOPE_LOGIN, "rose", &quota, on_done, NULL);
}

static void ask_refund(struct store *store)
{
	store_refund(store, &charge, "mx1/1#t", false, on_done, NULL);
}

static void ask_event(struct store *store)
{
	store_event(store, "{}", on_done, NULL);
}

static void ask_events(struct store *store)
{
	store_events_read(store, "0", 0, on_pair, on_done, NULL);
}

static void ask_beat(struct store *store)
{
	store_beat_get(store, "mx1/policyd", on_record, NULL);
}

static void ask_beats(struct store *store)
{
	store_beats_read(store, on_pair, on_done, NULL);
}

static void ask_info(struct store *store)
{
	store_info(store, on_record, NULL);
}

static void ask_take(struct store *store)
{
	store_take(store, &take, on_take, NULL);
}

static void ask_place_put(struct store *store)
{
	store_senders_put(store, &place, "rose", 7, on_done, NULL);
}

static void ask_place_stamp(struct store *store)
{
	store_senders_stamp(store, &place, "rose", on_record, NULL);
}

static void ask_place_drop(struct store *store)
{
	store_senders_drop(store, &place, "7", on_done, NULL);
}

static void ask_place_each(struct store *store)
{
	store_senders_each(store, &place, on_name, on_done, NULL);
}

static void ask_complete(struct store *store)
{
	store_senders_complete(store, on_done, NULL);
}

static void ask_is_complete(struct store *store)
{
	store_senders_is_complete(store, on_done, NULL);
}


static void ask_anything(struct store *store)
{
	ask_server(store, ask_next(store, 0), (const char *const[]){ "TIME" }, 1,
		   on_record, NULL);
}

static void ask_secret_get(struct store *store)
{
	store_secret_get(store, "rose", on_record, NULL);
}

static void ask_secret_put(struct store *store)
{
	store_secret_put(store, "rose", "", "{}", on_done, NULL);
}

static void ask_secret_delete(struct store *store)
{
	store_secret_delete(store, "rose", on_done, NULL);
}

static void ask_secret_list(struct store *store)
{
	store_secret_each(store, on_name, on_done, NULL);
}

const struct question parrot_questions[] = {
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
	{ "secret get", ask_secret_get, TYPE_STRING },
	{ "secret put", ask_secret_put, TYPE_INTEGER },
	{ "secret delete", ask_secret_delete, TYPE_INTEGER },
	{ "secret list", ask_secret_list, TYPE_ARRAY },
	{ 0 },
};

/* ---- the course of things ------------------------------------------------- */

static void on_ready(const char *error, void *arg)
{
	bool *done = arg;

	check(!error, error ? error : "");
	*done = true;
}

void parrot_begin(bool follow)
{
	bool done = false;

	parrot_say(NULL, 0, false);
	world.store = store_new(world.base, world.config);
	if (follow)
		store_follow(world.store);
	store_when_ready(world.store, 10000, on_ready, &done);
	while (!done)
		event_base_loop(world.base, EVLOOP_ONCE);
	memset(&got, 0, sizeof(got));
}

void parrot_say(const char *bytes, size_t len, bool close)
{
	world.reply = bytes;
	world.reply_len = len;
	world.close = close;
}

struct parrot_answer parrot_ask(const struct question *question)
{
	memset(&got, 0, sizeof(got));
	question->ask(world.store);
	while (got.calls == 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	return got;
}

void parrot_run(int ms)
{
	const struct timeval time = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(world.base, &time);
	event_base_dispatch(world.base);
}

int parrot_end(void)
{
	int calls = got.calls;

	store_free(&world.store);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	return got.calls - calls;
}

void parrot_open(int deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[300], error[300] = "", directory[] = "/tmp/sendward-parrot-XXXXXX";

	/* We may be gone before it has answered. */
	signal(SIGPIPE, SIG_IGN);
	check(mkdtemp(directory) != NULL, "no directory in /tmp");
	snprintf(world.path, sizeof(world.path), "%s/redis", directory);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", world.path);
	world.base = event_base_new();
	world.listener = evconnlistener_new_bind(world.base, on_client, NULL, LEV_OPT_CLOSE_ON_FREE,
						 16, (struct sockaddr *)&address, sizeof(address));
	snprintf(text, sizeof(text), "redis { address = \"unix:%s\" deadline = %dms }", world.path,
		 deadline_ms);
	world.config = config_load_text(text, "test", error, sizeof(error));
	check(world.listener && world.config, error);
}

void parrot_close(void)
{
	config_unref(&world.config);
	evconnlistener_free(world.listener);
	event_base_free(world.base);
	unlink(world.path);
	*strrchr(world.path, '/') = '\0';
	rmdir(world.path);
}
