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

void outbox_init(struct outbox *outbox, struct event_base *base, const struct outbox_kind *kind)
{
	*outbox = (struct outbox){ .kind = kind };
	TAILQ_INIT(&outbox->entries);
	outbox->end_of_pass = event_new(base, -1, 0, on_end_of_pass, outbox);
}

void outbox_fini(struct outbox *outbox)
{
	event_free(outbox->end_of_pass);
	send_many_fini(&outbox->many);
}

/* An event that is made active stands behind all that are. */
void outbox_add(struct outbox *outbox, struct outbox_entry *entry)
{
	assert(!entry->waits);
	if (TAILQ_EMPTY(&outbox->entries))
		event_active(outbox->end_of_pass, EV_TIMEOUT, 0);
	entry->waits = true;
	entry->place = NULL;
	TAILQ_INSERT_TAIL(&outbox->entries, entry, link);
}

void outbox_remove(struct outbox *outbox, struct outbox_entry *entry)
{
	if (!entry->waits)
		return;
	entry->waits = false;
	if (entry->place)
		*entry->place = NULL;
	else
		TAILQ_REMOVE(&outbox->entries, entry, link);
}

/* As many as go out together. */
static void take(struct outbox *outbox, struct parcel parcels[SEND_MANY_MAX])
{
	struct outbox_entry *entry;

	while (outbox->n < SEND_MANY_MAX && (entry = TAILQ_FIRST(&outbox->entries))) {
		outbox_remove(outbox, entry);
		if (!outbox->kind->fill(entry->owner, &parcels[outbox->n]))
			continue;
		entry->waits = true;
		entry->place = &outbox->sending[outbox->n++];
		*entry->place = entry;
	}
}

static void tell(struct outbox *outbox, const struct parcel *parcels)
{
	for (size_t i = 0; i < outbox->n; i++) {
		struct outbox_entry *entry = outbox->sending[i];

		if (!entry)
			continue;
		outbox_remove(outbox, entry);
		outbox->kind->sent(entry->owner, parcels[i].sent);
	}
	outbox->n = 0;
}

/* What is added meanwhile is sent, too, and has lines of its own. */
void outbox_flush(struct outbox *outbox)
{
	struct parcel parcels[SEND_MANY_MAX];

	while (!TAILQ_EMPTY(&outbox->entries)) {
		/* Before the owners are asked, for it may take its time. */
		log_flush();
		take(outbox, parcels);
		/* What they have said. */
		log_flush();
		send_many(&outbox->many, parcels, outbox->n);
		tell(outbox, parcels);
	}
}
