/*
 * Messages that were charged from one lease, packed as store/refund.lua takes
 * them over:
 *
 *	length of its key 1, the message's key, then a value of lease_value_size()
 *	octets: "c" (charged) or "x" (taken back) 1, token 9, the amount of each
 *	row 6, big endian, the lease's id
 */
#ifndef SENDWARD_LEASE_RECORDS_H
#define SENDWARD_LEASE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "engine/take.h"

/* "%" and 16 digits: no queue id begins so. */
#define LEASE_ID_LENGTH 17

/* Messages of one lease; then it is given back. */
#define LEASE_MESSAGES_MAX 2000

/* An amount is written in so many, big endian. */
#define LEASE_AMOUNT_OCTETS 6

/* A key of a message, taken apart: borrowed from it. */
struct lease_message {
	const char *key;
	size_t len;	   /* without the token; at most MESSAGE_KEY_MAX */
	const char *token; /* MESSAGE_TOKEN_LENGTH octets */
};

struct lease_message lease_message(const char *message_key);

struct lease_records {
	size_t rows;
	char id[LEASE_ID_LENGTH + 1];
	size_t n, len, size;
	char *bytes;
};

/* bytes is owned from here on: lease_records_fini(). */
void lease_records_init(struct lease_records *records, const char *id, size_t rows);
void lease_records_fini(struct lease_records *records);

size_t lease_value_size(const struct lease_records *records);

/* The record of the message, the last one first; NULL when there is none. Of
 * another message that had the same key it is none: store/take.lua says when
 * that is so. */
char *lease_records_find(const struct lease_records *records, const struct lease_message *message);

/* Amounts are those of rows. */
void lease_records_add(struct lease_records *records, const struct lease_message *message,
		       const struct take_row *rows);

/* Writes LEASE_AMOUNT_OCTETS at at; returns where they end. */
char *lease_put_amount(char *at, int64_t amount);

bool lease_record_is_charged(const char *record);
int64_t lease_record_amount(const char *record, size_t row);

/* The message is taken back; with forget there is no record of it any more. */
void lease_record_take_back(struct lease_records *records, char *record, bool forget);

#endif
