/*
 * Packets of the milter protocol, read and written. No I/O.
 *
 * A packet is four octets that say how many follow, in network order, an octet
 * that is the command or the reply, and its data: texts that end with NUL,
 * numbers in network order, or octets of a body (libmilter's mfdef.h; Postfix's
 * src/milter/milter8.c).
 */
#ifndef SENDWARD_MILTER_PACKET_H
#define SENDWARD_MILTER_PACKET_H

#include <stddef.h>
#include <stdint.h>

/* Octets before the data. */
#define PACKET_HEAD 5

/* Octets of data. Postfix sends a body in pieces of at most 65535, and cuts a header
 * field at header_size_limit, and at 60000 whatever that is when a milter is asked (tried
 * out with 3.7). */
#define PACKET_DATA_MAX (256 * 1024)

struct packet {
	char command;	  /* 0 when it has not yet come */
	const char *data; /* borrows; NULL when it has not all come */
	size_t len;	  /* of the data */
};

enum packet_result {
	PACKET_MORE, /* it goes on behind the n octets */
	PACKET_WHOLE,
	PACKET_BAD, /* none that we take; no packet is found behind it */
};

/* Looks at the packet that begins at bytes, of which n are there. *size is how
 * many it has with its head, or PACKET_HEAD as long as that has not come. */
enum packet_result packet_read(const char *bytes, size_t n, struct packet *out, size_t *size);

/* The text that begins at *at in the data, and *at to the one behind it; NULL
 * when there is none more, or none that ends. *at begins as 0. */
const char *packet_text(const struct packet *packet, size_t *at);

/* The number at *at, and *at behind it; 0 when the data ends before. */
uint32_t packet_number(const struct packet *packet, size_t *at);

/* --- writing ---------------------------------------------------------------- */

/* Packets one after the other; all zero is empty. It grows without a limit:
 * who writes has one. */
struct packets {
	char *bytes; /* owned */
	size_t len, size;
	size_t open; /* where the packet that is not ended begins; len: none is */
};

/* Begins a packet, which goes on until the next begins, or packets_end(). */
void packets_begin(struct packets *packets, char command);
void packets_text(struct packets *packets, const char *text); /* with its NUL */
void packets_number(struct packets *packets, uint32_t number);
void packets_end(struct packets *packets);

/* One without data. */
void packets_add(struct packets *packets, char command);

/* Empty again. */
void packets_fini(struct packets *packets);

#endif
