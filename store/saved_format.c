#include "store/saved_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "SwR1"
#define MAGIC_SIZE 4

/* What comes before the key in a body. */
#define BODY_HEAD_SIZE 3

/* Octets of the header before its number, and before its CRC. */
#define TITLE_SIZE 15
#define CHECKED_SIZE 20

/* ---- numbers ------------------------------------------------------------- */

/* CRC-32C, four bits at a time. */
uint32_t saved_crc(const void *bytes, size_t len)
{
	static const uint32_t nibbles[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const unsigned char *p = bytes;
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

static void put_number(char *out, int octets, uint32_t n)
{
	for (int i = octets - 1; i >= 0; i--, n >>= 8)
		out[i] = (char)(n & 255);
}

static uint32_t get_number(const char *bytes, int octets)
{
	uint32_t n = 0;

	for (int i = 0; i < octets; i++)
		n = n << 8 | (unsigned char)bytes[i];
	return n;
}

/* ---- writing ------------------------------------------------------------- */

size_t saved_record_size(size_t key_len, const char *value, size_t len)
{
	return SAVED_HEAD_SIZE + BODY_HEAD_SIZE + key_len + (value ? len : 0);
}

void saved_record_write(const char *key, size_t key_len, const char *value, size_t len, char *out)
{
	char *body = out + SAVED_HEAD_SIZE;
	size_t size = saved_record_size(key_len, value, len) - SAVED_HEAD_SIZE;

	if (key_len == 0 || key_len > SAVED_KEY_MAX || (value && len > SAVED_VALUE_MAX))
		abort();
	body[0] = value ? 'P' : 'R';
	put_number(body + 1, 2, (uint32_t)key_len);
	memcpy(body + BODY_HEAD_SIZE, key, key_len);
	if (value)
		memcpy(body + BODY_HEAD_SIZE + key_len, value, len);
	memcpy(out, MAGIC, MAGIC_SIZE);
	put_number(out + 4, 4, (uint32_t)size);
	put_number(out + 8, 4, saved_crc(body, size));
	put_number(out + 12, 4, saved_crc(out, 12));
}

/* ---- reading ------------------------------------------------------------- */

static bool is_head(const char *bytes, size_t len)
{
	return len >= SAVED_HEAD_SIZE && memcmp(bytes, MAGIC, MAGIC_SIZE) == 0 &&
	       get_number(bytes + 12, 4) == saved_crc(bytes, 12);
}

/* The body behind a sound head; false when it is not sound or not all there. */
static bool read_body(const char *head, size_t len, struct saved_record *out)
{
	size_t size = get_number(head + 4, 4);
	const char *body = head + SAVED_HEAD_SIZE;

	if (size < BODY_HEAD_SIZE || size > len - SAVED_HEAD_SIZE ||
	    saved_crc(body, size) != get_number(head + 8, 4))
		return false;
	out->key = body + BODY_HEAD_SIZE;
	out->key_len = get_number(body + 1, 2);
	if (out->key_len == 0 || out->key_len > SAVED_KEY_MAX ||
	    out->key_len > size - BODY_HEAD_SIZE || (body[0] != 'P' && body[0] != 'R'))
		return false;
	out->len = size - BODY_HEAD_SIZE - out->key_len;
	out->value = body[0] == 'P' ? out->key + out->key_len : NULL;
	out->size = SAVED_HEAD_SIZE + size;
	return out->len <= SAVED_VALUE_MAX;
}

/* Where the next sound head is, or the end. */
static size_t next_head(const char *bytes, size_t len, size_t at)
{
	while (at < len && !is_head(bytes + at, len - at)) {
		const char *next = memchr(bytes + at + 1, MAGIC[0], len - at - 1);

		at = next ? (size_t)(next - bytes) : len;
	}
	return at;
}

/* Its CRC tells a header that is newer from one that is damaged. */
static bool is_newer(const char *bytes, size_t len)
{
	char crc[10];

	if (len < SAVED_HEADER_SIZE || memcmp(bytes, SAVED_HEADER, TITLE_SIZE) != 0)
		return false;
	snprintf(crc, sizeof(crc), "%08x\n", (unsigned)saved_crc(bytes, CHECKED_SIZE));
	return memcmp(bytes + CHECKED_SIZE, crc, 9) == 0 &&
	       memcmp(bytes + TITLE_SIZE, &SAVED_HEADER[TITLE_SIZE], 4) > 0;
}

enum saved_kind saved_read(const char *bytes, size_t len,
			   void (*each)(const struct saved_record *record, void *arg), void *arg,
			   struct saved_report *report)
{
	bool sound = len >= SAVED_HEADER_SIZE &&
		     memcmp(bytes, SAVED_HEADER, SAVED_HEADER_SIZE) == 0;
	size_t at = sound ? SAVED_HEADER_SIZE : 0;

	*report = (struct saved_report){.damaged = sound ? 0 : 1, .end = at};
	if (!sound && is_newer(bytes, len))
		return SAVED_NEWER;
	while (at < len) {
		size_t head = next_head(bytes, len, at);
		struct saved_record record = {.at = head};

		/* A damaged header is one place with what follows it. */
		if (head > at && sound)
			report->damaged++;
		sound = true;
		at = head;
		if (head == len)
			break;
		if (read_body(bytes + head, len - head, &record)) {
			each(&record, arg);
			report->records++;
			at += record.size;
			report->end = at;
			continue;
		}
		report->damaged++;
		at += SAVED_HEAD_SIZE;
		/* What is inside is no head: go behind it, or look for the next. */
		if (get_number(bytes + head + 4, 4) <= len - at)
			at += get_number(bytes + head + 4, 4);
	}
	return SAVED_OURS;
}
