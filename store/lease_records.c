#define _GNU_SOURCE /* htobe64() */
#include "store/lease_records.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/request.h"

#define TOKEN_AT 1
#define AMOUNTS_AT (TOKEN_AT + MESSAGE_TOKEN_LENGTH)
#define NO_TOKEN "---------"

struct lease_message lease_message(const char *message_key)
{
	size_t len = strcspn(message_key, "#");

	return (struct lease_message){
		.key = message_key,
		.len = len,
		.token = message_key[len] ? message_key + len + 1 : NO_TOKEN,
	};
}

void lease_records_init(struct lease_records *r, const char *id, size_t rows)
{
	*r = (struct lease_records){ .rows = rows };
	memcpy(r->id, id, LEASE_ID_LENGTH);
}

void lease_records_fini(struct lease_records *r)
{
	free(r->bytes);
	r->bytes = NULL;
	r->n = r->len = r->size = 0;
}

size_t lease_value_size(const struct lease_records *r)
{
	return AMOUNTS_AT + LEASE_AMOUNT_OCTETS * r->rows + LEASE_ID_LENGTH;
}

static size_t key_length(const char *record)
{
	return (unsigned char)*record;
}

static char *value_of(char *record)
{
	return record + 1 + key_length(record);
}

static const char *amounts_of(const char *record)
{
	return record + 1 + key_length(record) + AMOUNTS_AT;
}

/* ---- finding --------------------------------------------------------------- */

static bool is_message(char *record, const struct lease_message *message)
{
	const char *token = value_of(record) + TOKEN_AT;

	return key_length(record) == message->len &&
	       memcmp(record + 1, message->key, message->len) == 0 &&
	       (token[0] != message->token[0] ||
		memcmp(token, message->token, MESSAGE_TOKEN_LENGTH) == 0);
}

char *lease_records_find(const struct lease_records *r, const struct lease_message *message)
{
	char *found = NULL;

	for (size_t at = 0; at < r->len;) {
		char *record = r->bytes + at;

		if (is_message(record, message))
			found = record;
		at += 1 + key_length(record) + lease_value_size(r);
	}
	return found;
}

bool lease_record_is_charged(const char *record)
{
	return record[1 + key_length(record)] == 'c';
}

int64_t lease_record_amount(const char *record, size_t row)
{
	const unsigned char *at =
		(const unsigned char *)amounts_of(record) + LEASE_AMOUNT_OCTETS * row;
	int64_t amount = 0;

	for (int i = 0; i < LEASE_AMOUNT_OCTETS; i++)
		amount = amount << 8 | *at++;
	return amount;
}

char *lease_put_amount(char *at, int64_t amount)
{
	uint64_t bits = htobe64((uint64_t)amount << (64 - 8 * LEASE_AMOUNT_OCTETS));

	memcpy(at, &bits, LEASE_AMOUNT_OCTETS);
	return at + LEASE_AMOUNT_OCTETS;
}

/* ---- changing -------------------------------------------------------------- */

static void make_room(struct lease_records *r, size_t octets)
{
	char *bytes;

	if (r->size - r->len >= octets)
		return;
	r->size = 2 * r->size + octets + 1024;
	bytes = memory_alloc(r->size);
	if (r->len > 0)
		memcpy(bytes, r->bytes, r->len);
	free(r->bytes);
	r->bytes = bytes;
}

void lease_records_add(struct lease_records *r, const struct lease_message *message,
		       const struct take_row *rows)
{
	char *at;

	assert(message->len <= MESSAGE_KEY_MAX && r->n < LEASE_MESSAGES_MAX);
	make_room(r, 1 + message->len + lease_value_size(r));
	at = r->bytes + r->len;
	*at++ = (char)message->len;
	memcpy(at, message->key, message->len);
	at += message->len;
	*at++ = 'c';
	memcpy(at, message->token, MESSAGE_TOKEN_LENGTH);
	at += MESSAGE_TOKEN_LENGTH;
	for (size_t i = 0; i < r->rows; i++)
		at = lease_put_amount(at, rows[i].amount);
	memcpy(at, r->id, LEASE_ID_LENGTH);
	r->len = (size_t)(at + LEASE_ID_LENGTH - r->bytes);
	r->n++;
}

void lease_record_take_back(struct lease_records *r, char *record, bool forget)
{
	size_t size = 1 + key_length(record) + lease_value_size(r);
	char *end = r->bytes + r->len;

	if (!forget) {
		*value_of(record) = 'x';
		return;
	}
	memmove(record, record + size, (size_t)(end - record) - size);
	r->len -= size;
	r->n--;
}
