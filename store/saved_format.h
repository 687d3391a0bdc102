/*
 * The state file of a daemon, as octets: what store/saved.h keeps on disk.
 *
 *	file	"sendward-state 0001 ", CRC of that in eight hexadecimal digits, "\n";
 *		then records
 *	record	"SwR1", octets of the body, CRC of the body, CRC of these first
 *		12 octets (4 octets each, most significant first); then the body
 *	body	"P" (put) or "R" (remove), octets of the key (2 octets), key,
 *		value (put only)
 *
 * The last record of a key counts. CRC is CRC-32C (RFC 3720 appendix B.4). A
 * record whose body is damaged is left out, and one whose head is damaged is
 * passed over up to the next head that is sound: a flipped bit or a torn end
 * costs that record only. What is inside values is store/kept.h's.
 *
 * A change that an older Sendward cannot read gets a new number in the first
 * line, and that older one leaves the file alone.
 *
 * No I/O here.
 */
#ifndef SENDWARD_SAVED_FORMAT_H
#define SENDWARD_SAVED_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define SAVED_HEADER "sendward-state 0001 8f254eee\n"
#define SAVED_HEADER_SIZE (sizeof(SAVED_HEADER) - 1)

/* Octets of a key, and of a value: an account's record is the largest. */
#define SAVED_KEY_MAX 1024
#define SAVED_VALUE_MAX (RECORD_MAX + 1024)

#define SAVED_HEAD_SIZE 16
#define SAVED_RECORD_MAX (SAVED_HEAD_SIZE + 3 + SAVED_KEY_MAX + SAVED_VALUE_MAX)

uint32_t saved_crc(const void *bytes, size_t len);

/* Octets of the record; value NULL removes the key. */
size_t saved_record_size(size_t key_len, const char *value, size_t len);

/* Writes that many. Key and value keep to their limits. */
void saved_record_write(const char *key, size_t key_len, const char *value, size_t len, char *out);

struct saved_record {
	const char *key;   /* not terminated */
	size_t key_len;	   /* 1 to SAVED_KEY_MAX */
	const char *value; /* not terminated; NULL: the key is removed */
	size_t len;
	size_t at, size; /* where the record is in the file */
};

enum saved_kind {
	SAVED_OURS,    /* records were read, see the report */
	SAVED_NEWER,   /* written by a newer Sendward; nothing was read */
};

struct saved_report {
	size_t records;
	size_t damaged; /* places where something is left out */
	size_t end;	/* behind the last sound record */
};

/* Calls each(record, arg) for every sound record, in their order. The header
 * alone being damaged counts as one place. */
enum saved_kind saved_read(const char *bytes, size_t len,
			   void (*each)(const struct saved_record *record, void *arg), void *arg,
			   struct saved_report *report);

#endif
