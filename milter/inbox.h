/*
 * Octets of a connection that have come and are not yet looked at. No I/O.
 *
 * They are put into a room that is shared with others, and have memory of their
 * own only when something is left of them.
 */
#ifndef SENDWARD_MILTER_INBOX_H
#define SENDWARD_MILTER_INBOX_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is empty. */
struct inbox {
	char *bytes; /* own or shared; NULL: none */
	size_t start, end, size;
	bool shared;
};

/* Where to put the next octets, *size of them at most: room, of room_size, when
 * the inbox is empty; else behind what it has. wanted is how many it must be
 * able to hold together. */
char *inbox_room(struct inbox *inbox, char *room, size_t room_size, size_t wanted, size_t *size);

/* n octets were put there. */
void inbox_filled(struct inbox *inbox, size_t n);

/* What is there, *n octets. */
const char *inbox_bytes(const struct inbox *inbox, size_t *n);

/* The first n of them are done with. */
void inbox_drop(struct inbox *inbox, size_t n);

/* The shared room is needed by others: what is left moves out of it. */
void inbox_keep(struct inbox *inbox);

void inbox_fini(struct inbox *inbox);

#endif
