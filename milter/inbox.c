#include "milter/inbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What an inbox has at least when it has memory of its own, and then twice as
 * much each time: not more than has come is paid for. */
#define OWN_START 1024

static void move(struct inbox *inbox, size_t size)
{
	size_t n = inbox->end - inbox->start;
	char *bytes = memory_alloc(size);

	memcpy(bytes, inbox->bytes + inbox->start, n);
	if (!inbox->shared)
		free(inbox->bytes);
	*inbox = (struct inbox){ .bytes = bytes, .end = n, .size = size };
}

char *inbox_room(struct inbox *inbox, char *room, size_t room_size, size_t wanted, size_t *size)
{
	size_t n = inbox->end - inbox->start;

	assert(!inbox->shared);
	if (n == 0) {
		inbox_fini(inbox);
		*inbox = (struct inbox){ .bytes = room, .size = room_size, .shared = true };
	} else if (inbox->end == inbox->size && n < wanted) {
		move(inbox, 2 * n < wanted ? 2 * n : wanted);
	}
	*size = inbox->size - inbox->end;
	return inbox->bytes + inbox->end;
}

void inbox_filled(struct inbox *inbox, size_t n)
{
	inbox->end += n;
}

const char *inbox_bytes(const struct inbox *inbox, size_t *n)
{
	*n = inbox->end - inbox->start;
	return *n > 0 ? inbox->bytes + inbox->start : "";
}

void inbox_drop(struct inbox *inbox, size_t n)
{
	inbox->start += n;
}

void inbox_keep(struct inbox *inbox)
{
	size_t n = inbox->end - inbox->start;

	if (n == 0)
		inbox_fini(inbox);
	else if (inbox->shared)
		move(inbox, n > OWN_START ? n : OWN_START);
}

void inbox_fini(struct inbox *inbox)
{
	if (!inbox->shared)
		free(inbox->bytes);
	*inbox = (struct inbox){ 0 };
}
