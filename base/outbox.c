#include "base/outbox.h"

#include <assert.h>
#include <event2/event.h>

#include "base/log.h"

static void on_end_of_pass(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	outbox_flush(arg);
}

void outbox_init(struct outbox *outbox, struct event_base *base, void (*send)(void *owner))
{
	TAILQ_INIT(&outbox->entries);
	outbox->end_of_pass = event_new(base, -1, 0, on_end_of_pass, outbox);
	outbox->send = send;
}

void outbox_fini(struct outbox *outbox)
{
	event_free(outbox->end_of_pass);
}

/* An event that is made active stands behind all that are. */
void outbox_add(struct outbox *outbox, struct outbox_entry *entry)
{
	assert(!entry->waits);
	if (TAILQ_EMPTY(&outbox->entries))
		event_active(outbox->end_of_pass, EV_TIMEOUT, 0);
	entry->waits = true;
	TAILQ_INSERT_TAIL(&outbox->entries, entry, link);
}

void outbox_remove(struct outbox *outbox, struct outbox_entry *entry)
{
	if (!entry->waits)
		return;
	entry->waits = false;
	TAILQ_REMOVE(&outbox->entries, entry, link);
}

/* What is added meanwhile is sent, too, and has lines of its own. */
void outbox_flush(struct outbox *outbox)
{
	struct outbox_entry *entry;

	while ((entry = TAILQ_FIRST(&outbox->entries))) {
		log_flush();
		outbox_remove(outbox, entry);
		outbox->send(entry->owner);
	}
}
