/*
 * A yardstick: the least that a policy server with quotas in Redis can be. One
 * thread, one connection to Redis, one pipelined EVALSHA for each request, three
 * limits as GCRA (generic cell rate algorithm) in one hash. Nothing else is
 * checked, nothing is logged, a repeated request is charged again.
 */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "bench/server.h"

/* Requests that Redis has not answered yet. */
#define WAITING_MAX 65536

static const char script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000000 + t[2]\n"
	"local old = redis.call('HMGET', KEYS[1], 'a', 'b', 'c')\n"
	"local new, names, longest = {}, {'a', 'b', 'c'}, 0\n"
	"for i = 1, 3 do\n"
	"  local limit, window = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]) * 1000000\n"
	"  local tat = math.max(tonumber(old[i]) or 0, now)\n"
	"  local next_tat = tat + tonumber(ARGV[3 * i]) * window / limit\n"
	"  if next_tat - now > window then return i end\n"
	"  new[2 * i - 1] = names[i]\n"
	"  new[2 * i] = string.format('%.0f', next_tat)\n"
	"  longest = math.max(longest, window)\n"
	"end\n"
	"redis.call('HSET', KEYS[1], unpack(new))\n"
	"redis.call('PEXPIRE', KEYS[1], longest / 1000)\n"
	"return 0\n";

struct bare {
	redisContext *redis;
	const char *limits[3][2]; /* limit, window in seconds */
	char hash[64];
	int waiting[WAITING_MAX]; /* connections, a ring */
	size_t first, n;
};

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(EXIT_FAILURE);
}

/* The value of an attribute, as long as its line; "" when it is not there. */
static size_t value_of(const char *text, size_t len, const char *name, const char **value)
{
	const char *end = text + len, *line = text;
	size_t name_len = strlen(name);

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if ((size_t)(stop - line) > name_len && line[name_len] == '=' &&
		    memcmp(line, name, name_len) == 0) {
			*value = line + name_len + 1;
			return (size_t)(stop - *value);
		}
		line = stop + 1;
	}
	*value = "";
	return 0;
}

static void ask(const char *text, size_t len, int fd, void *arg)
{
	struct bare *b = arg;
	const char *login, *recipients, *size;
	size_t login_len = value_of(text, len, "sasl_username", &login);
	size_t recipients_len = value_of(text, len, "recipient_count", &recipients);
	size_t size_len = value_of(text, len, "size", &size);

	if (b->n == WAITING_MAX)
		die("too many requests at once");
	b->waiting[(b->first + b->n++) % WAITING_MAX] = fd;
	redisAppendCommand(b->redis, "EVALSHA %s 1 bare:{%b} %s %s 1 %s %s %b %s %s %b", b->hash,
			   login, login_len, b->limits[0][0], b->limits[0][1], b->limits[1][0],
			   b->limits[1][1], recipients, recipients_len, b->limits[2][0],
			   b->limits[2][1], size, size_len);
}

static void on_redis(void *arg)
{
	struct bare *b = arg;
	redisReply *reply = NULL;

	if (redisBufferRead(b->redis) != REDIS_OK)
		die(b->redis->errstr);
	while (redisGetReplyFromReader(b->redis, (void **)&reply) == REDIS_OK && reply) {
		if (reply->type != REDIS_REPLY_INTEGER || b->n == 0)
			die(reply->type == REDIS_REPLY_ERROR ? reply->str : "nonsense from redis");
		server_answer(b->waiting[b->first], reply->integer == 0 ?
							    "DUNNO" :
							    "450 4.7.28 over quota");
		b->first = (b->first + 1) % WAITING_MAX;
		b->n--;
		freeReplyObject(reply);
	}
}

/* What the round of events has asked goes out together. */
static void flush(void *arg)
{
	struct bare *b = arg;
	int done = 0;

	while (!done)
		if (redisBufferWrite(b->redis, &done) != REDIS_OK)
			die(b->redis->errstr);
}

static void load_script(struct bare *b)
{
	redisReply *reply = redisCommand(b->redis, "SCRIPT LOAD %s", script);

	if (!reply || reply->type != REDIS_REPLY_STRING)
		die("SCRIPT LOAD");
	snprintf(b->hash, sizeof(b->hash), "%s", reply->str);
	freeReplyObject(reply);
}

int main(int argc, char **argv)
{
	struct bare *b = memory_zero(sizeof(*b));
	struct server *server;

	if (argc != 9) {
		fprintf(stderr, "usage: %s SOCKET REDIS-SOCKET LIMIT WINDOW LIMIT WINDOW LIMIT WINDOW\n"
				"messages, recipients, bytes; windows in seconds\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < 3; i++) {
		b->limits[i][0] = argv[3 + 2 * i];
		b->limits[i][1] = argv[4 + 2 * i];
	}
	b->redis = redisConnectUnix(argv[2]);
	if (!b->redis || b->redis->err)
		die("cannot reach redis");
	load_script(b);
	server = server_new(argv[1], ask, b);
	server_watch(server, b->redis->fd, on_redis, b);
	server_run(server, flush, b);
	return 0;
}
