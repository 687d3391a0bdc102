#define _GNU_SOURCE /* htole64() */
#include "base/fingerprint.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The key, as two numbers. */
#define KEY_0 UINT64_C(0x0706050403020100)
#define KEY_1 UINT64_C(0x0f0e0d0c0b0a0908)

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void stir(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void add(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	stir(s);
	s->v0 ^= word;
}

static inline uint64_t half(struct state *s)
{
	for (int i = 0; i < 3; i++)
		stir(s);
	return htole64(s->v0 ^ s->v1 ^ s->v2 ^ s->v3);
}

/* The octets of text that are no whole word, and its length. */
static uint64_t last_word(const char *text, size_t len)
{
	size_t rest = len % 8;
	uint64_t word = 0;

	if (len > 8) {
		memcpy(&word, text + len - 8, 8);
		word = rest > 0 ? le64toh(word) >> (64 - 8 * rest) : 0;
	} else {
		for (size_t i = 0; i < rest; i++)
			word |= (uint64_t)(unsigned char)text[i] << 8 * i;
	}
	return word | (uint64_t)len << 56;
}

struct fingerprint fingerprint(const void *text, size_t len)
{
	struct state s = { KEY_0 ^ UINT64_C(0x736f6d6570736575),
			   KEY_1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
			   KEY_0 ^ UINT64_C(0x6c7967656e657261),
			   KEY_1 ^ UINT64_C(0x7465646279746573) };
	const char *at = text;
	struct fingerprint print;
	size_t rest = len;
	uint64_t word;

	for (; rest >= 8; rest -= 8, at += 8) {
		memcpy(&word, at, 8);
		add(&s, le64toh(word));
	}
	add(&s, last_word(text, len));
	s.v2 ^= 0xee;
	word = half(&s);
	memcpy(print.octets, &word, 8);
	s.v1 ^= 0xdd;
	word = half(&s);
	memcpy(print.octets + 8, &word, 8);
	return print;
}
