/*
 * uthash's tables with a hash of our own, which takes eight octets at a time: a
 * decision looks its login up in several tables. To be included in place of
 * <uthash.h>. It is the same on every machine. Nothing is kept that is made with it but a
 * message's token (policy/transaction.h), which Redis remembers for ten minutes: a request
 * repeated to a daemon with another hash would be charged again.
 */
#ifndef SENDWARD_HASH_H
#define SENDWARD_HASH_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An odd number without a pattern (2^64 divided by the golden ratio). */
#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * HASH_FACTOR;
	return hash ^ hash >> 32;
}

static inline uint64_t hash_octets_64(const void *octets, size_t len)
{
	const char *at = octets;
	uint64_t hash = len, word;

	for (; len > 8; len -= 8, at += 8) {
		memcpy(&word, at, 8);
		hash = hash_mix(hash, le64toh(word));
	}
	word = 0;
	if (len >= 4) {
		uint32_t first, last;

		memcpy(&first, at, 4);
		memcpy(&last, at + len - 4, 4);
		word = (uint64_t)le32toh(first) << 32 | le32toh(last);
	} else {
		for (size_t i = 0; i < len; i++)
			word = word << 8 | (unsigned char)at[i];
	}
	/* Twice: the upper octets of a word come down to the lowest bits, which uthash
	 * takes, with the next word only. */
	return hash_mix(hash_mix(hash, word), 0);
}

static inline unsigned hash_octets(const void *octets, size_t len)
{
	return (unsigned)hash_octets_64(octets, len);
}

#define HASH_FUNCTION(key, len, hash) ((hash) = hash_octets(key, len))
#include <uthash.h>

/* A table grows when so many are in one place: of 1,000 to 1,000,000 one and a half have to be
 * looked at for a name at most, each somewhere else in memory, instead of two and a half. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 6U

#endif
