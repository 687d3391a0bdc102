/*
 * A redis-server of the test's own: unix socket in a directory of its own,
 * ended with the test. Nothing is waited for longer than REDIS_PATIENCE_MS,
 * and nothing is slept for. What goes wrong here ends the test program with
 * the reason; a missing redis-server names the Debian package.
 *
 * SENDWARD_REDIS_SERVER in the environment is another server's program, such as
 * valkey-server.
 *
 * It writes an append-only file, so that a server that is killed and started
 * again has its data.
 */
#ifndef SENDWARD_TESTS_STORE_REDIS_H
#define SENDWARD_TESTS_STORE_REDIS_H

#include <stdbool.h>
#include <stdint.h>

struct redis;
struct redisReply;

#define REDIS_PATIENCE_MS 30000

/* arguments are added to redis-server's own; NULL for none, else ended with
 * NULL and borrowed. */
struct redis *redis_new(const char *const *arguments);
/* The same with a configuration file: what of redis.conf makes it a replica, a
 * cluster's node or (sentinel) a Sentinel. port is where it listens besides. */
struct redis *redis_new_with(int port, bool sentinel, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void redis_free(struct redis **redis);

const char *redis_socket(const struct redis *redis);
/* The directory, for other files of the test. */
const char *redis_directory(const struct redis *redis);

void redis_start(struct redis *redis);
/* The same until the server answers at all, LOADING perhaps; and what is left
 * of redis_start() then. */
void redis_start_loading(struct redis *redis);
void redis_wait_loaded(struct redis *redis);
void redis_kill(struct redis *redis);
/* The process stops and goes on: its socket accepts, nothing is answered. */
void redis_freeze(struct redis *redis);
void redis_thaw(struct redis *redis);

/* One command on a connection of its own; the reply belongs to the caller. An
 * error reply is a reply. */
struct redisReply *redis_call(struct redis *redis, const char *format, ...);

/* The same, forgetting the reply, which must not be an error. */
void redis_do(struct redis *redis, const char *format, ...);
/* Likewise for an integer reply. */
int64_t redis_integer(struct redis *redis, const char *format, ...);

/* Until a replica has all that its primary has. */
void redis_wait_copied(struct redis *primary, struct redis *replica);

/* Whether its answer has that text in it. */
bool redis_has_text(struct redis *redis, const char *command, const char *text);

#endif
