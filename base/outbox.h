/*
 * The answers of one pass of the event loop. They go out at its end, when the
 * log lines that wait (log_hold()) are written: what a client has been told
 * stands in the log. One write for all of the lines is what this is for, and one
 * system call for many of the answers (base/send_many.h).
 */
#ifndef SENDWARD_OUTBOX_H
#define SENDWARD_OUTBOX_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/send_many.h"

struct event;
struct event_base;

/* Embedded by who has something to send. */
struct outbox_entry {
	TAILQ_ENTRY(outbox_entry) link;
	void *owner; /* set by it; goes to the functions below */
	/* Set by the outbox. */
	bool waits;
	struct outbox_entry **place; /* in sending; NULL: it stands in entries */
};

struct outbox_kind {
	/* Asked last of all: the log lines are written, which may take its time. Fills
	 * what is to be sent: descriptor, octets and their number, which stay until
	 * sent() or outbox_remove(). False: nothing after all, and sent() will not be
	 * called. The owner may be freed then; no other entry is removed. */
	bool (*fill)(void *owner, struct parcel *parcel);
	/* n is what parcel.sent says. May remove any entry, and add any that does
	 * not wait. */
	void (*sent)(void *owner, ssize_t n);
};

struct outbox {
	TAILQ_HEAD(, outbox_entry) entries;
	struct event *end_of_pass;
	const struct outbox_kind *kind;
	struct send_many many;
	size_t n; /* in sending */
	struct outbox_entry *sending[SEND_MANY_MAX]; /* NULL: removed */
};

/* kind is borrowed. SIGPIPE is to be ignored. */
void outbox_init(struct outbox *outbox, struct event_base *base, const struct outbox_kind *kind);
void outbox_fini(struct outbox *outbox);

/* To be sent at the end of the pass; from outside of the loop, in the next.
 * Once only until then. */
void outbox_add(struct outbox *outbox, struct outbox_entry *entry);

/* Not to be sent, or not to be told; nothing happens if it does not wait. */
void outbox_remove(struct outbox *outbox, struct outbox_entry *entry);

/* Sends now what waits; for the time when the loop runs no more. Not from the
 * functions above. */
void outbox_flush(struct outbox *outbox);

#endif
