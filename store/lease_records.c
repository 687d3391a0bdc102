#define _GNU_SOURCE /* htobe64() */
#include "store/lease_records.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/request.h"

#define TOKEN_AT 1
#define PRINT_AT (TOKEN_AT + MESSAGE_TOKEN_LENGTH)
#define AMOUNTS_AT (PRINT_AT + LEASE_PRINT_OCTETS)
#define NO_TOKEN "---------"

/* Of a fingerprint what an index has. */
#define INDEX_OCTETS 4

/* At first there is room for so many records. */
#define RECORDS_START 32

struct lease_message lease_message(const char *message_key)
{
	size_t len = strcspn(message_key, "#");

	return (struct lease_message){
		.print = fingerprint(message_key, len),
		.token = message_key[len] ? message_key + len + 1 : NO_TOKEN,
	};
}

static int index_of(const unsigned char print[LEASE_PRINT_OCTETS])
{
	return print[LEASE_PRINT_OCTETS - 1] % KEY_LENT_INDEXES;
}

int lease_message_index(const struct lease_message *message)
{
	return index_of(message->print.octets);
}

void lease_records_init(struct lease_records *r, uint64_t id, size_t rows)
{
	*r = (struct lease_records){ .id = id, .rows = rows };
}

void lease_records_fini(struct lease_records *r)
{
	free(r->bytes);
	r->bytes = NULL;
	r->n = r->size = 0;
}

size_t lease_record_size(const struct lease_records *r)
{
	return AMOUNTS_AT + LEASE_AMOUNT_OCTETS * r->rows;
}

/* ---- finding --------------------------------------------------------------- */

static bool is_message(const char *record, const struct lease_message *message)
{
	const char *token = record + TOKEN_AT;

	return memcmp(record + PRINT_AT, message->print.octets, LEASE_PRINT_OCTETS) == 0 &&
	       (token[0] != message->token[0] ||
		memcmp(token, message->token, MESSAGE_TOKEN_LENGTH) == 0);
}

char *lease_records_find(const struct lease_records *r, const struct lease_message *message)
{
	size_t size = lease_record_size(r);

	for (size_t i = r->n; i > 0; i--)
		if (is_message(r->bytes + (i - 1) * size, message))
			return r->bytes + (i - 1) * size;
	return NULL;
}

bool lease_record_is_charged(const char *record)
{
	return record[0] == 'c';
}

int64_t lease_record_amount(const char *record, size_t row)
{
	uint32_t amount;

	memcpy(&amount, record + AMOUNTS_AT + LEASE_AMOUNT_OCTETS * row, LEASE_AMOUNT_OCTETS);
	return be32toh(amount);
}

char *lease_put_amount(char *at, int64_t amount)
{
	uint32_t bits = htobe32((uint32_t)amount);

	memcpy(at, &bits, LEASE_AMOUNT_OCTETS);
	return at + LEASE_AMOUNT_OCTETS;
}

/* ---- changing -------------------------------------------------------------- */

static void make_room(struct lease_records *r)
{
	size_t size = lease_record_size(r);
	char *bytes;

	if (r->n < r->size)
		return;
	r->size = r->size > 0 ? 2 * r->size : RECORDS_START;
	bytes = memory_alloc(r->size * size);
	if (r->n > 0)
		memcpy(bytes, r->bytes, r->n * size);
	free(r->bytes);
	r->bytes = bytes;
}

void lease_records_add(struct lease_records *r, const struct lease_message *message,
		       const struct take_row *rows)
{
	char *at;

	assert(r->n < LEASE_MESSAGES_MAX);
	make_room(r);
	at = r->bytes + r->n++ * lease_record_size(r);
	at[0] = 'c';
	memcpy(at + TOKEN_AT, message->token, MESSAGE_TOKEN_LENGTH);
	memcpy(at + PRINT_AT, message->print.octets, LEASE_PRINT_OCTETS);
	at += AMOUNTS_AT;
	for (size_t i = 0; i < r->rows; i++)
		at = lease_put_amount(at, rows[i].amount);
}

void lease_record_take_back(struct lease_records *r, char *record, bool forget)
{
	size_t size = lease_record_size(r);
	const char *end = r->bytes + r->n * size;

	if (!forget) {
		record[0] = 'x';
		return;
	}
	memmove(record, record + size, (size_t)(end - record) - size);
	r->n--;
}

/* ---- the indexes ----------------------------------------------------------- */

static char *put_head(char *at, uint64_t id, size_t n)
{
	uint64_t id_bits = htobe64(id);
	uint16_t n_bits = htobe16((uint16_t)n);

	memcpy(at, &id_bits, LEASE_ID_OCTETS);
	memcpy(at + LEASE_ID_OCTETS, &n_bits, 2);
	return at + LEASE_ID_OCTETS + 2;
}

size_t lease_records_index(const struct lease_records *r, bool to[KEY_LENT_INDEXES],
			   char out[LEASE_INDEX_MAX])
{
	const unsigned char *print;
	size_t size = lease_record_size(r), n[KEY_LENT_INDEXES] = { 0 };
	char *at[KEY_LENT_INDEXES], *end = out;

	memset(to, 0, KEY_LENT_INDEXES * sizeof(*to));
	if (r->n == 0)
		return 0;
	print = (const unsigned char *)r->bytes + PRINT_AT;
	for (size_t i = 0; i < r->n; i++)
		n[index_of(print + i * size)]++;
	for (int i = 0; i < KEY_LENT_INDEXES; i++) {
		to[i] = n[i] > 0;
		if (!to[i])
			continue;
		at[i] = put_head(end, r->id, n[i]);
		end = at[i] + n[i] * INDEX_OCTETS;
	}
	for (size_t i = 0; i < r->n; i++) {
		int index = index_of(print + i * size);

		memcpy(at[index], print + i * size, INDEX_OCTETS);
		at[index] += INDEX_OCTETS;
	}
	return (size_t)(end - out);
}
