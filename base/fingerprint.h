/*
 * What a text is recognised by where keeping it as a whole would take too much room: the
 * same on every machine and in every version, as it is kept in Redis (store/lease_records.h).
 * It is SipHash-1-3 of 128 bits with a key that anybody knows, 00 01 .. 0f: who chooses texts
 * could make two that are alike; else that happens with the chance of a random number.
 *
 * Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF".
 */
#ifndef SENDWARD_FINGERPRINT_H
#define SENDWARD_FINGERPRINT_H

#include <stddef.h>

#define FINGERPRINT_OCTETS 16

struct fingerprint {
	unsigned char octets[FINGERPRINT_OCTETS];
};

struct fingerprint fingerprint(const void *text, size_t len);

#endif
