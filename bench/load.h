/*
 * Load: many connections, each in a conversation of some protocol, driven by
 * one epoll loop.
 *
 * Closed loop: each connection asks again as soon as it is answered. Open
 * loop: messages are due at a fixed rate whether or not the server keeps up,
 * and a latency counts from when the message was due, not from when a
 * connection was free for it (no coordinated omission). All messages that are
 * due in the time are sent, also after its end.
 */
#ifndef SENDWARD_BENCH_LOAD_H
#define SENDWARD_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "bench/buffer.h"
#include "bench/names.h"

#define CONNECTIONS_MAX 20000

/* What the messages are like. */
struct message_shape {
	int recipients, headers;
	size_t body_octets;
	const char *stage; /* of the policy protocol */
};

/* One message, as it is known. */
struct message {
	char login[LOGIN_NAME_MAX], queue_id[QUEUE_ID_MAX];
	size_t login_len, queue_id_len;
};

enum hearing {
	HEAR_MORE,    /* the conversation is not over yet */
	HEAR_PASSED,  /* it is: the message may go on */
	HEAR_REFUSED, /* it is: the message may not */
	HEAR_NONSENSE,
};

/* The client's side of a protocol. talk is the state of one connection, talk_size
 * octets, zero at first. */
struct protocol {
	size_t talk_size;
	/* Once, before all else: what is alike in all messages need not be made for each. */
	void (*prepare)(const struct message_shape *shape);
	/* Right after connecting. False: there is nothing to be heard first. */
	bool (*greet)(void *talk, struct load_buffer *out);
	/* Begins a message; its queue id is another one for each. */
	void (*begin)(void *talk, const struct message *message, struct load_buffer *out);
	/* Takes what it can out of in, and may go on speaking. */
	enum hearing (*hear)(void *talk, struct load_buffer *in, struct load_buffer *out);
	/* Before the connection is closed; NULL: nothing to be said. */
	void (*part)(void *talk, struct load_buffer *out);
};

struct load_options {
	struct endpoint address;
	int connections;
	double rate;		     /* messages a second; 0: closed loop */
	double seconds, warm_up;     /* measured; before that */
	uint64_t messages;	     /* in all, instead of seconds; 0: no such limit */
	int messages_per_connection; /* then it is made anew; 0: never */
	size_t logins;
	double zipf;
	bool in_turn; /* one login after the other, none by chance */
	uint64_t seed;
	struct message_shape shape;
};

/* Reads the command line, runs the load, prints one JSON object: messages (what
 * was answered, without the warming up), passed, refused, errors (connections
 * lost), unanswered, answered (and lost, with the warming up), seconds, per_second,
 * latency in microseconds. Returns the exit status, failure when messages were not
 * answered. */
int load_main(int argc, char **argv, const struct protocol *protocol);

#endif
