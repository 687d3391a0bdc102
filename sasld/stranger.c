#include "sasld/stranger.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* As many octets as scram_make() takes. */
#define SALT_LEN 16

static bool random_digits(char *out, size_t digits)
{
	uint8_t octets[STRANGER_SECRET_LEN / 2];

	if (RAND_bytes(octets, (int)(digits / 2)) != 1)
		return false;
	for (size_t i = 0; i < digits / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", octets[i]);
	explicit_bzero(octets, sizeof(octets));
	return true;
}

bool stranger_secret(char out[STRANGER_SECRET_LEN + 1])
{
	return random_digits(out, STRANGER_SECRET_LEN);
}

void stranger_cookie(char out[33])
{
	/* Nothing is kept by it: the protocol wants one. */
	if (!random_digits(out, 32))
		strcpy(out, "0");
}

const char *stranger_record(size_t *len)
{
	static const char record[] =
		"{\"password\":\"{CRYPT}$y$jBT$aaaaaaaaaaaaaaaaaaaaaa$"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
		"\"scram\":\"100000:aaaaaaaaaaaaaaaaaaaaaA==:"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA=:"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA=\",\"changed\":1700000000}";

	*len = sizeof(record) - 1;
	return record;
}

/* what says which of the values for the name. */
static void derive(const char *secret, char what, const char *username,
		   uint8_t out[SCRAM_KEY_OCTETS])
{
	char text[LOGIN_MAX + 2];
	unsigned len = 0;

	snprintf(text, sizeof(text), "%c%s", what, username);
	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)text, strlen(text),
		  out, &len) ||
	    len != SCRAM_KEY_OCTETS)
		abort(); /* out of memory */
}

void stranger_verifier(const char *secret, const char *username, int iterations,
		       struct scram_verifier *out)
{
	uint8_t salt[SCRAM_KEY_OCTETS];

	derive(secret, 's', username, salt);
	out->iterations = iterations;
	out->salt_length = SALT_LEN;
	memcpy(out->salt, salt, SALT_LEN);
	derive(secret, 'c', username, out->stored_key);
	derive(secret, 'k', username, out->server_key);
}
