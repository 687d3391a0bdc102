/*
 * One connection of a load generator: a socket, what is to be said on it and
 * what has been heard. What cannot be (no memory, no socket) ends the process.
 */
#ifndef SENDWARD_BENCH_CONNECTION_H
#define SENDWARD_BENCH_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/endpoint.h"
#include "bench/buffer.h"

/* Where the connections go, and the epoll descriptor that watches them. */
struct network {
	struct sockaddr_storage address;
	socklen_t address_len;
	int epoll;
};

enum connection_state {
	CONNECTION_GREETING,
	CONNECTION_FREE,
	CONNECTION_BUSY,
};

struct connection {
	int fd;
	enum connection_state state;
	bool closed;  /* by the server */
	int messages; /* since it was made */
	int64_t due_ns;
	struct load_buffer in;
	struct load_buffer out; /* what could not be sent; epoll waits until it can */
	struct connection *next_free;
	void *talk; /* of the protocol */
};

void network_open(struct network *network, const struct endpoint *address);

/* Connects, which waits while the server's backlog is full. epoll's data is c, and
 * tells of what comes once only (edge-triggered). */
void connection_open(const struct network *network, struct connection *c);

/* Sends what is in say and empties it; what does not go is left in c->out. */
void connection_say(const struct network *network, struct connection *c, struct load_buffer *say);

/* epoll has told that more can be sent. */
void connection_say_rest(const struct network *network, struct connection *c);

/* It may be opened again; what was not said and not read is forgotten. */
void connection_close(struct connection *c);

/* Closes it for good: c itself and its talk are the caller's. */
void connection_free(struct connection *c);

/* What epoll tells when nothing will come any more. */
#define CONNECTION_HUNG_UP (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/* epoll has told that something has come: adds all of it to c->in. hung_up: it has
 * told that nothing will come after that; c->closed when it is so. */
void connection_hear(struct connection *c, bool hung_up);

void die(const char *what);

#endif
