/*
 * Bytes to and from one Redis server: a socket or TLS session on the loop, and
 * RESP2 replies cut out of what comes. Knows nothing of requests.
 */
#ifndef SENDWARD_WIRE_H
#define SENDWARD_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/endpoint.h"
#include "store/tls.h"

struct event_base;
struct evdns_base;
struct redisReply;
struct wire;

/* Callbacks, never before wire_open() has returned. Each may close the wire. */
struct wire_events {
	void (*connected)(void *arg);
	/* Owned by the callee. */
	void (*reply)(struct redisReply *reply, void *arg);
	/* What had come was handed over. */
	void (*idle)(void *arg);
	/* The end: the wire is to be closed. why is borrowed for the call. */
	void (*lost)(const char *why, void *arg);
};

#define WIRE_ERROR_MAX TLS_ERROR_MAX

/* Begins to connect; NULL with the reason in error. tls is borrowed, needed
 * for ENDPOINT_TLS only; dns for all but ENDPOINT_UNIX. events are borrowed. */
struct wire *wire_open(struct event_base *base, struct evdns_base *dns,
		       const struct endpoint *server, struct tls *tls,
		       const struct wire_events *events, void *arg, char error[WIRE_ERROR_MAX]);
void wire_close(struct wire **wire);

/* One command; false when there is no memory for it. */
bool wire_send(struct wire *wire, int argc, const char *const *argv, const size_t *lengths);

/* The same for one that has a secret in it: no copy of it stays in memory when
 * it has been sent, or the wire was closed. */
bool wire_send_secret(struct wire *wire, int argc, const char *const *argv);

#endif
