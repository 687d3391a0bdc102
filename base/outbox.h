/*
 * The answers of one pass of the event loop. They go out at its end, when the
 * log lines that wait (log_hold()) are written: what a client has been told
 * stands in the log. One write for all of the lines is what this is for.
 */
#ifndef SENDWARD_OUTBOX_H
#define SENDWARD_OUTBOX_H

#include <stdbool.h>
#include <sys/queue.h>

struct event;
struct event_base;

/* Embedded by who has something to send. */
struct outbox_entry {
	TAILQ_ENTRY(outbox_entry) link;
	void *owner; /* set by it; goes to send() */
	bool waits;  /* set by the outbox */
};

struct outbox {
	TAILQ_HEAD(, outbox_entry) entries;
	struct event *end_of_pass;
	void (*send)(void *owner);
};

/* send() may remove any entry, and add any that does not wait. */
void outbox_init(struct outbox *outbox, struct event_base *base, void (*send)(void *owner));
void outbox_fini(struct outbox *outbox);

/* To be sent at the end of the pass; from outside of the loop, in the next.
 * Once only until then. */
void outbox_add(struct outbox *outbox, struct outbox_entry *entry);

/* Not to be sent; nothing happens if it does not wait. */
void outbox_remove(struct outbox *outbox, struct outbox_entry *entry);

/* Sends now what waits; for the time when the loop runs no more. */
void outbox_flush(struct outbox *outbox);

#endif
