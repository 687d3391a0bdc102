/*
 * Messages that were charged from one lease, packed as they are kept in Redis
 * (store/lent.lua), each in lease_record_size() octets:
 *
 *	"c" (charged) or "x" (taken back) 1, token 9, of the fingerprint of its key 12, the
 *	amount of each row 4, big endian
 *
 * Two messages are taken for one when these octets are the same: among the million messages that
 * a login has in twenty minutes, with a chance of one in 10^17.
 */
#ifndef SENDWARD_LEASE_RECORDS_H
#define SENDWARD_LEASE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fingerprint.h"
#include "base/limits.h"
#include "engine/take.h"
#include "store/key.h"

/* Messages of one lease; then it is given back. */
#define LEASE_MESSAGES_MAX 2000

/* A lease's id, a number, and an amount are written in so many, big endian. */
#define LEASE_ID_OCTETS 8
#define LEASE_AMOUNT_OCTETS 4

/* Of a fingerprint those that are kept. */
#define LEASE_PRINT_OCTETS 12

/* A key of a message, as it is looked for. */
struct lease_message {
	struct fingerprint print; /* without the token */
	const char *token;	  /* MESSAGE_TOKEN_LENGTH octets; borrowed from the key */
};

struct lease_message lease_message(const char *message_key);

/* Which index of its login tells of it in Redis: below KEY_LENT_INDEXES. */
int lease_message_index(const struct lease_message *message);

struct lease_records {
	uint64_t id;
	size_t rows;
	size_t n, size; /* records, and for how many there is room */
	char *bytes;
};

/* bytes is owned from here on: lease_records_fini(). */
void lease_records_init(struct lease_records *records, uint64_t id, size_t rows);
void lease_records_fini(struct lease_records *records);

size_t lease_record_size(const struct lease_records *records);

/* The record of the message, the last one first; NULL when there is none. Of
 * another message that had the same key it is none: store/take.lua says when
 * that is so. */
char *lease_records_find(const struct lease_records *records, const struct lease_message *message);

/* Amounts are those of rows, at most LEASE_AMOUNT_MAX. */
void lease_records_add(struct lease_records *records, const struct lease_message *message,
		       const struct take_row *rows);

/* Writes LEASE_AMOUNT_OCTETS at at; returns where they end. */
char *lease_put_amount(char *at, int64_t amount);

bool lease_record_is_charged(const char *record);
int64_t lease_record_amount(const char *record, size_t row);

/* The message is taken back; with forget there is no record of it any more. */
void lease_record_take_back(struct lease_records *records, char *record, bool forget);

/* What is added to each index, one behind the other, as store/lent.lua has it: in to which there
 * is something to add. Returns the octets. */
#define LEASE_INDEX_MAX (KEY_LENT_INDEXES * (LEASE_ID_OCTETS + 2) + 4 * LEASE_MESSAGES_MAX)
size_t lease_records_index(const struct lease_records *records, bool to[KEY_LENT_INDEXES],
			   char out[LEASE_INDEX_MAX]);

#endif
