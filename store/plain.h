/*
 * A connected socket without TLS on the event loop. What is sent in one pass
 * of the loop is written at its end, or when there is enough of it, without
 * asking first whether the socket takes it: a bufferevent would change the set of events twice for it, go
 * through the loop once more, and ask the kernel how much there is to read.
 */
#ifndef SENDWARD_PLAIN_H
#define SENDWARD_PLAIN_H

#include <stddef.h>

struct evbuffer;
struct event_base;
struct plain;

/* Octets read at once. */
#define PLAIN_READ_MAX 16384

/* So much is written at once, so that the server can begin. */
#define PLAIN_SOON 1024

/* Each may free the connection. */
struct plain_events {
	/* bytes are borrowed for the call. */
	void (*read)(const char *bytes, size_t len, void *arg);
	/* The end. why is borrowed for the call, NULL when the peer has closed. */
	void (*lost)(const char *why, void *arg);
};

/* fd is borrowed and does not block; events are borrowed. Reads from now on. */
struct plain *plain_new(struct event_base *base, int fd, const struct plain_events *events,
			void *arg);
void plain_free(struct plain **plain);

/* Where to add what is to be sent; then plain_send(). */
struct evbuffer *plain_output(struct plain *plain);
void plain_send(struct plain *plain);

#endif
